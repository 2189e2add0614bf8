//! Reads the list of registered webhooks, page by page.

use order_alerts::json::Pointer;
use order_alerts::platform::Place;
use reqwest::StatusCode;
use serde_json::Value;
use url::Url;

use crate::register::client::Client;
use crate::register::registration::{Listing, Registration};
use crate::register::remote::Answer;
use crate::terminal::Failure;

/// More pages than the webhooks of a shop can fill.
const MAX_PAGES: u32 = 100;

impl Client<'_> {
    /// All registrations, at `own` and elsewhere.
    pub(crate) async fn list(&self, own: &Url) -> Result<Listing, Failure> {
        let (request, listed) = (&self.table.list, &self.table.listed);
        let mut found: Vec<Registration> = Vec::new();
        let mut values = self.values.clone();
        for page in 1..=MAX_PAGES {
            values.put("page", page.to_string());
            let answer = self.send(request, "GET", "{api}", &values).await?;
            if self.is_guessed() && matches!(answer.status.as_u16(), 404 | 405 | 501) {
                let why = format!("a GET there is answered with {}", answer.status.as_u16());
                return Ok(Listing::Unavailable(why));
            }
            if self.table.only_one && answer.status == StatusCode::NOT_FOUND {
                break;
            }
            self.outcome(request, &answer)?;
            let body = match self.remote.json(&answer) {
                Err(error) if !self.is_guessed() => return Err(error),
                body => body.unwrap_or_default(),
            };
            let Some(items) = self.items(&body) else {
                let why = "the response to a GET there has no list".to_owned();
                return Ok(Listing::Unavailable(why));
            };
            let before = found.len();
            for item in items {
                let registration = self.registration(item, own);
                let is_known = found.iter().any(|known| known.id == registration.id);
                if !registration.address.is_empty() && (before == 0 || !is_known) {
                    found.push(registration);
                }
            }
            let next = listed.next.as_ref().and_then(|place| first_text(&body, place));
            let is_last = match (&next, &listed.pages) {
                (Some(_), _) => false,
                (None, Some(place)) => u64::from(page) >= pages(&answer, &body, place),
                (None, None) => !request.has("page"),
            };
            if is_last || found.len() == before {
                break;
            }
            if let Some(cursor) = next {
                values.put("cursor", cursor);
            }
        }
        Ok(Listing::Registered(found))
    }

    /// Whether the form of the list is not known: the table is made from options.
    pub(crate) fn is_guessed(&self) -> bool {
        self.table.listed.at.is_none()
    }

    /// The elements of the list, of which a platform with one webhook has one.
    fn items<'b>(&self, body: &'b Value) -> Option<Vec<&'b Value>> {
        let place = self.table.listed.at.as_ref();
        let list = match (place, body) {
            (Some(place), body) => all(body, place.steps()).into_iter().next()?,
            (None, Value::Object(object)) => object.values().find(|value| value.is_array())?,
            (None, body) => body,
        };
        match list {
            Value::Array(list) => Some(list.iter().collect()),
            Value::Object(_) if self.table.only_one => Some(vec![list]),
            _ => None,
        }
    }

    fn registration(&self, item: &Value, own: &Url) -> Registration {
        let listed = &self.table.listed;
        let text =
            |place: &Option<Pointer>| place.as_ref().and_then(|place| first_text(item, place));
        let events = listed.events.as_ref().map(|place| texts(item, place)).unwrap_or_default();
        let line = |text: &str| self.remote.line(text).map(|line| line.to_string());
        let inactive = listed.active.iter().find_map(|(place, active)| {
            let state = first_text(item, place)?;
            let word = if state == "false" { "inactive" } else { &state };
            (state != *active).then(|| line(word))?
        });
        let called = |event: &String| {
            let mut called = self.table.called.iter();
            line(called.find(|(_, name)| *name == event).map_or(event, |(ours, _)| ours))
        };
        // A list may call it otherwise than a creation does.
        let own_text = || {
            let mut values = item.as_object()?.values().filter_map(Value::as_str);
            values.find(|text| self.is_guessed() && *text == own.as_str()).map(str::to_owned)
        };
        Registration {
            id: text(&listed.id).filter(|id| is_one(id)),
            address: text(&listed.address).or_else(own_text).unwrap_or_default(),
            events: events.iter().filter_map(called).collect(),
            inactive,
        }
    }
}

/// Whether an id names one webhook: as the last part of a path, some name the whole list or its parent.
fn is_one(id: &str) -> bool {
    !matches!(id, "" | "." | "..")
}

/// The first text, number or boolean at a place.
pub(crate) fn first_text(value: &Value, place: &Pointer) -> Option<String> {
    texts(value, place).into_iter().next()
}

/// The texts, numbers and booleans at a place, also those in a list there.
fn texts(value: &Value, place: &Pointer) -> Vec<String> {
    let values = all(value, place.steps()).into_iter();
    let values =
        values.flat_map(|value| value.as_array().map_or(vec![value], |list| list.iter().collect()));
    let texts = values.filter_map(|value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    });
    texts.collect()
}

/// The values at a place, of which there may be several where a step is `*`.
pub(crate) fn all<'v>(value: &'v Value, steps: &[String]) -> Vec<&'v Value> {
    let Some((step, rest)) = steps.split_first() else { return vec![value] };
    let child = match (value, step.as_str()) {
        (Value::Array(list), "*") => {
            return list.iter().flat_map(|element| all(element, rest)).collect();
        }
        (Value::Array(list), "-1") => list.last(),
        (Value::Array(list), step) => step.parse().ok().and_then(|step: usize| list.get(step)),
        (value, step) => value.get(step),
    };
    child.map_or_else(Vec::new, |child| all(child, rest))
}

fn pages(answer: &Answer, body: &Value, place: &Place) -> u64 {
    let text = match place {
        Place::Body(place) => first_text(body, place),
        Place::Header(name) => answer.header(name).map(str::to_owned),
        Place::LastPart(_) | Place::Whole(_) => None,
    };
    text.and_then(|text| text.parse().ok()).unwrap_or(1)
}
