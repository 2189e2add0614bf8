//! Slack's incoming webhooks:
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>.

use std::sync::Arc;
use std::time::Duration;

use ::url::Url;
use lambda_http::http::{Request, header};

use crate::infra::http_client::{HttpClient, NoResponse};
use crate::slack::block_kit::Message;
use crate::slack::reply::{Failure, advice, classify, retry_after, word};
use crate::slack::url::SlackUrl;

pub mod block_kit;
pub mod pace;
pub mod reply;
pub mod retry;
pub mod url;

/// A message that Slack did not take, or may not have taken.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct PostError {
    pub failure: Failure,
    what: String,
}

/// Slack's error bodies are one word; more is a proxy's page.
const MAX_REPLY_BYTES: usize = 4096;

/// Posts to incoming webhooks.
#[derive(Clone, Debug)]
pub struct Slack {
    http: Arc<HttpClient>,
}

impl Slack {
    pub fn new(http: Arc<HttpClient>) -> Self {
        Self { http }
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
    ) -> Result<(), PostError> {
        let response = self.http.send(request(url, message), Some(within), MAX_REPLY_BYTES).await?;

        let status = response.status();
        let wait = response.headers().get(header::RETRY_AFTER);
        let wait = wait.and_then(|value| value.to_str().ok()).and_then(retry_after);
        // A reply that breaks off in the middle changes nothing about the status.
        let word = word(&response.body().bytes);
        if status.is_success() {
            if word != "ok" {
                let status = status.as_u16();
                tracing::warn!(status, "Slack accepted the message with an unexpected reply");
            }
            return Ok(());
        }
        let failure = classify(status, word, wait);
        let (status, advice) = (status.as_u16(), advice(word));
        Err(PostError { failure, what: format!("Slack answered {status} `{word}`{advice}") })
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
        let failure = if error.may_be_served { Failure::InDoubt } else { Failure::NotSent };
        Self { failure, what: format!("Slack: {error}") }
    }
}
