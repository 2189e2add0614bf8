//! The way into the queue: an order is stored there before its sender gets a 200.

use std::time::Duration;

use order_alerts_fakes::{
    AwsFault, EVERY_OPERATION, FakeSlack, Fault, Invocation, Outcome, SecretsFault, Webhook,
};
use serde_json::{Value, json};

use crate::support::queue::{LIMIT, assert_no_failures};
use crate::support::webhooks::{
    generic_cancellation, now, private_order, shopify, shopify_cancellation, shopify_order,
};
use crate::support::world::{Way, World, secret};

/// How often the function asked the queue to take a message.
fn sends(world: &World) -> usize {
    calls(world, "SendMessage").len()
}

/// The requests for this operation of the queue so far.
fn calls(world: &World, operation: &str) -> Vec<Value> {
    let calls = world.sqs.calls().into_iter();
    calls.filter_map(|(name, call)| (name == operation).then_some(call)).collect()
}

async fn invoke(world: &World, webhook: &Webhook) -> Invocation {
    world.lambda.invoke(webhook.event_bytes()).await
}

#[tokio::test]
async fn an_order_is_in_the_queue_before_it_is_answered_and_no_other_service_is_called() {
    let world = World::queued(&[]).await;
    world.slack.script([Fault::Hang, Fault::Reset, Fault::RateLimited(Some("900"))]);
    for fault in [AwsFault::Hang, AwsFault::Reset, AwsFault::error("InternalServerError", 500)] {
        world.ledger.fail_with(EVERY_OPERATION, fault);
        let queued = world.sqs.messages().len();
        let answer = world.send(&shopify_cancellation()).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":"accepted"}"#));
        assert_eq!(world.sqs.messages().len(), queued + 1);
    }
    assert_eq!((world.slack.all_requests(), world.ledger.calls().len()), (0, 0));
}

#[tokio::test]
async fn a_queue_message_has_only_what_slack_may_show_in_ascii() {
    let world = World::queued(&[]).await;
    let mut order = private_order();
    order["line_items"] = json!([{"name": "티 \u{FFFF}세트 🍵", "quantity": 2}]);
    let webhook = shopify("orders/cancelled", &order.to_string());
    assert_eq!(world.send(&webhook).await.status, 200);
    let [message] = &world.sqs.messages()[..] else { panic!("{:#?}", world.sqs.messages()) };
    assert!(message.body.is_ascii(), "{}", message.body);
    assert!(!message.body.to_lowercase().contains("canary"), "{}", message.body);
    assert!(message.attributes.is_empty(), "{:#?}", message.attributes);
}

#[tokio::test]
async fn an_event_with_mode_immediate_is_not_delayed() {
    let world = World::queued(&[("SHOW_CREATED", "each")]).await;
    for topic in ["orders/cancelled", "orders/create"] {
        let webhook = shopify(topic, &shopify_order().to_string());
        assert_eq!(world.send(&webhook).await.status, 200, "{topic}");
    }
    let waits: Vec<_> = world.sqs.messages().iter().map(|message| message.visible_in).collect();
    assert_eq!(waits, [Duration::ZERO, Duration::ZERO]);
}

#[tokio::test]
async fn an_event_of_a_digest_is_hidden_until_two_seconds_after_its_window() {
    for (length, settings) in
        [(60, &[][..]), (7, &[("DIGEST_SECONDS", "7")]), (900, &[("DIGEST_SECONDS", "900")])]
    {
        let world = World::queued(settings).await;
        for topic in ["orders/create", "orders/updated"] {
            let before = now();
            let webhook = shopify(topic, &shopify_order().to_string());
            assert_eq!(world.send(&webhook).await.status, 200, "{topic}");
            let due = |second: i64| (second / length + 1) * length + 2 - second;
            let delays: Vec<_> = (before..=now()).map(|second| due(second).min(900)).collect();

            let asked = calls(&world, "SendMessage").pop().unwrap()["DelaySeconds"].as_i64();
            assert!(delays.contains(&asked.unwrap()), "{asked:?} is none of {delays:?}");
            let left = world.sqs.messages().pop().unwrap().visible_in;
            assert!(left > Duration::ZERO, "{topic} of {length} seconds");
        }
    }
}

#[tokio::test]
async fn a_queue_that_fails_is_tried_twice_and_the_sender_must_retry() {
    let world = World::queued(&[]).await;
    for fault in [
        AwsFault::error("InternalError", 500),
        AwsFault::error("ServiceUnavailable", 503),
        AwsFault::error("RequestThrottled", 400),
        AwsFault::Reset,
        AwsFault::Hang,
    ] {
        world.sqs.fail_with("SendMessage", fault.clone());
        let before = sends(&world);
        let invocation = invoke(&world, &shopify_cancellation()).await;
        assert!(invocation.took < Duration::from_secs(3), "{fault:?}: {:?}", invocation.took);
        let answer = invocation.answer();
        assert_eq!(answer["statusCode"], 503, "{fault:?}");
        assert_eq!(answer["headers"]["retry-after"], "15", "{fault:?}");
        assert_eq!(sends(&world) - before, 2, "{fault:?}");
    }
    assert_eq!(world.sqs.messages(), []);
    world.sqs.recover();
    assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
}

