//! Sends what is private, and keeps all that the function answers.

use order_alerts_fakes::Webhook;
use serde_json::Value;

use crate::support::private::text_of_outcome;
use crate::support::world::World;

/// Sends a webhook, or any other event, and keeps what the function answers.
pub(crate) struct Sender<'a> {
    world: &'a World,
    sent: Vec<Webhook>,
    answers: Vec<String>,
}

impl<'a> Sender<'a> {
    pub(crate) fn to(world: &'a World) -> Self {
        Self { world, sent: Vec::new(), answers: Vec::new() }
    }

    pub(crate) async fn send(&mut self, webhook: Webhook) -> i64 {
        let answer = self.invoke(&webhook.event()).await;
        self.sent.push(webhook);
        answer["statusCode"].as_i64().unwrap_or_default()
    }

    pub(crate) async fn invoke(&mut self, event: &Value) -> Value {
        let invocation = self.world.lambda.invoke(event.to_string()).await;
        let text = text_of_outcome(&invocation);
        let answer = text.parse().unwrap_or_default();
        self.answers.push(text);
        answer
    }

    pub(crate) async fn consume(&mut self) {
        self.answers.push(text_of_outcome(&self.world.consume().await));
    }

    /// Ends the function and looks for what is private in all that it wrote.
    pub(crate) async fn finish(self, permitted: &[&str]) {
        self.world.function.stop().await;
        self.world.assert_private(permitted, &self.sent, &self.answers);
    }
}
