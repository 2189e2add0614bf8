//! Turns texts of a webhook into amounts, items, links and times.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use url::Url;

use crate::infra::percent::encoded;
use crate::json::Unreadable;
use crate::order::Item;
use crate::order::money::Money;
use crate::order::one_line::OneLine;
use crate::platform::{Link, LinkPart, Part, Place, Template};
use crate::webhook::parse::reader::Reader;

/// A message names at most this many items. The others are only counted.
pub(super) const MAX_ITEMS: usize = 20;

pub(super) fn read_total(reader: &Reader<'_, '_>) -> Result<Option<Money>, Unreadable> {
    let Some(total) = reader.table(|fields| fields.total.as_ref()) else {
        return Ok(None);
    };
    let amount = reader.first("total.amount", &[&total.amount])?;
    let currency = reader.first("total.currency", &[&total.currency])?;
    let currency = currency.as_deref().and_then(OneLine::parse);
    let currency = currency.as_ref().map(OneLine::as_str);
    Ok(amount.and_then(|amount| Money::parse(&amount, currency, total.unit)))
}

/// The customer's name. Two places with a blank between them are the first and the last name.
pub(super) fn read_customer(reader: &Reader<'_, '_>) -> Result<Option<String>, Unreadable> {
    let places = [&reader.own.customer, &reader.common.customer];
    let Some((Template(parts), name)) = reader.find("customer", &places)? else {
        return Ok(None);
    };
    let [Part::Place(first), Part::Text(blank), Part::Place(last)] = parts.as_slice() else {
        return Ok(Some(name));
    };
    match (reader.at(first)?, reader.at(last)?) {
        (Some(first), Some(last)) if blank == " " => Ok(Some(full_name(&first, &last))),
        _ => Ok(Some(name)),
    }
}

/// The first items that have a title, and the number of all others.
pub(super) fn read_items(reader: &Reader<'_, '_>) -> Result<(Vec<Item>, usize), Unreadable> {
    let Some(items) = reader.table(|fields| fields.items.as_ref()) else {
        return Ok((Vec::new(), 0));
    };
    let elements = reader.list(&items.list)?;
    let mut named = Vec::new();
    for element in elements.iter().take(MAX_ITEMS) {
        let text = |places| reader.inside(&items.list, *element, places);
        let (title, quantity) = (text(&items.title)?, text(&items.quantity)?);
        let title = title.map(|title| if items.html { decoded(&title) } else { title });
        if let Some(title) = title.as_deref().and_then(OneLine::parse) {
            named.push(Item { title, quantity: quantity.as_deref().and_then(OneLine::parse) });
        }
    }
    let more = elements.len() - named.len();
    Ok((named, more))
}

fn decoded(html: &str) -> String {
    html_escape::decode_html_entities(html).into_owned()
}

pub(super) fn read_link(
    link: &Link,
    reader: &Reader<'_, '_>,
    shop: Option<&str>,
    id: Option<&OneLine>,
) -> Result<Option<Url>, Unreadable> {
    let mut address = String::new();
    for part in &link.url.0 {
        let value = match part {
            LinkPart::Text(literal) => {
                address.push_str(literal);
                continue;
            }
            LinkPart::Shop => shop.map(str::to_owned),
            LinkPart::Id => id.map(OneLine::to_string),
            LinkPart::Place(place) => reader.at(place)?,
        };
        let Some(value) = value else {
            return Ok(None);
        };
        if address.is_empty() {
            address.push_str(value.trim());
        } else {
            address.extend(encoded(&value));
        }
    }
    let host = match &link.host {
        Some(place @ Place::Body(_)) => reader.at(place)?,
        _ => None,
    };
    Ok(trusted(&address, host.as_deref()))
}

/// The address, if it is plain https on a trusted host.
///
/// Trusted are Shopify's own hosts and the one that the signed body names.
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

/// `https://shop.example/` is shown as `shop.example`.
pub(super) fn without_scheme(shop: &str) -> &str {
    let address = shop.trim();
    let host = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    host.map_or(address, |host| host.trim_end_matches('/'))
}

/// `Min-ji Kim` becomes `M. K.`, and `김 민수` becomes `김*수`.
pub(super) fn initials(name: &str) -> String {
    let syllables: Vec<_> = name.chars().filter(|char| !char.is_whitespace()).collect();
    if is_hangul(name) {
        return match syllables.as_slice() {
            [first] | [first, _] => format!("{first}*"),
            [first, _, last] => format!("{first}*{last}"),
            [first, .., last] => format!("{first}**{last}"),
            [] => String::new(),
        };
    }
    let letters = name.split_whitespace().filter_map(|part| part.chars().next());
    let initials: Vec<_> = letters.map(|letter| format!("{}.", letter.to_uppercase())).collect();
    initials.join(" ")
}

/// A first and a last name as they are written together: `김민수`, `Min-ji Kim`.
pub(super) fn full_name(first: &str, last: &str) -> String {
    if is_hangul(first) && is_hangul(last) {
        return format!("{}{}", last.trim(), first.trim());
    }
    format!("{first} {last}")
}

/// Whether every letter is a Hangul syllable.
fn is_hangul(name: &str) -> bool {
    let mut letters = name.chars().filter(|char| !char.is_whitespace()).peekable();
    letters.peek().is_some() && letters.all(|letter| matches!(letter, '가'..='힣'))
}

/// The number without its decimals: `1767225600` of `1767225600.5`.
fn whole(number: &str) -> &str {
    match number.split_once('.') {
        Some((whole, decimals)) if decimals.bytes().all(|byte| byte.is_ascii_digit()) => whole,
        _ => number,
    }
}

/// Unix times from here on count milliseconds: in seconds it would be the year 5138.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

pub(super) fn read_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let time = match whole(text).parse::<i64>() {
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
