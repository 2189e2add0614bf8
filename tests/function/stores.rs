//! Shops that go offline, are paused or are open again, on their way into the channel for monitoring.

use order_alerts_fakes::{AwsFault, FakeSlack, Fault, Webhook};
use serde_json::json;

use crate::support::assertions::headline;
use crate::support::queue::{LONGEST_ABSENCE, age_rejections};
use crate::support::webhooks::{cancellation, named};
use crate::support::world::{Way, World};

const WAYS: [Way; 2] = [Way::Queue, Way::DirectWithLedger];

/// The own system says that a shop is in this state since this minute after midnight.
pub(crate) fn store(state: &str, minute: u32) -> Webhook {
    let id = format!("{state}-{minute}");
    let event = json!({
        "event_type": format!("store_{state}"), "shop": "Tea House", "reason": "No power",
        "occurred_at": format!("2026-01-01T00:{minute:02}:00Z"),
    });
    named(&id, &event)
}

/// A world with a channel for monitoring.
async fn world(way: Way) -> World {
    World::with_monitoring(way, FakeSlack::other_hook_url).await
}

async fn deliver(world: &World, way: Way) {
    if way == Way::Queue {
        world.consume_the_rest().await;
    }
}

/// The headlines of the channel for monitoring. No other channel has a message.
#[track_caller]
fn monitored(world: &World) -> Vec<String> {
    let messages = world.slack.messages();
    for message in &messages {
        assert_eq!(message.hook, world.slack.other_hook_url(), "{message:?}");
        assert_eq!(message.mentions, Vec::<String>::new());
    }
    messages.iter().map(headline).collect()
}

#[tokio::test]
async fn a_shop_that_goes_offline_and_comes_back_is_in_the_monitoring_channel() {
    for way in WAYS {
        let world = world(way).await;
        let changes = [("offline", 1), ("paused", 2), ("online", 3)];
        world.accept(changes.map(|(state, minute)| store(state, minute))).await;
        deliver(&world, way).await;
        let expected = [
            "🔴 Tea House is offline on Order system",
            "⏸️ Tea House is paused on Order system",
            "🟢 Tea House is open again on Order system",
        ];
        assert_eq!(monitored(&world), expected, "{way:?}");
        let shown = world.slack.messages()[0].rendered();
        for fact in ["Reason: No power", "Since: 2026-01-01 00:01 UTC"] {
            assert!(shown.contains(fact), "{shown}");
        }
    }
}

#[tokio::test]
async fn without_a_monitoring_channel_it_is_in_the_channel_of_the_orders() {
    for way in WAYS {
        let world = World::by(way, &[("MENTION", "here")]).await;
        world.accept([store("offline", 1)]).await;
        deliver(&world, way).await;
        let [message] = &world.slack.messages()[..] else { panic!("{way:?}") };
        assert_eq!((&message.hook, message.mentions.len()), (&world.slack.hook_url(), 0));
    }
}

#[tokio::test]
async fn a_state_that_is_sent_twice_is_posted_once() {
    for way in WAYS {
        let world = world(way).await;
        for _ in 0..2 {
            world.accept([store("offline", 1)]).await;
            deliver(&world, way).await;
        }
        assert_eq!(monitored(&world).len(), 1, "{way:?}");
        world.function.logged("duplicate: the notice was already delivered").await;
        world.accept([store("offline", 2)]).await;
        deliver(&world, way).await;
        assert_eq!(monitored(&world).len(), 2, "{way:?}: another delivery id");
    }
}

#[tokio::test]
async fn a_state_waits_in_the_queue_while_slack_is_down() {
    let world = world(Way::Queue).await;
    world.slack.down(Fault::answer(503, ""));
    world.accept([store("offline", 1)]).await;
    assert_eq!(world.the_waiting().visible_in.as_secs(), 0, "it waits for no digest");
    world.consume().await;
    assert_eq!(monitored(&world), Vec::<String>::new());
    world.slack.up();
    world.consume_the_rest().await;
    assert_eq!(monitored(&world).len(), 1);
    world.assert_queues_are_empty();
}

#[tokio::test]
async fn the_sender_sends_again_what_was_not_stored_or_posted() {
    let queued = World::queued(&[]).await;
    queued.sqs.fail_with("SendMessage", AwsFault::Error { kind: "InternalFailure", status: 500 });
    let answer = queued.send(&store("offline", 1)).await;
    assert_eq!(answer.retry_after(), 15);

    let direct = world(Way::DirectWithLedger).await;
    direct.slack.down(Fault::answer(503, ""));
    assert_eq!(direct.send(&store("offline", 1)).await.retry_after(), 15);
    direct.slack.up();
    direct.accept([store("offline", 1)]).await;
    assert_eq!(monitored(&direct).len(), 1);
}

#[tokio::test]
async fn a_state_that_slack_never_takes_is_dead_lettered() {
    let world = world(Way::Queue).await;
    world.slack.reject("🔴");
    world.accept([store("offline", 1), store("online", 2)]).await;
    world.sqs.advance(LONGEST_ABSENCE);
    world.consume().await;
    age_rejections(&world.ledger);
    world.accept([store("online", 3)]).await;
    world.consume_the_rest().await;
    let (body, _) = world.the_dead_letter();
    assert!(body.starts_with(r#"{"version":4,"store":"#), "{body}");
}

#[tokio::test]
async fn states_are_posted_in_the_order_in_which_they_began() {
    let world = world(Way::Queue).await;
    world.accept([store("online", 9), store("offline", 1)]).await;
    world.consume().await;
    let headlines = monitored(&world);
    assert!(headlines[0].starts_with("🔴") && headlines[1].starts_with("🟢"), "{headlines:?}");
}

#[tokio::test]
async fn a_state_changes_nothing_for_the_orders() {
    let world = World::queued(&[("RULES", "any -> off")]).await;
    world.accept([store("offline", 1), cancellation(7)]).await;
    world.consume_the_rest().await;
    assert_eq!(world.headlines(), ["🔴 Tea House is offline on Order system"]);
    world.assert_queues_are_empty();
}
