//! Reads single values of a JSON body, with every digit intact.
//!
//! Only the places that a platform file names are decoded. Numbers keep the sender's spelling: an
//! order id above 2^53 would lose digits in a float. Everything else is only checked for JSON's
//! grammar, so it may be nested deeply or hold odd text.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A JSON Pointer such as `/total_price`. In a list, `-1` is the last element.
///
/// See RFC 6901, <https://www.rfc-editor.org/rfc/rfc6901>.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Pointer(Vec<String>);

impl TryFrom<String> for Pointer {
    type Error = PointerError;

    fn try_from(text: String) -> Result<Self, PointerError> {
        Self::parse(&text)
    }
}

impl Pointer {
    /// Parses a pointer: empty, or steps that each follow a `/`.
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        let mut steps = text.split('/');
        if steps.next() != Some("") {
            return Err(PointerError::NoSlash);
        }
        steps.map(unescape).collect::<Result<_, _>>().map(Self)
    }

    /// The names and positions that lead to the place.
    pub fn steps(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|step| write!(f, "/{}", step.replace('~', "~0").replace('/', "~1")))
    }
}

/// Why a text is not a JSON Pointer.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PointerError {
    #[error("a JSON Pointer starts with `/`")]
    NoSlash,
    #[error("in a JSON Pointer `~` is written `~0` and a `/` inside a name `~1`")]
    Escape,
}

fn unescape(step: &str) -> Result<String, PointerError> {
    let mut parts = step.split('~');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.as_bytes().first() {
            Some(b'0') => name.push('~'),
            Some(b'1') => name.push('/'),
            _ => return Err(PointerError::Escape),
        }
        name.push_str(&part[1..]);
    }
    Ok(name)
}

/// A body that is one JSON object. Its values are decoded when they are read.
#[derive(Debug)]
pub struct JsonObject<'a> {
    whole: Value<'a>,
    /// The first objects that were decoded, by where in the body they begin: most have several values
    /// that are read.
    objects: RefCell<BTreeMap<*const u8, Rc<Members<'a>>>>,
}

/// The body is not UTF-8, not a JSON object, or too deeply nested at a place that is read.
#[derive(Debug, thiserror::Error)]
#[error("the body is not a readable JSON object")]
pub struct Unreadable;

impl<'a> JsonObject<'a> {
    /// Checks the grammar of the whole body, without decoding its values. A byte order mark before it
    /// is skipped.
    pub fn parse(body: &'a [u8]) -> Result<Self, Unreadable> {
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
        let text = std::str::from_utf8(body).map_err(|_| Unreadable)?;
        let object = Self { whole: Value(text), objects: RefCell::default() };
        object.members(object.whole)?;
        Ok(object)
    }

    /// A value of this object, as a body of its own; of something else every value is absent.
    pub fn of(value: Value<'a>) -> Self {
        Self { whole: value, objects: RefCell::default() }
    }

