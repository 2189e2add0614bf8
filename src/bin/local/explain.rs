//! How a webhook was read: for the author of a platform file, and for the person who tries a payload.

use std::collections::BTreeSet;
use std::ptr;

use order_alerts::config::{Config, Customer};
use order_alerts::order::OrderEvent;
use order_alerts::order::one_line::OneLine;
use order_alerts::platform::{Conditions, Part, Place, Platform, Rule, RuleKind, Template};
use order_alerts::store::StoreState;
use order_alerts::webhook::parse::{Found, Test, Trace};
use serde_json::{Value, json};

use crate::decided::decided;
use crate::hints::{escaped, hints};
use crate::samples;
use crate::terminal::printable;

/// How a webhook was read: for the terminal and for the page.
pub(crate) struct Reading {
    platform: &'static Platform,
    /// The event type and where it is; `None` if the webhook does not name it.
    event: Option<(String, String)>,
    rule: String,
    /// The position of the rule that fits, counted from 1.
    position: Option<usize>,
    found: Vec<Field>,
    missing: Vec<&'static str>,
    /// The places of the body that were never looked up.
    never_read: Vec<String>,
    /// How many more there are.
    never_read_more: usize,
    /// Places of a file that is not built in, which are probably misspelled.
    pub(crate) hints: Vec<String>,
    /// Who hears of its events, and by which line of RULES or setting.
    decided: Vec<(&'static str, String)>,
}

/// Something that was found in the webhook.
struct Field {
    name: &'static str,
    text: String,
    place: Option<String>,
    /// A setting hides a part of it, or all.
    is_hidden: bool,
    /// The webhook did not have it: it was added so that the webhook could be signed.
    is_added: bool,
}

/// At most this many places are named. A whole order has hundreds.
const MAX_NEVER_READ: usize = 20;
const LABEL: usize = 12;

impl Reading {
    /// Reads a trace. `added` are the headers that were added to sign the webhook.
    pub(crate) fn new(
        platform: &'static Platform,
        trace: &Trace<'static>,
        body: &[u8],
        customer: Customer,
        added: &[String],
    ) -> Self {
        let is_read = trace.rule.is_some_and(|(_, rule)| rule.kind != RuleKind::Ignored);
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut never_read = if is_read { never_read(trace, &body) } else { Vec::new() };
        let is_built_in = Platform::find(platform.id).is_some_and(|known| ptr::eq(known, platform));
        let hints = if is_built_in { Vec::new() } else { hints(&trace.looked_up, &body) };
        let never_read_more = never_read.len().saturating_sub(MAX_NEVER_READ);
        never_read.truncate(MAX_NEVER_READ);
        let event = trace.found.first();
        let event = event.map(|event| (one_line(&event.text), event.template.to_string()));
        let position = trace.rule.map(|(position, _)| position);
        Self {
            platform,
            event,
            rule: rule(platform, trace.rule),
            position,
            found: fields(trace, customer, added),
            missing: trace.missing.clone(),
            never_read,
            never_read_more,
            hints: hints.iter().map(|hint| labelled("Hint", hint)).collect(),
            decided: Vec::new(),
        }
    }

    /// Adds who hears of the events. What is the same for all of them is said once.
    pub(crate) fn decide(&mut self, config: &Config, events: &[OrderEvent]) {
        let mut decided: Vec<_> = events.iter().map(|event| decided(config, event)).collect();
        decided.dedup();
        self.decided = decided.concat();
    }

    /// Adds that the webhook is about a shop, and where it is shown.
    pub(crate) fn decide_store(&mut self) {
        let channel = "the one for monitoring, or else that of the orders".to_owned();
        self.decided = vec![("shown", "at once".to_owned()), ("channel", channel)];
    }

    /// Why the webhook becomes no message.
    pub(crate) fn why_ignored(&self) -> String {
        let Platform { id, name, event_type: places, .. } = self.platform;
        let Some((event_type, _)) = &self.event else {
            return format!(
                "the webhook does not name its event type. {name} names it in {places}."
            );
        };
        match self.position {
            Some(position) => {
                format!("`{event_type}` is ignored by event {position} in {id}.toml.")
            }
            None => {
                format!("`{event_type}` is ignored: no event in {id}.toml matches it.")
            }
        }
    }

