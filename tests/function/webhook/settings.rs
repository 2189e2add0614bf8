//! The environment.

use std::time::Duration;

use order_alerts_fakes::FakeSlack;
use serde_json::json;

use crate::support::queue::assert_no_failures;
use crate::support::webhooks::{
    generic_cancellation, shopify, shopify_cancellation, shopify_order,
};
use crate::support::world::{Way, World};

#[tokio::test]
async fn messages_are_in_korean_on_request() {
    let world = World::with(&[("LANGUAGE", "ko")]).await;
    let order = json!({"order_number": "A-1", "total": 1_250_000, "currency": "KRW", "reason": "inventory"});
    assert_eq!(world.send(&generic_cancellation(&order)).await.status, 200);
    let shown = world.the_message();
    assert!(shown.starts_with("🚫 주문 취소 A-1 · 1,250,000원\n사유: 재고 부족"), "{shown}");
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
async fn an_order_above_an_amount_has_a_mention() {
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
async fn an_event_whose_kind_is_off_is_accepted_and_not_posted() {
    let off = [("SHOW_CANCELLED", "off"), ("SHOW_CREATED", "off"), ("SHOW_MODIFIED", "off")];
    for way in [Way::Direct, Way::Queue] {
        let world = World::by(way, &off).await;
        let mut order = shopify_order();
        for (id, topic) in [(1, "orders/cancelled"), (2, "orders/create"), (3, "orders/updated")] {
            order["id"] = json!(id);
            let answer = world.send(&shopify(topic, &order.to_string())).await;
            assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":"accepted"}"#));
        }
        if way == Way::Queue {
            world.sqs.advance(Duration::from_secs(62));
            assert_no_failures(&world.consume().await);
        }
        world.assert_queues_are_empty();
        assert_eq!(world.slack.all_requests(), 0);
    }
}

#[tokio::test]
async fn an_unreadable_amount_mentions_no_one_and_is_logged_and_counted() {
    let world = World::with(&[("MENTION", "here"), ("MENTION_ABOVE", "RMB 500")]).await;
    for _ in 0..2 {
        assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
    }
    let messages = world.slack.messages();
    assert_eq!(messages.len(), 2);
    assert!(messages.iter().all(|message| message.mentions.is_empty()), "{messages:?}");
    let logs = world.function.logs();
    let lines: Vec<_> = logs.iter().filter(|line| line.contains("unreadable setting")).collect();
    let [line] = lines[..] else { panic!("one line: {logs:#?}") };
    for part in ["\"ERROR\"", "MENTION_ABOVE", "`KRW:500000`", "no mention"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(logs.iter().all(|line| !line.contains("RMB")), "the value is not logged: {logs:#?}");
    let counts = logs.iter().filter(|line| line.contains("\"SettingsUnreadable\":1.0"));
    assert_eq!(counts.count(), 1, "at the first invocation only: {logs:#?}");
}

#[tokio::test]
async fn an_unreadable_setting_has_its_default() {
    let unreadable = [
        ("DELIVERY", "pigeon"),
        ("SHOW_CANCELLED", "Each"),
        ("DIGEST_SECONDS", "901"),
        ("LANGUAGE", "de"),
        ("MENTION_ABOVE", "KRW 5"),
    ];
    let world = World::queued(&unreadable).await;
    world.accept([shopify_cancellation()]).await;
    assert_no_failures(&world.consume().await);
    assert!(world.the_message().starts_with("🚫 Order #1001 cancelled"), "{}", world.the_message());
    let logs = world.function.logs();
    for (name, _) in unreadable {
        let names = |line: &&String| line.contains("unreadable setting") && line.contains(name);
        assert_eq!(logs.iter().filter(names).count(), 1, "{name}: {logs:#?}");
    }
    assert!(logs.iter().any(|line| line.contains("\"SettingsUnreadable\":5.0")), "{logs:#?}");
}

#[tokio::test]
async fn an_unreadable_rule_is_passed_over_logged_and_counted() {
    let rules = "paid -> off\nrefund -> off; canceled -> to a b\n";
    let world = World::with(&[("RULES", rules)]).await;
    for _ in 0..2 {
        assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
    }
    assert_eq!(world.slack.messages().len(), 2);
    let logs = world.function.logs();
    let lines: Vec<_> = logs.iter().filter(|line| line.contains("unreadable rule")).collect();
    let [first, second] = lines[..] else { panic!("two lines: {logs:#?}") };
    for part in ["\"WARN\"", "\"line\":2", "\"word\":\"refund\"", "did you mean `refunded`?"] {
        assert!(first.contains(part), "{part}: {first}");
    }
    assert!(second.contains("\"line\":3") && second.contains("`cancelled`"), "{second}");
    let counts = logs.iter().filter(|line| line.contains("\"RulesUnreadable\":2.0"));
    assert_eq!(counts.count(), 1, "at the first invocation only: {logs:#?}");
}

#[tokio::test]
async fn only_what_no_default_replaces_stops_the_start_and_is_named() {
    let not_set = "is not set, and it is needed unless DELIVERY is `direct`";
    for (name, value, sentence) in [
        ("SECRET_ID", "", "SECRET_ID is not set"),
        ("QUEUE_URL", "", &format!("QUEUE_URL {not_set}")),
        ("QUEUE_URL", "orders", "QUEUE_URL must be the URL of an SQS queue"),
        ("DEAD_LETTER_QUEUE_URL", "", &format!("DEAD_LETTER_QUEUE_URL {not_set}")),
        ("AWS_REGION", "", "AWS_REGION is not set"),
        ("AWS_ACCESS_KEY_ID", "", "AWS_ACCESS_KEY_ID is not set"),
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
async fn another_slack_origin_is_warned_of_at_the_start() {
    let world = World::start().await;
    let logs = world.function.logs();
    assert_eq!(logs.len(), 1, "and nothing else is logged at a healthy start: {logs:#?}");
    assert!(logs[0].contains("\"WARN\"") && logs[0].contains("SLACK_ORIGIN"), "{logs:#?}");
}
