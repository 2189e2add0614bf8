//! Steps that must follow: an order that misses one is shown, and only that.

use std::time::Duration;

use order_alerts_fakes::{AwsFault, EVERY_OPERATION, Fault, Webhook};
use serde_json::json;

use crate::support::assertions::headline;
use crate::support::queue::{LONGEST_WAIT, assert_retried_after};
use crate::support::webhooks::{named, now};
use crate::support::world::{Way, World};

const ACCEPTED: (&str, &str) = ("EXPECT", "created -> accepted in 4 min");
/// Ten minutes ago an order came in that nothing was heard of since.
const MINUTES_AGO: i64 = 10;
/// Longer than a step has after the webhook of an order that is late already.
const GRACE: Duration = Duration::from_secs(61);

fn at(minutes_ago: i64) -> String {
    jiff::Timestamp::from_second(now() - minutes_ago * 60).unwrap().to_string()
}

fn order(event_type: &str, number: u32, status: &str, minutes_ago: i64) -> Webhook {
    let body = json!({
        "event_type": event_type, "order_id": number, "order_number": format!("K-{number}"),
        "total": "23.50", "currency": "USD", "shop": "Tea House", "status": status,
        "items": ["Jasmine tea"], "occurred_at": at(minutes_ago),
    });
    named(&format!("{event_type}-{number}-{status}-{minutes_ago}"), &body)
}

fn created(number: u32) -> Webhook {
    order("order_created", number, "placed", MINUTES_AGO)
}

fn accepted(number: u32) -> Webhook {
    order("order_modified", number, "accepted", 1)
}

fn cancelled(number: u32) -> Webhook {
    order("order_cancelled", number, "cancelled", 1)
}

/// Only warnings, and that a step came after all.
const QUIET: [(&str, &str); 3] =
    [("SHOW_CREATED", "off"), ("SHOW_MODIFIED", "off"), ("SHOW_CANCELLED", "off")];

async fn expecting(expect: (&str, &str)) -> World {
    World::queued(&[&QUIET[..], &[expect]].concat()).await
}

/// Lets the time pass in which the step could come, and consumes what is due then.
async fn wait(world: &World) {
    world.sqs.advance(GRACE);
    world.consume().await;
    world.consume_the_rest().await;
}

fn shown(world: &World) -> Vec<String> {
    world.slack.messages().iter().map(headline).collect()
}

#[tokio::test]
async fn an_order_that_nothing_is_done_about_is_shown_with_all_that_is_known_of_it() {
    let world = expecting(ACCEPTED).await;
    world.accept([created(42)]).await;
    assert_eq!(world.sqs.messages().len(), 2, "the order, and that it is overdue");
    wait(&world).await;
    let messages = world.slack.messages();
    let text = messages[0].text();
    assert!(text.starts_with("⏰ Order K-42: not accepted for 11 minutes · USD 23.50"), "{text}");
    for part in ["Shop: Tea House", "Jasmine tea"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    world.assert_queues_are_empty();
}

#[tokio::test]
async fn a_step_or_a_cancellation_in_time_is_no_news() {
    for end in [accepted(42), cancelled(42)] {
        let world = expecting(ACCEPTED).await;
        world.accept([created(42), end]).await;
        wait(&world).await;
        assert_eq!(shown(&world), [""; 0]);
        world.assert_queues_are_empty();
    }
}

#[tokio::test]
async fn the_webhook_of_the_step_may_come_first() {
    let world = expecting(ACCEPTED).await;
    world.accept([accepted(42), created(42)]).await;
    wait(&world).await;
    assert_eq!(shown(&world), [""; 0]);
}

#[tokio::test]
async fn nothing_is_shown_of_a_step_that_comes_while_its_warning_waits_for_slack() {
    let world = expecting(ACCEPTED).await;
    world.slack.down(Fault::answer(500, "rollup_error"));
    world.accept([created(42)]).await;
    world.sqs.advance(GRACE);
    world.consume().await;
    world.accept([order("order_modified", 42, "accepted", 0)]).await;
    world.slack.up();
    world.consume_the_rest().await;
    assert_eq!(shown(&world), [""; 0]);
    world.assert_queues_are_empty();
}

#[tokio::test]
async fn a_step_that_waits_in_the_queue_is_known_before_a_warning_of_the_same_batch() {
    let world = expecting(ACCEPTED).await;
    world.accept([created(42)]).await;
    world.ledger.fail_with("GetItem", AwsFault::error("InternalServerError", 500));
    world.accept([accepted(42)]).await;
    world.ledger.recover();
    wait(&world).await;
    assert_eq!(shown(&world), [""; 0]);
    world.assert_queues_are_empty();
}

#[tokio::test]
async fn many_are_one_digest() {
    let world = expecting(ACCEPTED).await;
    world.accept((41..=45).map(created)).await;
    world.accept([accepted(44)]).await;
    world.sqs.advance(GRACE);
    world.consume_the_rest().await;
    let messages = world.slack.messages();
    assert_eq!(shown(&world), ["⏰ 4 orders overdue"]);
    assert!(messages[0].text().contains("K-41, K-42, K-43, K-45"), "{}", messages[0].text());
}

#[tokio::test]
async fn a_warning_mentions_whom_its_line_says_in_the_channel_that_it_says() {
    let expect = ("EXPECT", "created -> accepted in 4 min, mention here, to kitchen");
    let settings = [&QUIET[..], &[expect]].concat();
    let world = World::with_channels(Way::Queue, &settings, ["kitchen"]).await;
    world.accept([created(42)]).await;
    wait(&world).await;
    assert_eq!(world.shown_in("kitchen").len(), 1);
    assert_eq!(world.slack.messages()[0].mentions, ["<!here>"]);
}

#[tokio::test]
async fn what_a_channel_that_the_secret_lacks_would_have_goes_to_the_orders_channel() {
    let world = expecting(("EXPECT", "created -> accepted in 4 min, to kitchen")).await;
    world.accept([created(42)]).await;
    wait(&world).await;
    assert_eq!(world.shown_in("orders").len(), 1);
    world.function.logged("the secret has no URL for a channel that RULES or EXPECT names").await;
    world.function.logged("\"ChannelMissing\"").await;
}

#[tokio::test]
async fn a_table_that_does_not_answer_delays_no_order_and_forgets_none() {
    let world = World::queued(&[("SHOW_CREATED", "each"), ACCEPTED]).await;
    world.ledger.fail_with("PutItem", AwsFault::error("InternalServerError", 500));
    world.accept([created(42)]).await;
    world.ledger.recover();
    world.consume().await;
    assert_eq!(shown(&world), ["🛒 New order K-42 · USD 23.50"]);
    world.consume_the_rest().await;
    world.consume_the_rest().await;
    let shown = shown(&world);
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[1].starts_with("⏰ Order K-42"), "{shown:?}");
}

