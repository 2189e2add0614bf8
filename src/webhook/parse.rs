//! Turns a verified webhook into order events or a store event, as its platform file says.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA256, digest};
use url::form_urlencoded;

use self::fields::{
    initials, read_customer, read_items, read_link, read_shop, read_total, without_scheme,
};
use self::reader::Reader;
use self::store::store_event;
pub use self::trace::{Found, Test, Trace};
use crate::config::Customer;
use crate::json::{JsonObject, Unreadable, Value};
use crate::order::one_line::OneLine;
use crate::order::{Change, Kind, OrderEvent};
use crate::platform::{Place, Platform, Rule, RuleKind};
use crate::store::StoreEvent;
use crate::webhook::signature::Verified;
use crate::webhook::time::read_time;

mod fields;
mod reader;
mod store;
mod trace;

/// The content of a verified webhook.
#[derive(Debug, PartialEq)]
pub enum Parsed {
    /// At least one; several where a platform reports several orders at once.
    Events(Vec<OrderEvent>),
    /// A shop changed its state.
    Store(StoreEvent),
    /// An event that the platform file does not name, or that it ignores.
    Ignored { event_type: Option<OneLine> },
}

/// Why a verified webhook cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    #[error(transparent)]
    Json(#[from] Unreadable),
    /// The event is one of an order, and the body names none. It may be another document, such as an
    /// error page that the shop signed like an order.
    #[error("the body names no order{}", .advice.as_ref().map(|advice| format!(". {advice}")).unwrap_or_default())]
    NoOrder { advice: Option<String> },
}

/// One webhook is at most so many events; of its other orders only the number is shown. A body of six
/// megabytes could name hundreds of thousands.
pub const MAX_ORDERS: usize = 100;

/// A sender's clock may be so much ahead. A time beyond that was written in another zone, and would make
/// everything that really happened after it look older.
const AHEAD: SignedDuration = SignedDuration::from_mins(1);

/// Reads the order events, or the store event, out of a verified webhook.
pub fn parse(
    platform: &Platform,
    webhook: &Verified<'_>,
    customer: Customer,
    received_at: Timestamp,
) -> Result<Parsed, ParseError> {
    read(platform, webhook, customer, received_at, None)
}

/// Says how [`parse`] reads a webhook: the same reading, with a record of it.
///
/// It looks up the customer's name as well. The caller decides what is shown of it.
pub fn explain<'p>(
    platform: &'p Platform,
    webhook: &Verified<'_>,
) -> Result<Trace<'p>, Unreadable> {
    let trace = RefCell::default();
    // The time of receipt leaves nothing in the trace.
    match read(platform, webhook, Customer::Full, Timestamp::UNIX_EPOCH, Some(&trace)) {
        Err(ParseError::Json(error)) => Err(error),
        Ok(_) | Err(ParseError::NoOrder { .. }) => Ok(trace.into_inner()),
    }
}

/// The JSON of a webhook: its body, or what the field of a form holds.
pub fn json<'a>(platform: &Platform, body: &'a [u8]) -> Cow<'a, [u8]> {
    let Some(field) = &platform.form_field else { return Cow::Borrowed(body) };
    let mut fields = form_urlencoded::parse(body);
    let value = fields.find(|(name, _)| name == field).map(|(_, value)| value.into_owned());
    Cow::Owned(value.unwrap_or_default().into_bytes())
}

/// The one reading behind [`parse`] and [`explain`].
fn read<'p>(
    platform: &'p Platform,
    webhook: &Verified<'_>,
    customer: Customer,
    received_at: Timestamp,
    trace: Option<&RefCell<Trace<'p>>>,
) -> Result<Parsed, ParseError> {
    let json = json(platform, webhook.body());
    let whole = JsonObject::parse(&json)?;
    let elements = match &platform.each {
        Some(each) => Some(whole.at(each)?.map_or(Ok(None), Value::elements)?.unwrap_or_default()),
        None => None,
    };
    let first = elements.iter().flatten().take(MAX_ORDERS);
    let bodies: Vec<_> = first.map(|element| (element.json(), JsonObject::of(*element))).collect();

    let (own, common) = (&platform.fields, &platform.fields);
    let headers = webhook.headers();
    let reader = Reader { body: &whole, whole: &whole, headers, own, common, trace };
    let Some(elements) = &elements else {
        return read_event(platform, reader, &json, customer, received_at);
    };
    if let Some(each) = &platform.each {
        reader.record(|trace| trace.element = format!("{each}/*"));
    }
    let (mut all, mut unnamed) = (Vec::new(), Vec::new());
    for (json, body) in &bodies {
        let reader = Reader { body, ..reader };
        match read_event(platform, reader, json.as_bytes(), customer, received_at) {
            Ok(Parsed::Events(events)) => all.extend(events),
            Ok(Parsed::Store(_) | Parsed::Ignored { .. }) => {}
            // It must not take the others along.
            Err(error @ ParseError::NoOrder { .. }) => unnamed.push(error),
            Err(error) => return Err(error),
        }
    }
    let more = elements.len() - bodies.len() + unnamed.len();
    match (all.last_mut(), unnamed.pop()) {
        (Some(last), _) => last.more_orders += more,
        (None, Some(error)) => return Err(error),
        (None, None) => return Ok(Parsed::Ignored { event_type: None }),
    }
    Ok(Parsed::Events(all))
}

