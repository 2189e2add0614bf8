use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use order_alerts_fakes::Webhook;
use serde_json::json;

use super::*;
use crate::app::tests::{answer, in_memory};

const KEY: &str = "the test key of this file";
const CONTEXT: InvocationContext<'static> =
    InvocationContext { request_id: "request", function_arn: None };

type Inbox = Arc<Mutex<Vec<Vec<u8>>>>;

fn app(inbox: &Inbox) -> App {
    let secret = json!({
        "slack_webhook_url": "https://hooks.slack.com/services/T0/B0/test",
        "signing_keys": {"shopify": KEY, "generic": KEY},
    });
    let inbox = Arc::clone(inbox);
    in_memory(&secret, move |message| {
        inbox.lock().unwrap().push(message);
        answer("ok")
    })
}

async fn status_with(milliseconds_left: i64, inbox: &Inbox) -> i64 {
    let webhook = Webhook::post("/webhook/shopify")
        .header("x-shopify-topic", "orders/cancelled")
        .body(r##"{"id":1,"name":"#1"}"##)
        .signed_shopify(KEY);
    status(&webhook, Timestamp::now(), milliseconds_left, inbox).await
}

/// What is answered to a webhook by a function whose clock says `now`.
async fn status(webhook: &Webhook, now: Timestamp, milliseconds_left: i64, inbox: &Inbox) -> i64 {
    let deadline = now + SignedDuration::from_millis(milliseconds_left);
    let event = webhook.event().to_string();
    match handle(&app(inbox), &event, CONTEXT, now, deadline).await.unwrap() {
        InvocationResponse::Webhook(response) => response.status_code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_is_posted_only_when_time_is_left_for_it() {
    let inbox = Inbox::default();
    for too_late in [-1, 0, 500, 900] {
        assert_eq!(status_with(too_late, &inbox).await, 503, "{too_late}");
    }
    assert_eq!(inbox.lock().unwrap().len(), 0, "the sender will send it again");
    assert_eq!(status_with(3_000, &inbox).await, 200);
    assert_eq!(inbox.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_clock_that_is_ten_minutes_wrong_lets_nothing_pass_that_signs_its_time() {
    let inbox = Inbox::default();
    let now = Timestamp::now();
    let webhook = Webhook::post("/webhook")
        .body(r#"{"event_type":"order_cancelled","order_id":1}"#)
        .signed_standard(KEY, "msg_1", now.as_second());
    let by_a_clock = async |minutes| {
        status(&webhook, now + SignedDuration::from_mins(minutes), 3_000, &inbox).await
    };
    assert_eq!((by_a_clock(-10).await, by_a_clock(10).await, by_a_clock(0).await), (401, 401, 200));
    assert_eq!(inbox.lock().unwrap().len(), 1);
}
