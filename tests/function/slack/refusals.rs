//! Messages that Slack rejects in every form: smaller messages first, and a dead letter in the end.

use jiff::{SignedDuration, Timestamp};
use order_alerts_fakes::Webhook;
use serde_json::{Value, json};

use crate::support::queue::{
    LONGEST_WAIT, age_rejections, assert_no_failures, assert_retried_after, failures,
};
use crate::support::webhooks::{cancellation, generic_cancellation};
use crate::support::world::World;

/// An order with a reason that Slack is going to reject.
fn rejected() -> Webhook {
    generic_cancellation(&json!({"order_id": 99, "order_number": "#99", "reason": "unspeakable"}))
}

#[tokio::test]
async fn of_five_hundred_orders_the_one_that_slack_rejects_is_a_dead_letter_and_the_rest_is_posted()
{
    let world = World::queued(&[]).await;
    world.accept([rejected()]).await;
    let envelope = world.take_envelope();
    world.sqs.send(&envelope.to_string());
    for number in 1_000..1_499 {
        let mut envelope = envelope.clone();
        for (field, text) in [("id", ""), ("number", "#"), ("delivery_id", "msg_")] {
            envelope["events"][0][field] = json!(format!("{text}{number}"));
        }
        envelope["events"][0]["reason"] = json!("customer");
        world.sqs.send(&envelope.to_string());
    }
    world.slack.reject("unspeakable");
    world.consume().await;
    // A slow machine has no time for all posts in one invocation.
    while world.sqs.messages().len() > 1 {
        world.consume_the_rest().await;
    }
    age_rejections(&world.ledger);
    world.consume_the_rest().await;

    world.assert_each_is_named_once(1_000..=1_498);
    assert_eq!(world.sqs.messages(), []);
    let refused = world.slack.refused();
    let last: Value = serde_json::from_slice(&refused.last().unwrap().body).unwrap();
    assert!(last["text"].as_str().unwrap().starts_with("🚫 Order #99 cancelled"), "{last}");
    assert!(last.get("blocks").is_none(), "it was tried as plain text in the end: {last}");
    let (body, reason) = world.the_dead_letter();
    assert_eq!(body.parse::<Value>().unwrap(), envelope, "it alone");
    assert_eq!(reason, "Slack answered 400 `invalid_blocks`");
}

#[tokio::test]
async fn a_dead_letter_that_is_moved_back_after_three_hours_says_so_and_is_posted_once() {
    let world = World::queued(&[]).await;
    world.accept([rejected()]).await;
    let mut envelope = world.take_envelope();
    let received_at = Timestamp::now() - SignedDuration::from_hours(3);
    envelope["events"][0]["received_at"] = json!(received_at.to_string());
    world.sqs.send(&envelope.to_string());
    world.accept([cancellation(1)]).await;
    world.slack.reject("unspeakable");
    world.consume().await;
    age_rejections(&world.ledger);
    world.consume_the_rest().await;

    world.slack.accept_everything();
    let (body, _) = world.the_dead_letter();
    for _ in 0..2 {
        world.sqs.send(&body);
        assert_no_failures(&world.consume().await);
    }
    let [_, dead] = &world.slack.messages()[..] else { panic!("{:?}", world.headlines()) };
    let shown = dead.rendered();
    assert!(shown.starts_with("🚫 Order #99 cancelled\nReason: unspeakable\n"), "{shown}");
    assert!(shown.contains("Alert 3 h late"), "{shown}");
    assert_eq!(world.repeats(), [false, false]);
}

#[tokio::test]
async fn an_order_that_makes_its_writer_panic_is_a_dead_letter_and_the_others_are_posted() {
    let world = World::queued(&[]).await;
    // No sender can do this: so many further items make the sum overflow.
    let items = ["item"; 30];
    let order = json!({"order_id": 98, "items": items});
    world.accept([generic_cancellation(&order)]).await;
    let mut envelope = world.take_envelope();
    envelope["events"][0]["more_items"] = json!(usize::MAX);
    world.sqs.send(&envelope.to_string());
    world.accept((1..=2).map(cancellation)).await;
    assert_eq!(failures(&world.consume().await).len(), 1);
    world.assert_each_is_named_once(1..=2);
    age_rejections(&world.ledger);
    world.consume_the_rest().await;
    assert_eq!(world.the_dead_letter().1, "the message cannot be written");
}

#[tokio::test]
async fn what_slack_rejects_in_every_form_is_retried_before_it_is_a_dead_letter() {
    let world = World::queued(&[]).await;
    world.accept([rejected()]).await;
    world.slack.reject("unspeakable");
    for seconds in [12..=15, 24..=30] {
        assert_eq!(failures(&world.consume().await), [world.the_waiting().id]);
        assert_retried_after(&world.the_waiting(), seconds);
        world.sqs.advance(LONGEST_WAIT);
    }
    assert_eq!((world.slack.all_requests(), world.sqs.dead_letters().len()), (4, 0));
}
