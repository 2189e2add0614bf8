//! A genuine webhook becomes order events, by what its platform file says.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use url::Url;

use crate::config::Customer;
use crate::document::{Document, Unreadable, Value};
use crate::line::Line;
use crate::money::Money;
use crate::order::{Change, Item, Kind, OrderEvent};
use crate::platform::{
    Fields, Items, Link, LinkPart, OneOrMany, Part, Place, Places, Platform, Rule, Template, Total,
};
use crate::request::Headers;
use crate::signature::Authentic;

/// What a genuine webhook says.
#[derive(Debug, PartialEq)]
pub enum Parsed {
    Events(Vec<OrderEvent>),
    /// Nothing that the channel should hear of.
    Ignored {
        event_type: Option<Line>,
    },
}

/// A message names a few items and counts the others.
const MAX_ITEMS: usize = 20;

/// Reads the order events out of a genuine webhook.
pub fn parse(
    platform: &Platform,
    webhook: &Authentic<'_>,
    customer: Customer,
    received_at: Timestamp,
) -> Result<Parsed, Unreadable> {
    let body = Document::parse(webhook.body)?;
    let source = Source { body: &body, headers: webhook.headers };
    let event_type = source.first(&platform.event_type)?;
    let Some((rule, kind)) = matching_rule(platform, event_type.as_deref(), &source)? else {
        return Ok(Parsed::Ignored { event_type: event_type.as_deref().and_then(Line::parse) });
    };
    let reader = Reader { source: &source, own: &rule.fields, common: &platform.fields };

    let id = reader.line(|fields| &fields.id)?;
    let shop = reader.text(|fields| &fields.shop)?;
    let (items, more_items) = match reader.table(|fields| fields.items.as_ref()) {
        Some(items) => read_items(items, &source)?,
        None => (Vec::new(), 0),
    };
    let link = match reader.table(|fields| fields.link.as_ref()) {
        // What was deleted has no page any more.
        _ if rule.change == Some(Change::Deleted) => None,
        Some(link) => read_link(link, &source, shop.as_deref(), id.as_ref())?,
        None => None,
    };
    let total = match reader.table(|fields| fields.total.as_ref()) {
        Some(total) => read_total(total, &source)?,
        None => None,
    };
    let customer = match customer {
        Customer::Hidden => None,
        Customer::Initials => reader.text(|fields| &fields.customer)?.map(|name| initials(&name)),
        Customer::Full => reader.text(|fields| &fields.customer)?,
    };
    Ok(Parsed::Events(vec![OrderEvent {
        platform: platform.id.to_owned(),
        platform_name: platform.name.clone(),
        kind,
        change: rule.change,
        id,
        number: reader.line(|fields| &fields.number)?,
        shop: shop.as_deref().map(without_scheme).and_then(Line::parse),
        total,
        reason: reader.line(|fields| &fields.reason)?,
        status: reader.line(|fields| &fields.status)?,
        customer: customer.as_deref().and_then(Line::parse),
        items,
        more_items,
        link,
        occurred_at: reader.text(|fields| &fields.occurred_at)?.as_deref().and_then(read_time),
        received_at,
        is_test: reader.text(|fields| &fields.test)?.as_deref() == Some("true"),
        reopens: rule.reopens,
        delivery_id: reader.line(|fields| &fields.delivery_id)?,
        body_hash: hex::encode(Sha256::digest(webhook.body)),
    }]))
}

/// The first rule that fits, unless it says that the event is no news.
fn matching_rule<'p>(
    platform: &'p Platform,
    event_type: Option<&str>,
    source: &Source<'_>,
) -> Result<Option<(&'p Rule, Kind)>, Unreadable> {
    for rule in &platform.rules {
        let mut types = rule.types.as_slice().iter();
        let is_named = types.any(|name| Some(name.as_str()) == event_type);
        if is_named && conditions_hold(rule, source)? {
            let kind: Option<Kind> = rule.kind.into();
            return Ok(kind.map(|kind| (rule, kind)));
        }
    }
    Ok(None)
}

fn conditions_hold(rule: &Rule, source: &Source<'_>) -> Result<bool, Unreadable> {
    for (place, expected) in &rule.when {
        let holds = |text: String| OneOrMany::as_slice(expected).contains(&text);
        if !source.text(place)?.is_some_and(holds) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The rule's own places before the common ones.
struct Reader<'a> {
    source: &'a Source<'a>,
    own: &'a Fields,
    common: &'a Fields,
}

impl<'a> Reader<'a> {
    fn text(&self, field: impl Fn(&Fields) -> &Places) -> Result<Option<String>, Unreadable> {
        match self.source.first(field(self.own))? {
            Some(text) => Ok(Some(text)),
            None => self.source.first(field(self.common)),
        }
    }

    fn line(&self, field: impl Fn(&Fields) -> &Places) -> Result<Option<Line>, Unreadable> {
        Ok(self.text(field)?.as_deref().and_then(Line::parse))
    }

    fn table<T>(&self, field: impl Fn(&'a Fields) -> Option<&'a T>) -> Option<&'a T> {
        field(self.own).or_else(|| field(self.common))
    }
}

/// Where places are looked up.
struct Source<'a> {
    body: &'a Document<'a>,
    headers: &'a Headers,
}

