//! The life of one order, as its platform reports it: draft, new, changed, cancelled, deleted.
//!
//! Each webhook is answered before the next is sent, with direct delivery and a ledger: so nothing is
//! folded in a batch.

use jiff::{SignedDuration, Timestamp};
use order_alerts_fakes::Webhook;
use serde_json::{Value, json};

use crate::support::webhooks::{named, shopify, woocommerce};
use crate::support::world::{Way, World, key};

/// The headlines after these webhooks, one after the other.
async fn shown(webhooks: impl IntoIterator<Item = Webhook>) -> Vec<String> {
    let world = World::direct_with_ledger().await;
    world.accept(webhooks).await;
    world.headlines()
}

/// So many seconds after a time that is an hour ago.
fn at(seconds: i64) -> Timestamp {
    let hour_ago = Timestamp::now().as_second() - 3_600;
    Timestamp::from_second(hour_ago - hour_ago % 60 + seconds).unwrap()
}

fn bigcommerce(scope: &str, statuses: Option<(u8, u8)>, second: i64) -> Webhook {
    let mut body = json!({
        "scope": scope, "store_id": "1001", "hash": "h", "created_at": at(second).as_second(),
        "data": {"type": "order", "id": 250},
    });
    if let Some((from, to)) = statuses {
        body["data"]["status"] = json!({"previous_status_id": from, "new_status_id": to});
    }
    let id = format!("{scope} {statuses:?} {second}");
    Webhook::post("/webhook/bigcommerce").body(body.to_string()).signed_standard(
        &key("bigcommerce"),
        &id,
        Timestamp::now().as_second(),
    )
}

fn moved(from: u8, to: u8, second: i64) -> Webhook {
    bigcommerce("store/order/statusUpdated", Some((from, to)), second)
}

fn cafe24(event_no: u32, code: &str, trace: &str) -> Webhook {
    let body = json!({"event_no": event_no, "resource": {
        "mall_id": "teahouse", "event_code": code, "order_id": "20260101-0000001",
    }});
    Webhook::post("/webhook/cafe24")
        .header("x-api-key", &key("cafe24"))
        .header("x-trace-id", trace)
        .body(body.to_string())
}

fn square(event_type: &str, state: &str, version: i64) -> Webhook {
    let object = event_type.replace('.', "_");
    let body = json!({
        "merchant_id": "M1", "type": event_type, "event_id": format!("e{version}"),
        "created_at": at(version).to_string(), "data": {"type": "order", "id": "O1", "object": {
            object: {"order_id": "O1", "location_id": "L1", "state": state, "version": version},
        }},
    });
    Webhook::post("/webhook/square")
        .body(body.to_string())
        .signed_square(&key("square"), PUBLIC_URL)
}

const PUBLIC_URL: &str = "https://alerts.example/webhook/square";

/// An order of WooCommerce in this status.
fn woo(topic: &str, status: &str, second: i64) -> Webhook {
    woo_with(topic, status, second, &json!({}))
}

fn woo_with(topic: &str, status: &str, second: i64, more: &Value) -> Webhook {
    let gmt = at(second).to_string().replace('Z', "");
    let mut order = json!({
        "id": 5, "number": "5", "status": status, "total": "10.00", "currency": "EUR",
        "date_created_gmt": at(0).to_string().replace('Z', ""), "date_modified_gmt": gmt,
    });
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    woocommerce(topic, &order)
}

fn woo_deleted(shop: &str) -> Webhook {
    woocommerce("order.deleted", &json!({"id": 5})).header("x-wc-webhook-source", shop)
}

#[tokio::test]
async fn an_order_that_leaves_cancelled_is_reopened_and_its_next_cancellation_is_shown() {
    let bigcommerce = [moved(11, 5, 0), moved(5, 11, 60), moved(11, 5, 120)];
    let expected = ["🚫 Order #250 cancelled", "♻️ Order #250 reopened", "🚫 Order #250 cancelled"];
    assert_eq!(shown(bigcommerce).await, expected);
    for status in ["shipped", "awaiting-shipment", "driver-assigned"] {
        let woo = [
            woo("order.updated", "cancelled", 0),
            woo("order.updated", status, 60),
            woo("order.updated", "cancelled", 120),
        ];
        let expected = [
            "🚫 Order #5 cancelled · EUR 10.00",
            "♻️ Order #5 reopened · EUR 10.00",
            "🚫 Order #5 cancelled · EUR 10.00",
        ];
        assert_eq!(shown(woo).await, expected, "{status}");
    }
}

