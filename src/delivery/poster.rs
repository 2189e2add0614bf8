//! Posts one message after the other, and reacts to what Slack answers.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::app::App;
use crate::delivery::budget::Budget;
use crate::delivery::ledger_session::LedgerSession;
use crate::delivery::outcome::RetryAfter;
use crate::infra::deadline::Deadline;
use crate::infra::metrics::Metric;
use crate::ledger::turn::Turn;
use crate::secret::Channel;
use crate::secret::cache::SecretCacheError;
use crate::slack::block_kit::Message;
use crate::slack::pace::{Pace, pause};
use crate::slack::reply::Failure;
use crate::slack::retry::{Next, Tried, next};
use crate::slack::url::{SlackUrl, SlackUrlError};
use crate::slack::{Accepted, PostError};
use jiff::Timestamp;

const INSTEAD: &str = "posting to the orders' channel";

/// What became of one message.
#[derive(Debug)]
pub(super) struct Posted {
    pub(super) result: Result<(), NotPosted>,
    /// Slack may have taken it at a try whose response was lost.
    pub(super) is_in_doubt: bool,
}

/// Why a message was not posted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotPosted {
    /// Slack rejects this message, as the text says. `is_certain` if its word is about the payload
    /// for good; others may be about the workspace.
    Rejected { reason: String, is_certain: bool },
    /// Slack may have taken it, or failed on it; other messages may fare better.
    Failed,
    /// Nothing more can be posted now.
    Stopped(RetryAfter),
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
    budget: Budget<'a>,
    ledger: &'a LedgerSession<'a>,
    pace: &'a Pace,
    url: Option<SlackUrl>,
    /// Slack failed on the last message: the next one is not tried twice.
    is_failing: bool,
}