    /// The value at a pointer. `None` if it is absent or `null`.
    pub fn at(&self, Pointer(steps): &Pointer) -> Result<Option<Value<'a>>, Unreadable> {
        if steps.is_empty() { Ok(None) } else { self.walk(self.whole, steps) }
    }

    /// The value at a pointer inside one of the values. The empty pointer is this value itself.
    pub fn inside(
        &self,
        value: Value<'a>,
        pointer: &Pointer,
    ) -> Result<Option<Value<'a>>, Unreadable> {
        self.walk(value, &pointer.0)
    }

    /// The values at a pointer in which a `*` is every element of a list.
    pub fn all_at(&self, pointer: &Pointer) -> Result<Vec<Value<'a>>, Unreadable> {
        let Some(position) = pointer.0.iter().position(|step| step == ANY) else {
            return Ok(self.at(pointer)?.into_iter().collect());
        };
        let list = self.walk(self.whole, &pointer.0[..position])?;
        let elements = list.map_or(Ok(None), Value::elements)?.unwrap_or_default();
        let rest = &pointer.0[position + 1..];
        let values = elements.into_iter().map(|element| self.walk(element, rest));
        values.filter_map(Result::transpose).collect()
    }

    /// Whether there is a value at a pointer, and it is `null` or a text without a character.
    pub fn is_empty_at(&self, Pointer(steps): &Pointer) -> Result<bool, Unreadable> {
        let Some((name, steps)) = steps.split_last() else { return Ok(false) };
        let Some(object) = self.walk(self.whole, steps)? else { return Ok(false) };
        if !object.is_object() {
            return Ok(false);
        }
        let Some(value) = self.members(object)?.get(name) else { return Ok(false) };
        Ok(value.0 == "null" || value.text()?.is_some_and(|text| text.trim().is_empty()))
    }

    fn walk(&self, value: Value<'a>, steps: &[String]) -> Result<Option<Value<'a>>, Unreadable> {
        let Some((step, rest)) = steps.split_first() else {
            return Ok((value.0 != "null").then_some(value));
        };
        let child = if value.is_object() {
            self.members(value)?.get(step)
        } else {
            let elements = value.elements()?.unwrap_or_default();
            match step.parse::<usize>() {
                Ok(index) => elements.get(index).copied(),
                Err(_) if step == "-1" => elements.last().copied(),
                Err(_) => None,
            }
        };
        child.map_or(Ok(None), |child| self.walk(child, rest))
    }

    fn members(&self, object: Value<'a>) -> Result<Rc<Members<'a>>, Unreadable> {
        let begin = object.0.as_ptr();
        if let Some(members) = self.objects.borrow().get(&begin) {
            return Ok(Rc::clone(members));
        }
        let members = Rc::new(object.decoded()?);
        let mut objects = self.objects.borrow_mut();
        if objects.len() < MAX_KEPT {
            objects.insert(begin, Rc::clone(&members));
        }
        Ok(members)
    }
}

/// An order has fewer objects that are read. A list of many thousands must not fill the memory.
const MAX_KEPT: usize = 100;

/// Some programs write it before UTF-8: <https://www.unicode.org/faq/utf_bom.html#bom4>.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The step of a pointer that is every element of a list.
const ANY: &str = "*";

/// A value of a [`JsonObject`], not yet decoded.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a>(&'a str);

impl<'a> Value<'a> {
    /// Its JSON.
    pub fn json(self) -> &'a str {
        self.0
    }

    /// The text of a string, or a number or boolean as it is spelled. `None` for anything else.
    pub fn text(self) -> Result<Option<String>, Unreadable> {
        match self.0.as_bytes().first() {
            Some(b'"') => {
                let Text(text) = serde_json::from_str(self.0).map_err(|_| Unreadable)?;
                Ok(Some(text.into_owned()))
            }
            Some(b'[' | b'{') if depth(self.0) > MAX_DEPTH => Err(Unreadable),
            Some(b'[' | b'{' | b'n') | None => Ok(None),
            _ => Ok(Some(self.0.to_owned())),
        }
    }

    /// The elements of an array. `None` for anything else.
    pub fn elements(self) -> Result<Option<Vec<Self>>, Unreadable> {
        if !self.0.starts_with('[') {
            return Ok(None);
        }
        let elements: Vec<&RawValue> = serde_json::from_str(self.0).map_err(|_| Unreadable)?;
        Ok(Some(elements.into_iter().map(|element| Self(element.get())).collect()))
    }

    /// The members of an object, by name. `None` for anything else.
    pub fn members(self) -> Result<Option<BTreeMap<String, Self>>, Unreadable> {
        if !self.is_object() {
            return Ok(None);
        }
        let Members(members) = self.decoded()?;
        Ok(Some(members.into_iter().map(|(Text(name), value)| (name.into(), value)).collect()))
    }

    fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    fn decoded(self) -> Result<Members<'a>, Unreadable> {
        serde_json::from_str(self.0).map_err(|_| Unreadable)
    }
}

/// The members of an object in the sender's order. Of several with the same name the last one counts.
#[derive(Debug)]
struct Members<'a>(Vec<(Text<'a>, Value<'a>)>);

impl<'a> Members<'a> {
    fn get(&self, name: &str) -> Option<Value<'a>> {
        let mut members = self.0.iter().rev();
        members.find(|(Text(member), _)| member == name).map(|(_, value)| *value)
    }
}

/// How deeply a value that is read may be nested, as in most JSON parsers.
const MAX_DEPTH: usize = 127;

fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth -= 1,
            _ => {}
        }
    }
    deepest
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members<'de>, M::Error> {
                let mut members = Vec::new();
                while let Some((name, raw)) = map.next_entry::<_, &RawValue>()? {
                    members.push((name, Value(raw.get())));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// A JSON string in which half a surrogate pair becomes `U+FFFD` instead of an error.
///
/// A sender that cuts text by UTF-16 units leaves such halves. One odd product name must not make
/// the order unreadable.
#[derive(Debug)]
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Text<'de>, E> {
                Ok(Text(String::from_utf8_lossy(bytes)))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Text<'de>, E> {
                Ok(Text(String::from_utf8_lossy(bytes).into_owned().into()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
mod tests;
