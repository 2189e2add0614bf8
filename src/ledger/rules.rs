//! What the ledger's items allow: which invocation may deliver an event, and when an event that Slack
//! rejects is given up. Pure.
//!
//! Every event has an item, and so has every order that was cancelled, or whose creation the ledger
//! has seen. An invocation acquires the lease of the event's item before it posts, and the lease of the
//! order's item as well when it posts a cancellation, a reopening, or the creation of an order that was a
//! draft. [`item`](super::item) shows how an item's state changes, and [`life`](super::life) what else
//! an order's item holds.

use jiff::{SignedDuration, Timestamp};

use crate::ledger::item::{Item, LeaseRequest, State};
use crate::ledger::life::{Life, Stage};
use crate::order::{Change, Kind, OrderEvent};

/// What the item of an event, a digest window or a notice allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EventVerdict {
    /// Write this item: then the lease is acquired.
    Acquire(Item),
    /// Nothing is left to post.
    Delivered,
    /// The same delivery id with another payload is another event.
    OtherPayload,
    /// Another invocation holds the lease until then.
    HeldUntil(Timestamp),
}

/// What the item of an event's order allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OrderVerdict {
    /// Write this item: then the lease is acquired, and the event is posted as this.
    Acquire(Item, PostedAs),
    /// Post the event as this; the lease of the order's item is not needed. If there is an item, write it
    /// after the post.
    Free(PostedAs, Option<Item>),
    /// There is nothing to post. If there is an item, write it.
    Superseded(Superseded, Option<Item>),
    /// Another invocation holds the lease until then.
    HeldUntil(Timestamp),
}

/// What an event is in the light of its order's item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PostedAs {
    /// What its platform says.
    #[default]
    ItIs,
    /// The order was cancelled, and the event reopens it.
    Reopening,
    /// The order was deleted, and the event is about it as it is now.
    Restoration,
    /// The order was a draft, and the event is the first since it was placed.
    Creation,
    /// The channel has seen the order as a new one already.
    Change,
}

/// Why there is nothing to post about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Superseded {
    ByCancellation,
    ByCreation,
    ByDeletion,
    ByRestoration,
    /// The order is not placed yet.
    AsDraft,
}

impl Superseded {
    /// For the log.
    pub fn reason(self) -> &'static str {
        match self {
            Self::ByCancellation => "the order is already cancelled",
            Self::ByCreation => "part of the order's creation",
            Self::ByDeletion => "the order is already deleted",
            Self::ByRestoration => "the order is already restored",
            Self::AsDraft => "the order is a draft",
        }
    }
}

impl EventVerdict {
    pub(super) fn to_write(&self) -> Option<&Item> {
        match self {
            Self::Acquire(item) => Some(item),
            Self::Delivered | Self::OtherPayload | Self::HeldUntil(_) => None,
        }
    }
}

impl OrderVerdict {
    pub(super) fn to_write(&self) -> Option<&Item> {
        match self {
            Self::Acquire(item, _) | Self::Superseded(_, Some(item)) => Some(item),
            Self::Free(..) | Self::Superseded(_, None) | Self::HeldUntil(_) => None,
        }
    }
}

/// What the item of an event, a digest window or a notice allows.
pub(super) fn of_event(
    found: Option<&Item>,
    body_hash: Option<&str>,
    request: &LeaseRequest,
) -> EventVerdict {
    let Some(item) = unexpired(found, request.now) else {
        let leased = Item::leased(found, State::Pending, body_hash, request);
        return EventVerdict::Acquire(leased);
    };
    let is_same = item.body_hash.as_deref() == body_hash;
    match (item.state, lease_of_another(item, request)) {
        (State::Delivered, _) if is_same => EventVerdict::Delivered,
        (State::Delivered, _) => EventVerdict::OtherPayload,
        (_, Some(until)) if is_same => EventVerdict::HeldUntil(until),
        (_, Some(_)) => EventVerdict::OtherPayload,
        (_, None) => {
            let state = item.state_without_lease();
            EventVerdict::Acquire(Item::leased(found, state, body_hash, request))
        }
    }
}

