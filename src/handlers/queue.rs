//! Story 2: a batch of queue messages is delivered, and each message is settled.
//!
//! decode → claim the window of a digest → drain → deliver → settle. What Lambda handed over is
//! settled by the answer to it; what was taken from the queue here is deleted or given back here.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::timeout_at;

use crate::alarm::Alarm;
use crate::app::App;
use crate::config::Mode;
use crate::delivery::{AlarmsDelivered, Budget, Window, claim_window, deliver, deliver_alarms};
use crate::handlers::disposition::{Disposition, Outcome, RetryPolicy};
use crate::infra::aws::ServiceError;
use crate::infra::deadline::Deadline;
use crate::infra::metrics::Metric;
use crate::order::OrderEvent;
use crate::queue::batch::{BatchItemFailure, BatchResponse, Record};
use crate::queue::envelope::{Content, EnvelopeError, unpack};
use crate::queue::{MOST_AT_ONCE, Queue};
use crate::slack::pace::Pace;
use crate::slack::retry::RetryAfter;

/// As many messages or events as one invocation can claim, tell and mark in its time.
const MOST: usize = 500;
/// A message that was received more often has missed digest after digest, and gets one of its own:
/// else few of many would be told in each window.
const DIGESTS_MISSED: u32 = 5;
/// What is kept back of the time for reserve, whatever else takes long.
const SETTLING: Duration = Duration::from_secs(3);
/// Dead letters are sent one by one, but not one after the other.
const BURIALS_AT_ONCE: usize = 8;

/// A message and the events that it carries.
struct QueuedMessage {
    record: Record,
    content: Result<Content, EnvelopeError>,
}

impl QueuedMessage {
    fn alarm(&self) -> Option<&Alarm> {
        match &self.content {
            Ok(Content::Alarm(alarm)) => Some(alarm),
            Ok(Content::Orders(_)) | Err(_) => None,
        }
    }

    /// The orders' events in it, if it can be read.
    fn events(&self) -> &[OrderEvent] {
        self.content.as_ref().map_or(&[], Content::orders)
    }
}

/// Takes one batch; the answer names what Lambda must keep.
pub async fn handle(
    app: &App,
    queue: &Queue,
    batch: Vec<Record>,
    request_id: &str,
    deadline: Deadline,
) -> BatchResponse {
    let handed_over = batch.len();
    let mut messages: Vec<_> = batch.into_iter().map(open).collect();
    let mut budget = Budget { request_id, deadline, reserve: SETTLING, is_everything: false };

    // Whoever has the window gathers, and the others leave their part to it.
    let digested = || messages.iter().filter(|message| is_any_digested(app, message));
    let window = if digested().next().is_none() {
        None
    } else if digested().any(|message| message.record.receive_count > DIGESTS_MISSED) {
        Some(Window::of_its_own())
    } else {
        Some(claim_window(app, budget).await)
    };
    match &window {
        Some(Window::Ours(_)) => {
            budget.is_everything = drain(queue, &mut messages, budget, 0).await
        }
        // A single order in quiet times is told at once.
        None if messages.len() > 1 => {
            drain(queue, &mut messages, budget, MOST_AT_ONCE - 1).await;
        }
        None | Some(Window::Taken(_)) => {}
    }

    let mut pace = Pace::of_a_consumer();
    let alarms: Vec<_> = messages.iter().filter_map(QueuedMessage::alarm).collect();
    let AlarmsDelivered { outcomes: alarms, orders_halted } =
        deliver_alarms(app, &alarms, budget, &mut pace).await;
    let events: Vec<_> = messages.iter().flat_map(QueuedMessage::events).cloned().collect();
    let orders = deliver(app, &events, budget, &mut pace, window, orders_halted).await;

    let retry_policy = RetryPolicy::of_invocation(request_id);
    let mut dispositions = dispositions(&messages, &orders, &alarms, retry_policy);
    let until_settling = deadline.at_most(deadline.left().saturating_sub(SETTLING));
    bury(app, queue, &messages, &mut dispositions, retry_policy, until_settling).await;
    let answer = settle(queue, &messages, &dispositions, handed_over, deadline).await;
    pace.rest(deadline).await;
    answer
}

fn open(record: Record) -> QueuedMessage {
    let content = unpack(&record.body);
    if let Err(error) = &content {
        tracing::error!(message = record.id, receive_count = record.receive_count, %error, "not read");
    }
    QueuedMessage { record, content }
}

fn is_any_digested(app: &App, message: &QueuedMessage) -> bool {
    let mut events = message.events().iter();
    events.any(|event| app.config.show.mode(event.kind) == Mode::Digest)
}

