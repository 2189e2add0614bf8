//! Who may tell an event: what the ledger's items mean, and what each of them allows.
//!
//! Every event has an item of its own, and so has every order that was cancelled. Whoever tells an
//! event holds a lease on its item first, and on the order's item when it is a cancellation or a
//! reopening; after Slack took the message the items are marked. So a lease that ended without a
//! word is a message that may or may not have been shown.
//!
//! ```text
//!             take                     told
//!   no item ────────▶ leased by me ──────────▶ Told, Cancelled or Reopened
//!                      │        ▲
//!          not posted  ▼        │ take
//!                      free ────┘     (Unclear: Slack may have it)
//! ```

use std::fmt::Write as _;
use std::iter;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::order::{Kind, OrderEvent};

/// How long an event is remembered: longer than any sender tries again.
/// Standard Webhooks' example schedule takes three days and four hours:
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// DynamoDB takes 2,048 bytes for a key.
const MAX_KEY_BYTES: usize = 1_024;

/// One item of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Counts the changes, so that a change can depend on nobody else having made one.
    pub version: i64,
    pub state: State,
    /// The event time of `state`, where it matters.
    pub since: Option<Timestamp>,
    /// The body of the event that the item stands for.
    pub body_hash: Option<String>,
    pub owner: String,
    /// When the lease ends; `None` when it was given back.
    pub leased_until: Option<Timestamp>,
    /// When the item counts no more, whether or not it is still there.
    pub expires: Timestamp,
}

/// What is known of an event, a digest's window or an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing was told yet.
    Pending,
    /// Slack did not say whether it took the message. Of an order with an event time: it was
    /// cancelled then, and the message says that it lives again.
    InDoubt,
    /// Slack took the message in no form. That may be a passing fault.
    Rejected,
    Delivered,
    /// The order is cancelled, and the channel knows.
    Cancelled,
    /// The order lives again, and the channel knows.
    Reopened,
}

impl State {
    const NAMES: [(Self, &str); 6] = [
        (Self::Pending, "untold"),
        (Self::InDoubt, "unclear"),
        (Self::Rejected, "refused"),
        (Self::Delivered, "told"),
        (Self::Cancelled, "cancelled"),
        (Self::Reopened, "reopened"),
    ];

    /// The word that stands for it in the table.
    pub fn name(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(state, _)| *state == self);
        named.map_or("", |(_, name)| name)
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(state, _)| *state)
    }
}

/// A lease that somebody wants.
#[derive(Clone, Debug)]
pub struct LeaseRequest {
    /// Unlike any other claim's.
    pub owner: String,
    pub now: Timestamp,
    pub until: Timestamp,
}

/// What an item allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Take it by writing this.
    Take(Item),
    /// Go on: nothing needs to be taken.
    Free,
    /// Nothing is left to tell.
    Told,
    /// Nor is there here, but what happened before it is no news either: write this.
    Note(Item),
    /// The same name with another body is another event.
    OtherBody,
    /// Somebody else is at it until then.
    Leased(Timestamp),
}

/// What the item of an event, or of a digest's window, allows.
pub fn of_event(found: Option<&Item>, body_hash: Option<&str>, lease: &LeaseRequest) -> Verdict {
    let Some(item) = current(found, lease.now) else {
        return Verdict::Take(taken(found, State::Pending, None, body_hash, lease));
    };
    let is_same = item.body_hash.as_deref() == body_hash;
    match live_lease(item, lease) {
        _ if item.state == State::Delivered && is_same => Verdict::Told,
        _ if item.state == State::Delivered => Verdict::OtherBody,
        Some(until) if is_same => Verdict::Leased(until),
        Some(_) => Verdict::OtherBody,
        None => Verdict::Take(taken(found, item.left_behind(), None, body_hash, lease)),
    }
}

/// What the item of an event's order allows.
pub fn of_order(found: Option<&Item>, event: &OrderEvent, lease: &LeaseRequest) -> Verdict {
    let Some(item) = current(found, lease.now) else {
        return match event.kind {
            Kind::Cancelled => Verdict::Take(taken(found, State::Pending, None, None, lease)),
            Kind::Created | Kind::Modified => Verdict::Free,
        };
    };
    if let Some(until) = live_lease(item, lease) {
        return Verdict::Leased(until);
    }
    // What happened before the order's last change of fortune is no news any more.
    let is_later = item.since.is_none_or(|since| event.time() > since);
    let is_surely_later = item.since.zip(event.occurred_at).is_some_and(|(since, at)| at > since);
    let take = || Verdict::Take(taken(found, item.left_behind(), item.since, None, lease));
    match (item.left_behind(), event.kind) {
        (State::Cancelled | State::InDoubt, Kind::Created | Kind::Modified)
            if event.reopens && is_surely_later =>
        {
            take()
        }
        // A reopening from before may still be on its way.
        (State::Cancelled, Kind::Cancelled) if is_surely_later => {
            Verdict::Note(item.clone().moved_on(event.time(), lease.now))
        }
        (State::Cancelled, _) => Verdict::Told,
        (State::Reopened | State::InDoubt, Kind::Cancelled) if !is_later => Verdict::Told,
        (_, Kind::Cancelled) => take(),
        (_, Kind::Created | Kind::Modified) => Verdict::Free,
    }
}