#[tokio::test]
async fn a_queue_that_refuses_the_order_is_not_tried_again_and_the_log_says_why() {
    let world = World::queued(&[]).await;
    world.sqs.fail_with("SendMessage", AwsFault::error("AccessDenied", 403));
    assert_eq!(world.send(&shopify_cancellation()).await.status, 503);
    assert_eq!(sends(&world), 1);
    let why = "queue unavailable";
    let logs = world.function.logs();
    let is_it = |line: &String| line.contains(why) && line.contains("SQS refused: AccessDenied");
    assert!(logs.iter().any(is_it), "{logs:#?}");
}

#[tokio::test]
async fn one_failure_of_the_queue_is_retried_without_the_sender() {
    let world = World::queued(&[]).await;
    for fault in [
        AwsFault::error("InternalError", 500),
        AwsFault::error("RequestThrottled", 400),
        AwsFault::Reset,
        AwsFault::Hang,
    ] {
        world.sqs.script("SendMessage", [fault.clone()]);
        let queued = world.sqs.messages().len();
        assert_eq!(world.send(&shopify_cancellation()).await.status, 200, "{fault:?}");
        assert_eq!(world.sqs.messages().len(), queued + 1, "{fault:?}");
    }
}

#[tokio::test]
async fn an_order_that_is_in_the_queue_twice_is_one_message() {
    let world = World::queued(&[]).await;
    world.sqs.script("SendMessage", [AwsFault::Reset.done_then()]);
    assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
    assert_eq!(world.sqs.messages().len(), 2, "the answer to the first was lost");
    world.consume().await;
    // The second waits until the first one's lease would have ended.
    world.sqs.advance(Duration::from_mins(1));
    assert_no_failures(&world.consume().await);
    assert_eq!(world.sqs.messages(), []);
    assert!(world.the_message().contains("Order #1001 cancelled"));
}

/// Stops the function at this moment of its way to the queue; its sender gets a 5xx.
async fn crash(world: &World, moment: impl Future<Output = ()>) {
    let webhook = shopify_cancellation();
    let (invocation, _) = tokio::join!(invoke(world, &webhook), async {
        moment.await;
        world.function.stop().await
    });
    assert_eq!(invocation.outcome, Outcome::Exited);
}

#[tokio::test]
async fn an_order_that_a_crash_kept_from_the_queue_is_posted_when_its_sender_retries() {
    let world = World::queued(&[]).await;
    world.sqs.script("SendMessage", [AwsFault::Hang]);
    crash(&world, world.sqs.called("SendMessage")).await;
    assert_eq!(world.sqs.messages(), []);

    let world = world.restarted(Way::Queue, &[]).await;
    world.accept([shopify_cancellation()]).await;
    world.consume_the_rest().await;
    assert!(world.the_message().contains("Order #1001 cancelled"));
}

#[tokio::test]
async fn an_order_queued_before_a_crash_is_posted_once_though_its_sender_retries() {
    let world = World::queued(&[]).await;
    world.sqs.script("SendMessage", [AwsFault::Hang.done_then()]);
    crash(&world, world.sqs.wait_until(|messages| messages.len() == 1, LIMIT)).await;

    let world = world.restarted(Way::Queue, &[]).await;
    world.accept([shopify_cancellation()]).await;
    world.consume().await;
    world.consume_the_rest().await;
    assert!(world.the_message().contains("Order #1001 cancelled"));
}

#[tokio::test]
async fn characters_that_sqs_refuses_do_not_keep_an_order_from_the_channel() {
    let world = World::queued(&[("CUSTOMER", "full")]).await;
    let order = json!({
        "order_id": "1\u{FFFE}2",
        "customer": "김\u{FFFF}민수 \u{0}🍵",
        "items": ["티 \u{1}세트 \u{FFFE}👩\u{200D}🍳"],
        "reason": "재고\u{7F} 부족\u{FFFF}",
    });
    assert_eq!(world.send(&generic_cancellation(&order)).await.status, 200);
    assert_no_failures(&world.consume().await);
    let shown = world.the_message();
    let lines: Vec<_> = shown.lines().take(4).collect();
    assert_eq!(
        lines,
        [
            "🚫 Order #12 cancelled",
            "Reason: 재고 부족",
            "Customer: 김민수 🍵",
            "티 세트 👩\u{200D}🍳",
        ]
    );
}

#[tokio::test]
async fn without_the_secret_nothing_is_queued() {
    let slack = FakeSlack::start().await;
    let text = secret(&slack.hook_url());
    let world = World::from_parts(Way::Queue, slack, "no JSON", &[]).await;
    world.lambda.ready().await;
    for fault in [SecretsFault::Error("AccessDeniedException"), SecretsFault::Garbage] {
        world.secrets.fail_with(fault);
        let answer = world.send(&shopify_cancellation()).await;
        assert_eq!((answer.status, &answer.headers["retry-after"]), (503, &json!("15")));
    }
    assert_eq!(world.sqs.calls(), []);
    world.secrets.recover();
    world.secrets.set(&text);
    assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
}

#[tokio::test]
async fn a_verified_order_is_accepted_though_no_channel_is_connected() {
    let slack = FakeSlack::start().await;
    let world = World::from_parts(Way::Queue, slack, &secret(""), &[]).await;
    assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
    assert_eq!(world.sqs.messages().len(), 1);
}

#[tokio::test]
async fn the_first_webhook_finds_its_connection_to_the_queue_open() {
    let world = World::queued(&[]).await;
    assert_eq!((world.sqs.server().connections(), world.sqs.server().requests()), (1, 0));
    assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
    assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
    assert_eq!(world.sqs.server().connections(), 1, "one connection serves them all");
}