/// What the item of an event's order allows.
///
/// | the order's item | created or modified | cancelled |
/// |---|---|---|
/// | none | free | acquire |
/// | leased by another invocation | held | held |
/// | cancelled | acquire if it reopens, free if deleted or restored, else superseded | superseded |
/// | reopening in doubt | acquire if it reopens, else as its life allows | acquire if it is later, else superseded |
/// | reopened | as its life allows | acquire if it is later, else superseded |
/// | cancellation not delivered yet | as its life allows | acquire |
///
/// An event reopens an order if its platform says so and its own time is later than the
/// cancellation. A later cancellation of a cancelled order moves the time of the cancellation, as an
/// older reopening may still be on its way.
pub(super) fn of_order(
    found: Option<&Item>,
    event: &OrderEvent,
    request: &LeaseRequest,
) -> OrderVerdict {
    let Some(item) = unexpired(found, request.now) else {
        return match event.kind {
            Kind::Cancelled => {
                let leased = Item::leased(found, State::Pending, None, request);
                OrderVerdict::Acquire(leased, PostedAs::ItIs)
            }
            Kind::Created | Kind::Modified | Kind::Overdue => of_life(found, None, event, request),
        };
    };
    if let Some(until) = lease_of_another(item, request) {
        return OrderVerdict::HeldUntil(until);
    }
    let is_later = item.since.is_none_or(|since| event.time() > since);
    // The arrival of an event without a time of its own says nothing about the order of events.
    let is_surely_later = item.since.zip(event.occurred_at).is_some_and(|(since, at)| at > since);
    let state = item.state_without_lease();
    let acquire = |posted_as| {
        let leased = Item::leased(found, state, None, request);
        OrderVerdict::Acquire(Item { since: item.since, ..leased }, posted_as)
    };
    match (state, event.kind) {
        (State::Cancelled | State::InDoubt, Kind::Created | Kind::Modified)
            if event.reopens && is_surely_later =>
        {
            acquire(PostedAs::Reopening)
        }
        (State::Cancelled, Kind::Cancelled) if is_surely_later => {
            let moved = item.clone().delivered(item.state, Some(event.time()), request.now);
            OrderVerdict::Superseded(Superseded::ByCancellation, Some(moved))
        }
        // That the record is removed or restored matters, whatever the order's state.
        (State::Cancelled, _)
            if !matches!(event.change, Some(Change::Deleted | Change::Restored)) =>
        {
            OrderVerdict::Superseded(Superseded::ByCancellation, None)
        }
        (State::Reopened | State::InDoubt, Kind::Cancelled) if !is_later => {
            OrderVerdict::Superseded(Superseded::ByCancellation, None)
        }
        (_, Kind::Cancelled) => acquire(PostedAs::ItIs),
        (State::Cancelled, _) => {
            let life = item.life.as_deref().filter(|life| life.stage != Stage::Draft);
            of_life(found, life, event, request)
        }
        (_, Kind::Created | Kind::Modified | Kind::Overdue) => {
            of_life(found, item.life.as_deref(), event, request)
        }
    }
}

/// What the life of an order allows that is not cancelled, or whose cancellation does not matter.
///
/// | its life | created | modified |
/// |---|---|---|
/// | none | free | free |
/// | draft | acquire, as a creation | the same; superseded if the draft was deleted |
/// | created | superseded if an echo, else free, as a change | superseded if an echo, else free |
/// | deleted | free | superseded if it says the same; free, as a restoration, if it is later |
/// | restored | free | superseded if it says the same, else free |
///
/// A draft event is superseded itself.
fn of_life(
    found: Option<&Item>,
    life: Option<&Life>,
    event: &OrderEvent,
    request: &LeaseRequest,
) -> OrderVerdict {
    let next = Life::after(life, event).map(|life| Item::with_life(found, life, request));
    let Some(life) = life else {
        return if event.is_draft {
            OrderVerdict::Superseded(Superseded::AsDraft, next)
        } else {
            OrderVerdict::Free(PostedAs::ItIs, next)
        };
    };
    if life.is_placed_by(event) {
        let state = found.map_or(State::Pending, Item::state_without_lease);
        let leased = Item::leased(found, state, None, request);
        return OrderVerdict::Acquire(leased, PostedAs::Creation);
    }
    let superseded = match life.stage {
        _ if event.is_draft => Some(Superseded::AsDraft),
        Stage::Draft => Some(Superseded::AsDraft),
        Stage::Created if life.has_echo(event) => Some(Superseded::ByCreation),
        Stage::Deleted if life.is_repeated_by(event) => Some(Superseded::ByDeletion),
        Stage::Restored if life.is_repeated_by(event) => Some(Superseded::ByRestoration),
        Stage::Created | Stage::Deleted | Stage::Restored => None,
    };
    match superseded {
        Some(superseded) => OrderVerdict::Superseded(superseded, None),
        None if event.kind == Kind::Created && life.is_created_before(event) => {
            OrderVerdict::Free(PostedAs::Change, None)
        }
        None if event.change.is_none() && life.is_undone_by(event) => {
            OrderVerdict::Free(PostedAs::Restoration, next)
        }
        None => OrderVerdict::Free(PostedAs::ItIs, next),
    }
}

/// An event that Slack rejected this often, over this time, is dead-lettered. A passing fault of
/// Slack's, or of a proxy, is over by then.
const MAX_REJECTIONS: u32 = 3;
const REJECTED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// The time of the first rejection, if one more rejection is enough to dead-letter the event.
pub(super) fn hopeless_since(item: &Item, now: Timestamp) -> Option<Timestamp> {
    let since = item.suspect_since.filter(|since| now.duration_since(*since) >= REJECTED_FOR);
    since.filter(|_| item.rejections + 1 >= MAX_REJECTIONS)
}

/// The item, unless it has expired: DynamoDB deletes days later.
fn unexpired(found: Option<&Item>, now: Timestamp) -> Option<&Item> {
    found.filter(|item| item.expires >= now)
}

/// When another invocation's lease ends, if it has not ended.
fn lease_of_another(item: &Item, request: &LeaseRequest) -> Option<Timestamp> {
    item.leased_until.filter(|until| *until >= request.now && item.owner != request.owner)
}

#[cfg(test)]
pub(super) mod tests;
