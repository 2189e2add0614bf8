//! A webhook request becomes an answer: admit → verify → parse → enqueue, or deliver at once.
//!
//! The checks go from cheap to expensive, and nothing is parsed before it is verified.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::config::{Config, Mode};
use crate::delivery::Delivery;
use crate::delivery::budget::Budget;
use crate::delivery::jobs::Incoming;
use crate::delivery::outcome::{Outcome, RetryAfter};
use crate::infra::deadline::Deadline;
use crate::infra::metrics::Metric;
use crate::order::OrderEvent;
use crate::platform::Platform;
use crate::queue::Queue;
use crate::queue::envelope::pack;
use crate::secret::cache::SecretCacheError;
use crate::secret::{NoKey, Secret};
use crate::slack::pace::Pace;
use crate::webhook::parse::{Parsed, parse};
use crate::webhook::request::Request;
use crate::webhook::response::{Answer, Refusal, for_platform};
use crate::webhook::route::{Admitted, Webhook, admit, platform};
use crate::webhook::signature::{Rejection, Verified, verify};

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
            let status = refusal.status().as_u16();
            // Strangers try many paths; a platform that is refused here needs the operator.
            if let Some(Platform { id, .. }) = platform(request) {
                tracing::warn!(platform = id, status, "refused before verification");
            }
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
        Refusal::Unreadable
    })?;
    let Parsed::Events(events) = parsed else {
        tracing::info!(platform = platform.id, "ignored: event type not configured");
        app.metrics.count_for(Metric::WebhooksIgnored, platform.id);
        return Ok(Answer::Ignored);
    };
    match &app.queue {
        Some(queue) => enqueue(app, queue, &events, deadline).await?,
        None => deliver_now(app, &events, request_id, deadline).await?,
    }
    tracing::info!(platform = platform.id, events = events.len(), "accepted");
    let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
    app.metrics.add(Metric::EventsAccepted, Some(platform.id), count);
    Ok(Answer::Accepted)
}

/// Stores the events in the queue. What is only for a digest is delayed until that is due.
async fn enqueue(
    app: &App,
    queue: &Queue,
    events: &[OrderEvent],
    deadline: Deadline,
) -> Result<(), Refusal> {
    let Config { show, digest_windows, .. } = &app.config;
    // A draft must be known before the event that places it.
    let is_urgent =
        events.iter().any(|event| event.is_draft || show.mode(event.kind) == Mode::Immediate);
    let delay = if is_urgent { Duration::ZERO } else { digest_windows.delay(deadline.now()) };
    for body in pack(events) {
        if let Err(error) = queue.send(&body, delay, deadline).await {
            tracing::error!(%error, "queue unavailable: the sender is asked to retry");
            return Err(Refusal::Unavailable { retry_after: RETRY_AFTER });
        }
    }
    Ok(())
}

/// Delivers the events while the sender waits.
async fn deliver_now(
    app: &App,
    events: &[OrderEvent],
    request_id: &str,
    deadline: Deadline,
) -> Result<(), Refusal> {
    let budget = Budget { request_id, deadline, reserve: TIME_TO_ANSWER };
    let mut pace = Pace::unpaced();
    let events = events.iter().map(|event| Incoming { event, is_retry: false });
    for outcome in Delivery::new(app, budget, &mut pace).deliver(events).await {
        let retry_after = match outcome {
            Outcome::Done => continue,
            Outcome::Retry(RetryAfter::Exactly(wait)) => wait,
            Outcome::Retry(RetryAfter::Immediately) => IMMEDIATELY,
            Outcome::Retry(RetryAfter::BackOff) | Outcome::Rejected(_) => RETRY_AFTER,
        };
        return Err(Refusal::Unavailable { retry_after });
    }
    Ok(())
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

/// Verifies the webhook with the cached keys, or with those that the secret holds now: a key may have
/// been added or changed a moment ago.
async fn verified<'a>(
    app: &App,
    webhook: Webhook<'a>,
    deadline: Deadline,
) -> Result<Verified<'a>, Refusal> {
    let Webhook { platform, headers, body } = webhook;
    let public_url = app.config.public_url.as_deref();
    let check = |secret: &Secret| {
        let keys = secret.signing_keys(platform)?;
        Ok(verify(&platform.auth, headers, body, keys, public_url, deadline.began)?)
    };
    let cached = app.secrets.current(deadline).await.map_err(Unverified::NoSecret);
    let verified = match cached.and_then(|secret| check(&secret)) {
        Err(error) if error.may_need_newer_keys() => match app.secrets.refreshed(deadline).await {
            Some(newer) => check(&newer),
            None => Err(error),
        },
        verified => verified,
    };
    match verified {
        Ok(verified) => {
            if verified.key() > 0 {
                let (platform, key) = (platform.id, verified.key());
                tracing::info!(platform, key, "signed with an older key");
                app.metrics.count_for(Metric::OldKeyUsed, platform);
            }
            Ok(verified)
        }
        Err(error) if error.refusal() == Refusal::Unauthorized => {
            tracing::warn!(platform = platform.id, %error, "signature rejected");
            app.metrics.count_for(Metric::WebhooksRejected, platform.id);
            Err(Refusal::Unauthorized)
        }
        Err(error) => {
            tracing::error!(platform = platform.id, %error, "cannot verify: the sender is asked to retry");
            Err(error.refusal())
        }
    }
}

/// Why a webhook is not verified.
#[derive(Debug, thiserror::Error)]
enum Unverified {
    #[error(transparent)]
    NoSecret(SecretCacheError),
    #[error(transparent)]
    NoKey(#[from] NoKey),
    #[error(transparent)]
    Rejected(#[from] Rejection),
}

impl Unverified {
    fn may_need_newer_keys(&self) -> bool {
        matches!(self, Self::NoKey(_) | Self::Rejected(Rejection::BadSignature))
    }

    /// What is missing on our side is no reason to turn a sender away for good.
    fn refusal(&self) -> Refusal {
        match self {
            Self::NoSecret(_) | Self::NoKey(_) | Self::Rejected(Rejection::NoPublicUrl) => {
                Refusal::Unavailable { retry_after: RETRY_AFTER }
            }
            Self::Rejected(_) => Refusal::Unauthorized,
        }
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
