//! Slack's incoming webhooks: where they are, and what their answers mean.
//!
//! Replies: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors>.

use std::sync::Arc;
use std::time::Duration;

use ::url::Url;
use lambda_http::http::{Request, StatusCode, header};

use crate::infra::http_client::{HttpClient, NoResponse};
use crate::slack::block_kit::Message;
use crate::slack::retry::{Failure, retry_after};
use crate::slack::url::SlackUrl;

pub mod block_kit;
pub mod pace;
pub mod retry;
pub mod url;

/// A message that Slack did not take, or not surely.
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
        let slack = || "https://hooks.slack.com".parse().expect("it is a URL");
        self.http.connect(origin.cloned().unwrap_or_else(slack)).await;
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
        let body = serde_json::to_vec(message).expect("a message has only string keys");
        let request = Request::post(url.expose()).header(header::CONTENT_TYPE, "application/json");
        let request = request.body(body).expect("the address was read as a URL");
        let answer = self.http.send(request, Some(within), MAX_REPLY_BYTES).await;
        let answer = answer.map_err(unanswered)?;

        let status = answer.status();
        let wait = answer.headers().get(header::RETRY_AFTER);
        let wait = wait.and_then(|value| value.to_str().ok()).and_then(retry_after);
        // A reply that breaks off in the middle changes nothing about the status.
        let word = word(&answer.body().bytes);
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

/// Slack's one word; a page of markup has none.
fn word(reply: &[u8]) -> &str {
    let reply = std::str::from_utf8(reply).unwrap_or_default().trim();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if reply.len() <= 60 && reply.chars().all(is_word) { reply } else { "" }
}

fn unanswered(error: NoResponse) -> PostError {
    let (failure, what) = match error {
        NoResponse::NotConnected => (Failure::NotSent, "Slack cannot be reached"),
        NoResponse::NotSent => (Failure::NotSent, "the message was not sent"),
        NoResponse::Timeout => (Failure::InDoubt, "Slack did not answer in time"),
        NoResponse::Broken => (Failure::InDoubt, "the connection to Slack broke before the answer"),
    };
    PostError { failure, what: what.to_owned() }
}

fn classify(status: StatusCode, word: &str, wait: Option<Duration>) -> Failure {
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Failure::RateLimited(wait);
    }
    // The words are surer than the statuses: some are reported with more than one.
    match word {
        "invalid_payload"
        | "no_text"
        | "missing_text_or_fallback_or_attachments"
        | "invalid_blocks"
        | "invalid_blocks_format"
        | "invalid_attachments"
        | "too_many_attachments"
        | "msg_blocks_too_long"
        | "msg_too_long" => return Failure::Payload,
        "invalid_token"
        | "user_not_found"
        | "action_prohibited"
        | "posting_to_general_channel_denied"
        | "channel_not_found"
        | "channel_is_archived"
        | "no_service"
        | "no_service_id"
        | "no_active_hooks"
        | "no_team"
        | "team_disabled" => {
            return Failure::Endpoint;
        }
        _ => {}
    }
    match status {
        status if status.is_server_error() => Failure::InDoubt,
        StatusCode::PAYLOAD_TOO_LARGE => Failure::Payload,
        // Slack always says a word; without one it was somebody on the way.
        StatusCode::BAD_REQUEST if !word.is_empty() => Failure::Payload,
        // Redirects too: the address is a secret that must not be carried elsewhere.
        _ => Failure::Endpoint,
    }
}

/// What the operator can do, for the words that have a remedy.
fn advice(word: &str) -> &'static str {
    match word {
        "invalid_token" | "no_service" | "no_service_id" | "no_active_hooks" | "no_team" => {
            ": the webhook was removed or its address is wrong; put a new one into the secret"
        }
        "channel_is_archived" | "channel_not_found" => {
            ": the channel is gone; create a webhook for another one"
        }
        "action_prohibited" | "posting_to_general_channel_denied" | "user_not_found" => {
            ": the workspace does not allow this webhook to post; ask its administrator"
        }
        "team_disabled" => ": the workspace is disabled",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_its_meaning() {
        let meaning = |status: u16, word| {
            classify(StatusCode::from_u16(status).unwrap(), word, Some(Duration::from_secs(7)))
        };
        for (status, word) in [
            (400, "invalid_payload"),
            (400, "no_text"),
            (400, "invalid_blocks"),
            (400, "msg_blocks_too_long"),
            (400, "msg_too_long"),
            (500, "missing_text_or_fallback_or_attachments"),
            (400, "a_new_word"),
            (413, ""),
        ] {
            assert_eq!(meaning(status, word), Failure::Payload, "{status} {word}");
        }
        for (status, word) in [
            (400, "user_not_found"),
            (403, "invalid_token"),
            (403, "action_prohibited"),
            (404, "channel_not_found"),
            (404, "no_service"),
            (404, "no_active_hooks"),
            (404, "no_team"),
            (410, "channel_is_archived"),
            (403, "team_disabled"),
            (404, ""),
            (302, ""),
            (400, ""),
        ] {
            assert_eq!(meaning(status, word), Failure::Endpoint, "{status} {word}");
        }
        for status in [500, 502, 503, 504] {
            assert_eq!(meaning(status, "rollup_error"), Failure::InDoubt, "{status}");
        }
        let limited = Failure::RateLimited(Some(Duration::from_secs(7)));
        assert_eq!(meaning(429, ""), limited);
    }

    #[test]
    fn a_page_of_markup_is_no_word() {
        assert_eq!(word(b"no_service\n"), "no_service");
        assert_eq!(word(b"<html>maintenance</html>"), "");
        assert_eq!(word(b"\xff"), "");
    }
}
