//! A webhook request becomes an answer: admit → verify → parse → enqueue, or deliver at once.
//!
//! The checks go from cheap to expensive, and nothing is parsed before it is verified. No webhook is
//! refused in silence: each refusal leaves a line in the log, and a count of its kind.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::config::Mode;
use crate::delivery::Delivery;
use crate::delivery::budget::Budget;
use crate::delivery::jobs::Incoming;
use crate::delivery::outcome::{Outcome, RetryAfter};
use crate::delivery::routing::Routing;
use crate::handlers::expect::observe_all;
use crate::handlers::notice::{NotHandedOn, hand_on};
use crate::infra::aws::ServiceError;
use crate::infra::deadline::Deadline;
use crate::infra::metrics::Metric;
use crate::order::OrderEvent;
use crate::order::one_line::OneLine;
use crate::queue::Queue;
use crate::queue::envelope::pack;
use crate::slack::pace::Pace;
use crate::store::StoreEvent;
use crate::webhook::parse::{ParseError, Parsed, parse};
use crate::webhook::request::Request;
use crate::webhook::response::{Answer, Refusal, for_platform};
use crate::webhook::route::{
    Admitted, Webhook, admit, claims_json, is_meant_for_webhooks, platform,
};
use crate::webhook::signature::is_unsigned;

use self::decisions::log_decisions;
use self::verification::verified;

mod decisions;
mod verification;

/// When the sender may come again after a failure on our side.
const RETRY_AFTER: Duration = Duration::from_secs(15);
/// Kept back of the time for the answer.
const TIME_TO_ANSWER: Duration = Duration::from_millis(300);
/// When nothing was tried for lack of time.
const IMMEDIATELY: Duration = Duration::from_secs(1);
/// From the request to the queue; neither Slack nor the ledger is called in between.
const TIME_TO_ENQUEUE: Duration = Duration::from_secs(3);

/// Answers one request of the invocation `request_id`.
pub async fn handle(
    app: &App,
    request: &Request,
    request_id: &str,
    deadline: Deadline,
) -> Result<Answer, Refusal> {
    match admit(request) {
        Ok(Admitted::Health) => Ok(Answer::Healthy),
        Ok(Admitted::Ping(platform)) => {
            tracing::info!(platform = platform.id, "answered a platform's ping");
            for_platform(Ok(Answer::Ignored), &platform.reply)
        }
        Ok(Admitted::Webhook(webhook)) => {
            let time = time_to_answer(request.arrived_at, deadline.began);
            let time = if app.queue.is_some() { time.min(TIME_TO_ENQUEUE) } else { time };
            let outcome = accept(app, webhook, request_id, deadline.at_most(time)).await;
            if let Err(Refusal::Unavailable { .. }) = outcome {
                app.metrics.count_for(Metric::WebhooksNotTaken, webhook.platform.id);
            }
            for_platform(outcome, &webhook.platform.reply)
        }
        Err(refusal) => {
            note_refusal(app, request, refusal);
            Err(refusal)
        }
    }
}

/// Verifies and parses a webhook, and hands its events over.
async fn accept(
    app: &App,
    webhook: Webhook<'_>,
    request_id: &str,
    deadline: Deadline,
) -> Result<Answer, Refusal> {
    let platform = webhook.platform;
    let verified = verified(app, webhook, deadline).await?;
    let parsed = parse(platform, &verified, app.config.customer, deadline.began);
    let parsed = parsed.map_err(|error| {
        tracing::warn!(platform = platform.id, %error, "unreadable webhook");
        app.metrics.count_for(Metric::WebhooksUnreadable, platform.id);
        match error {
            ParseError::Json(_) if !claims_json(webhook.headers) => Refusal::UnsupportedMediaType,
            ParseError::Json(_) | ParseError::NoOrder { .. } => Refusal::Unreadable,
        }
    })?;
    let events = match parsed {
        Parsed::Events(events) => events,
        Parsed::Store(event) => return accept_store(app, event, request_id, deadline).await,
        Parsed::Ignored { .. } => {
            tracing::info!(platform = platform.id, "ignored: event type not configured");
            app.metrics.count_for(Metric::WebhooksIgnored, platform.id);
            return Ok(Answer::Ignored);
        }
    };
    match &app.queue {
        Some(queue) => {
            let observed = observe_all(app, queue, &events, deadline).await;
            observed.map_err(|error| not_stored(&error))?;
            enqueue(app, queue, &events, deadline).await?;
        }
        None => deliver_now(app, &events, request_id, deadline).await?,
    }
    log_decisions(&app.config, &events);
    tracing::info!(platform = platform.id, events = events.len(), "accepted");
    let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
    app.metrics.add(Metric::EventsAccepted, Some(platform.id), count);
    Ok(Answer::Accepted)
}

