//! What is private, on its way through the queue.

use order_alerts_fakes::{AwsFault, EVERY_OPERATION, Fault, SecretsFault};
use serde_json::json;

use crate::support::private::{NAME, UNREADABLE};
use crate::support::queue::{LONGEST_ABSENCE, VISIBILITY_TIMEOUT, age_rejections, receive_in_vain};
use crate::support::sender::Sender;
use crate::support::webhooks::{generic, private_cancellation, private_order, shopify};
use crate::support::world::{Way, World};

#[tokio::test]
async fn nothing_private_gets_out_by_way_of_the_queue() {
    let world = World::full(Way::Queue, &[("CUSTOMER", "full")]).await;
    let mut sender = Sender::to(&world);
    world.sqs.script("SendMessage", [AwsFault::Reset, AwsFault::Reset]);
    assert_eq!(sender.send(private_cancellation(1)).await, 503);
    assert_eq!(sender.send(private_cancellation(1)).await, 200);
    // Messages that cannot be decoded, and cannot be dead-lettered.
    world.sqs.send("canary message, 1 Tea Street");
    world.sqs.send(r#"{"version":99,"canary message":"canary message"}"#);
    receive_in_vain(&world.sqs, 2);
    world.sqs.script("SendMessage", [AwsFault::error("InternalError", 500), AwsFault::Reset]);
    // A proxy's page instead of Slack's answer, and a connection that breaks.
    world.slack.script([Fault::answer(500, "canary page"), Fault::Reset]);
    sender.consume().await;
    // A ledger that is down, a rejection of every form, a dead address, and no secret.
    world.ledger.fail_with(EVERY_OPERATION, AwsFault::error("InternalServerError", 500));
    world.slack.script([Fault::answer(400, "canary page"), Fault::answer(403, "canary page")]);
    world.secrets.fail_with(SecretsFault::Garbage);
    world.sqs.advance(VISIBILITY_TIMEOUT);
    sender.consume().await;
    // Neither of them answers.
    world.ledger.fail_with(EVERY_OPERATION, AwsFault::Hang);
    world.sqs.fail_with(EVERY_OPERATION, AwsFault::Hang);
    assert_eq!(sender.send(private_cancellation(2)).await, 503);
    // A rejected order becomes a dead letter.
    world.ledger.recover();
    world.sqs.recover();
    world.slack.reject("#1001");
    world.sqs.advance(LONGEST_ABSENCE);
    sender.consume().await;
    age_rejections(&world.ledger);
    world.sqs.advance(LONGEST_ABSENCE);
    sender.consume().await;
    for text in [
        "queue unavailable",
        "dead-letter queue unavailable",
        "undecodable",
        "not posted",
        "ledger unavailable",
        // The most detailed lines are there too.
        r#""level":"DEBUG","message":"acquired the lease""#,
        r#""level":"TRACE","message":"answered""#,
        r#""level":"TRACE","message":"not answered""#,
    ] {
        world.assert_logged(text);
    }
    for line in world.function.logs() {
        let messages = line.matches(r#""message":"#).count();
        assert!(messages <= 1, "a reader keeps one of {messages} messages: {line}");
    }
    sender.finish(&[NAME, UNREADABLE]).await;
}

#[tokio::test]
async fn a_panic_says_nothing_private() {
    let world = World::full(Way::Queue, &[("CUSTOMER", "full")]).await;
    let mut sender = Sender::to(&world);
    assert_eq!(sender.send(private_cancellation(1)).await, 200);
    let mut envelope = world.take_envelope();
    // No sender can do this: so many further items make the sum overflow.
    envelope["events"][0]["items"] = json!(vec![json!({"title": "tea"}); 30]);
    envelope["events"][0]["more_items"] = json!(usize::MAX);
    world.sqs.send(&envelope.to_string());
    assert_eq!(sender.send(private_cancellation(2)).await, 200);
    sender.consume().await;
    age_rejections(&world.ledger);
    world.sqs.advance(LONGEST_ABSENCE);
    sender.consume().await;
    world.assert_logged("panicked");
    assert_eq!(world.sqs.dead_letters().len(), 1);
    sender.finish(&[NAME]).await;
}

/// What is not about one order: alarms, the states of shops, overdue steps and the daily summary.
#[tokio::test]
async fn notices_have_nothing_private() {
    let settings = [
        ("CUSTOMER", "hidden"),
        ("EXPECT", "created -> accepted in 1 min"),
        ("SUMMARY_HOUR", "12"),
        ("RULES", "cancelled -> to kitchen"),
    ];
    let world = World::full(Way::Queue, &settings).await;
    let mut sender = Sender::to(&world);
    let mut created = private_order();
    created["created_at"] = json!("2026-01-01T00:00:00Z");
    let created = shopify("orders/create", &created.to_string());
    let offline =
        json!({"event_type": "store_offline", "shop": "Tea House", "note": "canary secret"});
    for webhook in [created, private_cancellation(1), generic(offline.to_string())] {
        assert_eq!(sender.send(webhook).await, 200);
    }
    let alarm = json!({
        "source": "aws.cloudwatch",
        "alarmArn": "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:kettle",
        "accessToken": "canary secret",
        "alarmData": {"alarmName": "kettle", "state": {"value": "ALARM", "queryResult": "canary secret"}},
    });
    let tick = json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": "canary secret"});
    let unknown = json!({"source": "canary secret", "Records": "canary secret"});
    for event in [alarm, tick.clone(), unknown] {
        sender.invoke(&event).await;
    }
    for fault in [Fault::answer(500, "canary page"), Fault::answer(403, "canary page"), Fault::Pass]
    {
        world.slack.down(fault);
        world.sqs.advance(LONGEST_ABSENCE);
        sender.consume().await;
    }
    world.ledger.fail_with(EVERY_OPERATION, AwsFault::error("InternalServerError", 500));
    sender.invoke(&tick).await;
    assert!(world.shown().contains("kettle"), "{}", world.shown());
    sender.finish(&[]).await;
}
