//! Places in a webhook, and texts made of them, as a platform file writes them.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::OneOrMany;
use crate::json::{Pointer, PointerError};

/// One place in a webhook: `/body/pointer`, with or without `last:` or `whole:` before it, `header:name` or
/// `path`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum Place {
    /// In the signed body, or inside one element of a list.
    Body(Pointer),
    /// The last part of the address at this place of the body.
    LastPart(Pointer),
    /// In the whole body, where each element of a list is an event.
    Whole(Pointer),
    /// A header, by its lower-case name, or [`LAST_PART`]. Most platforms do not sign their headers.
    Header(String),
}

/// What the path of the webhook's own address ends in, as if it were a header.
pub const LAST_PART: &str = ":path";

/// Where a field may be, best place first.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "OneOrMany<String>")]
pub struct Places(pub Vec<Template>);

/// A text with `{place}` in it, such as `{/first_name} {/last_name}`; or one bare place.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Template(pub Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
pub enum Part {
    Text(String),
    Place(Place),
}

/// The address of an order's page: `{shop}` and `{id}` are those fields, `{place}` anything else.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct LinkUrl(pub Vec<LinkPart>);

#[derive(Debug, PartialEq, Eq)]
pub enum LinkPart {
    Text(String),
    Shop,
    Id,
    Place(Place),
}

/// What a signature is made over: `{body}`, `{body:base64}`, `{url}` (the registered address), `{header:name}`, `{t}` (the
/// time of signing, from an entry in the header of the signature), `{key_id}` (the id of the key) and
/// literal text.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Signed(pub Vec<SignedPart>);

#[derive(Debug, PartialEq, Eq)]
pub enum SignedPart {
    Text(String),
    Body,
    /// The body in base64.
    Base64Body,
    Url,
    Time,
    KeyId,
    Header(String),
}

impl Signed {
    pub fn has_time(&self) -> bool {
        self.0.contains(&SignedPart::Time)
    }

    pub fn has_url(&self) -> bool {
        self.0.contains(&SignedPart::Url)
    }

    pub fn has_key_id(&self) -> bool {
        self.0.contains(&SignedPart::KeyId)
    }

    pub(super) fn has_header(&self, name: &str) -> bool {
        self.0.iter().any(|part| matches!(part, SignedPart::Header(known) if known == name))
    }
}

impl Default for Signed {
    fn default() -> Self {
        Self(vec![SignedPart::Body])
    }
}

/// Why a place or a template is refused.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    #[error(
        "`{0}` is no place: write `/body/pointer`, with `last:` or `whole:` before it or not, `header:name` or `path`"
    )]
    Unknown(String),
    #[error("`{0}` is no header name: write it in lower case, without spaces")]
    Header(String),
    #[error("`{0}` is no name of a parameter: write letters, digits, `-` and `_`")]
    Parameter(String),
    #[error("`{place}`: {reason}")]
    Pointer { place: String, reason: PointerError },
    #[error("`{0}` has a `{{` without its `}}`")]
    Brace(String),
    #[error(
        "`{{{0}}}` cannot be signed: write `{{body}}`, `{{body:base64}}`, `{{url}}`, `{{t}}`, `{{key_id}}` or `{{header:name}}`"
    )]
    Signed(String),
    #[error("what is signed must hold `{{body}}` or `{{body:base64}}`")]
    BodyNotSigned,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(pointer) => write!(f, "the body's {pointer}"),
            Self::LastPart(pointer) => write!(f, "the last part of the body's {pointer}"),
            Self::Whole(pointer) => write!(f, "the whole body's {pointer}"),
            Self::Header(name) if name == LAST_PART => f.write_str("the path"),
            Self::Header(name) => write!(f, "the header {name}"),
        }
    }
}

/// For people: `the header a or the header b`.
impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let templates: Vec<_> = self.0.iter().map(Template::to_string).collect();
        f.write_str(&templates.join(" or "))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.0.iter().filter_map(|part| match part {
            Part::Place(place) => Some(place.to_string()),
            Part::Text(_) => None,
        });
        f.write_str(&places.collect::<Vec<_>>().join(" and "))
    }
}

impl TryFrom<String> for Place {
    type Error = PlaceError;

