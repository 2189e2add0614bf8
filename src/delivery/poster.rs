//! Posts one message after the other, and reacts to what Slack answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::time::sleep;

use crate::app::App;
use crate::delivery::outcome::{Outcome, RetryAfter};
use crate::infra::deadline::Deadline;
use crate::infra::metrics::Metric;
use crate::secret::Channel;
use crate::secret::cache::SecretCacheError;
use crate::slack::PostError;
use crate::slack::block_kit::Message;
use crate::slack::pace::Pace;
use crate::slack::reply::Failure;
use crate::slack::retry::{Next, Tried, next};
use crate::slack::url::{SlackUrl, SlackUrlError};

/// Slack answers within a fraction of a second; a longer silence is an outage.
const SLACK_TIMEOUT: Duration = Duration::from_secs(4);

const ALARMS_GO_TO_ORDERS: &str =
    "the URL for alarms is refused: posting them to the orders' channel";

/// What became of one message.
pub(super) struct Posted {
    pub(super) outcome: Outcome,
    /// Slack may have taken it at a try whose response was lost.
    pub(super) is_in_doubt: bool,
}

/// Why there is no URL to post to.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoUrl {
    #[error("the Slack URL cannot be read: {0}")]
    Secret(#[from] SecretCacheError),
    #[error("the Slack URL in the secret is refused: {0} (`connect slack` stores one)")]
    Refused(#[from] SlackUrlError),
}

/// Posts to the URL of one channel, at the pace of its invocation.
pub(super) struct Poster<'a> {
    app: &'a App,
    channel: Channel,
    deadline: Deadline,
    pace: &'a mut Pace,
    url: Option<SlackUrl>,
}

impl<'a> Poster<'a> {
    pub(super) fn new(
        app: &'a App,
        channel: Channel,
        deadline: Deadline,
        pace: &'a mut Pace,
    ) -> Self {
        Self { app, channel, deadline, pace, url: None }
    }

    /// Makes sure that there is a URL to post to.
    pub(super) async fn find_url(&mut self) -> Result<(), NoUrl> {
        if self.url.is_some() {
            return Ok(());
        }
        let mut found = self.read_url().await;
        if let Err(NoUrl::Refused(error)) = &found
            && self.has_own_channel().await
        {
            tracing::error!(%error, "{ALARMS_GO_TO_ORDERS}");
            self.channel = Channel::Orders;
            found = self.read_url().await;
        }
        // Before a channel is connected, Slack has refused nothing.
        if !matches!(found, Ok(_) | Err(NoUrl::Refused(SlackUrlError::Empty))) {
            self.app.metrics.count(Metric::SlackRefused);
        }
        self.url = Some(found?);
        Ok(())
    }

    /// Posts one message, with as many tries as the time allows.
    ///
    /// `write` makes the message; it is given whether Slack may have taken it at an earlier try.
    pub(super) async fn post(&mut self, write: impl Fn(bool) -> Message) -> Posted {
        let (mut tried, mut is_in_doubt) = (Tried::default(), false);
        let outcome = loop {
            // A panic must cost one message and not all; the panic hook logs where it was.
            let message = catch_unwind(AssertUnwindSafe(|| write(is_in_doubt)));
            let Ok(message) = message else {
                break Outcome::Rejected("the message cannot be written".to_owned());
            };
            let Some(url) = &self.url else { break Outcome::Retry(RetryAfter::BackOff) };
            if self.pace.spare(self.deadline).is_none() {
                break Outcome::Retry(RetryAfter::Immediately);
            }
            self.pace.ready().await;
            let within = self.deadline.left().min(SLACK_TIMEOUT);
            let Err(error) = self.app.slack.post(url, &message, within).await else {
                break Outcome::Done;
            };
            is_in_doubt |= error.failure == Failure::InDoubt;
            let next = next(&error.failure, tried, self.pace.spare(self.deadline));
            self.count(&error.failure, next).await;
            if let Some(outcome) = self.react(next, &error, &mut tried).await {
                break outcome;
            }
        };
        Posted { outcome, is_in_doubt }
    }

    /// Whether it posts where the orders go.
    pub(super) async fn is_where_orders_go(&self) -> bool {
        let origin = self.app.config.slack_origin.as_ref();
        let secret = self.app.secrets.current(self.deadline).await;
        let orders = secret.ok().and_then(|secret| secret.slack_url(Channel::Orders, origin).ok());
        orders.is_some() && orders == self.url
    }

