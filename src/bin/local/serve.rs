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
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::aws_lambda_events::encodings;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::function::Function;
use crate::keys::Keys;
use crate::origins::Origins;
use crate::terminal::Failure;
use crate::{fake_services, page, samples, terminal};

/// The usual port.
pub(crate) const PORT: u16 = 3000;
/// The largest body that API Gateway accepts:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// The function, and from where it is reached.
struct LocalStack {
    function: Function,
    origins: Origins,
}

/// Starts the stack, sends it one sample, and serves until the process is stopped.
pub(crate) async fn run() -> Result<(), Failure> {
    terminal::log();
    let (listener, refused) = listen(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port))).await?;
    let address = listener.local_addr()?;
    let function = Function::new(address)?;
    terminal::welcome(address, function.posts().is_some());
    if let Some(refused) = refused {
        terminal::another_port(PORT, &refused, address);
    }
    let response = function.invoke(&function.sample(samples::FIRST)?).await?;
    terminal::response(&format!("events/{}.json", samples::FIRST), &response);
    let stack = Arc::new(LocalStack { function, origins: Origins::new(address.port()) });
    axum::serve(listener, Router::new().fallback(respond).with_state(stack)).await?;
    Ok(())
}

/// Listens on the usual port, or else on a free one. Then the error says why.
///
/// A port that no process uses may be refused too: Windows reserves ranges of ports for Hyper-V, and a
/// Linux may keep them for root.
async fn listen<L, F>(bind: impl Fn(u16) -> F) -> Result<(L, Option<io::Error>), Failure>
where
    F: Future<Output = io::Result<L>>,
{
    let refused = match bind(PORT).await {
        Ok(listener) => return Ok((listener, None)),
        Err(error) => error,
    };
    match bind(0).await {
        Ok(listener) => Ok((listener, Some(refused))),
        Err(error) => Err(format!(
            "port {PORT} of 127.0.0.1 cannot be used ({refused}), and no free port either ({error}): \
             allow this program to listen on 127.0.0.1"
        )
        .into()),
    }
}

async fn respond(State(stack): State<Arc<LocalStack>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(foreign) = stack.origins.check(&parts) {
        return (StatusCode::FORBIDDEN, format!("{foreign}\n")).into_response();
    }
    let function = &stack.function;
    if let Some(call) = fake_services::call(&parts.method, parts.uri.path(), &parts.headers) {
        // The function of `cargo lambda watch` posts to the channel here, never to the real Slack. So
        // the sample keys are enough for it.
        let secret = Keys::Sample.secret(&fake_services::slack_url(&parts.headers));
        return match to_bytes(body, fake_services::MAX_MESSAGE_BYTES).await {
            Ok(body) => {
                fake_services::answer(&call, &body, function.channel(), &secret).map(Body::from)
            }
            Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        };
    }
    match (parts.method.as_str(), parts.uri.path()) {
        ("GET", "/") => of_type("text/html; charset=utf-8", page::HTML.clone()),
        ("GET", "/local/state") => {
            of_type("application/json", page::state(function.posts().as_ref()).to_string())
        }
        ("POST", sample) if sample.starts_with("/local/samples/") => {
            let name = sample.trim_start_matches("/local/samples/");
            match function.sample(name) {
                Ok(event) => invoke(function, name, &event).await,
                Err(_) => StatusCode::NOT_FOUND.into_response(),
            }
        }
        (method, path) => {
            let name = format!("{method} {path}");
            match event(parts, body).await {
                Ok(event) => invoke(function, &name, &event).await,
                Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
            }
        }
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

/// What the page consists of, for browsers: in no frame, and as this type alone.
fn of_type(media_type: &'static str, body: String) -> Response {
    let policy = HeaderValue::from_str(&page::POLICY).expect("a policy is ASCII");
    let headers: [(HeaderName, HeaderValue); 4] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    (headers, body).into_response()
}

/// The request as an HTTP API event of payload format 2.0.
async fn event(parts: Parts, body: Body) -> Result<Value, Failure> {
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::ready;

    use super::*;

    /// The port on which it listens, and why not on the usual one, on a machine that answers so: for
    /// the usual port, and for a free one.
    async fn listened(
        usual: io::Result<u16>,
        free: io::Result<u16>,
    ) -> Result<(u16, Option<io::ErrorKind>), String> {
        let answers = RefCell::new(vec![free, usual]);
        let listening = listen(|_| ready(answers.borrow_mut().pop().unwrap())).await;
        let (port, refused) = listening.map_err(|error| error.to_string())?;
        Ok((port, refused.map(|error| error.kind())))
    }

    fn refusal(kind: io::ErrorKind) -> io::Result<u16> {
        Err(kind.into())
    }

    #[tokio::test]
    async fn the_usual_port_is_used_when_it_can_be() {
        let usual = listened(Ok(PORT), refusal(io::ErrorKind::Other)).await;
        assert_eq!(usual, Ok((PORT, None)));
    }

    #[tokio::test]
    async fn a_free_port_takes_the_place_of_one_that_is_refused() {
        use io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
        for kind in [AddrInUse, AddrNotAvailable, PermissionDenied] {
            assert_eq!(listened(refusal(kind), Ok(5000)).await, Ok((5000, Some(kind))));
        }
    }

    #[tokio::test]
    async fn an_error_names_the_port_and_the_way_out() {
        let denied = || refusal(io::ErrorKind::PermissionDenied);
        assert_eq!(
            listened(denied(), denied()).await.unwrap_err(),
            "port 3000 of 127.0.0.1 cannot be used (permission denied), and no free port either \
             (permission denied): allow this program to listen on 127.0.0.1"
        );
    }
}
