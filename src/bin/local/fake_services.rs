//! Fakes of Secrets Manager and Slack.
//!
//! They work in memory for the local stack's own function, and over HTTP for a function under `cargo
//! lambda watch` (see `lambda.env`).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use order_alerts::infra::http_client::{Body, HttpClient};
use serde_json::{Map, Value, json};

use crate::terminal;

/// What the channel keeps: enough to look at, and little enough to run for weeks.
const MAX_MESSAGES: usize = 200;
/// Several times what the function posts at most, see `src/slack/block_kit.rs`.
pub(crate) const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// The messages that the channel shows.
#[derive(Clone, Default)]
pub(crate) struct Channel(Arc<Mutex<Posts>>);

#[derive(Clone, Default)]
pub(crate) struct Posts {
    /// How many there were, also those that are not kept.
    pub(crate) count: usize,
    /// The last ones, oldest first.
    pub(crate) messages: VecDeque<Value>,
}

impl Channel {
    pub(crate) fn posts(&self) -> Posts {
        self.lock().clone()
    }

    fn show(&self, message: Value) {
        terminal::message(&message);
        let mut posts = self.lock();
        posts.count += 1;
        posts.messages.push_back(message);
        if posts.messages.len() > MAX_MESSAGES {
            posts.messages.pop_front();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Posts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call to one of the two services.
pub(crate) enum Call {
    GetSecret,
    Post,
}

/// The call that a request makes. `None` if the request is for the function itself.
pub(crate) fn call(method: &Method, path: &str, headers: &HeaderMap) -> Option<Call> {
    if *method != Method::POST {
        return None;
    }
    if path.starts_with("/services/") {
        return Some(Call::Post);
    }
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    let is_read = path == "/" && target == Some("secretsmanager.GetSecretValue");
    is_read.then_some(Call::GetSecret)
}

/// The answer to a call, from Secrets Manager with this secret and a Slack with this channel.
pub(crate) fn answer(
    call: &Call,
    body: &[u8],
    channel: &Channel,
    secret: &str,
) -> Response<Vec<u8>> {
    match call {
        Call::GetSecret => {
            let secret = json!({"Name": "local", "SecretString": secret});
            of_type("application/x-amz-json-1.1", secret.to_string())
        }
        Call::Post => {
            let Ok(message) = serde_json::from_slice::<Map<_, _>>(body) else {
                let mut rejected = of_type("text/html", "invalid_payload".to_owned());
                *rejected.status_mut() = StatusCode::BAD_REQUEST;
                return rejected;
            };
            channel.show(message.into());
            of_type("text/html", "ok".to_owned())
        }
    }
}

/// The URL of the fake Slack of this server.
pub(crate) fn slack_url(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    format!("http://{host}/services/local")
}

/// Both services in memory, without a network.
pub(crate) fn in_memory(channel: Channel, secret: String) -> HttpClient {
    HttpClient::InMemory(Box::new(move |request: Request<Vec<u8>>| {
        let call = call(request.method(), request.uri().path(), request.headers());
        let answer = match call {
            Some(call) => answer(&call, request.body(), &channel, &secret),
            None => of_type("text/plain", String::new()),
        };
        Box::pin(async { Ok(answer.map(|bytes| Body { bytes, is_whole: true })) })
    }))
}

fn of_type(media_type: &'static str, body: String) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into_bytes());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
