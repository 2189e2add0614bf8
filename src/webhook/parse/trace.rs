//! The record of one reading, from which `preview` explains a webhook.

use std::collections::BTreeSet;

use url::Url;

use crate::order::OrderEvent;
use crate::platform::{Place, Rule, Template};

/// What one reading looked up and what it found.
#[derive(Debug, Default)]
pub struct Trace<'p> {
    /// The rule that matches, and its position in the file, counted from 1.
    pub rule: Option<(usize, &'p Rule)>,
    /// What the webhook has: first its event type, then its fields.
    pub found: Vec<Found<'p>>,
    /// The fields that the file has places for and the webhook does not have.
    pub missing: Vec<&'static str>,
    /// How many items there are, and where.
    pub items: Option<(usize, &'p Place)>,
    /// What says whether the event is a test.
    pub test: Option<Test<'p>>,
    /// Whether anything was paid, in words, if the file has places for that.
    pub paid: Option<&'static str>,
    /// The pages of the orders.
    pub links: Vec<Url>,
    /// Every place of the body that was looked up, as a JSON Pointer. `*` is any element of a list.
    pub looked_up: BTreeSet<String>,
    /// Where the element is that is read.
    pub(super) element: String,
}

/// A text that was found in the webhook.
#[derive(Debug)]
pub struct Found<'p> {
    /// The field's name in platform files.
    pub name: &'static str,
    /// Where the text is.
    pub template: &'p Template,
    pub text: String,
}

/// The text that marks a test event; without one, the first text that could have done so.
#[derive(Debug)]
pub struct Test<'p> {
    pub place: &'p Place,
    pub text: String,
    pub is_test: bool,
}

impl<'p> Trace<'p> {
    pub(super) fn look_up(&mut self, place: &Place) {
        match place {
            Place::Body(pointer) | Place::LastPart(pointer) => {
                self.looked_up.insert(format!("{}{pointer}", self.element));
            }
            Place::Whole(pointer) => {
                self.looked_up.insert(pointer.to_string());
            }
            Place::Header(_) => {}
        }
    }

    pub(super) fn look_up_inside(&mut self, list: &Place, place: &Place) {
        if let (Place::Body(list), Place::Body(pointer)) = (list, place) {
            self.looked_up.insert(format!("{}{list}/*{pointer}", self.element));
        }
    }

    pub(super) fn record_test(&mut self, test: Test<'p>) {
        if test.is_test || self.test.is_none() {
            self.test = Some(test);
        }
    }

    pub(super) fn record_links(&mut self, events: &[OrderEvent]) {
        self.links = events.iter().filter_map(|event| event.link.clone()).collect();
        if self.links.is_empty() {
            self.missing.push("link");
        }
    }
}
