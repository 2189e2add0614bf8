//! From the queue to Slack: what is shown, and what becomes of each message.

use std::ops::RangeInclusive;
use std::slice;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use order_alerts_fakes::{
    AwsFault, FakeDynamoDb, FakeSecretsManager, FakeSlack, FakeSqs, Fault, Invocation, Outcome,
    QueuedMessage, RuntimeApi, Webhook,
};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::support::webhooks::{LIMIT, end_of_lease};
use crate::support::world::{
    Way, World, generic, generic_cancellation, secret, shopify_cancellation, start_function,
};

/// The queue's own visibility time-out.
pub(crate) const OUT_OF_SIGHT: Duration = Duration::from_mins(3);

/// Two consumers together keep to one post a second.
pub(crate) const GAP: Duration = Duration::from_secs(2);

/// The cancellation of an order that people call `N007`.
pub(crate) fn cancellation(number: usize) -> Webhook {
    generic_cancellation(&json!({"order_id": number, "order_number": format!("N{number:03}")}))
}

/// Sends the cancellations of these orders.
pub(crate) async fn cancel(world: &World, numbers: RangeInclusive<usize>) {
    for number in numbers {
        assert_eq!(world.send(&cancellation(number)).await.status, 200);
    }
}

/// Hands a sandbox what is visible in the queue, ten messages at most.
pub(crate) async fn consume_by(lambda: &RuntimeApi, sqs: &FakeSqs) -> Invocation {
    let batch = sqs.batch(10).expect("a message is visible");
    let invocation = lambda.invoke(batch.event().to_string()).await;
    batch.settle(&invocation.outcome);
    invocation
}

