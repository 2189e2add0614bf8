//! How a webhook is read, told to whoever writes or doubts a platform file.

use std::collections::BTreeSet;

use order_alerts::config::Customer;
use order_alerts::order::one_line::OneLine;
use order_alerts::platform::{
    LinkPart, OneOrMany, Part, Place, Platform, Rule, RuleKind, Template,
};
use order_alerts::webhook::parse::{Explanation, Found, Test};
use serde_json::Value;

/// An explanation, with what it leaves to be said.
pub(crate) struct Reading {
    platform: &'static Platform,
    explanation: Explanation<'static>,
    customer: Customer,
    /// The headers that only this preview has, for want of the platform's.
    made: Vec<String>,
    /// The places of the body that nobody reads.
    unread: BTreeSet<String>,
}

/// So many places are named; a whole order has hundreds.
const MAX_UNREAD: usize = 20;
const LABEL: usize = 12;

impl Reading {
    pub(crate) fn new(
        platform: &'static Platform,
        explanation: Explanation<'static>,
        body: &[u8],
        customer: Customer,
        made: Vec<String>,
    ) -> Self {
        let mut unread = BTreeSet::new();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        collect("", &body, &mut unread);
        let read: BTreeSet<_> =
            read(platform, &explanation).iter().map(|place| any_element(place)).collect();
        let branches: BTreeSet<_> = read.iter().map(|place| branch(place)).collect();
        let unread = unread.iter().filter(|place| !read.contains(*place));
        // Of a branch that nobody looks into, only the name matters.
        let unread = unread.map(|place| match branch(place) {
            whole if branches.contains(whole) => place.clone(),
            whole => whole.to_owned(),
        });
        Self { platform, explanation, customer, made, unread: unread.collect() }
    }

    /// Why the event is no news.
    pub(crate) fn why_ignored(&self) -> String {
        let Platform { name, event_type, .. } = self.platform;
        match &self.explanation.event_type {
            Some(Found { text, .. }) => {
                format!("`{}` of {name} is nothing that the channel hears of.", line(text))
            }
            None => format!(
                "nothing says what happened. {name} says it in {event_type} (give a header with -H)."
            ),
        }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let Explanation { event_type, rule, found, missing, items, test, link } = &self.explanation;
        let mut lines = Vec::new();
        if let Some(Found { template, text, .. }) = event_type {
            lines.push(labelled("Event", &format!("`{}`, in {template}", line(text))));
            lines.push(labelled("Rule", &self.rule(*rule)));
        }
        let items =
            items.map(|(count, list)| ("items", list.to_string(), format!("{count} of them")));
        let found =
            found.iter().map(|found| (found.name, found.template.to_string(), self.shown(found)));
        let test = test.iter().map(|Test { place, text, is_test }| {
            let meaning = if *is_test { "yes" } else { "no" };
            ("test", place.to_string(), format!("{meaning}, by `{}`", line(text)))
        });
        let found = found.chain(items).chain(test);
        let found = found.map(|(name, place, shown)| format!("{name}: {shown}, in {place}"));
        let link = link.iter().map(|link| format!("link: {link}"));
        for (position, found) in found.chain(link).enumerate() {
            let label = if position == 0 { "Found" } else { "" };
            lines.push(labelled(label, &found));
        }
        if !missing.is_empty() {
            lines.push(labelled("Not there", &missing.join(", ")));
        }
        if rule.is_some() && !self.unread.is_empty() {
            lines.push(labelled("Never read", &self.unread()));
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
            (RuleKind::Ignored, _) => "ignored",
            (RuleKind::Modified, Some(change)) => change.name(),
            (RuleKind::Modified, None) => "modified",
        };
        let reopens = if rule.reopens { ", reopens" } else { "" };
        let conditions = rule.when.iter().map(|(place, texts)| {
            let texts = OneOrMany::as_slice(texts).iter().map(|text| format!("`{text}`"));
            format!("{place} is {}", texts.collect::<Vec<_>>().join(" or "))
        });
        let conditions = conditions.collect::<Vec<_>>().join(" and ");
        let because =
            if conditions.is_empty() { String::new() } else { format!(", as {conditions}") };
        format!(
            "{meaning}{reopens}, by event {position} of {} in src/platform/{id}.toml{because}",
            rules.len()
        )
    }

