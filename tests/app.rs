//! The function in this process, with its edges in memory.

#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

use jiff::{SignedDuration, Timestamp};
use order_alerts::app::{App, Served};
use order_alerts::config::Config;
use order_alerts::ledger::Ledger;
use order_alerts::secret::Secret;
use order_alerts::secrets::Secrets;
use order_alerts::slack::{Inbox, Slack};
use order_alerts::wiring::Wiring;
use order_alerts_fakes::Webhook;

const KEY: &str = "the test key of this file";

fn app(inbox: &Inbox) -> App {
    let required = |name: &str| match name {
        "SECRET_ID" => Some("test".to_owned()),
        "DELIVERY" => Some("direct".to_owned()),
        _ => None,
    };
    let secret = serde_json::json!({
        "slack_webhook_url": "https://hooks.slack.com/services/test",
        "signing_keys": {"shopify": KEY},
    });
    App::new(Wiring {
        config: Config::from_env(required).unwrap(),
        secrets: Secrets::fixed(Secret::parse(&secret.to_string()).unwrap()),
        slack: Slack::Inbox(inbox.clone()),
        queue: None,
        ledger: Ledger::none(),
    })
}

async fn status_with(milliseconds_left: i64, inbox: &Inbox) -> i64 {
    let webhook = Webhook::post("/webhook/shopify")
        .header("x-shopify-topic", "orders/cancelled")
        .body(r#"{"id":1}"#)
        .signed_shopify(KEY);
    let now = Timestamp::now();
    let deadline = now + SignedDuration::from_millis(milliseconds_left);
    let event = webhook.event().to_string();
    match app(inbox).handle(&event, "request", now, deadline).await.unwrap() {
        Served::Webhook(answer) => answer.status_code,
        Served::Batch(answer) => panic!("{answer:?}"),
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
