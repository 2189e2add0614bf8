//! One handler for each kind of Lambda event, and the one match between them.

use std::time::Duration;

use jiff::Timestamp;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use serde::Serialize;

use crate::app::App;
use crate::handlers::invocation::{Invocation, InvocationError};
use crate::infra::deadline::Deadline;
use crate::infra::metrics::Metric;
use crate::queue::Queue;
use crate::queue::batch::{Batch, BatchResponse};
use crate::webhook::response::response;

pub mod alarm;
pub mod disposition;
pub mod expect;
pub mod invocation;
pub mod queue;
pub mod summary;
pub mod webhook;

mod notice;

/// Kept back of Lambda's time, to hand in the response.
const MARGIN: Duration = Duration::from_millis(500);

/// What Lambda says of an invocation.
#[derive(Clone, Copy, Debug)]
pub struct InvocationContext<'a> {
    pub request_id: &'a str,
    /// The function's own ARN; `None` outside Lambda.
    pub function_arn: Option<&'a str>,
}

/// What Lambda gets back.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum InvocationResponse {
    Webhook(Box<ApiGatewayV2httpResponse>),
    Batch(BatchResponse),
    /// An alarm, like a tick of the clock, is invoked asynchronously, so nothing reads a response.
    Nothing(()),
}

/// Handles one Lambda event, given as JSON; `deadline` is when Lambda ends the invocation.
pub async fn handle(
    app: &App,
    event: &str,
    context: InvocationContext<'_>,
    now: Timestamp,
    deadline: Timestamp,
) -> Result<InvocationResponse, InvocationError> {
    let left = deadline.duration_since(now).try_into().unwrap_or(Duration::ZERO);
    let deadline = Deadline::within(left.saturating_sub(MARGIN), now);
    let response = dispatch(app, event, context, deadline).await;
    app.metrics.add(Metric::SecretUnavailable, None, app.secrets.failures().await);
    app.metrics.write(deadline.now());
    response
}

async fn dispatch(
    app: &App,
    event: &str,
    InvocationContext { request_id, function_arn }: InvocationContext<'_>,
    deadline: Deadline,
) -> Result<InvocationResponse, InvocationError> {
    match Invocation::parse(event)? {
        Invocation::Webhook(request) => {
            let outcome = webhook::handle(app, &request, request_id, deadline).await;
            Ok(InvocationResponse::Webhook(Box::new(response(&request.method, outcome))))
        }
        Invocation::Batch(Batch { queue_arn, records }) => {
            let is_ours = |queue: &&Queue| queue_arn.is_none_or(|arn| queue.url.has_arn(&arn));
            let queue = app.queue.as_ref().filter(is_ours).ok_or(InvocationError::OtherQueue)?;
            let response = queue::handle(app, queue, records, request_id, deadline).await;
            Ok(InvocationResponse::Batch(response))
        }
        Invocation::Tick => {
            expect::tick(app, deadline).await;
            summary::tick(app, deadline).await;
            Ok(InvocationResponse::Nothing(()))
        }
        Invocation::Alarm(alarm) => {
            alarm::handle(app, alarm, function_arn, request_id, deadline).await?;
            Ok(InvocationResponse::Nothing(()))
        }
    }
}

#[cfg(test)]
mod tests;
