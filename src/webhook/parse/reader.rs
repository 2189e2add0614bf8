//! Looks up the values of a webhook at the places that its platform file names.

use std::cell::RefCell;

use crate::json::{JsonObject, Unreadable, Value};
use crate::order::one_line::OneLine;
use crate::platform::{Fields, OneOrMany, Part, Place, Places, Rule, Template};
use crate::webhook::parse::trace::{Found, Test, Trace};
use crate::webhook::request::Headers;

/// A webhook, where its fields are, and the record of what is looked up.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a, 'p> {
    /// The body, or the element of it that is an event.
    pub(super) body: &'a JsonObject<'a>,
    /// The whole body.
    pub(super) whole: &'a JsonObject<'a>,
    pub(super) headers: &'a Headers,
    /// The rule's own places, which come first. Before a rule matches, the common ones.
    pub(super) own: &'p Fields,
    pub(super) common: &'p Fields,
    /// Present only for an explanation. The function records nothing.
    pub(super) trace: Option<&'a RefCell<Trace<'p>>>,
}

impl<'a, 'p> Reader<'a, 'p> {
    pub(super) fn text(
        &self,
        name: &'static str,
        field: impl Fn(&'p Fields) -> &'p Places,
    ) -> Result<Option<String>, Unreadable> {
        self.first(name, &[field(self.own), field(self.common)])
    }

    pub(super) fn line(
        &self,
        name: &'static str,
        field: impl Fn(&'p Fields) -> &'p Places,
    ) -> Result<Option<OneLine>, Unreadable> {
        Ok(self.text(name, field)?.as_deref().and_then(OneLine::parse))
    }

    pub(super) fn table<T: 'p>(&self, field: impl Fn(&'p Fields) -> Option<T>) -> Option<T> {
        field(self.own).or_else(|| field(self.common))
    }

