//! What Slack takes in no form ends among the dead letters, and comes back from there.

use futures_util::future::join_all;

use super::*;

/// What the page's button does: no visitor waits for an hour.
#[tokio::test(start_paused = true)]
async fn an_order_that_slack_rejects_is_a_dead_letter_within_seconds() {
    let stack = start();
    let began = Instant::now();
    let id = stack.reject_one().await.unwrap().events[0];
    stack.until(Duration::from_secs(30), |stack| stack.number("dead_letters") == 1).await;
    assert_eq!((stack.number("accepted"), stack.number("shown")), (2, 1));
    let steps = stack.steps(id);
    let count = |what| steps.iter().filter(|step| *step == what).count();
    // Three times, in both forms, over an hour.
    assert_eq!((count("refused"), count("later")), (6, 2), "{steps:?}");
    assert_eq!(steps.last().unwrap(), "dead letter");
    let details = stack.details(id);
    assert_eq!(details[3], json!(["word", 400, "invalid_blocks"]));
    assert_eq!(details[4], json!(["word to text", 400, "invalid_blocks"]));

    assert_eq!(stack.redrive(), 1);
    stack.until(Duration::from_secs(30), |stack| stack.number("shown") == 2).await;
    assert!(began.elapsed() < Duration::from_mins(1));
    // Its message is not an hour late.
    assert!(stack.messages().iter().all(|(text, _)| !text.contains(" late")));
    stack.check_messages();
}

/// The sandbox that retries must know that Slack took another message, and a storm leaves many.
#[tokio::test(start_paused = true)]
async fn after_a_storm_it_takes_no_longer() {
    let stack = start();
    let orders: Vec<_> = (0..8).map(|number| format!("A-{number}")).collect();
    join_all(orders.iter().map(|order| stack.cancel(order))).await;
    let is_over = |stack: &Stack| stack.number("shown") == 8 && stack.sandboxes.running() == 0;
    stack.until(Duration::from_mins(2), is_over).await;
    stack.reject_one().await.unwrap();
    stack.until(Duration::from_secs(30), |stack| stack.number("dead_letters") == 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_is_counted_and_redriven() {
    let stack = start();
    stack.network.outside.slack.reject("POISON");
    let id = stack.cancel("POISON").await;
    // Others are taken meanwhile, so it is this order's fault.
    for number in 0..12 {
        stack.cancel(&format!("A-{number}")).await;
        sleep(Duration::from_mins(10)).await;
        stack.check_sum();
    }
    stack.until(Duration::from_hours(2), |stack| stack.number("dead_letters") == 1).await;
    assert_eq!((stack.number("shown"), stack.number("waiting")), (12, 0));
    assert_eq!(stack.steps(id).last().unwrap(), "dead letter");

    stack.network.outside.slack.accept_everything();
    assert_eq!((stack.redrive(), stack.redrive()), (1, 0));
    assert_eq!((stack.number("dead_letters"), stack.number("waiting")), (0, 1));
    stack.until(Duration::from_mins(1), |stack| stack.number("shown") == 13).await;
    assert!(
        stack.steps(id).ends_with(&["redriven", "leased", "posted", "marked"].map(str::to_owned))
    );
    stack.check_messages();
}
