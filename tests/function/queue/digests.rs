//! Many orders in few messages.

use std::time::Duration;

use jiff::Timestamp;
use order_alerts_fakes::{AwsFault, EVERY_OPERATION, Fault, Posted, Webhook};
use serde_json::{Value, json};

use crate::support::assertions::{all_numbers, numbers};
use crate::support::queue::{LIMIT, LONGEST_ABSENCE, assert_retried_after, consume, end_leases};
use crate::support::webhooks::{cancellation, creation, event, named};
use crate::support::world::{Way, World};

/// A digest's window that does not end while a test runs.
struct Window {
    seconds: i64,
}

impl Window {
    fn open() -> Self {
        let now = Timestamp::now().as_second();
        let has_time = |seconds: &i64| seconds - now % seconds > 120;
        Self { seconds: (600..=900).rev().step_by(50).find(has_time).unwrap() }
    }

    fn setting(&self) -> String {
        self.seconds.to_string()
    }

    /// Until three seconds after its end.
    fn left(&self) -> Duration {
        let now = Timestamp::now().as_second();
        Duration::from_secs(u64::try_from(self.seconds - now % self.seconds + 3).unwrap().min(900))
    }
}

/// A world with that window.
async fn world_with(window: &Window, settings: &[(&str, &str)]) -> World {
    let seconds = window.setting();
    World::queued(&[&[("DIGEST_SECONDS", seconds.as_str())], settings].concat()).await
}

/// The queue message of a new order; nothing is left of it in the queue.
async fn envelope(world: &World) -> Value {
    world.accept([creation(1)]).await;
    world.sqs.advance(LONGEST_ABSENCE);
    world.take_envelope()
}

/// Puts one message into the queue that has several new orders, as a bulk event does.
fn put(world: &World, envelope: &Value, numbers: impl IntoIterator<Item = u32>) {
    let order = |number: u32| {
        let mut event = envelope["events"][0].clone();
        for (field, text) in [("id", ""), ("number", "#"), ("delivery_id", "msg_")] {
            event[field] = json!(format!("{text}{number}"));
        }
        event
    };
    let events: Vec<_> = numbers.into_iter().map(order).collect();
    world.sqs.send(&json!({"version": envelope["version"], "events": events}).to_string());
}

#[track_caller]
fn assert_all_wait_for_the_next_window(world: &World, window: &Window, count: usize) {
    let messages = world.sqs.messages();
    assert_eq!(messages.len(), count, "{messages:#?}");
    let left = window.left();
    for message in messages {
        let wait = message.visible_in;
        let is_next = wait.abs_diff(left) < Duration::from_secs(3);
        assert!(is_next, "{wait:?} of {left:?}");
    }
}

#[tokio::test]
async fn the_orders_of_a_window_are_one_digest_after_its_end() {
    let window = Window::open();
    let world = world_with(&window, &[]).await;
    world.accept((1..=4).map(creation)).await;
    world.accept((11..=12).map(|number| event("order_modified", number))).await;
    assert_all_wait_for_the_next_window(&world, &window, 6);
    assert!(world.sqs.batch(10).is_none(), "nothing is posted before");

    world.sqs.advance(window.left());
    world.consume().await;
    let shown = world.the_message();
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines[..3], ["🛒 4 new · ✏️ 2 changed", "New orders total: KRW 10,000", "🛒 New",]);
    for number in [1, 2, 3, 4, 11, 12] {
        let name = format!("#{number} · ");
        assert_eq!(lines.iter().filter(|line| line.starts_with(&name)).count(), 1, "{shown}");
    }
    assert_eq!(world.sqs.messages(), []);
}

#[tokio::test]
async fn a_new_order_alone_in_its_window_is_a_single_message() {
    let window = Window::open();
    let world = world_with(&window, &[]).await;
    world.accept([creation(1)]).await;
    world.sqs.advance(window.left());
    world.consume().await;
    assert_eq!(world.headlines(), ["🛒 New order #1 · KRW 1,000"]);
}

