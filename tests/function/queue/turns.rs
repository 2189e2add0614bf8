//! Slack's rate, kept by all invocations together.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use order_alerts_fakes::{AwsFault, EVERY_OPERATION, Fault};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::queue::{
    GAP, GAP_WITHOUT_LEDGER, assert_no_failures, assert_retried_after, consume, failures,
};
use crate::support::webhooks::cancellation;
use crate::support::world::{Way, World};

const NO_LEDGER: &[(&str, &str)] = &[("LEDGER_TABLE", "")];

/// The item of the channel's turns.
fn turn(world: &World) -> Option<(String, Value)> {
    world.ledger.items().into_iter().find(|(key, _)| key.starts_with("turn#"))
}

/// Until when no other invocation posts, counted from now.
fn free_in(world: &World) -> SignedDuration {
    let (_, item) = turn(world).expect("an invocation has posted");
    let until = Timestamp::from_millisecond(item["leased_until"].as_i64().unwrap()).unwrap();
    until.duration_since(Timestamp::now())
}

/// As if another invocation had the channel's turns for this time.
fn occupy(world: &World, time: SignedDuration) {
    let (key, mut item) = turn(world).expect("an invocation has posted");
    let until = (Timestamp::now() + time).as_millisecond();
    item["leased_until"] = json!(until);
    item["version"] = json!(until);
    item["owner"] = json!("another");
    world.ledger.put(&key, &item);
}

#[track_caller]
fn assert_apart(world: &World, gap: Duration) {
    let arrivals = world.slack.arrivals();
    assert!(arrivals.is_sorted_by(|one, next| *next - *one >= gap), "{arrivals:?}");
}

/// A world in which one order was posted, and nobody posts now.
async fn after_a_post() -> World {
    let world = World::queued(&[]).await;
    world.accept([cancellation(1)]).await;
    assert_no_failures(&world.consume().await);
    occupy(&world, SignedDuration::from_secs(-1));
    world
}

#[tokio::test]
async fn the_posts_of_one_invocation_are_a_second_apart_and_nothing_is_waited_for_after_the_last() {
    let world = World::queued(&[]).await;
    world.accept((1..=3).map(cancellation)).await;
    let invocation = world.consume().await;
    let after = world.slack.messages()[2].at.elapsed();
    assert_no_failures(&invocation);
    let headline = |number| format!("🚫 Order #{number} cancelled · KRW {number},000");
    assert_eq!(world.headlines(), [1, 2, 3].map(headline));
    assert_apart(&world, GAP);
    assert!(after < GAP, "{after:?}");
}

#[tokio::test]
async fn two_invocations_take_turns() {
    let world = World::queued(&[]).await;
    let (lambda, _function) = world.another(Way::Queue, &[]).await;
    world.accept((1..=6).map(cancellation)).await;
    let three = || async { world.sqs.batch(3).expect("three are visible") };
    let (one, other) = (three().await, three().await);
    let (first, second) = tokio::join!(
        world.lambda.invoke(one.event().to_string()),
        lambda.invoke(other.event().to_string()),
    );
    assert_no_failures(&first);
    assert_no_failures(&second);
    world.assert_each_is_named_once(1..=6);
    assert_eq!(world.slack.all_requests(), 6);
    assert_apart(&world, GAP);
}

#[tokio::test]
async fn a_turn_is_waited_for_while_there_is_time() {
    let world = after_a_post().await;
    world.accept([cancellation(2)]).await;
    occupy(&world, SignedDuration::from_secs(2));
    let begin = Instant::now();
    assert_no_failures(&world.consume().await);
    let posted = world.slack.messages()[1].at;
    assert!(posted - begin >= Duration::from_millis(1_900), "{:?}", posted - begin);
}

#[tokio::test]
async fn orders_whose_turn_is_far_off_come_back_then() {
    let world = after_a_post().await;
    world.accept((2..=3).map(cancellation)).await;
    occupy(&world, SignedDuration::from_secs(100));
    assert_eq!(failures(&world.consume().await).len(), 2);
    assert_eq!(world.slack.all_requests(), 1);
    for message in world.sqs.messages() {
        assert_retried_after(&message, 95..=100);
    }
    // Nothing was posted, so nothing is in doubt.
    occupy(&world, SignedDuration::from_secs(-1));
    world.sqs.advance(Duration::from_secs(100));
    assert_no_failures(&world.consume().await);
    assert_eq!(world.repeats(), [false; 3]);
}

#[tokio::test]
async fn a_rate_limit_that_one_invocation_met_holds_for_all() {
    let world = World::queued(&[]).await;
    world.slack.script([Fault::RateLimited(Some("300"))]);
    world.accept([cancellation(1)]).await;
    assert_eq!(failures(&world.consume().await).len(), 1);
    let held = free_in(&world);
    assert!((295..=300).contains(&held.as_secs()), "{held:?}");

    let (lambda, _function) = world.another(Way::Queue, &[]).await;
    world.accept([cancellation(2)]).await;
    assert_eq!(failures(&consume(&world.sqs, &lambda).await.unwrap()).len(), 1);
    assert_eq!(world.slack.all_requests(), 1, "Slack is not asked again");
}

#[tokio::test]
async fn a_wrong_clock_does_not_silence_the_channel() {
    let world = after_a_post().await;
    world.accept([cancellation(2)]).await;
    occupy(&world, SignedDuration::from_hours(24));
    assert_no_failures(&world.consume().await);
    assert_eq!(world.slack.all_requests(), 2);
    assert!(free_in(&world).as_secs() <= 1, "the clock is corrected");
}

#[tokio::test]
async fn the_address_of_the_channel_is_not_in_the_ledger() {
    let world = after_a_post().await;
    let (key, item) = turn(&world).unwrap();
    let url = world.slack.hook_url();
    let path = url.rsplit('/').next().unwrap();
    assert!(!format!("{key} {item}").contains(path), "{key} {item}");
}

#[tokio::test]
async fn with_direct_delivery_no_turn_is_taken() {
    let world = World::direct_with_ledger().await;
    world.accept([cancellation(1)]).await;
    assert_eq!(turn(&world), None);
}

#[tokio::test]
async fn without_a_ledger_an_invocation_keeps_a_longer_gap_also_after_its_last_post() {
    let check = async |settings: &'static [(&str, &str)], fault: Option<AwsFault>| {
        let world = World::queued(settings).await;
        world.accept((1..=2).map(cancellation)).await;
        if let Some(fault) = fault {
            world.ledger.fail_with(EVERY_OPERATION, fault);
        }
        let invocation = world.consume().await;
        let rested = world.slack.messages()[1].at.elapsed();
        assert_no_failures(&invocation);
        assert_apart(&world, GAP_WITHOUT_LEDGER);
        assert!(rested >= GAP_WITHOUT_LEDGER, "{rested:?}");
    };
    let down = AwsFault::error("AccessDeniedException", 400);
    tokio::join!(check(NO_LEDGER, None), check(&[], Some(down)));
}

#[tokio::test]
async fn an_invocation_that_posts_nothing_waits_for_nothing() {
    let world = World::queued(NO_LEDGER).await;
    world.sqs.send("nonsense");
    let begin = Instant::now();
    assert_eq!(failures(&world.consume().await).len(), 1);
    assert!(begin.elapsed() < GAP_WITHOUT_LEDGER, "{:?}", begin.elapsed());
}
