//! Reads a list whose form is not known.

use serde_json::Value;
use url::Url;

use crate::register::client::Client;
use crate::register::listing::is_one;
use crate::register::registration::{Listing, Registration};
use crate::register::remote::Answer;

/// The placeholder for one event, in the template of a body.
const EVENT: &str = "{event}";

/// The registrations in an answer that is a list, or an object with one.
///
/// A text of a registration counts as its event if it is one of `events`.
pub(crate) fn listing(
    client: &Client<'_>,
    answer: &Answer,
    address: &Url,
    events: &[&str],
) -> Listing {
    let body = client.remote.json(answer).unwrap_or_default();
    let list = match &body {
        Value::Array(list) => Some(list),
        Value::Object(object) => object.values().find_map(Value::as_array),
        _ => None,
    };
    let Some(list) = list else {
        return Listing::Unavailable("the response to a GET there has no list".to_owned());
    };
    let template = client.table.create.body.as_ref().map(|body| &body.0);
    let found = list.iter().map(|item| registration(item, template, address, events));
    Listing::Registered(found.collect())
}

fn registration(item: &Value, template: Option<&Value>, own: &Url, known: &[&str]) -> Registration {
    let values: Vec<&Value> = match item {
        Value::Object(object) => object.values().collect(),
        other => vec![other],
    };
    let texts = || values.iter().filter_map(|value| value.as_str());
    let address = texts().find(|text| *text == own.as_str());
    let address = address.or_else(|| texts().find(|text| text.contains("://")));
    let id = match &item["id"] {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    };
    let lists = values.iter().filter_map(|value| value.as_array());
    let listed = lists.filter(|list| list.iter().all(Value::is_string)).flatten();
    let mut events: Vec<_> = listed.filter_map(Value::as_str).collect();
    events.extend(texts().filter(|text| known.contains(text)));
    if events.is_empty() {
        events.extend(template.and_then(|template| event_of(item, template)));
    }
    Registration {
        id: id.filter(|id| is_one(id)),
        address: address.unwrap_or_default().to_owned(),
        events: events.into_iter().map(str::to_owned).collect(),
        inactive: None,
    }
}

/// The text in the place where the template of the body has `{event}`.
fn event_of<'item>(item: &'item Value, template: &Value) -> Option<&'item str> {
    template.as_object()?.iter().find_map(|(name, template)| {
        let (before, after) = template.as_str()?.split_once(EVENT)?;
        item[name].as_str()?.strip_prefix(before)?.strip_suffix(after)
    })
}
