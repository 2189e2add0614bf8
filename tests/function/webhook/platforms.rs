//! What single platforms require of an answer, and what they send differently.

use order_alerts_fakes::Webhook;
use serde_json::{Value, json};

use crate::support::queue::assert_no_failures;
use crate::support::world::{Answer, World, key};

fn ubereats(event_type: &str) -> Webhook {
    let event = json!({
        "event_type": event_type, "event_id": event_type, "event_time": 1_767_225_600,
        "meta": {"resource_id": "o-1", "user_id": "s-1"},
    });
    Webhook::post("/webhook/ubereats").body(event.to_string()).signed_ubereats(&key("ubereats"))
}

/// A cancellation of these orders at once.
fn cafe24(trace: &str, ids: &str) -> Webhook {
    let order = json!({"event_no": 90072, "resource": {
        "mall_id": "teahouse", "event_code": "cancel_order", "order_id": ids,
    }});
    Webhook::post("/webhook/cafe24")
        .header("x-api-key", &key("cafe24"))
        .header("x-trace-id", trace)
        .body(order.to_string())
}

#[track_caller]
fn assert_silent(answer: &Answer) {
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert!(answer.headers["content-type"].is_null(), "{answer:?}");
}

#[tokio::test]
async fn uber_eats_gets_a_200_without_a_body() {
    let world = World::start().await;
    assert_silent(&world.send(&ubereats("orders.cancel")).await);
    assert!(world.the_message().starts_with("🚫 Order o-1 cancelled\nShop: s-1\n"));
    for event_type in ["store.provisioned", "eats.store.status", "store.menu_refresh_request"] {
        assert_silent(&world.send(&ubereats(event_type)).await);
    }
    assert_eq!(world.slack.messages().len(), 1);
    let forged = ubereats("orders.cancel").signed_ubereats(&key("nobody"));
    let answer = world.send(&forged).await;
    assert_eq!((answer.status, answer.body.is_empty()), (401, false), "a refusal says so");
}

#[tokio::test]
async fn cafe24_gets_a_403_for_a_wrong_key() {
    let world = World::start().await;
    let right = cafe24("t-1", "20260101-0000001");
    let mut without = right.event();
    without["headers"].as_object_mut().unwrap().remove("x-api-key");
    let mut answers = vec![world.send_event(without).await];
    for wrong in [&key("nobody"), "", &format!("{} ", key("shopify")), &key("cafe24")[1..]] {
        answers.push(world.send(&right.clone().header("x-api-key", wrong)).await);
    }
    for answer in answers {
        let problem: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((answer.status, &problem["status"]), (403, &json!(403)));
        let detail = "The request is not proven to come from the platform.";
        assert_eq!(problem["detail"], detail, "one answer for every reason");
    }
    assert_eq!(world.slack.all_requests(), 0);
    assert_eq!(world.send(&right).await.status, 200);
}

#[tokio::test]
async fn square_must_retry_while_public_url_is_not_set() {
    let world = World::start().await;
    let square = Webhook::post("/webhook/square")
        .header("x-square-hmacsha256-signature", "AAAA")
        .body(r#"{"type":"order.updated"}"#);
    assert_eq!(world.send(&square).await.status, 503);
    world.function.logged("the platform signs its address, and PUBLIC_URL is not set").await;
}

#[tokio::test]
async fn an_event_of_two_orders_sent_twice_is_two_messages() {
    let world = World::queued(&[]).await;
    let webhook = cafe24("t-1", "20260101-0000001, 20260101-0000002,20260101-0000001,");
    world.accept([webhook.clone(), webhook]).await;
    assert_eq!(world.sqs.messages().len(), 2, "one a webhook");
    world.consume().await;
    world.consume_the_rest().await;

    assert_eq!(world.slack.messages().len(), 2);
    let shown = world.shown();
    for id in ["20260101-0000001", "20260101-0000002"] {
        assert_eq!(shown.matches(&format!("🚫 Order {id} cancelled")).count(), 1, "{shown}");
    }
    assert!(!shown.contains("repeat"), "{shown}");
    assert_eq!(world.sqs.messages(), vec![]);
}

#[tokio::test]
async fn an_event_of_many_orders_is_one_digest() {
    let world = World::queued(&[]).await;
    let ids: Vec<_> = (1..=40).map(|number| format!("20260101-{number:07}")).collect();
    assert_eq!(world.send(&cafe24("t-1", &ids.join(","))).await.status, 200);
    assert_no_failures(&world.consume().await);
    let shown = world.the_message();
    assert!(shown.starts_with("🚫 40 orders cancelled\nShop: teahouse\n"), "{shown}");
    for id in ids {
        assert_eq!(shown.lines().filter(|line| *line == id).count(), 1, "{id}: {shown}");
    }
}
