//! The windows of time: how long an event waits in the queue for its digest.
//!
//! What a digest holds is what is in the queue then ([`crate::handlers::queue`] receives it), grouped
//! by [`crate::delivery::grouping`].

use std::time::Duration;

use jiff::Timestamp;

/// A digest is due this long after the end of its window: by then its events are in the queue.
const GRACE_SECONDS: i64 = 2;
/// The longest delay of SQS:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html>.
const MAX_DELAY: Duration = Duration::from_mins(15);

/// Windows of equal length, one after the other since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestWindows {
    seconds: i64,
}

impl DigestWindows {
    /// Windows of this many seconds, from 1 to 900.
    pub fn of_seconds(seconds: i64) -> Option<Self> {
        (1..=900).contains(&seconds).then_some(Self { seconds })
    }

    /// The number, counted since 1970, of the window of this moment.
    pub fn of(self, moment: Timestamp) -> i64 {
        moment.as_second().div_euclid(self.seconds)
    }

    /// How long an event of this moment is kept for the digest of its window, in whole seconds.
    pub fn delay(self, now: Timestamp) -> Duration {
        self.until(self.of(now) + 1, now).min(MAX_DELAY)
    }

    /// For how long an event is kept at most.
    pub fn longest_delay(self) -> Duration {
        self.until(1, Timestamp::UNIX_EPOCH).min(MAX_DELAY)
    }

    /// The number, counted since 1970, of the digest that is due now.
    pub fn due(self, now: Timestamp) -> i64 {
        (now.as_second() - GRACE_SECONDS).div_euclid(self.seconds)
    }

    /// How long until the next digest is due, in whole seconds.
    pub fn until_next(self, now: Timestamp) -> Duration {
        self.until(self.due(now) + 1, now)
    }

    fn until(self, digest: i64, now: Timestamp) -> Duration {
        let seconds = digest * self.seconds + GRACE_SECONDS - now.as_second();
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + seconds).unwrap()
    }

    #[test]
    fn a_digest_is_due_shortly_after_its_window() {
        let minutes = DigestWindows::of_seconds(60).unwrap();
        assert_eq!(minutes.delay(at(0)).as_secs(), 62);
        assert_eq!(minutes.delay(at(59)).as_secs(), 3);
        assert_eq!(minutes.due(at(61)), minutes.due(at(2)));
        assert_eq!(minutes.due(at(62)), minutes.due(at(2)) + 1);
    }

    #[test]
    fn an_event_that_misses_a_digest_waits_for_the_next() {
        let minutes = DigestWindows::of_seconds(60).unwrap();
        assert_eq!(minutes.until_next(at(2)).as_secs(), 60);
        assert_eq!(minutes.until_next(at(61)).as_secs(), 1);
        assert_eq!(
            minutes.until_next(at(1)).as_secs(),
            1,
            "the window is over, its digest not due"
        );
    }

    #[test]
    fn no_delay_is_longer_than_sqs_allows() {
        let quarters = DigestWindows::of_seconds(900).unwrap();
        assert_eq!(quarters.delay(at(0)).as_secs(), 900);
        assert_eq!(quarters.delay(at(10)).as_secs(), 892);
        // An event that becomes visible early then waits for the digest that is due.
        assert_eq!(quarters.until_next(at(900)).as_secs(), 2);
    }

    #[test]
    fn a_window_has_one_to_nine_hundred_seconds() {
        for seconds in [0, 901, -1] {
            assert_eq!(DigestWindows::of_seconds(seconds), None);
        }
    }
}
