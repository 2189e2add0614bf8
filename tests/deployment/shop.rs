//! A shop on Shopify, whose webhooks come over HTTP.

use std::ops::RangeInclusive;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use order_alerts_fakes::{Webhook, sample_key};
use serde_json::json;

use crate::http::{self, Answer};

/// With the sample's key the sample needs no other signature.
pub(crate) fn key() -> String {
    sample_key("shopify")
}

/// For many webhooks at once; the emulator starts a process for each.
const WEBHOOKS_AT_ONCE: usize = 10;
const TRIES_AGAIN: usize = 3;
const PAUSE: Duration = Duration::from_secs(2);

pub(crate) struct Shop {
    /// Where its webhooks go.
    pub(crate) api: String,
}

impl Shop {
    /// Sends a webhook as the platform would.
    pub(crate) async fn sends(&self, webhook: &Webhook) -> Answer {
        let event = webhook.event();
        let url = format!("{}{}", self.api, event["rawPath"].as_str().unwrap());
        let body = event["body"].as_str().unwrap();
        http::send("POST", &url, &event["headers"], body).await.unwrap()
    }

    /// Sends a webhook that must be accepted. If the queue does not answer in time, as on a busy machine, the
    /// function asks for another try, and the platform makes it.
    pub(crate) async fn delivers(&self, webhook: Webhook) {
        let webhook = webhook.signed_shopify(&key());
        let mut answer = self.sends(&webhook).await;
        for _ in 0..TRIES_AGAIN {
            if answer.status == 503 {
                tokio::time::sleep(PAUSE).await;
                answer = self.sends(&webhook).await;
            }
        }
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":"accepted"}"#));
    }

    /// Cancels these orders, many at once.
    pub(crate) async fn cancels(&self, numbers: RangeInclusive<u32>) {
        self.delivers_all(numbers.map(cancelled)).await;
    }

    /// Takes these orders, many at once.
    pub(crate) async fn creates(&self, numbers: RangeInclusive<u32>) {
        self.delivers_all(numbers.map(created)).await;
    }

    async fn delivers_all(&self, webhooks: impl Iterator<Item = Webhook>) {
        let all = stream::iter(webhooks).map(|webhook| self.delivers(webhook));
        all.buffer_unordered(WEBHOOKS_AT_ONCE).collect::<()>().await;
    }
}

/// Not signed.
pub(crate) fn cancelled(number: u32) -> Webhook {
    order(number, "orders/cancelled")
}

/// Not signed.
pub(crate) fn created(number: u32) -> Webhook {
    order(number, "orders/create")
}

fn order(number: u32, topic: &str) -> Webhook {
    let order = json!({
        "id": 820_982_911_946_000_000 + u64::from(number),
        "name": format!("#{number}"),
        "total_price": "254.98",
        "currency": "USD",
        "created_at": "2026-01-01T08:30:00+09:00",
        "cancelled_at": "2026-01-01T09:12:00+09:00",
    });
    Webhook::post("/webhook/shopify")
        .header("x-shopify-topic", topic)
        .header("x-shopify-shop-domain", "tea.myshopify.com")
        .body(order.to_string())
}
