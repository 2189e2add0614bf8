//! The events of one order: cancelled, edited, reopened, late.

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use order_alerts_fakes::{Fault, Webhook};
use serde_json::json;

use crate::support::assertions::headline;
use crate::support::queue::end_leases;
use crate::support::webhooks::{cancellation, named, shopify, standard, woocommerce};
use crate::support::world::{Way, World};

/// What one order of a platform can report, at an hour of one day.
#[derive(Clone, Copy)]
enum Report {
    Cancelled,
    /// It was changed, and is not cancelled.
    Changed,
}

type Reports = fn(Report, hour: u32) -> Webhook;

fn time(hour: u32) -> String {
    format!("2026-01-01T{hour:02}:00:00Z")
}

fn status(report: Report) -> &'static str {
    match report {
        Report::Cancelled => "cancelled",
        Report::Changed => "processing",
    }
}

fn generic(report: Report, hour: u32) -> Webhook {
    let event_type = match report {
        Report::Cancelled => "order_cancelled",
        Report::Changed => "order_modified",
    };
    let order = json!({
        "event_type": event_type, "order_id": "7", "occurred_at": time(hour), "status": status(report),
    });
    named(&format!("{event_type} {hour}"), &order)
}

fn standard_webhook(report: Report, hour: u32) -> Webhook {
    let event_type = match report {
        Report::Cancelled => "order.cancelled",
        Report::Changed => "order.updated",
    };
    let order = json!({
        "type": event_type, "timestamp": time(hour), "data": {"id": "7", "status": status(report)},
    });
    standard(&format!("{event_type} {hour}"), &order)
}

fn woocommerce_order(report: Report, hour: u32) -> Webhook {
    let modified = time(hour).replace('Z', "");
    let order =
        json!({"id": 7, "number": "7", "status": status(report), "date_modified_gmt": modified});
    woocommerce("order.updated", &order)
}

/// Those whose payloads say whether the order is cancelled.
const REOPENING: [Reports; 3] = [generic, standard_webhook, woocommerce_order];

/// The headline that a webhook became, if it was posted.
async fn posted(world: &World, webhook: &Webhook) -> Option<String> {
    let before = world.slack.messages().len();
    let answer = world.send(webhook).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    world.slack.messages().get(before).map(headline)
}

#[tokio::test]
async fn a_cancelled_order_is_announced_once_however_often_it_is_edited() {
    let world = World::queued(&[]).await;
    world.accept([10, 11, 12].map(|hour| woocommerce_order(Report::Cancelled, hour))).await;
    world.consume().await;
    world.consume_the_rest().await;
    world.accept([13, 14].map(|hour| woocommerce_order(Report::Cancelled, hour))).await;
    world.consume_the_rest().await;
    assert_eq!(world.headlines(), ["🚫 Order #7 cancelled"]);
    assert_eq!(world.sqs.messages(), []);
}

/// What Shopify sends of a cancellation, with the same body.
fn shopify_pair() -> [Webhook; 2] {
    let order = json!({
        "id": 7, "name": "#7", "cancelled_at": time(10), "updated_at": "2026-01-01T10:00:01Z",
    });
    ["orders/cancelled", "orders/updated"].map(|topic| shopify(topic, &order.to_string()))
}

const CANCELLED: &str = "🚫 Order #7 cancelled";
const CHANGED: &str = "✏️ Order #7 changed";

#[tokio::test]
async fn a_cancellation_and_the_update_that_comes_with_it_are_one_message() {
    let check = async |settings: &[(&str, &str)], order: [usize; 2]| {
        let world = World::queued(settings).await;
        world.accept(order.map(|at| shopify_pair()[at].clone())).await;
        world.consume().await;
        world.consume_the_rest().await;
        assert_eq!(world.headlines(), [CANCELLED], "{settings:?} {order:?}");
        assert_eq!(world.sqs.messages(), []);
    };
    let each = [("SHOW_MODIFIED", "each")];
    tokio::join!(
        check(&[], [0, 1]),
        check(&[], [1, 0]),
        check(&each, [0, 1]),
        check(&each, [1, 0])
    );
}

