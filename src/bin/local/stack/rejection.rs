//! Orders that Slack rejects, so that they become dead letters.
//!
//! The function dead-letters an order when Slack has rejected it three times over an hour, and has taken
//! another message meanwhile. A visitor need not wait for an hour: another order follows the one that is
//! rejected, each retry comes after some seconds, and the clock of its invocation is put forward.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use order_alerts::queue::envelope::unpack;
use serde_json::Value;
use tokio::time::sleep;

use crate::stack::calls::ReceivedMessage;
use crate::stack::life::EventId;
use crate::stack::names::{has_name, texts};
use crate::stack::network::Network;
use crate::stack::{Answer, Stack, storm};
use crate::terminal;
use crate::terminal::Failure;

/// How much later it is for the function at each retry.
const PUT_FORWARD: Duration = Duration::from_mins(30);
/// How long a retry really takes.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// After so many retries, the order is no longer rejected.
const MAX_RETRIES: usize = 30;

/// The orders that Slack rejects now.
#[derive(Default)]
pub(crate) struct Rejections(Mutex<Vec<Rejected>>);

struct Rejected {
    order: String,
    /// How far the clock of its invocations is put forward.
    ahead: Duration,
}

impl Rejections {
    /// Whether Slack rejects a message with this payload.
    pub(crate) fn is_rejected(&self, payload: &Value) -> bool {
        let rejected = self.lock();
        if rejected.is_empty() {
            return false;
        }
        let text = texts(payload);
        rejected.iter().any(|rejected| has_name(&text, &rejected.order))
    }

    /// How far the clock is put forward for an invocation that begins with these messages. If it has
    /// other orders too, their time is the real one.
    pub(crate) fn ahead(&self, messages: &[ReceivedMessage]) -> Duration {
        let [message] = messages else { return Duration::ZERO };
        let all = self.lock();
        if all.is_empty() {
            return Duration::ZERO;
        }
        let content = unpack(&message.body);
        let orders = content.as_ref().map_or(&[][..], |content| content.orders());
        let [event] = orders else { return Duration::ZERO };
        let is_it =
            |rejected: &&Rejected| event.name().is_some_and(|name| name.as_str() == rejected.order);
        all.iter().find(is_it).map_or(Duration::ZERO, |rejected| rejected.ahead)
    }

    fn begin(&self, order: &str) {
        self.lock().push(Rejected { order: order.to_owned(), ahead: Duration::ZERO });
    }

    fn put_forward(&self, order: &str) {
        let mut all = self.lock();
        for rejected in all.iter_mut().filter(|rejected| rejected.order == order) {
            rejected.ahead += PUT_FORWARD;
        }
    }

    /// The cause is mended: Slack rejects none of them any more.
    pub(crate) fn end_all(&self) {
        self.lock().clear();
    }

    fn end(&self, order: &str) {
        self.lock().retain(|rejected| rejected.order != order);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Rejected>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stack {
    /// Sends an order that Slack rejects until it is a dead letter.
    pub(crate) async fn reject_one(self: &Arc<Self>) -> Result<Answer, Failure> {
        let order = storm::next_order();
        let rejections = &self.network.rejections;
        rejections.begin(&order);
        let answer = storm::cancel(self, &order).await;
        match answer.as_ref().map(|answer| answer.events.first().copied()) {
            Ok(Some(event)) => {
                let stack = Arc::clone(self);
                tokio::spawn(async move { stack.see_rejected(&order, event).await });
            }
            _ => rejections.end(&order),
        }
        answer
    }

    /// Lets an order be rejected again and again, until it is a dead letter.
    async fn see_rejected(self: Arc<Self>, order: &str, event: EventId) {
        let Network { rejections, observer, outside, .. } = &*self.network;
        let mut is_other_sent = false;
        for _ in 0..MAX_RETRIES {
            sleep(RETRY_AFTER).await;
            if !observer.is_waiting(event) {
                break;
            }
            let Some(message) = observer.hidden_in(event) else { continue };
            if is_other_sent {
                rejections.put_forward(order);
                observer.put_forward(event);
                outside.sqs.try_deliver_again(&message);
            } else {
                is_other_sent = true;
                if let Err(error) = storm::cancel(&self, &storm::next_order()).await {
                    terminal::error(error.as_ref());
                }
            }
        }
        rejections.end(order);
    }
}