impl<'a> Poster<'a> {
    pub(super) fn new(
        app: &'a App,
        channel: Channel,
        budget: Budget<'a>,
        ledger: &'a LedgerSession<'a>,
        pace: &'a Pace,
    ) -> Self {
        Self { app, channel, budget, ledger, pace, url: None, is_failing: false }
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
            self.go_to_orders(error);
            found = self.read_url().await;
        }
        // Only an order that waits for a channel is counted; an alarm about a notice would be no help.
        let is_silent = self.channel == Channel::Monitoring
            && matches!(found, Err(NoUrl::Refused(SlackUrlError::Empty)));
        if found.is_err() && !is_silent {
            self.app.metrics.count(Metric::SlackRefused);
        }
        self.url = Some(found?);
        Ok(())
    }

    /// Posts one message, with as many tries as the time allows.
    ///
    /// `write` makes the message; it is given whether Slack may have taken it at an earlier try.
    pub(super) async fn post(&mut self, write: impl Fn(bool) -> Message) -> Posted {
        let mut tried = Tried { again: self.is_failing, ..Tried::default() };
        let mut is_in_doubt = false;
        let result = loop {
            // A panic must cost one message and not all; the panic hook logs where it was.
            let message = catch_unwind(AssertUnwindSafe(|| write(is_in_doubt)));
            let Ok(message) = message else {
                let reason = "the message cannot be written".to_owned();
                break Err(NotPosted::Rejected { reason, is_certain: true });
            };
            let message = if tried.without_mention { message.without_mention() } else { message };
            let error = match self.try_once(&message).await {
                Ok(result) => break result,
                Err(error) => error,
            };
            is_in_doubt |= error.failure.is_in_doubt();
            self.put_off_turns(error.failure).await;
            let spare = self.pace.spare(self.budget.deadline);
            let next = next(error.failure, message.has_mention(), tried, spare);
            self.count(error.failure, next).await;
            if let Some(reason) = self.react(next, &error, &mut tried).await {
                break Err(reason);
            }
        };
        self.is_failing = result == Err(NotPosted::Failed);
        Posted { result, is_in_doubt }
    }

    /// Posts once, if there is time for it and no rate limit holds.
    async fn try_once(&mut self, message: &Message) -> Result<Result<(), NotPosted>, PostError> {
        let stopped = |retry_after| Ok(Err(NotPosted::Stopped(retry_after)));
        let deadline = self.budget.deadline;
        let Some(url) = &self.url else { return stopped(RetryAfter::BackOff) };
        let Some(spare) = self.pace.spare(deadline) else {
            return stopped(RetryAfter::Immediately);
        };
        if let Some(wait) = self.app.slack.limited_for(url, deadline.now()) {
            if wait > spare {
                tracing::info!(seconds = wait.as_secs(), "rate limit still holds: retrying later");
                return stopped(RetryAfter::Exactly(wait));
            }
            pause(wait).await;
        }
        let turn = wait_for_turn(self.app, self.pace, self.ledger, url, deadline).await;
        if let Err(wait) = turn {
            tracing::info!(seconds = wait.as_secs(), "not this channel's turn: retrying later");
            return stopped(RetryAfter::Exactly(wait));
        }
        // Slack may answer late: a message that is posted again because of that is a repeat.
        let within = deadline.left().saturating_sub(self.budget.reserve);
        let accepted = self.app.slack.post(url, message, within, deadline.now()).await?;
        if accepted == Accepted::Unexpected {
            self.app.metrics.count(Metric::SlackUnexpectedReply);
        }
        Ok(Ok(()))
    }

    /// Lets no other invocation meet the rate limit that this one met.
    async fn put_off_turns(&self, failure: Failure) {
        if let Failure::RateLimited(Some(wait)) = failure
            && let Some(url) = &self.url
            && self.pace.takes_turns()
        {
            self.ledger.put_off_turns(url, wait).await;
        }
    }

    /// Whether Slack took a message after that time, as far as this sandbox knows.
    pub(super) fn has_accepted_since(&self, time: Timestamp) -> bool {
        self.url.as_ref().is_some_and(|url| self.app.slack.has_accepted_since(url, time))
    }

    /// Notes that Slack took nothing.
    pub(super) fn note_outage(&self) {
        if let Some(url) = &self.url {
            self.app.slack.failed(url, self.budget.deadline.now());
        }
    }

    /// Whether Slack took nothing a moment ago.
    pub(super) fn is_in_outage(&self) -> bool {
        let now = self.budget.deadline.now();
        self.url.as_ref().is_some_and(|url| self.app.slack.has_just_failed(url, now))
    }

    /// Whether it posts where the orders go.
    pub(super) async fn is_where_orders_go(&self) -> bool {
        let secret = self.app.secrets.current(self.budget.deadline).await;
        let orders = secret.ok().and_then(|secret| secret.slack_url(&Channel::Orders).ok());
        orders.is_some() && orders == self.url
    }

    /// Takes the next step; why the message is not posted, if it is not another try.
    async fn react(
        &mut self,
        next: Next,
        error: &PostError,
        tried: &mut Tried,
    ) -> Option<NotPosted> {
        match next {
            Next::RetryNow(wait) => {
                tracing::warn!(%error, "not posted: retrying now");
                tried.again |= !matches!(error.failure, Failure::RateLimited(_));
                pause(wait).await;
                None
            }
            Next::DropMention => {
                tracing::warn!(%error, "not posted: retrying without the mention");
                tried.without_mention = true;
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
            Next::Split => Some(NotPosted::Rejected {
                reason: error.to_string(),
                is_certain: error.failure == Failure::Payload,
            }),
            Next::SetAside => {
                tracing::error!(%error, "not posted, or in doubt: retrying later");
                Some(NotPosted::Failed)
            }
            Next::GiveUp(wait) => self.give_up(wait, error, tried).await,
        }
    }

    /// Leaves everything to a later invocation, unless it can go to the orders' channel.
    async fn give_up(
        &mut self,
        wait: Option<Duration>,
        error: &PostError,
        tried: &mut Tried,
    ) -> Option<NotPosted> {
        let is_refused = matches!(error.failure, Failure::Endpoint | Failure::Permission);
        if is_refused && self.has_own_channel().await {
            self.go_to_orders(error);
            self.url = self.read_url().await.ok();
            *tried = Tried::default();
            return None;
        }
        tracing::error!(%error, "not posted: retrying later");
        Some(NotPosted::Stopped(wait.into()))
    }

    async fn count(&self, failure: Failure, next: Next) {
        let metrics = &self.app.metrics;
        match failure {
            Failure::RateLimited(_) => {
                metrics.count(Metric::SlackRateLimited);
                // A rate limit that does not end soon is an outage for the channel's readers.
                if let Next::GiveUp(_) = next {
                    metrics.count(Metric::SlackRefused);
                }
            }
            // The orders' channel takes it.
            Failure::Endpoint | Failure::Permission if self.has_own_channel().await => {}
            _ => metrics.count(Metric::SlackRefused),
        }
    }

    async fn read_url(&self) -> Result<SlackUrl, NoUrl> {
        let secret = self.app.secrets.current(self.budget.deadline).await?;
        let error = match secret.slack_url(&self.channel) {
            Ok(url) => return Ok(url),
            Err(error) => error,
        };
        // The operator may have connected the channel a moment ago.
        match self.app.secrets.refreshed(self.budget.deadline).await {
            Some(secret) => Ok(secret.slack_url(&self.channel)?),
            None => Err(error.into()),
        }
    }

    /// Reads the secret again; whether it holds another URL by now.
    async fn reload_url(&mut self) -> bool {
        let Some(secret) = self.app.secrets.refreshed(self.budget.deadline).await else {
            return false;
        };
        let new = secret.slack_url(&self.channel).ok();
        let is_new = new.is_some() && new != self.url;
        if is_new {
            self.url = new;
        }
        is_new
    }

    /// Whether it posts to another channel than that of the orders.
    async fn has_own_channel(&self) -> bool {
        let secret = self.app.secrets.current(self.budget.deadline).await;
        secret.is_ok_and(|secret| secret.has_own_url(&self.channel))
    }

    /// What a channel of its own refuses goes to the orders' channel.
    fn go_to_orders(&mut self, error: &dyn Display) {
        match &self.channel {
            Channel::Named(name) => {
                let channel = name.as_str();
                tracing::error!(channel, %error, "the channel's URL is refused: {INSTEAD}");
            }
            Channel::Monitoring | Channel::Orders => {
                tracing::error!(%error, "the URL for monitoring is refused: {INSTEAD}");
            }
        }
        self.channel = Channel::Orders;
    }
}

