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
    Unclear,
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
    pub plain_text: bool,
}

/// The next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Post the same news again after this time.
    Again(Duration),
    /// Read the secret anew and post to the address that it holds now.
    NewAddress,
    /// Post it once more as plain text.
    PlainText,
    /// Leave it to whoever brought it, who may come back after this time.
    HandBack(Duration),
}

/// A short pause before the one repeat inside an invocation.
const PAUSE: Duration = Duration::from_millis(250);
/// A post that is given less than this is not worth beginning.
const SHORTEST_POST: Duration = Duration::from_millis(500);
/// When Slack does not say how long to wait.
const BACK_OFF: Duration = Duration::from_secs(15);

/// Whether a post may begin: one that is cut off at once could still be shown, and is then shown
/// twice.
pub fn may_begin(left: Duration) -> bool {
    left >= SHORTEST_POST
}

/// Decides the next step; `left` is the time until the answer is due.
pub fn next(failure: &Failure, tried: Tried, left: Duration) -> Next {
    let again_after = |wait: Duration| {
        if may_begin(left.saturating_sub(wait)) { Next::Again(wait) } else { Next::HandBack(wait) }
    };
    match failure {
        Failure::RateLimited(wait) => again_after(wait.unwrap_or(BACK_OFF)),
        Failure::NotSent | Failure::Unclear
            if !tried.again && may_begin(left.saturating_sub(PAUSE)) =>
        {
            Next::Again(PAUSE)
        }
        Failure::Payload if !tried.plain_text && may_begin(left) => Next::PlainText,
        Failure::Endpoint if !tried.new_address && may_begin(left) => Next::NewAddress,
        _ => Next::HandBack(BACK_OFF),
    }
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

    const LEFT: Duration = Duration::from_secs(4);

    fn first(failure: &Failure, left: Duration) -> Next {
        next(failure, Tried::default(), left)
    }

    fn limited(seconds: u64) -> Failure {
        Failure::RateLimited(Some(Duration::from_secs(seconds)))
    }

    #[test]
    fn a_rate_limit_is_waited_out_exactly_when_it_fits() {
        assert_eq!(first(&limited(3), LEFT), Next::Again(Duration::from_secs(3)));
        assert_eq!(first(&limited(4), LEFT), Next::HandBack(Duration::from_secs(4)));
        assert_eq!(first(&Failure::RateLimited(None), LEFT), Next::HandBack(BACK_OFF));
    }

    #[test]
    fn an_outage_is_tried_once_more() {
        for failure in [Failure::NotSent, Failure::Unclear] {
            assert_eq!(first(&failure, LEFT), Next::Again(PAUSE));
            let tried = Tried { again: true, ..Tried::default() };
            assert_eq!(next(&failure, tried, LEFT), Next::HandBack(BACK_OFF));
            assert_eq!(first(&failure, Duration::from_millis(749)), Next::HandBack(BACK_OFF));
        }
    }

    #[test]
    fn a_refusal_has_one_remedy() {
        assert_eq!(first(&Failure::Payload, LEFT), Next::PlainText);
        let tried = Tried { plain_text: true, ..Tried::default() };
        assert_eq!(next(&Failure::Payload, tried, LEFT), Next::HandBack(BACK_OFF));
        assert_eq!(first(&Failure::Endpoint, LEFT), Next::NewAddress);
        let tried = Tried { new_address: true, ..Tried::default() };
        assert_eq!(next(&Failure::Endpoint, tried, LEFT), Next::HandBack(BACK_OFF));
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
