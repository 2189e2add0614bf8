//! One message after the other into the channel, with what Slack answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::time::sleep;

use crate::app::App;
use crate::delivery::grouping::Notification;
use crate::infra::deadline::Deadline;
use crate::infra::metrics::Metric;
use crate::message::Style;
use crate::secret::Channel;
use crate::secret::cache::SecretCacheError;
use crate::slack::block_kit::Message;
use crate::slack::pace::Pace;
use crate::slack::retry::{self, Failure, Next, RetryAfter, Tried};
use crate::slack::url::{SlackUrl, SlackUrlError};

/// Slack answers within a fraction of a second; a longer silence is an outage.
const SLACK_TIMEOUT: Duration = Duration::from_secs(4);

const ALARMS_GO_TO_ORDERS: &str =
    "the address for alarms is refused, and they go to the orders' channel";

/// What became of one message.
pub(super) enum Posted {
    Yes,
    /// Slack does not take this payload, as the text says.
    Refused(String),
    /// Slack takes nothing now.
    No(RetryAfter),
}

/// Why there is no address to post to.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAddress {
    #[error("the Slack address cannot be read: {0}")]
    Secret(#[from] SecretCacheError),
    #[error("the Slack address in the secret is refused: {0} (`connect slack` stores one)")]
    Refused(#[from] SlackUrlError),
}

/// Posts at its pace to the address of the secret.
pub(super) struct Poster<'a> {
    app: &'a App,
    channel: Channel,
    deadline: Deadline,
    pace: &'a mut Pace,
    address: Option<SlackUrl>,
}

/// Something to be told, in one message.
pub(super) trait Telling {
    fn message(&self) -> Message;

    /// Slack may have shown it already.
    fn mark_repeat(&mut self);
}

/// Orders, in a style.
impl Telling for (Notification, &Style) {
    fn message(&self) -> Message {
        self.0.message(self.1)
    }

    fn mark_repeat(&mut self) {
        self.0.mark_repeat();
    }
}

impl<'a> Poster<'a> {
    pub(super) fn new(
        app: &'a App,
        channel: Channel,
        deadline: Deadline,
        pace: &'a mut Pace,
    ) -> Self {
        Self { app, channel, deadline, pace, address: None }
    }

    /// Makes sure that there is an address to post to.
    pub(super) async fn find_address(&mut self) -> Result<(), NoAddress> {
        if self.address.is_some() {
            return Ok(());
        }
        let mut found = self.read_address().await;
        if let Err(NoAddress::Refused(error)) = &found
            && self.is_apart().await
        {
            tracing::error!(%error, "{ALARMS_GO_TO_ORDERS}");
            self.channel = Channel::Orders;
            found = self.read_address().await;
        }
        // Before a channel is connected, Slack has refused nothing.
        if !matches!(found, Ok(_) | Err(NoAddress::Refused(SlackUrlError::Empty))) {
            self.app.metrics.count(Metric::SlackRefused);
        }
        self.address = Some(found?);
        Ok(())
    }

    async fn read_address(&self) -> Result<SlackUrl, NoAddress> {
        let origin = self.app.config.slack_origin.as_ref();
        let secret = self.app.secrets.current(self.deadline).await?;
        let error = match secret.slack_url(self.channel, origin) {
            Ok(address) => return Ok(address),
            Err(error) => error,
        };
        // Somebody may have connected the channel a moment ago.
        match self.app.secrets.refreshed(self.deadline).await {
            Some(secret) => Ok(secret.slack_url(self.channel, origin)?),
            None => Err(error.into()),
        }
    }

    /// Whether it posts where the orders go.
    pub(super) async fn is_where_orders_go(&self) -> bool {
        let origin = self.app.config.slack_origin.as_ref();
        let secret = self.app.secrets.current(self.deadline).await;
        let orders = secret.ok().and_then(|secret| secret.slack_url(Channel::Orders, origin).ok());
        orders.is_some() && orders == self.address
    }

    /// Whether it posts alarms to a channel of their own.
    async fn is_apart(&self) -> bool {
        let secret = self.app.secrets.current(self.deadline).await;
        self.channel == Channel::Monitoring
            && secret.is_ok_and(|secret| secret.has_monitoring_channel())
    }

    /// Turns to the orders' channel, if alarms have one of their own.
    async fn fall_back(&mut self) -> bool {
        let is_apart = self.is_apart().await;
        if is_apart {
            self.channel = Channel::Orders;
            self.address = self.read_address().await.ok();
        }
        is_apart
    }

