//! Explains how a webhook was read, for the author of a platform file.

use std::collections::BTreeSet;

use order_alerts::config::Customer;
use order_alerts::order::one_line::OneLine;
use order_alerts::platform::{OneOrMany, Part, Place, Platform, Rule, RuleKind, Template};
use order_alerts::webhook::parse::{Found, Test, Trace};
use serde_json::Value;

/// The trace of a webhook, with what the settings and the whole body add to it.
pub(crate) struct Explanation {
    platform: &'static Platform,
    trace: Trace<'static>,
    customer: Customer,
    /// The headers that `preview` added because the webhook did not have them.
    added: Vec<String>,
    /// The places of the body that were never looked up.
    never_read: BTreeSet<String>,
}

/// At most this many places are named. A whole order has hundreds.
const MAX_NEVER_READ: usize = 20;
const LABEL: usize = 12;

impl Explanation {
    pub(crate) fn new(
        platform: &'static Platform,
        trace: Trace<'static>,
        body: &[u8],
        customer: Customer,
        added: Vec<String>,
    ) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut places = BTreeSet::new();
        collect("", &body, &mut places);
        let read: BTreeSet<_> = trace.looked_up.iter().map(|place| any_element(place)).collect();
        let branches: BTreeSet<_> = read.iter().map(|place| branch(place)).collect();
        let never_read = places.difference(&read).map(|place| match branch(place) {
            whole if branches.contains(whole) => place.clone(),
            // Nothing in this branch was looked up, so its name is enough.
            whole => whole.to_owned(),
        });
        let never_read = never_read.collect();
        Self { platform, trace, customer, added, never_read }
    }

    /// Why the webhook becomes no message.
    pub(crate) fn why_ignored(&self) -> String {
        let Platform { id, name, event_type: places, .. } = self.platform;
        let Some(event_type) = self.trace.found.first() else {
            return format!(
                "the webhook does not name its event type. {name} names it in {places} (give a header \
                 with -H)."
            );
        };
        let event_type = one_line(&event_type.text);
        match self.trace.rule {
            Some((position, _)) => {
                format!("`{event_type}` is ignored by event {position} in src/platform/{id}.toml.")
            }
            None => {
                format!("`{event_type}` is ignored: no event in src/platform/{id}.toml matches it.")
            }
        }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let Trace { rule, found, missing, items, test, links, .. } = &self.trace;
        let Some((event_type, found)) = found.split_first() else {
            return Vec::new();
        };
        let event_type = format!("`{}`, in {}", one_line(&event_type.text), event_type.template);
        let mut lines = vec![labelled("Event", &event_type), labelled("Rule", &self.rule(*rule))];

        let found = found
            .iter()
            .map(|found| format!("{}: {}, in {}", found.name, self.shown(found), found.template));
        let items = items.iter().map(|(count, list)| format!("items: {count} of them, in {list}"));
        let test = test.iter().map(|Test { place, text, is_test }| {
            let meaning = if *is_test { "yes" } else { "no" };
            format!("test: {meaning}, by `{}`, in {place}", one_line(text))
        });
        let urls = links.iter().map(|url| format!("link: {url}"));
        let found = found.chain(items).chain(test).chain(urls);
        for (position, found) in found.enumerate() {
            lines.push(labelled(if position == 0 { "Found" } else { "" }, &found));
        }
        if !missing.is_empty() {
            lines.push(labelled("Not found", &missing.join(", ")));
        }
        let is_read = rule.is_some_and(|(_, rule)| rule.kind != RuleKind::Ignored);
        if is_read && !self.never_read.is_empty() {
            lines.push(labelled("Never read", &self.never_read()));
        }
        lines
    }

    fn rule(&self, rule: Option<(usize, &Rule)>) -> String {
        let Platform { id, rules, .. } = self.platform;
        let Some((position, rule)) = rule else {
            return format!("none of the {} in src/platform/{id}.toml", rules.len());
        };
        let meaning = match (rule.kind, rule.change) {
            (RuleKind::Created, _) => "created",
            (RuleKind::Cancelled, _) => "cancelled",
            (RuleKind::Draft, _) => "a draft",
            (RuleKind::Ignored, _) => "ignored",
            (RuleKind::Unreadable, _) => "unreadable",
            (RuleKind::Modified, Some(change)) => change.name(),
            (RuleKind::Modified, None) => "modified",
        };
        let reopens = if rule.reopens { ", reopens" } else { "" };
        let conditions = rule.when.iter().chain(&rule.every).map(|(place, texts)| {
            let texts = OneOrMany::as_slice(texts).iter().map(|text| format!("`{text}`"));
            format!("{place} is {}", texts.collect::<Vec<_>>().join(" or "))
        });
        let empty = rule.empty.iter().map(|place| format!("{place} holds nothing"));
        let conditions = conditions.chain(empty);
        let conditions = conditions.collect::<Vec<_>>().join(" and ");
        let because =
            if conditions.is_empty() { String::new() } else { format!(", as {conditions}") };
        format!(
            "{meaning}{reopens}, by event {position} of {} in src/platform/{id}.toml{because}",
            rules.len()
        )
    }

    /// The text that was found; of a customer's name, only what the setting allows.
    fn shown(&self, found: &Found<'_>) -> String {
        match (found.name, self.customer) {
            ("customer", Customer::Hidden) => "a name, hidden by CUSTOMER=hidden".to_owned(),
            ("customer", Customer::Initials) => "a name, shortened by CUSTOMER=initials".to_owned(),
            _ if self.is_added(found.template) => {
                format!("{} (added by preview)", one_line(&found.text))
            }
            _ => one_line(&found.text),
        }
    }

    fn is_added(&self, Template(parts): &Template) -> bool {
        parts.iter().any(|part| match part {
            Part::Place(Place::Header(name)) => self.added.contains(name),
            Part::Place(Place::Body(_)) | Part::Text(_) => false,
        })
    }

    fn never_read(&self) -> String {
        let places: Vec<_> =
            self.never_read.iter().take(MAX_NEVER_READ).map(String::as_str).collect();
        let more = self.never_read.len() - places.len();
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        format!("{}{more}", places.join(", "))
    }
}

fn labelled(label: &str, text: &str) -> String {
    format!("{label:LABEL$}{text}")
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
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(&format!("{path}/{name}"), value, pointers);
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