/// Takes from the queue what else is waiting, until it gives no more than `few` messages; whether
/// that was everything.
async fn drain(
    queue: &Queue,
    messages: &mut Vec<QueuedMessage>,
    budget: Budget<'_>,
    few: usize,
) -> bool {
    let mut size: usize = messages.iter().map(size_of).sum();
    while size < MOST && !budget.deadline.is_half_over() {
        match queue.receive().await {
            Ok(received) => {
                let is_last = received.len() <= few;
                let opened: Vec<_> = received.into_iter().map(open).collect();
                size += opened.iter().map(size_of).sum::<usize>();
                messages.extend(opened);
                if is_last {
                    return true;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the rest of the queue is left for later");
                return false;
            }
        }
    }
    false
}

/// How much of an invocation a message takes up.
fn size_of(message: &QueuedMessage) -> usize {
    message.events().len().max(1)
}

/// What the outcomes of all orders' events and of all alarms, each one after the other, mean for each
/// message.
fn dispositions(
    messages: &[QueuedMessage],
    mut orders: &[Outcome],
    alarms: &[Outcome],
    retry_policy: RetryPolicy,
) -> Vec<Disposition> {
    let mut alarms = alarms.iter();
    let disposition = |QueuedMessage { record, content }: &QueuedMessage| match content {
        Ok(Content::Orders(events)) => {
            let (mine, others) = orders.split_at(events.len());
            orders = others;
            retry_policy.of_events(record, events, mine)
        }
        Ok(Content::Alarm(_)) => {
            let outcome = alarms.next().expect("every alarm has its outcome");
            retry_policy.of_alarm(record, outcome)
        }
        Err(error) => retry_policy.of_unread(record, *error),
    };
    messages.iter().map(disposition).collect()
}

/// Copies what can never work to the dead-letter queue; after that it is done with.
async fn bury(
    app: &App,
    queue: &Queue,
    messages: &[QueuedMessage],
    dispositions: &mut [Disposition],
    retry_policy: RetryPolicy,
    deadline: Deadline,
) {
    let dead =
        dispositions.iter().enumerate().filter_map(|(position, disposition)| match disposition {
            Disposition::DeadLetter { bodies, reason } => {
                Some((position, bodies.clone(), reason.clone()))
            }
            Disposition::Delete | Disposition::RetryAfter(_) => None,
        });
    let burials = stream::iter(dead.collect::<Vec<_>>()).map(async |(position, bodies, reason)| {
        (position, bury_one(queue, bodies, &reason, deadline).await, reason)
    });
    let buried: Vec<_> = burials.buffer_unordered(BURIALS_AT_ONCE).collect().await;
    for (position, result, reason) in buried {
        let record = &messages[position].record;
        dispositions[position] = match result {
            Ok(()) => {
                tracing::error!(message = record.id, reason, "put into the dead-letter queue");
                app.metrics.count(Metric::DeadLettered);
                Disposition::Delete
            }
            Err(error) => {
                tracing::error!(message = record.id, %error, "no dead letter could be sent");
                Disposition::RetryAfter(retry_policy.time(record, RetryAfter::BackOff))
            }
        };
    }
}

async fn bury_one(
    queue: &Queue,
    bodies: Vec<String>,
    reason: &str,
    deadline: Deadline,
) -> Result<(), ServiceError> {
    for body in bodies {
        queue.bury(&body, reason, deadline).await?;
    }
    Ok(())
}

/// Gives back what must come again and deletes what is done with; Lambda deletes its own messages
/// by the answer.
async fn settle(
    queue: &Queue,
    messages: &[QueuedMessage],
    dispositions: &[Disposition],
    handed_over: usize,
    deadline: Deadline,
) -> BatchResponse {
    let mut answer = BatchResponse::default();
    let (mut done, mut back) = (Vec::new(), Vec::new());
    for (position, (QueuedMessage { record, .. }, disposition)) in
        messages.iter().zip(dispositions).enumerate()
    {
        let is_lambdas = position < handed_over;
        match disposition {
            Disposition::RetryAfter(wait) => {
                back.push((record.receipt_handle.clone(), *wait));
                if is_lambdas {
                    let item_identifier = record.id.clone();
                    answer.batch_item_failures.push(BatchItemFailure { item_identifier });
                }
            }
            Disposition::Delete | Disposition::DeadLetter { .. } if is_lambdas => {}
            Disposition::Delete | Disposition::DeadLetter { .. } => {
                done.push(record.receipt_handle.clone())
            }
        }
    }
    let settled = async { tokio::join!(queue.delete(done), queue.give_back(back)) };
    if timeout_at(deadline.due(), settled).await.is_err() {
        tracing::warn!("the queue did not take in time what becomes of its messages");
    }
    answer
}
