//! The one secret: the Slack webhook URLs and the signing keys.

use std::collections::BTreeMap;
use std::fmt;

use crate::platform::Platform;
use crate::rules::ChannelName;
use crate::secret::signing_key::{KeyError, SigningKey};
use crate::slack::url::{SlackUrl, SlackUrlError};

pub use self::parse::unwrapped;

pub mod cache;
pub mod signing_key;

mod parse;
#[cfg(test)]
mod tests;

/// The secret's parts, without stray characters at their ends.
pub struct Secret {
    orders_url: Result<SlackUrl, SlackUrlError>,
    /// `None` if notices go to the channel of the orders.
    monitoring_url: Option<Result<SlackUrl, SlackUrlError>>,
    /// Of the channels that rules name.
    named_urls: BTreeMap<ChannelName, Result<SlackUrl, SlackUrlError>>,
    signing_keys: BTreeMap<&'static str, Result<Vec<SigningKey>, NoKey>>,
    /// Why a platform that is not in `signing_keys` has no key.
    no_key: NoKey,
    /// What is wrong with the secret, for the log.
    pub warnings: Vec<Warning>,
}

/// The channel that a message goes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    Orders,
    /// For notices. It is the orders' channel unless the secret has another URL.
    Monitoring,
    /// One that rules name. It is the orders' channel if the secret has no such name.
    Named(ChannelName),
}

/// A part of the secret that is not used, or is not safe. It never quotes a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// Keys are counted from 1.
    #[error("key {position} of `{platform}` is refused: {error}")]
    Key { platform: &'static str, position: usize, error: KeyError },
    #[error(
        "key {position} of `{platform}` is shorter than 16 bytes: let the platform make a longer one, if it can"
    )]
    ShortKey { platform: &'static str, position: usize },
    #[error("`signing_keys` has an entry that is no platform's name")]
    UnknownPlatform,
    #[error("`{platform}` is not used: the keys of a platform belong into `signing_keys`")]
    Misplaced { platform: &'static str },
    #[error("`channels` has an entry whose name is not of letters, digits, `_` and `-`")]
    ChannelName,
    #[error("{field} is {found} and not {expected}: {}", advice(.found))]
    WrongType { field: String, found: &'static str, expected: &'static str },
    #[error(
        "`{}` and `{}` have the same key, so a webhook of one is taken as the other's: give each its own",
        .platforms[0],
        .platforms[1]
    )]
    SharedKey { platforms: [&'static str; 2] },
}

/// The text is not a secret of this function. The message never quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret is not a JSON object with `slack_webhook_url` and `signing_keys`")]
pub struct SecretError;

/// Why a platform has no key to verify with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    #[error("the secret holds no signing key of the platform")]
    Absent,
    #[error("the platform's signing keys in the secret are not a list of texts")]
    Unreadable,
    #[error("the secret holds no usable signing key of the platform; the last one is refused: {0}")]
    Refused(KeyError),
}

/// The type of a field that should hold one text, such as a URL.
const TEXT: &str = "a text";

impl Secret {
    /// The URL for messages to a channel.
    pub fn slack_url(&self, channel: &Channel) -> Result<SlackUrl, SlackUrlError> {
        self.own_url(channel).unwrap_or(&self.orders_url).clone()
    }

    /// Whether what goes to this channel does not go to that of the orders.
    pub fn has_own_url(&self, channel: &Channel) -> bool {
        self.own_url(channel).is_some()
    }

    fn own_url(&self, channel: &Channel) -> Option<&Result<SlackUrl, SlackUrlError>> {
        match channel {
            Channel::Orders => None,
            Channel::Monitoring => self.monitoring_url.as_ref(),
            Channel::Named(name) => self.named_urls.get(name),
        }
    }

    /// The platform's usable keys, never none.
    pub fn signing_keys(&self, platform: &Platform) -> Result<&[SigningKey], NoKey> {
        match self.signing_keys.get(platform.id) {
            Some(Ok(keys)) => Ok(keys),
            Some(Err(error)) => Err(*error),
            None => Err(self.no_key),
        }
    }

    /// The platforms that have this key. With one key under two platforms, a webhook of one is taken as
    /// the other's.
    pub fn platforms_with(&self, key: &SigningKey) -> impl Iterator<Item = &'static Platform> {
        let found = self.usable_keys().filter(|(_, keys)| overlap(std::slice::from_ref(key), keys));
        found.filter_map(|(name, _)| Platform::find(name))
    }

    fn usable_keys(&self) -> impl Iterator<Item = (&'static str, &[SigningKey])> {
        self.signing_keys.iter().filter_map(|(name, keys)| Some((*name, &keys.as_ref().ok()?[..])))
    }
}

impl Warning {
    /// Whether the part is used in spite of the warning.
    pub fn is_used(&self) -> bool {
        matches!(self, Self::SharedKey { .. })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

fn overlap(one: &[SigningKey], other: &[SigningKey]) -> bool {
    one.iter().any(|key| other.iter().any(|other| key.overlaps(other)))
}

fn advice(found: &str) -> &'static str {
    match found {
        TEXT => "the key/value tab of the AWS console does that; use its Plaintext tab",
        _ => "correct it in the Plaintext tab of the AWS console",
    }
}
