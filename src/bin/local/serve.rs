//! The local stack: a web server on loopback in front of the function.
//!
//! `cargo run` without a command starts it. It does what API Gateway does: a request becomes an event,
//! and the function's response becomes an HTTP response.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::aws_lambda_events::encodings;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::function::Function;
use crate::terminal::Failure;
use crate::{fake_services, page, samples, terminal};

/// The usual port.
pub(crate) const PORT: u16 = 3000;
/// The largest body that API Gateway accepts:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// Starts the stack, sends it one sample, and serves until the process is stopped.
pub(crate) async fn run() -> Result<(), Failure> {
    terminal::log();
    let listener = listen().await?;
    let address = listener.local_addr()?;
    let function = Arc::new(Function::new(address)?);
    terminal::welcome(address, function.messages().is_some());
    if address.port() != PORT {
        terminal::port_taken(PORT, address);
    }
    let response = function.invoke(&function.sample(samples::FIRST)?).await?;
    terminal::response(&format!("events/{}.json", samples::FIRST), &response);
    let server = Router::new().fallback(respond).with_state(function);
    axum::serve(listener, server).await?;
    Ok(())
}

/// Listens on the usual port, or on a free one if another process uses it.
async fn listen() -> io::Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
        }
        bound => bound,
    }
}

async fn respond(State(function): State<Arc<Function>>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if let Some(call) = fake_services::call(&method, &path, request.headers()) {
        let slack_url = fake_services::slack_url(request.headers());
        let Ok(body) = to_bytes(request.into_body(), MAX_BODY_BYTES).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        let answer = fake_services::answer(&call, &body, function.channel(), &slack_url);
        return answer.map(Body::from);
    }
    match (method.as_str(), path.as_str()) {
        ("GET", "/") => of_type("text/html; charset=utf-8", page::HTML.to_owned()),
        ("GET", "/local/state") => {
            of_type("application/json", page::state(function.messages().as_deref()).to_string())
        }
        ("POST", sample) if sample.starts_with("/local/samples/") => {
            let name = sample.trim_start_matches("/local/samples/");
            match function.sample(name) {
                Ok(event) => invoke(&function, name, &event).await,
                Err(_) => StatusCode::NOT_FOUND.into_response(),
            }
        }
        _ => match event(request).await {
            Ok(event) => invoke(&function, &format!("{method} {path}"), &event).await,
            Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        },
    }
}

async fn invoke(function: &Function, request: &str, event: &Value) -> Response {
    let response = function.invoke(event).await.and_then(|response| {
        terminal::response(request, &response);
        http_response(response)
    });
    response.unwrap_or_else(|error| {
        terminal::error(error.as_ref());
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}

fn of_type(media_type: &'static str, body: String) -> Response {
    ([(header::CONTENT_TYPE, media_type)], body).into_response()
}

/// The request as an HTTP API event of payload format 2.0.
async fn event(request: Request) -> Result<Value, Failure> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY_BYTES).await?;
    let (body, is_base64) = match std::str::from_utf8(&body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(&body), true),
    };
    let mut headers = Map::new();
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        match headers.get_mut(name.as_str()) {
            Some(Value::String(values)) => *values = format!("{values},{value}"),
            _ => {
                headers.insert(name.to_string(), value.into());
            }
        }
    }
    let path = parts.uri.path();
    Ok(json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers,
        "requestContext": {
            "http": {"method": parts.method.as_str(), "path": path, "protocol": "HTTP/1.1"},
            "stage": "$default",
            "timeEpoch": Timestamp::now().as_millisecond(),
        },
        "body": body,
        "isBase64Encoded": is_base64,
    }))
}

fn http_response(response: ApiGatewayV2httpResponse) -> Result<Response, Failure> {
    let body = match response.body {
        Some(encodings::Body::Text(text)) => Body::from(text),
        Some(encodings::Body::Binary(bytes)) => Body::from(bytes),
        _ => Body::empty(),
    };
    let status = StatusCode::from_u16(response.status_code.try_into()?)?;
    Ok((status, response.headers, body).into_response())
}
