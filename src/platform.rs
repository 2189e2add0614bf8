//! What a platform file says: how the platform signs, what its events mean, where its fields are.
//!
//! A platform is one file, `src/platform/NAME.toml`, and its webhooks go to `/webhook/NAME`. The types
//! below are the keys of that file. An unknown key or an invalid value is refused with the file, the
//! line and the key.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::json::Pointer;
use crate::order::{Change, Kind};
use crate::store::StoreState;

pub use self::auth::{
    Algorithm, Auth, Encoding, Hash, KeyText, PublicKeyAlgorithm, Signature, Token,
};
use self::check::Mistake;
pub use self::fields::{Currency, Fields, Items, Link, Paid, Total};
pub use self::one_or_many::OneOrMany;
pub use self::place::{
    LAST_PART, LinkPart, LinkUrl, Part, Place, Places, Signed, SignedPart, Template,
};
pub use self::words::{Translation, Words};

mod auth;
mod check;
mod fields;
mod one_or_many;
mod place;
#[cfg(feature = "local")]
pub mod register;
mod words;

/// Everything that a platform file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// The last part of the webhook's path, and the file's name.
    #[serde(skip)]
    pub id: &'static str,
    /// The platform's name for people.
    pub name: String,
    /// What the channel calls it, where that is not the name; empty if its name says nothing there.
    pub shown_as: Option<Translation>,
    pub setup: Setup,
    pub auth: Auth,
    pub ping: Option<Ping>,
    #[serde(default)]
    pub reply: Reply,
    /// The platform adds something to the path of the address that is registered with it.
    #[serde(default)]
    pub adds_to_path: bool,
    /// The body is a form, and this field of it holds the JSON.
    pub form_field: Option<String>,
    /// The place of a list of which each element is an event. All other places are in the element then.
    pub each: Option<Pointer>,
    /// Where the webhook has its event type.
    pub event_type: Places,
    /// Tried from top to bottom; the first that fits applies.
    #[serde(rename = "event")]
    pub rules: Vec<Rule>,
    /// Where the fields are in every event.
    #[serde(default)]
    pub fields: Fields,
    /// What its codes for states and reasons are called in the channel.
    #[serde(default)]
    pub words: Words,
    /// How its API registers webhooks. The function does not need it.
    #[cfg(feature = "local")]
    pub register: Option<register::Register>,
}

impl Platform {
    /// Whether an order can be a draft before it is placed.
    pub fn has_drafts(&self) -> bool {
        self.rules.iter().any(|rule| rule.kind == RuleKind::Draft)
    }
}

/// What the operator must do at the platform, as sentences.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// Where to enter the webhook's address.
    pub webhook: String,
    /// Where to find the signing key, or where to enter it.
    pub key: String,
    /// The operator chooses the key. Other platforms make their own.
    #[serde(default)]
    pub key_is_chosen: bool,
    /// The events that `register` subscribes to, unless its caller names others.
    #[serde(default)]
    pub events: Vec<String>,
    /// What to do when an event of an order names no order.
    pub unreadable: Option<String>,
}

/// An unsigned request by which the platform tests the address: a form post of one field that holds a
/// number. It is answered with 200, and nothing else happens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ping {
    pub form_field: String,
}

/// How the platform wants its webhooks to be answered, where it differs from the others.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reply {
    /// A 200 has no body.
    pub empty: bool,
    /// The body of a 200, JSON that the platform wants to read.
    pub body: Option<String>,
    /// The status in place of 401.
    pub unauthorized: Unauthorized,
}

/// The status of the response to a request that is not verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u16")]
pub enum Unauthorized {
    #[default]
    Unauthorized401,
    Forbidden403,
}

