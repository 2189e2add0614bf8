//! Story 1: a webhook request becomes an answer.
//!
//! The checks go from cheap to dear, and nothing is parsed before it is proven genuine: route, size,
//! media type, keys at hand, signature, body, delivery.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::config::{Config, Mode};
use crate::delivery::{Budget, deliver};
use crate::handlers::disposition::Outcome;
use crate::infra::deadline::Deadline;
use crate::infra::metrics::Metric;
use crate::order::OrderEvent;
use crate::platform::Platform;
use crate::queue::Queue;
use crate::queue::envelope::pack;
use crate::secret::cache::SecretCacheError;
use crate::secret::{NoKey, Secret};
use crate::slack::pace::Pace;
use crate::slack::retry::RetryAfter;
use crate::webhook::parse::{Parsed, parse};
use crate::webhook::request::{Headers, Request};
use crate::webhook::response::{Answer, Refusal, for_platform};
use crate::webhook::route::{Route, bytes, check_media_type, is_ping, route};
use crate::webhook::signature::{Rejection, Verified, verify};

/// When the sender may come again after a failure on our side.
const RETRY_AFTER: Duration = Duration::from_secs(15);
/// What is kept back of the time for the answer.
const ANSWERING: Duration = Duration::from_millis(300);
/// When nothing was tried for want of time.
const AT_ONCE: Duration = Duration::from_secs(1);
/// From the request to the queue, in which neither Slack nor the ledger has a part.
const TIME_TO_ENQUEUE: Duration = Duration::from_secs(3);

/// Takes one request of the invocation `request_id`.
pub async fn handle(
    app: &App,
    request: &Request,
    request_id: &str,
    deadline: Deadline,
) -> Result<Answer, Refusal> {
    let now = deadline.began;
    let time_to_answer = time_to_answer(request.arrived_at, now);
    let deadline = deadline.at_most(match app.queue {
        Some(_) => time_to_answer.min(TIME_TO_ENQUEUE),
        None => time_to_answer,
    });
    let platform = match route(request)? {
        Route::Health => return Ok(Answer::Healthy),
        Route::Webhook(platform) => platform,
    };
    let outcome = take(app, platform, request, request_id, deadline).await;
    if let Err(Refusal::Unavailable { .. }) = outcome {
        app.metrics.count_for(Metric::WebhooksNotTaken, platform.id);
    }
    for_platform(outcome, &platform.reply)
}

/// Proves, parses and hands over what came to a platform's address.
async fn take(
    app: &App,
    platform: &Platform,
    request: &Request,
    request_id: &str,
    deadline: Deadline,
) -> Result<Answer, Refusal> {
    let body = bytes(&request.body)?;
    if is_ping(platform, &request.headers, body) {
        tracing::info!(platform = platform.id, "ping");
        return Ok(Answer::Ignored);
    }
    check_media_type(&request.headers)?;

    let webhook = prove(app, platform, &request.headers, body, deadline).await?;
    let customer = app.config.customer;
    let parsed = parse(platform, &webhook, customer, deadline.began).map_err(|error| {
        tracing::warn!(platform = platform.id, %error, "refused");
        app.metrics.count_for(Metric::WebhooksUnreadable, platform.id);
        Refusal::Unreadable
    })?;
    let events = match parsed {
        Parsed::Ignored { .. } => {
            tracing::info!(platform = platform.id, "ignored: the event is no news");
            app.metrics.count_for(Metric::WebhooksIgnored, platform.id);
            return Ok(Answer::Ignored);
        }
        Parsed::Events(events) => events,
    };
    match &app.queue {
        Some(queue) => enqueue(app, queue, &events, deadline).await?,
        None => tell(app, &events, request_id, deadline).await?,
    }
    tracing::info!(platform = platform.id, events = events.len(), "accepted");
    let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
    app.metrics.add(Metric::EventsAccepted, Some(platform.id), count);
    Ok(Answer::Accepted)
}

/// Leaves the events to the queue. What need not be told at once stays out of sight until the next
/// digest is due.
async fn enqueue(
    app: &App,
    queue: &Queue,
    events: &[OrderEvent],
    deadline: Deadline,
) -> Result<(), Refusal> {
    let Config { show, digest_windows, .. } = &app.config;
    let is_urgent = events.iter().any(|event| show.mode(event.kind) == Mode::Immediate);
    let delay = if is_urgent { Duration::ZERO } else { digest_windows.delay(deadline.now()) };
    for body in pack(events) {
        if let Err(error) = queue.send(&body, delay, deadline).await {
            tracing::error!(%error, "the event cannot be stored");
            return Err(Refusal::Unavailable { retry_after: RETRY_AFTER });
        }
    }
    Ok(())
}

/// Tells the channel while the sender waits.
async fn tell(
    app: &App,
    events: &[OrderEvent],
    request_id: &str,
    deadline: Deadline,
) -> Result<(), Refusal> {
    let budget = Budget { request_id, deadline, reserve: ANSWERING, is_everything: true };
    let outcomes = deliver(app, events, budget, &mut Pace::at_once(), None, None).await;
    for outcome in outcomes {
        let retry_after = match outcome {
            Outcome::Done => continue,
            Outcome::Retry(RetryAfter::Exactly(wait)) => wait,
            Outcome::Retry(RetryAfter::Immediately | RetryAfter::NextDigest(_)) => AT_ONCE,
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

/// Proves the request genuine with the keys at hand, or with those that the secret holds by now: a
/// key may have been added or changed a moment ago.
async fn prove<'a>(
    app: &App,
    platform: &Platform,
    headers: &'a Headers,
    body: &'a [u8],
    deadline: Deadline,
) -> Result<Verified<'a>, Refusal> {
    let public_url = app.config.public_url.as_deref();
    let check = |secret: &Secret| {
        let keys = secret.signing_keys(platform)?;
        Ok(verify(&platform.auth, headers, body, keys, public_url, deadline.began)?)
    };
    let proof = match app.secrets.current(deadline).await {
        Err(error) => Err(Unproven::NoSecret(error)),
        Ok(secret) => match check(&secret) {
            unproven @ Err(Unproven::NoKey(_) | Unproven::Rejected(Rejection::BadSignature)) => {
                match app.secrets.refreshed(deadline).await {
                    Some(newer) => check(&newer),
                    None => unproven,
                }
            }
            proof => proof,
        },
    };
    if let Ok(key @ 1..) = proof.as_ref().map(Verified::key) {
        tracing::info!(platform = platform.id, key, "signed with another than the first key");
        app.metrics.count_for(Metric::OldKeyUsed, platform.id);
    }
    proof.map_err(|error| {
        let refusal = error.refusal();
        if refusal == Refusal::Unauthorized {
            tracing::warn!(platform = platform.id, %error, "refused");
            app.metrics.count_for(Metric::WebhooksRejected, platform.id);
        } else {
            tracing::error!(platform = platform.id, %error, "nothing can be proven");
        }
        refusal
    })
}

/// Why a request is not known to be genuine.
#[derive(Debug, thiserror::Error)]
enum Unproven {
    #[error(transparent)]
    NoSecret(SecretCacheError),
    #[error(transparent)]
    NoKey(#[from] NoKey),
    #[error(transparent)]
    Rejected(#[from] Rejection),
}

impl Unproven {
    /// What is missing on our side is no reason to budget a sender away for good.
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
