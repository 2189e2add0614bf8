//! Cancellations as a shop sends them.

use order_alerts_fakes::Webhook;
use serde_json::json;

/// All ids have as many digits, so that all orders cost the same.
const FIRST_ID: u64 = 820_982_911_946_000_000;

/// The secret that makes them genuine, for the channel at this URL.
pub(crate) fn secret(slack_url: &str) -> String {
    json!({"slack_webhook_url": slack_url, "signing_keys": {"shopify": [signing_key()]}})
        .to_string()
}

/// A key unlike any real one.
fn signing_key() -> String {
    "the key of the bench".repeat(2)
}

/// The cancellation of an order that no other number has, as the event of an invocation.
pub(crate) fn cancellation(number: u64) -> Vec<u8> {
    let id = FIRST_ID + number;
    let order = json!({
        "id": id,
        "name": format!("#{}", 100_000 + number),
        "total_price": "254.98",
        "currency": "USD",
        "cancel_reason": "customer",
        "cancelled_at": "2026-01-01T09:12:00+09:00",
        "created_at": "2026-01-01T08:12:00+09:00",
        "updated_at": "2026-01-01T09:12:00+09:00",
        "financial_status": "refunded",
        "email": "buyer@shop.example",
        "customer": {"first_name": "Ada", "last_name": "Byron"},
        "line_items": [
            {"name": "Jasmine tea", "quantity": 2, "price": "99.99"},
            {"name": "Tea pot", "quantity": 1, "price": "55.00"},
        ],
    });
    Webhook::post("/webhook/shopify")
        .header("x-shopify-topic", "orders/cancelled")
        .header("x-shopify-shop-domain", "tea.myshopify.com")
        .header("x-shopify-event-id", &format!("00000000-0000-4000-8000-{number:012}"))
        .body(order.to_string())
        .signed_shopify(&signing_key())
        .event_bytes()
}
