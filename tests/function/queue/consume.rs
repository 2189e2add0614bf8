//! From the queue to Slack: what is posted, and what becomes of each message.

use std::slice;
use std::time::Duration;

use jiff::Timestamp;
use order_alerts_fakes::{AwsFault, Fault, Outcome, QueuedMessage};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::support::queue::{
    LIMIT, VISIBILITY_TIMEOUT, assert_no_failures, assert_retried_after, consume, end_of_lease,
    failures, receive_in_vain,
};
use crate::support::webhooks::{cancellation, creation, shopify_cancellation};
use crate::support::world::{Way, World};

#[track_caller]
fn assert_all_are_visible(messages: &[QueuedMessage]) {
    let is_visible = |message: &QueuedMessage| !message.in_flight && message.visible_in.is_zero();
    assert!(messages.iter().all(is_visible), "{messages:#?}");
}

#[tokio::test]
async fn a_single_order_is_one_message_and_nothing_more_is_received() {
    let world = World::queued(&[]).await;
    world.accept([cancellation(1)]).await;
    let invocation = world.consume().await;
    assert_eq!(invocation.answer(), json!({"batchItemFailures": []}));
    assert!(world.the_message().starts_with("🚫 Order #1 cancelled · KRW 1,000\n"));
    assert_eq!(world.sqs.messages(), []);
    let operations: Vec<_> = world.sqs.calls().into_iter().map(|(name, _)| name).collect();
    assert_eq!(operations, ["SendMessage"], "Lambda deletes its own batch");
}

#[tokio::test]
async fn many_orders_are_one_digest_with_all_that_the_queue_has() {
    let world = World::queued(&[]).await;
    world.accept((1..=25).map(cancellation)).await;
    assert_no_failures(&world.consume().await);
    let shown = world.the_message();
    assert!(shown.starts_with("🚫 25 orders cancelled\n"), "{shown}");
    world.assert_each_is_named_once(1..=25);
    assert_eq!(world.sqs.messages(), []);
    let calls = world.sqs.calls().into_iter();
    let deletions = calls.filter(|(operation, _)| operation == "DeleteMessageBatch");
    let deleted: usize = deletions.map(|(_, call)| call["Entries"].as_array().unwrap().len()).sum();
    assert_eq!(deleted, 15, "Lambda deletes its own ten");
}

#[tokio::test]
async fn an_undecodable_message_fails_alone_twice_and_is_then_dead_lettered() {
    let world = World::queued(&[]).await;
    let nonsense = world.sqs.send("nonsense");
    let failing = slice::from_ref(&nonsense);
    for (receive, failed) in [(1, failing), (2, failing), (3, &[])] {
        world.accept((receive * 9 - 8..=receive * 9).map(cancellation)).await;
        assert_eq!(failures(&world.consume().await), failed, "receive {receive}");
        world.assert_each_is_named_once(1..=receive * 9);
        let kept: Vec<_> = world.sqs.messages().into_iter().map(|message| message.id).collect();
        assert_eq!(kept, failed, "receive {receive}");
        world.sqs.advance(Duration::from_mins(1));
    }
    assert_eq!(world.sqs.dead_letters().len(), 1);
}

