//! What the former version left in the queue and in the ledger, and how this one goes on with it.
//!
//! `former/queue.jsonl` has a message's body in each line, and `former/ledger.jsonl` an item. The function
//! of the former version wrote them.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use order_alerts_fakes::{Fault, Webhook};
use serde_json::{Value, json};

use crate::alarms::{alarm, invoke};
use crate::stores::store;
use crate::support::queue::change_items;
use crate::support::webhooks::{named, shopify, standard, woocommerce};
use crate::support::world::{World, key};

const QUEUE: &str = "queue.jsonl";
const LEDGER: &str = "ledger.jsonl";

/// Each event is a message.
const EACH: [(&str, &str); 2] = [("SHOW_CREATED", "each"), ("SHOW_MODIFIED", "each")];

/// What Slack did with these orders of the former version is unknown, or a refusal.
const IN_DOUBT: &str = "#20";
const REFUSED: &str = "#21";

#[tokio::test]
async fn each_message_of_the_former_version_is_delivered_once() {
    let world = World::queued(&EACH).await;
    let mut delivered = Vec::new();
    for body in read(QUEUE) {
        let before = world.headlines().len();
        for _ in 0..2 {
            world.sqs.send(&body);
            world.consume_the_rest().await;
        }
        match &world.headlines()[before..] {
            [] => delivered.push("nothing".to_owned()),
            shown => delivered.extend_from_slice(shown),
        }
    }
    insta::assert_snapshot!(delivered.join("\n"), @"
    🛒 New order #1 · USD 23.50
    🛒 New order #2 · USD 23.50
    🛒 New order #3 · USD 254.98
    🛒 New order #4 · USD 23.50
    ✏️ Order #5 changed · USD 23.50
    🚫 Order #6 cancelled · USD 23.50
    🚫 Order #7 cancelled · USD 254.98
    💳 Order #8 paid · USD 23.50
    💸 Order #9 refunded · USD 23.50
    🗑️ Order #10 deleted · USD 23.50
    🚫 Order #11 cancelled · EUR 10.00
    ♻️ Order #11 reopened · EUR 10.00
    nothing
    🛒 New order #12 · EUR 10.00
    🚫 Order 20260101-0000013 cancelled
    🚫 Order 20260101-0000014 cancelled
    🙋 Order 20260101-0000015 cancellation requested
    🔴 Tea House is offline on Order system
    🚨 No orders
    🚫 Order #20 cancelled · USD 23.50
    🚫 Order #21 cancelled · USD 23.50
    ");
    world.assert_queues_are_empty();
}

#[tokio::test]
async fn orders_of_the_former_version_are_in_one_digest() {
    let world = World::queued(&[]).await;
    for body in read(QUEUE).iter().filter(|body| body.contains(r#""kind":"created""#)) {
        world.sqs.send(body);
    }
    world.consume_the_rest().await;
    world.assert_each_is_named_once(1..=4);
    assert_eq!(world.slack.messages().len(), 1);
}

#[tokio::test]
async fn what_the_former_version_has_delivered_is_not_delivered_again() {
    let world = with_the_ledger_of_the_former_version().await;
    for body in read(QUEUE) {
        world.sqs.send(&body);
    }
    world.consume_the_rest().await;
    let [in_doubt, refused] =
        [IN_DOUBT, REFUSED].map(|order| format!("🚫 Order {order} cancelled · USD 23.50"));
    assert_eq!(world.headlines(), [in_doubt, refused]);
    assert_eq!(world.repeats(), [true, false]);
    world.assert_queues_are_empty();
}

#[tokio::test]
async fn an_order_that_the_former_version_has_shown_as_cancelled_does_not_change() {
    let changed = of_shopify(7, "orders/updated");
    let world = with_the_ledger_of_the_former_version().await;
    world.accept([changed.clone()]).await;
    world.consume_the_rest().await;
    assert_eq!(world.headlines(), Vec::<String>::new());

    let other = World::queued(&EACH).await;
    other.accept([changed]).await;
    other.consume_the_rest().await;
    assert_eq!(other.headlines(), ["✏️ Order #7 changed · USD 254.98"], "without this ledger");
}

/// Writes the files. CONTRIBUTING.md says how.
#[tokio::test]
#[ignore = "it is for the function of the former version, which BOOTSTRAP names"]
async fn the_former_version_writes_the_files() {
    let world = World::queued(&EACH).await;
    world.accept(webhooks()).await;
    invoke(&world, &alarm("no-orders", "OK", "ALARM")).await;
    world.accept([own(20, "order_cancelled"), own(21, "order_cancelled")]).await;
    let bodies: Vec<_> = world.sqs.messages().into_iter().map(|message| message.body).collect();

    let world = World::queued(&EACH).await;
    for body in &bodies {
        if body.contains(IN_DOUBT) {
            world.slack.down(Fault::answer(503, ""));
        }
        if body.contains(REFUSED) {
            world.slack.up();
            world.slack.reject(REFUSED);
        }
        world.sqs.send(body);
        world.consume().await;
    }
    let mut items: Vec<_> = world.ledger.wire_items().iter().map(Value::to_string).collect();
    // The turn to post is of that very second.
    items.retain(|item| !item.contains(r#""turn#"#));
    assert_eq!(world.sqs.messages().len(), 2, "{:#?}", world.sqs.messages());

    for (name, lines) in [(QUEUE, bodies), (LEDGER, items)] {
        fs::write(path(name), lines.join("\n") + "\n").unwrap();
    }
}

/// Events of every kind.
fn webhooks() -> Vec<Webhook> {
    vec![
        own(1, "order_created"),
        own(2, "order_created"),
        of_shopify(3, "orders/create"),
        of_standard(4, "order.created"),
        own(5, "order_modified"),
        own(6, "order_cancelled"),
        of_shopify(7, "orders/cancelled"),
        of_standard(8, "order.paid"),
        of_standard(9, "order.refunded"),
        of_standard(10, "order.deleted"),
        // Cancelled before it was paid, and back again.
        of_woocommerce(11, "cancelled", 1),
        of_woocommerce(11, "processing", 2),
        // Placed after a while.
        of_woocommerce(12, "checkout-draft", 1),
        of_woocommerce(12, "processing", 2),
        of_cafe24("cancel_order", "20260101-0000013,20260101-0000014"),
        of_cafe24("cancel_order_request", "20260101-0000015"),
        store("offline", 1),
    ]
}

fn own(number: u32, event_type: &str) -> Webhook {
    let mut order = order(number);
    order["event_type"] = json!(event_type);
    named(&format!("own-{number}"), &order)
}

fn of_standard(number: u32, event_type: &str) -> Webhook {
    let event = json!({"type": event_type, "data": order(number)});
    standard(&format!("standard-{number}"), &event)
}

fn order(number: u32) -> Value {
    json!({
        "order_id": number, "order_number": format!("#{number}"), "total": "23.50",
        "currency": "USD", "reason": "no more \"차\"",
    })
}

fn of_shopify(number: u32, topic: &str) -> Webhook {
    let order = json!({
        "id": number, "name": format!("#{number}"), "total_price": "254.98", "currency": "USD",
        "cancel_reason": "customer", "line_items": [{"name": "재스민 tea", "quantity": 2}],
    });
    shopify(topic, &order.to_string())
}

fn of_woocommerce(number: u32, status: &str, minute: u32) -> Webhook {
    let order = json!({
        "id": number, "number": number.to_string(), "status": status, "date_paid_gmt": null,
        "total": "10.00", "currency": "EUR",
        "date_modified_gmt": format!("2026-01-01T00:{minute:02}:00"),
    });
    woocommerce("order.updated", &order)
}

/// One order, or several in one webhook.
fn of_cafe24(code: &str, orders: &str) -> Webhook {
    let order = json!({"mall_id": "teahouse", "event_code": code, "order_id": orders});
    Webhook::post("/webhook/cafe24")
        .header("x-api-key", &key("cafe24"))
        .header("x-trace-id", code)
        .body(json!({"event_no": 90_026, "resource": order}).to_string())
}

/// As if the items had been written today: they are remembered for a week.
async fn with_the_ledger_of_the_former_version() -> World {
    let world = World::queued(&EACH).await;
    for item in read(LEDGER) {
        world.ledger.put_wire(&serde_json::from_str(&item).unwrap());
    }
    let expires = Timestamp::now() + SignedDuration::from_hours(24);
    change_items(&world.ledger, |item| item["expires"] = json!(expires.as_second()));
    world
}

fn read(name: &str) -> Vec<String> {
    fs::read_to_string(path(name)).unwrap().lines().map(str::to_owned).collect()
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/function/former").join(name)
}
