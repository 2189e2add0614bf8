//! What a line says to do: how, with which mention, in which channel.

use std::fmt;
use std::str::FromStr;

/// How an event is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Without delay, each in a message of its own.
    Immediate,
    /// In one message with the others of its digest window.
    Digest,
    /// Not at all.
    Off,
}

impl FromStr for Mode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "each" => Ok(Self::Immediate),
            "digest" => Ok(Self::Digest),
            "off" => Ok(Self::Off),
            _ => Err(()),
        }
    }
}

/// The word for it in the settings.
impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Immediate => "each",
            Self::Digest => "digest",
            Self::Off => "off",
        })
    }
}

/// A mention that Slack notifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mention {
    Here,
    Channel,
    Everyone,
    /// A member id, such as `U012AB3CD`.
    User(String),
    /// A user group's id, such as `S012AB3CD`.
    Group(String),
}

impl FromStr for Mention {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_id = |id: &str| {
            !id.is_empty() && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        match text.split_once(':') {
            Some(("user", id)) if is_id(id) => Ok(Self::User(id.to_owned())),
            Some(("group", id)) if is_id(id) => Ok(Self::Group(id.to_owned())),
            Some(_) => Err(()),
            None => match text {
                "here" => Ok(Self::Here),
                "channel" => Ok(Self::Channel),
                "everyone" => Ok(Self::Everyone),
                _ => Err(()),
            },
        }
    }
}

/// The word for it in the settings.
impl fmt::Display for Mention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here => f.write_str("here"),
            Self::Channel => f.write_str("channel"),
            Self::Everyone => f.write_str("everyone"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Group(id) => write!(f, "group:{id}"),
        }
    }
}

/// The name that the operator gave a channel: lower-case letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelName(String);

impl ChannelName {
    /// The channel of all orders that no rule sends elsewhere.
    pub const ORDERS: &str = "orders";
    /// The longest name.
    pub const MAX_BYTES: usize = 40;

    /// Reads a name in upper or lower case, with or without Slack's `#`.
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.strip_prefix('#').unwrap_or(text).to_ascii_lowercase();
        let is_plain =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
        let is_name = (1..=Self::MAX_BYTES).contains(&name.len()) && name.bytes().all(is_plain);
        is_name.then_some(Self(name))
    }

    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the orders' own channel.
    pub fn is_orders(&self) -> bool {
        self.0 == Self::ORDERS
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the mention is, in words.
pub(super) fn mention_in_words(whom: &Whom) -> String {
    match whom {
        Whom::Nobody => "mention nobody".to_owned(),
        Whom::Mention(mention) => format!("mention {mention}"),
    }
}

/// Where the messages are shown, in words.
pub(super) fn channel_in_words(name: &ChannelName) -> String {
    if name.is_orders() {
        "in the orders' own channel".to_owned()
    } else {
        format!("in the channel {name}")
    }
}

/// The right side of a line. It says at least one of these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Action {
    pub(super) mode: Option<Mode>,
    pub(super) mention: Option<Whom>,
    pub(super) channel: Option<ChannelName>,
}

/// Whom a line mentions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    Nobody,
    Mention(Mention),
}

impl Whom {
    pub(super) fn mention(&self) -> Option<&Mention> {
        match self {
            Self::Nobody => None,
            Self::Mention(mention) => Some(mention),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_has_one_spelling() {
        let name = |text: &str| ChannelName::parse(text).map(|name| name.to_string());
        assert_eq!(name("Kitchen-2_b").as_deref(), Some("kitchen-2_b"));
        assert_eq!(name("#kitchen").as_deref(), Some("kitchen"));
        assert_eq!(name(&"a".repeat(40)), Some("a".repeat(40)));
        let long = "a".repeat(41);
        for wrong in ["", "#", "##a", "a b", "küche", &long] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
        assert!(ChannelName::parse("ORDERS").unwrap().is_orders());
        assert!(!ChannelName::parse("order").unwrap().is_orders());
    }

    #[test]
    fn modes_and_mentions_are_written_as_they_are_read() {
        for mode in [Mode::Immediate, Mode::Digest, Mode::Off] {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        for text in ["here", "channel", "everyone", "user:U012AB3CD", "group:S012AB3CD"] {
            assert_eq!(text.parse::<Mention>().unwrap().to_string(), text);
        }
    }
}
