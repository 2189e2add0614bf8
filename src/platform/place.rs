//! Places in a webhook, and texts made of them, as a platform file writes them.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::OneOrMany;
use crate::json::{Pointer, PointerError};

/// One place in a webhook: `/body/pointer` or `header:name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum Place {
    /// In the signed body, or inside one element of a list.
    Body(Pointer),
    /// A header, by its lower-case name. Most platforms do not sign their headers.
    Header(String),
}

/// Where a field may be, best place first.
#[derive(Debug, Default, PartialEq, Eq)]
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

/// What a signature is made over: `{body}`, `{url}` (the registered address, `PUBLIC_URL`),
/// `{header:name}`, `{t}` (the time of signing in Unix seconds, from the entry `t=` in the header of
/// the signature) and literal text.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Signed(pub Vec<SignedPart>);

#[derive(Debug, PartialEq, Eq)]
pub enum SignedPart {
    Text(String),
    Body,
    Url,
    Time,
    Header(String),
}

impl Signed {
    pub fn has_time(&self) -> bool {
        self.0.contains(&SignedPart::Time)
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
    #[error("`{0}` is no place: write `/body/pointer` or `header:name`")]
    Unknown(String),
    #[error("`{0}` is no header name: write it in lower case, without spaces")]
    Header(String),
    #[error("`{place}`: {reason}")]
    Pointer { place: String, reason: PointerError },
    #[error("`{0}` has a `{{` without its `}}`")]
    Brace(String),
    #[error(
        "`{{{0}}}` cannot be signed: write `{{body}}`, `{{url}}`, `{{t}}` or `{{header:name}}`"
    )]
    Signed(String),
    #[error("what is signed must hold `{{body}}`")]
    BodyNotSigned,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(pointer) => write!(f, "the body's {pointer}"),
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
        match Pointer::parse(&text) {
            Ok(pointer) => Ok(Self::Body(pointer)),
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
            Piece::Braced("url") => Ok(SignedPart::Url),
            Piece::Braced("t") => Ok(SignedPart::Time),
            Piece::Braced(other) => match other.strip_prefix("header:") {
                Some(name) => header_name(name).map(SignedPart::Header),
                None => Err(PlaceError::Signed(other.to_owned())),
            },
        });
        let parts: Vec<_> = parts.collect::<Result<_, _>>()?;
        if !parts.contains(&SignedPart::Body) {
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

impl<'de> Deserialize<'de> for Places {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let texts = OneOrMany::<String>::deserialize(from)?.into_vec().into_iter();
        let templates = texts.map(|text| text.try_into().map_err(D::Error::custom));
        templates.collect::<Result<_, _>>().map(Self)
    }
}
