//! Story 1: a webhook request becomes an answer.
//!
//! The checks go from cheap to dear, and nothing is parsed before it is proven genuine: route, size,
//! media type, keys at hand, signature, body, delivery.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mime::Mime;
use tokio::time::Instant;

use crate::delivery::deliver;
use crate::parse::{Parsed, parse};
use crate::platform::{Ping, Platform};
use crate::request::{Body, Request};
use crate::response::{Answer, Refusal};
use crate::secret::Secret;
use crate::signature::{Authentic, Rejection, authenticate};
use crate::wiring::Wiring;

/// When the sender may come again after a failure on our side.
const RETRY_AFTER: Duration = Duration::from_secs(15);

/// Takes one request. `left` is the time that Lambda still gives.
pub async fn intake(
    wiring: &Wiring,
    request: &Request,
    now: Timestamp,
    left: Duration,
) -> Result<Answer, Refusal> {
    let due = Instant::now() + time_to_answer(request.arrived_at, now).min(left);
    let platform = match route(request)? {
        Route::Health => return Ok(Answer::Healthy),
        Route::Webhook(platform) => platform,
    };
    let body = body(request)?;
    if platform.ping.as_ref().is_some_and(|ping| is_ping(ping, request, body)) {
        tracing::info!(platform = platform.id, "ping");
        return Ok(Answer::Ignored);
    }
    check_media_type(request)?;

    let webhook = prove(wiring, platform, request, now).await?;
    let parsed = parse(platform, &webhook, wiring.config.customer, now).map_err(|error| {
        tracing::warn!(platform = platform.id, %error, "refused");
        Refusal::Unreadable
    })?;
    let events = match parsed {
        Parsed::Events(events) => events,
        Parsed::Ignored => {
            tracing::info!(platform = platform.id, "ignored: the event is no news");
            return Ok(Answer::Ignored);
        }
    };
    match deliver(wiring, &events, now, due).await {
        Ok(()) => Ok(Answer::Accepted),
        Err(error) => Err(Refusal::Unavailable { retry_after: error.retry_after }),
    }
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

enum Route {
    Health,
    Webhook(&'static Platform),
}

/// Exact paths only; an unknown platform looks like any other unknown path.
fn route(request: &Request) -> Result<Route, Refusal> {
    let (route, allow) = match request.path.as_str() {
        "/health" => (Route::Health, "GET"),
        "/webhook" => (webhook_route("generic")?, "POST"),
        path => (webhook_route(path.strip_prefix("/webhook/").ok_or(Refusal::NotFound)?)?, "POST"),
    };
    if request.method != allow {
        return Err(Refusal::MethodNotAllowed { allow });
    }
    Ok(route)
}

fn webhook_route(platform: &str) -> Result<Route, Refusal> {
    Platform::find(platform).map(Route::Webhook).ok_or(Refusal::NotFound)
}

fn body(request: &Request) -> Result<&[u8], Refusal> {
    match &request.body {
        Body::Bytes(bytes) => Ok(bytes),
        Body::TooLarge => Err(Refusal::TooLarge),
        Body::NotBase64 => Err(Refusal::Unreadable),
    }
}

/// JSON in UTF-8 and nothing packed. Some senders name no type at all.
fn check_media_type(request: &Request) -> Result<(), Refusal> {
    let encoding = request.headers.get("content-encoding").unwrap_or_default();
    let is_plain = encoding.is_empty() || encoding.eq_ignore_ascii_case("identity");
    let is_json = match request.headers.get("content-type") {
        None | Some("") => true,
        Some(value) => value.parse::<Mime>().is_ok_and(|mime| {
            let is_json = mime.type_() == mime::APPLICATION
                && (mime.subtype() == mime::JSON || mime.suffix() == Some(mime::JSON));
            is_json && mime.get_param(mime::CHARSET).is_none_or(|charset| charset == mime::UTF_8)
        }),
    };
    if is_plain && is_json { Ok(()) } else { Err(Refusal::UnsupportedMediaType) }
}

/// An unsigned form post of the one field that the platform's file names, with a number in it.
fn is_ping(ping: &Ping, request: &Request, body: &[u8]) -> bool {
    let media_type = request.headers.get("content-type").unwrap_or_default();
    let is_form = media_type
        .parse::<Mime>()
        .is_ok_and(|mime| mime.essence_str() == mime::APPLICATION_WWW_FORM_URLENCODED.as_ref());
    let number = body.strip_prefix(ping.form_field.as_bytes());
    let number = number.and_then(|rest| rest.strip_prefix(b"="));
    is_form
        && number.is_some_and(|digits| {
            (1..=20).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
        })
}

/// Proves the request genuine with the keys at hand, or with those that the secret holds by now.
async fn prove<'a>(
    wiring: &Wiring,
    platform: &Platform,
    request: &'a Request,
    now: Timestamp,
) -> Result<Authentic<'a>, Refusal> {
    let unavailable = Refusal::Unavailable { retry_after: RETRY_AFTER };
    let secret = wiring.secrets.current(now).await.map_err(|error| {
        tracing::error!(platform = platform.id, %error, "the signing keys cannot be read");
        unavailable
    })?;
    let try_with = |secret: Arc<Secret>| {
        let keys = secret.signing_keys(platform).map_err(Unproven::NoKey)?;
        let public_url = wiring.config.public_url.as_deref();
        authenticate(&platform.auth, request, &keys, public_url, now).map_err(Unproven::Rejected)
    };
    let mut proof = try_with(secret);
    // The key may have been added or changed a moment ago.
    if let Err(Unproven::NoKey(_) | Unproven::Rejected(Rejection::Mismatch)) = proof
        && let Some(secret) = wiring.secrets.refreshed(now).await
    {
        proof = try_with(secret);
    }
    match proof {
        Ok(webhook) => {
            if webhook.key > 0 {
                tracing::info!(
                    platform = platform.id,
                    key = webhook.key,
                    "signed with a later key"
                );
            }
            Ok(webhook)
        }
        Err(Unproven::NoKey(error)) => {
            tracing::error!(platform = platform.id, %error, "nothing can be proven");
            Err(unavailable)
        }
        Err(Unproven::Rejected(Rejection::AddressUnknown)) => {
            tracing::error!(platform = platform.id, error = %Rejection::AddressUnknown, "nothing can be proven");
            Err(unavailable)
        }
        Err(Unproven::Rejected(rejection)) => {
            tracing::warn!(platform = platform.id, %rejection, "refused");
            Err(Refusal::Unauthorized)
        }
    }
}

enum Unproven {
    NoKey(crate::secret::NoKey),
    Rejected(Rejection),
}
