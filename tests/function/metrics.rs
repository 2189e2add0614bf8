//! The metrics, as the log gives them to CloudWatch.

use std::collections::BTreeMap;

use order_alerts::webhook::request::Body;
use order_alerts_fakes::{AwsFault, EVERY_OPERATION, FakeSlack, Fault, SecretsFault, Webhook};
use serde_json::{Value, json};

use crate::support::queue::{LONGEST_ABSENCE, end_leases};
use crate::support::webhooks::{
    cancellation, creation, event, generic, named, now, shopify, shopify_cancellation, woocommerce,
};
use crate::support::world::{Way, World, key, secret};

type Counts = BTreeMap<(Option<String>, String), f64>;

/// Everything that was counted so far, after a last event that counts nothing.
async fn counted(world: &World) -> Counts {
    let health = Webhook::post("/health").method("GET");
    world.send(&health).await;
    let mut counts = Counts::new();
    for line in world.function.logs() {
        let Ok(document @ Value::Object(_)) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        let Some(directive) = document["_aws"]["CloudWatchMetrics"].get(0) else { continue };
        check(&document, directive);
        for definition in directive["Metrics"].as_array().unwrap() {
            let name = definition["Name"].as_str().unwrap().to_owned();
            let sum = match &document[&name] {
                Value::Array(values) => values.iter().filter_map(Value::as_f64).sum(),
                value => value.as_f64().unwrap(),
            };
            let platform = document["Platform"].as_str().map(str::to_owned);
            *counts.entry((platform, name)).or_default() += sum;
        }
    }
    counts
}

/// The rules of the embedded metric format:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
#[track_caller]
fn check(document: &Value, directive: &Value) {
    let now = jiff::Timestamp::now().as_millisecond();
    let timestamp = document["_aws"]["Timestamp"].as_i64().unwrap();
    assert!((now - 600_000..=now).contains(&timestamp), "{document}");
    assert_eq!(directive["Namespace"], "OrderAlerts");
    let sets = directive["Dimensions"].as_array().unwrap();
    for dimension in sets.iter().flat_map(|set| set.as_array().unwrap()) {
        let value = document[dimension.as_str().unwrap()].as_str().unwrap();
        assert!((1..=1024).contains(&value.len()), "{document}");
        assert!(
            ["order-alerts", "generic", "shopify", "square", "woocommerce"].contains(&value),
            "a dimension names no order: {document}"
        );
    }
    let metrics = directive["Metrics"].as_array().unwrap();
    assert!((1..=100).contains(&metrics.len()), "{document}");
    for metric in metrics {
        assert!(["Count", "Seconds"].contains(&metric["Unit"].as_str().unwrap()), "{document}");
    }
}

#[track_caller]
fn assert_counts(counts: &Counts, expected: &[(Option<&str>, &str, f64)]) {
    let mut expected: Counts = expected
        .iter()
        .map(|(platform, name, count)| ((platform.map(str::to_owned), (*name).to_owned()), *count))
        .collect();
    let mut counts = counts.clone();
    // How long it took depends on the machine.
    counts.retain(|(_, name), _| name != "SecondsToSlack");
    expected.retain(|_, count| *count > 0.0);
    assert_eq!(counts, expected);
}

#[tokio::test]
async fn accepted_events_and_posted_messages_are_counted() {
    let world = World::queued(&[]).await;
    world.accept([cancellation(1)]).await;
    world.consume().await;
    world.accept([cancellation(1)]).await;
    world.accept((2..=5).map(creation)).await;
    world.consume_the_rest().await;
    let counts = counted(&world).await;
    assert_counts(
        &counts,
        &[
            (Some("generic"), "EventsAccepted", 6.0),
            (Some("generic"), "OrdersCancelled", 1.0),
            (Some("generic"), "OrdersCreated", 4.0),
            (Some("generic"), "Duplicates", 1.0),
            (None, "MessagesPosted", 2.0),
            (None, "EventsDigested", 4.0),
        ],
    );
    assert!(counts.contains_key(&(None, "SecondsToSlack".to_owned())), "{counts:?}");
}

/// The alarm that orders have stopped counts accepted events, and a shop that says it is offline is none.
#[tokio::test]
async fn the_state_of_a_shop_is_counted_apart_from_orders() {
    let world = World::queued(&[]).await;
    let offline = named("msg_1", &json!({"event_type": "store_offline", "shop": "Tea House"}));
    world.accept([offline.clone(), offline]).await;
    world.consume_the_rest().await;
    let expected = [(Some("generic"), "StoreEvents", 2.0), (None, "MessagesPosted", 1.0)];
    assert_counts(&counted(&world).await, &expected);
}

