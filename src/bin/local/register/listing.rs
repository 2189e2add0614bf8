//! Reads the list of registered webhooks, page by page.

use order_alerts::json::Pointer;
use order_alerts::platform::Place;
use order_alerts::platform::register::Method;
use reqwest::StatusCode;
use serde_json::Value;
use url::Url;

use crate::register::client::Client;
use crate::register::guess;
use crate::register::registration::{Listing, Registration};
use crate::register::remote::Answer;
use crate::terminal::Failure;

/// More pages than the webhooks of a shop can fill.
const MAX_PAGES: u32 = 100;

impl Client<'_> {
    /// All registrations, at `address` and elsewhere. `events` are the events that they may name.
    pub(crate) async fn list(&self, address: &Url, events: &[&str]) -> Result<Listing, Failure> {
        let (request, listed) = (&self.table.list, &self.table.listed);
        let mut found: Vec<Registration> = Vec::new();
        let mut values = self.values.clone();
        for page in 1..=MAX_PAGES {
            values.put("page", page.to_string());
            let answer = self.send(request, Method::Get, "{api}", &values).await?;
            if self.is_guessed() && matches!(answer.status.as_u16(), 404 | 405 | 501) {
                let why = format!("a GET there is answered with {}", answer.status.as_u16());
                return Ok(Listing::Unavailable(why));
            }
            if self.table.only_one && answer.status == StatusCode::NOT_FOUND {
                break;
            }
            if let Some(refusal) = self.refusal(&answer) {
                return Err(refusal);
            }
            if self.is_guessed() {
                return Ok(guess::listing(self, &answer, address, events));
            }
            let body = self.remote.json(&answer)?;
            let before = found.len();
            for item in self.items(&body)? {
                let registration = self.registration(item);
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
            next.into_iter().for_each(|cursor| values.put("cursor", cursor));
        }
        Ok(Listing::Registered(found))
    }

    /// Whether the form of the list is not known.
    pub(crate) fn is_guessed(&self) -> bool {
        self.table.listed.address.is_none()
    }

    fn items<'b>(&self, body: &'b Value) -> Result<Vec<&'b Value>, Failure> {
        let place = self.table.listed.at.as_ref();
        let list = place.map_or_else(|| vec![body], |place| all(body, place.steps()));
        match list.first() {
            Some(Value::Array(list)) => Ok(list.iter().collect()),
            Some(one @ Value::Object(_)) if self.table.only_one => Ok(vec![one]),
            _ => Err(format!("{} answered without a list of webhooks", self.host()).into()),
        }
    }

    fn registration(&self, item: &Value) -> Registration {
        let listed = &self.table.listed;
        let text =
            |place: &Option<Pointer>| place.as_ref().and_then(|place| first_text(item, place));
        let events = listed.events.as_ref().map(|place| texts(item, place)).unwrap_or_default();
        let inactive = listed.active.iter().find_map(|(place, active)| {
            let state = first_text(item, place)?;
            let word = if state == "false" { "inactive" } else { &state };
            (state != *active).then(|| word.to_owned())
        });
        let called = |event: String| {
            let mut called = self.table.called.iter();
            called.find(|(_, name)| **name == event).map_or(event.clone(), |(ours, _)| ours.clone())
        };
        Registration {
            id: text(&listed.id).filter(|id| is_one(id)),
            address: text(&listed.address).unwrap_or_default(),
            events: events.into_iter().map(called).collect(),
            inactive,
        }
    }
}

/// Whether an id names one webhook: as the last part of a path, some name the whole list or its parent.
pub(crate) fn is_one(id: &str) -> bool {
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
fn all<'v>(value: &'v Value, steps: &[String]) -> Vec<&'v Value> {
    let Some((step, rest)) = steps.split_first() else { return vec![value] };
    let children: Vec<_> = match value {
        Value::Object(object) => object.get(step).into_iter().collect(),
        Value::Array(list) if step == "*" => list.iter().collect(),
        Value::Array(list) if step == "-1" => list.last().into_iter().collect(),
        Value::Array(list) => {
            step.parse().ok().and_then(|step: usize| list.get(step)).into_iter().collect()
        }
        _ => Vec::new(),
    };
    children.into_iter().flat_map(|child| all(child, rest)).collect()
}

fn pages(answer: &Answer, body: &Value, place: &Place) -> u64 {
    let text = match place {
        Place::Header(name) => {
            answer.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        }
        Place::Body(place) => first_text(body, place),
        Place::LastPart(_) | Place::Whole(_) | Place::Path => None,
    };
    text.and_then(|text| text.parse().ok()).unwrap_or(1)
}
