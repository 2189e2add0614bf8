//! Messages that Slack does not take as they are: smaller ones, and dead letters in the end.

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use order_alerts_fakes::Fault;
use serde_json::{Value, json};

use crate::queue::consume::{
    OUT_OF_SIGHT, assert_comes_back, cancel, failures, receive_in_vain, shown,
};
use crate::queue::slack_answers::{LONGEST_WAIT, assert_told, the_waiting, with_an_order};
use crate::support::world::{World, generic_cancellation};

/// Slack's words for what it does not take in this form.
const PAYLOAD_REFUSALS: [&str; 4] =
    ["invalid_blocks", "invalid_payload", "msg_blocks_too_long", "msg_too_long"];

/// An order with a reason that Slack is going to mind.
async fn cancel_badly(world: &World) {
    let order = json!({"order_id": 99, "order_number": "N099", "reason": "unspeakable"});
    assert_eq!(world.send(&generic_cancellation(&order)).await.status, 200);
}

#[tokio::test]
async fn an_order_whose_blocks_slack_refuses_is_shown_as_plain_text() {
    let refusing = async |word: &'static str| {
        let world = with_an_order([Fault::answer(400, word)]).await;
        assert_eq!(failures(&world.consume().await), Vec::<String>::new(), "{word}");
        assert_told(&world, false);
        assert!(world.slack.messages()[0].payload.get("blocks").is_none(), "{word}");
    };
    join_all(PAYLOAD_REFUSALS.map(refusing)).await;
}

#[tokio::test]
async fn a_digest_that_is_too_large_for_slack_is_halved_down_to_one_order() {
    let refusing = async |(status, word): (u16, &'static str)| {
        let world = World::queued(&[]).await;
        cancel(&world, 1..=4).await;
        let refusal = || Fault::answer(status, word);
        // All four, the first two, and, after the last two, the first.
        world.slack.script([refusal(), refusal(), Fault::Pass, refusal()]);
        assert_eq!(failures(&world.consume().await), Vec::<String>::new(), "{status} {word}");
        let headlines = world.headlines();
        // A plain text is all one line.
        let headlines = headlines.iter().map(|line| line.split(" · ").next().unwrap());
        let expected =
            ["🚫 2 orders cancelled", "🚫 Order N002 cancelled", "🚫 Order N001 cancelled"];
        assert_eq!(headlines.collect::<Vec<_>>(), expected, "{status} {word}");
        assert_eq!(world.sqs.messages(), []);
    };
    join_all([(413, ""), (400, "msg_blocks_too_long"), (400, "msg_too_long")].map(refusing)).await;
}

#[tokio::test]
async fn of_five_hundred_orders_the_one_that_slack_refuses_is_a_dead_letter_and_the_rest_is_shown()
{
    let world = World::queued(&[]).await;
    cancel_badly(&world).await;
    let envelope = world.take_envelope();
    world.sqs.send(&envelope.to_string());
    for number in 1_000..1_499 {
        let mut envelope = envelope.clone();
        for (field, text) in [("id", ""), ("number", "N"), ("delivery_id", "msg_")] {
            envelope["events"][0][field] = json!(format!("{text}{number}"));
        }
        envelope["events"][0]["reason"] = json!("customer");
        world.sqs.send(&envelope.to_string());
    }
    // Whatever is refused now is a dead letter.
    for _ in 0..2 {
        while world.sqs.batch(10).is_some() {}
        world.sqs.advance(OUT_OF_SIGHT);
    }
    world.slack.dislike("unspeakable");
    world.consume().await;
    world.consume_the_rest().await;

    let told = shown(&world.slack);
    let times = (1_000..1_499).map(|number| told.matches(&format!("N{number}")).count());
    assert_eq!(times.collect::<Vec<_>>(), [1; 499], "{told}");
    assert_eq!(world.sqs.messages(), []);
    let [letter] = &world.sqs.dead_letters()[..] else { panic!("{:#?}", world.sqs.dead_letters()) };
    assert_eq!(letter.body.parse::<Value>().unwrap(), envelope, "it alone");
    let reason = &letter.attributes["reason"]["StringValue"];
    assert_eq!(reason, "Slack answered 400 `invalid_blocks`");
}