impl Item {
    /// A count. Its version is the number itself, which only grows; its owner tells whose addition
    /// made it that.
    pub fn of_count(count: i64, lease: &LeaseRequest) -> Self {
        Self {
            version: count,
            state: State::Delivered,
            since: None,
            body_hash: None,
            owner: lease.owner.clone(),
            leased_until: None,
            expires: lease.now + REMEMBERED,
        }
    }

    /// Whether what the item stands for may be in the channel already.
    pub fn may_be_shown(&self) -> bool {
        self.state == State::InDoubt
    }

    /// The state after a lease: one that nobody gave back ended with its owner, who may have posted.
    /// A cancelled order is leased only to tell that it lives again.
    fn left_behind(&self) -> State {
        match self.state {
            State::Pending | State::Rejected | State::Cancelled if self.leased_until.is_some() => {
                State::InDoubt
            }
            state => state,
        }
    }

    /// The item once its event was told.
    #[must_use]
    pub fn told(self, state: State, since: Option<Timestamp>, now: Timestamp) -> Self {
        let expires = now + REMEMBERED;
        Self { state, since, expires, leased_until: None, version: self.version + 1, ..self }
    }

    /// The item of an order to which the same happened again.
    fn moved_on(self, since: Timestamp, now: Timestamp) -> Self {
        let state = self.state;
        self.told(state, Some(since), now)
    }

    /// The item once its lease is given back: its event is still untold, or it is unclear whether it
    /// was told, or it was refused.
    #[must_use]
    pub fn given_back(self, now_is: State) -> Self {
        let state = match (self.state, now_is) {
            (State::Pending | State::Rejected, State::InDoubt | State::Rejected) => now_is,
            (State::Cancelled, State::InDoubt) => State::InDoubt,
            (state, _) => state,
        };
        Self { state, leased_until: None, version: self.version + 1, ..self }
    }
}

fn taken(
    found: Option<&Item>,
    state: State,
    since: Option<Timestamp>,
    body_hash: Option<&str>,
    lease: &LeaseRequest,
) -> Item {
    Item {
        version: found.map_or(0, |item| item.version) + 1,
        state,
        since,
        body_hash: body_hash.map(str::to_owned),
        owner: lease.owner.clone(),
        leased_until: Some(lease.until),
        expires: lease.now + REMEMBERED,
    }
}

/// The item, unless it has expired: DynamoDB deletes days later.
fn current(found: Option<&Item>, now: Timestamp) -> Option<&Item> {
    found.filter(|item| item.expires >= now)
}

/// When the lease of somebody else ends, if it has not ended.
fn live_lease(item: &Item, lease: &LeaseRequest) -> Option<Timestamp> {
    item.leased_until.filter(|until| *until >= lease.now && item.owner != lease.owner)
}

/// The key of an event's item.
///
/// Where the sender gives the event a name that is proven genuine, that is the key. Else the key is
/// made of what the signature does cover, the body, and of what it is taken for: headers beside it
/// could be anybody's, and a repeated request with other headers must stay a repeat.
pub fn event_key(event: &OrderEvent) -> String {
    if let Some(delivery) = &event.delivery_id {
        let shop = event.shop.as_ref().map_or("", |shop| shop.as_str());
        return key(&["event", &event.platform, shop, delivery.as_str()]);
    }
    let id = event.id.as_ref().map_or("", |id| id.as_str());
    let meaning = match (event.kind, event.change) {
        (Kind::Created, _) => "created",
        (Kind::Cancelled, _) => "cancelled",
        (Kind::Modified, None) => "modified",
        (Kind::Modified, Some(change)) => change.name(),
    };
    key(&["event", &event.platform, id, meaning, &event.body_hash])
}

/// The key of the item of an event whose name was given to another body before.
pub fn other_body_key(event: &OrderEvent) -> String {
    format!("{}#{}", event_key(event), event.body_hash)
}

/// The key of an order's item; none for an order without an id.
pub fn order_key(event: &OrderEvent) -> Option<String> {
    let shop = event.shop.as_ref().map_or("", |shop| shop.as_str());
    Some(key(&["order", &event.platform, shop, event.id.as_ref()?.as_str()]))
}

/// The key of the digest of a window, by its number since 1970.
pub fn digest_key(window: i64) -> String {
    key(&["digest", &window.to_string()])
}

/// The key of a window's count of cancellations, by its number since 1970.
pub fn cancelled_key(window: i64) -> String {
    key(&["cancelled", &window.to_string()])
}

/// The key of an alarm's change of state, by what names it.
pub fn alarm_key(name: &[String]) -> String {
    let parts: Vec<_> = iter::once("alarm").chain(name.iter().map(String::as_str)).collect();
    key(&parts)
}

/// Parts with a mark between them that no part holds.
fn key(parts: &[&str]) -> String {
    let parts = parts.iter().map(|part| part.replace('%', "%25").replace('#', "%23"));
    let key = parts.collect::<Vec<_>>().join("#");
    if key.len() <= MAX_KEY_BYTES {
        return key;
    }
    let mut hashed = "long#".to_owned();
    for byte in Sha256::digest(key) {
        write!(hashed, "{byte:02x}").expect("a string takes all");
    }
    hashed
}

#[cfg(test)]
mod tests;