impl Source<'_> {
    fn text(&self, place: &Place) -> Result<Option<String>, Unreadable> {
        match place {
            Place::Header(name) => Ok(self.headers.get(name).map(str::to_owned)),
            Place::Body(pointer) => match self.body.at(pointer)? {
                Some(value) => value.text(),
                None => Ok(None),
            },
        }
    }

    fn first(&self, places: &Places) -> Result<Option<String>, Unreadable> {
        first(places, |place| self.text(place))
    }
}

/// The first template that has something to show.
fn first(
    places: &Places,
    text: impl Fn(&Place) -> Result<Option<String>, Unreadable>,
) -> Result<Option<String>, Unreadable> {
    for Template(parts) in &places.0 {
        let mut filled = String::new();
        for part in parts {
            match part {
                Part::Text(literal) => filled.push_str(literal),
                Part::Place(place) => filled.push_str(&text(place)?.unwrap_or_default()),
            }
        }
        if !filled.trim().is_empty() {
            return Ok(Some(filled));
        }
    }
    Ok(None)
}

fn read_total(total: &Total, source: &Source<'_>) -> Result<Option<Money>, Unreadable> {
    let amount = source.first(&total.amount)?;
    let currency = source.first(&total.currency)?.as_deref().and_then(Line::parse);
    let currency = currency.as_ref().map(Line::as_str);
    Ok(amount.and_then(|amount| Money::parse(&amount, currency, total.unit)))
}

fn read_items(items: &Items, source: &Source<'_>) -> Result<(Vec<Item>, usize), Unreadable> {
    let list = match &items.list {
        Place::Body(pointer) => source.body.at(pointer)?,
        Place::Header(_) => None,
    };
    let elements = match list {
        Some(list) => list.elements()?.unwrap_or_default(),
        None => Vec::new(),
    };
    let mut named = Vec::new();
    for element in elements.iter().take(MAX_ITEMS) {
        let title = first(&items.title, |place| inside(*element, place))?;
        let quantity = first(&items.quantity, |place| inside(*element, place))?;
        if let Some(title) = title.as_deref().and_then(Line::parse) {
            named.push(Item { title, quantity: quantity.as_deref().and_then(Line::parse) });
        }
    }
    let more = elements.len() - named.len();
    Ok((named, more))
}

fn inside(element: Value<'_>, place: &Place) -> Result<Option<String>, Unreadable> {
    match place {
        Place::Header(_) => Ok(None),
        Place::Body(pointer) => match element.at(pointer)? {
            Some(value) => value.text(),
            None => Ok(None),
        },
    }
}

/// Unreserved characters of RFC 3986; all others are encoded inside a link.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn read_link(
    link: &Link,
    source: &Source<'_>,
    shop: Option<&str>,
    id: Option<&Line>,
) -> Result<Option<Url>, Unreadable> {
    let mut address = String::new();
    for part in &link.url.0 {
        let value = match part {
            LinkPart::Text(literal) => {
                address.push_str(literal);
                continue;
            }
            LinkPart::Shop => shop.map(str::to_owned),
            LinkPart::Id => id.map(Line::to_string),
            LinkPart::Place(place) => source.text(place)?,
        };
        let Some(value) = value else {
            return Ok(None);
        };
        if address.is_empty() {
            address.push_str(value.trim());
        } else {
            address.extend(utf8_percent_encode(&value, RESERVED));
        }
    }
    let host = match &link.host {
        Some(place @ Place::Body(_)) => source.text(place)?,
        _ => None,
    };
    Ok(trusted(&address, host.as_deref()))
}

/// The address, when it is plain https on a host that cannot be a stranger's.
fn trusted(address: &str, signed_host: Option<&str>) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    let host = url.domain()?;
    let named = signed_host.map(|host| match Url::parse(host) {
        Ok(url) => url.host_str().map(str::to_owned).unwrap_or_default(),
        Err(_) => host.trim().to_ascii_lowercase(),
    });
    let is_known = host.ends_with(".myshopify.com") || named.as_deref() == Some(host);
    let is_plain = url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    (is_known && is_plain).then_some(url)
}

/// `https://shop.example/` is `shop.example` for people.
fn without_scheme(shop: &str) -> &str {
    let address = shop.trim();
    let host = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    host.map_or(address, |host| host.trim_end_matches('/'))
}

/// `Min-ji Kim` becomes `M. K.`.
fn initials(name: &str) -> String {
    let letters = name.split_whitespace().filter_map(|part| part.chars().next());
    let initials: Vec<_> = letters.map(|letter| format!("{}.", letter.to_uppercase())).collect();
    initials.join(" ")
}

/// Unix times from here on count milliseconds: in seconds it would be the year 5138.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

fn read_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let time = match text.parse::<i64>() {
        Ok(count) if count >= FIRST_MILLISECONDS => Timestamp::from_millisecond(count).ok()?,
        Ok(count) => Timestamp::from_second(count).ok()?,
        Err(_) => text.parse::<Timestamp>().ok().or_else(|| {
            let local: DateTime = text.parse().ok()?;
            Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
        })?,
    };
    // A year outside this century is a placeholder, such as 0000-00-00 or 1970.
    let year = time.to_zoned(TimeZone::UTC).year();
    (2000..2100).contains(&year).then_some(time)
}

#[cfg(test)]
mod tests;