#[tokio::test]
async fn a_dead_letter_that_is_put_back_after_three_hours_says_so_and_is_told_once() {
    let world = World::queued(&[]).await;
    cancel_badly(&world).await;
    let mut envelope = world.take_envelope();
    let received_at = Timestamp::now() - SignedDuration::from_hours(3);
    envelope["events"][0]["received_at"] = json!(received_at.to_string());
    world.sqs.send(&envelope.to_string());
    receive_in_vain(&world.sqs, 2);
    world.slack.dislike("unspeakable");
    world.consume().await;

    world.slack.like_everything();
    let [letter] = &world.sqs.dead_letters()[..] else { panic!("{:#?}", world.sqs.dead_letters()) };
    for _ in 0..2 {
        world.sqs.send(&letter.body);
        assert_eq!(failures(&world.consume().await), Vec::<String>::new());
    }
    let told = world.the_message();
    assert!(
        told.starts_with("🚫 Order N099 cancelled") && told.contains("Delayed by 3 h"),
        "{told}"
    );
}

/// An order that nobody could have sent: so many more items than are told make the sum overflow.
async fn cancel_impossibly(world: &World) {
    let items = ["item"; 30];
    let order = json!({"order_id": 98, "order_number": "N098", "items": items});
    assert_eq!(world.send(&generic_cancellation(&order)).await.status, 200);
    let mut envelope = world.take_envelope();
    envelope["events"][0]["more_items"] = json!(usize::MAX);
    world.sqs.send(&envelope.to_string());
}

#[tokio::test]
async fn an_order_that_makes_its_writer_panic_is_a_dead_letter_and_the_others_are_shown() {
    let world = World::queued(&[]).await;
    cancel_impossibly(&world).await;
    receive_in_vain(&world.sqs, 2);
    cancel(&world, 1..=2).await;
    assert_eq!(failures(&world.consume().await), Vec::<String>::new());
    assert_eq!(world.headlines(), ["🚫 Order N001 cancelled", "🚫 Order N002 cancelled"]);
    let [letter] = &world.sqs.dead_letters()[..] else { panic!("{:#?}", world.sqs.dead_letters()) };
    assert_eq!(letter.attributes["reason"]["StringValue"], "the message cannot be written");
}

#[tokio::test]
async fn a_digest_that_slack_refuses_is_halved_down_to_the_one_order() {
    let world = World::queued(&[]).await;
    cancel_badly(&world).await;
    receive_in_vain(&world.sqs, 2);
    cancel(&world, 1..=4).await;
    world.slack.dislike("unspeakable");
    assert_eq!(failures(&world.consume().await), Vec::<String>::new());

    let told = shown(&world.slack);
    let counts = (1..=4).map(|number| told.matches(&format!("N00{number}")).count());
    assert_eq!(counts.collect::<Vec<_>>(), [1, 1, 1, 1], "{told}");
    assert_eq!(world.sqs.messages(), []);
    let refused = world.slack.refused();
    let last: Value = serde_json::from_slice(&refused.last().unwrap().body).unwrap();
    assert!(last["text"].as_str().unwrap().starts_with("🚫 Order N099 cancelled"), "{last}");
    assert!(last.get("blocks").is_none(), "it was tried as plain text in the end: {last}");

    // It was the third receive of that order.
    let [letter] = &world.sqs.dead_letters()[..] else { panic!("{:#?}", world.sqs.dead_letters()) };
    let reason = &letter.attributes["reason"]["StringValue"];
    assert_eq!(reason, "Slack answered 400 `invalid_blocks`");

    // Put back when the fault is mended, it is shown.
    world.slack.like_everything();
    world.sqs.send(&letter.body);
    assert_eq!(failures(&world.consume().await), Vec::<String>::new());
    let told = world.slack.messages().pop().unwrap().rendered();
    assert!(told.starts_with("🚫 Order N099 cancelled\nReason: unspeakable\n"), "{told}");
    assert!(!told.contains("repeat"), "{told}");
}

#[tokio::test]
async fn what_slack_refuses_in_every_form_is_no_dead_letter_before_its_third_receive() {
    let world = World::queued(&[]).await;
    cancel_badly(&world).await;
    world.slack.dislike("unspeakable");
    for seconds in [12..=15, 24..=30] {
        assert_eq!(failures(&world.consume().await), [the_waiting(&world).id]);
        assert_comes_back(&the_waiting(&world), seconds);
        world.sqs.advance(LONGEST_WAIT);
    }
    assert_eq!((world.slack.all_requests(), world.sqs.dead_letters().len()), (4, 0));
}
