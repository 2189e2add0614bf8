//! The function: one match from a Lambda event to its story.

use std::time::Duration;

use jiff::Timestamp;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use serde::Serialize;

use crate::app::Wiring;
use crate::handlers::alarm::watch;
use crate::handlers::invocation::{Invocation, InvocationError};
use crate::handlers::queue::consume;
use crate::handlers::webhook::intake;
use crate::infra::deadline::Deadline;
use crate::infra::metrics::Metric;
use crate::queue::Queue;
use crate::queue::batch::{Batch, BatchAnswer};
use crate::webhook::response::response;

pub mod alarm;
pub mod disposition;
pub mod invocation;
pub mod queue;
pub mod webhook;

/// The function, wired up.
#[derive(Debug)]
pub struct App {
    wiring: Wiring,
}

/// What is kept back of Lambda's time, to hand in the answer.
const MARGIN: Duration = Duration::from_millis(500);

impl App {
    pub fn new(wiring: Wiring) -> Self {
        Self { wiring }
    }

    /// Serves one Lambda event, given as JSON; `deadline` is when Lambda ends the invocation.
    pub async fn handle(
        &self,
        event: &str,
        invoked: Invoked<'_>,
        now: Timestamp,
        deadline: Timestamp,
    ) -> Result<Served, InvocationError> {
        let left = deadline.duration_since(now).try_into().unwrap_or(Duration::ZERO);
        let deadline = Deadline::within(left.saturating_sub(MARGIN), now);
        let served = self.serve(event, invoked, deadline).await;
        self.wiring.metrics.add(
            Metric::SecretUnavailable,
            None,
            self.wiring.secrets.failures().await,
        );
        self.wiring.metrics.write(deadline.now());
        served
    }

    async fn serve(
        &self,
        event: &str,
        Invoked { request_id, function_arn }: Invoked<'_>,
        deadline: Deadline,
    ) -> Result<Served, InvocationError> {
        match Invocation::parse(event)? {
            Invocation::Webhook(request) => {
                let outcome = intake(&self.wiring, &request, request_id, deadline).await;
                Ok(Served::Webhook(Box::new(response(&request.method, outcome))))
            }
            Invocation::Batch(Batch { queue_arn, records }) => {
                let queue = self.wiring.queue.as_ref();
                let is_ours = |queue: &&Queue| queue_arn.is_none_or(|arn| queue.url.has_arn(&arn));
                let queue = queue.filter(is_ours).ok_or(InvocationError::OtherQueue)?;
                let answer = consume(&self.wiring, queue, records, request_id, deadline).await;
                Ok(Served::Batch(answer))
            }
            Invocation::Alarm(alarm) => {
                watch(&self.wiring, &alarm, function_arn, request_id, deadline).await?;
                Ok(Served::Alarm(()))
            }
        }
    }
}

/// What Lambda says of an invocation.
#[derive(Clone, Copy, Debug)]
pub struct Invoked<'a> {
    pub request_id: &'a str,
    /// The function's own ARN; `None` where there is no Lambda.
    pub function_arn: Option<&'a str>,
}

/// What Lambda gets back.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Served {
    Webhook(Box<ApiGatewayV2httpResponse>),
    Batch(BatchAnswer),
    /// Nobody waits for an answer.
    Alarm(()),
}
