//! One item of the ledger, and how its state changes.
//!
//! ```text
//!             acquire                   mark delivered
//!   no item ───────────▶ leased ──────────────────────▶ Delivered, Cancelled or Reopened
//!                        │    ▲
//!                release ▼    │ acquire
//!                        free ┘
//! ```
//!
//! A released item is `Pending` (nothing was posted), `InDoubt` (Slack may have posted it) or
//! `Rejected` (Slack refused it). A lease that ends without a release is `InDoubt` as well: its
//! invocation died, perhaps after the post.

use jiff::{SignedDuration, Timestamp};

use crate::ledger::life::Life;

/// How long an event is remembered: longer than any sender retries.
/// Standard Webhooks' example schedule takes three days and four hours:
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
pub(super) const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What the ledger knows of an event, a digest window, a notice or a cancelled order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Grows with every change, so that a write can depend on the version that was read.
    pub version: i64,
    pub state: State,
    /// The event time of `state`, for orders.
    pub since: Option<Timestamp>,
    /// The body of the event, where its key does not hold it.
    pub body_hash: Option<String>,
    pub owner: String,
    /// When the lease ends; `None` after a release.
    pub leased_until: Option<Timestamp>,
    /// When Slack first rejected a message with this event, or failed on it alone. From then on the
    /// event is posted last and alone.
    pub suspect_since: Option<Timestamp>,
    /// How often Slack rejected the event in every form.
    pub rejections: u32,
    /// For orders: what the ledger knows of it besides its cancellation.
    pub life: Option<Box<Life>>,
    /// From then on the item is ignored, even if DynamoDB has not deleted it yet.
    pub expires: Timestamp,
}

/// A lease that this invocation wants.
#[derive(Clone, Debug)]
pub struct LeaseRequest {
    /// Unlike the owner of any other request.
    pub owner: String,
    pub now: Timestamp,
    pub until: Timestamp,
}

/// What is known of an event whose lease ends without a delivery. By default nothing was posted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Slack may have posted it.
    pub is_in_doubt: bool,
    /// Slack rejected a message with it, or failed on it while it took others.
    pub suspect_since: Option<Timestamp>,
    /// Slack rejected it in every form.
    pub is_rejected: bool,
}

/// What is known of the event that an item stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing was posted yet.
    Pending,
    /// Slack may have posted the message. Of an order with an event time: its cancellation was
    /// posted, and its reopening is in doubt.
    InDoubt,
    /// Slack rejected the message in every form. That may be temporary.
    Rejected,
    Delivered,
    /// The order is cancelled, and the channel shows it.
    Cancelled,
    /// The order was reopened, and the channel shows it.
    Reopened,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Pending,
        Self::InDoubt,
        Self::Rejected,
        Self::Delivered,
        Self::Cancelled,
        Self::Reopened,
    ];

    /// The word in the table. Deployed tables hold these words, so they never change.
    pub fn stored(self) -> &'static str {
        match self {
            Self::Pending => "untold",
            Self::InDoubt => "unclear",
            Self::Rejected => "refused",
            Self::Delivered => "told",
            Self::Cancelled => "cancelled",
            Self::Reopened => "reopened",
        }
    }

    /// The state that a word in the table stands for.
    pub fn from_stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.stored() == word)
    }
}

impl Item {
    /// A counter. Its version is the count itself, which only grows; its owner is the last one
    /// that added to it.
    pub fn counter(count: i64, request: &LeaseRequest) -> Self {
        Self {
            version: count,
            state: State::Delivered,
            since: None,
            body_hash: None,
            owner: request.owner.clone(),
            leased_until: None,
            suspect_since: None,
            rejections: 0,
            life: None,
            expires: request.now + REMEMBERED,
        }
    }

    /// The turn to post to a channel. Its version is the time until which no other post is made, in
    /// milliseconds, which only grows.
    pub(super) fn turn(owner: &str, now: Timestamp, until: Timestamp) -> Self {
        Self {
            version: until.as_millisecond(),
            state: State::Delivered,
            since: None,
            body_hash: None,
            owner: owner.to_owned(),
            leased_until: Some(until),
            suspect_since: None,
            rejections: 0,
            life: None,
            expires: now + REMEMBERED,
        }
    }

    /// The item that a new lease writes over `found`.
    pub(super) fn leased(
        found: Option<&Self>,
        state: State,
        body_hash: Option<&str>,
        request: &LeaseRequest,
    ) -> Self {
        let valid = found.filter(|item| item.expires >= request.now);
        Self {
            version: found.map_or(0, |item| item.version) + 1,
            state,
            since: None,
            body_hash: body_hash.map(str::to_owned),
            owner: request.owner.clone(),
            leased_until: Some(request.until),
            suspect_since: valid.and_then(|item| item.suspect_since),
            rejections: valid.map_or(0, |item| item.rejections),
            life: valid.and_then(|item| item.life.clone()),
            expires: request.now + REMEMBERED,
        }
    }

    /// An order's item that has this life from now on, and is otherwise as it was found.
    pub(super) fn with_life(found: Option<&Self>, life: Life, request: &LeaseRequest) -> Self {
        let new = Self { leased_until: None, ..Self::leased(found, State::Pending, None, request) };
        let found = found.filter(|item| item.expires >= request.now);
        let known = found.map(|item| (item.state_without_lease(), item.since));
        let (state, since) = known.unwrap_or((new.state, None));
        Self { state, since, life: Some(Box::new(life)), ..new }
    }

    /// Whether Slack may have posted the event already.
    pub fn is_in_doubt(&self) -> bool {
        self.state == State::InDoubt
    }

    /// The state without the lease. A lease that was not released ended with its invocation, which
    /// may have posted. A cancelled order is leased only to post its reopening.
    pub(super) fn state_without_lease(&self) -> State {
        match self.state {
            State::Pending | State::Rejected | State::Cancelled if self.leased_until.is_some() => {
                State::InDoubt
            }
            state => state,
        }
    }

    /// The item after Slack took the message.
    #[must_use]
    pub fn delivered(self, state: State, since: Option<Timestamp>, now: Timestamp) -> Self {
        let expires = now + REMEMBERED;
        Self { state, since, expires, leased_until: None, version: self.version + 1, ..self }
    }

    /// The item after its lease was released, with what is known of the event then.
    #[must_use]
    pub fn released(self, release: Release) -> Self {
        let state = match self.state {
            State::Pending | State::Rejected | State::Cancelled if release.is_in_doubt => {
                State::InDoubt
            }
            State::Pending if release.is_rejected => State::Rejected,
            state => state,
        };
        Self {
            state,
            leased_until: None,
            suspect_since: self.suspect_since.or(release.suspect_since),
            rejections: self.rejections.saturating_add(release.is_rejected.into()),
            version: self.version + 1,
            ..self
        }
    }

    /// Whether the event is to be posted last and alone.
    pub fn is_suspect(&self) -> bool {
        // Items of earlier deployments have the state alone.
        self.suspect_since.is_some() || self.state == State::Rejected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_deployed_tables_stay_readable() {
        let words = ["untold", "unclear", "refused", "told", "cancelled", "reopened"];
        assert_eq!(State::ALL.map(State::stored), words);
        assert_eq!(words.map(State::from_stored), State::ALL.map(Some));
        assert_eq!(State::from_stored("delivered"), None);
        assert_eq!(State::from_stored(""), None);
    }
}
