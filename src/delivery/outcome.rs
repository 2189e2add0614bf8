//! What became of one event, and when it is worth another try.

use std::time::Duration;

/// What became of an event or a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is left to do: it was delivered, now or before, or it needs no delivery.
    Done,
    /// Worth another try.
    Retry(RetryAfter),
    /// It can never be posted; the text says why.
    Rejected(String),
}

/// When another try is worth it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// After exactly this time.
    Exactly(Duration),
    /// After a wait that grows with every try.
    BackOff,
    /// Immediately: nothing was tried.
    Immediately,
}

/// After a wait that Slack named, or a back-off.
impl From<Option<Duration>> for RetryAfter {
    fn from(wait: Option<Duration>) -> Self {
        wait.map_or(Self::BackOff, Self::Exactly)
    }
}
