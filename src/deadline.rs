//! The time that one invocation has.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// When an invocation began, and when its answer is due.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    /// By the wall clock; what "now" means during the whole invocation.
    pub began: Timestamp,
    due: Instant,
}

impl Deadline {
    /// The answer is due so much time from this very moment.
    pub fn within(time: Duration, began: Timestamp) -> Self {
        Self { began, due: Instant::now() + time }
    }

    pub fn due(self) -> Instant {
        self.due
    }

    pub fn left(self) -> Duration {
        self.due.saturating_duration_since(Instant::now())
    }
}