#[tokio::test]
async fn an_event_of_a_window_whose_digest_was_posted_gets_a_digest_of_its_own() {
    let window = Window::open();
    let world = world_with(&window, &[]).await;
    let envelope = envelope(&world).await;
    put(&world, &envelope, 1..=4);
    world.consume().await;
    put(&world, &envelope, 5..=8);
    world.consume().await;
    assert_eq!(world.headlines(), ["🛒 4 new orders", "🛒 4 new orders"]);
    assert_eq!(all_numbers(&world.slack.messages()), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(world.sqs.messages(), []);
}

#[tokio::test]
async fn what_is_left_of_a_window_whose_digest_was_posted_is_one_digest() {
    let window = Window::open();
    let world = world_with(&window, &[]).await;
    let envelope = envelope(&world).await;
    put(&world, &envelope, 1..=4);
    world.consume().await;
    // More than the ten messages of a batch.
    for number in 5..=16 {
        put(&world, &envelope, [number]);
    }
    world.consume().await;
    assert_eq!(world.headlines(), ["🛒 4 new orders", "🛒 12 new orders"]);
    assert_eq!(world.sqs.messages(), []);
}

#[tokio::test]
async fn while_a_digest_is_gathered_its_other_events_are_retried_after_seconds() {
    let window = Window::open();
    let world = world_with(&window, &[]).await;
    let settings = [("DIGEST_SECONDS", &*window.setting())];
    let (lambda, _function) = world.another(Way::Queue, &settings).await;
    let envelope = envelope(&world).await;
    put(&world, &envelope, 1..=4);
    // Slack posts the digest at once, and is slow to answer.
    world.slack.script([Fault::Slow(Duration::from_secs(2)).posted_then()]);
    let second = async {
        world.slack.wait_for(1, LIMIT).await;
        put(&world, &envelope, 5..=8);
        consume(&world.sqs, &lambda).await.unwrap();
        let [_in_flight, waiting] = &world.sqs.messages()[..] else { panic!("one is gone") };
        assert_retried_after(waiting, 3..=3);
    };
    tokio::join!(world.consume(), second);
    assert_eq!(all_numbers(&world.slack.messages()), [1, 2, 3, 4]);
    world.sqs.advance(Duration::from_secs(3));
    world.consume().await;
    assert_eq!(all_numbers(&world.slack.messages()), [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[tokio::test]
async fn a_digest_that_could_not_be_posted_is_posted_by_the_next_consumer() {
    let window = Window::open();
    let world = world_with(&window, &[]).await;
    world.accept((1..=4).map(creation)).await;
    world.sqs.advance(window.left());
    world.slack.script([Fault::RateLimited(Some("120"))]);
    world.consume().await;
    assert_eq!(world.slack.messages().len(), 0);
    world.sqs.advance(Duration::from_secs(121));
    end_leases(&world.ledger);
    let world = world.restarted(Way::Queue, &[("DIGEST_SECONDS", &window.setting())]).await;
    world.consume().await;
    assert_eq!(world.headlines(), ["🛒 4 new orders"]);
    assert_eq!(world.sqs.messages(), []);
}

#[tokio::test]
async fn more_than_one_invocation_receives_is_left_to_the_next() {
    let window = Window::open();
    let world = world_with(&window, &[]).await;
    // Ten messages of 51 events are more than the five hundred that an invocation takes.
    let all: Vec<u32> = (1..=12 * 51).collect();
    let envelope = envelope(&world).await;
    for numbers in all.chunks(51) {
        put(&world, &envelope, numbers.to_vec());
    }
    world.consume().await;
    assert_eq!(world.sqs.messages().len(), 2, "the rest is left");
    world.consume().await;
    assert_eq!(all_numbers(&world.slack.messages()), all);
    assert_eq!(world.sqs.messages(), []);
}

#[tokio::test]
async fn a_cancellation_is_posted_separately_whether_or_not_a_digest_is_due() {
    let window = Window::open();
    let world = world_with(&window, &[]).await;
    for (cancelled, created) in [(1, 11..=14), (2, 21..=24)] {
        world.accept(created.map(creation)).await;
        world.sqs.advance(window.left());
        world.accept([cancellation(cancelled)]).await;
        world.consume().await;
    }
    let headlines = [
        "🚫 Order #1 cancelled · KRW 1,000",
        "🛒 4 new orders",
        "🚫 Order #2 cancelled · KRW 2,000",
        "🛒 4 new orders",
    ];
    assert_eq!(world.headlines(), headlines);
    assert_eq!(world.sqs.messages(), []);
}

#[tokio::test]
async fn cancellations_can_be_digested_too_and_come_first() {
    let window = Window::open();
    let world = world_with(&window, &[("SHOW_CANCELLED", "digest")]).await;
    world.accept((1..=3).map(creation)).await;
    world.accept((11..=12).map(cancellation)).await;
    assert_all_wait_for_the_next_window(&world, &window, 5);
    world.sqs.advance(window.left());
    world.consume().await;
    let shown = world.the_message();
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines[0], "🚫 2 cancelled · 🛒 3 new");
    let places: Vec<_> = ["🚫 Cancelled", "#11 · ", "#12 · ", "🛒 New", "#1 · ", "#2 · ", "#3 · "]
        .map(|start| lines.iter().position(|line| line.starts_with(start)))
        .into();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}: {shown}");
}

/// A cancellation with so much to say that few of its kind fill a digest.
fn wordy_cancellation(number: u32) -> Webhook {
    let order = json!({
        "event_type": "order_cancelled", "order_id": number,
        "order_number": format!("#{number} {}", "&".repeat(60)), "reason": "&".repeat(80),
    });
    named(&format!("msg_{number}"), &order)
}

#[tokio::test]
async fn after_a_crash_in_the_third_of_five_digests_only_that_one_is_repeated() {
    let world = World::queued(&[]).await;
    world.accept((1..=70).map(wordy_cancellation)).await;
    world.slack.script([Fault::Pass, Fault::Pass, Fault::Slow(LIMIT).posted_then()]);
    tokio::join!(world.consume(), async {
        world.slack.wait_for(3, LIMIT).await;
        world.function.stop().await
    });

    end_leases(&world.ledger);
    let world = world.restarted(Way::Queue, &[]).await;
    world.consume_the_rest().await;
    let messages = world.slack.messages();
    assert_eq!(messages.len(), 3 + 3, "{:#?}", world.headlines());
    let lost = numbers(&messages[2]).into_iter();
    let mut expected: Vec<_> = (1..=70).chain(lost).collect();
    expected.sort_unstable();
    assert_eq!(all_numbers(&messages), expected);
    assert_eq!(world.sqs.messages(), []);
}

#[tokio::test]
async fn without_the_ledger_a_digest_is_still_posted() {
    let window = Window::open();
    let world = world_with(&window, &[]).await;
    world.accept((1..=4).map(creation)).await;
    world.sqs.advance(window.left());
    world.ledger.fail_with(EVERY_OPERATION, AwsFault::error("InternalServerError", 500));
    world.consume().await;
    assert_eq!(world.headlines(), ["🛒 4 new orders"]);
    assert_eq!(world.sqs.messages(), []);
}

#[tokio::test]
async fn a_digest_with_a_large_cancellation_has_one_mention() {
    let mentions = async |floor: &str| {
        let settings = [("MENTION", "here"), ("MENTION_ABOVE", floor)];
        let world = World::queued(&settings).await;
        world.accept((1..=5).map(cancellation)).await;
        world.consume().await;
        assert_eq!(world.headlines(), ["🚫 5 orders cancelled"]);
        world.slack.messages()[0].mentions.clone()
    };
    // Each order comes to its number in thousands.
    let (of_two, of_none) = tokio::join!(mentions("KRW 4000"), mentions("KRW 5001"));
    assert_eq!(of_two, ["<!here>"]);
    assert_eq!(of_none, [] as [&str; 0]);
}

#[tokio::test]
async fn a_digest_says_how_many_cancellations_were_posted_separately() {
    let world = World::queued(&[("DIGEST_SECONDS", "900")]).await;
    world.accept([cancellation(1), cancellation(2)]).await;
    world.consume().await;
    world.accept((11..=14).map(creation)).await;
    world.consume_the_rest().await;
    let messages = world.slack.messages();
    let digest = messages.last().unwrap().rendered();
    assert!(digest.starts_with("🛒 4 new orders\n"), "{digest}");
    assert!(digest.contains("\n🚫 2 more cancellations, posted separately\n"), "{digest}");
    assert_eq!(all_numbers(&messages), [1, 2, 11, 12, 13, 14]);
}

#[tokio::test]
async fn of_the_digests_of_a_window_only_the_last_says_how_many_were_cancelled() {
    let world = World::queued(&[("DIGEST_SECONDS", "900")]).await;
    world.accept([cancellation(1)]).await;
    world.consume().await;
    let all: Vec<u32> = (1_000..1_000 + 12 * 51).collect();
    let envelope = envelope(&world).await;
    for numbers in all.chunks(51) {
        put(&world, &envelope, numbers.to_vec());
    }
    world.consume().await;
    let asked = |world: &World| {
        let is_count = |key: &Value| key.as_str().is_some_and(|key| key.starts_with("cancelled#"));
        let mut calls = world.ledger.calls();
        calls.retain(|(operation, call)| {
            operation == "GetItem" && is_count(&call["Key"]["pk"]["S"])
        });
        calls.len()
    };
    let before = asked(&world);
    world.consume().await;
    let says =
        |digest: &Posted| digest.rendered().contains("1 more cancellation, posted separately");
    let digests: Vec<_> = world.slack.messages().iter().skip(1).map(says).collect();
    assert_eq!(digests.iter().filter(|says| **says).count(), 1, "{digests:?}");
    assert_eq!(asked(&world), before + 1);
}
