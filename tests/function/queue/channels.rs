//! Rules send orders to channels, each with its own pace and its own outage.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use order_alerts_fakes::Fault;

use crate::support::queue::{
    LONGEST_WAIT, assert_no_failures, assert_retried_after, end_leases, failures,
};
use crate::support::webhooks::{cancellation, creation};
use crate::support::world::{Way, World};

/// Large cancellations to the managers; the orders of one shop to the kitchen.
const RULES: &str = "cancelled from KRW 5000 -> to managers; created under KRW 15000 -> to kitchen";

async fn world_with(way: Way, rules: &str, channels: &[&str]) -> World {
    World::with_channels(way, &[("RULES", rules)], channels.iter().copied()).await
}

fn cancelled(number: u32) -> String {
    format!("🚫 Order #{number} cancelled · KRW {number},000")
}

#[tokio::test]
async fn an_order_goes_to_the_channel_of_its_rule() {
    let check = async |way: Way| {
        let world = world_with(way, RULES, &["managers", "kitchen"]).await;
        world.accept([cancellation(1), cancellation(7)]).await;
        if way == Way::Queue {
            assert_no_failures(&world.consume().await);
        }
        assert_eq!(world.shown_in("orders"), [cancelled(1)], "{way:?}");
        assert_eq!(world.shown_in("managers"), [cancelled(7)], "{way:?}");
    };
    join_all([Way::Direct, Way::DirectWithLedger, Way::Queue].map(check)).await;
}

#[tokio::test]
async fn what_a_channel_that_the_secret_lacks_would_have_goes_to_the_orders_channel() {
    let world = world_with(Way::Queue, RULES, &[]).await;
    world.accept([cancellation(7)]).await;
    assert_no_failures(&world.consume().await);
    assert_eq!(world.shown_in("orders"), [cancelled(7)]);
    world.function.logged("the secret has no URL for a channel that RULES or EXPECT names").await;
    world.function.logged("\"ChannelMissing\"").await;
}

#[tokio::test]
async fn what_a_removed_channel_would_have_goes_to_the_orders_channel() {
    let world = world_with(Way::Queue, RULES, &["managers"]).await;
    world.slack.disable(&world.slack.named_hook_url("MANAGERS"), 404, "no_service");
    world.accept([cancellation(7)]).await;
    assert_no_failures(&world.consume().await);
    assert_eq!(world.shown_in("orders"), [cancelled(7)]);
    world.function.logged("the channel's URL is refused: posting to the orders' channel").await;
}

#[tokio::test]
async fn a_channel_that_is_down_holds_up_no_other_and_has_its_orders_later() {
    for fault in [Fault::answer(500, "rollup_error"), Fault::RateLimited(Some("100"))] {
        let world = world_with(Way::Queue, RULES, &["managers"]).await;
        world.slack.down_at(&world.slack.named_hook_url("MANAGERS"), fault);
        world.accept([cancellation(7), cancellation(1), cancellation(8), cancellation(2)]).await;
        assert_eq!(failures(&world.consume().await).len(), 2);
        assert_eq!(world.shown_in("orders"), [cancelled(1), cancelled(2)]);

        world.slack.up();
        world.sqs.advance(LONGEST_WAIT);
        end_leases(&world.ledger);
        let world = world.restarted(Way::Queue, &[("RULES", RULES)]).await;
        assert_no_failures(&world.consume().await);
        let managers = world.shown_in("managers");
        assert_eq!(managers, [cancelled(7), cancelled(8)]);
        world.assert_queues_are_empty();
    }
}

#[tokio::test]
async fn a_channel_that_hangs_holds_up_no_other() {
    let world = world_with(Way::Queue, RULES, &["managers"]).await;
    world.slack.down_at(&world.slack.named_hook_url("MANAGERS"), Fault::Hang);
    world.accept([cancellation(7), cancellation(1)]).await;
    let begin = Instant::now();
    let (invocation, took) = tokio::join!(world.consume(), async {
        world.slack.wait_for(1, Duration::from_mins(1)).await;
        begin.elapsed()
    });
    assert_eq!(failures(&invocation).len(), 1);
    assert_eq!(world.shown_in("orders"), [cancelled(1)]);
    assert!(took < invocation.took / 2, "{took:?} of {:?}", invocation.took);
}

#[tokio::test]
async fn each_channel_has_its_own_pace_and_its_own_digest() {
    let world = world_with(Way::Queue, RULES, &["kitchen"]).await;
    world.accept((11..=18).map(creation)).await;
    world.sqs.advance(Duration::from_secs(62));
    assert_no_failures(&world.consume().await);
    assert_eq!(world.shown_in("orders"), ["🛒 4 new orders"]);
    assert_eq!(world.shown_in("kitchen"), ["🛒 4 new orders"]);
    let arrivals = world.slack.arrivals();
    assert!(arrivals[1] - arrivals[0] < Duration::from_secs(1), "{arrivals:?}");
    world.assert_queues_are_empty();
}

#[tokio::test]
async fn a_rule_changes_how_an_event_is_shown() {
    let rules =
        "cancelled under KRW 3000 -> off; cancelled -> digest; created -> each, mention here";
    let world = world_with(Way::Queue, rules, &[]).await;
    world.accept([cancellation(1), cancellation(7), creation(9)]).await;
    assert_no_failures(&world.consume().await);
    assert_eq!(world.headlines(), ["🛒 New order #9 · KRW 9,000"]);
    assert!(world.slack.messages()[0].mentions.len() == 1);
    world.sqs.advance(Duration::from_secs(62));
    assert_no_failures(&world.consume().await);
    assert_eq!(world.headlines()[1..], [cancelled(7)]);
    for message in world.sqs.messages() {
        assert_retried_after(&message, 0..=1);
    }
}
