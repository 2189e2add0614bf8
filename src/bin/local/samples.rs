//! The sample events of `events/`, signed with the keys of a local stack.

use jiff::Timestamp;
use order_alerts::platform::{Part, Place, Platform};
use order_alerts::webhook::route::is_ping;
use serde_json::{Value, json};

use crate::keys::Keys;
use crate::terminal::Failure;
use crate::webhook_file::Webhook;

/// The name and the text of each file in `events/`.
static SAMPLES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/samples.rs"));

/// Those that the page offers: of a platform, as many as fit into one line.
const ON_PAGE: [&str; 22] = [
    "shopify-cancelled",
    "shopify-created",
    "woocommerce-cancelled",
    "woocommerce-ping",
    "ubereats-cancelled",
    "ubereats-created",
    "ubereats-store-offline",
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

/// Whether there is a sample of this name.
pub(crate) fn has(name: &str) -> bool {
    text(name).is_some()
}

fn text(name: &str) -> Option<&'static str> {
    SAMPLES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A webhook of this platform: a cancelled order, if it sends those.
pub(crate) fn of(platform: &Platform) -> Result<Webhook, Failure> {
    let is_of_it = |name: &str| name.strip_prefix(platform.id).is_some_and(|n| n.starts_with('-'));
    let first = || SAMPLES.iter().find(|(name, _)| is_of_it(name)).map(|(_, text)| *text);
    let text = text(&format!("{}-cancelled", platform.id)).or_else(first);
    Webhook::parse(text.ok_or("there is no sample of this platform: give a body")?.as_bytes())
}

/// The samples of platforms, as the page lists them.
pub(crate) fn list() -> Vec<Value> {
    let samples = ON_PAGE.iter().filter_map(|name| {
        let (platform, what) = name.split_once('-')?;
        let platform = Platform::find(platform)?;
        let title = match what {
            "cancelled" => "Order cancelled",
            "cancelled-bulk" => "Several orders cancelled",
            "created" => "New order",
            "modified" => "Order changed",
            "ping" => "Ping",
            "store-offline" => "Shop offline",
            _ => what,
        };
        let (id, platform_name) = (platform.id, &platform.name);
        Some(json!({"name": name, "platform": id, "platform_name": platform_name, "title": title}))
    });
    samples.collect()
}

/// The platforms, as the page lists them: each with the header that names its event type, if one does.
pub(crate) fn platforms() -> Vec<Value> {
    let platforms = Platform::names().filter_map(Platform::find);
    let platforms = platforms.map(|platform| {
        json!({"id": platform.id, "name": platform.name, "topic_header": topic_header(platform)})
    });
    platforms.collect()
}

/// The header that names the platform's event type, if one does.
pub(crate) fn topic_header(platform: &Platform) -> Option<&str> {
    let templates = platform.event_type.0.iter().flat_map(|template| &template.0);
    let mut headers = templates.filter_map(|part| match part {
        Part::Place(Place::Header(name)) => Some(name.as_str()),
        Part::Place(_) | Part::Text(_) => None,
    });
    headers.next_back()
}

/// The sample as a Lambda event of this moment, for a function registered at `public_url`.
///
/// It keeps its own id, if it has one: sent again, it is the same webhook.
pub(crate) fn event(
    name: &str,
    public_url: &str,
    keys: &Keys,
    now: Timestamp,
) -> Result<Value, Failure> {
    let text = text(name).ok_or_else(|| format!("there is no sample `{name}`"))?;
    let mut event: Value = serde_json::from_str(text)?;
    event["requestContext"]["timeEpoch"] = now.as_millisecond().into();
    let path = event["rawPath"].as_str().unwrap_or_default();
    let Some(rest) = path.strip_prefix("/webhook") else {
        return Ok(event);
    };
    let platform = platform(rest.split('/').nth(1).unwrap_or("generic"))?;
    let mut webhook = Webhook::parse(text.as_bytes())?;
    if is_ping(platform, &webhook.headers(), &webhook.body) {
        return Ok(event);
    }
    let id = webhook.headers().get("webhook-id").unwrap_or("msg_sample").to_owned();
    let address = platform.address(public_url);
    webhook.sign_with_id(platform, &keys.key(platform)?, &address, &id, now)?;
    event["headers"] = webhook.real_headers().into_iter().map(|(k, v)| (k, json!(v))).collect();
    event["rawQueryString"] = webhook.query().into();
    Ok(event)
}

/// The platform of this name, or an error that lists all platforms.
pub(crate) fn platform(name: &str) -> Result<&'static Platform, Failure> {
    Platform::find(name).ok_or_else(|| {
        let names: Vec<_> = Platform::names().collect();
        format!("`{name}` is not a platform: choose from {}", names.join(", ")).into()
    })
}