/// What an event means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub kind: RuleKind,
    /// What was changed, or what kind of cancellation it is, for the message.
    pub change: Option<Change>,
    /// The state that the shop is in from then on; of store events, and of no others.
    pub store: Option<StoreState>,
    /// The event reopens an order that was cancelled before it.
    #[serde(default)]
    pub reopens: bool,
    /// The platform gives these events no time, so that their arrival must do: it decides what came
    /// after what.
    #[serde(default)]
    pub timed_by_arrival: bool,
    /// The event types that the rule is for; a `*` at the end matches any rest.
    #[serde(rename = "type")]
    pub types: OneOrMany<String>,
    /// Places that must also hold this text, or one of these, in upper or lower case. A `*` in a place is
    /// any element of a list. Of several tables, one must fit.
    #[serde(default)]
    pub when: OneOrMany<Conditions>,
    /// The same, where a `*` is every element of a list that has at least one.
    #[serde(default)]
    pub every: Conditions,
    /// Places that must also be there and hold nothing: `null`, or a text without a character.
    #[serde(default)]
    pub empty: Vec<Place>,
    /// Places that must hold nothing, whether they are there or not.
    #[serde(default)]
    pub absent: Vec<Place>,
    /// Places for this rule's events alone; they come before the common ones.
    #[serde(default)]
    pub fields: Fields,
}

/// Places, and the text that must be there, or one of several texts.
pub type Conditions = BTreeMap<Place, OneOrMany<String>>;

impl Rule {
    /// Whether the rule is for every event of its types.
    pub fn is_unconditional(&self) -> bool {
        self.when.as_slice().is_empty()
            && self.every.is_empty()
            && self.empty.is_empty()
            && self.absent.is_empty()
    }

    /// Whether the rule is for events of this type.
    pub fn is_for(&self, event_type: &str) -> bool {
        self.types.as_slice().iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => event_type.starts_with(start),
            None => event_type == pattern,
        })
    }
}

/// The kind of an order event, or what else a webhook is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleKind {
    Created,
    Modified,
    Cancelled,
    /// The order is not placed yet. The first event after that is its creation.
    Draft,
    /// The shop changed its state. It is not about an order.
    Store,
    /// Verified, and the channel need not know of it.
    Ignored,
    /// The program cannot read it, and the operator must know that.
    Unreadable,
}

impl TryFrom<u16> for Unauthorized {
    type Error = &'static str;

    fn try_from(status: u16) -> Result<Self, Self::Error> {
        match status {
            401 => Ok(Self::Unauthorized401),
            403 => Ok(Self::Forbidden403),
            _ => Err("it is 401 or 403"),
        }
    }
}

impl From<RuleKind> for Option<Kind> {
    fn from(kind: RuleKind) -> Self {
        match kind {
            RuleKind::Created | RuleKind::Draft => Some(Kind::Created),
            RuleKind::Modified => Some(Kind::Modified),
            RuleKind::Cancelled => Some(Kind::Cancelled),
            RuleKind::Store | RuleKind::Ignored | RuleKind::Unreadable => None,
        }
    }
}

/// A platform file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {mistake}")]
pub struct PlatformError {
    file: String,
    mistake: Mistake,
}

/// The built-in files: name, and values as JSON.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/platform_values.rs"));
/// Their texts, which the function does not need: name and text.
static TEXTS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/platform_texts.rs"));

impl Platform {
    /// The built-in platform of this name.
    ///
    /// Its file is read at the first call, so that a cold start pays for one file only.
    #[expect(clippy::missing_panics_doc, reason = "a test reads every built-in platform file")]
    pub fn find(id: &str) -> Option<&'static Self> {
        static READ: [OnceLock<Platform>; FILES.len()] = [const { OnceLock::new() }; FILES.len()];
        let position = FILES.iter().position(|(name, _)| *name == id)?;
        let (id, values) = FILES[position];
        let read = || Self { id, ..serde_json::from_str(values).expect("the file is right") };
        Some(READ[position].get_or_init(read))
    }

    /// Reads every built-in file, and returns the first mistake.
    pub fn check_all() -> Result<(), PlatformError> {
        TEXTS.iter().try_for_each(|(id, text)| Self::parse(id, text).map(drop))
    }

    /// The names of all built-in platforms.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(name, _)| *name)
    }

    /// Reads and checks a built-in platform file.
    pub fn parse(id: &'static str, text: &str) -> Result<Self, PlatformError> {
        Self::parse_file(id, &format!("src/platform/{id}.toml"), text)
    }

    /// Reads and checks the text of any platform file.
    pub fn parse_file(id: &'static str, file: &str, text: &str) -> Result<Self, PlatformError> {
        let error = |mistake| PlatformError { file: file.to_owned(), mistake };
        let platform: Self = toml::from_str(text).map_err(|reason| error(Mistake::Toml(reason)))?;
        platform.check(text).map_err(error)?;
        Ok(Self { id, ..platform })
    }
}

#[cfg(test)]
mod tests;