#[tokio::test]
async fn a_cancellation_that_is_withdrawn_reopens_an_order_whose_events_have_no_time() {
    let world = World::direct_with_ledger().await;
    world.accept([cafe24(90026, "cancel_order", "t1")]).await;
    world.accept([cafe24(90026, "shipping_ready", "t2")]).await;
    world.accept([cafe24(90026, "cancel_order", "t3")]).await;
    let expected = [
        "🚫 Order 20260101-0000001 cancelled",
        "♻️ Order 20260101-0000001 reopened",
        "🚫 Order 20260101-0000001 cancelled",
    ];
    assert_eq!(world.headlines(), expected);
}

#[tokio::test]
async fn the_first_event_of_a_placed_draft_is_the_new_order_and_its_echoes_are_not_shown() {
    let world = World::by(Way::DirectWithLedger, &[("PUBLIC_URL", PUBLIC_URL)]).await;
    world.accept([square("order.created", "DRAFT", 1)]).await;
    assert_eq!(world.headlines().len(), 0);
    world.accept((2..6).map(|version| square("order.updated", "OPEN", version))).await;
    world.accept([square("order.updated", "COMPLETED", 7)]).await;
    assert_eq!(world.headlines(), ["🛒 New order O1", "✏️ Order O1 changed"]);
}

#[tokio::test]
async fn a_draft_of_a_checkout_becomes_a_new_order_by_queue_whatever_is_switched_off() {
    let settings = [("SHOW_CREATED", "each"), ("SHOW_MODIFIED", "off")];
    let world = World::queued(&settings).await;
    world.accept([woo("order.created", "checkout-draft", 0)]).await;
    world.consume().await;
    world.accept([woo("order.updated", "pending", 30)]).await;
    world.consume_the_rest().await;
    world.accept([woo("order.updated", "processing", 300)]).await;
    world.consume_the_rest().await;
    assert_eq!(world.headlines(), ["🛒 New order #5 · EUR 10.00"]);
    assert_eq!(world.sqs.messages(), []);
}

#[tokio::test]
async fn a_draft_and_the_event_that_places_it_may_be_in_one_batch() {
    let world = World::queued(&[("SHOW_CREATED", "each"), ("SHOW_MODIFIED", "each")]).await;
    world
        .accept([woo("order.updated", "pending", 30), woo("order.created", "checkout-draft", 0)])
        .await;
    world.consume().await;
    world.consume_the_rest().await;
    assert_eq!(world.headlines(), ["🛒 New order #5 · EUR 10.00"]);
}

#[tokio::test]
async fn a_creation_and_its_echoes_are_one_message() {
    let order = |updated_at: i64| {
        let order = json!({
            "id": 1, "name": "#1", "total_price": "5.00", "currency": "USD",
            "created_at": at(0).to_string(), "updated_at": at(updated_at).to_string(),
        });
        order.to_string()
    };
    let in_turn = [
        shopify("orders/create", &order(0)),
        shopify("orders/updated", &order(1)),
        shopify("orders/updated", &order(2)),
    ];
    assert_eq!(shown(in_turn).await, ["🛒 New order #1 · USD 5.00"]);
    let woo_twins =
        [woo("order.created", "processing", 90), woo("order.updated", "processing", 90)];
    assert_eq!(shown(woo_twins).await, ["🛒 New order #5 · EUR 10.00"]);
    let bigcommerce = [
        bigcommerce("store/order/created", None, 0),
        moved(0, 11, 0),
        bigcommerce("store/order/updated", None, 0),
    ];
    assert_eq!(shown(bigcommerce).await, ["🛒 New order #250"]);

    let world = World::queued(&[("SHOW_CREATED", "each"), ("SHOW_MODIFIED", "each")]).await;
    let in_one_batch = [
        shopify("orders/updated", &order(1)),
        shopify("orders/create", &order(0)),
        shopify("orders/updated", &order(2)),
    ];
    world.accept(in_one_batch).await;
    world.consume().await;
    world.consume_the_rest().await;
    assert_eq!(world.headlines(), ["🛒 New order #1 · USD 5.00"]);
}

#[tokio::test]
async fn what_really_changed_after_the_creation_is_shown() {
    let events = [
        woo("order.created", "pending", 0),
        woo("order.updated", "failed", 5),
        woo("order.updated", "processing", 60),
    ];
    let expected = [
        "🛒 New order #5 · EUR 10.00",
        "✏️ Order #5 changed · EUR 10.00",
        "✏️ Order #5 changed · EUR 10.00",
    ];
    assert_eq!(shown(events).await, expected);
}

