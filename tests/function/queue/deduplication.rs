//! Every order is posted once: the ledger, its leases and its failures.

use std::collections::BTreeSet;
use std::iter;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use order_alerts_fakes::{AwsFault, EVERY_OPERATION, Fault, Webhook};
use serde_json::{Value, json};

use crate::support::queue::{
    LIMIT, LONGEST_ABSENCE, assert_ends_after_lease, change_items, consume, end_leases,
    end_of_lease,
};
use crate::support::webhooks::{
    cancellation, named, shopify, shopify_cancellation, shopify_order, standard,
};
use crate::support::world::{Way, World};

const SHOPIFY_CANCELLED: &str = "🚫 Order #1001 cancelled · USD 254.98";
const SEVENTH_CANCELLED: &str = "🚫 Order #7 cancelled · KRW 7,000";
const REPEAT: &str = "This may be a repeat";
const OTHER_CONTENT: &str = "Resent with different content";
const LEDGER_DOWN: &str = "ledger unavailable";

/// Shopify sends a delivery id that is not signed; generic senders send one that is.
fn by_body_and_by_delivery_id() -> [(Webhook, &'static str); 2] {
    [(shopify_cancellation(), SHOPIFY_CANCELLED), (cancellation(7), SEVENTH_CANCELLED)]
}

#[tokio::test]
async fn a_webhook_sent_twice_becomes_one_message() {
    let check = async |(webhook, headline): (Webhook, &str)| {
        let world = World::queued(&[]).await;
        world.accept([webhook.clone(), webhook]).await;
        world.consume().await;
        world.consume_the_rest().await;
        assert_eq!(world.headlines(), [headline]);
        assert_eq!(world.sqs.messages(), []);
    };
    join_all(by_body_and_by_delivery_id().map(check)).await;
}

#[tokio::test]
async fn a_webhook_sent_fifty_times_at_once_becomes_one_message() {
    let check = async |(webhook, headline): (Webhook, &str)| {
        let world = World::queued(&[]).await;
        let (lambda, _function) = world.another(Way::Queue, &[]).await;
        let answers = join_all((0..50).map(|_| world.send(&webhook))).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:#?}");
        tokio::join!(consume(&world.sqs, &world.lambda), consume(&world.sqs, &lambda));
        world.consume_the_rest().await;
        assert_eq!(world.headlines(), [headline]);
        assert_eq!(world.sqs.messages(), []);
    };
    join_all(by_body_and_by_delivery_id().map(check)).await;
}

#[tokio::test]
async fn a_queue_message_delivered_twice_becomes_one_message() {
    let world = World::queued(&[]).await;
    world.accept([cancellation(7)]).await;
    let first = world.sqs.batch(10).unwrap();
    let invocation = world.lambda.invoke(first.event().to_string()).await;
    world.sqs.deliver_again(&first.message_ids()[0]);
    world.consume().await;
    first.acknowledge(&invocation.outcome);
    assert_eq!(world.headlines(), [SEVENTH_CANCELLED]);
    assert_eq!(world.sqs.messages(), []);
}

#[tokio::test]
async fn of_two_sandboxes_with_one_message_one_posts_it_and_the_other_waits_for_the_lease() {
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
            (lease, second.acknowledge(&invocation.outcome))
        });
    assert_eq!(left, first.message_ids(), "the second keeps its copy");
    assert_ends_after_lease(world.sqs.messages()[0].visible_in, lease);
    first.acknowledge(&invocation.outcome);

    world.consume_the_rest().await;
    assert_eq!(world.headlines(), [SEVENTH_CANCELLED]);
    assert_eq!(world.sqs.messages(), []);
}

