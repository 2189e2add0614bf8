//! Bodies up to what Lambda takes: read, and with bounded memory.

use jiff::Timestamp;
use order_alerts_fakes::Webhook;
use serde_json::json;

use crate::support::webhooks::{generic, shopify, shopify_order};
use crate::support::world::{World, key};

/// The bytes of a body whose event is almost Lambda's 6 MB.
///
/// Only the release build, which `BOOTSTRAP` names, reads so much in the time that a sender waits.
fn largest() -> usize {
    if std::env::var_os("BOOTSTRAP").is_some() { 5_900_000 } else { 600_000 }
}

/// An order of this many bytes, most of them in its items.
fn order(length: usize) -> String {
    let item = json!({
        "name": "Jasmine tea", "quantity": 2, "properties": [{"name": "note", "value": "x"}],
        "tax_lines": [{"title": "VAT", "price": "1.00", "rate": 0.2}],
        "discount_allocations": [{"amount": "0.50", "discount_application_index": 0}],
    });
    let mut order = shopify_order();
    let count = length / (item.to_string().len() + 1);
    order["line_items"] = vec![item; count - 10].into();
    let order = order.to_string();
    format!("{order}{}", " ".repeat(length - order.len()))
}

#[tokio::test]
async fn a_wholesale_order_of_hundreds_of_lines_is_posted() {
    let world = World::start().await;
    let body = order(276_000);
    assert_eq!(world.send(&shopify("orders/cancelled", &body)).await.status, 200);
    assert!(world.the_message().starts_with("🚫 Order #1001 cancelled"));
}

/// The function has 256 MB.
#[cfg_attr(not(target_os = "linux"), ignore = "only Linux says what it was at most")]
#[tokio::test]
async fn the_largest_bodies_take_less_than_100_megabytes_of_memory() {
    let world = World::start().await;
    let length = largest();
    let depth = length / 2 - 100;
    let lists = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let items = format!("[{}1]", "1,".repeat(depth));
    let keys: Vec<_> = (0..length / 10).map(|n| format!(r#","{n:x}":1"#)).collect();
    let keys = keys.concat();
    let cancellation = |field: &str, value: &str| {
        generic(format!(r#"{{"event_type":"order_cancelled","order_id":1,"{field}":{value}}}"#))
    };
    // Quotes are escaped in the event, so that a body with many of them is shorter.
    let order_as_text = order(length / 10 * 9);
    // As an address, each of its characters takes six bytes.
    let link =
        format!(r#""https://t.example/{}","shop":"t.example""#, "é".repeat(length / 2 - 100));
    let bodies: [(&str, Webhook, &[i64]); 9] = [
        ("an order", shopify("orders/cancelled", &order_as_text), &[200]),
        ("base64", shopify("orders/cancelled", &order(length / 4 * 3)).base64(), &[200]),
        ("nested lists", cancellation("ignored", &lists), &[200]),
        ("nested lists that are read", cancellation("order_number", &lists), &[400]),
        ("many items", cancellation("items", &items), &[200]),
        ("a long link", cancellation("url", &link), &[200]),
        ("many keys", cancellation("ignored", &format!("1{keys}")), &[200]),
        ("many ids", cafe24(&"20260101-0000001,".repeat(length / 17 - 20)), &[200, 400]),
        ("no credential", Webhook::post("/webhook").body(order_as_text), &[401]),
    ];
    for (name, webhook, statuses) in bodies {
        let now = Timestamp::now().as_millisecond();
        let answer = world.send(&webhook.time_epoch(now)).await;
        assert!(statuses.contains(&answer.status), "{name}: {answer:?}");
        let peak = world.function.peak_memory_kib() * 1_024;
        assert!(peak < 100_000_000, "{peak} bytes after {name}");
    }
}

fn cafe24(ids: &str) -> Webhook {
    let order = json!({"event_no": 90072, "resource": {
        "mall_id": "teahouse", "event_code": "cancel_order", "order_id": ids,
    }});
    Webhook::post("/webhook/cafe24").header("x-api-key", &key("cafe24")).body(order.to_string())
}
