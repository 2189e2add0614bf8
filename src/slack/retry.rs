//! What to do in the same invocation after Slack did not take a message.
//!
//! A rate limit that a warm sandbox still remembers is waited out before a post, by
//! [`crate::delivery`]'s poster.

use std::time::Duration;

use crate::slack::reply::Failure;

/// What was already tried for one message in one invocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    pub again: bool,
    pub new_url: bool,
    pub without_mention: bool,
}

/// The next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Post the same message again after this time.
    RetryNow(Duration),
    /// Post the same without its mention.
    DropMention,
    /// Read the secret again, and post to the URL that it holds now.
    ReloadUrl,
    /// Say the same in smaller or simpler messages.
    Split,
    /// Leave this message to a later invocation; others may be posted.
    SetAside,
    /// Post nothing more: after this time, or after a back-off, another invocation may.
    GiveUp(Option<Duration>),
}

/// Before the one retry inside an invocation.
const PAUSE: Duration = Duration::from_millis(250);

/// Decides the next step; `spare` is how long the next post could be put off, if there is time for
/// one at all.
pub fn next(failure: Failure, has_mention: bool, tried: Tried, spare: Option<Duration>) -> Next {
    let fits = |wait: Duration| spare.is_some_and(|spare| wait <= spare);
    match failure {
        Failure::RateLimited(Some(wait)) if fits(wait) => Next::RetryNow(wait),
        Failure::RateLimited(wait) => Next::GiveUp(wait),
        Failure::NotSent | Failure::InDoubt if !tried.again && fits(PAUSE) => Next::RetryNow(PAUSE),
        // Slack had all the time that there was: another try would only be one more copy.
        Failure::InDoubt | Failure::TimedOut => Next::SetAside,
        Failure::Payload | Failure::UnknownWord | Failure::Permission
            if has_mention && !tried.without_mention =>
        {
            Next::DropMention
        }
        Failure::Payload | Failure::UnknownWord => Next::Split,
        Failure::Permission | Failure::Endpoint if !tried.new_url && fits(Duration::ZERO) => {
            Next::ReloadUrl
        }
        Failure::NotSent | Failure::Permission | Failure::Endpoint => Next::GiveUp(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPARE: Option<Duration> = Some(Duration::from_secs(4));

    fn first(failure: Failure, spare: Option<Duration>) -> Next {
        next(failure, false, Tried::default(), spare)
    }

    fn limited(seconds: u64) -> Failure {
        Failure::RateLimited(Some(Duration::from_secs(seconds)))
    }

    #[test]
    fn a_rate_limit_is_waited_out_exactly_when_it_fits() {
        assert_eq!(first(limited(4), SPARE), Next::RetryNow(Duration::from_secs(4)));
        let wait = Duration::from_secs(5);
        assert_eq!(first(limited(5), SPARE), Next::GiveUp(Some(wait)));
        assert_eq!(first(limited(5), None), Next::GiveUp(Some(wait)));
        assert_eq!(first(Failure::RateLimited(None), SPARE), Next::GiveUp(None));
    }

    #[test]
    fn an_outage_is_tried_once_more() {
        for (failure, then) in
            [(Failure::NotSent, Next::GiveUp(None)), (Failure::InDoubt, Next::SetAside)]
        {
            assert_eq!(first(failure, SPARE), Next::RetryNow(PAUSE));
            let tried = Tried { again: true, ..Tried::default() };
            assert_eq!(next(failure, false, tried, SPARE), then);
            let short = Some(Duration::from_millis(249));
            assert_eq!(first(failure, short), then);
        }
    }

    #[test]
    fn a_timeout_is_not_tried_again() {
        assert_eq!(first(Failure::TimedOut, SPARE), Next::SetAside);
    }

    #[test]
    fn a_refused_payload_is_made_smaller_whatever_time_is_left() {
        for failure in [Failure::Payload, Failure::UnknownWord] {
            assert_eq!(first(failure, SPARE), Next::Split);
            assert_eq!(first(failure, None), Next::Split);
        }
    }

    #[test]
    fn a_refused_mention_is_dropped_once() {
        for (failure, then) in [
            (Failure::Payload, Next::Split),
            (Failure::UnknownWord, Next::Split),
            (Failure::Permission, Next::ReloadUrl),
        ] {
            assert_eq!(next(failure, true, Tried::default(), SPARE), Next::DropMention);
            let tried = Tried { without_mention: true, ..Tried::default() };
            assert_eq!(next(failure, true, tried, SPARE), then);
        }
        let dead = next(Failure::Endpoint, true, Tried::default(), SPARE);
        assert_eq!(dead, Next::ReloadUrl, "it is not the mention");
    }

    #[test]
    fn a_refused_url_is_read_again_once() {
        assert_eq!(first(Failure::Endpoint, SPARE), Next::ReloadUrl);
        assert_eq!(first(Failure::Endpoint, None), Next::GiveUp(None));
        let tried = Tried { new_url: true, ..Tried::default() };
        assert_eq!(next(Failure::Endpoint, false, tried, SPARE), Next::GiveUp(None));
    }
}