    fn try_from(text: String) -> Result<Self, PlaceError> {
        if let Some(name) = text.strip_prefix("header:") {
            return header_name(name).map(Self::Header);
        }
        let (kind, pointer) = match text.as_str() {
            "path" => return Ok(Self::Header(LAST_PART.to_owned())),
            text => match text.split_once(':') {
                Some(("last", pointer)) => (Self::LastPart as fn(_) -> _, pointer),
                Some(("whole", pointer)) => (Self::Whole as fn(_) -> _, pointer),
                _ => (Self::Body as fn(_) -> _, text),
            },
        };
        match Pointer::parse(pointer) {
            Ok(pointer) => Ok(kind(pointer)),
            Err(PointerError::NoSlash) => Err(PlaceError::Unknown(text)),
            Err(reason) => Err(PlaceError::Pointer { place: text, reason }),
        }
    }
}

impl TryFrom<String> for Template {
    type Error = PlaceError;

    fn try_from(text: String) -> Result<Self, PlaceError> {
        if !text.contains('{') {
            return Ok(Self(vec![Part::Place(text.try_into()?)]));
        }
        let parts = pieces(&text)?.into_iter().map(|piece| match piece {
            Piece::Text(text) => Ok(Part::Text(text.to_owned())),
            Piece::Braced(place) => Ok(Part::Place(place.to_owned().try_into()?)),
        });
        parts.collect::<Result<_, _>>().map(Self)
    }
}

impl TryFrom<String> for LinkUrl {
    type Error = PlaceError;

    fn try_from(text: String) -> Result<Self, PlaceError> {
        let parts = pieces(&text)?.into_iter().map(|piece| match piece {
            Piece::Text(text) => Ok(LinkPart::Text(text.to_owned())),
            Piece::Braced("shop") => Ok(LinkPart::Shop),
            Piece::Braced("id") => Ok(LinkPart::Id),
            Piece::Braced(place) => Ok(LinkPart::Place(place.to_owned().try_into()?)),
        });
        parts.collect::<Result<_, _>>().map(Self)
    }
}

impl TryFrom<String> for Signed {
    type Error = PlaceError;

    fn try_from(text: String) -> Result<Self, PlaceError> {
        let parts = pieces(&text)?.into_iter().map(|piece| match piece {
            Piece::Text(text) => Ok(SignedPart::Text(text.to_owned())),
            Piece::Braced("body") => Ok(SignedPart::Body),
            Piece::Braced("body:base64") => Ok(SignedPart::Base64Body),
            Piece::Braced("url") => Ok(SignedPart::Url),
            Piece::Braced("t") => Ok(SignedPart::Time),
            Piece::Braced("key_id") => Ok(SignedPart::KeyId),
            Piece::Braced(other) => match other.strip_prefix("header:") {
                Some(name) => header_name(name).map(SignedPart::Header),
                None => Err(PlaceError::Signed(other.to_owned())),
            },
        });
        let parts: Vec<_> = parts.collect::<Result<_, _>>()?;
        let is_body = |part| matches!(part, &SignedPart::Body | &SignedPart::Base64Body);
        if !parts.iter().any(is_body) {
            return Err(PlaceError::BodyNotSigned);
        }
        Ok(Self(parts))
    }
}

enum Piece<'a> {
    Text(&'a str),
    Braced(&'a str),
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, PlaceError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((inside, behind)) = after.split_once('}') else {
            return Err(PlaceError::Brace(text.to_owned()));
        };
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(Piece::Braced(inside));
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}

pub(super) fn header_name(name: &str) -> Result<String, PlaceError> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    if name.is_empty() || !name.chars().all(is_plain) {
        return Err(PlaceError::Header(name.to_owned()));
    }
    Ok(name.to_owned())
}

/// A parameter of the query, as [`Headers`](crate::webhook::request::Headers) have it.
pub(super) fn parameter_name(name: &str) -> Result<String, PlaceError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if name.is_empty() || !name.chars().all(is_plain) {
        return Err(PlaceError::Parameter(name.to_owned()));
    }
    Ok(format!("?{name}"))
}

/// One header name or a list of them.
pub(super) fn header_names<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let names = OneOrMany::<String>::deserialize(from)?;
    names.as_slice().iter().map(|name| header_name(name).map_err(D::Error::custom)).collect()
}

/// One text to sign or a list of them.
pub(super) fn signed_texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Signed>, D::Error> {
    let texts = OneOrMany::<String>::deserialize(from)?.into_vec().into_iter();
    texts.map(|text| text.try_into().map_err(D::Error::custom)).collect()
}

impl TryFrom<OneOrMany<String>> for Places {
    type Error = PlaceError;

    fn try_from(texts: OneOrMany<String>) -> Result<Self, PlaceError> {
        texts.into_vec().into_iter().map(Template::try_from).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests;