#[tokio::test]
async fn a_checkout_that_is_paid_later_is_a_change_of_the_order_that_was_shown() {
    let events = [bigcommerce("store/order/created", None, 0), moved(0, 11, 600)];
    assert_eq!(shown(events).await, ["🛒 New order #250", "✏️ Order #250 changed"]);
}

#[tokio::test]
async fn an_order_that_was_never_paid_mentions_no_one() {
    let world = World::by(Way::DirectWithLedger, &[("MENTION", "channel")]).await;
    let unpaid = json!({"date_paid": null, "date_paid_gmt": null, "transaction_id": ""});
    world.accept([woo_with("order.updated", "cancelled", 0, &unpaid)]).await;
    let date = "2026-01-01T00:00:00";
    let paid = json!({"id": 6, "number": "6", "date_paid": date, "date_paid_gmt": date});
    world.accept([woo_with("order.updated", "cancelled", 0, &paid)]).await;
    let expected =
        ["🚫 Order #5 cancelled, never paid · EUR 10.00", "🚫 Order #6 cancelled · EUR 10.00"];
    assert_eq!(world.headlines(), expected);
    let mentions: Vec<_> =
        world.slack.messages().iter().map(|message| message.mentions.len()).collect();
    assert_eq!(mentions, [0, 1]);
}

#[tokio::test]
async fn a_deletion_is_shown_each_time_and_for_each_shop() {
    let tea = "https://tea.example/";
    let events = [
        woo_deleted(tea),
        woo_deleted(tea),
        woo("order.restored", "processing", 60),
        woo_deleted(tea),
        woo_deleted("https://coffee.example/"),
    ];
    let expected = [
        "🗑️ Order #5 deleted",
        "♻️ Order #5 restored · EUR 10.00",
        "🗑️ Order #5 deleted",
        "🗑️ Order #5 deleted",
    ];
    assert_eq!(shown(events).await, expected);
}

#[tokio::test]
async fn an_order_that_is_put_into_the_trash_is_deleted_once() {
    let events = [woo("order.updated", "trash", 0), woo_deleted("https://tea.example/")];
    assert_eq!(shown(events).await, ["🗑️ Order #5 deleted · EUR 10.00"]);
}

#[tokio::test]
async fn a_deletion_is_shown_again_whatever_says_that_the_order_is_back() {
    let tea = "https://tea.example/";
    let changed = [woo("order.updated", "trash", 0), woo("order.updated", "processing", 60)];
    let expected = ["🗑️ Order #5 deleted · EUR 10.00", "♻️ Order #5 restored · EUR 10.00"];
    let restored = [woo("order.restored", "processing", 60), woo("order.updated", "trash", 120)];
    let events = [changed.clone(), restored].concat();
    assert_eq!(shown(events).await, [&expected[..], &expected[..1]].concat());

    let deleted = ["🗑️ Order #5 deleted"];
    // A deletion has no time of its own, so it happened when it arrived: now.
    let soon = 3_600 + 90;
    let events = [woo_deleted(tea), woo("order.updated", "failed", soon), woo_deleted(tea)];
    assert_eq!(shown(events).await, [deleted[0], expected[1], deleted[0]]);

    let created = ["🛒 New order #5 · EUR 10.00"];
    let events = [woo_deleted(tea), woo("order.created", "processing", soon), woo_deleted(tea)];
    assert_eq!(shown(events).await, [deleted[0], created[0], deleted[0]]);

    let cancelled = woo("order.updated", "cancelled", -60);
    let events = [[cancelled].as_slice(), &changed, &[woo("order.updated", "trash", 120)]].concat();
    let reopened = "♻️ Order #5 reopened · EUR 10.00";
    assert_eq!(shown(events).await[1..], [expected[0], reopened, expected[0]]);
}

#[tokio::test]
async fn a_change_from_before_the_deletion_restores_nothing() {
    let events = [
        woo("order.updated", "trash", 60),
        woo("order.updated", "processing", 0),
        woo_deleted("https://tea.example/"),
    ];
    let expected = ["🗑️ Order #5 deleted · EUR 10.00", "✏️ Order #5 changed · EUR 10.00"];
    assert_eq!(shown(events).await, expected);
}