/// After a redrive: the minutes since have made up for it.
#[tokio::test]
async fn the_record_of_a_failed_tick_of_the_schedule_is_passed_over() {
    let world = World::queued(&[]).await;
    let tick = json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});
    world.sqs.send(
        &json!({
            "version": "1.0",
            "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
            "requestPayload": tick,
            "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        })
        .to_string(),
    );
    assert_no_failures(&world.consume().await);
    assert_eq!((world.sqs.messages(), world.sqs.dead_letters()), (Vec::new(), Vec::new()));
    assert_eq!(world.slack.all_requests(), 0);
}

#[tokio::test]
async fn a_message_with_a_time_at_the_end_of_time_takes_no_other_along() {
    let settings = [("SUMMARY_HOUR", "8"), ("EXPECT", "created -> accepted in 4 min")];
    let world = World::queued(&settings).await;
    world.accept([cancellation(1)]).await;
    let mut odd: Value = serde_json::from_str(&world.sqs.messages()[0].body).unwrap();
    odd["events"][0]["received_at"] = "9999-12-29T00:00:00Z".into();
    let odd = world.sqs.send(&odd.to_string());
    assert_eq!(failures(&world.consume().await), [odd]);
    world.assert_each_is_named_once(1..=1);
}

#[tokio::test]
async fn an_undecodable_message_is_retried_twice_and_then_dead_lettered_with_its_reason() {
    let world = World::queued(&[]).await;
    let bodies = [
        "nonsense \u{2028} 헛소리",
        "[1,[]]",
        r#"{"version":1,"events":[]}"#,
        r#"{"version":1,"events":[{"kind":"created"}]}"#,
    ];
    let ids = bodies.map(|body| world.sqs.send(body));
    for seconds in [12..=15, 24..=30] {
        let mut failed = failures(&world.consume().await);
        failed.sort();
        assert_eq!(failed, ids);
        for message in world.sqs.messages() {
            assert_retried_after(&message, seconds.clone());
        }
        assert_eq!(world.sqs.dead_letters(), []);
        world.sqs.advance(Duration::from_secs(*seconds.end()));
    }
    assert_no_failures(&world.consume().await);
    assert_eq!(world.sqs.messages(), []);
    let letters = world.sqs.dead_letters();
    assert_eq!(letters.len(), bodies.len());
    for letter in letters {
        assert!(bodies.contains(&letter.body.as_str()), "{letter:#?}");
        let reason = &letter.attributes["reason"]["StringValue"];
        assert_eq!(reason, "the message is not one of this function's");
    }
}

#[tokio::test]
async fn an_order_received_a_hundred_times_in_vain_is_still_posted() {
    let world = World::queued(&[]).await;
    world.accept((1..=4).map(cancellation)).await;
    world.accept([creation(5)]).await;
    world.sqs.advance(Duration::from_secs(62));
    // Lambda receives messages also when it may not invoke the function.
    receive_in_vain(&world.sqs, 100);
    assert_no_failures(&world.consume().await);
    world.assert_each_is_named_once(1..=5);
    world.assert_queues_are_empty();
}

#[tokio::test]
async fn an_undecodable_message_that_the_function_received_itself_is_dead_lettered_too() {
    let world = World::queued(&[]).await;
    world.sqs.send("nonsense");
    receive_in_vain(&world.sqs, 1);
    // Others become visible before its second receive is over, so that Lambda's batch has those.
    drop(world.sqs.batch(10));
    world.accept((1..=10).map(cancellation)).await;
    world.sqs.advance(VISIBILITY_TIMEOUT);
    assert_no_failures(&world.consume().await);
    assert_eq!((world.sqs.messages().len(), world.sqs.dead_letters().len()), (0, 1));
}

#[tokio::test]
async fn a_message_that_the_dead_letter_queue_refuses_stays_in_the_queue() {
    let world = World::queued(&[]).await;
    let nonsense = world.sqs.send("nonsense");
    receive_in_vain(&world.sqs, 2);
    world.sqs.fail_with("SendMessage", AwsFault::error("AccessDenied", 403));
    assert_eq!(failures(&world.consume().await), [nonsense]);
    assert_retried_after(&world.sqs.messages()[0], 48..=60);
    world.sqs.recover();
    world.sqs.advance(Duration::from_mins(1));
    assert_no_failures(&world.consume().await);
    assert_eq!((world.sqs.messages().len(), world.sqs.dead_letters().len()), (0, 1));
}

#[tokio::test]
async fn a_message_of_a_newer_version_waits_for_it_however_often_it_is_received() {
    let world = World::queued(&[]).await;
    let body = r#"{"version":99,"orders":"elsewhere"}"#;
    let newer = world.sqs.send(body);
    for receives in 1..=50 {
        assert_eq!(failures(&world.consume().await), slice::from_ref(&newer));
        let [message] = &world.sqs.messages()[..] else { panic!("{:#?}", world.sqs.messages()) };
        assert_eq!((message.body.as_str(), message.receives), (body, receives));
        assert!(message.visible_in > Duration::from_secs(10), "{message:#?}");
        world.sqs.advance(Duration::from_mins(15));
    }
    assert_eq!(world.sqs.dead_letters(), []);
    world.function.logged("the message was written by a newer version of the function").await;
}

#[tokio::test]
async fn an_empty_batch_succeeds() {
    let world = World::queued(&[]).await;
    let invocation = world.lambda.invoke(r#"{"Records":[]}"#).await;
    assert_eq!(invocation.answer(), json!({"batchItemFailures": []}));
}

#[tokio::test]
async fn a_batch_of_an_unknown_source_fails_the_invocation_and_acknowledges_nothing() {
    let world = World::queued(&[]).await;
    world.accept((1..=2).map(cancellation)).await;
    let event = world.sqs.batch(10).unwrap().event();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut event = event.clone();
        change(&mut event["Records"][1]);
        event.to_string()
    };
    let without = |member: &'static str| {
        changed(&move |record: &mut Value| drop(record.as_object_mut().unwrap().remove(member)))
    };
    let arn = world.sqs.queue_arn();
    let before = world.sqs.calls().len();
    for (event, error) in [
        (
            event.to_string().replace(&arn, &arn.replace("order-alerts", "orders")),
            "the messages are not of the queue that QUEUE_URL names",
        ),
        (
            event.to_string().replace(&arn, &arn.replace("123456789012", "210987654321")),
            "the messages are not of the queue that QUEUE_URL names",
        ),
        (
            changed(&|record| record["eventSourceARN"] = format!("{arn}-2").into()),
            "the batch mixes queues",
        ),
        (without("messageId"), "the batch cannot be read"),
        (without("receiptHandle"), "the batch cannot be read"),
        (without("body"), "the batch cannot be read"),
        (
            changed(&|record| record["eventSource"] = "aws:sns".into()),
            "the event is of no known kind",
        ),
        (without("eventSource"), "the event is of no known kind"),
    ] {
        assert_eq!(world.send_refused(&event).await, error, "{event}");
    }
    assert_eq!((world.sqs.calls().len(), world.slack.all_requests()), (before, 0));
}