/// Reads one event, whose JSON this is.
fn read_event<'p>(
    platform: &'p Platform,
    reader: Reader<'_, 'p>,
    json: &[u8],
    customer: Customer,
    received_at: Timestamp,
) -> Result<Parsed, ParseError> {
    let event_type = reader.first("event_type", &[&platform.event_type])?;
    let rule = matching_rule(platform, event_type.as_deref(), &reader)?;
    let no_order = || ParseError::NoOrder { advice: platform.setup.unreadable.clone() };
    if rule.is_some_and(|rule| rule.kind == RuleKind::Unreadable) {
        return Err(no_order());
    }
    let ignored = || Parsed::Ignored { event_type: event_type.as_deref().and_then(OneLine::parse) };
    let Some(rule) = rule else { return Ok(ignored()) };
    let reader = Reader { own: &rule.fields, ..reader };
    if let Some(state) = rule.store {
        let event = store_event(platform, state, &reader, json, received_at)?;
        return Ok(Parsed::Store(event));
    }
    let kind: Option<Kind> = rule.kind.into();
    let Some(kind) = kind else { return Ok(ignored()) };

    let (ids, more_orders) = ids(&reader)?;
    let number = reader.line("number", |fields| &fields.number)?;
    let required = [&reader.own.required, &reader.common.required];
    let is_any_required = required.iter().any(|places| !places.0.is_empty());
    let lacks_all = reader.is_absent(required[0])? && reader.is_absent(required[1])?;
    if is_any_required && (ids.is_empty() || lacks_all) {
        return Err(no_order());
    }
    let total = read_total(&reader)?;
    let shop = read_shop(&reader)?;
    let reason = reader.line("reason", |fields| &fields.reason)?;
    let status = reader.line("status", |fields| &fields.status)?;
    let paid = reader.paid()?;
    let customer = match customer {
        Customer::Hidden => None,
        Customer::Initials => read_customer(&reader)?.map(|name| initials(&name)),
        Customer::Full => read_customer(&reader)?,
    };
    let occurred_at = occurred_at(&reader, received_at)?;
    let due_at = reader.text("due_at", |fields| &fields.due_at)?;
    let delivery_id = reader.delivery_id()?;
    let test_mark = reader.test_mark()?;
    let (items, more_items) = read_items(&reader)?;
    let event = OrderEvent {
        platform: platform.id.to_owned(),
        platform_name: platform.name.clone(),
        kind,
        change: rule.change,
        is_draft: rule.kind == RuleKind::Draft,
        id: None,
        number,
        shop: shop.as_deref().map(without_scheme).and_then(OneLine::parse),
        more_orders: 0,
        due_at: due_at.as_deref().and_then(read_time),
        total,
        reason,
        status,
        paid,
        customer: customer.as_deref().and_then(OneLine::parse),
        items,
        more_items,
        link: None,
        occurred_at: occurred_at.or_else(|| rule.timed_by_arrival.then_some(received_at)),
        received_at,
        is_test: test_mark.is_some(),
        is_test_by_header: matches!(test_mark, Some(Place::Header(_))),
        reopens: rule.reopens,
        delivery_id,
        body_hash: hash(json),
        overdue: None,
    };
    let mut events = one_for_each_order(event, ids);
    if let Some(last) = events.last_mut() {
        last.more_orders = more_orders;
    }
    if let Some(link) = reader.table(|fields| fields.link.as_ref()) {
        // A deleted order has no page any more.
        for event in events.iter_mut().filter(|event| event.change != Some(Change::Deleted)) {
            event.link = read_link(link, &reader, shop.as_deref(), event.id.as_ref())?;
        }
        reader.record(|trace| trace.record_links(&events));
    }
    Ok(Parsed::Events(events))
}

/// When it happened, and never later than it came in.
fn occurred_at(
    reader: &Reader<'_, '_>,
    received_at: Timestamp,
) -> Result<Option<Timestamp>, Unreadable> {
    let time = reader.text("occurred_at", |fields| &fields.occurred_at)?;
    let time = time.as_deref().and_then(read_time);
    Ok(time.map(|at| if at > received_at + AHEAD { received_at } else { at }))
}

fn hash(json: &[u8]) -> String {
    hex::encode(digest(&SHA256, json))
}

/// The first rule that matches.
fn matching_rule<'p>(
    platform: &'p Platform,
    event_type: Option<&str>,
    reader: &Reader<'_, 'p>,
) -> Result<Option<&'p Rule>, Unreadable> {
    let Some(event_type) = event_type else { return Ok(None) };
    for (rule, position) in platform.rules.iter().zip(1..) {
        if rule.is_for(event_type) && reader.fits(rule)? {
            reader.record(|trace| trace.rule = Some((position, rule)));
            return Ok(Some(rule));
        }
    }
    Ok(None)
}

/// The first orders that the webhook is about, each once, and how many others there are.
fn ids(reader: &Reader<'_, '_>) -> Result<(Vec<OneLine>, usize), Unreadable> {
    let Some(text) = reader.text("id", |fields| &fields.id)? else {
        return Ok((Vec::new(), 0));
    };
    let Some(separator) = reader.table(|fields| fields.id_separator.as_deref()) else {
        return Ok((OneLine::parse(&text).into_iter().collect(), 0));
    };
    let mut known = HashSet::new();
    let ids = text.split(separator).map(str::trim).filter(|id| !id.is_empty());
    let mut ids = ids.filter(|id| known.insert(*id));
    let first = ids.by_ref().filter_map(OneLine::parse).take(MAX_ORDERS).collect();
    Ok((first, ids.count()))
}

/// An event for each id.
///
/// With several orders, it is not known to which of them the amount and the items belong.
fn one_for_each_order(event: OrderEvent, ids: Vec<OneLine>) -> Vec<OrderEvent> {
    if ids.len() < 2 {
        return vec![OrderEvent { id: ids.into_iter().next(), ..event }];
    }
    let all = OrderEvent {
        number: None,
        total: None,
        paid: None,
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
