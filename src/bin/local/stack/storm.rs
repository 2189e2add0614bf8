//! A storm: many cancellations of different orders in a short time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use order_alerts::platform::Platform;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use crate::stack::{Answer, Stack};
use crate::terminal;
use crate::terminal::Failure;
use crate::webhook_file::Webhook;

const MAX_COUNT: u64 = 1_000;
const MAX_SECONDS: u64 = 60;
/// A webhook that is not accepted is sent again after this, so often.
const TRY_AGAIN: Duration = Duration::from_secs(1);
const MAX_TRIES: usize = 30;

/// The number of the last order.
static ORDERS: AtomicU64 = AtomicU64::new(20_000);

/// How many cancellations, in how many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Storm {
    count: u64,
    seconds: u64,
}

impl Storm {
    /// As the page sends it; the error names the field.
    pub(crate) fn parse(fields: &Map<String, Value>) -> Result<Self, Failure> {
        let number = |name: &str, default, most| match fields.get(name) {
            None => Ok(default),
            Some(value) => match value.as_u64() {
                Some(number) if (1..=most).contains(&number) => Ok(number),
                _ => Err(format!("{name} must be a whole number from 1 to {most}")),
            },
        };
        Ok(Self {
            count: number("count", 300, MAX_COUNT)?,
            seconds: number("seconds", 3, MAX_SECONDS)?,
        })
    }

    /// Sends the webhooks, each at its time.
    pub(crate) fn start(self, stack: &Arc<Stack>) {
        let Self { count, seconds } = self;
        let interval = Duration::from_secs(seconds) / u32::try_from(count).unwrap_or(1);
        let (stack, mut due) = (Arc::clone(stack), Instant::now());
        tokio::spawn(async move {
            for _ in 0..count {
                sleep_until(due).await;
                due += interval;
                let stack = Arc::clone(&stack);
                tokio::spawn(async move {
                    if let Err(error) = cancel(&stack, &next_order()).await {
                        terminal::error(error.as_ref());
                    }
                });
            }
        });
    }
}

/// The name of an order that was not sent yet.
pub(crate) fn next_order() -> String {
    format!("A-{}", ORDERS.fetch_add(1, Ordering::Relaxed) + 1)
}

/// Sends the cancellation of an order, and sends it again if it is not accepted, as shops do.
pub(crate) async fn cancel(stack: &Arc<Stack>, order: &str) -> Result<Answer, Failure> {
    let platform = Platform::find("generic").ok_or("there is no generic platform")?;
    // Two digits of its name, so that the amounts differ.
    let amount = format!("1{}", &order[order.len() - 2..]);
    let body = json!({
        "event_type": "order_cancelled",
        "order_id": order,
        "total": {"amount": amount, "currency": "USD"},
    });
    let webhook = Webhook::of_body(body.to_string().into_bytes());
    let event = webhook.signed_event(platform, &stack.keys, &stack.public_url, (stack.clock)())?;
    for _ in 0..MAX_TRIES {
        let answer = stack.webhook(&event).await?;
        if answer.response.status_code < 300 {
            return Ok(answer);
        }
        sleep(TRY_AGAIN).await;
    }
    Err(format!("the cancellation of {order} was not accepted").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_has_limits() {
        let parse = |fields: Value| {
            Storm::parse(fields.as_object().unwrap()).map_err(|error| error.to_string())
        };
        assert_eq!(parse(json!({})), Ok(Storm { count: 300, seconds: 3 }));
        assert_eq!(parse(json!({"count": 5, "seconds": 1})), Ok(Storm { count: 5, seconds: 1 }));
        let refusal = Err("count must be a whole number from 1 to 1000".to_owned());
        for count in [json!(0), json!(1_001), json!("5"), json!(-1), json!(1.5)] {
            assert_eq!(parse(json!({ "count": count })), refusal);
        }
    }
}