/// Hands a shop's change of state over, which is posted at once.
async fn accept_store(
    app: &App,
    event: StoreEvent,
    request_id: &str,
    deadline: Deadline,
) -> Result<Answer, Refusal> {
    let (platform, state) = (event.platform.clone(), event.state.name());
    let budget = Budget { request_id, deadline, reserve: TIME_TO_ANSWER };
    hand_on(app, &event.into(), budget).await.or_else(|error| match error {
        NotHandedOn::NotStored(error) => Err(not_stored(&error)),
        NotHandedOn::NotPosted(outcome) => answered(&outcome),
    })?;
    tracing::info!(platform, state, "accepted a store event");
    app.metrics.count_for(Metric::StoreEvents, &platform);
    Ok(Answer::Accepted)
}

/// Logs and counts a request that is refused by its path, its method or its size.
///
/// A webhook that a shop sends to a wrong path is lost, so it raises the alarm as a wrong key does. A
/// request without a credential is a stranger's: it must neither raise an alarm nor fill the log with
/// warnings.
fn note_refusal(app: &App, request: &Request, refusal: Refusal) {
    let platform = platform(request).map(|platform| platform.id);
    let status = refusal.status().as_u16();
    let metric = match refusal {
        Refusal::MethodNotAllowed { .. } => None,
        Refusal::NotFound if !is_meant_for_webhooks(request) => None,
        _ if is_unsigned(&request.headers) => Some(Metric::WebhooksUnsigned),
        Refusal::NotFound => Some(Metric::WebhooksRejected),
        _ => Some(Metric::WebhooksUnreadable),
    };
    match metric {
        None | Some(Metric::WebhooksUnsigned) => {
            tracing::info!(platform, status, "refused before verification");
        }
        Some(_) => {
            let path = OneLine::parse(&request.path).map(|path| path.to_string());
            tracing::warn!(platform, status, path, "refused before verification");
        }
    }
    if let Some(metric) = metric {
        app.metrics.add(metric, platform, 1);
    }
}

/// Stores the events in the queue. What is only for a digest is delayed until that is due.
async fn enqueue(
    app: &App,
    queue: &Queue,
    events: &[OrderEvent],
    deadline: Deadline,
) -> Result<(), Refusal> {
    let config = &app.config;
    let is_immediate = |event: &OrderEvent| config.decide(event).mode == Mode::Immediate;
    // A draft must be known before the event that places it.
    let is_urgent = events.iter().any(|event| event.is_draft || is_immediate(event));
    let windows = config.digest_windows;
    let delay = if is_urgent { Duration::ZERO } else { windows.delay(deadline.now()) };
    for body in pack(events) {
        queue.send(&body, delay, deadline).await.map_err(|error| not_stored(&error))?;
    }
    Ok(())
}

fn not_stored(error: &ServiceError) -> Refusal {
    tracing::error!(%error, "queue unavailable: the sender is asked to retry");
    Refusal::Unavailable { retry_after: RETRY_AFTER }
}

/// Delivers the events while the sender waits.
async fn deliver_now(
    app: &App,
    events: &[OrderEvent],
    request_id: &str,
    deadline: Deadline,
) -> Result<(), Refusal> {
    let budget = Budget { request_id, deadline, reserve: TIME_TO_ANSWER };
    let pace = Pace::unpaced();
    let routing = Routing::new(app, deadline).await;
    let events = events.iter().map(|event| Incoming { event, is_retry: false });
    let outcomes = Delivery::new(app, budget, &routing, &pace).deliver(events).await;
    outcomes.iter().try_for_each(answered)
}

/// When the sender is to try again, if an event is not done.
fn answered(outcome: &Outcome) -> Result<(), Refusal> {
    let retry_after = match outcome {
        Outcome::Done => return Ok(()),
        Outcome::Retry(RetryAfter::Exactly(wait)) => *wait,
        Outcome::Retry(RetryAfter::Immediately) => IMMEDIATELY,
        Outcome::Retry(RetryAfter::BackOff) | Outcome::Rejected(_) => RETRY_AFTER,
    };
    Err(Refusal::Unavailable { retry_after })
}

/// Senders give up after five seconds, counted from when API Gateway took the request
/// (<https://shopify.dev/docs/apps/build/webhooks/troubleshooting-webhooks>).
fn time_to_answer(arrived_at: Option<Timestamp>, now: Timestamp) -> Duration {
    const FROM_ARRIVAL: SignedDuration = SignedDuration::from_millis(4500);
    const FROM_NOW: Duration = Duration::from_secs(4);
    let waited = arrived_at.map(|arrived_at| now.duration_since(arrived_at));
    // A sample event's time is long ago; a wrong clock's may be in the future.
    let is_live =
        |waited: &SignedDuration| !waited.is_negative() && *waited <= SignedDuration::from_secs(4);
    match waited.filter(is_live) {
        Some(waited) => (FROM_ARRIVAL - waited).unsigned_abs(),
        None => FROM_NOW,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_due_before_the_sender_gives_up() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let due = |waited: i64| {
            time_to_answer(Some(now - SignedDuration::from_millis(waited)), now).as_millis()
        };
        assert_eq!(due(0), 4_500);
        assert_eq!(due(2_000), 2_500);
        assert_eq!(due(4_000), 500);
        // No request of this moment: a sample, or another clock.
        assert_eq!(due(4_001), 4_000);
        assert_eq!(due(-1), 4_000);
        assert_eq!(time_to_answer(None, now).as_millis(), 4_000);
    }
}
