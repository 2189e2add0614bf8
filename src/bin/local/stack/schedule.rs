//! The schedule of the template, which invokes the function once a minute. Here a minute is a second.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use crate::stack::Stack;
use crate::terminal;

/// How many times faster an order waits for its next step.
pub(crate) const SPEED: u32 = 60;
/// A minute of the orders' time.
const MINUTE: Duration = Duration::from_secs(1);

/// Invokes the function while a step is expected, as long as the stack is there.
pub(crate) fn start(stack: &Arc<Stack>) {
    let stack = Arc::downgrade(stack);
    let event = json!({"source": "aws.events", "detail-type": "Scheduled Event"}).to_string();
    let mut minutes = interval(MINUTE);
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::spawn(async move {
        loop {
            minutes.tick().await;
            let Some(stack) = stack.upgrade() else { return };
            if !stack.settings().expects_nothing()
                && let Err(error) = stack.serve(&stack.scheduled, &event, Vec::new()).await
            {
                terminal::error(error.as_ref());
            }
        }
    });
}
