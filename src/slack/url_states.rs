//! What a warm sandbox knows of each Slack URL.
//!
//! Nothing depends on it for correctness: a new sandbox knows nothing, and asks Slack.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::slack::url::SlackUrl;

/// A stack has a channel for orders, one for monitoring and those that its rules name; the URLs that were
/// used first are forgotten first.
const MAX_URLS: usize = 16;

/// The states of the latest URLs.
#[derive(Debug, Default)]
pub(super) struct UrlStates(Mutex<Vec<(SlackUrl, UrlState)>>);

/// The state of one URL.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UrlState {
    /// Slack's rate limit holds until then.
    pub(super) limited_until: Option<Timestamp>,
    /// When Slack last took a message.
    pub(super) accepted_at: Option<Timestamp>,
    /// When it last took none of the messages of an invocation.
    pub(super) failed_at: Option<Timestamp>,
    /// The last turn to post that this sandbox took.
    pub(super) last_turn: Option<Timestamp>,
}

impl UrlStates {
    pub(super) fn get(&self, url: &SlackUrl) -> UrlState {
        let states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = states.iter().find(|(known, _)| known == url);
        known.map_or_else(UrlState::default, |(_, state)| *state)
    }

    pub(super) fn accepted(&self, url: &SlackUrl, now: Timestamp) {
        self.change(url, |state| {
            let accepted_at = Some(now);
            *state = UrlState { limited_until: None, failed_at: None, accepted_at, ..*state };
        });
    }

    pub(super) fn limited(&self, url: &SlackUrl, until: Timestamp) {
        self.change(url, |state| state.limited_until = Some(until));
    }

    pub(super) fn failed(&self, url: &SlackUrl, now: Timestamp) {
        self.change(url, |state| state.failed_at = Some(now));
    }

    pub(super) fn took_turn(&self, url: &SlackUrl, at: Timestamp) {
        self.change(url, |state| state.last_turn = Some(at));
    }

    /// The last turn at any URL.
    pub(super) fn last_turn(&self) -> Option<Timestamp> {
        let states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        states.iter().filter_map(|(_, state)| state.last_turn).max()
    }

    fn change(&self, url: &SlackUrl, change: impl FnOnce(&mut UrlState)) {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let position = states.iter().position(|(known, _)| known == url);
        let position = position.unwrap_or_else(|| {
            if states.len() == MAX_URLS {
                states.remove(0);
            }
            states.push((url.clone(), UrlState::default()));
            states.len() - 1
        });
        change(&mut states[position].1);
    }
}

impl UrlState {
    /// How long the rate limit still holds.
    pub(super) fn limited_for(self, now: Timestamp) -> Option<Duration> {
        let left = self.limited_until?.duration_since(now);
        Duration::try_from(left).ok().filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn url(name: &str) -> SlackUrl {
        SlackUrl::parse(&format!("https://hooks.slack.com/services/T0/B0/{name}"), None).unwrap()
    }

    #[test]
    fn a_rate_limit_holds_for_its_url_until_it_ends_or_a_message_is_taken() {
        let now = Timestamp::UNIX_EPOCH;
        let (states, first, second) = (UrlStates::default(), url("first"), url("second"));
        states.limited(&first, now + SignedDuration::from_secs(30));
        assert_eq!(states.get(&first).limited_for(now), Some(Duration::from_secs(30)));
        assert_eq!(states.get(&second).limited_for(now), None);
        let later = now + SignedDuration::from_secs(30);
        assert_eq!(states.get(&first).limited_for(later), None);
        states.accepted(&first, now);
        assert_eq!(states.get(&first).limited_for(now), None);
        assert_eq!(states.get(&first).accepted_at, Some(now));
    }

    #[test]
    fn the_last_turn_is_that_of_all_urls() {
        let (states, now) = (UrlStates::default(), Timestamp::UNIX_EPOCH);
        assert_eq!(states.last_turn(), None);
        states.took_turn(&url("first"), now + SignedDuration::from_secs(2));
        states.took_turn(&url("second"), now + SignedDuration::from_secs(1));
        states.accepted(&url("first"), now);
        assert_eq!(states.last_turn(), Some(now + SignedDuration::from_secs(2)));
    }

    #[test]
    fn old_urls_are_forgotten() {
        let states = UrlStates::default();
        let last = MAX_URLS + 1;
        for number in 1..=last {
            states.accepted(&url(&number.to_string()), Timestamp::UNIX_EPOCH);
        }
        assert_eq!(states.get(&url("1")).accepted_at, None);
        assert!(states.get(&url(&last.to_string())).accepted_at.is_some());
    }
}
