//! The function: one match from a Lambda event to its story.

use std::time::Duration;

use jiff::Timestamp;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;

use crate::intake::intake;
use crate::invocation::{Invocation, InvocationError};
use crate::response::response;
use crate::wiring::Wiring;

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
        now: Timestamp,
        deadline: Timestamp,
    ) -> Result<ApiGatewayV2httpResponse, InvocationError> {
        let left = deadline.duration_since(now).try_into().unwrap_or(Duration::ZERO);
        let left = left.saturating_sub(MARGIN);
        match Invocation::parse(event)? {
            Invocation::Webhook(request) => {
                let outcome = intake(&self.wiring, &request, now, left).await;
                Ok(response(&request.method, outcome))
            }
        }
    }
}