#[tokio::test]
async fn unsigned_headers_make_no_new_event_but_another_topic_does() {
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

/// The same delivery id, for either total; both are signed.
fn generic_for(event_type: &str, total: &str) -> Webhook {
    let order = json!({"event_type": event_type, "order_id": "7", "total": total});
    named("msg_1", &order)
}

fn standard_for(event_type: &str, total: &str) -> Webhook {
    let event_type = event_type.replace('_', ".");
    standard("msg_1", &json!({"type": event_type, "data": {"id": "7", "total": total}}))
}

#[tokio::test]
async fn an_event_resent_with_different_content_is_posted_and_says_so() {
    let check = async |webhook_for: fn(&str, &str) -> Webhook| {
        let world = World::queued(&[("SHOW_CREATED", "each")]).await;
        for total in ["1", "2", "2", "1"] {
            world.accept([webhook_for("order_created", total)]).await;
            world.consume().await;
        }
        let messages = world.slack.messages();
        let says_so = messages.iter().map(|message| message.rendered().contains(OTHER_CONTENT));
        assert_eq!(says_so.collect::<Vec<_>>(), [false, true], "{:#?}", world.headlines());
    };
    tokio::join!(check(generic_for), check(standard_for));
}

#[tokio::test]
async fn a_cancellation_resent_with_different_content_is_posted_once() {
    let check = async |webhook_for: fn(&str, &str) -> Webhook| {
        let world = World::queued(&[]).await;
        world.accept(["1", "2"].map(|total| webhook_for("order_cancelled", total))).await;
        world.consume().await;
        world.accept([webhook_for("order_cancelled", "3")]).await;
        world.consume_the_rest().await;
        assert_eq!(world.headlines().len(), 1, "{:#?}", world.headlines());
        assert_eq!(world.sqs.messages(), []);
    };
    tokio::join!(check(generic_for), check(standard_for));
}

#[tokio::test]
async fn the_lease_of_a_killed_sandbox_expires_and_its_order_is_posted_as_a_possible_repeat() {
    let world = World::queued(&[]).await;
    world.accept([cancellation(7)]).await;
    // It is killed after Slack accepted the message and before it was marked delivered.
    world.slack.script([Fault::Slow(LIMIT).posted_then()]);
    let batch = world.sqs.batch(10).unwrap();
    let (invocation, _) = tokio::join!(world.lambda.invoke(batch.event().to_string()), async {
        world.slack.wait_for(1, LIMIT).await;
        world.function.stop().await
    });
    batch.acknowledge(&invocation.outcome);

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
async fn an_expired_item_that_the_table_still_has_is_ignored() {
    let world = World::queued(&[]).await;
    world.accept([cancellation(7)]).await;
    world.consume().await;
    let yesterday = Timestamp::now().as_second() - 86_400;
    change_items(&world.ledger, |item| item["expires"] = json!(yesterday));
    world.accept([cancellation(7)]).await;
    world.consume().await;
    assert_eq!(world.headlines(), [SEVENTH_CANCELLED, SEVENTH_CANCELLED]);
    assert!(!world.slack.messages()[1].rendered().contains(REPEAT), "the event is new again");
}

/// How every call of the ledger fails in an outage, a wrong deployment, or under load.
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
async fn without_the_ledger_every_order_is_posted_once_and_in_time() {
    let check = async |fault: AwsFault| {
        let world = World::queued(&[]).await;
        world.accept((1..=40).map(cancellation)).await;
        world.ledger.fail_with(EVERY_OPERATION, fault.clone());
        let took = world.consume().await.took;
        world.assert_each_is_named_once(1..=40);
        assert!(took < Duration::from_secs(8), "{fault:?}: {took:?}");
        // Sixteen calls at once, two more before the third failure, and each twice at most.
        assert!(world.ledger.calls().len() <= 36, "{}", world.ledger.calls().len());
        assert_eq!(world.sqs.messages(), []);
        assert_logged_once(&world);
    };
    join_all(failures().map(check)).await;
}

#[tokio::test]
async fn an_order_that_cannot_be_marked_delivered_is_still_deleted_from_the_queue() {
    let check = async |fault: AwsFault| {
        let world = World::queued(&[]).await;
        world.accept([cancellation(7)]).await;
        // The leases of the event and its order are acquired; then nothing more is written.
        world.ledger.script("PutItem", [AwsFault::Pass, AwsFault::Pass]);
        world.ledger.fail_with("PutItem", fault);
        world.consume().await;
        assert_eq!(world.headlines(), [SEVENTH_CANCELLED]);
        assert_eq!(world.sqs.messages(), []);
        assert_logged_once(&world);
    };
    join_all(failures().map(check)).await;
}

#[tokio::test]
async fn an_order_not_marked_delivered_is_repeated_if_its_sender_retries_after_the_lease() {
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
async fn one_failure_of_the_ledger_is_retried() {
    let check = async |fault: AwsFault| {
        let world = World::queued(&[]).await;
        world.accept([cancellation(7)]).await;
        world.ledger.script("PutItem", [fault.clone()]);
        world.consume().await;
        assert_eq!(world.headlines(), [SEVENTH_CANCELLED]);
        let items = world.ledger.items().into_iter();
        let of_the_order = items.filter(|(key, _)| key.contains("#generic#"));
        let states = of_the_order.map(|(_, mut item)| item["state"].take());
        assert_eq!(states.collect::<Vec<_>>(), ["told", "cancelled"], "{fault:?}");
    };
    let [throttled, error, _, _, hang, reset] = failures();
    join_all([throttled, error, hang, reset].map(check)).await;
}

#[tokio::test]
async fn a_failure_of_the_ledger_does_not_affect_other_orders() {
    let world = World::queued(&[]).await;
    world.accept((1..=20).map(cancellation)).await;
    world.ledger.script("PutItem", [AwsFault::error("AccessDeniedException", 400)]);
    world.consume().await;
    world.assert_each_is_named_once(1..=20);
    let cancelled = world.ledger.items().into_values().filter(|item| item["state"] == "cancelled");
    assert_eq!(cancelled.count(), 19);
}

#[tokio::test]
async fn a_lease_whose_response_was_lost_does_not_block_its_own_order() {
    let check = async |fault: AwsFault| {
        let world = World::queued(&[]).await;
        world.accept([cancellation(7)]).await;
        // Two leases, the turn to post and two delivery marks, and the first answer to each is lost.
        let lost = [fault.done_then(), AwsFault::Pass];
        world.ledger.script("PutItem", iter::repeat_n(lost, 5).flatten());
        world.consume().await;
        assert_eq!(world.headlines(), [SEVENTH_CANCELLED]);
        assert!(!world.the_message().contains(REPEAT), "no other invocation had it");
        assert_eq!(world.sqs.messages(), []);
        assert_eq!(end_of_lease(&world.ledger), 0, "all is marked");
        let logs = world.function.logs();
        assert!(!logs.iter().any(|line| line.contains("lease lost")), "{logs:#?}");
    };
    let faults = [AwsFault::Reset, AwsFault::Hang, AwsFault::error("InternalServerError", 500)];
    join_all(faults.map(check)).await;
}

#[tokio::test]
async fn the_ledger_is_called_in_parallel_within_a_limit() {
    let world = World::queued(&[]).await;
    world.accept((1..=100).map(cancellation)).await;
    world.ledger.fail_with(EVERY_OPERATION, AwsFault::Slow(Duration::from_millis(20)));
    world.consume().await;
    world.assert_each_is_named_once(1..=100);
    let most = world.ledger.most_at_once();
    assert!((5..=16).contains(&most), "{most} at once");
}

#[tokio::test]
async fn the_ledger_is_used_as_the_role_allows_and_stores_nothing_private() {
    let world = World::by(Way::DirectWithLedger, &[("CUSTOMER", "full")]).await;
    let mut order = shopify_order();
    order["billing_address"] = json!({"name": "Ada Byron", "address1": "1 Canary Street"});
    order["cancel_reason"] = json!("a canary of a reason");
    for topic in ["orders/create", "orders/paid", "orders/cancelled", "orders/cancelled"] {
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

#[tokio::test]
async fn with_direct_delivery_a_webhook_sent_twice_becomes_one_message() {
    for (webhook, headline) in by_body_and_by_delivery_id() {
        let world = World::direct_with_ledger().await;
        world.accept([webhook.clone(), webhook]).await;
        assert_eq!(world.headlines(), [headline]);
    }
}

#[tokio::test]
async fn with_direct_delivery_a_webhook_sent_fifty_times_at_once_becomes_one_message() {
    let world = World::direct_with_ledger().await;
    let others = join_all((0..4).map(|_| world.another(Way::DirectWithLedger, &[]))).await;
    let sandboxes: Vec<_> =
        iter::once(&world.lambda).chain(others.iter().map(|(lambda, _)| lambda)).collect();
    world.slack.script([Fault::Slow(Duration::from_millis(200))]);
    let event = shopify_cancellation().event().to_string();
    let answers = join_all((0..50).map(|at| sandboxes[at % 5].invoke(event.clone()))).await;
    let statuses = answers.into_iter().map(|invocation| invocation.answer()["statusCode"].take());
    let statuses: Vec<_> = statuses.collect();
    let are_expected = statuses.iter().all(|status| [json!(200), json!(503)].contains(status));
    assert!(are_expected && statuses.contains(&json!(200)), "{statuses:?}");
    assert_eq!(world.headlines(), [SHOPIFY_CANCELLED]);
}

#[tokio::test]
async fn a_sender_retries_after_the_lease_of_another_sandbox() {
    let world = World::direct_with_ledger().await;
    let (lambda, _function) = world.another(Way::DirectWithLedger, &[]).await;
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
async fn a_webhook_retried_after_a_failed_post_is_posted() {
    let in_doubt = || Fault::answer(500, "rollup_error");
    for (faults, is_repeat) in
        [(vec![Fault::RateLimited(Some("120"))], false), (vec![in_doubt(), in_doubt()], true)]
    {
        let world = World::direct_with_ledger().await;
        world.slack.script(faults);
        assert_eq!(world.send(&cancellation(7)).await.status, 503);
        // A sandbox that met the rate limit would keep it.
        let world = world.restarted(Way::DirectWithLedger, &[]).await;
        assert_eq!(world.send(&cancellation(7)).await.status, 200);
        assert_eq!(world.headlines(), [SEVENTH_CANCELLED]);
        assert_eq!(world.the_message().contains(REPEAT), is_repeat);
    }
}

#[tokio::test]
async fn without_a_ledger_a_webhook_sent_twice_is_posted_twice() {
    let world = World::by(Way::Direct, &[]).await;
    world.accept([cancellation(7), cancellation(7)]).await;
    assert_eq!(world.headlines(), [SEVENTH_CANCELLED, SEVENTH_CANCELLED]);
    assert_eq!(world.ledger.calls(), [] as [(String, Value); 0]);
}

#[tokio::test]
async fn without_a_ledger_a_queue_message_delivered_twice_is_posted_twice() {
    let world = World::queued(&[("LEDGER_TABLE", "")]).await;
    world.accept([cancellation(7)]).await;
    let first = world.sqs.batch(10).unwrap();
    world.sqs.deliver_again(&first.message_ids()[0]);
    for batch in [first, world.sqs.batch(10).unwrap()] {
        let invocation = world.lambda.invoke(batch.event().to_string()).await;
        batch.acknowledge(&invocation.outcome);
    }
    assert_eq!(world.headlines(), [SEVENTH_CANCELLED, SEVENTH_CANCELLED]);
    assert_eq!(world.sqs.messages(), []);
}