/// A timer of the shop that cancels abandoned checkouts must not raise the alarm of cancellations.
#[tokio::test]
async fn a_cancellation_that_was_never_paid_is_counted_apart() {
    let world = World::queued(&[]).await;
    let cancelled = |id: u32, paid: Value| {
        woocommerce(
            "order.updated",
            &json!({"id": id, "number": id, "status": "cancelled", "date_paid": paid, "date_paid_gmt": paid}),
        )
    };
    world.accept([cancelled(1, Value::Null), cancelled(2, json!("2026-01-01T08:00:00"))]).await;
    world.consume().await;
    let platform = Some("woocommerce");
    let expected = [
        (platform, "EventsAccepted", 2.0),
        (platform, "OrdersCancelled", 1.0),
        (platform, "OrdersCancelledUnpaid", 1.0),
        (None, "MessagesPosted", 2.0),
    ];
    assert_counts(&counted(&world).await, &expected);
}

#[tokio::test]
async fn an_order_that_is_posted_late_or_not_at_all_counts_once() {
    let world = World::queued(&[("SHOW_CREATED", "off")]).await;
    world.slack.down(Fault::answer(503, ""));
    world.accept([cancellation(1), creation(2)]).await;
    world.consume().await;
    world.slack.up();
    world.consume_the_rest().await;
    let counts = counted(&world).await;
    let of = |name: &str| counts.get(&(Some("generic".to_owned()), name.to_owned())).copied();
    assert_eq!((of("OrdersCancelled"), of("OrdersCreated")), (Some(1.0), Some(1.0)), "{counts:?}");
    assert!(counts[&(None, "SlackRefused".to_owned())] >= 1.0, "{counts:?}");
}

#[tokio::test]
async fn a_webhook_that_is_not_accepted_is_counted_by_its_reason() {
    let world = World::queued(&[]).await;
    let order = json!({"event_type": "order_cancelled", "order_id": 1});
    let forged = generic(order.to_string()).signed_standard(&key("another"), "msg_1", 0);
    world.send(&forged).await;
    world.send(&generic("no JSON")).await;
    world.send(&generic("no JSON").header("content-type", "text/plain")).await;
    world.send(&shopify("products/update", "{}")).await;
    assert_counts(
        &counted(&world).await,
        &[
            (Some("generic"), "WebhooksRejected", 1.0),
            (Some("generic"), "WebhooksUnreadable", 2.0),
            (Some("shopify"), "WebhooksIgnored", 1.0),
        ],
    );
}

#[tokio::test]
async fn requests_without_any_credential_are_counted_apart_and_are_no_warning() {
    let world = World::start().await;
    for _ in 0..50 {
        let empty =
            Webhook::post("/webhook/shopify").body("{}").header("x-shopify-hmac-sha256", "");
        assert_eq!(world.send(&empty).await.status, 401);
    }
    assert_eq!(world.send(&Webhook::post("/webhook/toast")).await.status, 404);
    assert_counts(
        &counted(&world).await,
        &[(Some("shopify"), "WebhooksUnsigned", 50.0), (None, "WebhooksUnsigned", 1.0)],
    );
    let logs = world.function.logs();
    let unsigned: Vec<_> = logs.iter().filter(|line| line.contains("unsigned request")).collect();
    assert_eq!(unsigned.len(), 50, "{logs:#?}");
    // The one warning is about SLACK_ORIGIN, at the start.
    let warnings =
        logs.iter().filter(|line| line.contains("\"WARN\"") || line.contains("\"ERROR\""));
    assert_eq!(warnings.count(), 1, "{logs:#?}");
}

#[tokio::test]
async fn a_webhook_that_is_sent_to_a_wrong_path_is_counted_as_rejected() {
    let world = World::start().await;
    for path in
        ["/webhook/shopfiy", "/webhooks/shopify", "/prod/webhook/shopify/orders", "/", "/shopify"]
    {
        let mut event = shopify_cancellation().event();
        event["rawPath"] = path.into();
        assert_eq!(world.send_event(event).await.status, 404, "{path}");
    }
    // A known path of another platform.
    let mut event = shopify_cancellation().event();
    event["rawPath"] = "/webhook/woocommerce".into();
    assert_eq!(world.send_event(event).await.status, 401);
    // Not meant for this function.
    let mut event = Webhook::post("/wp-login.php").header("authorization", "Basic eDp5").event();
    assert_eq!(world.send_event(event.clone()).await.status, 404);
    event = shopify_cancellation().method("GET").event();
    event["rawPath"] = "/shopify".into();
    assert_eq!(world.send_event(event).await.status, 404);
    assert_eq!(world.send(&shopify_cancellation().method("GET")).await.status, 405);
    assert_counts(
        &counted(&world).await,
        &[(None, "WebhooksRejected", 5.0), (Some("woocommerce"), "WebhooksRejected", 1.0)],
    );
}

