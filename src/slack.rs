//! Slack's incoming webhooks:
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>.

use std::sync::Arc;
use std::time::Duration;

use ::url::Url;
use jiff::{SignedDuration, Timestamp};
use lambda_http::http::{Request, header};

use crate::infra::http_client::{Body, HttpClient, NoResponse};
use crate::slack::block_kit::Message;
use crate::slack::pace::{CONSUMERS, TURN};
use crate::slack::reply::{Failure, Reply, advice, classify, retry_after, word};
use crate::slack::url::SlackUrl;
use crate::slack::url_states::UrlStates;

pub mod block_kit;
pub mod pace;
pub mod reply;
pub mod retry;
pub mod url;

mod url_states;

/// A message that Slack did not take, or may not have taken.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct PostError {
    pub failure: Failure,
    what: String,
}

/// A message that Slack took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    Expected,
    /// With another 2xx than Slack's own: something on the way may have answered.
    Unexpected,
}

/// Slack's error bodies are one word; more is a proxy's page.
const MAX_REPLY_BYTES: usize = 4096;

/// So long a channel that took nothing is left alone, if there are others: an invocation that waits for it
/// posts nothing elsewhere.
const OUTAGE: SignedDuration = SignedDuration::from_secs(30);

/// Posts to incoming webhooks.
#[derive(Debug)]
pub struct Slack {
    http: Arc<HttpClient>,
    urls: UrlStates,
}

impl Slack {
    pub fn new(http: Arc<HttpClient>) -> Self {
        Self { http, urls: UrlStates::default() }
    }

    /// Opens the connection that the first message will need.
    pub async fn connect(&self, origin: Option<&Url>) {
        self.http.connect(origin.cloned().unwrap_or_else(slack_origin)).await;
    }

    /// Posts one message; `within` bounds the whole call.
    ///
    /// The error says what may be done about it; it never holds the URL.
    pub async fn post(
        &self,
        url: &SlackUrl,
        message: &Message,
        within: Duration,
        now: Timestamp,
    ) -> Result<Accepted, PostError> {
        let response = self.http.send(request(url, message), Some(within), MAX_REPLY_BYTES).await?;

        let status = response.status();
        let wait = response.headers().get(header::RETRY_AFTER);
        let wait = wait.and_then(|value| value.to_str().ok()).and_then(retry_after);
        let Body { bytes, is_whole } = response.body();
        match classify(status, bytes, wait) {
            Reply::Accepted { is_expected } => {
                self.urls.accepted(url, now);
                // A reply that breaks off in the middle changes nothing about the status.
                if is_expected || !is_whole {
                    return Ok(Accepted::Expected);
                }
                let status = status.as_u16();
                tracing::warn!(status, "Slack accepted the message with an unexpected reply");
                Ok(Accepted::Unexpected)
            }
            Reply::Refused(failure) => {
                if let Failure::RateLimited(Some(wait)) = failure {
                    self.urls.limited(url, now + wait);
                }
                let (status, word) = (status.as_u16(), word(bytes));
                let what = format!("Slack answered {status} `{word}`{}", advice(word));
                Err(PostError { failure, what })
            }
        }
    }

    /// How long a rate limit still holds that this sandbox met at this URL.
    pub fn limited_for(&self, url: &SlackUrl, now: Timestamp) -> Option<Duration> {
        self.urls.get(url).limited_for(now)
    }

    /// Notes that this sandbox posts to this URL in its turn, at that time.
    pub fn took_turn(&self, url: &SlackUrl, at: Timestamp) {
        self.urls.took_turn(url, at);
    }

    /// How long it takes until this sandbox likely has another turn; zero if its last one is long ago.
    pub fn next_turn_in(&self, now: Timestamp) -> Duration {
        let Some(last) = self.urls.last_turn() else { return Duration::ZERO };
        let left = (last + TURN * CONSUMERS).duration_since(now);
        Duration::try_from(left).unwrap_or_default().min(TURN * CONSUMERS)
    }

    /// Notes that Slack took none of an invocation's messages at this URL.
    pub fn failed(&self, url: &SlackUrl, now: Timestamp) {
        self.urls.failed(url, now);
    }

    /// Whether it took none there a moment ago, as far as this sandbox knows.
    pub fn has_just_failed(&self, url: &SlackUrl, now: Timestamp) -> bool {
        self.urls.get(url).failed_at.is_some_and(|at| now.duration_since(at) < OUTAGE)
    }

    /// Whether Slack took a message at this URL after that time, as far as this sandbox knows.
    pub fn has_accepted_since(&self, url: &SlackUrl, time: Timestamp) -> bool {
        self.urls.get(url).accepted_at.is_some_and(|accepted_at| accepted_at >= time)
    }
}

fn slack_origin() -> Url {
    "https://hooks.slack.com".parse().expect("it is a URL")
}

fn request(url: &SlackUrl, message: &Message) -> Request<Vec<u8>> {
    let body = serde_json::to_vec(message).expect("a message has only string keys");
    let request = Request::post(url.expose()).header(header::CONTENT_TYPE, "application/json");
    request.body(body).expect("the URL was parsed")
}

impl From<NoResponse> for PostError {
    fn from(error: NoResponse) -> Self {
        let failure = match (error.may_be_served, error.is_timeout) {
            (false, _) => Failure::NotSent,
            (true, false) => Failure::InDoubt,
            (true, true) => Failure::TimedOut,
        };
        Self { failure, what: format!("Slack: {error}") }
    }
}
