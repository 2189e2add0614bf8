//! The wired function: one match from an event to its story.

use std::time::Duration;

use jiff::Timestamp;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use tokio::time::timeout;

use crate::config::Config;
use crate::intake::intake;
use crate::invocation::{Invocation, InvocationError};
use crate::response::response;
use crate::secrets::Secrets;
use crate::slack::Slack;

/// The settings and the outside world.
#[derive(Debug)]
pub struct App {
    pub config: Config,
    pub secrets: Secrets,
    pub slack: Slack,
}

/// What is kept back of Lambda's time, to hand in the answer.
const MARGIN: Duration = Duration::from_millis(500);
/// A cold start must not hang on a slow service; what is not warm by then warms up later.
const PREWARM: Duration = Duration::from_secs(2);

impl App {
    /// Reads the secret and connects to Slack, before the first event is there. Never fatal.
    pub async fn prewarm(&self, now: Timestamp) {
        if self.config.slack_origin.is_some() {
            tracing::warn!("SLACK_ORIGIN is set: nothing reaches the real Slack");
        }
        let secret = timeout(PREWARM, self.secrets.current(now));
        let slack = timeout(PREWARM, self.slack.connect(self.config.slack_origin.as_ref()));
        let (secret, _) = tokio::join!(secret, slack);
        if let Ok(Err(error)) = secret {
            tracing::error!(%error, "the secret cannot be read yet");
        }
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
                let outcome = intake(self, &request, now, left).await;
                Ok(response(&request.method, outcome))
            }
        }
    }
}
