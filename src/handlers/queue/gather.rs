//! Which messages one invocation delivers, and whether a digest is among them.

use std::time::Duration;

use crate::app::App;
use crate::config::Mode;
use crate::delivery::budget::Budget;
use crate::delivery::digest_claim::DigestClaim;
use crate::handlers::queue::message::QueuedMessage;
use crate::queue::batch::Record;
use crate::queue::{LONG_POLL, MAX_BATCH, Queue};

/// As many messages or events as one invocation can claim, post and mark in its time.
const MAX_EVENTS: usize = 500;

/// What one invocation delivers.
pub(super) struct Gathered {
    pub(super) messages: Vec<QueuedMessage>,
    /// `None` when nothing in the batch is for a digest.
    pub(super) digest: Option<DigestClaim>,
}

/// Claims the digest that is due, if the batch has part of one, and receives what belongs with it.
///
/// The invocation that acquires the claim receives until the queue is empty, and the others leave
/// their part to it. When more is waiting than one invocation can deliver, it releases the claim before
/// it posts. Then another invocation can gather the rest meanwhile. What the others left becomes
/// visible again when the digest may be posted already; the next invocation receives all of that too.
/// With a digest for each batch, the rest of a full window would be late.
pub(super) async fn gather(
    app: &App,
    queue: &Queue,
    batch: Vec<Record>,
    budget: Budget<'_>,
) -> Gathered {
    let mut messages: Vec<_> = batch.into_iter().map(QueuedMessage::decode).collect();
    let mut digest = claim(app, &messages, budget).await;
    // An event that is posted immediately must not wait until a receive finds nothing: a receive that
    // finds less than a full batch is the last one then.
    let few = if is_any(app, &messages, Mode::Immediate) { MAX_BATCH - 1 } else { 0 };
    let is_complete = match &digest {
        // In quiet times a single order is posted at once.
        None if messages.len() <= 1 => true,
        None | Some(DigestClaim::Acquired(_)) => {
            receive_more(queue, &mut messages, budget, LONG_POLL, few).await
        }
        // The digest was posted, so what is late takes along what is there, and waits for nothing.
        Some(DigestClaim::Separate) => {
            receive_more(queue, &mut messages, budget, Duration::ZERO, few).await
        }
        Some(DigestClaim::Taken) => true,
    };
    if let (Some(claim), false) = (&mut digest, is_complete) {
        claim.give_up(app, budget).await;
    }
    Gathered { messages, digest }
}

async fn claim(app: &App, messages: &[QueuedMessage], budget: Budget<'_>) -> Option<DigestClaim> {
    if is_any(app, messages, Mode::Digest) {
        Some(DigestClaim::acquire(app, budget).await)
    } else {
        None
    }
}

fn is_any(app: &App, messages: &[QueuedMessage], mode: Mode) -> bool {
    let mut events = messages.iter().flat_map(QueuedMessage::events);
    events.any(|event| !event.is_draft && app.config.show.mode(event.kind) == mode)
}

/// Receives what else is in the queue. It stops after a receive that returned at most `few` messages
/// within the `wait`, and then returns true; false when there was no time or room for everything.
async fn receive_more(
    queue: &Queue,
    messages: &mut Vec<QueuedMessage>,
    budget: Budget<'_>,
    wait: Duration,
    few: usize,
) -> bool {
    let mut size: usize = messages.iter().map(QueuedMessage::size).sum();
    while size < MAX_EVENTS && !budget.deadline.is_half_over() {
        match queue.receive(wait).await {
            Ok(received) => {
                let is_last = received.len() <= few;
                let start = messages.len();
                messages.extend(received.into_iter().map(QueuedMessage::decode));
                size += messages[start..].iter().map(QueuedMessage::size).sum::<usize>();
                if is_last {
                    return true;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "receive failed: the rest of the queue waits");
                return false;
            }
        }
    }
    false
}
