//! Other settings hold for what comes later, and for what waits.

use super::*;

fn set(stack: &Stack, changes: &Value) {
    stack.set_settings(changes.as_object().unwrap()).unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_language_can_be_switched() {
    let stack = start();
    stack.cancel("A-1").await;
    stack.until(Duration::from_secs(10), |stack| stack.number("shown") == 1).await;
    set(&stack, &json!({"language": "ko"}));
    stack.cancel("A-2").await;
    stack.until(Duration::from_secs(10), |stack| stack.number("shown") == 2).await;
    let headlines: Vec<_> = stack.messages().into_iter().map(|(text, _)| text).collect();
    assert!(headlines[0].contains("Order A-1 cancelled"), "{headlines:?}");
    assert!(headlines[1].contains("주문 취소 A-2"), "{headlines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_off_is_rightly_in_no_message() {
    let stack = start();
    set(&stack, &json!({"show_cancelled": "off"}));
    let id = stack.cancel("A-1").await;
    stack.until(Duration::from_mins(1), |stack| stack.number("left_out") == 1).await;
    assert_eq!(stack.steps(id).last().unwrap(), "left out");
}

#[tokio::test(start_paused = true)]
async fn new_orders_are_in_a_digest_after_the_window() {
    let stack = start();
    for number in 0..5 {
        let order = json!({"event_type": "order_created", "order_id": format!("A-{number}")});
        stack.send(&order).await;
    }
    assert_eq!(stack.number("waiting"), 5);
    stack.until(Duration::from_secs(20), |stack| stack.number("shown") == 5).await;
    assert_eq!(stack.messages().len(), 1);
    stack.check_messages();
}
