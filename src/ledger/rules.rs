//! What the ledger's items allow: which invocation may deliver an event, and when an event that Slack
//! rejects is given up. Pure.
//!
//! Every event has an item, and so has every order that was cancelled. An invocation acquires the
//! lease of the event's item before it posts, and the lease of the order's item as well when it posts
//! a cancellation or a reopening. [`item`](super::item) shows how an item's state changes.

use jiff::{SignedDuration, Timestamp};

use crate::ledger::item::{Item, LeaseRequest, State};
use crate::order::{Kind, OrderEvent};

/// What the item of an event, a digest window or an alarm allows.
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
    /// Write this item: then the lease is acquired.
    Acquire(Item),
    /// Post the event; the order's item is not needed.
    Free,
    /// The order's state is newer than the event.
    Superseded,
    /// The same, and the event moves the time of that state: write this item.
    SupersededAt(Item),
    /// Another invocation holds the lease until then.
    HeldUntil(Timestamp),
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
            Self::Acquire(item) | Self::SupersededAt(item) => Some(item),
            Self::Free | Self::Superseded | Self::HeldUntil(_) => None,
        }
    }
}

/// What the item of an event, a digest window or an alarm allows.
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
/// | cancelled | acquire if it reopens, else superseded | superseded |
/// | reopening in doubt | acquire if it reopens, else free | acquire if it is later, else superseded |
/// | reopened | free | acquire if it is later, else superseded |
/// | cancellation not delivered yet | free | acquire |
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
                OrderVerdict::Acquire(Item::leased(found, State::Pending, None, request))
            }
            Kind::Created | Kind::Modified => OrderVerdict::Free,
        };
    };
    if let Some(until) = lease_of_another(item, request) {
        return OrderVerdict::HeldUntil(until);
    }
    let is_later = item.since.is_none_or(|since| event.time() > since);
    // The arrival of an event without a time of its own says nothing about the order of events.
    let is_surely_later = item.since.zip(event.occurred_at).is_some_and(|(since, at)| at > since);
    let state = item.state_without_lease();
    let acquire = || {
        let leased = Item::leased(found, state, None, request);
        OrderVerdict::Acquire(Item { since: item.since, ..leased })
    };
    match (state, event.kind) {
        (State::Cancelled | State::InDoubt, Kind::Created | Kind::Modified)
            if event.reopens && is_surely_later =>
        {
            acquire()
        }
        (State::Cancelled, Kind::Cancelled) if is_surely_later => {
            let moved = item.clone().delivered(item.state, Some(event.time()), request.now);
            OrderVerdict::SupersededAt(moved)
        }
        (State::Cancelled, _) => OrderVerdict::Superseded,
        (State::Reopened | State::InDoubt, Kind::Cancelled) if !is_later => {
            OrderVerdict::Superseded
        }
        (_, Kind::Cancelled) => acquire(),
        (_, Kind::Created | Kind::Modified) => OrderVerdict::Free,
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
