//! Reads a shop's change of state.

use jiff::Timestamp;

use crate::json::Unreadable;
use crate::order::one_line::OneLine;
use crate::platform::Platform;
use crate::store::{StoreEvent, StoreState};
use crate::webhook::parse::fields::{read_shop, without_scheme};
use crate::webhook::parse::reader::Reader;
use crate::webhook::parse::{hash, occurred_at};

/// The store event that a webhook is. No field is required.
pub(super) fn store_event(
    platform: &Platform,
    state: StoreState,
    reader: &Reader<'_, '_>,
    json: &[u8],
    received_at: Timestamp,
) -> Result<StoreEvent, Unreadable> {
    let shop = read_shop(reader)?;
    Ok(StoreEvent {
        platform: platform.id.to_owned(),
        platform_name: platform.name.clone(),
        state,
        shop: shop.as_deref().map(without_scheme).and_then(OneLine::parse),
        reason: reader.line("reason", |fields| &fields.reason)?,
        occurred_at: occurred_at(reader, received_at)?,
        received_at,
        delivery_id: reader.delivery_id()?,
        is_test: reader.test_mark()?.is_some(),
        body_hash: hash(json),
    })
}