    /// What to do at the terminal, where a header that names the event type is missing.
    pub(crate) fn hint(&self) -> &'static str {
        let is_in_header = samples::topic_header(self.platform).is_some();
        if self.event.is_none() && is_in_header {
            " Give a header with -H 'NAME: VALUE'."
        } else {
            ""
        }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let Some((event, place)) = &self.event else { return self.hints.clone() };
        let event = format!("`{event}`, in {place}");
        let mut lines = vec![labelled("Event", &event), labelled("Rule", &self.rule)];
        for (position, field) in self.found.iter().enumerate() {
            lines.push(labelled(if position == 0 { "Found" } else { "" }, &field.line()));
        }
        if !self.missing.is_empty() {
            lines.push(labelled("Not found", &self.missing.join(", ")));
        }
        if !self.never_read.is_empty() {
            lines.push(labelled(
                "Never read",
                &self.never_read().join(", ").replace(", and", " and"),
            ));
        }
        lines.extend(self.hints.iter().cloned());
        lines.extend(self.decided());
        lines
    }

    /// Who hears of the events.
    pub(crate) fn decided(&self) -> impl Iterator<Item = String> {
        self.decided.iter().map(|(name, text)| labelled(&capitalized(name), text))
    }

    /// As the page reads it; `why_no_message` if the webhook becomes none.
    pub(crate) fn json(&self, why_no_message: Option<&str>) -> Value {
        let found = self.found.iter().map(|field| {
            let text = if field.is_added { " (added here)" } else { "" };
            json!({
                "field": field.name,
                "text": format!("{}{text}", field.text),
                "place": field.place.as_deref().unwrap_or_default().replace("the body's ", ""),
            })
        });
        let hidden = self.found.iter().filter(|field| field.is_hidden);
        let hidden = hidden.map(|field| format!("{}: {}", field.name, field.text));
        let decided = self.decided.iter().map(|(name, text)| json!([name, capitalized(text)]));
        json!({
            "event": self.event.as_ref().map_or("", |(event, _)| event),
            "rule": capitalized(&self.rule),
            "found": found.collect::<Vec<_>>(),
            "missing": self.missing,
            "hidden": hidden.collect::<Vec<_>>(),
            "never_read": self.never_read(),
            "decided": decided.collect::<Vec<_>>(),
            "why_no_message": why_no_message.map(capitalized),
        })
    }

    fn never_read(&self) -> Vec<String> {
        let more = match self.never_read_more {
            0 => None,
            more => Some(format!("and {more} more")),
        };
        self.never_read.iter().cloned().chain(more).collect()
    }
}

impl Field {
    fn line(&self) -> String {
        let added = if self.is_added { " (added by preview)" } else { "" };
        let place = self.place.as_ref().map_or_else(String::new, |place| format!(", in {place}"));
        format!("{}: {}{added}{place}", self.name, self.text)
    }
}

/// What was found besides the event type; of a customer's name, only what the setting allows.
fn fields(trace: &Trace<'static>, customer: Customer, added: &[String]) -> Vec<Field> {
    let field = |name, text: String, place: Option<String>| Field {
        name,
        text,
        place,
        is_hidden: false,
        is_added: false,
    };
    let found = trace.found.iter().skip(1).map(|found| {
        let Found { name, template, text } = found;
        let place = Some(template.to_string());
        let hidden = match (*name, customer) {
            ("customer", Customer::Hidden) => "a name, hidden by CUSTOMER=hidden",
            ("customer", Customer::Initials) => "a name, shortened by CUSTOMER=initials",
            _ => {
                let is_added = is_added(template, added);
                return Field { is_added, ..field(name, one_line(text), place) };
            }
        };
        Field { is_hidden: true, ..field(name, hidden.to_owned(), place) }
    });
    let items = trace
        .items
        .iter()
        .map(|(count, list)| field("items", format!("{count} of them"), Some(list.to_string())));
    let test = trace.test.iter().map(|Test { place, text, is_test }| {
        let meaning = if *is_test { "yes" } else { "no" };
        field("test", format!("{meaning}, by `{}`", one_line(text)), Some(place.to_string()))
    });
    let paid = trace.paid.map(|said| field("paid", said.to_owned(), None));
    let urls = trace.links.iter().map(|url| field("link", url.to_string(), None));
    found.chain(paid).chain(items).chain(test).chain(urls).collect()
}

