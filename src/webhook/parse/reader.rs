//! Where places are looked up.

use super::fields::full_name;
use crate::json::{Document, Unreadable, Value};
use crate::order::one_line::OneLine;
use crate::platform::{Conditions, Fields, OneOrMany, Part, Place, Places, Template};
use crate::webhook::request::Headers;

/// A webhook.
pub(super) struct Source<'a> {
    pub(super) body: &'a Document<'a>,
    pub(super) headers: &'a Headers,
}

/// A webhook, and where its fields are: the rule's own places before the common ones.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) own: &'a Fields,
    pub(super) common: &'a Fields,
}

impl<'a> Reader<'a> {
    pub(super) fn text(
        &self,
        field: impl Fn(&Fields) -> &Places,
    ) -> Result<Option<String>, Unreadable> {
        match self.source.first(field(self.own))? {
            Some(text) => Ok(Some(text)),
            None => self.source.first(field(self.common)),
        }
    }

    pub(super) fn line(
        &self,
        field: impl Fn(&Fields) -> &Places,
    ) -> Result<Option<OneLine>, Unreadable> {
        Ok(self.text(field)?.as_deref().and_then(OneLine::parse))
    }

    /// The customer's name. Two places with a blank between them are the first and the last name.
    pub(super) fn customer(&self) -> Result<Option<String>, Unreadable> {
        let found = match self.source.find(&self.own.customer)? {
            Some(found) => Some(found),
            None => self.source.find(&self.common.customer)?,
        };
        let Some((Template(parts), name)) = found else {
            return Ok(None);
        };
        let [Part::Place(first), Part::Text(blank), Part::Place(last)] = parts.as_slice() else {
            return Ok(Some(name));
        };
        match (self.source.text(first)?, self.source.text(last)?) {
            (Some(first), Some(last)) if blank == " " => Ok(Some(full_name(&first, &last))),
            _ => Ok(Some(name)),
        }
    }

    pub(super) fn table<T: 'a>(&self, field: impl Fn(&'a Fields) -> Option<T>) -> Option<T> {
        field(self.own).or_else(|| field(self.common))
    }

    pub(super) fn is_test(&self) -> Result<bool, Unreadable> {
        Ok(self.source.hold_any(&self.own.test)? || self.source.hold_any(&self.common.test)?)
    }
}

impl<'a> Source<'a> {
    pub(super) fn text(&self, place: &Place) -> Result<Option<String>, Unreadable> {
        match place {
            Place::Header(name) => Ok(self.headers.get(name).map(str::to_owned)),
            Place::Body(pointer) => match self.body.at(pointer)? {
                Some(value) => value.text(),
                None => Ok(None),
            },
        }
    }

    pub(super) fn first(&self, places: &Places) -> Result<Option<String>, Unreadable> {
        Ok(self.find(places)?.map(|(_, text)| text))
    }

    /// The text, and the template that gave it.
    pub(super) fn find<'p>(
        &self,
        places: &'p Places,
    ) -> Result<Option<(&'p Template, String)>, Unreadable> {
        first(places, |place| self.text(place))
    }

    /// The elements of a list; what is no list is its only element.
    pub(super) fn list(&self, place: &Place) -> Result<Option<Vec<Value<'a>>>, Unreadable> {
        let Place::Body(pointer) = place else {
            return Ok(None);
        };
        let Some(value) = self.body.at(pointer)? else {
            return Ok(None);
        };
        Ok(Some(value.elements()?.unwrap_or_else(|| vec![value])))
    }

    pub(super) fn hold_all(&self, conditions: &Conditions) -> Result<bool, Unreadable> {
        self.count(conditions).map(|holding| holding == conditions.len())
    }

    pub(super) fn hold_any(&self, conditions: &Conditions) -> Result<bool, Unreadable> {
        self.count(conditions).map(|holding| holding > 0)
    }

    fn count(&self, conditions: &Conditions) -> Result<usize, Unreadable> {
        let mut holding = 0;
        for (place, expected) in conditions {
            let Some(text) = self.text(place)? else { continue };
            holding += usize::from(is_one_of(expected, &text));
        }
        Ok(holding)
    }
}

/// `Cancelled`, `CANCELLED`: no platform means two things by one word.
pub(super) fn is_one_of(expected: &OneOrMany<String>, text: &str) -> bool {
    expected.as_slice().iter().any(|expected| expected.eq_ignore_ascii_case(text))
}

/// The first template that has something to show.
pub(super) fn first(
    places: &Places,
    text: impl Fn(&Place) -> Result<Option<String>, Unreadable>,
) -> Result<Option<(&Template, String)>, Unreadable> {
    for template in &places.0 {
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
