//! The keys of the ledger's items.

use jiff::Timestamp;
use ring::digest::{SHA256, digest};

use crate::order::overdue::Overdue;
use crate::order::{Change, Kind, OrderEvent};

/// DynamoDB takes 2,048 bytes for a key.
const MAX_KEY_BYTES: usize = 1_024;

/// The key of an event's item.
///
/// A delivery id that the signature covers is the key. Without one the key is made of what the
/// signature does cover, the body, and of what the event means: other headers could be a stranger's,
/// and a repeated request with other headers must stay a duplicate. That is so for the shop as well,
/// except of a deletion: its body may be the order's id alone, which is the same in every shop.
///
/// A copy that only a header marks as a test has a key of its own, so that the genuine event stays new.
pub fn event_key(event: &OrderEvent) -> String {
    let key = genuine_key(event);
    if event.is_marked_by_header() { format!("{key}#test") } else { key }
}

/// The key that the event has without a mark in a header.
pub fn genuine_key(event: &OrderEvent) -> String {
    let shop = event.shop.as_ref().map_or("", |shop| shop.as_str());
    if let Some(overdue) = &event.overdue {
        return overdue_key(event, overdue);
    }
    if let Some(delivery) = &event.delivery_id {
        return key(&["event", &event.platform, shop, delivery.as_str()]);
    }
    let id = event.id.as_ref().map_or("", |id| id.as_str());
    let meaning = match (event.kind, event.change) {
        (Kind::Created, _) => "created",
        (Kind::Cancelled, _) => "cancelled",
        (Kind::Modified, None) => "modified",
        (Kind::Overdue, _) => "overdue",
        (Kind::Modified, Some(change)) => change.name(),
    };
    let mut parts = vec!["event", &event.platform, id, meaning, &event.body_hash];
    if event.change == Some(Change::Deleted) {
        parts.push(shop);
    }
    key(&parts)
}

/// The key of the message that a step did not come in time, or came late: one of each for each wait.
fn overdue_key(event: &OrderEvent, overdue: &Overdue) -> String {
    let shop = event.shop.as_ref().map_or("", |shop| shop.as_str());
    let id = event.id.as_ref().map_or("", |id| id.as_str());
    let what = if overdue.came.is_some() { "came" } else { "overdue" };
    key(&[what, &event.platform, shop, id, &overdue.line, &overdue.began.to_string()])
}

/// The key of the message that the step was overdue, for an event that says that it came.
pub fn warning_key(event: &OrderEvent) -> Option<String> {
    let overdue = event.overdue.as_deref().filter(|overdue| overdue.came.is_some())?;
    Some(overdue_key(event, &Overdue { came: None, ..overdue.clone() }))
}

/// The key of an event that is another one than an earlier event with the same key, because of what
/// happened in between: see [`Life::distinguishes`](super::life::Life::distinguishes).
pub fn key_since(event_key: &str, since: Timestamp) -> String {
    format!("{event_key}#{since}")
}

/// The key of an event whose delivery id came with another payload before.
pub fn other_payload_key(event_key: &str, event: &OrderEvent) -> String {
    format!("{event_key}#{}", event.body_hash)
}

/// The key of an order's item; none for an order without an id.
pub fn order_key(event: &OrderEvent) -> Option<String> {
    let shop = event.shop.as_ref().map_or("", |shop| shop.as_str());
    Some(key(&["order", &event.platform, shop, event.id.as_ref()?.as_str()]))
}

/// The digest of one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestId<'a> {
    /// By its number since 1970.
    pub window: i64,
    /// The name of its channel; `None` for that of the orders.
    pub channel: Option<&'a str>,
}

impl DigestId<'_> {
    fn key(self, what: &str) -> String {
        let window = self.window.to_string();
        match self.channel {
            None => key(&[what, &window]),
            Some(channel) => key(&[what, &window, channel]),
        }
    }
}

/// The key of a digest.
pub fn digest_key(digest: DigestId<'_>) -> String {
    digest.key("digest")
}

/// The key of the counter of the cancellations that were posted separately from a digest.
pub fn cancelled_key(digest: DigestId<'_>) -> String {
    digest.key("cancelled")
}

/// The key of the turns to post to a channel.
pub fn turn_key(channel: &str) -> String {
    key(&["turn", channel])
}

/// The key of a notice, by what identifies it.
pub fn notice_key(identity: &[String]) -> String {
    key(&identity.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The parts with a separator that no part contains.
fn key(parts: &[&str]) -> String {
    let parts = parts.iter().map(|part| part.replace('%', "%25").replace('#', "%23"));
    let key = parts.collect::<Vec<_>>().join("#");
    if key.len() <= MAX_KEY_BYTES {
        return key;
    }
    format!("long#{}", hex::encode(digest(&SHA256, key.as_bytes())))
}

#[cfg(test)]
mod tests;
