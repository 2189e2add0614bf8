//! The windows of time whose orders one digest holds.

use std::time::Duration;

use jiff::Timestamp;

/// Every event of a window is in the queue by then, and visible.
const SETTLING_SECONDS: i64 = 2;
/// The longest delay that SQS knows:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html>.
const MAX_DELAY: Duration = Duration::from_mins(15);

/// Windows of equal length, one after the other since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    seconds: i64,
}

/// A minute each.
impl Default for Windows {
    fn default() -> Self {
        Self { seconds: 60 }
    }
}

impl Windows {
    /// Windows of this many seconds, from 1 to 900.
    pub fn of_seconds(seconds: i64) -> Option<Self> {
        (1..=900).contains(&seconds).then_some(Self { seconds })
    }

    /// The number of the window that this moment is in.
    pub fn number(self, now: Timestamp) -> i64 {
        now.as_second().div_euclid(self.seconds)
    }

    /// How long until the digest of the present window is due, in whole seconds.
    pub fn until_digest(self, now: Timestamp) -> Duration {
        let due = (self.number(now) + 1) * self.seconds + SETTLING_SECONDS;
        Duration::from_secs(u64::try_from(due - now.as_second()).unwrap_or(0)).min(MAX_DELAY)
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
        let minutes = Windows::of_seconds(60).unwrap();
        assert_eq!(minutes.until_digest(at(0)).as_secs(), 62);
        assert_eq!(minutes.until_digest(at(59)).as_secs(), 3);
        assert_eq!(minutes.number(at(59)), minutes.number(at(0)));
        assert_eq!(minutes.number(at(60)), minutes.number(at(0)) + 1);
    }

    #[test]
    fn no_delay_is_longer_than_sqs_allows() {
        let quarters = Windows::of_seconds(900).unwrap();
        assert_eq!(quarters.until_digest(at(0)).as_secs(), 900);
        assert_eq!(quarters.until_digest(at(10)).as_secs(), 892);
    }

    #[test]
    fn a_window_has_one_to_nine_hundred_seconds() {
        for seconds in [0, 901, -1] {
            assert_eq!(Windows::of_seconds(seconds), None);
        }
    }
}
