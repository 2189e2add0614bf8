//! A web server on loopback that does what API Gateway does: a request becomes an event, and the
//! function's answer a response.

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::aws_lambda_events::encodings::Body;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::fake_services;
use crate::function::Function;
use crate::{Failure, page, terminal};

/// The port when nobody else has it.
pub(crate) const PORT: u16 = 3000;
/// What API Gateway takes:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// Listens on the usual port, or on a free one.
pub(crate) async fn listen() -> io::Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
        }
        bound => bound,
    }
}

/// Serves until the process is stopped.
pub(crate) async fn serve(listener: TcpListener, function: Arc<Function>) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let function = Arc::clone(&function);
        let service = service_fn(move |request| {
            let function = Arc::clone(&function);
            async move { Ok::<_, Infallible>(respond(&function, request).await) }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        // A client that goes away is its own business.
        tokio::spawn(async move { connection.await.ok() });
    }
}

async fn respond(function: &Function, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if let Some(call) = fake_services::call(&method, &path, request.headers()) {
        let slack_url = fake_services::slack_url(request.headers());
        let Ok(body) = Limited::new(request.into_body(), MAX_BODY_BYTES).collect().await else {
            return status_only(StatusCode::PAYLOAD_TOO_LARGE);
        };
        let channel = function.channel();
        let answer = fake_services::answer(&call, &body.to_bytes(), channel, &slack_url);
        return answer.map(|body| Full::new(Bytes::from(body)));
    }
    match (method.as_str(), path.as_str()) {
        ("GET", "/") => of_type("text/html; charset=utf-8", page::HTML.to_owned()),
        ("GET", "/local/state") => {
            of_type("application/json", page::state(function.messages().as_deref()).to_string())
        }
        ("POST", sample) if sample.starts_with("/local/samples/") => {
            let name = sample.trim_start_matches("/local/samples/");
            match function.sample(name) {
                Ok(event) => invoke(function, name, &event).await,
                Err(_) => status_only(StatusCode::NOT_FOUND),
            }
        }
        _ => match event(request).await {
            Ok(event) => invoke(function, &format!("{method} {path}"), &event).await,
            Err(_) => status_only(StatusCode::PAYLOAD_TOO_LARGE),
        },
    }
}

async fn invoke(function: &Function, what: &str, event: &Value) -> Response<Full<Bytes>> {
    let answered = function.invoke(event).await.and_then(|answer| {
        terminal::answer(what, &answer);
        response(answer)
    });
    answered.unwrap_or_else(|error| {
        terminal::error(error.as_ref());
        status_only(StatusCode::INTERNAL_SERVER_ERROR)
    })
}

fn of_type(media_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

fn status_only(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// The request as an HTTP API event of payload format 2.0.
async fn event(request: Request<Incoming>) -> Result<Value, Failure> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await?.to_bytes();
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

fn response(answer: ApiGatewayV2httpResponse) -> Result<Response<Full<Bytes>>, Failure> {
    let body = match answer.body {
        Some(Body::Text(text)) => Bytes::from(text),
        Some(Body::Binary(bytes)) => Bytes::from(bytes),
        _ => Bytes::new(),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::from_u16(answer.status_code.try_into()?)?;
    *response.headers_mut() = answer.headers;
    Ok(response)
}