#[tokio::test]
async fn an_update_is_posted_before_its_cancellation_but_never_after_it() {
    let [cancelled, updated] = shopify_pair();
    let check = async |order: [&Webhook; 2]| {
        let world = World::queued(&[("SHOW_MODIFIED", "each")]).await;
        for webhook in order {
            world.accept([webhook.clone()]).await;
            world.consume().await;
        }
        assert_eq!(world.sqs.messages(), []);
        world.headlines()
    };
    let (after, before) =
        tokio::join!(check([&cancelled, &updated]), check([&updated, &cancelled]));
    assert_eq!(after, [CANCELLED]);
    assert_eq!(before, [CHANGED, CANCELLED]);
}

#[tokio::test]
async fn an_order_is_reopened_by_a_later_event_and_by_no_other() {
    for report in REOPENING {
        let world = World::direct_with_ledger().await;
        assert!(posted(&world, &report(Report::Cancelled, 10)).await.is_some());
        for hour in [9, 10] {
            assert_eq!(posted(&world, &report(Report::Changed, hour)).await, None, "at {hour}");
        }
        let reopened = posted(&world, &report(Report::Changed, 11)).await;
        assert_eq!(reopened.as_deref(), Some("♻️ Order #7 reopened"));
        let changed = posted(&world, &report(Report::Changed, 12)).await;
        assert_eq!(changed.as_deref(), Some("✏️ Order #7 changed"), "it is not cancelled");
    }
}

#[tokio::test]
async fn a_reopened_order_can_be_cancelled_again_but_not_by_an_older_event() {
    for report in REOPENING {
        let world = World::direct_with_ledger().await;
        assert!(posted(&world, &report(Report::Cancelled, 10)).await.is_some());
        assert!(posted(&world, &report(Report::Changed, 12)).await.is_some());
        for hour in [10, 11, 12] {
            assert_eq!(posted(&world, &report(Report::Cancelled, hour)).await, None, "at {hour}");
        }
        let cancelled = posted(&world, &report(Report::Cancelled, 13)).await;
        assert_eq!(cancelled.as_deref(), Some("🚫 Order #7 cancelled"));
        assert_eq!(posted(&world, &report(Report::Cancelled, 14)).await, None, "an edit of it");
    }
}

#[tokio::test]
async fn an_event_that_may_be_older_than_the_cancellation_reopens_nothing() {
    let world = World::direct_with_ledger().await;
    assert!(posted(&world, &generic(Report::Cancelled, 10)).await.is_some());
    assert!(posted(&world, &standard_webhook(Report::Cancelled, 10)).await.is_some());
    assert!(posted(&world, &woocommerce_order(Report::Cancelled, 10)).await.is_some());
    let modified = |fields: &[(&str, &str)]| {
        let mut order = json!({"event_type": "order_modified", "order_id": "7"});
        for (name, value) in fields {
            order[name] = json!(value);
        }
        order
    };
    let later = time(11);
    let later = later.as_str();
    for webhook in [
        named("without a time", &modified(&[("status", "processing")])),
        named("without a status", &modified(&[("occurred_at", later)])),
        named("unknown", &modified(&[("occurred_at", later), ("status", "취소")])),
        named("cancelled", &modified(&[("occurred_at", later), ("status", "cancelled")])),
        named("canceled", &modified(&[("occurred_at", later), ("status", "Canceled")])),
        standard("paid", &json!({"type": "order.paid", "timestamp": later, "data": {"id": "7"}})),
        standard(
            "cancelled",
            &json!({"type": "order.updated", "timestamp": later, "data": {"id": "7", "status": "canceled"}}),
        ),
        woocommerce(
            "order.updated",
            &json!({"id": 7, "status": "refunded", "date_modified_gmt": later}),
        ),
    ] {
        assert_eq!(posted(&world, &webhook).await, None, "{webhook:?}");
    }
}

#[tokio::test]
async fn shopify_never_reopens_an_order() {
    let world = World::direct_with_ledger().await;
    assert!(posted(&world, &shopify_pair()[0]).await.is_some());
    let later = json!({"id": 7, "name": "#7", "updated_at": time(20), "created_at": time(20)});
    for topic in ["orders/updated", "orders/create", "orders/paid", "orders/fulfilled"] {
        assert_eq!(posted(&world, &shopify(topic, &later.to_string())).await, None, "{topic}");
    }
}

