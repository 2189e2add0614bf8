//! The sample events of `events/`, signed with the keys of a local stack.

use jiff::Timestamp;
use order_alerts::platform::Platform;
use order_alerts::webhook::route::is_ping;
use serde_json::{Value, json};

use crate::keys::Keys;
use crate::terminal::Failure;
use crate::webhook_file::Webhook;

macro_rules! samples {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../../events/", $name, ".json")))),+]
    };
}

/// The name and the text of each sample.
static SAMPLES: &[(&str, &str)] = samples![
    "shopify-cancelled",
    "shopify-created",
    "woocommerce-cancelled",
    "woocommerce-ping",
    "ubereats-cancelled",
    "ubereats-created",
    "deliveroo-cancelled",
    "deliveroo-created",
    "doordash-cancelled",
    "doordash-modified",
    "cafe24-cancelled",
    "cafe24-cancelled-bulk",
    "cafe24-created",
    "square-cancelled",
    "square-created",
    "bigcommerce-cancelled",
    "bigcommerce-created",
    "generic-cancelled",
    "generic-created",
    "standard-cancelled",
    "health",
];

/// The sample that is sent at the start.
pub(crate) const FIRST: &str = "shopify-cancelled";

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SAMPLES.iter().map(|(name, _)| *name)
}

/// The sample as a Lambda event with the current time, for a function registered at `public_url`.
pub(crate) fn event(name: &str, public_url: &str, keys: &Keys) -> Result<Value, Failure> {
    let sample = SAMPLES.iter().find(|(known, _)| *known == name);
    let (_, text) = sample.ok_or_else(|| format!("there is no sample `{name}`"))?;
    let mut event: Value = serde_json::from_str(text)?;
    let now = Timestamp::now();
    event["requestContext"]["timeEpoch"] = now.as_millisecond().into();
    let path = event["rawPath"].as_str().unwrap_or_default();
    let Some(rest) = path.strip_prefix("/webhook") else {
        return Ok(event);
    };
    let platform = platform(rest.strip_prefix('/').unwrap_or("generic"))?;
    let mut webhook = Webhook::parse(text.as_bytes())?;
    if is_ping(platform, &webhook.headers(), &webhook.body) {
        return Ok(event);
    }
    webhook.sign(platform, &keys.key(platform)?, Some(public_url), now)?;
    event["headers"] = webhook.headers.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
    Ok(event)
}

/// The platform of this name, or an error that lists all platforms.
pub(crate) fn platform(name: &str) -> Result<&'static Platform, Failure> {
    Platform::find(name).ok_or_else(|| {
        let names: Vec<_> = Platform::names().collect();
        format!("`{name}` is not a platform: choose from {}", names.join(", ")).into()
    })
}
