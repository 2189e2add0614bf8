//! Signed webhooks of several platforms.

use order_alerts_fakes::Webhook;
use serde_json::{Value, json};

use crate::support::world::key;

/// A small order as Shopify sends it.
pub(crate) fn shopify_order() -> Value {
    json!({
        "id": 820_982_911_946_154_508_u64,
        "name": "#1001",
        "total_price": "254.98",
        "currency": "USD",
        "cancel_reason": "customer",
        "cancelled_at": "2026-01-01T09:12:00+09:00",
        "email": "private@example.com",
        "customer": {"first_name": "Ada", "last_name": "Byron"},
        "line_items": [{"name": "Jasmine tea", "quantity": 2}],
    })
}

/// An order with people, places and keys, as a real one has them; all are marked by `canary`.
pub(crate) fn private_order() -> Value {
    let mut order = shopify_order();
    let person = json!({
        "first_name": "Canaryfirst", "last_name": "Canarylast", "phone": "+1-555-CANARY",
        "address1": "1 Canary Street", "name": "Canaryfirst Canarylast",
    });
    order["email"] = json!("canary@example.com");
    order["customer"] = person.clone();
    order["billing_address"] = person;
    order["browser_ip"] = json!("192.0.2.99-canary");
    order["order_status_url"] = json!("https://tea.myshopify.com/1/orders/x/verify?key=canary");
    order["note"] = json!("canary: the key is under the mat");
    order["token"] = json!("canary-token");
    order
}

/// Its cancellation with this id, signed.
pub(crate) fn private_cancellation(id: u64) -> Webhook {
    let mut order = private_order();
    order["id"] = json!(id);
    shopify("orders/cancelled", &order.to_string())
}

/// A Shopify cancellation that is correct and correctly signed.
pub(crate) fn shopify_cancellation() -> Webhook {
    shopify("orders/cancelled", &shopify_order().to_string())
}

pub(crate) fn shopify(topic: &str, body: &str) -> Webhook {
    Webhook::post("/webhook/shopify")
        .header("x-shopify-topic", topic)
        .header("x-shopify-shop-domain", "tea.myshopify.com")
        .body(body)
        .signed_shopify(&key("shopify"))
}

/// A webhook to the generic path, signed now.
pub(crate) fn generic(body: impl Into<Vec<u8>>) -> Webhook {
    generic_at(now(), body)
}

pub(crate) fn generic_at(time: i64, body: impl Into<Vec<u8>>) -> Webhook {
    Webhook::post("/webhook").body(body).signed_standard(&key("generic"), "msg_1", time)
}

/// A generic cancellation with these fields besides its type.
pub(crate) fn generic_cancellation(fields: &Value) -> Webhook {
    let mut order = json!({"event_type": "order_cancelled"});
    order.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    generic(order.to_string())
}

/// Unix seconds.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A webhook to the generic path with this delivery id, signed now.
pub(crate) fn named(id: &str, body: &Value) -> Webhook {
    Webhook::post("/webhook").body(body.to_string()).signed_standard(&key("generic"), id, now())
}

/// An event of this type about the order `#number`, which comes to as many thousand won.
pub(crate) fn event(event_type: &str, number: u32) -> Webhook {
    let order = json!({
        "event_type": event_type, "order_id": number, "order_number": format!("#{number}"),
        "total": number * 1_000, "currency": "KRW",
    });
    named(&format!("{event_type}-{number}"), &order)
}

pub(crate) fn cancellation(number: u32) -> Webhook {
    event("order_cancelled", number)
}

pub(crate) fn creation(number: u32) -> Webhook {
    event("order_created", number)
}

pub(crate) fn woocommerce(topic: &str, order: &Value) -> Webhook {
    Webhook::post("/webhook/woocommerce")
        .header("x-wc-webhook-topic", topic)
        .header("x-wc-webhook-source", "https://tea.example/")
        .body(order.to_string())
        .signed_woocommerce(&key("woocommerce"))
}

pub(crate) fn standard(id: &str, body: &Value) -> Webhook {
    Webhook::post("/webhook/standard").body(body.to_string()).signed_standard(
        &key("standard"),
        id,
        now(),
    )
}
