//! The time that one invocation has, and waits in whole seconds.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// When an invocation began, and when its response is due.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    /// By the wall clock.
    pub began: Timestamp,
    start: Instant,
    due: Instant,
}

impl Deadline {
    /// The response is due after this time, counted from now.
    pub fn within(time: Duration, began: Timestamp) -> Self {
        let start = Instant::now();
        Self { began, start, due: start + time }
    }

    /// The same, with at most this time left.
    #[must_use]
    pub fn at_most(self, time: Duration) -> Self {
        Self { due: self.due.min(Instant::now() + time), ..self }
    }

    /// The time now, as [`began`](Self::began) and the monotonic clock give it. A change of the wall
    /// clock during the invocation makes no lease longer or shorter.
    pub fn now(self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.start.elapsed());
        self.began.saturating_add(elapsed.unwrap_or(SignedDuration::MAX)).unwrap_or(Timestamp::MAX)
    }

    /// When the response is due, by the monotonic clock.
    pub fn due(self) -> Instant {
        self.due
    }

    /// More than half of the time is over.
    pub fn is_half_over(self) -> bool {
        self.start.elapsed() > self.left()
    }

    /// More than two thirds of the time are over.
    pub fn is_mostly_over(self) -> bool {
        self.start.elapsed() > self.left() * 2
    }

    /// The time left; zero once the deadline is over.
    pub fn left(self) -> Duration {
        self.due.saturating_duration_since(Instant::now())
    }
}

/// Lambda's longest timeout, in milliseconds:
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html>.
const MAX_TIMEOUT_MILLISECONDS: u64 = 900_000;

/// When Lambda ends the invocation, from the `Lambda-Runtime-Deadline-Ms` that came with it.
///
/// Lambda sends a Unix time in milliseconds; cargo-lambda's local runtime sends a duration.
pub fn lambda_deadline(milliseconds: u64, now: Timestamp) -> Timestamp {
    let span = i64::try_from(milliseconds).unwrap_or(i64::MAX);
    if milliseconds <= MAX_TIMEOUT_MILLISECONDS {
        return now + SignedDuration::from_millis(span);
    }
    Timestamp::from_millisecond(span).unwrap_or(Timestamp::MAX)
}

/// A wait in whole seconds: a caller that retries a moment too early retries for nothing.
pub fn rounded_up(wait: Duration) -> Duration {
    Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_time_follows_the_monotonic_clock() {
        let began = Timestamp::UNIX_EPOCH;
        let deadline = Deadline::within(Duration::from_secs(30), began);
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(deadline.now(), began + SignedDuration::from_secs(20));
    }

    #[test]
    fn lambdas_deadline_is_a_unix_time_or_a_duration() {
        let now = Timestamp::from_millisecond(1_767_225_600_000).unwrap();
        let seconds_left = |header| lambda_deadline(header, now).duration_since(now).as_secs();
        assert_eq!(seconds_left(1_767_225_630_000), 30);
        assert_eq!(seconds_left(600_000), 600);
        assert_eq!(lambda_deadline(u64::MAX, now), Timestamp::MAX);
    }

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        let seconds = |milliseconds| rounded_up(Duration::from_millis(milliseconds)).as_secs();
        assert_eq!([0, 1, 1_000, 1_001].map(seconds), [0, 1, 1, 2]);
    }
}