    pub(super) fn first(
        &self,
        name: &'static str,
        places: &[&'p Places],
    ) -> Result<Option<String>, Unreadable> {
        Ok(self.find(name, places)?.map(|(_, text)| text))
    }

    /// The text of a field, and the first template that has one.
    pub(super) fn find(
        &self,
        name: &'static str,
        places: &[&'p Places],
    ) -> Result<Option<(&'p Template, String)>, Unreadable> {
        let templates = || places.iter().flat_map(|places| &places.0);
        let found = first(templates(), |place| self.at(place))?;
        self.record(|trace| match &found {
            Some((template, text)) => {
                trace.found.push(Found { name, template, text: text.clone() });
            }
            None if templates().next().is_none() => {}
            None => trace.missing.push(name),
        });
        Ok(found)
    }

    /// The text that names a delivery. Where its first place holds nothing, the rest does not tell one
    /// delivery from another.
    pub(super) fn delivery_id(&self) -> Result<Option<OneLine>, Unreadable> {
        let places = [&self.own.delivery_id, &self.common.delivery_id];
        let Some((Template(parts), text)) = self.find("delivery_id", &places)? else {
            return Ok(None);
        };
        let first = parts.iter().find_map(|part| match part {
            Part::Place(place) => Some(self.at(place)),
            Part::Text(_) => None,
        });
        let first = first.unwrap_or(Ok(None))?.unwrap_or_default();
        Ok(OneLine::parse(&text).filter(|_| !first.trim().is_empty()))
    }

    /// Whether anything was paid, where the payload says it.
    pub(super) fn paid(&self) -> Result<Option<bool>, Unreadable> {
        let Some(paid) = self.table(|fields| fields.paid.as_ref()) else { return Ok(None) };
        let (mut is_paid, mut is_unpaid) = (false, false);
        for place in paid.at.as_slice() {
            let text = self.at(place)?.unwrap_or_default();
            let is_blank = text.trim().is_empty();
            let is_any = paid.yes.as_slice().iter().any(|yes| yes == "*");
            is_paid |= !is_blank && (is_any || is_one_of(&paid.yes, text.trim()));
            let says_no = is_one_of(&paid.no, text.trim());
            is_unpaid |= says_no && (!is_blank || self.is_empty(place)?);
        }
        for (place, expected) in &paid.unless {
            let texts = self.all_at(place)?;
            is_unpaid &= !texts.iter().any(|text| is_one_of(expected, text));
        }
        let (paid, said) = match (is_paid, is_unpaid) {
            (true, _) => (Some(true), "yes"),
            (false, true) => (Some(false), "no"),
            (false, false) => (None, "not known"),
        };
        self.record(|trace| trace.paid = Some(said));
        Ok(paid)
    }

    /// Whether there is nothing at any of the places. That leaves nothing in the trace.
    pub(super) fn is_absent(&self, places: &Places) -> Result<bool, Unreadable> {
        Ok(first(&places.0, |place| self.at(place))?.is_none())
    }

    /// The text at a place.
    pub(super) fn at(&self, place: &Place) -> Result<Option<String>, Unreadable> {
        self.record(|trace| trace.look_up(place));
        match place {
            Place::Header(name) => Ok(self.headers.get(name).map(str::to_owned)),
            Place::Body(pointer) => self.body.at(pointer)?.map_or(Ok(None), Value::text),
            Place::Whole(pointer) => self.whole.at(pointer)?.map_or(Ok(None), Value::text),
            Place::LastPart(pointer) => {
                let address = self.body.at(pointer)?.map_or(Ok(None), Value::text)?;
                Ok(address.as_deref().and_then(last_part).map(str::to_owned))
            }
        }
    }

    /// The elements of a list. A value that is not a list is its only element.
    pub(super) fn list(&self, place: &'p Place) -> Result<Vec<Value<'a>>, Unreadable> {
        self.record(|trace| trace.look_up(place));
        let value = match place {
            Place::Body(pointer) => self.body.at(pointer)?,
            _ => None,
        };
        let Some(value) = value else {
            self.record(|trace| trace.missing.push("items"));
            return Ok(Vec::new());
        };
        let elements = value.elements()?.unwrap_or_else(|| vec![value]);
        self.record(|trace| trace.items = Some((elements.len(), place)));
        Ok(elements)
    }

    /// The text inside one element of a list.
    pub(super) fn inside(
        &self,
        list: &Place,
        element: Value<'a>,
        places: &Places,
    ) -> Result<Option<String>, Unreadable> {
        let found = first(&places.0, |place| {
            self.record(|trace| trace.look_up_inside(list, place));
            match place {
                Place::Body(pointer) => {
                    self.body.inside(element, pointer)?.map_or(Ok(None), Value::text)
                }
                _ => Ok(None),
            }
        });
        Ok(found?.map(|(_, text)| text))
    }

    /// Whether all conditions of a rule hold. All are looked up, so that a trace names all their places.
    pub(super) fn fits(&self, rule: &Rule) -> Result<bool, Unreadable> {
        let mut fits = rule.when.as_slice().is_empty();
        for conditions in rule.when.as_slice() {
            let mut is_this = true;
            for (place, expected) in conditions {
                is_this &= self.all_at(place)?.iter().any(|text| is_one_of(expected, text));
            }
            fits |= is_this;
        }
        for (place, expected) in &rule.every {
            let texts = self.all_at(place)?;
            fits &= !texts.is_empty() && texts.iter().all(|text| is_one_of(expected, text));
        }
        for place in &rule.empty {
            self.record(|trace| trace.look_up(place));
            fits &= self.is_empty(place)?;
        }
        for place in &rule.absent {
            fits &= self.at(place)?.is_none_or(|text| text.trim().is_empty());
        }
        Ok(fits)
    }

    /// Whether the place is there and holds nothing.
    fn is_empty(&self, place: &Place) -> Result<bool, Unreadable> {
        match place {
            Place::Header(name) => Ok(self.headers.get(name).is_some_and(str::is_empty)),
            Place::Body(pointer) => self.body.is_empty_at(pointer),
            Place::Whole(pointer) => self.whole.is_empty_at(pointer),
            Place::LastPart(_) => Ok(false),
        }
    }

    /// The texts at a place in which a `*` is every element of a list.
    fn all_at(&self, place: &Place) -> Result<Vec<String>, Unreadable> {
        let Place::Body(pointer) = place else { return Ok(self.at(place)?.into_iter().collect()) };
        self.record(|trace| trace.look_up(place));
        let values = self.body.all_at(pointer)?.into_iter();
        values.map(|value| Ok(value.text()?.unwrap_or_default())).collect()
    }

    /// Where the webhook is marked as a test: in the body, or else in a header.
    pub(super) fn test_mark(&self) -> Result<Option<&'p Place>, Unreadable> {
        let marks = self.own.test.iter().chain(&self.common.test);
        let (in_headers, in_body): (Vec<_>, Vec<_>) =
            marks.partition(|(place, _)| matches!(place, Place::Header(_)));
        for (place, expected) in in_body.into_iter().chain(in_headers) {
            let Some(text) = self.at(place)? else { continue };
            let is_test = is_one_of(expected, &text);
            self.record(|trace| trace.record_test(Test { place, text, is_test }));
            if is_test {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    pub(super) fn record(&self, record: impl FnOnce(&mut Trace<'p>)) {
        if let Some(trace) = self.trace {
            record(&mut trace.borrow_mut());
        }
    }
}

/// What an address ends in, without its query: `54321` of `https://api.example/orders/54321`.
fn last_part(address: &str) -> Option<&str> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    path.trim_end_matches('/').rsplit('/').next().filter(|part| !part.is_empty())
}

/// Whether the text is one of these in any case: `Cancelled` and `CANCELLED` mean the same.
fn is_one_of(expected: &OneOrMany<String>, text: &str) -> bool {
    expected.as_slice().iter().any(|expected| expected.eq_ignore_ascii_case(text))
}

/// The first template with a place that has a text, and the whole text.
fn first<'p>(
    templates: impl IntoIterator<Item = &'p Template>,
    text: impl Fn(&Place) -> Result<Option<String>, Unreadable>,
) -> Result<Option<(&'p Template, String)>, Unreadable> {
    for template in templates {
        let Template(parts) = template;
        let (mut filled, mut is_any) = (String::new(), false);
        for part in parts {
            match part {
                Part::Text(literal) => filled.push_str(literal),
                Part::Place(place) => {
                    let text = text(place)?.unwrap_or_default();
                    is_any |= !text.trim().is_empty();
                    filled.push_str(&text);
                }
            }
        }
        if is_any {
            return Ok(Some((template, filled)));
        }
    }
    Ok(None)
}