#[tokio::test]
async fn a_body_above_what_lambda_takes_is_a_413_and_counted() {
    let world = World::start().await;
    let large = "x".repeat(Body::MAX_BYTES + 1);
    let signed = shopify("orders/create", &large);
    for webhook in [signed.clone(), signed.base64()] {
        assert_eq!(world.send(&webhook).await.status, 413);
    }
    assert_eq!(world.send(&Webhook::post("/webhook/shopify").body(large)).await.status, 413);
    assert_counts(
        &counted(&world).await,
        &[(Some("shopify"), "WebhooksUnreadable", 2.0), (Some("shopify"), "WebhooksUnsigned", 1.0)],
    );
}

#[tokio::test]
async fn what_needs_attention_is_counted() {
    let world = World::queued(&[]).await;
    let mut parts: Value = serde_json::from_str(&secret(&world.slack.hook_url())).unwrap();
    parts["signing_keys"]["shopify"] = json!(["a newer key of this test", key("shopify")]);
    world.secrets.set(&parts.to_string());
    // The key that does not fit makes the function read the secret again.
    world.send(&shopify_cancellation().signed_shopify("a stranger's key for this")).await;
    world.accept([shopify_cancellation()]).await;
    let order = |id| json!({"event_type": "order_cancelled", "order_id": id});
    world.accept([named("e-1", &order(1))]).await;
    world.accept([named("e-1", &order(2))]).await;
    world.slack.script([Fault::RateLimited(Some("1"))]);
    world.consume_the_rest().await;
    world.sqs.send("no message of ours");
    for _ in 0..3 {
        world.consume_the_rest().await;
    }
    assert_counts(
        &counted(&world).await,
        &[
            (Some("generic"), "EventsAccepted", 2.0),
            (Some("generic"), "OrdersCancelled", 2.0),
            (Some("generic"), "PayloadMismatch", 1.0),
            (Some("shopify"), "EventsAccepted", 1.0),
            (Some("shopify"), "OldKeyUsed", 1.0),
            (Some("shopify"), "OrdersCancelled", 1.0),
            (Some("shopify"), "WebhooksRejected", 1.0),
            (None, "MessagesPosted", 3.0),
            (None, "SlackRateLimited", 1.0),
            (None, "DeadLettered", 1.0),
        ],
    );
}

#[tokio::test]
async fn an_unavailable_service_is_counted() {
    let world = World::queued(&[]).await;
    let broken = AwsFault::Error { kind: "InternalServerError", status: 500 };
    world.ledger.fail_with("PutItem", broken);
    world.accept([cancellation(1)]).await;
    world.consume().await;
    world.secrets.fail_with(SecretsFault::Garbage);
    world.send(&generic("{}").signed_standard(&key("another"), "msg_1", now())).await;
    let counts = counted(&world).await;
    assert!(counts[&(None, "LedgerUnavailable".to_owned())] >= 1.0, "{counts:?}");
    assert!(counts[&(None, "SecretUnavailable".to_owned())] >= 1.0, "{counts:?}");
}

/// How many orders of the generic platform were counted as created and as cancelled.
async fn orders(world: &World) -> (f64, f64) {
    let counts = counted(world).await;
    let of = |name: &str| counts.get(&(Some("generic".to_owned()), name.to_owned())).copied();
    (of("OrdersCreated").unwrap_or_default(), of("OrdersCancelled").unwrap_or_default())
}

#[tokio::test]
async fn an_order_cancelled_before_it_was_posted_counts_as_created() {
    let world = World::queued(&[]).await;
    world.accept([cancellation(1)]).await;
    world.consume().await;
    world.accept([creation(1)]).await;
    world.consume_the_rest().await;
    world.accept([creation(1)]).await;
    world.consume_the_rest().await;
    assert_eq!(world.headlines().len(), 1, "the creation is superseded");
    assert_eq!(orders(&world).await, (1.0, 1.0));
}

#[tokio::test]
async fn an_order_that_waits_for_a_lease_counts_once() {
    let world = World::queued(&[]).await;
    world.accept([cancellation(1)]).await;
    world.consume().await;
    let lease_orders = |until: i64| {
        for (key, mut item) in world.ledger.items() {
            if key.starts_with("order#") {
                item["leased_until"] = json!(until);
                item["owner"] = json!("another");
                world.ledger.put(&key, &item);
            }
        }
    };
    lease_orders(jiff::Timestamp::now().as_millisecond() + 60_000);
    world.accept([creation(1)]).await;
    for _ in 0..2 {
        world.sqs.advance(LONGEST_ABSENCE);
        world.consume().await;
    }
    assert_eq!(world.sqs.messages().len(), 1, "it waits");
    lease_orders(0);
    world.consume_the_rest().await;
    assert_eq!(world.sqs.messages(), []);
    assert_eq!(orders(&world).await, (1.0, 1.0));
}

