//! A genuine webhook becomes order events, by what its platform file says.

use std::collections::HashSet;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

pub use self::explanation::{Explanation, Found, Test, explain};
use self::fields::{initials, read_items, read_link, read_time, read_total, without_scheme};
use self::reader::{Reader, Source};
use crate::config::Customer;
use crate::json::{Document, Unreadable};
use crate::order::one_line::OneLine;
use crate::order::{Change, Kind, OrderEvent};
use crate::platform::{Platform, Rule};
use crate::webhook::signature::Verified;

mod explanation;
mod fields;
mod reader;

/// What a genuine webhook says.
#[derive(Debug, PartialEq)]
pub enum Parsed {
    /// Never none; several where a platform tells of several orders at once.
    Events(Vec<OrderEvent>),
    /// Nothing that the channel should hear of.
    Ignored { event_type: Option<OneLine> },
}

/// Reads the order events out of a genuine webhook.
pub fn parse(
    platform: &Platform,
    webhook: &Verified<'_>,
    customer: Customer,
    received_at: Timestamp,
) -> Result<Parsed, Unreadable> {
    let body = Document::parse(webhook.body())?;
    let source = Source { body: &body, headers: webhook.headers() };
    let event_type = source.first(&platform.event_type)?;
    let rule = matching_rule(platform, event_type.as_deref(), &source)?;
    let kind: Option<Kind> = rule.and_then(|rule| rule.kind.into());
    let (Some(rule), Some(kind)) = (rule, kind) else {
        return Ok(Parsed::Ignored { event_type: event_type.as_deref().and_then(OneLine::parse) });
    };
    let reader = Reader { source: &source, own: &rule.fields, common: &platform.fields };

    let shop = reader.text(|fields| &fields.shop)?;
    let (items, more_items) = match reader.table(|fields| fields.items.as_ref()) {
        Some(items) => read_items(items, &source)?,
        None => (Vec::new(), 0),
    };
    let total = match reader.table(|fields| fields.total.as_ref()) {
        Some(total) => read_total(total, &source)?,
        None => None,
    };
    let customer = match customer {
        Customer::Hidden => None,
        Customer::Initials => reader.customer()?.map(|name| initials(&name)),
        Customer::Full => reader.customer()?,
    };
    let event = OrderEvent {
        platform: platform.id.to_owned(),
        platform_name: platform.name.clone(),
        kind,
        change: rule.change,
        id: None,
        number: reader.line(|fields| &fields.number)?,
        shop: shop.as_deref().map(without_scheme).and_then(OneLine::parse),
        total,
        reason: reader.line(|fields| &fields.reason)?,
        status: reader.line(|fields| &fields.status)?,
        customer: customer.as_deref().and_then(OneLine::parse),
        items,
        more_items,
        link: None,
        occurred_at: reader.text(|fields| &fields.occurred_at)?.as_deref().and_then(read_time),
        received_at,
        is_test: reader.is_test()?,
        reopens: rule.reopens,
        delivery_id: reader.line(|fields| &fields.delivery_id)?,
        body_hash: hex::encode(Sha256::digest(webhook.body())),
    };
    let mut events = one_for_each_order(event, ids(&reader)?);
    if let Some(link) = reader.table(|fields| fields.link.as_ref()) {
        // What was deleted has no page any more.
        for event in events.iter_mut().filter(|event| event.change != Some(Change::Deleted)) {
            event.link = read_link(link, &source, shop.as_deref(), event.id.as_ref())?;
        }
    }
    Ok(Parsed::Events(events))
}

/// The first rule that fits.
fn matching_rule<'p>(
    platform: &'p Platform,
    event_type: Option<&str>,
    source: &Source<'_>,
) -> Result<Option<&'p Rule>, Unreadable> {
    let rules = platform.rules.iter();
    for rule in rules.filter(|rule| event_type.is_some_and(|event_type| rule.is_for(event_type))) {
        if source.hold_all(&rule.when)? {
            return Ok(Some(rule));
        }
    }
    Ok(None)
}

/// The orders that the webhook is about, each once.
fn ids(reader: &Reader<'_>) -> Result<Vec<OneLine>, Unreadable> {
    let Some(text) = reader.text(|fields| &fields.id)? else {
        return Ok(Vec::new());
    };
    let Some(separator) = reader.table(|fields| fields.id_separator.as_deref()) else {
        return Ok(OneLine::parse(&text).into_iter().collect());
    };
    let mut known = HashSet::new();
    let ids = text.split(separator).filter_map(OneLine::parse);
    Ok(ids.filter(|id| known.insert(id.clone())).collect())
}

/// An event for each id. Of several orders nobody can say whose the amount or the items are.
fn one_for_each_order(event: OrderEvent, ids: Vec<OneLine>) -> Vec<OrderEvent> {
    if ids.len() < 2 {
        return vec![OrderEvent { id: ids.into_iter().next(), ..event }];
    }
    let all = OrderEvent {
        number: None,
        total: None,
        customer: None,
        items: Vec::new(),
        more_items: 0,
        ..event
    };
    let of_one = |id: OneLine| {
        let delivery_id = all.delivery_id.as_ref().map(|delivery| format!("{id} {delivery}"));
        let delivery_id = delivery_id.as_deref().and_then(OneLine::parse);
        OrderEvent { id: Some(id), delivery_id, ..all.clone() }
    };
    ids.into_iter().map(of_one).collect()
}

#[cfg(test)]
mod tests;