    /// Posts one message, with as many tries as the time allows.
    pub(super) async fn post(&mut self, news: &mut impl Telling) -> Posted {
        let mut tried = Tried::default();
        loop {
            let Some(message) = written(news) else {
                return Posted::Refused("it cannot be written".to_owned());
            };
            let Some(address) = &self.address else {
                return Posted::No(RetryAfter::BackOff);
            };
            if self.pace.spare(self.deadline).is_none() {
                return Posted::No(RetryAfter::Immediately);
            }
            self.pace.ready().await;
            let within = self.deadline.left().min(SLACK_TIMEOUT);
            let Err(error) = self.app.slack.post(address, &message, within).await else {
                return Posted::Yes;
            };
            let next = retry::next(&error.failure, tried, self.pace.spare(self.deadline));
            self.count(&error.failure, next).await;
            if error.failure == Failure::InDoubt {
                news.mark_repeat();
            }
            match next {
                Next::RetryNow(wait) => {
                    tracing::warn!(%error, "posted again");
                    tried.again |= !matches!(error.failure, Failure::RateLimited(_));
                    sleep(wait).await;
                }
                Next::ReloadUrl if self.find_new_address().await => {
                    tracing::warn!(%error, "posted again to the address that the secret holds now");
                    tried.new_address = true;
                }
                Next::ReloadUrl | Next::GiveUp(_)
                    if error.failure == Failure::Endpoint && self.fall_back().await =>
                {
                    tracing::error!(%error, "{ALARMS_GO_TO_ORDERS}");
                    tried = Tried::default();
                }
                Next::Split => return Posted::Refused(error.to_string()),
                Next::ReloadUrl => {
                    tracing::error!(%error, "not posted");
                    return Posted::No(RetryAfter::BackOff);
                }
                Next::GiveUp(wait) => {
                    tracing::error!(%error, "not posted");
                    return Posted::No(wait);
                }
            }
        }
    }

    async fn count(&self, failure: &Failure, next: Next) {
        let metrics = &self.app.metrics;
        match failure {
            Failure::RateLimited(_) => {
                metrics.count(Metric::SlackRateLimited);
                // One that is not over soon is an outage for whoever waits for news.
                if let Next::GiveUp(_) = next {
                    metrics.count(Metric::SlackRefused);
                }
            }
            // The orders' channel takes the alarm.
            Failure::Endpoint if self.is_apart().await => {}
            _ => metrics.count(Metric::SlackRefused),
        }
    }

    /// Reads the secret anew; whether it holds another address by now.
    async fn find_new_address(&mut self) -> bool {
        let Some(secret) = self.app.secrets.refreshed(self.deadline).await else {
            return false;
        };
        let origin = self.app.config.slack_origin.as_ref();
        let new = secret.slack_url(self.channel, origin).ok();
        let is_new = new.is_some() && new != self.address;
        if is_new {
            self.address = new;
        }
        is_new
    }
}

/// The message, unless writing it panics; the panic hook logs where.
fn written(news: &impl Telling) -> Option<Message> {
    catch_unwind(AssertUnwindSafe(|| news.message())).ok()
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
    use crate::delivery::grouping::{Grouped, fold};
    use crate::message::{Remarks, tests::event};

    #[tokio::test(start_paused = true)]
    async fn a_silent_slack_has_four_seconds_before_the_message_is_posted_again() {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&calls);
        let secret = json!({"slack_webhook_url": "https://hooks.slack.com/services/T0/B0/x"});
        let app = in_memory(&secret, move |_| {
            let mut calls = noted.lock().unwrap();
            calls.push(Instant::now());
            if calls.len() == 1 { Box::pin(pending()) } else { answer("ok") }
        });
        let deadline = Deadline::within(Duration::from_secs(29), Timestamp::UNIX_EPOCH);
        let mut pace = Pace::of_a_consumer();
        let mut poster = Poster::new(&app, Channel::Orders, deadline, &mut pace);
        poster.find_address().await.unwrap();

        let style = Style { language: Language::English, mention: None };
        let entry = Grouped {
            event: event(),
            remarks: Remarks::default(),
            was_refused: false,
            positions: vec![0],
        };
        let mut news = (fold(vec![entry], &style).remove(0), &style);
        assert!(matches!(poster.post(&mut news).await, Posted::Yes));
        let calls = calls.lock().unwrap();
        assert_eq!(calls[1] - calls[0], Duration::from_millis(4_000 + 250));
        assert!(news.0.entries()[0].remarks.repeat, "the first may have been posted");
    }
}