/// Waits until the next post is due; the error is the time until then, if that is too long.
async fn wait_for_turn(
    app: &App,
    pace: &Pace,
    ledger: &LedgerSession<'_>,
    url: &SlackUrl,
    deadline: Deadline,
) -> Result<(), Duration> {
    let patience = pace.spare(deadline).unwrap_or_default();
    let turn = if pace.takes_turns() { ledger.take_turn(url, patience).await } else { None };
    let until = |at: Timestamp| at.duration_since(deadline.now()).try_into().unwrap_or_default();
    match turn {
        Some(Turn::At(at)) => {
            pause(until(at)).await;
            app.slack.took_turn(url, at);
        }
        Some(Turn::TooLate(at)) => return Err(until(at)),
        None => pace.ready().await,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::{Arc, Mutex};

    use jiff::Timestamp;
    use serde_json::json;
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::app::tests::{answer, answer_with, in_memory};
    use crate::config::{Language, Mention, MentionRule};
    use crate::infra::http_client::{Answering, NoResponse};
    use crate::message::{Remarks, Style, about, tests::event};

    const SECRET: &str = "https://hooks.slack.com/services/T0/B0/x";

    /// Posts one message to a Slack that answers like this; the calls, and what became of it.
    async fn post(
        message: impl Fn(bool) -> Message,
        slack: impl Fn(usize, &str) -> Answering + Send + Sync + 'static,
    ) -> (Vec<(Duration, String)>, Posted) {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&calls);
        let start = Instant::now();
        let app = in_memory(&json!({"slack_webhook_url": SECRET}), move |body| {
            let mut calls = noted.lock().unwrap();
            let body = String::from_utf8(body).unwrap();
            calls.push((start.elapsed(), body.clone()));
            slack(calls.len(), &body)
        });
        let deadline = Deadline::within(Duration::from_millis(29_500), Timestamp::UNIX_EPOCH);
        let budget = Budget { request_id: "1", deadline, reserve: Duration::from_secs(3) };
        let pace = Pace::for_queue();
        let ledger = LedgerSession::new(&app, budget);
        let mut poster = Poster::new(&app, Channel::Orders, budget, &ledger, &pace);
        poster.find_url().await.unwrap();
        let outcome = poster.post(message).await;
        let calls = calls.lock().unwrap().clone();
        (calls, outcome)
    }

    fn cancellation(repeat: bool) -> Message {
        let rule = MentionRule { mention: Mention::Channel, above: None };
        let style = Style { mention: Some(rule), ..Style::of(Language::English) };
        about(&event(), &style, Remarks { repeat, ..Remarks::default() })
    }

    #[tokio::test(start_paused = true)]
    async fn slack_is_given_the_time_that_there_is_and_a_timeout_is_not_repeated() {
        let (calls, posted) = post(cancellation, |_, _| {
            Box::pin(async {
                sleep(Duration::from_secs(20)).await;
                answer("ok").await
            })
        })
        .await;
        assert_eq!((calls.len(), posted.result, posted.is_in_doubt), (1, Ok(()), false));
        let (calls, posted) = post(cancellation, |_, _| Box::pin(pending())).await;
        let failed = Err(NotPosted::Failed);
        assert_eq!((calls.len(), posted.result, posted.is_in_doubt), (1, failed, true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_repeat_says_so_and_mentions_nobody() {
        let broken = |call, _: &str| match call {
            1 => Box::pin(async { Err(NoResponse::BROKEN) }) as Answering,
            _ => answer("ok"),
        };
        let (calls, posted) = post(cancellation, broken).await;
        assert_eq!((posted.result, posted.is_in_doubt), (Ok(()), true));
        let says_so = |call: usize| calls[call].1.contains("This may be a repeat");
        let mentions = |call: usize| calls[call].1.contains("<!channel>");
        assert_eq!([says_so(0), says_so(1)], [false, true]);
        assert_eq!([mentions(0), mentions(1)], [true, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_mention_is_posted_once_without_it() {
        let restricted = |_, body: &str| {
            if body.contains("<!channel>") {
                answer_with(400, "restricted_action")
            } else {
                answer("ok")
            }
        };
        let (calls, posted) = post(cancellation, restricted).await;
        assert_eq!((calls.len(), posted.result), (2, Ok(())));
        assert!(calls[1].1.contains("cancelled"), "{}", calls[1].1);
    }
}
