//! The one secret: the Slack webhook URLs and the signing keys.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;

use crate::platform::Platform;
use crate::secret::signing_key::{KeyError, SigningKey};
use crate::slack::url::{SlackUrl, SlackUrlError};

pub mod cache;
pub mod signing_key;

/// The secret's parts, without stray characters at their ends.
pub struct Secret {
    slack_webhook_url: SecretString,
    /// Empty if alarms go to the channel of the orders.
    slack_monitoring_webhook_url: SecretString,
    signing_keys: BTreeMap<&'static str, Result<Vec<SigningKey>, NoKey>>,
    /// The parts that are not used, for the log.
    pub warnings: Vec<Warning>,
}

/// The channel that a message goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Orders,
    /// For alarms. It is the orders' channel unless the secret has another URL.
    Monitoring,
}

/// A part of the secret that is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// Keys are counted from 1.
    #[error("key {position} of `{platform}` is refused: {error}")]
    Key { platform: &'static str, position: usize, error: KeyError },
    #[error("`signing_keys` has an entry that is no platform's name")]
    UnknownPlatform,
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

#[derive(Deserialize)]
struct Wire {
    slack_webhook_url: Option<String>,
    slack_monitoring_webhook_url: Option<String>,
    signing_keys: Option<BTreeMap<String, Entry>>,
    /// Another key of `generic`, which CloudFormation creates with the stack.
    generic_signing_key: Option<Entry>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    One(String),
    Many(Vec<String>),
    Other(IgnoredAny),
}

impl Entry {
    fn texts(&self) -> Option<&[String]> {
        match self {
            Self::One(text) => Some(std::slice::from_ref(text)),
            Self::Many(texts) => Some(texts),
            Self::Other(_) => None,
        }
    }
}

impl Secret {
    /// Reads the secret's text, and every key by its platform's scheme.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let text = bare(text);
        if !text.starts_with('{') {
            return Err(SecretError);
        }
        let wire: Wire = serde_json::from_str(text).map_err(|_| SecretError)?;
        let stack_key = wire.generic_signing_key.map(|key| ("generic".to_owned(), key));
        let entries = wire.signing_keys.unwrap_or_default().into_iter().chain(stack_key);

        let mut secret = Self {
            slack_webhook_url: bare(&wire.slack_webhook_url.unwrap_or_default()).into(),
            slack_monitoring_webhook_url: bare(
                &wire.slack_monitoring_webhook_url.unwrap_or_default(),
            )
            .into(),
            signing_keys: BTreeMap::new(),
            warnings: Vec::new(),
        };
        for (name, entry) in entries {
            match Platform::find(&name) {
                Some(platform) => secret.add_keys(platform, &entry),
                None => secret.warnings.push(Warning::UnknownPlatform),
            }
        }
        Ok(secret)
    }

    fn add_keys(&mut self, platform: &'static Platform, entry: &Entry) {
        let known = self.signing_keys.entry(platform.id).or_insert(Err(NoKey::Absent));
        let Some(texts) = entry.texts() else {
            if known.is_err() {
                *known = Err(NoKey::Unreadable);
            }
            return;
        };
        for (index, text) in texts.iter().enumerate() {
            match SigningKey::parse(bare(text), &platform.auth) {
                Ok(key) => match known {
                    Ok(keys) => keys.push(key),
                    Err(_) => *known = Ok(vec![key]),
                },
                Err(error) => {
                    let (platform, position) = (platform.id, index + 1);
                    self.warnings.push(Warning::Key { platform, position, error });
                    if known.is_err() {
                        *known = Err(NoKey::Refused(error));
                    }
                }
            }
        }
    }

    /// The URL for messages to a channel; `origin` replaces Slack's in tests.
    pub fn slack_url(
        &self,
        channel: Channel,
        origin: Option<&Url>,
    ) -> Result<SlackUrl, SlackUrlError> {
        let monitoring = self.slack_monitoring_webhook_url.expose_secret();
        let text = match channel {
            Channel::Monitoring if !monitoring.is_empty() => monitoring,
            Channel::Monitoring | Channel::Orders => self.slack_webhook_url.expose_secret(),
        };
        SlackUrl::parse(text, origin)
    }

    /// Whether alarms have a channel of their own.
    pub fn has_monitoring_channel(&self) -> bool {
        !self.slack_monitoring_webhook_url.expose_secret().is_empty()
    }

    /// The platform's usable keys, never none.
    pub fn signing_keys(&self, platform: &Platform) -> Result<&[SigningKey], NoKey> {
        match self.signing_keys.get(platform.id) {
            Some(Ok(keys)) => Ok(keys),
            Some(Err(error)) => Err(*error),
            None => Err(NoKey::Absent),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// The text without the spaces, quotes and marks that editors and shells leave around it.
fn bare(text: &str) -> &str {
    let is_space = |c: char| c.is_whitespace() || c == '\u{FEFF}';
    let mut bare = text.trim_matches(is_space);
    for quote in ['"', '\''] {
        if let Some(inner) = bare.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            bare = inner.trim_matches(is_space);
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "a key of this test only";

    fn keys(json: &str, platform: &str) -> Result<usize, NoKey> {
        let secret = Secret::parse(json).unwrap();
        secret.signing_keys(Platform::find(platform).unwrap()).map(<[_]>::len)
    }

    #[test]
    fn the_secret_that_the_template_makes_has_a_key_and_no_channel() {
        let text = format!(
            r#"{{"slack_webhook_url":"","signing_keys":{{}},"generic_signing_key":"{}"}}"#,
            "k".repeat(32)
        );
        let secret = Secret::parse(&text).unwrap();
        assert_eq!(secret.slack_url(Channel::Orders, None).unwrap_err(), SlackUrlError::Empty);
        assert_eq!(keys(&text, "generic"), Ok(1));
        assert_eq!(keys(&text, "shopify"), Err(NoKey::Absent));
    }

    #[test]
    fn a_platform_has_one_key_or_several() {
        let several = format!(r#"{{"signing_keys":{{"shopify":["{KEY}","{KEY} 2"]}}}}"#);
        assert_eq!(keys(&several, "shopify"), Ok(2));
        let one = format!(r#"{{"signing_keys":{{"shopify":"{KEY}"}}}}"#);
        assert_eq!(keys(&one, "shopify"), Ok(1));
        let both =
            format!(r#"{{"signing_keys":{{"generic":["{KEY}"]}},"generic_signing_key":"{KEY}"}}"#);
        assert_eq!(keys(&both, "generic"), Ok(2));
    }

    #[test]
    fn stray_characters_around_a_value_do_no_harm() {
        for around in ["{}\\n", "{}\\r\\n", "\u{FEFF}{}", "\\\"{}\\\"", " '{}' ", "{}"] {
            let url = around.replace("{}", "https://hooks.slack.com/services/T0/B0/x");
            let text = format!("\u{FEFF} {{\"slack_webhook_url\":\"{url}\"}}\n");
            let secret = Secret::parse(&text).unwrap();
            assert!(secret.slack_url(Channel::Orders, None).is_ok(), "{around}");
        }
        let quoted = format!(r#"{{"signing_keys":{{"shopify":["  '{}' \n"]}}}}"#, "k".repeat(14));
        let refused = Err(NoKey::Refused(KeyError::Short));
        assert_eq!(keys(&quoted, "shopify"), refused, "what is stripped is no part of the key");
    }

    #[test]
    fn a_bad_key_is_never_used_and_hurts_no_good_one() {
        let one_good = format!(r#"{{"signing_keys":{{"shopify":["","short","{KEY}"]}}}}"#);
        assert_eq!(keys(&one_good, "shopify"), Ok(1));
        let empty = r#"{"signing_keys":{"shopify":[""]}}"#;
        assert_eq!(keys(empty, "shopify"), Err(NoKey::Refused(KeyError::Empty)));
        let wrong = r#"{"signing_keys":{"shopify":[5],"generic":{}}}"#;
        assert_eq!(keys(wrong, "shopify"), Err(NoKey::Unreadable));
        assert_eq!(keys(wrong, "generic"), Err(NoKey::Unreadable));
    }

    #[test]
    fn a_part_that_is_not_used_is_a_warning() {
        let text =
            format!(r#"{{"signing_keys":{{"shopify":["{KEY}","short"],"shoppify":["x"]}}}}"#);
        let secret = Secret::parse(&text).unwrap();
        let warnings: Vec<_> = secret.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(
            warnings,
            [
                "key 2 of `shopify` is refused: it is shorter than 16 bytes",
                "`signing_keys` has an entry that is no platform's name",
            ]
        );
    }

    #[test]
    fn what_is_null_is_absent_and_hurts_nothing_else() {
        let nulls = r#"{"slack_webhook_url":null,"signing_keys":null,"generic_signing_key":5}"#;
        let secret = Secret::parse(nulls).unwrap();
        assert_eq!(secret.slack_url(Channel::Orders, None).unwrap_err(), SlackUrlError::Empty);
        assert_eq!(keys(nulls, "generic"), Err(NoKey::Unreadable));
        assert_eq!(keys(nulls, "shopify"), Err(NoKey::Absent));
    }

    #[test]
    fn what_is_no_secret_is_refused_without_quoting_it() {
        for text in ["", "hush", "null", "[]", r#"["hush",{}]"#, r#"{"slack_webhook_url":5}"#] {
            let error = Secret::parse(text).unwrap_err();
            assert!(!error.to_string().contains("hush"));
        }
    }
}
