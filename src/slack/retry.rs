//! What to do in the same invocation after Slack did not take a message.

use std::time::Duration;

use crate::slack::reply::Failure;

/// What was already tried for one message in one invocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    pub again: bool,
    pub new_url: bool,
}

/// The next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Post the same message again after this time.
    RetryNow(Duration),
    /// Read the secret again, and post to the URL that it holds now.
    ReloadUrl,
    /// Say the same in smaller or simpler messages.
    Split,
    /// Leave the message to a later invocation: after this time, or after a back-off.
    GiveUp(Option<Duration>),
}

/// Before the one retry inside an invocation.
const PAUSE: Duration = Duration::from_millis(250);

/// Decides the next step; `spare` is how long the next post could be put off, if there is time for
/// one at all.
pub fn next(failure: &Failure, tried: Tried, spare: Option<Duration>) -> Next {
    let fits = |wait: Duration| spare.is_some_and(|spare| wait <= spare);
    match failure {
        Failure::RateLimited(Some(wait)) if fits(*wait) => Next::RetryNow(*wait),
        Failure::RateLimited(Some(wait)) => Next::GiveUp(Some(*wait)),
        Failure::NotSent | Failure::InDoubt if !tried.again && fits(PAUSE) => Next::RetryNow(PAUSE),
        Failure::Payload if fits(Duration::ZERO) => Next::Split,
        Failure::Endpoint if !tried.new_url && fits(Duration::ZERO) => Next::ReloadUrl,
        _ => Next::GiveUp(None),
    }
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
        let wait = Duration::from_secs(5);
        assert_eq!(first(&limited(5), SPARE), Next::GiveUp(Some(wait)));
        assert_eq!(first(&limited(5), None), Next::GiveUp(Some(wait)));
        assert_eq!(first(&Failure::RateLimited(None), SPARE), Next::GiveUp(None));
    }

    #[test]
    fn an_outage_is_tried_once_more() {
        for failure in [Failure::NotSent, Failure::InDoubt] {
            assert_eq!(first(&failure, SPARE), Next::RetryNow(PAUSE));
            let tried = Tried { again: true, ..Tried::default() };
            assert_eq!(next(&failure, tried, SPARE), Next::GiveUp(None));
            let short = Some(Duration::from_millis(249));
            assert_eq!(first(&failure, short), Next::GiveUp(None));
        }
    }

    #[test]
    fn a_refusal_has_its_remedy_while_there_is_time() {
        assert_eq!(first(&Failure::Payload, SPARE), Next::Split);
        assert_eq!(first(&Failure::Payload, None), Next::GiveUp(None));
        assert_eq!(first(&Failure::Endpoint, SPARE), Next::ReloadUrl);
        let tried = Tried { new_url: true, ..Tried::default() };
        assert_eq!(next(&Failure::Endpoint, tried, SPARE), Next::GiveUp(None));
    }
}
