//! What the page asks of the stack, below `/local/`.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use crate::samples;
use crate::stack::storm::Storm;
use crate::stack::stream::stream;
use crate::stack::{Answer, Stack};
use crate::terminal;
use crate::terminal::Failure;

/// The largest request: a webhook that is tried has at most what Lambda takes, and is escaped.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// Why a request has no answer.
enum Refusal {
    NotFound,
    /// A sentence for the person at the page.
    Wrong(Failure),
    Failed(Failure),
}

/// Answers a request below `/local/`.
pub(crate) async fn respond(
    stack: &Arc<Stack>,
    method: &Method,
    path: &str,
    body: Body,
) -> Response {
    match answer(stack, method, path, body).await {
        Ok(response) => response,
        Err(Refusal::NotFound) => sentence(StatusCode::NOT_FOUND, "there is no such thing here"),
        Err(Refusal::Wrong(error)) => sentence(StatusCode::BAD_REQUEST, &error.to_string()),
        Err(Refusal::Failed(error)) => {
            terminal::error(error.as_ref());
            sentence(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())
        }
    }
}

async fn answer(
    stack: &Arc<Stack>,
    method: &Method,
    path: &str,
    body: Body,
) -> Result<Response, Refusal> {
    let parts: Vec<_> = path.trim_start_matches("/local/").split('/').collect();
    match (method.as_str(), &parts[..]) {
        ("GET", ["state"]) => Ok(of_json(StatusCode::OK, &stack.state())),
        ("GET", ["stream"]) => Ok(stream(stack)),
        ("GET", ["orders", id]) => {
            let id = id.parse().map_err(|_| Refusal::NotFound)?;
            let life = stack.network.observer.life(id).ok_or(Refusal::NotFound)?;
            Ok(of_json(StatusCode::OK, &life))
        }
        ("POST", ["samples", name]) => {
            if !samples::has(name) {
                return Err(Refusal::NotFound);
            }
            let answer = stack.sample(name).await.map_err(Refusal::Failed)?;
            terminal::response(name, &answer.response);
            Ok(of_json(StatusCode::OK, &answer.json()))
        }
        ("POST", ["try"]) => {
            let tried = stack.attempt(&fields(body).await?).await.map_err(Refusal::Wrong)?;
            Ok(of_json(StatusCode::OK, &tried))
        }
        ("POST", ["settings"]) => {
            let settings = stack.set_settings(&fields(body).await?).map_err(Refusal::Wrong)?;
            Ok(of_json(StatusCode::OK, &settings.json()))
        }
        ("POST", ["weather"]) => {
            let weather = stack.network.weather().changed(&fields(body).await?);
            let weather = weather.map_err(Refusal::Wrong)?;
            stack.network.set_weather(weather);
            Ok(of_json(StatusCode::OK, &weather.json()))
        }
        ("POST", ["storm"]) => {
            Storm::parse(&fields(body).await?).map_err(Refusal::Wrong)?.start(stack);
            Ok(accepted())
        }
        ("POST", ["reject"]) => {
            let answer = stack.reject_one().await.map_err(Refusal::Failed)?;
            Ok(of_json(StatusCode::OK, &answer.json()))
        }
        ("POST", ["unaccepted"]) => {
            let (answer, order) = stack.order_unaccepted().await.map_err(Refusal::Failed)?;
            let mut json = answer.json();
            json["order"] = order.into();
            Ok(of_json(StatusCode::OK, &json))
        }
        ("POST", ["accept"]) => {
            let answer = stack.accept(&fields(body).await?).await.map_err(Refusal::Wrong)?;
            Ok(of_json(StatusCode::OK, &answer.json()))
        }
        ("POST", ["alarm"]) => {
            stack.alarm().await.map_err(Refusal::Failed)?;
            Ok(accepted())
        }
        ("POST", ["kill"]) => {
            stack.kill();
            Ok(accepted())
        }
        ("POST", ["redrive"]) => Ok(of_json(StatusCode::OK, &json!({"moved": stack.redrive()}))),
        _ => Err(Refusal::NotFound),
    }
}

impl Stack {
    /// All that a page needs at its start.
    pub(crate) fn state(&self) -> Value {
        let observer = &self.network.observer;
        json!({
            "instance": self.instance,
            "settings": self.settings().json(),
            "weather": self.network.weather().json(),
            "numbers": observer.numbers().json((self.clock)()),
            "samples": samples::list(),
            "platforms": samples::platforms(),
            "messages": observer.messages(),
            "is_real_slack": self.network.outside.real_slack.is_some(),
        })
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        json!({
            "status": self.response.status_code,
            "body": terminal::body_text(&self.response),
            "events": self.events,
        })
    }
}

/// The members of the JSON object in a request's body; an empty body has none.
async fn fields(body: Body) -> Result<Map<String, Value>, Refusal> {
    let too_large = |_| Refusal::Wrong("the request is larger than 16 MiB".into());
    let body = to_bytes(body, MAX_BODY_BYTES).await.map_err(too_large)?;
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(&body) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Refusal::Wrong("the request must be a JSON object".into())),
    }
}

fn of_json(status: StatusCode, value: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, value.to_string()).into_response()
}

fn accepted() -> Response {
    of_json(StatusCode::ACCEPTED, &json!({}))
}

fn sentence(status: StatusCode, text: &str) -> Response {
    let headers = [(header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (status, headers, format!("{text}\n")).into_response()
}
