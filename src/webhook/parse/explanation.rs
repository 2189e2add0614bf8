//! How a webhook is read, for whoever writes or doubts a platform file.

use url::Url;

use super::fields::read_link;
use super::matching_rule;
use super::reader::{Source, is_one_of};
use crate::json::{Document, Unreadable};
use crate::order::Change;
use crate::order::one_line::OneLine;
use crate::platform::{Fields, Place, Places, Platform, Rule, Template};
use crate::webhook::signature::Verified;

/// What a webhook is taken for, and why.
#[derive(Debug)]
pub struct Explanation<'p> {
    /// What the webhook calls the event.
    pub event_type: Option<Found<'p>>,
    /// The rule that fits, and its position in the file, counted from 1.
    pub rule: Option<(usize, &'p Rule)>,
    /// The fields that the webhook has; none when no rule fits.
    pub found: Vec<Found<'p>>,
    /// The fields that the file has places for and the webhook has not.
    pub missing: Vec<&'static str>,
    /// How many items there are, and where.
    pub items: Option<(usize, &'p Place)>,
    /// What says whether it is a test.
    pub test: Option<Test<'p>>,
    /// The order's page, where it is shown.
    pub link: Option<Url>,
}

/// A text that marks a test, or another where such a one could be.
#[derive(Debug)]
pub struct Test<'p> {
    pub place: &'p Place,
    pub text: String,
    pub is_test: bool,
}

/// A text of the webhook.
#[derive(Debug)]
pub struct Found<'p> {
    /// The field's name in platform files.
    pub name: &'static str,
    /// Where it is.
    pub template: &'p Template,
    pub text: String,
}

/// Says how [`parse`](super::parse) reads a webhook.
pub fn explain<'p>(
    platform: &'p Platform,
    webhook: &Verified<'_>,
) -> Result<Explanation<'p>, Unreadable> {
    let body = Document::parse(webhook.body())?;
    let source = Source { body: &body, headers: webhook.headers() };
    let event_type = find(&source, "event_type", &[&platform.event_type])?;
    let name = event_type.as_ref().map(|found| found.text.as_str());
    let rule = matching_rule(platform, name, &source)?;
    let mut explanation = Explanation {
        event_type,
        rule: rule.and_then(|rule| Some((position(platform, rule)?, rule))),
        found: Vec::new(),
        missing: Vec::new(),
        items: None,
        test: None,
        link: None,
    };
    let Some(rule) = rule else {
        return Ok(explanation);
    };
    for (name, places) in fields(&rule.fields, &platform.fields) {
        match find(&source, name, &places)? {
            Some(found) => explanation.found.push(found),
            None if places.iter().all(|places| places.0.is_empty()) => {}
            None => explanation.missing.push(name),
        }
    }
    if let Some(items) = rule.fields.items.as_ref().or(platform.fields.items.as_ref()) {
        match source.list(&items.list)? {
            Some(list) => explanation.items = Some((list.len(), &items.list)),
            None => explanation.missing.push("items"),
        }
    }
    explanation.test = test(&source, [&rule.fields, &platform.fields])?;
    if let Some(link) = rule.fields.link.as_ref().or(platform.fields.link.as_ref()) {
        let text = |name| explanation.found.iter().find(|found| found.name == name);
        let shop = text("shop").map(|found| found.text.as_str());
        let id = text("id").and_then(|found| OneLine::parse(&found.text));
        // What was deleted has no page any more.
        if rule.change != Some(Change::Deleted) {
            explanation.link = read_link(link, &source, shop, id.as_ref())?;
        }
        if explanation.link.is_none() {
            explanation.missing.push("link");
        }
    }
    Ok(explanation)
}

fn position(platform: &Platform, rule: &Rule) -> Option<usize> {
    platform.rules.iter().position(|other| std::ptr::eq(other, rule)).map(|index| index + 1)
}

/// The fields' names in platform files, and where the file looks for each.
fn fields<'p>(own: &'p Fields, common: &'p Fields) -> Vec<(&'static str, Vec<&'p Places>)> {
    let both = |places: fn(&Fields) -> &Places| vec![places(own), places(common)];
    let total = own.total.as_ref().or(common.total.as_ref());
    vec![
        ("id", both(|fields| &fields.id)),
        ("number", both(|fields| &fields.number)),
        ("total.amount", total.map(|total| &total.amount).into_iter().collect()),
        ("total.currency", total.map(|total| &total.currency).into_iter().collect()),
        ("shop", both(|fields| &fields.shop)),
        ("reason", both(|fields| &fields.reason)),
        ("status", both(|fields| &fields.status)),
        ("customer", both(|fields| &fields.customer)),
        ("occurred_at", both(|fields| &fields.occurred_at)),
        ("delivery_id", both(|fields| &fields.delivery_id)),
    ]
}

/// The text that marks a test, or else the first that could.
fn test<'p>(source: &Source<'_>, fields: [&'p Fields; 2]) -> Result<Option<Test<'p>>, Unreadable> {
    let mut first = None;
    for (place, expected) in fields.into_iter().flat_map(|fields| &fields.test) {
        let Some(text) = source.text(place)? else { continue };
        let found = Test { place, is_test: is_one_of(expected, &text), text };
        if found.is_test {
            return Ok(Some(found));
        }
        first.get_or_insert(found);
    }
    Ok(first)
}

fn find<'p>(
    source: &Source<'_>,
    name: &'static str,
    places: &[&'p Places],
) -> Result<Option<Found<'p>>, Unreadable> {
    for places in places {
        if let Some((template, text)) = source.find(places)? {
            return Ok(Some(Found { name, template, text }));
        }
    }
    Ok(None)
}
