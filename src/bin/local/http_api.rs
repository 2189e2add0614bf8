//! What API Gateway does: a request becomes an event, and the function's response an HTTP response.

use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::aws_lambda_events::encodings;
use serde_json::{Map, Value, json};

use crate::terminal::Failure;

/// The largest body that API Gateway accepts:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// The request as an HTTP API event of payload format 2.0.
pub(crate) async fn event(parts: &Parts, body: Body, now: Timestamp) -> Result<Value, Failure> {
    let body = to_bytes(body, MAX_BODY_BYTES).await?;
    let headers = parts.headers.iter().map(|(name, value)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let query = parts.uri.query().unwrap_or_default();
    Ok(http_api_event(parts.method.as_str(), parts.uri.path(), query, headers, &body, now))
}

/// The event of a request with these parts. Headers of one name are joined.
pub(crate) fn http_api_event(
    method: &str,
    path: &str,
    query: &str,
    headers: impl IntoIterator<Item = (String, String)>,
    body: &[u8],
    now: Timestamp,
) -> Value {
    let (body, is_base64) = match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(body), true),
    };
    let mut joined = Map::new();
    for (name, value) in headers {
        match joined.get_mut(&name) {
            Some(Value::String(values)) => *values = format!("{values},{value}"),
            _ => {
                joined.insert(name, value.into());
            }
        }
    }
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": joined,
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1"},
            "stage": "$default",
            "timeEpoch": now.as_millisecond(),
        },
        "body": body,
        "isBase64Encoded": is_base64,
    })
}

/// The function's response as an HTTP response.
pub(crate) fn response(response: ApiGatewayV2httpResponse) -> Result<Response, Failure> {
    let body = match response.body {
        Some(encodings::Body::Text(text)) => Body::from(text),
        Some(encodings::Body::Binary(bytes)) => Body::from(bytes),
        _ => Body::empty(),
    };
    let status = StatusCode::from_u16(response.status_code.try_into()?)?;
    Ok((status, response.headers, body).into_response())
}
