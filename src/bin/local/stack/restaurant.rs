//! An order of a delivery service, which the restaurant accepts too late or never.

use std::sync::Arc;

use order_alerts::platform::Platform;
use serde_json::{Map, Value, json};

use crate::stack::{Answer, Stack, storm};
use crate::terminal::Failure;
use crate::webhook_file::Webhook;

impl Stack {
    /// Sends a new order that no one has accepted; returns its name too.
    pub(crate) async fn order_unaccepted(self: &Arc<Self>) -> Result<(Answer, String), Failure> {
        let order = storm::next_order();
        let answer = self.send_of_ubereats("orders.notification", &order, "pos").await?;
        Ok((answer, order))
    }

    /// Accepts such an order, as the restaurant's point of sale does.
    pub(crate) async fn accept(
        self: &Arc<Self>,
        fields: &Map<String, Value>,
    ) -> Result<Answer, Failure> {
        let order = fields.get("order").and_then(Value::as_str).ok_or("order must be a text")?;
        self.send_of_ubereats("orders.status", order, "accepted").await
    }

    async fn send_of_ubereats(
        self: &Arc<Self>,
        event_type: &str,
        order: &str,
        status: &str,
    ) -> Result<Answer, Failure> {
        let platform = Platform::find("ubereats").ok_or("there is no platform ubereats")?;
        let now = (self.clock)();
        let body = json!({
            "event_type": event_type,
            "event_id": format!("{order}-{status}"),
            "event_time": now.as_second(),
            "meta": {"resource_id": order, "status": status},
        });
        let webhook = Webhook::of_body(body.to_string().into_bytes());
        self.webhook(&webhook.signed_event(platform, &self.keys, &self.public_url, now)?).await
    }
}
