//! The function in this process, with its edges in memory.

#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

use jiff::{SignedDuration, Timestamp};
use order_alerts::app::Wiring;
use order_alerts::config::Config;
use order_alerts::handlers::{App, Invoked, Served};
use order_alerts::infra::metrics::Metrics;
use order_alerts::ledger::Ledger;
use order_alerts::secret::Secret;
use order_alerts::secret::cache::Secrets;
use order_alerts::slack::{Inbox, Slack};
use order_alerts_fakes::Webhook;

const INVOKED: Invoked<'static> = Invoked { request_id: "request", function_arn: None };
const KEY: &str = "the test key of this file";

fn app(inbox: &Inbox) -> App {
    let required = |name: &str| match name {
        "SECRET_ID" => Some("test".to_owned()),
        "DELIVERY" => Some("direct".to_owned()),
        _ => None,
    };
    let secret = serde_json::json!({
        "slack_webhook_url": "https://hooks.slack.com/services/test",
        "signing_keys": {"shopify": KEY, "generic": KEY},
    });
    App::new(Wiring {
        config: Config::from_env(required).unwrap(),
        secrets: Secrets::fixed(Secret::parse(&secret.to_string()).unwrap()),
        slack: Slack::Inbox(inbox.clone()),
        queue: None,
        ledger: Ledger::none(),
        metrics: Metrics::default(),
    })
}

async fn status_with(milliseconds_left: i64, inbox: &Inbox) -> i64 {
    let webhook = Webhook::post("/webhook/shopify")
        .header("x-shopify-topic", "orders/cancelled")
        .body(r#"{"id":1}"#)
        .signed_shopify(KEY);
    status(&webhook, Timestamp::now(), milliseconds_left, inbox).await
}

/// What is answered to a webhook by a function whose clock says `now`.
async fn status(webhook: &Webhook, now: Timestamp, milliseconds_left: i64, inbox: &Inbox) -> i64 {
    let deadline = now + SignedDuration::from_millis(milliseconds_left);
    let event = webhook.event().to_string();
    match app(inbox).handle(&event, INVOKED, now, deadline).await.unwrap() {
        Served::Webhook(answer) => answer.status_code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_is_posted_only_when_time_is_left_for_it() {
    let inbox = Inbox::default();
    for too_late in [-1, 0, 500, 900] {
        assert_eq!(status_with(too_late, &inbox).await, 503, "{too_late}");
    }
    assert_eq!(inbox.messages().len(), 0, "the sender will send it again");
    assert_eq!(status_with(3_000, &inbox).await, 200);
    assert_eq!(inbox.messages().len(), 1);
}

#[tokio::test]
async fn a_clock_that_is_ten_minutes_wrong_lets_nothing_pass_that_signs_its_time() {
    let inbox = Inbox::default();
    let now = Timestamp::now();
    let webhook = Webhook::post("/webhook")
        .body(r#"{"event_type":"order_cancelled"}"#)
        .signed_standard(KEY, "msg_1", now.as_second());
    let by_a_clock = async |minutes| {
        status(&webhook, now + SignedDuration::from_mins(minutes), 3_000, &inbox).await
    };
    assert_eq!((by_a_clock(-10).await, by_a_clock(10).await, by_a_clock(0).await), (401, 401, 200));
    assert_eq!(inbox.messages().len(), 1);
}
