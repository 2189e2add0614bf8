//! Turns texts of a webhook into amounts, items, links and times.

use url::Url;

use crate::infra::percent::encoded;
use crate::json::Unreadable;
use crate::order::Item;
use crate::order::money::Money;
use crate::order::one_line::OneLine;
use crate::platform::{Currency, Link, LinkPart, OneOrMany, Part, Place, Template};
use crate::slack::block_kit::MAX_LINK_BYTES;
use crate::webhook::parse::reader::Reader;

/// A message names at most this many items. The others are only counted.
pub(super) const MAX_ITEMS: usize = 20;

pub(super) fn read_total(reader: &Reader<'_, '_>) -> Result<Option<Money>, Unreadable> {
    let totals = reader.table(|fields| fields.total.as_ref()).map_or(&[][..], OneOrMany::as_slice);
    for (position, total) in totals.iter().enumerate() {
        let is_last = position + 1 == totals.len();
        if !is_last && reader.is_absent(&total.amount)? {
            continue;
        }
        let amount = reader.first("total.amount", &[&total.amount])?;
        let currency = match &total.currency {
            Currency::Always(code) => Some(code.clone()),
            Currency::At(places) => reader.first("total.currency", &[places])?,
        };
        let currency = currency.as_deref().and_then(OneLine::parse);
        let currency = currency.as_ref().map(OneLine::as_str);
        return Ok(amount.and_then(|amount| Money::parse(&amount, currency, total.unit)));
    }
    Ok(None)
}

/// The shop. A header is not signed, so that one must look like a host, with or without a path. Where
/// the platform has a domain for its shops, it must be a host in that.
pub(super) fn read_shop(reader: &Reader<'_, '_>) -> Result<Option<String>, Unreadable> {
    let places = [&reader.own.shop, &reader.common.shop];
    let Some((Template(parts), shop)) = reader.find("shop", &places)? else { return Ok(None) };
    let is_header = parts.iter().any(|part| matches!(part, Part::Place(Place::Header(_))));
    let domain = reader.table(|fields| fields.shop_domain.as_deref());
    let address = without_scheme(&shop);
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    let is_in_path = |c: char| c.is_alphanumeric() || "/.-_~%".contains(c);
    let is_shop = match domain {
        Some(domain) => is_under(&address.to_ascii_lowercase(), domain) && is_host(address),
        None => !is_header || is_host(host) && path.chars().all(is_in_path),
    };
    Ok(is_shop.then_some(shop))
}

/// Whether a text is the name of a host, with or without a port, and nothing else.
fn is_host(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | ':');
    text.contains(|c: char| c.is_alphanumeric())
        && (text.contains('.') || text.starts_with("localhost"))
        && text.chars().all(is_plain)
        && Url::parse(&format!("https://{text}")).is_ok()
}

/// Whether a host, in lower case, has a name directly or further below a domain.
fn is_under(host: &str, domain: &str) -> bool {
    let name = host.strip_suffix(domain).and_then(|rest| rest.strip_suffix('.'));
    name.is_some_and(|name| !name.is_empty())
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
    let (mut named, mut removed) = (Vec::new(), 0);
    for element in elements.iter().take(MAX_ITEMS) {
        let text = |places| reader.inside(&items.list, *element, places);
        let (title, quantity) = (text(&items.title)?, text(&items.quantity)?);
        let title = title.map(|title| if items.html { decoded(&title) } else { title });
        let quantity = quantity.as_deref().map(without_zeros).and_then(OneLine::parse);
        // It was in the order once, and no longer is.
        if quantity.as_ref().is_some_and(|quantity| is_zero(quantity.as_str())) {
            removed += 1;
        } else if let Some(title) = title.as_deref().and_then(OneLine::parse) {
            named.push(Item { title, quantity });
        }
    }
    let more = elements.len() - named.len() - removed;
    Ok((named, more))
}

/// `2` of `2.0`
fn without_zeros(quantity: &str) -> &str {
    match quantity.trim().split_once('.') {
        Some((whole, zeros)) if !whole.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
            whole
        }
        _ => quantity,
    }
}

/// `0`, `0.00`
fn is_zero(quantity: &str) -> bool {
    quantity.contains('0') && quantity.bytes().all(|byte| matches!(byte, b'0' | b'.'))
}

/// The text of HTML: `<br>` is a blank, other tags are nothing, and entities are their characters.
fn decoded(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        if let Some(length) = tag_length(rest) {
            let is_break = rest[1..].get(..2).is_some_and(|name| name.eq_ignore_ascii_case("br"));
            text.push_str(if is_break { " " } else { "" });
            rest = &rest[length..];
        } else {
            text.push('<');
            rest = &rest[1..];
        }
    }
    text.push_str(rest);
    html_escape::decode_html_entities(&text).into_owned()
}

/// The length of the tag that a text begins with; in `Tea < 5 g` there is none.
fn tag_length(html: &str) -> Option<usize> {
    let name = html[1..].trim_start_matches('/');
    let is_tag = name.starts_with(|c: char| c.is_ascii_alphabetic()) || html.starts_with("<!--");
    // A tag ends before the next one begins, so that each byte is looked at once.
    let end = 1 + html[1..].find(['<', '>'])?;
    (is_tag && html.as_bytes()[end] == b'>').then_some(end + 1)
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
        // A longer link is not shown, and an event must fit into a message of the queue.
        let Some(value) = value.filter(|value| value.len() <= MAX_LINK_BYTES) else {
            return Ok(None);
        };
        if address.is_empty() {
            address.push_str(value.trim());
        } else {
            address.extend(encoded(&value));
        }
    }
    let host = match &link.host {
        Some(Place::Header(_)) => None,
        Some(place) => reader.at(place)?,
        None => {
            let domain = reader.table(|fields| fields.shop_domain.as_deref());
            return Ok(plain(&address).filter(|url| {
                url.domain().zip(domain).is_some_and(|(host, domain)| is_under(host, domain))
            }));
        }
    };
    let host = host.map(|host| match Url::parse(&host) {
        Ok(url) => url.host_str().map(str::to_owned).unwrap_or_default(),
        Err(_) => host.trim().to_ascii_lowercase(),
    });
    Ok(plain(&address).filter(|url| url.domain().is_some_and(|at| Some(at) == host.as_deref())))
}

/// The address, if it is https without a port, a user or a password, and not too long to be shown.
fn plain(address: &str) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    let is_plain = url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.as_str().len() <= MAX_LINK_BYTES;
    is_plain.then_some(url)
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