#[tokio::test]
async fn the_deletion_of_a_cancelled_order_is_shown() {
    let cancelled = json!({"id": 1, "name": "#1", "cancelled_at": at(0).to_string()});
    let events = [
        shopify("orders/cancelled", &cancelled.to_string()),
        shopify("orders/delete", r#"{"id":1}"#),
    ];
    assert_eq!(shown(events).await, ["🚫 Order #1 cancelled", "🗑️ Order #1 deleted"]);
}

#[tokio::test]
async fn a_test_is_shown_each_time_and_hides_nothing_real() {
    let sample = json!({
        "id": 820_982_911_946_154_508_u64, "name": "#9999", "test": true,
        "created_at": "2021-12-31T19:00:00-05:00", "updated_at": "2021-12-31T19:00:00-05:00",
        "cancelled_at": "2021-12-31T19:00:00-05:00", "total_price": "388.00", "currency": "USD",
    });
    let topics = ["orders/cancelled", "orders/create", "orders/updated", "orders/cancelled"];
    let events =
        topics.map(|topic| shopify(topic, &sample.to_string()).header("x-shopify-test", "true"));
    let expected = [
        "🧪 TEST · 🚫 Order #9999 cancelled · USD 388.00",
        "🧪 TEST · 🛒 New order #9999 · USD 388.00",
        "🧪 TEST · ✏️ Order #9999 changed · USD 388.00",
        "🧪 TEST · 🚫 Order #9999 cancelled · USD 388.00",
    ];
    assert_eq!(shown(events).await, expected);
}

/// A captured webhook is sent again with a header that no signature covers.
#[tokio::test]
async fn a_mark_that_is_not_signed_makes_no_copy_a_test() {
    let order = json!({"id": 1, "name": "#1", "cancelled_at": at(0).to_string()}).to_string();
    let cancelled = || shopify("orders/cancelled", &order);
    let copy = cancelled().header("x-shopify-test", "true");
    let events = [cancelled(), copy.clone(), copy];
    assert_eq!(shown(events).await, ["🚫 Order #1 cancelled"]);
}

/// A copy that is faster than the webhook takes nothing away: neither the message nor the mention.
#[tokio::test]
async fn a_copy_that_is_marked_as_a_test_and_comes_first_hides_nothing() {
    let order = json!({"id": 1, "name": "#1", "cancelled_at": at(0).to_string()}).to_string();
    let cancelled = || shopify("orders/cancelled", &order);
    let copy = || cancelled().header("x-shopify-test", "true");
    let rules = "any test -> off; cancelled -> mention here";
    let world = World::by(Way::DirectWithLedger, &[("RULES", rules)]).await;
    world.accept([copy(), copy(), cancelled(), copy(), cancelled()]).await;
    assert_eq!(world.headlines(), ["🚫 Order #1 cancelled"]);
    assert_eq!(world.slack.messages()[0].mentions, ["<!here>"]);
    let expected = ["🧪 TEST · 🚫 Order #1 cancelled", "🚫 Order #1 cancelled"];
    assert_eq!(shown([copy(), copy(), cancelled(), copy()]).await, expected);
}

#[tokio::test]
async fn a_time_in_another_zone_does_not_hide_the_reopening() {
    let event = |event_type: &str, occurred_at: String| {
        let order = json!({
            "event_type": event_type, "order_id": "7", "status": "confirmed",
            "occurred_at": occurred_at,
        });
        named(&format!("{event_type} {occurred_at}"), &order)
    };
    let now = Timestamp::now();
    let seoul = (now + SignedDuration::from_hours(9)).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let world = World::direct_with_ledger().await;
    world.accept([event("order_cancelled", seoul)]).await;
    let later = Timestamp::now() + SignedDuration::from_secs(30);
    world.accept([event("order_modified", later.to_string())]).await;
    assert_eq!(world.headlines(), ["🚫 Order #7 cancelled", "♻️ Order #7 reopened"]);
}

#[tokio::test]
async fn the_body_of_an_update_sent_as_a_cancellation_hides_no_cancellation() {
    let order = |cancelled_at: Option<Timestamp>, updated: i64| {
        let cancelled_at = cancelled_at.map(|at| at.to_string());
        let order = json!({
            "id": 1, "name": "#1042", "cancelled_at": cancelled_at, "financial_status": "paid",
            "updated_at": at(updated).to_string(),
        });
        order.to_string()
    };
    let events = [
        shopify("orders/updated", &order(None, 0)),
        shopify("orders/cancelled", &order(None, 0)),
        shopify("orders/paid", &order(None, 60)),
        shopify("orders/cancelled", &order(Some(at(120)), 120)),
    ];
    let expected = ["✏️ Order #1042 changed", "💳 Order #1042 paid", "🚫 Order #1042 cancelled"];
    assert_eq!(shown(events).await, expected);
}