#[tokio::test]
async fn without_the_ledger_an_order_counts_when_it_is_posted() {
    let world = World::queued(&[("SHOW_CREATED", "off")]).await;
    world.ledger.fail_with(EVERY_OPERATION, AwsFault::error("InternalServerError", 500));
    world.slack.down(Fault::answer(503, ""));
    world.accept([cancellation(1), creation(2)]).await;
    for _ in 0..3 {
        world.sqs.advance(LONGEST_ABSENCE);
        world.consume().await;
    }
    assert_eq!(orders(&world).await, (1.0, 0.0), "an event that is off is complete without a post");
    world.slack.up();
    world.consume_the_rest().await;
    assert_eq!(orders(&world).await, (1.0, 1.0));
}

#[tokio::test]
async fn without_a_ledger_an_order_counts_when_slack_accepts_it() {
    let world = World::start().await;
    world.slack.down(Fault::answer(503, ""));
    for _ in 0..2 {
        assert_eq!(world.send(&cancellation(1)).await.status, 503);
    }
    world.slack.up();
    world.accept([cancellation(1)]).await;
    assert_eq!(orders(&world).await, (0.0, 1.0));
}

#[tokio::test]
async fn a_webhook_that_must_be_retried_is_counted() {
    let world = World::queued(&[]).await;
    let mut parts: Value = serde_json::from_str(&secret(&world.slack.hook_url())).unwrap();
    parts["signing_keys"].as_object_mut().unwrap().remove("shopify");
    world.secrets.set(&parts.to_string());
    // The key that does not fit makes the function read the secret again.
    world.send(&shopify_cancellation().signed_shopify("a stranger's key for this")).await;
    let square = Webhook::post("/webhook/square").body("{}");
    let square = square.header("x-square-hmacsha256-signature", "c2lnbmVk");
    let to_retry = [shopify_cancellation(), square];
    for webhook in &to_retry {
        assert_eq!(world.send(webhook).await.status, 503);
    }
    world.sqs.fail_with("SendMessage", AwsFault::error("InternalFailure", 500));
    assert_eq!(world.send(&cancellation(1)).await.status, 503);
    let counts = counted(&world).await;
    let to_retry =
        |platform: &str| counts.get(&(Some(platform.to_owned()), "WebhooksNotTaken".to_owned()));
    let found = ["shopify", "square", "generic"].map(|platform| to_retry(platform).copied());
    assert_eq!(found, [Some(2.0), Some(1.0), Some(1.0)], "{counts:?}");
}

#[tokio::test]
async fn an_order_without_a_channel_counts_as_a_refusal() {
    let slack = FakeSlack::start().await;
    let world = World::from_parts(Way::Queue, slack, &secret(""), &[]).await;
    world.lambda.ready().await;
    world.accept([cancellation(1)]).await;
    world.consume().await;
    let counts = counted(&world).await;
    assert_eq!(counts.get(&(None, "SlackRefused".to_owned())), Some(&1.0), "{counts:?}");
}

#[tokio::test]
async fn an_unexpected_success_of_slack_is_counted() {
    let world = World::start().await;
    world.slack.script([Fault::answer(200, r#"{"success":true}"#).posted_then()]);
    world.accept([cancellation(1)]).await;
    let counts = counted(&world).await;
    assert_eq!(counts.get(&(None, "SlackUnexpectedReply".to_owned())), Some(&1.0), "{counts:?}");
    assert_eq!(world.headlines().len(), 1, "it is not posted again");
}

#[tokio::test]
async fn a_long_rate_limit_is_a_refusal_and_all_events_of_a_digest_are_digested() {
    let world = World::queued(&[]).await;
    world.accept((1..=4).map(creation)).await;
    world.accept([event("order_modified", 1)]).await;
    world.slack.script([Fault::RateLimited(Some("120"))]);
    world.sqs.advance(LONGEST_ABSENCE);
    world.consume().await;
    let counts = counted(&world).await;
    let of = |name: &str| counts.get(&(None, name.to_owned())).copied();
    assert_eq!((of("SlackRateLimited"), of("SlackRefused")), (Some(1.0), Some(1.0)), "{counts:?}");

    let world = world.restarted(Way::Queue, &[]).await;
    end_leases(&world.ledger);
    world.consume_the_rest().await;
    assert_eq!(world.headlines(), ["🛒 4 new orders"]);
    let counts = counted(&world).await;
    let of = |name: &str| counts.get(&(None, name.to_owned())).copied();
    assert_eq!(of("EventsDigested"), Some(5.0), "{counts:?}");
}