/// The ids of the messages that Lambda must keep.
#[track_caller]
pub(crate) fn failures(invocation: &Invocation) -> Vec<String> {
    let Outcome::Answered(answer) = &invocation.outcome else { panic!("{invocation:?}") };
    let failures = answer["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

/// Receives everything so often as if by functions that crashed at once.
pub(crate) fn receive_in_vain(sqs: &FakeSqs, times: usize) {
    for _ in 0..times {
        drop(sqs.batch(10).expect("a message is visible"));
        sqs.advance(OUT_OF_SIGHT);
    }
}

/// The times, in seconds, for which the function has put messages out of sight so far.
pub(crate) fn waits(sqs: &FakeSqs) -> Vec<u64> {
    let calls = sqs.calls().into_iter();
    let changes = calls.filter(|(operation, _)| operation == "ChangeMessageVisibilityBatch");
    let entries = changes.flat_map(|(_, call)| call["Entries"].as_array().unwrap().clone());
    entries.map(|entry| entry["VisibilityTimeout"].as_u64().unwrap()).collect()
}

/// The message was given back a moment ago, to be seen after a time within `seconds`.
#[track_caller]
pub(crate) fn assert_comes_back(message: &QueuedMessage, seconds: RangeInclusive<u64>) {
    let (least, most) = seconds.into_inner();
    // After that the function rests, so some of the time is over.
    let rest = Duration::from_secs(4);
    let left = message.visible_in;
    let is_so = left + rest > Duration::from_secs(least) && left <= Duration::from_secs(most);
    assert!(is_so, "{least} to {most} seconds: {message:#?}");
}

/// The text of all messages in the channel.
pub(crate) fn shown(slack: &FakeSlack) -> String {
    slack.messages().iter().map(|message| message.rendered() + "\n").collect()
}

#[track_caller]
fn assert_each_is_shown_once(slack: &FakeSlack, numbers: RangeInclusive<usize>) {
    let shown = shown(slack);
    for number in numbers {
        assert_eq!(shown.matches(&format!("N{number:03}")).count(), 1, "N{number:03}: {shown}");
    }
}

fn nothing() -> Vec<String> {
    Vec::new()
}

fn operations(sqs: &FakeSqs) -> Vec<String> {
    sqs.calls().into_iter().map(|(operation, _)| operation).collect()
}

/// A function that Lambda ends after this time.
async fn with_time_out(time: Duration) -> World {
    let slack = FakeSlack::start().await;
    let secrets = FakeSecretsManager::start(&secret(&slack.hook_url())).await;
    let lambda = RuntimeApi::with_timeout(time).await;
    let (sqs, ledger) = (FakeSqs::start().await, FakeDynamoDb::start().await);
    let function = start_function(Way::Queue, &slack, &secrets, &sqs, &ledger, &lambda, &[]);
    lambda.ready().await;
    World { slack, secrets, sqs, ledger, lambda, function }
}

/// Ends all leases, as when their time is over.
fn end_leases(ledger: &FakeDynamoDb) {
    for (key, mut item) in ledger.items() {
        if item["leased_until"] != 0 {
            item["leased_until"] = json!(1);
            ledger.put(&key, &item);
        }
    }
}

#[tokio::test]
async fn an_order_in_quiet_times_is_one_message_and_nothing_is_drained() {
    let world = World::queued(&[]).await;
    cancel(&world, 1..=1).await;
    let invocation = world.consume().await;
    let rested = world.slack.messages()[0].at.elapsed();
    assert_eq!(invocation.clone().answer(), json!({"batchItemFailures": []}));
    assert!(invocation.took >= Duration::from_millis(2_100), "{:?}", invocation.took);
    assert!(rested >= GAP, "{rested:?}");
    assert!(world.the_message().starts_with("🚫 Order N001 cancelled\n"));
    assert_eq!(world.sqs.messages(), []);
    assert_eq!(operations(&world.sqs), ["SendMessage"], "Lambda deletes what it handed over");
}

#[tokio::test]
async fn three_orders_are_three_messages_at_slacks_pace() {
    let world = World::queued(&[]).await;
    cancel(&world, 1..=3).await;
    assert_eq!(failures(&world.consume().await), nothing());
    let messages = world.slack.messages();
    let headlines: Vec<_> = messages
        .iter()
        .map(|message| message.rendered().lines().next().unwrap().to_owned())
        .collect();
    assert_eq!(
        headlines,
        ["🚫 Order N001 cancelled", "🚫 Order N002 cancelled", "🚫 Order N003 cancelled"]
    );
    let arrivals = world.slack.arrivals();
    assert!(arrivals.is_sorted_by(|one, next| *next - *one >= GAP), "{arrivals:?}");
}

#[tokio::test]
async fn many_orders_are_one_digest_with_what_else_the_queue_holds() {
    let world = World::queued(&[]).await;
    cancel(&world, 1..=25).await;
    assert_eq!(failures(&world.consume().await), nothing());
    let shown = world.the_message();
    assert!(shown.starts_with("🚫 25 orders cancelled\n"), "{shown}");
    assert_each_is_shown_once(&world.slack, 1..=25);
    assert_eq!(world.sqs.messages(), []);
    let calls = world.sqs.calls().into_iter();
    let deletes = calls.filter(|(operation, _)| operation == "DeleteMessageBatch");
    let by_hand: usize = deletes.map(|(_, call)| call["Entries"].as_array().unwrap().len()).sum();
    assert_eq!(by_hand, 15, "Lambda deletes the ten that it handed over");
}

#[tokio::test]
async fn a_message_that_cannot_be_read_fails_alone_twice_and_is_then_a_dead_letter() {
    let world = World::queued(&[]).await;
    let nonsense = world.sqs.send("nonsense");
    let failing = slice::from_ref(&nonsense);
    for (receive, failed) in [(1, failing), (2, failing), (3, &[])] {
        cancel(&world, receive * 9 - 8..=receive * 9).await;
        assert_eq!(failures(&world.consume().await), failed, "receive {receive}");
        assert_each_is_shown_once(&world.slack, 1..=receive * 9);
        let kept: Vec<_> = world.sqs.messages().into_iter().map(|message| message.id).collect();
        assert_eq!(kept, failed, "receive {receive}");
        world.sqs.advance(Duration::from_mins(1));
    }
    assert_eq!(world.sqs.dead_letters().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_read_comes_back_twice_and_is_then_a_dead_letter_with_its_reason() {
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
            assert_comes_back(&message, seconds.clone());
        }
        assert_eq!(world.sqs.dead_letters(), []);
        world.sqs.advance(Duration::from_secs(*seconds.end()));
    }
    assert_eq!(failures(&world.consume().await), nothing());
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
async fn what_was_received_a_hundred_times_in_vain_is_told_at_last() {
    let world = World::queued(&[]).await;
    cancel(&world, 1..=4).await;
    let created = json!({"event_type": "order_created", "order_id": 5, "order_number": "N005"});
    assert_eq!(world.send(&generic(created.to_string())).await.status, 200);
    world.sqs.advance(Duration::from_secs(62));
    // Lambda receives messages also when it may not invoke the function.
    receive_in_vain(&world.sqs, 100);
    assert_eq!(failures(&world.consume().await), nothing());
    assert_each_is_shown_once(&world.slack, 1..=5);
    assert_eq!((world.sqs.messages(), world.sqs.dead_letters()), (vec![], vec![]));
}

#[tokio::test]
async fn what_was_drained_and_cannot_be_read_is_set_aside_too() {
    let world = World::queued(&[]).await;
    world.sqs.send("nonsense");
    receive_in_vain(&world.sqs, 1);
    // Others become visible before its second receive is over, so that Lambda takes those.
    drop(world.sqs.batch(10));
    cancel(&world, 1..=10).await;
    world.sqs.advance(OUT_OF_SIGHT);
    assert_eq!(failures(&world.consume().await), nothing());
    assert_eq!((world.sqs.messages().len(), world.sqs.dead_letters().len()), (0, 1));
}

#[tokio::test]
async fn what_the_dead_letter_queue_refuses_stays_in_the_queue() {
    let world = World::queued(&[]).await;
    let nonsense = world.sqs.send("nonsense");
    receive_in_vain(&world.sqs, 2);
    world.sqs.fail_with("SendMessage", AwsFault::error("AccessDenied", 403));
    assert_eq!(failures(&world.consume().await), [nonsense]);
    assert_comes_back(&world.sqs.messages()[0], 48..=60);
    world.sqs.recover();
    world.sqs.advance(Duration::from_mins(1));
    assert_eq!(failures(&world.consume().await), nothing());
    assert_eq!((world.sqs.messages().len(), world.sqs.dead_letters().len()), (0, 1));
}

#[tokio::test]
async fn what_a_newer_version_wrote_waits_for_it_however_often_it_is_received() {
    let world = World::queued(&[]).await;
    let body = r#"{"version":3,"orders":"elsewhere"}"#;
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
async fn an_empty_batch_is_done() {
    let world = World::queued(&[]).await;
    let invocation = world.lambda.invoke(r#"{"Records":[]}"#).await;
    assert_eq!(invocation.answer(), json!({"batchItemFailures": []}));
}

#[tokio::test]
async fn a_batch_that_is_not_surely_ours_fails_the_invocation_and_nothing_is_settled() {
    let world = World::queued(&[]).await;
    cancel(&world, 1..=2).await;
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
        ("{}".to_owned(), "the event is of no known kind"),
        ("null".to_owned(), "the event is of no known kind"),
        ("[]".to_owned(), "the event is of no known kind"),
        (
            r#"{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"{}"}}]}"#.to_owned(),
            "the event is of no known kind",
        ),
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
async fn with_too_little_time_left_no_post_is_begun_and_all_come_back_at_once() {
    let world = with_time_out(Duration::from_secs(6)).await;
    cancel(&world, 1..=12).await;
    let handed_over: Vec<_> =
        world.sqs.messages().into_iter().take(10).map(|message| message.id).collect();
    assert_eq!(failures(&world.consume().await), handed_over);
    assert_eq!(world.slack.all_requests(), 0);
    let messages = world.sqs.messages();
    let is_visible = |message: &QueuedMessage| !message.in_flight && message.visible_in.is_zero();
    assert!(messages.len() == 12 && messages.iter().all(is_visible), "{messages:#?}");

    // Nothing was left behind that would keep another from showing them.
    let (lambda, _function) = world.another(Way::Queue, &[]).await;
    assert_eq!(failures(&consume_by(&lambda, &world.sqs).await), nothing());
    assert!(!world.the_message().contains("repeat"));
    assert_each_is_shown_once(&world.slack, 1..=12);
}

#[tokio::test]
async fn what_there_is_no_time_left_to_tell_comes_back_at_once_and_nothing_else_does() {
    // Enough for two posts, and never for a third.
    let world = with_time_out(Duration::from_secs(10)).await;
    cancel(&world, 1..=3).await;
    let failed = failures(&world.consume().await);
    let waiting = world.sqs.messages();
    let is_visible = |message: &QueuedMessage| !message.in_flight && message.visible_in.is_zero();
    assert!(!waiting.is_empty() && waiting.iter().all(is_visible), "{waiting:#?}");
    assert_eq!(waiting.into_iter().map(|message| message.id).collect::<Vec<_>>(), failed);
    assert_eq!(world.slack.all_requests() + failed.len(), 3);

    while !world.sqs.messages().is_empty() {
        world.consume().await;
    }
    assert_each_is_shown_once(&world.slack, 1..=3);
}

#[tokio::test]
async fn a_dead_letter_queue_that_hangs_does_not_hold_up_the_answer() {
    let world = with_time_out(Duration::from_secs(6)).await;
    let nonsense: Vec<_> =
        (0..10).map(|number| world.sqs.send(&format!("nonsense {number}"))).collect();
    receive_in_vain(&world.sqs, 2);
    world.sqs.fail_with("SendMessage", AwsFault::Hang);
    assert_eq!(failures(&world.consume().await), nonsense);
    for message in world.sqs.messages() {
        assert_comes_back(&message, 48..=60);
    }
}

#[tokio::test]
async fn a_queue_that_hangs_does_not_hold_up_the_answer() {
    let world = with_time_out(Duration::from_secs(2)).await;
    cancel(&world, 1..=12).await;
    world.sqs.fail_with("ChangeMessageVisibilityBatch", AwsFault::Hang);
    assert_eq!(failures(&world.consume().await).len(), 10);
    assert_eq!(world.sqs.messages().len(), 12);
}

#[tokio::test]
async fn a_lease_has_ended_when_its_message_is_seen_again_however_long_the_function_may_run() {
    let world = with_time_out(Duration::from_mins(15)).await;
    cancel(&world, 1..=1).await;
    world.slack.script([Fault::Slow(LIMIT).posted_then()]);
    let batch = world.sqs.batch(10).unwrap();
    let seen_again = Timestamp::now().as_millisecond() + 180_000;
    let (_, lease) = tokio::join!(world.lambda.invoke(batch.event().to_string()), async {
        world.slack.wait_for(1, LIMIT).await;
        let lease = end_of_lease(&world.ledger);
        world.function.stop().await;
        lease
    });
    assert!(lease < seen_again, "{lease} is after {seen_again}");
}

#[tokio::test]
async fn a_crash_between_slack_and_the_mark_is_one_repeat_that_says_so() {
    let world = World::queued(&[]).await;
    assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
    world.slack.script([Fault::Hang.posted_then()]);
    let crash = async {
        world.slack.wait_for(1, Duration::from_secs(10)).await;
        world.function.stop().await;
    };
    let (invocation, ()) = tokio::join!(world.consume(), crash);
    assert_eq!(invocation.outcome, Outcome::Exited);

    end_leases(&world.ledger);
    world.sqs.advance(OUT_OF_SIGHT);
    let (lambda, _function) = world.another(Way::Queue, &[]).await;
    assert_eq!(failures(&consume_by(&lambda, &world.sqs).await), nothing());
    assert_eq!(world.sqs.messages(), []);
    let messages = world.slack.messages();
    let repeats: Vec<_> = messages
        .iter()
        .map(|message| message.rendered().contains("This may be a repeat"))
        .collect();
    assert_eq!(repeats, [false, true]);
}

#[tokio::test]
async fn a_crash_between_the_mark_and_the_answer_repeats_nothing() {
    let world = World::queued(&[]).await;
    assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
    let is_marked = || {
        let items = world.ledger.items();
        !items.is_empty() && items.values().all(|item| item["leased_until"] == 0)
    };
    let crash = async {
        // The function rests after its post, so there is time to catch it then.
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

    world.sqs.advance(OUT_OF_SIGHT);
    let (lambda, _function) = world.another(Way::Queue, &[]).await;
    let begin = Instant::now();
    assert_eq!(failures(&consume_by(&lambda, &world.sqs).await), nothing());
    assert!(begin.elapsed() < GAP, "who posts nothing keeps nobody waiting");
    assert_eq!(world.sqs.messages(), []);
    assert_eq!(world.slack.all_requests(), 1);
}
