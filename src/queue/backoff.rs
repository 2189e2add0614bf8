//! How long a message waits before it is received again.

use std::time::Duration;

/// The wait after the first receive.
const FIRST: Duration = Duration::from_secs(15);
/// The longest wait. A fault that ends is followed by the messages within this time.
const LONGEST: Duration = Duration::from_mins(15);
/// Invocations wait up to this share less, so that they do not all come back together.
const JITTER_PERCENT: u32 = 20;

/// The back-off of a message that was received `receive_count` times: doubled each time, up to a
/// quarter of an hour. `seed` differs between invocations; it only shortens the wait.
pub fn back_off(receive_count: u32, seed: u32) -> Duration {
    let doubled = FIRST.saturating_mul(2_u32.saturating_pow(receive_count.saturating_sub(1)));
    doubled.min(LONGEST) * (100 - seed % (JITTER_PERCENT + 1)) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_waits_twice_as_long_each_time_up_to_a_quarter_of_an_hour() {
        let waits = [1, 2, 3, 6, 7, 8, 40, u32::MAX]
            .map(|receive_count| back_off(receive_count, 0).as_secs());
        assert_eq!(waits, [15, 30, 60, 480, 900, 900, 900, 900]);
        assert_eq!(back_off(0, 0).as_secs(), 15);
    }

    #[test]
    fn invocations_wait_differently_and_never_longer() {
        let waits: Vec<_> = (0..100).map(|seed| back_off(7, seed).as_secs()).collect();
        assert_eq!((waits.iter().min(), waits.iter().max()), (Some(&720), Some(&900)));
    }
}
