//! The time that one invocation has.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// When an invocation began, and when its answer is due.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    /// By the wall clock.
    pub began: Timestamp,
    start: Instant,
    due: Instant,
}

impl Deadline {
    /// The answer is due so much time from this very moment.
    pub fn within(time: Duration, began: Timestamp) -> Self {
        let start = Instant::now();
        Self { began, start, due: start + time }
    }

    /// The same, with no more than so much time from this very moment.
    #[must_use]
    pub fn at_most(self, time: Duration) -> Self {
        Self { due: self.due.min(Instant::now() + time), ..self }
    }

    /// The moment by the clock that told when it began: nothing that sets the wall clock meanwhile
    /// makes a lease longer or shorter.
    pub fn now(self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.start.elapsed());
        self.began.saturating_add(elapsed.unwrap_or(SignedDuration::MAX)).unwrap_or(Timestamp::MAX)
    }

    pub fn due(self) -> Instant {
        self.due
    }

    /// Half of the time is over.
    pub fn is_half_over(self) -> bool {
        self.start.elapsed() > self.left()
    }

    /// Two thirds of the time are over.
    pub fn is_mostly_over(self) -> bool {
        self.start.elapsed() > self.left() * 2
    }

    pub fn left(self) -> Duration {
        self.due.saturating_duration_since(Instant::now())
    }
}

/// Lambda's longest time-out:
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html>.
const LONGEST: u64 = 900_000;

/// When Lambda ends the invocation, from the `Lambda-Runtime-Deadline-Ms` that came with it.
///
/// Lambda names a moment, in milliseconds since 1970; cargo-lambda's local runtime a span.
pub fn lambda_deadline(milliseconds: u64, now: Timestamp) -> Timestamp {
    let span = i64::try_from(milliseconds).unwrap_or(i64::MAX);
    if milliseconds <= LONGEST {
        return now + SignedDuration::from_millis(span);
    }
    Timestamp::from_millisecond(span).unwrap_or(Timestamp::MAX)
}

/// A wait in whole seconds: one that ends a moment too early would be for nothing.
pub fn rounded_up(wait: Duration) -> Duration {
    Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_time_goes_on_from_its_beginning_whatever_the_wall_clock_says() {
        let began = Timestamp::UNIX_EPOCH;
        let deadline = Deadline::within(Duration::from_secs(30), began);
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(deadline.now(), began + SignedDuration::from_secs(20));
    }

    #[test]
    fn a_deadline_is_a_moment_or_a_span() {
        let now = Timestamp::from_millisecond(1_767_225_600_000).unwrap();
        let seconds_left = |header| lambda_deadline(header, now).duration_since(now).as_secs();
        assert_eq!(seconds_left(1_767_225_630_000), 30);
        assert_eq!(seconds_left(600_000), 600);
        assert_eq!(lambda_deadline(u64::MAX, now), Timestamp::MAX);
    }
}