#[tokio::test]
async fn no_warning_is_shown_while_no_one_knows_whether_the_step_came() {
    let world = expecting(ACCEPTED).await;
    world.accept([created(42)]).await;
    world.sqs.advance(GRACE);
    world.ledger.fail_with("GetItem", AwsFault::error("InternalServerError", 500));
    world.consume().await;
    assert_eq!(shown(&world), [""; 0]);
    world.ledger.recover();
    // What ended the wait may have been held up as well, so it is asked about once more.
    world.sqs.advance(LONGEST_WAIT);
    world.consume().await;
    assert_eq!(shown(&world), [""; 0]);
    assert_retried_after(&world.the_waiting(), 30..=35);
}

#[tokio::test]
async fn what_is_due_later_waits_in_the_table_and_a_tick_looks_for_it() {
    let world = expecting(("EXPECT", "created -> delivered in 24 h")).await;
    world.accept([created(42)]).await;
    assert_eq!(world.sqs.messages().len(), 1, "only the order itself");
    let keys: Vec<_> = world.ledger.expected().into_keys().collect();
    assert_eq!(keys.len(), 2, "{keys:?}");
    let tick = json!({"source": "aws.events", "detail-type": "Scheduled Event"}).to_string();
    let answer = world.lambda.invoke(tick.clone()).await.answer();
    assert_eq!(answer, json!(null));
    assert_eq!(world.sqs.messages().len(), 1, "its time has not come");
    world.ledger.fail_with(EVERY_OPERATION, AwsFault::error("InternalServerError", 500));
    assert_eq!(world.lambda.invoke(tick).await.answer(), json!(null), "the next tick does it");
}

#[tokio::test]
async fn where_nothing_is_expected_no_table_is_asked() {
    let world = World::queued(&[]).await;
    world.accept([created(42)]).await;
    let tick = json!({"source": "aws.events", "detail-type": "Scheduled Event"}).to_string();
    world.lambda.invoke(tick).await.answer();
    assert_eq!(world.ledger.calls(), []);
}

#[tokio::test]
async fn a_line_that_was_removed_warns_no_more() {
    let world = expecting(ACCEPTED).await;
    world.accept([created(42)]).await;
    let settings = [&QUIET[..], &[("EXPECT", "created -> delivered in 24 h")]].concat();
    let world = world.restarted(Way::Queue, &settings).await;
    wait(&world).await;
    assert_eq!(shown(&world), [""; 0]);
    world.assert_queues_are_empty();
}

#[tokio::test]
async fn direct_delivery_expects_nothing_and_says_so() {
    let world = World::with(&[ACCEPTED]).await;
    world.accept([created(42)]).await;
    let logs = world.function.logs();
    assert!(logs.iter().any(|line| line.contains("empty unless DELIVERY is `queue`")), "{logs:#?}");
}
