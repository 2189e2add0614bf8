//! The HTTP client of all requests to the outside: over the network, or in memory for tests.

use std::error::Error as _;
use std::fmt;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use lambda_http::http::{Request, Response};
use tokio::time::timeout;
use url::Url;

use crate::infra::transport::Transport;

/// Answers requests in place of the network.
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
    InMemory(Handler),
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
        match self {
            Self::Network(transport) => over_network(transport, request, within, most).await,
            Self::InMemory(handler) => match within {
                Some(within) => {
                    timeout(within, handler(request)).await.unwrap_or(Err(NoResponse::TIMEOUT))
                }
                None => handler(request).await,
            },
        }
    }

    /// Opens a connection for the next request to this origin.
    pub async fn connect(&self, origin: Url) {
        if let Self::Network(transport) = self {
            transport.connect(origin).await;
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
    let mut request = reqwest::Request::try_from(request).map_err(|_| NoResponse::NOT_SENT)?;
    let client =
        transport.client(request.url(), SystemTime::now()).map_err(|_| NoResponse::NOT_SENT)?;
    *request.timeout_mut() = within;
    let mut answer = client.execute(request).await.map_err(|error| no_response(&error))?;

    let mut body = Body { bytes: Vec::new(), is_whole: false };
    while body.bytes.len() <= most {
        match answer.chunk().await {
            Ok(Some(chunk)) => body.bytes.extend_from_slice(&chunk),
            Ok(None) => {
                body.is_whole = true;
                break;
            }
            Err(_) => break,
        }
    }
    let mut response = Response::new(body);
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    Ok(response)
}

fn no_response(error: &reqwest::Error) -> NoResponse {
    if error.is_connect() {
        NoResponse::NOT_CONNECTED
    } else if error.is_builder() || was_canceled(error) {
        NoResponse::NOT_SENT
    } else if error.is_timeout() {
        NoResponse::TIMEOUT
    } else {
        NoResponse::BROKEN
    }
}

/// Whether the connection was closed before a byte of the request was written.
fn was_canceled(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled) {
            return true;
        }
        cause = error.source();
    }
    false
}
