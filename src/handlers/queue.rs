//! A batch of queue messages is delivered: gather → deliver → dead-letter → acknowledge.
//!
//! The invocation is given a batch by Lambda and receives more from the queue itself, so that one
//! digest holds what belongs together. Lambda acknowledges its own messages by the response; the
//! others are deleted or given their visibility timeout here.

use std::time::Duration;

use crate::app::App;
use crate::delivery::Delivery;
use crate::delivery::budget::Budget;
use crate::delivery::notices::{NoticesDelivered, deliver_notices};
use crate::delivery::outcome::Outcome;
use crate::delivery::routing::Routing;
use crate::handlers::disposition::RetryPolicy;
use crate::handlers::expect::{CONCURRENT_CALLS, observe};
use crate::handlers::queue::acknowledge::acknowledge;
use crate::handlers::queue::dead_letter::dead_letter;
use crate::handlers::queue::gather::{Gathered, gather};
use crate::handlers::queue::message::QueuedMessage;
use crate::infra::concurrent::concurrently;
use crate::infra::deadline::Deadline;
use crate::queue::Queue;
use crate::queue::batch::{BatchResponse, Record};
use crate::slack::pace::{Pace, pause};

mod acknowledge;
mod dead_letter;
mod gather;
mod message;

/// Kept back of the time for acknowledgements, whatever else takes long.
const TIME_TO_ACKNOWLEDGE: Duration = Duration::from_secs(3);
/// A table that does not answer holds the orders back no longer.
const TIME_TO_OBSERVE: Duration = Duration::from_secs(2);

/// Handles one batch; the response names the messages that Lambda must not delete.
pub async fn handle(
    app: &App,
    queue: &Queue,
    batch: Vec<Record>,
    request_id: &str,
    deadline: Deadline,
) -> BatchResponse {
    let from_lambda = batch.len();
    let budget = Budget { request_id, deadline, reserve: TIME_TO_ACKNOWLEDGE };
    // What comes before the next turn is part of the same messages.
    pause(app.slack.next_turn_in(deadline.now())).await;
    let routing = Routing::new(app, deadline).await;
    let Gathered { mut messages, digests } = gather(app, queue, batch, &routing, budget).await;
    tracing::debug!(from_lambda, messages = messages.len(), "gathered messages");
    observe_first(app, queue, &mut messages, deadline).await;

    let has_channels = !app.config.channels().is_empty();
    let pace = if has_channels { Pace::for_channels() } else { Pace::for_queue() };
    let notices: Vec<_> = messages.iter().filter_map(QueuedMessage::notice).collect();
    let NoticesDelivered { outcomes: notices, orders_stopped } =
        deliver_notices(app, &notices, budget, &pace).await;
    let orders = Delivery::new(app, budget, &routing, &pace)
        .digests(digests)
        .stopped(orders_stopped)
        .deliver(messages.iter().flat_map(QueuedMessage::incoming))
        .await;
    take_outcomes(&mut messages, orders, notices);

    let retry_policy = RetryPolicy::of_invocation(request_id);
    let dispositions = messages.iter().map(|message| message.disposition(retry_policy)).collect();
    let until = deadline.at_most(deadline.left().saturating_sub(TIME_TO_ACKNOWLEDGE));
    let dispositions = dead_letter(app, queue, &messages, dispositions, retry_policy, until).await;
    let response = acknowledge(queue, &messages, &dispositions, from_lambda, deadline).await;
    pace.rest(deadline).await;
    response
}

/// Begins and ends the waits that could not be begun or ended when the webhooks came in. It comes first, so
/// that no message says that a step is overdue which came in this very batch. Orders wait for it a little.
async fn observe_first(
    app: &App,
    queue: &Queue,
    messages: &mut [QueuedMessage],
    deadline: Deadline,
) {
    let most = deadline.left().saturating_sub(TIME_TO_ACKNOWLEDGE);
    let in_time = deadline.at_most(most.min(TIME_TO_OBSERVE));
    let unobserved: Vec<_> = messages
        .iter()
        .enumerate()
        .flat_map(|(index, message)| (0..message.unobserved().len()).map(move |at| (index, at)))
        .collect();
    let known = &*messages;
    let is_observed = async |(index, at): (usize, usize)| {
        let event = &known[index].unobserved()[at];
        !in_time.left().is_zero() && observe(app, queue, event, in_time).await.is_ok()
    };
    let observed = concurrently(unobserved.clone(), CONCURRENT_CALLS, is_observed).await;
    for ((index, at), is_observed) in unobserved.into_iter().zip(observed) {
        if is_observed {
            messages[index].outcomes[at] = Outcome::Done;
        }
    }
}

/// Hands each message the outcomes of its own events, or of its notice.
fn take_outcomes(
    messages: &mut [QueuedMessage],
    orders: impl IntoIterator<Item = Outcome>,
    notices: impl IntoIterator<Item = Outcome>,
) {
    let (mut orders, mut notices) = (orders.into_iter(), notices.into_iter());
    for message in messages.iter_mut().filter(|message| message.unobserved().is_empty()) {
        let is_notice = message.notice().is_some();
        let outcomes: &mut dyn Iterator<Item = _> =
            if is_notice { &mut notices } else { &mut orders };
        for (own, outcome) in message.outcomes.iter_mut().zip(outcomes) {
            *own = outcome;
        }
    }
}