fn is_added(Template(parts): &Template, added: &[String]) -> bool {
    parts.iter().any(|part| match part {
        Part::Place(Place::Header(name)) => added.contains(name),
        Part::Place(_) | Part::Text(_) => false,
    })
}

fn rule(platform: &Platform, rule: Option<(usize, &Rule)>) -> String {
    let Platform { id, rules, .. } = platform;
    let Some((position, rule)) = rule else {
        return format!("none of the {} in {id}.toml", rules.len());
    };
    let meaning = match (rule.kind, rule.change) {
        (RuleKind::Store, _) => rule.store.map_or("", StoreState::name),
        (RuleKind::Created, _) => "created",
        (RuleKind::Cancelled, _) => "cancelled",
        (RuleKind::Draft, _) => "a draft",
        (RuleKind::Ignored, _) => "ignored",
        (RuleKind::Unreadable, _) => "unreadable",
        (RuleKind::Modified, Some(change)) => change.name(),
        (RuleKind::Modified, None) => "modified",
    };
    let reopens = if rule.reopens { ", reopens" } else { "" };
    let when = rule.when.as_slice().iter().map(|table| said(table).join(" and "));
    let when = Some(when.collect::<Vec<_>>().join(", or ")).filter(|when| !when.is_empty());
    let empty = rule.empty.iter().map(|place| format!("{place} holds nothing"));
    let absent = rule.absent.iter().map(|place| format!("nothing is at {place}"));
    let conditions = when.into_iter().chain(said(&rule.every)).chain(empty).chain(absent);
    let conditions = conditions.collect::<Vec<_>>().join(" and ");
    let because = if conditions.is_empty() { String::new() } else { format!(", as {conditions}") };
    format!("{meaning}{reopens}, by event {position} of {} in {id}.toml{because}", rules.len())
}

/// Each condition as a part of a sentence.
fn said(conditions: &Conditions) -> Vec<String> {
    let said = conditions.iter().map(|(place, texts)| {
        let texts = texts.as_slice().iter().map(|text| format!("`{text}`"));
        format!("{place} is {}", texts.collect::<Vec<_>>().join(" or "))
    });
    said.collect()
}

/// The places of the body that were never looked up.
fn never_read(trace: &Trace<'static>, body: &Value) -> Vec<String> {
    let mut places = BTreeSet::new();
    collect("", body, &mut places);
    let read: BTreeSet<_> = trace.looked_up.iter().map(|place| any_element(place)).collect();
    let branches: BTreeSet<_> = read.iter().map(|place| branch(place)).collect();
    let never_read = places.difference(&read).map(|place| match branch(place) {
        whole if branches.contains(whole) => place.clone(),
        // Nothing in this branch was looked up, so its name is enough.
        whole => whole.to_owned(),
    });
    never_read.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The text as the page shows it, where each begins a sentence.
pub(crate) fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn labelled(label: &str, text: &str) -> String {
    format!("{label:LABEL$}{}", printable(text))
}

fn one_line(text: &str) -> String {
    OneLine::parse(text).map_or_else(String::new, |line| line.to_string())
}

/// Collects the pointers of all texts, numbers and booleans.
///
/// The elements of a list share one pointer.
fn collect(path: &str, value: &Value, pointers: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                collect(&format!("{path}/{}", escaped(name)), value, pointers);
            }
        }
        Value::Array(elements) => {
            for value in elements {
                collect(&format!("{path}/0"), value, pointers);
            }
        }
        Value::Null => {}
        _ => {
            pointers.insert(any_element(path));
        }
    }
}

/// The pointer's first step.
fn branch(pointer: &str) -> &str {
    let end = pointer.char_indices().skip(1).find(|(_, c)| *c == '/');
    end.map_or(pointer, |(end, _)| &pointer[..end])
}

/// The pointer with `*` for every index of a list.
fn any_element(pointer: &str) -> String {
    let is_number = |step: &str| {
        !step.is_empty() && step.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit())
    };
    let steps = pointer.split('/').map(|step| if is_number(step) { "*" } else { step });
    steps.collect::<Vec<_>>().join("/")
}