    /// Takes the next step; the outcome, if it is not another try.
    async fn react(&mut self, next: Next, error: &PostError, tried: &mut Tried) -> Option<Outcome> {
        match next {
            Next::RetryNow(wait) => {
                tracing::warn!(%error, "not posted: retrying now");
                tried.again |= !matches!(error.failure, Failure::RateLimited(_));
                sleep(wait).await;
                None
            }
            Next::ReloadUrl => {
                tried.new_url = true;
                if self.reload_url().await {
                    tracing::warn!(%error, "not posted: retrying with the secret's new URL");
                    return None;
                }
                self.give_up(None, error, tried).await
            }
            Next::Split => Some(Outcome::Rejected(error.to_string())),
            Next::GiveUp(wait) => self.give_up(wait, error, tried).await,
        }
    }

    /// Leaves the message to a later invocation, unless alarms can go to the orders' channel.
    async fn give_up(
        &mut self,
        wait: Option<Duration>,
        error: &PostError,
        tried: &mut Tried,
    ) -> Option<Outcome> {
        if error.failure == Failure::Endpoint && self.has_own_channel().await {
            tracing::error!(%error, "{ALARMS_GO_TO_ORDERS}");
            self.channel = Channel::Orders;
            self.url = self.read_url().await.ok();
            *tried = Tried::default();
            return None;
        }
        tracing::error!(%error, "not posted: retrying later");
        Some(Outcome::Retry(wait.into()))
    }

    async fn count(&self, failure: &Failure, next: Next) {
        let metrics = &self.app.metrics;
        match failure {
            Failure::RateLimited(_) => {
                metrics.count(Metric::SlackRateLimited);
                // A rate limit that does not end soon is an outage for the channel's readers.
                if let Next::GiveUp(_) = next {
                    metrics.count(Metric::SlackRefused);
                }
            }
            // The orders' channel takes the alarm.
            Failure::Endpoint if self.has_own_channel().await => {}
            _ => metrics.count(Metric::SlackRefused),
        }
    }

    async fn read_url(&self) -> Result<SlackUrl, NoUrl> {
        let origin = self.app.config.slack_origin.as_ref();
        let secret = self.app.secrets.current(self.deadline).await?;
        let error = match secret.slack_url(self.channel, origin) {
            Ok(url) => return Ok(url),
            Err(error) => error,
        };
        // The operator may have connected the channel a moment ago.
        match self.app.secrets.refreshed(self.deadline).await {
            Some(secret) => Ok(secret.slack_url(self.channel, origin)?),
            None => Err(error.into()),
        }
    }

    /// Reads the secret again; whether it holds another URL by now.
    async fn reload_url(&mut self) -> bool {
        let Some(secret) = self.app.secrets.refreshed(self.deadline).await else {
            return false;
        };
        let origin = self.app.config.slack_origin.as_ref();
        let new = secret.slack_url(self.channel, origin).ok();
        let is_new = new.is_some() && new != self.url;
        if is_new {
            self.url = new;
        }
        is_new
    }

    /// Whether it posts alarms to a channel of their own.
    async fn has_own_channel(&self) -> bool {
        let secret = self.app.secrets.current(self.deadline).await;
        self.channel == Channel::Monitoring
            && secret.is_ok_and(|secret| secret.has_monitoring_channel())
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::{Arc, Mutex};

    use jiff::Timestamp;
    use serde_json::json;
    use tokio::time::Instant;

    use super::*;
    use crate::app::tests::{answer, in_memory};
    use crate::config::Language;
    use crate::message::{Remarks, Style, about, tests::event};

    #[tokio::test(start_paused = true)]
    async fn a_silent_slack_has_four_seconds_before_the_message_is_posted_again() {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let messages = Arc::new(Mutex::new(Vec::new()));
        let (noted, bodies) = (Arc::clone(&calls), Arc::clone(&messages));
        let secret = json!({"slack_webhook_url": "https://hooks.slack.com/services/T0/B0/x"});
        let app = in_memory(&secret, move |message| {
            bodies.lock().unwrap().push(message);
            let mut calls = noted.lock().unwrap();
            calls.push(Instant::now());
            if calls.len() == 1 { Box::pin(pending()) } else { answer("ok") }
        });
        let deadline = Deadline::within(Duration::from_secs(29), Timestamp::UNIX_EPOCH);
        let mut pace = Pace::for_queue();
        let mut poster = Poster::new(&app, Channel::Orders, deadline, &mut pace);
        poster.find_url().await.unwrap();

        let style = Style { language: Language::English, mention: None };
        let write = |repeat| about(&event(), &style, Remarks { repeat, ..Remarks::default() });
        let Posted { outcome, is_in_doubt } = poster.post(write).await;
        assert_eq!((outcome, is_in_doubt), (Outcome::Done, true));
        let calls = calls.lock().unwrap();
        assert_eq!(calls[1] - calls[0], Duration::from_millis(4_000 + 250));
        let messages = messages.lock().unwrap();
        let says_so =
            |message: &Vec<u8>| String::from_utf8_lossy(message).contains("This may be a repeat");
        assert_eq!([says_so(&messages[0]), says_so(&messages[1])], [false, true]);
    }
}