#[tokio::test]
async fn one_id_in_two_shops_or_on_two_platforms_is_two_orders() {
    let world = World::direct_with_ledger().await;
    let shopify_order = json!({"id": "7", "name": "7"});
    let generic = |shop: &str| {
        let order = json!({"event_type": "order_cancelled", "order_id": "7", "shop": shop});
        named("msg_1", &order)
    };
    let coffee = json!({"id": "7", "name": "#7"}).to_string();
    for webhook in [
        generic("tea.example"),
        generic("coffee.example"),
        generic(""),
        standard(
            "msg_1",
            &json!({"type": "order.cancelled", "data": {"id": "7", "shop": "tea.example"}}),
        ),
        woocommerce("order.updated", &json!({"id": "7", "status": "cancelled"})),
        shopify("orders/cancelled", &shopify_order.to_string()),
        shopify("orders/cancelled", &coffee)
            .header("x-shopify-shop-domain", "coffee.myshopify.com"),
    ] {
        assert!(posted(&world, &webhook).await.is_some(), "{webhook:?}");
    }
}

#[tokio::test]
async fn an_order_without_an_id_is_posted_at_every_event() {
    let world = World::direct_with_ledger().await;
    let order = json!({"event_type": "order_cancelled", "order_number": "A7"});
    for (id, is_posted) in [("msg_1", true), ("msg_2", true), ("msg_1", false)] {
        let headline = posted(&world, &named(id, &order)).await;
        assert_eq!(headline, is_posted.then(|| "🚫 Order A7 cancelled".to_owned()), "{id}");
    }
}

#[tokio::test]
async fn a_cancellation_that_slack_did_not_accept_is_posted_later() {
    let in_doubt = || Fault::answer(500, "rollup_error");
    let check = async |faults: Vec<Fault>| {
        let world = World::queued(&[]).await;
        world.slack.script(faults);
        world.accept([woocommerce_order(Report::Cancelled, 10)]).await;
        world.consume().await;
        assert_eq!(world.slack.messages().len(), 0);
        // A sandbox that met the rate limit would keep it, and the ledger too.
        let world = world.restarted(Way::Queue, &[]).await;
        end_leases(&world.ledger);
        // The next edit of the order cancels it as well: one of the two is posted, and not both.
        world.accept([woocommerce_order(Report::Cancelled, 11)]).await;
        world.consume_the_rest().await;
        world.consume_the_rest().await;
        assert_eq!(world.headlines(), ["🚫 Order #7 cancelled"]);
        assert_eq!(world.sqs.messages(), []);
    };
    tokio::join!(check(vec![Fault::RateLimited(Some("300"))]), check(vec![in_doubt(), in_doubt()]));
}

/// Puts a cancellation into the queue that was received so long ago.
async fn accept_earlier(world: &World, number: u32, ago: SignedDuration) {
    world.accept([cancellation(number)]).await;
    let mut envelope = world.take_envelope();
    envelope["events"][0]["received_at"] = json!((Timestamp::now() - ago).to_string());
    world.sqs.send(&envelope.to_string());
}

#[tokio::test]
async fn a_message_more_than_half_an_hour_late_says_so() {
    let check = async |language: &str, minutes: i64, remark: &str| {
        let world = World::queued(&[("LANGUAGE", language)]).await;
        accept_earlier(&world, 7, SignedDuration::from_mins(minutes)).await;
        world.consume().await;
        let footer = world.the_message().lines().last().unwrap().to_owned();
        let is_late = footer.contains(" late") || footer.contains("지연");
        assert_eq!(is_late, !remark.is_empty(), "{footer}");
        assert!(footer.starts_with(remark), "{footer}");
        assert!(world.slack.messages()[0].text().contains(remark));
    };
    let cases = [
        ("en", 29, ""),
        ("en", 30, "Alert 30 min late"),
        ("en", 180, "Alert 3 h late"),
        ("ko", 31, "알림 31분 지연"),
        ("ko", 4_320, "알림 3일 지연"),
    ];
    join_all(cases.map(|(language, minutes, remark)| check(language, minutes, remark))).await;
}