#[tokio::test]
async fn with_direct_delivery_a_batch_is_an_error() {
    let world = World::start().await;
    world.sqs.send("1");
    let event = world.sqs.batch(10).unwrap().event().to_string();
    let error = "the messages are not of the queue that QUEUE_URL names";
    assert_eq!(world.send_refused(&event).await, error);
}

#[tokio::test]
async fn with_too_little_time_left_nothing_is_posted_and_all_is_retried_immediately() {
    let world = World::with_timeout(Way::Queue, Duration::from_secs(6)).await;
    world.accept((1..=12).map(cancellation)).await;
    let batch: Vec<_> =
        world.sqs.messages().into_iter().take(10).map(|message| message.id).collect();
    assert_eq!(failures(&world.consume().await), batch);
    assert_eq!(world.slack.all_requests(), 0);
    let messages = world.sqs.messages();
    assert_eq!(messages.len(), 12);
    assert_all_are_visible(&messages);

    // Nothing was left behind that would keep another invocation from posting them.
    let (lambda, _function) = world.another(Way::Queue, &[]).await;
    assert_no_failures(&consume(&world.sqs, &lambda).await.unwrap());
    assert!(!world.the_message().contains("repeat"));
    world.assert_each_is_named_once(1..=12);
}

#[tokio::test]
async fn what_there_was_no_time_left_to_post_comes_back_at_its_turn() {
    // Enough for two posts, and never for a third.
    let world = World::with_timeout(Way::Queue, Duration::from_secs(9)).await;
    world.accept((1..=3).map(cancellation)).await;
    let failed = failures(&world.consume().await);
    let waiting = world.sqs.messages();
    assert!(!waiting.is_empty());
    for message in &waiting {
        assert_retried_after(message, 0..=2);
    }
    assert_eq!(waiting.into_iter().map(|message| message.id).collect::<Vec<_>>(), failed);
    assert_eq!(world.slack.all_requests() + failed.len(), 3);

    while !world.sqs.messages().is_empty() {
        world.sqs.advance(Duration::from_secs(2));
        world.consume().await;
    }
    world.assert_each_is_named_once(1..=3);
}

#[tokio::test]
async fn a_dead_letter_queue_that_hangs_does_not_delay_the_answer() {
    let world = World::with_timeout(Way::Queue, Duration::from_secs(6)).await;
    let nonsense: Vec<_> =
        (0..10).map(|number| world.sqs.send(&format!("nonsense {number}"))).collect();
    receive_in_vain(&world.sqs, 2);
    world.sqs.fail_with("SendMessage", AwsFault::Hang);
    assert_eq!(failures(&world.consume().await), nonsense);
    for message in world.sqs.messages() {
        assert_retried_after(&message, 48..=60);
    }
}

#[tokio::test]
async fn a_queue_that_hangs_does_not_delay_the_answer() {
    let world = World::with_timeout(Way::Queue, Duration::from_secs(2)).await;
    world.accept((1..=12).map(cancellation)).await;
    world.sqs.fail_with("ChangeMessageVisibilityBatch", AwsFault::Hang);
    assert_eq!(failures(&world.consume().await).len(), 10);
    assert_eq!(world.sqs.messages().len(), 12);
}

#[tokio::test]
async fn a_lease_expires_before_its_message_is_visible_again() {
    let world = World::with_timeout(Way::Queue, Duration::from_mins(15)).await;
    world.accept([cancellation(1)]).await;
    world.slack.script([Fault::Slow(LIMIT).posted_then()]);
    let batch = world.sqs.batch(10).unwrap();
    let visible_again = Timestamp::now().as_millisecond() + 180_000;
    let (_, lease) = tokio::join!(world.lambda.invoke(batch.event().to_string()), async {
        world.slack.wait_for(1, LIMIT).await;
        let lease = end_of_lease(&world.ledger);
        world.function.stop().await;
        lease
    });
    assert!(lease < visible_again, "{lease} is after {visible_again}");
}

#[tokio::test]
async fn a_crash_between_marking_delivered_and_the_answer_repeats_nothing() {
    let world = World::queued(&[]).await;
    assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
    let is_marked = || {
        let items = world.ledger.items();
        let mut of_orders = items.iter().filter(|(key, _)| !key.starts_with("turn#"));
        !items.is_empty() && of_orders.all(|(_, item)| item["leased_until"] == 0)
    };
    // It counts the cancellation after that.
    world.ledger.fail_with("GetItem", AwsFault::Hang);
    let crash = async {
        let marked = async {
            while !is_marked() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(10), marked).await.unwrap();
        world.function.stop().await;
    };
    let (invocation, ()) = tokio::join!(world.consume(), crash);
    assert_eq!(invocation.outcome, Outcome::Exited);

    world.ledger.recover();
    world.sqs.advance(VISIBILITY_TIMEOUT);
    let (lambda, _function) = world.another(Way::Queue, &[]).await;
    assert_no_failures(&consume(&world.sqs, &lambda).await.unwrap());
    assert_eq!(world.sqs.messages(), []);
    assert_eq!(world.slack.all_requests(), 1);
}
