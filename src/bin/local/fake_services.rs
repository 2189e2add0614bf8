//! Fakes of Secrets Manager and Slack.
//!
//! They work in memory for the local stack's own function, and over HTTP for a function under `cargo
//! lambda watch` (see `lambda.env`).

use std::sync::{Arc, Mutex, PoisonError};

use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use order_alerts::infra::http_client::{Body, HttpClient};
use serde_json::{Value, json};

use crate::{samples, terminal};

/// The messages that the channel shows, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Channel(Arc<Mutex<Vec<Value>>>);

impl Channel {
    pub(crate) fn messages(&self) -> Vec<Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn show(&self, message: Value) {
        terminal::message(&message);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(message);
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

/// The answer to a call. The secret contains the sample keys and `slack_webhook_url`.
pub(crate) fn answer(
    call: &Call,
    body: &[u8],
    channel: &Channel,
    slack_webhook_url: &str,
) -> Response<Vec<u8>> {
    match call {
        Call::GetSecret => {
            let secret = samples::secret(slack_webhook_url);
            let secret = json!({"Name": "local", "SecretString": secret});
            of_type("application/x-amz-json-1.1", secret.to_string())
        }
        Call::Post => {
            let Ok(message) = serde_json::from_slice(body) else {
                let mut rejected = of_type("text/html", "invalid_payload".to_owned());
                *rejected.status_mut() = StatusCode::BAD_REQUEST;
                return rejected;
            };
            channel.show(message);
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
pub(crate) fn in_memory(channel: Channel, slack_webhook_url: String) -> HttpClient {
    HttpClient::InMemory(Box::new(move |request: Request<Vec<u8>>| {
        let call = call(request.method(), request.uri().path(), request.headers());
        let answer = match call {
            Some(call) => answer(&call, request.body(), &channel, &slack_webhook_url),
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
