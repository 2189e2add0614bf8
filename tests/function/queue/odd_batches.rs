//! Batches that SQS or Lambda may hand over and that no test of one message has.

use std::time::Duration;

use order_alerts_fakes::QueuedMessage;
use serde_json::{Value, json};

use crate::support::queue::{assert_no_failures, failures};
use crate::support::webhooks::cancellation;
use crate::support::world::World;

/// The event of a batch with these orders.
async fn batch(world: &World, orders: u32) -> Value {
    world.accept((1..=orders).map(cancellation)).await;
    world.sqs.batch(10).unwrap().event()
}

#[tokio::test]
async fn a_message_without_its_attributes_counts_as_received_once() {
    let world = World::queued(&[]).await;
    let mut event = batch(&world, 4).await;
    let records = event["Records"].as_array_mut().unwrap();
    records[0].as_object_mut().unwrap().remove("attributes");
    records[1]["attributes"] = json!({});
    records[2]["attributes"]["ApproximateReceiveCount"] = json!("many");
    records[3]["attributes"]["ApproximateReceiveCount"] = json!("-1");
    for record in records {
        record.as_object_mut().unwrap().remove("md5OfBody");
        record.as_object_mut().unwrap().remove("messageAttributes");
    }
    assert_no_failures(&world.lambda.invoke(event.to_string()).await);
    world.assert_each_is_named_once(1..=4);
    assert_eq!(world.repeats(), [false]);
}

#[tokio::test]
async fn a_message_that_is_twice_in_a_batch_is_shown_once() {
    let world = World::queued(&[]).await;
    let mut event = batch(&world, 2).await;
    let records = event["Records"].as_array_mut().unwrap();
    let mut again = records[0].clone();
    again["receiptHandle"] = json!("another receipt");
    records.push(again);
    let first = records[0]["messageId"].clone();
    let invocation = world.lambda.invoke(event.to_string()).await;
    world.assert_each_is_named_once(1..=2);
    // Lambda may be told to keep it, and then it is known as a duplicate.
    assert!(failures(&invocation).iter().all(|id| first == **id), "{invocation:?}");
}

/// Of two messages with one id, what one of them needs counts for both: Lambda knows but one.
#[tokio::test]
async fn an_id_whose_second_message_cannot_be_read_is_kept() {
    let world = World::queued(&[]).await;
    let mut event = batch(&world, 1).await;
    let records = event["Records"].as_array_mut().unwrap();
    let mut unreadable = records[0].clone();
    unreadable["body"] = json!("nonsense");
    records.push(unreadable);
    let id = records[0]["messageId"].as_str().unwrap().to_owned();
    assert_eq!(failures(&world.lambda.invoke(event.to_string()).await), [id]);
    world.assert_each_is_named_once(1..=1);
}

/// Far more than SQS takes.
const HUGE: usize = 10_000_000;

#[tokio::test]
async fn a_huge_message_is_kept_and_those_beside_it_are_shown() {
    let world = World::queued(&[]).await;
    let mut event = batch(&world, 3).await;
    let records = event["Records"].as_array_mut().unwrap();
    let nested = format!("{}{}", "[".repeat(HUGE / 2), "]".repeat(HUGE / 2));
    for (record, body) in records.iter_mut().zip(["x".repeat(HUGE), nested]) {
        record["body"] = json!(body);
    }
    let kept: Vec<_> =
        records[..2].iter().map(|it| it["messageId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(failures(&world.lambda.invoke(event.to_string()).await), kept);
    world.assert_each_is_named_once(3..=3);
    world.function.stop().await;
    world.assert_lines_are_short();
}

#[tokio::test]
async fn an_order_of_a_huge_message_is_cut_and_shown() {
    let world = World::queued(&[]).await;
    world.accept([cancellation(1)]).await;
    let mut envelope = world.take_envelope();
    envelope["events"][0]["reason"] = json!("because ".repeat(100_000));
    world.sqs.send(&envelope.to_string());
    assert_no_failures(&world.consume().await);
    world.assert_each_is_named_once(1..=1);
    assert_eq!(world.slack.messages()[0].warnings, Vec::<String>::new());
}

/// SQS has no empty message, and takes none as a dead letter.
#[tokio::test]
async fn a_message_of_nothing_holds_up_no_other() {
    let world = World::queued(&[]).await;
    let mut event = batch(&world, 3).await;
    let records = event["Records"].as_array_mut().unwrap();
    for (record, body) in records.iter_mut().zip(["", " "]) {
        record["body"] = json!(body);
        record["attributes"]["ApproximateReceiveCount"] = json!("3");
    }
    let invocation = world.lambda.invoke(event.to_string()).await;
    world.assert_each_is_named_once(3..=3);
    let dead: Vec<_> = world.sqs.dead_letters().iter().map(|dead| dead.body.clone()).collect();
    let kept = failures(&invocation).len();
    assert_eq!(dead.len() + kept, 2, "one that is neither is lost: {dead:?}");
}

/// An ARN that says nothing of an account is not known to be ours.
#[tokio::test]
async fn a_batch_whose_queue_is_named_oddly_is_refused_and_left() {
    let world = World::queued(&[]).await;
    let event = batch(&world, 1).await;
    let foreign = "the messages are not of the queue that QUEUE_URL names";
    for (arn, error) in [
        (json!(""), foreign),
        (json!("order-alerts"), foreign),
        (json!("arn:aws:sqs:::order-alerts"), foreign),
        (json!(world.sqs.queue_arn().to_uppercase()), foreign),
        (json!(format!("{}/x", world.sqs.queue_arn())), foreign),
        (Value::Null, "the batch cannot be read"),
    ] {
        let mut event = event.clone();
        event["Records"][0]["eventSourceARN"] = arn.clone();
        assert_eq!(world.send_refused(&event.to_string()).await, error, "{arn}");
    }
    assert_eq!(world.slack.all_requests(), 0);
    world.sqs.advance(Duration::from_mins(3));
    let [QueuedMessage { receives, .. }] = world.sqs.messages()[..] else { panic!("it is gone") };
    assert_eq!(receives, 1);
}
