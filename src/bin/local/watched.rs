//! The fakes over HTTP, for a function under `cargo lambda watch` (see `lambda.env`).
//!
//! Its secret holds the sample keys, and its messages go to the fake Slack of this stack, never to the
//! real one.

use std::collections::BTreeMap;

use axum::body::{Body, to_bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::keys::Keys;
use crate::stack::Stack;

/// Several times what the function posts at most, see `src/slack/block_kit.rs`.
const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// A call to one of the two services.
pub(crate) enum Call {
    GetSecret,
    Post,
}

/// The call that a request makes. `None` if the request is for the function itself.
pub(crate) fn call(parts: &Parts) -> Option<Call> {
    if parts.method != Method::POST {
        return None;
    }
    if parts.uri.path().starts_with("/services/") {
        return Some(Call::Post);
    }
    let target = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    let is_read = parts.uri.path() == "/" && target == Some("secretsmanager.GetSecretValue");
    is_read.then_some(Call::GetSecret)
}

/// The answer to a call.
pub(crate) async fn answer(call: Call, stack: &Stack, parts: Parts, body: Body) -> Response {
    let Ok(body) = to_bytes(body, MAX_MESSAGE_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    match call {
        Call::GetSecret => {
            let fake = &stack.network.outside.slack;
            let hook = fake.hook_url().replace(&fake.origin(), &origin(&parts.headers));
            let secret = json!({"Name": "local", "SecretString": Keys::Sample.secret(&hook, None, &BTreeMap::new())});
            ([(header::CONTENT_TYPE, "application/x-amz-json-1.1")], secret.to_string())
                .into_response()
        }
        Call::Post => {
            let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
            let posted = stack.network.post_elsewhere(path, parts.headers.clone(), body.to_vec());
            match posted.await {
                Ok(answer) => answer.map(|body| Body::from(body.bytes)).into_response(),
                Err(_) => StatusCode::BAD_GATEWAY.into_response(),
            }
        }
    }
}

/// This server, as the caller reaches it.
fn origin(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    format!("http://{host}")
}