    /// What is found; a customer's name is nobody's business but the settings'.
    fn shown(&self, found: &Found<'_>) -> String {
        match (found.name, self.customer) {
            ("customer", Customer::Hidden) => "a name, hidden by CUSTOMER=hidden".to_owned(),
            ("customer", Customer::Initials) => "a name, cut by CUSTOMER=initials".to_owned(),
            _ if self.is_made(found.template) => format!("{} (made here)", line(&found.text)),
            _ => line(&found.text),
        }
    }

    fn is_made(&self, Template(parts): &Template) -> bool {
        parts.iter().any(|part| match part {
            Part::Place(Place::Header(name)) => self.made.contains(name),
            Part::Place(Place::Body(_)) | Part::Text(_) => false,
        })
    }

    fn unread(&self) -> String {
        let named: Vec<_> = self.unread.iter().take(MAX_UNREAD).map(String::as_str).collect();
        let more = self.unread.len() - named.len();
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        format!("{}{more}", named.join(", "))
    }
}

fn labelled(label: &str, text: &str) -> String {
    format!("{label:LABEL$}{text}")
}

fn line(text: &str) -> String {
    OneLine::parse(text).map_or_else(String::new, |line| line.to_string())
}

/// The body's places that were read, as pointers.
fn read(platform: &Platform, explanation: &Explanation<'_>) -> Vec<String> {
    let found = explanation.found.iter().chain(&explanation.event_type);
    let templates = found.map(|found| found.template);
    let mut places: Vec<_> =
        templates.flat_map(|Template(parts)| parts).filter_map(place).collect();
    let (Some((_, rule)), Some(event_type)) = (explanation.rule, &explanation.event_type) else {
        return places.iter().filter_map(pointer).collect();
    };
    // Rules for the same events looked at theirs before this one was found to fit, or would have.
    let rules = platform.rules.iter().filter(|rule| rule.is_for(&event_type.text));
    places.extend(rules.flat_map(|rule| rule.when.keys()).cloned());
    let tests = [&rule.fields, &platform.fields].into_iter().flat_map(|fields| fields.test.keys());
    places.extend(tests.cloned());
    if let Some(link) = rule.fields.link.as_ref().or(platform.fields.link.as_ref()) {
        let parts = link.url.0.iter().filter_map(|part| match part {
            LinkPart::Place(place) => Some(place),
            LinkPart::Text(_) | LinkPart::Shop | LinkPart::Id => None,
        });
        places.extend(parts.chain(&link.host).cloned());
    }
    let mut read: Vec<_> = places.iter().filter_map(pointer).collect();
    if let Some(items) = rule.fields.items.as_ref().or(platform.fields.items.as_ref()) {
        let list = pointer(&items.list).unwrap_or_default();
        let inside = items.title.0.iter().chain(&items.quantity.0);
        let inside = inside.flat_map(|Template(parts)| parts).filter_map(place);
        read.extend(inside.filter_map(|inside| Some(format!("{list}/0{}", pointer(&inside)?))));
        read.push(list);
    }
    read
}

fn place(part: &Part) -> Option<Place> {
    match part {
        Part::Place(place) => Some(place.clone()),
        Part::Text(_) => None,
    }
}

fn pointer(place: &Place) -> Option<String> {
    match place {
        Place::Body(pointer) => Some(pointer.to_string()),
        Place::Header(_) => None,
    }
}

/// The pointers of all texts, numbers and booleans; those of a list's elements are one.
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

/// The pointer with `*` for every number of a list.
fn any_element(pointer: &str) -> String {
    let is_number = |step: &str| {
        !step.is_empty() && step.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit())
    };
    let steps = pointer.split('/').map(|step| if is_number(step) { "*" } else { step });
    steps.collect::<Vec<_>>().join("/")
}
