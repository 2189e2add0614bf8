//! Who tells what: the ledger, its leases and its failures.

use std::collections::BTreeSet;
use std::iter;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use order_alerts_fakes::{AwsFault, EVERY_OPERATION, Fault, Webhook};
use serde_json::{Value, json};

use crate::support::webhooks::{
    LIMIT, LONGEST_ABSENCE, all_numbers, assert_ends_after_lease, cancellation, change_items,
    consume, end_leases, end_of_lease, named, standard,
};
use crate::support::world::{Way, World, shopify, shopify_cancellation, shopify_order};

const SHOPIFY_CANCELLED: &str = "🚫 Order #1001 cancelled · USD 254.98";
const SEVENTH_CANCELLED: &str = "🚫 Order #7 cancelled · KRW 7,000";
const REPEAT: &str = "This may be a repeat";
const OTHER_CONTENT: &str = "Sent before with other content";
const LEDGER_DOWN: &str = "ledger unavailable";

/// Shopify names its events only beside the signature; generic senders name them under it.
fn by_body_and_by_name() -> [(Webhook, &'static str); 2] {
    [(shopify_cancellation(), SHOPIFY_CANCELLED), (cancellation(7), SEVENTH_CANCELLED)]
}

#[tokio::test]
async fn a_webhook_sent_twice_becomes_one_message() {
    let tell = async |(webhook, headline): (Webhook, &str)| {
        let world = World::queued(&[]).await;
        world.accept([webhook.clone(), webhook]).await;
        world.consume().await;
        world.consume_the_rest().await;
        assert_eq!(world.headlines(), [headline]);
        assert_eq!(world.sqs.messages(), []);
    };
    join_all(by_body_and_by_name().map(tell)).await;
}

#[tokio::test]
async fn a_webhook_sent_fifty_times_at_once_becomes_one_message() {
    let tell = async |(webhook, headline): (Webhook, &str)| {
        let world = World::queued(&[]).await;
        let (lambda, _function) = world.another(Way::Queue, &[]).await;
        let answers = join_all((0..50).map(|_| world.send(&webhook))).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:#?}");
        tokio::join!(consume(&world.sqs, &world.lambda), consume(&world.sqs, &lambda));
        world.consume_the_rest().await;
        assert_eq!(world.headlines(), [headline]);
        assert_eq!(world.sqs.messages(), []);
    };
    join_all(by_body_and_by_name().map(tell)).await;
}

#[tokio::test]
async fn a_queue_message_delivered_twice_becomes_one_message() {
    let world = World::queued(&[]).await;
    world.accept([cancellation(7)]).await;
    let first = world.sqs.batch(10).unwrap();
    let invocation = world.lambda.invoke(first.event().to_string()).await;
    world.sqs.deliver_again(&first.message_ids()[0]);
    world.consume().await;
    first.settle(&invocation.outcome);
    assert_eq!(world.headlines(), [SEVENTH_CANCELLED]);
    assert_eq!(world.sqs.messages(), []);
}

#[tokio::test]
async fn of_two_sandboxes_with_one_message_one_tells_it_and_the_other_waits_for_the_lease() {
    let world = World::queued(&[]).await;
    let (lambda, _function) = world.another(Way::Queue, &[]).await;
    world.accept([cancellation(7)]).await;
    let first = world.sqs.batch(10).unwrap();
    world.sqs.deliver_again(&first.message_ids()[0]);
    let second = world.sqs.batch(10).unwrap();
    world.slack.script([Fault::Slow(Duration::from_secs(1)).posted_then()]);

    let (invocation, (lease, left)) =
        tokio::join!(world.lambda.invoke(first.event().to_string()), async {
            world.slack.wait_for(1, LIMIT).await;
            let lease = end_of_lease(&world.ledger);
            let invocation = lambda.invoke(second.event().to_string()).await;
            (lease, second.settle(&invocation.outcome))
        });
    assert_eq!(left, first.message_ids(), "the second leaves its copy");
    assert_ends_after_lease(world.sqs.messages()[0].visible_in, lease);
    first.settle(&invocation.outcome);

    world.consume_the_rest().await;
    assert_eq!(world.headlines(), [SEVENTH_CANCELLED]);
    assert_eq!(world.sqs.messages(), []);
}

#[tokio::test]
async fn headers_beside_the_signature_make_no_new_event_but_another_topic_does() {
    let world = World::queued(&[("SHOW_CREATED", "each")]).await;
    let created = shopify("orders/create", &shopify_order().to_string());
    world.accept([created.clone()]).await;
    world.consume().await;
    let headers = [
        ("x-shopify-event-id", "another event"),
        ("x-shopify-webhook-id", "another webhook"),
        ("x-shopify-shop-domain", "coffee.myshopify.com"),
        ("x-shopify-triggered-at", "2026-02-01T00:00:00Z"),
    ];
    world.accept(headers.map(|(name, value)| created.clone().header(name, value))).await;
    world.accept([created.header("x-shopify-topic", "orders/cancelled")]).await;
    world.consume().await;
    assert_eq!(world.headlines(), ["🛒 New order #1001 · USD 254.98", SHOPIFY_CANCELLED]);
    assert_eq!(world.sqs.messages(), []);
}

/// The same event by its name, for either total; both are signed.
fn generic_for(event_type: &str, total: &str) -> Webhook {
    let order = json!({"event_type": event_type, "order_id": "7", "total": total});
    named("msg_1", &order)
}

fn standard_for(event_type: &str, total: &str) -> Webhook {
    let event_type = event_type.replace('_', ".");
    standard("msg_1", &json!({"type": event_type, "data": {"id": "7", "total": total}}))
}

#[tokio::test]
async fn an_event_sent_again_with_other_content_is_told_too_and_says_so() {
    let tell = async |webhook_for: fn(&str, &str) -> Webhook| {
        let world = World::queued(&[("SHOW_CREATED", "each")]).await;
        for total in ["1", "2", "2", "1"] {
            world.accept([webhook_for("order_created", total)]).await;
            world.consume().await;
        }
        let messages = world.slack.messages();
        let says_so = messages.iter().map(|message| message.rendered().contains(OTHER_CONTENT));
        assert_eq!(says_so.collect::<Vec<_>>(), [false, true], "{:#?}", world.headlines());
    };
    tokio::join!(tell(generic_for), tell(standard_for));
}

#[tokio::test]
async fn an_order_cancelled_again_with_other_content_is_told_once() {
    let tell = async |webhook_for: fn(&str, &str) -> Webhook| {
        let world = World::queued(&[]).await;
        world.accept(["1", "2"].map(|total| webhook_for("order_cancelled", total))).await;
        world.consume().await;
        world.accept([webhook_for("order_cancelled", "3")]).await;
        world.consume_the_rest().await;
        assert_eq!(world.headlines().len(), 1, "{:#?}", world.headlines());
        assert_eq!(world.sqs.messages(), []);
    };
    tokio::join!(tell(generic_for), tell(standard_for));
}

#[tokio::test]
async fn the_lease_of_a_dead_sandbox_is_left_alone_until_its_end_and_its_order_told_as_a_repeat() {
    let world = World::queued(&[]).await;
    world.accept([cancellation(7)]).await;
    // It dies after Slack took the message and before it could mark it.
    world.slack.script([Fault::Slow(LIMIT).posted_then()]);
    let batch = world.sqs.batch(10).unwrap();
    let (invocation, _) = tokio::join!(world.lambda.invoke(batch.event().to_string()), async {
        world.slack.wait_for(1, LIMIT).await;
        world.function.stop().await
    });
    batch.settle(&invocation.outcome);

    let (lambda, _function) = world.another(Way::Queue, &[]).await;
    let lease = end_of_lease(&world.ledger);
    world.sqs.deliver_again(&world.sqs.messages()[0].id);
    consume(&world.sqs, &lambda).await;
    assert_eq!(world.slack.messages().len(), 1, "the dead sandbox's own");
    assert_ends_after_lease(world.sqs.messages()[0].visible_in, lease);

    end_leases(&world.ledger);
    world.sqs.advance(LONGEST_ABSENCE);
    consume(&world.sqs, &lambda).await;
    let [_, again] = &world.slack.messages()[..] else { panic!("{:#?}", world.headlines()) };
    assert!(again.rendered().contains(REPEAT), "{}", again.rendered());
    assert_eq!(world.sqs.messages(), []);
}

#[tokio::test]
async fn what_the_table_should_have_deleted_counts_no_more() {
    let world = World::queued(&[]).await;
    world.accept([cancellation(7)]).await;
    world.consume().await;
    let yesterday = Timestamp::now().as_second() - 86_400;
    change_items(&world.ledger, |item| item["expires"] = json!(yesterday));
    world.accept([cancellation(7)]).await;
    world.consume().await;
    assert_eq!(world.headlines(), [SEVENTH_CANCELLED, SEVENTH_CANCELLED]);
    assert!(!world.slack.messages()[1].rendered().contains(REPEAT), "it is news again");
}

/// What befalls every call of the ledger in an outage, a deployment gone wrong, or a flood.
fn failures() -> [AwsFault; 6] {
    [
        AwsFault::error("ThrottlingException", 400),
        AwsFault::error("InternalServerError", 500),
        AwsFault::error("ResourceNotFoundException", 400),
        AwsFault::error("AccessDeniedException", 400),
        AwsFault::Hang,
        AwsFault::Reset,
    ]
}

#[track_caller]
fn assert_logged_once(world: &World) {
    let logs = world.function.logs();
    assert_eq!(logs.iter().filter(|line| line.contains(LEDGER_DOWN)).count(), 1, "{logs:#?}");
}

#[tokio::test]
async fn without_the_ledger_every_order_is_told_once_and_in_time() {
    let tell = async |fault: AwsFault| {
        let world = World::queued(&[]).await;
        world.accept((1..=40).map(cancellation)).await;
        world.ledger.fail_with(EVERY_OPERATION, fault.clone());
        let took = world.consume().await.took;
        assert_eq!(all_numbers(&world.slack.messages()), (1..=40).collect::<Vec<_>>());
        assert!(took < Duration::from_secs(8), "{fault:?}: {took:?}");
        // Sixteen were asked at once, two more before the third failure, and each twice at most.
        assert!(world.ledger.calls().len() <= 36, "{}", world.ledger.calls().len());
        assert_eq!(world.sqs.messages(), []);
        assert_logged_once(&world);
    };
    join_all(failures().map(tell)).await;
}

#[tokio::test]
async fn an_order_that_cannot_be_marked_is_done_with_all_the_same() {
    let tell = async |fault: AwsFault| {
        let world = World::queued(&[]).await;
        world.accept([cancellation(7)]).await;
        // The event and its order are claimed; then nothing more is written.
        world.ledger.script("PutItem", [AwsFault::Pass, AwsFault::Pass]);
        world.ledger.fail_with("PutItem", fault);
        world.consume().await;
        assert_eq!(world.headlines(), [SEVENTH_CANCELLED]);
        assert_eq!(world.sqs.messages(), []);
        assert_logged_once(&world);
    };
    join_all(failures().map(tell)).await;
}

#[tokio::test]
async fn an_order_that_was_not_marked_is_told_once_more_if_its_sender_comes_after_the_lease() {
    let world = World::queued(&[]).await;
    world.accept([cancellation(7)]).await;
    world.ledger.script("PutItem", [AwsFault::Pass, AwsFault::Pass]);
    world.ledger.fail_with("PutItem", AwsFault::error("InternalServerError", 500));
    world.consume().await;
    world.ledger.recover();

    world.accept([cancellation(7)]).await;
    world.consume().await;
    assert_eq!(world.headlines(), [SEVENTH_CANCELLED], "the lease is still there");
    end_leases(&world.ledger);
    world.consume_the_rest().await;
    let [_, again] = &world.slack.messages()[..] else { panic!("{:#?}", world.headlines()) };
    assert!(again.rendered().contains(REPEAT), "{}", again.rendered());
    assert_eq!(world.sqs.messages(), []);
}

#[tokio::test]
async fn one_failure_of_the_ledger_is_made_good_by_a_second_try() {
    let tell = async |fault: AwsFault| {
        let world = World::queued(&[]).await;
        world.accept([cancellation(7)]).await;
        world.ledger.script("PutItem", [fault.clone()]);
        world.consume().await;
        assert_eq!(world.headlines(), [SEVENTH_CANCELLED]);
        let items = world.ledger.items().into_iter();
        let of_the_order = items.filter(|(key, _)| !key.starts_with("cancelled#"));
        let states = of_the_order.map(|(_, mut item)| item["state"].take());
        assert_eq!(states.collect::<Vec<_>>(), ["told", "cancelled"], "{fault:?}");
    };
    let [throttled, error, _, _, hang, reset] = failures();
    join_all([throttled, error, hang, reset].map(tell)).await;
}

#[tokio::test]
async fn a_failure_of_the_ledger_costs_the_other_orders_nothing() {
    let world = World::queued(&[]).await;
    world.accept((1..=20).map(cancellation)).await;
    world.ledger.script("PutItem", [AwsFault::error("AccessDeniedException", 400)]);
    world.consume().await;
    assert_eq!(all_numbers(&world.slack.messages()), (1..=20).collect::<Vec<_>>());
    let told = world.ledger.items().into_values().filter(|item| item["state"] == "cancelled");
    assert_eq!(told.count(), 19);
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_does_not_stop_its_own_order() {
    let tell = async |fault: AwsFault| {
        let world = World::queued(&[]).await;
        world.accept([cancellation(7)]).await;
        // Two claims and two marks, and the first answer to each is lost.
        let lost = [fault.done_then(), AwsFault::Pass];
        world.ledger.script("PutItem", iter::repeat_n(lost, 4).flatten());
        world.consume().await;
        assert_eq!(world.headlines(), [SEVENTH_CANCELLED]);
        assert!(!world.the_message().contains(REPEAT), "nobody else had it");
        assert_eq!(world.sqs.messages(), []);
        assert_eq!(end_of_lease(&world.ledger), 0, "all is marked");
        let logs = world.function.logs();
        assert!(!logs.iter().any(|line| line.contains("lease lost")), "{logs:#?}");
    };
    let faults = [AwsFault::Reset, AwsFault::Hang, AwsFault::error("InternalServerError", 500)];
    join_all(faults.map(tell)).await;
}

#[tokio::test]
async fn the_ledger_is_asked_many_things_at_once_but_not_too_many() {
    let world = World::queued(&[]).await;
    world.accept((1..=100).map(cancellation)).await;
    world.ledger.fail_with(EVERY_OPERATION, AwsFault::Slow(Duration::from_millis(20)));
    world.consume().await;
    assert_eq!(all_numbers(&world.slack.messages()), (1..=100).collect::<Vec<_>>());
    let most = world.ledger.most_at_once();
    assert!((5..=16).contains(&most), "{most} at once");
}

#[tokio::test]
async fn the_ledger_is_used_as_the_role_allows_and_holds_nothing_private() {
    let world = World::by(Way::Remembered, &[("CUSTOMER", "full")]).await;
    let mut order = shopify_order();
    order["billing_address"] = json!({"name": "Ada Byron", "address1": "1 Canary Street"});
    order["cancel_reason"] = json!("a canary of a reason");
    for topic in ["orders/create", "orders/updated", "orders/cancelled", "orders/cancelled"] {
        world.accept([shopify(topic, &order.to_string())]).await;
    }
    world.slack.script([Fault::RateLimited(Some("120"))]);
    world.send(&cancellation(7)).await;
    assert_eq!(world.slack.messages().len(), 3);
    assert!(world.slack.messages()[0].rendered().contains("Ada Byron"));

    let calls = world.ledger.calls();
    let operations: BTreeSet<_> = calls.iter().map(|(operation, _)| operation.as_str()).collect();
    assert_eq!(operations, BTreeSet::from(["GetItem", "PutItem"]));
    let items = world.ledger.items();
    assert_eq!(items.len(), 6, "four events and two orders: {items:#?}");
    let table = format!("{items:?}").to_lowercase();
    for private in ["ada", "byron", "jasmine", "canary", "254.98", "usd", "7000", "example.com"] {
        assert!(!table.contains(private), "{private} in {items:#?}");
    }
}

/// With direct delivery the sender's retries take the place of the queue.
async fn remembered() -> World {
    World::by(Way::Remembered, &[]).await
}

#[tokio::test]
async fn while_the_sender_waits_what_comes_twice_is_told_once() {
    for (webhook, headline) in by_body_and_by_name() {
        let world = remembered().await;
        world.accept([webhook.clone(), webhook]).await;
        assert_eq!(world.headlines(), [headline]);
    }
}

#[tokio::test]
async fn while_the_senders_wait_what_comes_fifty_times_at_once_is_told_once() {
    let world = remembered().await;
    let others = join_all((0..4).map(|_| world.another(Way::Remembered, &[]))).await;
    let sandboxes: Vec<_> =
        iter::once(&world.lambda).chain(others.iter().map(|(lambda, _)| lambda)).collect();
    world.slack.script([Fault::Slow(Duration::from_millis(200))]);
    let event = shopify_cancellation().event().to_string();
    let answers = join_all((0..50).map(|at| sandboxes[at % 5].invoke(event.clone()))).await;
    let statuses = answers.into_iter().map(|invocation| invocation.answer()["statusCode"].take());
    let statuses: Vec<_> = statuses.collect();
    let are_honest = statuses.iter().all(|status| [json!(200), json!(503)].contains(status));
    assert!(are_honest && statuses.contains(&json!(200)), "{statuses:?}");
    assert_eq!(world.headlines(), [SHOPIFY_CANCELLED]);
}

#[tokio::test]
async fn a_sender_comes_again_after_the_lease_of_another_sandbox() {
    let world = remembered().await;
    let (lambda, _function) = world.another(Way::Remembered, &[]).await;
    world.slack.script([Fault::Slow(Duration::from_secs(1)).posted_then()]);
    let webhook = cancellation(7);
    let (first, (lease, second)) = tokio::join!(world.send(&webhook), async {
        world.slack.wait_for(1, LIMIT).await;
        let lease = end_of_lease(&world.ledger);
        let second = lambda.invoke(webhook.event().to_string()).await.answer();
        let seconds: u64 = second["headers"]["retry-after"].as_str().unwrap().parse().unwrap();
        assert_ends_after_lease(Duration::from_secs(seconds), lease);
        (lease, second)
    });
    assert_eq!((first.status, &second["statusCode"]), (200, &json!(503)));
    assert!(lease > 0);
    let again = lambda.invoke(webhook.event().to_string()).await.answer();
    assert_eq!(again["statusCode"], 200);
    assert_eq!(world.headlines(), [SEVENTH_CANCELLED]);
}

#[tokio::test]
async fn what_a_sender_tries_again_after_a_failed_post_is_told() {
    let unclear = || Fault::answer(500, "rollup_error");
    for (faults, is_repeat) in
        [(vec![Fault::RateLimited(Some("120"))], false), (vec![unclear(), unclear()], true)]
    {
        let world = remembered().await;
        world.slack.script(faults);
        assert_eq!(world.send(&cancellation(7)).await.status, 503);
        assert_eq!(world.send(&cancellation(7)).await.status, 200);
        assert_eq!(world.headlines(), [SEVENTH_CANCELLED]);
        assert_eq!(world.the_message().contains(REPEAT), is_repeat);
    }
}

#[tokio::test]
async fn without_a_ledger_what_comes_twice_is_told_twice() {
    let world = World::by(Way::Direct, &[]).await;
    world.accept([cancellation(7), cancellation(7)]).await;
    assert_eq!(world.headlines(), [SEVENTH_CANCELLED, SEVENTH_CANCELLED]);
    assert_eq!(world.ledger.calls(), [] as [(String, Value); 0]);
}

#[tokio::test]
async fn without_a_ledger_a_queue_message_delivered_twice_is_told_twice() {
    let world = World::queued(&[("LEDGER_TABLE", "")]).await;
    world.accept([cancellation(7)]).await;
    let first = world.sqs.batch(10).unwrap();
    world.sqs.deliver_again(&first.message_ids()[0]);
    for batch in [first, world.sqs.batch(10).unwrap()] {
        let invocation = world.lambda.invoke(batch.event().to_string()).await;
        batch.settle(&invocation.outcome);
    }
    assert_eq!(world.headlines(), [SEVENTH_CANCELLED, SEVENTH_CANCELLED]);
    assert_eq!(world.sqs.messages(), []);
}
