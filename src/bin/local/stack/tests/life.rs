//! The life of an event is shown in the order in which it happened.

use order_alerts_fakes::{AwsFault, EVERY_OPERATION};

use super::*;

#[tokio::test(start_paused = true)]
async fn the_life_of_a_cancellation_ends_with_its_mark() {
    let stack = start();
    let id = stack.cancel("A-1").await;
    stack.until(Duration::from_secs(10), |stack| stack.number("shown") == 1).await;
    assert_eq!(stack.steps(id), ["received", "queued", "leased", "posted", "marked"]);
    let life = stack.network.observer.life(id).unwrap();
    assert_eq!((&life["name"], &life["kind"]), (&json!("A-1"), &json!("cancelled")));
    assert_eq!(life["steps"][3]["message"], 1);
    let times: Vec<_> =
        life["steps"].as_array().unwrap().iter().map(|step| step["at"].as_i64().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn a_sample_that_is_sent_again_is_rightly_in_no_message() {
    let stack = start();
    for name in ["shopify-cancelled", "generic-cancelled", "standard-cancelled"] {
        for _ in 0..2 {
            stack.sample(name).await.unwrap();
        }
    }
    stack.until(Duration::from_mins(1), |stack| stack.number("waiting") == 0).await;
    assert_eq!((stack.number("shown"), stack.number("left_out")), (3, 3));
    let repeated = [2, 4, 6].map(|id| stack.steps(id).pop().unwrap());
    assert!(repeated.iter().all(|step| step == "sent again"), "{repeated:?}");
}

#[tokio::test(start_paused = true)]
async fn a_change_of_a_cancelled_order_is_superseded() {
    let stack = start();
    stack.cancel("A-1").await;
    let change = json!({"event_type": "order_modified", "order_id": "A-1"});
    sleep(Duration::from_secs(5)).await;
    let (_, id) = stack.send(&change).await;
    stack.until(Duration::from_mins(1), |stack| stack.number("waiting") == 0).await;
    assert_eq!((stack.number("shown"), stack.number("left_out")), (1, 1));
    assert_eq!(stack.steps(id.unwrap()).last().unwrap(), "superseded");
}

#[tokio::test(start_paused = true)]
async fn a_new_order_says_how_long_it_waits_for_its_digest() {
    let stack = start();
    let (_, id) = stack.send(&json!({"event_type": "order_created", "order_id": "A-1"})).await;
    assert_eq!(stack.steps(id.unwrap()), ["received", "queued"]);
    // The window of ten seconds that has just begun, and two seconds after it.
    assert_eq!(stack.details(id.unwrap())[1], json!(["digest", 12]));
    let id = stack.cancel("A-2").await;
    assert_eq!(stack.details(id)[1], Value::Null);
}

/// The ledger knows nothing of tests, so no mark says that one is shown.
#[tokio::test(start_paused = true)]
async fn a_test_is_shown_each_time() {
    let stack = start();
    let test = json!({"event_type": "order_cancelled", "order_id": "A-1", "test": true});
    for _ in 0..2 {
        stack.send(&test).await;
    }
    stack.until(Duration::from_mins(1), |stack| stack.number("waiting") == 0).await;
    assert_eq!((stack.number("shown"), stack.number("repeats")), (2, 0));
    let events: Vec<_> = stack.messages().into_iter().flat_map(|(_, events)| events).collect();
    assert_eq!(events, [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn two_orders_of_one_name_are_told_apart() {
    let stack = start();
    for shop in ["a.example", "b.example"] {
        let order = json!({"event_type": "order_cancelled", "order_id": "A-1", "shop": shop});
        stack.send(&order).await;
    }
    stack.until(Duration::from_mins(1), |stack| stack.number("waiting") == 0).await;
    let events: Vec<_> = stack.messages().into_iter().map(|(_, events)| events).collect();
    assert_eq!(events, [[1], [2]]);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_is_in_the_channel_for_monitoring() {
    let stack = start();
    stack.alarm().await.unwrap();
    stack.until(Duration::from_secs(10), |stack| stack.number("posts") == 1).await;
    let message = stack.network.observer.messages().remove(0);
    assert_eq!((&message["channel"], &message["events"]), (&json!("monitoring"), &json!([])));
    assert!(stack.messages()[0].0.starts_with("🚨"), "{:?}", stack.messages());
    assert_eq!(stack.number("accepted"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_what_it_cannot_keep() {
    let stack = start();
    stack.network.outside.sqs.set_capacity(100);
    let (status, id) =
        stack.send(&json!({"event_type": "order_cancelled", "order_id": "A-1"})).await;
    assert_eq!((status, id, stack.number("accepted")), (503, None, 0));
}

/// Without the ledger there are no leases and no marks.
#[tokio::test(start_paused = true)]
async fn what_is_posted_without_the_ledger_is_shown() {
    let stack = start();
    stack
        .network
        .outside
        .table
        .fail_with(EVERY_OPERATION, AwsFault::error("InternalServerError", 500));
    let ids = [stack.cancel("A-1").await, stack.cancel("A-2").await];
    stack.until(Duration::from_mins(1), |stack| stack.number("waiting") == 0).await;
    assert_eq!((stack.number("shown"), stack.number("left_out")), (2, 0));
    let mut events: Vec<_> = stack.messages().into_iter().flat_map(|(_, events)| events).collect();
    // Two messages of the queue may come in either order.
    events.sort_unstable();
    assert_eq!(events, ids);
    stack.check_messages();
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_hangs_up_leaves_nothing_behind() {
    let stack = start();
    tokio::select! {
        biased;
        _ = stack.cancel("A-1") => panic!("it takes longer than no time"),
        () = std::future::ready(()) => {}
    }
    stack.until(Duration::from_secs(10), |stack| stack.number("shown") == 1).await;
    stack.until(Duration::from_secs(10), |stack| stack.sandboxes.running() == 0).await;
}
