//! The environment.

use order_alerts_fakes::FakeSlack;
use serde_json::json;

use crate::support::world::{
    Way, World, generic, generic_cancellation, shopify, shopify_cancellation, shopify_order,
};

#[tokio::test]
async fn korean_is_spoken_on_request() {
    let world = World::with(&[("LANGUAGE", "ko")]).await;
    let order = json!({"order_number": "A-1", "total": 1_250_000, "currency": "KRW", "reason": "inventory"});
    assert_eq!(world.send(&generic_cancellation(&order)).await.status, 200);
    let shown = world.the_message();
    assert!(shown.starts_with("🚫 주문 A-1 취소 · 1,250,000원\n사유: 재고 부족"), "{shown}");
}

#[tokio::test]
async fn a_customers_name_is_shown_as_the_setting_says() {
    for (setting, name) in
        [("hidden", None), ("initials", Some("A. B.")), ("full", Some("Ada Byron"))]
    {
        let world = World::with(&[("CUSTOMER", setting)]).await;
        assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
        let shown = world.the_message();
        let customer = shown.lines().find_map(|line| line.strip_prefix("Customer: "));
        assert_eq!(customer, name, "{shown}");
    }
}

#[tokio::test]
async fn somebody_is_mentioned_from_an_amount_on() {
    let world = World::with(&[("MENTION", "here"), ("MENTION_ABOVE", "USD 254.98")]).await;
    let mut small = shopify_order();
    small["total_price"] = json!("254.97");
    assert_eq!(world.send(&shopify("orders/cancelled", &small.to_string())).await.status, 200);
    assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
    let messages = world.slack.messages();
    assert!(messages[0].mentions.is_empty());
    assert_eq!(messages[1].mentions.len(), 1, "{:?}", messages[1].mentions);
}

#[tokio::test]
async fn a_kind_can_be_switched_off() {
    let world = World::with(&[("SHOW_MODIFIED", "off")]).await;
    let answer = world.send(&generic(r#"{"event_type":"order_modified"}"#)).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":"accepted"}"#));
    assert_eq!(world.slack.all_requests(), 0);
    assert_eq!(world.send(&generic(r#"{"event_type":"order_created"}"#)).await.status, 200);
    assert!(world.the_message().contains("New order"));
}

#[tokio::test]
async fn a_wrong_setting_stops_the_start_and_is_named() {
    for (name, value, sentence) in [
        ("SECRET_ID", "", "SECRET_ID is not set"),
        ("DELIVERY", "pigeon", "DELIVERY must be `queue` or `direct`"),
        ("QUEUE_URL", "", "QUEUE_URL is not set, and DELIVERY=queue needs it"),
        ("DIGEST_SECONDS", "901", "DIGEST_SECONDS must be a whole number from 1 to 900"),
        ("LANGUAGE", "de", "LANGUAGE must be `en` or `ko`"),
        ("MENTION_ABOVE", "KRW 5", "MENTION_ABOVE is set without MENTION"),
        ("AWS_REGION", "", "AWS_REGION is not set"),
        (
            "SSL_CERT_FILE",
            "/nowhere.pem",
            "SSL_CERT_FILE names a file without readable PEM certificates",
        ),
    ] {
        let slack = FakeSlack::start().await;
        let world = World::from_parts(Way::Queue, slack, "{}", &[(name, value)]).await;
        assert_eq!(world.function.exited().await.code(), Some(1), "{name}");
        let logs = world.function.logs();
        assert!(logs.iter().any(|line| line.contains(sentence)), "{name}: {logs:#?}");
    }
}

#[tokio::test]
async fn another_slack_is_announced_loudly() {
    let world = World::start().await;
    let logs = world.function.logs();
    assert_eq!(logs.len(), 1, "and nothing else is said at a healthy start: {logs:#?}");
    assert!(logs[0].contains("\"WARN\"") && logs[0].contains("SLACK_ORIGIN"), "{logs:#?}");
}
