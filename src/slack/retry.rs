//! What to do after Slack did not take a message.

use std::time::Duration;

/// Why a message was not, or not surely, posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// 429: not posted. The wait is Slack's own word, if it could be read.
    RateLimited(Option<Duration>),
    /// The message never left.
    NotSent,
    /// Slack may have posted it: an error or silence after the message was written.
    InDoubt,
    /// Slack does not take this payload.
    Payload,
    /// Slack does not take anything at this address.
    Endpoint,
}

/// What was already tried for one message in one invocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    pub again: bool,
    pub new_address: bool,
}

/// The next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Post the same news again after this time.
    RetryNow(Duration),
    /// Read the secret anew and post to the address that it holds now.
    ReloadUrl,
    /// Say it in a smaller way.
    Split,
    /// Leave it to whoever brought it, to come back when this is over.
    GiveUp(RetryAfter),
}

/// When it is worth coming back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// After exactly this time.
    Exactly(Duration),
    /// Later each time.
    BackOff,
    /// At once: nothing was tried.
    Immediately,
    /// At once, for another invocation that gathers such news; after this time if that fails.
    NextDigest(Duration),
}

/// A short pause before the one repeat inside an invocation.
const PAUSE: Duration = Duration::from_millis(250);

/// Decides the next step; `spare` is how long the next post could be put off, if there is time for
/// one at all.
pub fn next(failure: &Failure, tried: Tried, spare: Option<Duration>) -> Next {
    let fits = |wait: Duration| spare.is_some_and(|spare| wait <= spare);
    match failure {
        Failure::RateLimited(Some(wait)) if fits(*wait) => Next::RetryNow(*wait),
        Failure::RateLimited(Some(wait)) => Next::GiveUp(RetryAfter::Exactly(*wait)),
        Failure::NotSent | Failure::InDoubt if !tried.again && fits(PAUSE) => Next::RetryNow(PAUSE),
        Failure::Payload if fits(Duration::ZERO) => Next::Split,
        Failure::Endpoint if !tried.new_address && fits(Duration::ZERO) => Next::ReloadUrl,
        _ => Next::GiveUp(RetryAfter::BackOff),
    }
}

/// The first wait of a back-off.
const FIRST: Duration = Duration::from_secs(15);
/// The longest wait: whatever went wrong, the channel hears of it this soon after it was mended.
const LONGEST: Duration = Duration::from_mins(15);
/// Waits of different invocations differ by up to this share, so that they do not come together.
const JITTER_PERCENT: u32 = 20;

/// How long a message that was received `receives` times waits: twice as long each time. `seed`
/// tells invocations apart; it only shortens the wait.
pub fn back_off(receives: u32, seed: u32) -> Duration {
    let doubled = FIRST.saturating_mul(2_u32.saturating_pow(receives.saturating_sub(1)));
    doubled.min(LONGEST) * (100 - seed % (JITTER_PERCENT + 1)) / 100
}

/// Reads a `Retry-After`: seconds, rounded up, from 1 to 900.
///
/// Slack sends whole seconds (<https://docs.slack.dev/apis/web-api/rate-limits>). A longer wait is
/// asked for again after 900; `None` for what is no number of seconds.
pub fn retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    // More digits than a u64 holds are more than 900 in any case.
    let seconds = whole.parse::<u64>().unwrap_or(u64::MAX);
    let rounded = seconds.saturating_add(u64::from(fraction.bytes().any(|b| b != b'0')));
    Some(Duration::from_secs(rounded.clamp(1, 900)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPARE: Option<Duration> = Some(Duration::from_secs(4));

    fn first(failure: &Failure, spare: Option<Duration>) -> Next {
        next(failure, Tried::default(), spare)
    }

    fn limited(seconds: u64) -> Failure {
        Failure::RateLimited(Some(Duration::from_secs(seconds)))
    }

    #[test]
    fn a_rate_limit_is_waited_out_exactly_when_it_fits() {
        assert_eq!(first(&limited(4), SPARE), Next::RetryNow(Duration::from_secs(4)));
        let wait = RetryAfter::Exactly(Duration::from_secs(5));
        assert_eq!(first(&limited(5), SPARE), Next::GiveUp(wait));
        assert_eq!(first(&limited(5), None), Next::GiveUp(wait));
        assert_eq!(first(&Failure::RateLimited(None), SPARE), Next::GiveUp(RetryAfter::BackOff));
    }

    #[test]
    fn an_outage_is_tried_once_more() {
        for failure in [Failure::NotSent, Failure::InDoubt] {
            assert_eq!(first(&failure, SPARE), Next::RetryNow(PAUSE));
            let tried = Tried { again: true, ..Tried::default() };
            assert_eq!(next(&failure, tried, SPARE), Next::GiveUp(RetryAfter::BackOff));
            let short = Some(Duration::from_millis(249));
            assert_eq!(first(&failure, short), Next::GiveUp(RetryAfter::BackOff));
        }
    }

    #[test]
    fn a_refusal_has_its_remedy_while_there_is_time() {
        assert_eq!(first(&Failure::Payload, SPARE), Next::Split);
        assert_eq!(first(&Failure::Payload, None), Next::GiveUp(RetryAfter::BackOff));
        assert_eq!(first(&Failure::Endpoint, SPARE), Next::ReloadUrl);
        let tried = Tried { new_address: true, ..Tried::default() };
        assert_eq!(next(&Failure::Endpoint, tried, SPARE), Next::GiveUp(RetryAfter::BackOff));
    }

    #[test]
    fn a_message_waits_twice_as_long_each_time_up_to_a_quarter_of_an_hour() {
        let waits =
            [1, 2, 3, 6, 7, 8, 40, u32::MAX].map(|receives| back_off(receives, 0).as_secs());
        assert_eq!(waits, [15, 30, 60, 480, 900, 900, 900, 900]);
        assert_eq!(back_off(0, 0).as_secs(), 15);
    }

    #[test]
    fn invocations_wait_differently_and_never_longer() {
        let waits: Vec<_> = (0..100).map(|seed| back_off(7, seed).as_secs()).collect();
        assert_eq!((waits.iter().min(), waits.iter().max()), (Some(&720), Some(&900)));
    }

    #[test]
    fn retry_after_is_whole_seconds_rounded_up_within_bounds() {
        for (value, seconds) in [
            ("3", 3),
            (" 120 ", 120),
            ("120.1", 121),
            ("120.0", 120),
            ("0", 1),
            ("0.2", 1),
            ("900", 900),
            ("901", 900),
            ("1000000000000", 900),
            ("99999999999999999999999999", 900),
        ] {
            assert_eq!(retry_after(value), Some(Duration::from_secs(seconds)), "{value}");
        }
    }

    #[test]
    fn what_is_no_number_of_seconds_is_not_read() {
        let unreadable = [
            "",
            "abc",
            "-5",
            "+5",
            "1e3",
            "5s",
            "5.",
            ".5",
            "1.2.3",
            "Wed, 21 Oct 2026 07:28:00 GMT",
        ];
        for value in unreadable {
            assert_eq!(retry_after(value), None, "{value}");
        }
    }
}
