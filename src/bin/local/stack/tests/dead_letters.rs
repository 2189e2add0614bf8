//! What Slack takes in no form ends among the dead letters, and comes back from there.

use super::*;

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
