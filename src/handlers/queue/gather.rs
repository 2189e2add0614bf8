//! Which messages one invocation delivers, and whether a digest is among them.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::app::App;
use crate::config::Mode;
use crate::delivery::budget::Budget;
use crate::delivery::digest_claim::{ASK_AGAIN, DigestClaim, DigestClaims};
use crate::delivery::routing::Routing;
use crate::handlers::queue::message::QueuedMessage;
use crate::order::OrderEvent;
use crate::queue::batch::Record;
use crate::queue::{LONG_POLL, MAX_BATCH, Queue};

/// As many messages or events as one invocation can claim, post and mark in its time.
const MAX_EVENTS: usize = 500;

/// What one invocation delivers.
pub(super) struct Gathered {
    pub(super) messages: Vec<QueuedMessage>,
    /// Of the channels for whose digests something is in the batch.
    pub(super) digests: DigestClaims,
}

/// Claims the digests that are due, if the batch has part of any, and receives what belongs with them.
///
/// The invocation that acquires a claim receives until the queue is empty, and the others leave
/// their part to it. When more is waiting than one invocation can deliver, it releases the claim before
/// it posts. Then another invocation can gather the rest meanwhile. What the others left becomes
/// visible again when the digest may be posted already; the next invocation receives all of that too.
/// With a digest for each batch, the rest of a full window would be late.
pub(super) async fn gather(
    app: &App,
    queue: &Queue,
    batch: Vec<Record>,
    routing: &Routing<'_>,
    budget: Budget<'_>,
) -> Gathered {
    let mut messages: Vec<_> = batch.into_iter().map(QueuedMessage::decode).collect();
    let from_lambda = messages.len();
    let mut digests = DigestClaims::new();
    claim(app, &messages, routing, budget, &mut digests).await;
    // An event that is posted immediately must not wait until a receive finds nothing: a receive that
    // finds less than a full batch is the last one then.
    let has_urgent = events(&messages).any(|event| is_shown(app, event, Mode::Immediate));
    let few = if has_urgent { MAX_BATCH - 1 } else { 0 };
    let is = |wanted: fn(&DigestClaim) -> bool| digests.values().any(wanted);
    let is_complete = if is(|claim| matches!(claim, DigestClaim::Acquired(_))) {
        receive_more(queue, &mut messages, budget, LONG_POLL, few).await
    } else if is(|claim| matches!(claim, DigestClaim::Separate)) {
        // The digest was posted, so what is late takes along what is there, and waits for nothing.
        receive_more(queue, &mut messages, budget, Duration::ZERO, few).await
    } else if digests.is_empty() && messages.len() > 1 {
        receive_more(queue, &mut messages, budget, LONG_POLL, few).await
    } else {
        // In quiet times a single order is posted at once, and another invocation has the digests.
        true
    };
    claim(app, &messages, routing, budget, &mut digests).await;
    // What another invocation gathers goes back at once: this one may be busy for long.
    let is_taken = |message: &mut QueuedMessage| {
        let mut events = message.events().iter();
        let is_another_s = |event: &OrderEvent| {
            let claim = digests.get(&routing.channel(event));
            is_shown(app, event, Mode::Digest) && matches!(claim, Some(DigestClaim::Taken))
        };
        events.len() > 0 && events.all(is_another_s)
    };
    let back = messages.extract_if(from_lambda.., is_taken);
    let back = back.map(|message| (message.record.receipt_handle, ASK_AGAIN)).collect();
    queue.retry_after(back).await;
    if !is_complete {
        for claim in digests.values_mut() {
            claim.give_up(app, budget).await;
        }
    }
    Gathered { messages, digests }
}

/// Asks for the digests that these messages are for and that were not asked for before.
async fn claim(
    app: &App,
    messages: &[QueuedMessage],
    routing: &Routing<'_>,
    budget: Budget<'_>,
    claims: &mut DigestClaims,
) {
    let digested = events(messages).filter(|event| is_shown(app, event, Mode::Digest));
    let mut channels: BTreeSet<_> = digested.map(|event| routing.channel(event)).collect();
    channels.retain(|channel| !claims.contains_key(channel));
    for channel in channels {
        let claim = DigestClaim::acquire(app, budget, &channel).await;
        claims.insert(channel, claim);
    }
}

fn events(messages: &[QueuedMessage]) -> impl Iterator<Item = &OrderEvent> {
    messages.iter().flat_map(QueuedMessage::events)
}

fn is_shown(app: &App, event: &OrderEvent, mode: Mode) -> bool {
    !event.is_draft && app.config.decide(event).mode == mode
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
