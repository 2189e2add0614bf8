//! The HTTP client of all requests to the outside: over the network, or by a handler.

use std::error::Error as _;
use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Error;
use lambda_http::http::{HeaderValue, Request, Response, header};
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use self::call::Call;
use crate::infra::transport::Transport;

mod call;

const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("order-alerts/", env!("CARGO_PKG_VERSION")));

/// Answers requests, in memory or over a network of its own.
pub type Handler = Box<dyn Fn(Request<Vec<u8>>) -> Answering + Send + Sync>;
/// The response to come.
pub type Answering = BoxFuture<'static, Result<Response<Body>, NoResponse>>;

/// A response's body, as far as it was received.
#[derive(Clone, Debug)]
pub struct Body {
    pub bytes: Vec<u8>,
    /// False if the connection broke, or the body is longer than was asked for.
    pub is_whole: bool,
}

/// Sends every request to the outside.
pub enum HttpClient {
    Network(Box<Transport>),
    Handler(Handler),
}

/// A request without a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct NoResponse {
    what: &'static str,
    /// The request was sent, so the server may have served it.
    pub may_be_served: bool,
    pub is_timeout: bool,
}

impl NoResponse {
    pub const NOT_CONNECTED: Self =
        Self { what: "no connection", may_be_served: false, is_timeout: false };
    pub const NOT_SENT: Self =
        Self { what: "the request was not sent", may_be_served: false, is_timeout: false };
    pub const TIMEOUT: Self =
        Self { what: "no answer in time", may_be_served: true, is_timeout: true };
    pub const BROKEN: Self = Self {
        what: "the connection broke before the answer",
        may_be_served: true,
        is_timeout: false,
    };
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpClient")
    }
}

impl HttpClient {
    pub fn over(transport: Transport) -> Self {
        Self::Network(Box::new(transport))
    }

    /// Sends a request. `within` is the timeout of the whole call; about `most` bytes of the response's
    /// body are read.
    pub async fn send(
        &self,
        request: Request<Vec<u8>>,
        within: Option<Duration>,
        most: usize,
    ) -> Result<Response<Body>, NoResponse> {
        let call = Call::begin(&request);
        let answer = match self {
            Self::Network(transport) => over_network(transport, request, within, most).await,
            Self::Handler(handler) => match within {
                Some(within) => {
                    timeout(within, handler(request)).await.unwrap_or(Err(NoResponse::TIMEOUT))
                }
                None => handler(request).await,
            },
        };
        call.inspect(|call| call.end(&answer));
        answer
    }

    /// Opens a connection for the next request to this origin.
    pub async fn connect(&self, origin: Url) {
        if let Self::Network(transport) = self {
            transport.connect(&origin).await;
        }
    }
}

async fn over_network(
    transport: &Transport,
    request: Request<Vec<u8>>,
    within: Option<Duration>,
    most: usize,
) -> Result<Response<Body>, NoResponse> {
    // Lets the runtime notice connections that were closed while the sandbox was frozen.
    tokio::task::yield_now().await;
    let mut request = request.map(|body| Full::new(Bytes::from(body)));
    request.headers_mut().entry(header::USER_AGENT).or_insert(USER_AGENT);
    let due = within.map(|within| Instant::now() + within);
    let answer = by(due, transport.send(request, SystemTime::now())).await;
    let answer = answer.ok_or(NoResponse::TIMEOUT)?.map_err(|error| no_response(&error))?;
    let (parts, incoming) = answer.into_parts();
    let mut body = Body { bytes: Vec::new(), is_whole: false };
    body.is_whole = by(due, read(incoming, most, &mut body.bytes)).await.unwrap_or(false);
    Ok(Response::from_parts(parts, body))
}

/// What the future gives, if it is ready in time.
async fn by<F: Future>(due: Option<Instant>, future: F) -> Option<F::Output> {
    match due {
        Some(due) => timeout_at(due, future).await.ok(),
        None => Some(future.await),
    }
}

/// Reads about `most` bytes of a body; whether that is all of it.
async fn read(mut body: Incoming, most: usize, bytes: &mut Vec<u8>) -> bool {
    while bytes.len() <= most {
        match body.frame().await {
            Some(Ok(frame)) => bytes.extend(frame.into_data().unwrap_or_default()),
            Some(Err(_)) => return false,
            None => return true,
        }
    }
    false
}

fn no_response(error: &Error) -> NoResponse {
    if error.is_connect() {
        NoResponse::NOT_CONNECTED
    } else if was_canceled(error) {
        NoResponse::NOT_SENT
    } else {
        NoResponse::BROKEN
    }
}

/// Whether the connection was closed before a byte of the request was written.
fn was_canceled(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled) {
            return true;
        }
        cause = error.source();
    }
    false
}
