//! One request to the outside in the log, at the level `TRACE`.

use lambda_http::http::{Request, Response};
use tokio::time::Instant;
use tracing::Level;

use crate::infra::http_client::{Body, NoResponse};

/// What the log says of a request: neither its path, which is a password at Slack, nor its headers and body.
pub(super) struct Call {
    host: String,
    /// What AWS is asked for, such as `AmazonSQS.SendMessage`.
    operation: Option<String>,
    began: Instant,
}

impl Call {
    /// Begins a call, if it is to be logged.
    pub(super) fn begin<B>(request: &Request<B>) -> Option<Self> {
        tracing::enabled!(Level::TRACE).then(|| {
            let operation = request.headers().get("x-amz-target");
            Self {
                host: request.uri().host().unwrap_or_default().to_owned(),
                operation: operation.and_then(|name| name.to_str().ok()).map(str::to_owned),
                began: Instant::now(),
            }
        })
    }

    pub(super) fn end(&self, answer: &Result<Response<Body>, NoResponse>) {
        let Self { host, operation, began } = self;
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match answer {
            Ok(answer) => {
                let status = answer.status().as_u16();
                tracing::trace!(host, operation, status, milliseconds, "answered");
            }
            Err(error) => tracing::trace!(host, operation, %error, milliseconds, "not answered"),
        }
    }
}
