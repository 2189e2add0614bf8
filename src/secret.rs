//! The one secret: the Slack address and the signing keys.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;

use crate::platform::Platform;
use crate::signature::{KeyError, SigningKey};
use crate::slack::{SlackUrl, SlackUrlError};

/// The secret's parts, as their owner wrote them but for stray characters at the ends.
pub struct Secret {
    slack_webhook_url: SecretString,
    signing_keys: BTreeMap<String, Entry>,
}

/// What the secret holds for one platform.
enum Entry {
    Keys(Vec<SecretString>),
    /// Neither a text nor a list of texts.
    Unreadable,
}

/// The secret's text is no secret of ours. The message never quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret is not a JSON object with `slack_webhook_url` and `signing_keys`")]
pub struct SecretError;

/// Why a platform has no key to check with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    #[error("the secret holds no signing key of the platform")]
    Absent,
    #[error("the platform's signing keys in the secret are not a list of texts")]
    Unreadable,
    #[error(
        "the secret holds no usable signing key of the platform: the last one is refused because {0}"
    )]
    Refused(KeyError),
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    slack_webhook_url: String,
    #[serde(default)]
    signing_keys: BTreeMap<String, WireEntry>,
    /// Made by CloudFormation with the stack: one more key of `generic`.
    generic_signing_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WireEntry {
    One(String),
    Many(Vec<String>),
    Other(IgnoredAny),
}

impl Secret {
    /// Reads the secret's text.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let text = bare(text);
        if !text.starts_with('{') {
            return Err(SecretError);
        }
        let wire: Wire = serde_json::from_str(text).map_err(|_| SecretError)?;
        let mut signing_keys: BTreeMap<_, _> = wire
            .signing_keys
            .into_iter()
            .map(|(platform, entry)| match entry {
                WireEntry::One(key) => (platform, Entry::Keys(vec![secret(&key)])),
                WireEntry::Many(keys) => {
                    (platform, Entry::Keys(keys.iter().map(|key| secret(key)).collect()))
                }
                WireEntry::Other(_) => (platform, Entry::Unreadable),
            })
            .collect();
        if let Some(key) = wire.generic_signing_key {
            let entry = signing_keys.entry("generic".to_owned());
            if let Entry::Keys(keys) = entry.or_insert_with(|| Entry::Keys(Vec::new())) {
                keys.push(secret(&key));
            }
        }
        Ok(Self { slack_webhook_url: secret(&wire.slack_webhook_url), signing_keys })
    }

    /// Where messages go; `origin` is where Slack is in tests.
    pub fn slack_url(&self, origin: Option<&Url>) -> Result<SlackUrl, SlackUrlError> {
        SlackUrl::parse(self.slack_webhook_url.expose_secret(), origin)
    }

    /// The platform's usable keys, never none. A key that proves nothing is left out, and logged.
    pub fn signing_keys(&self, platform: &Platform) -> Result<Vec<SigningKey>, NoKey> {
        let texts = match self.signing_keys.get(platform.id) {
            Some(Entry::Keys(keys)) => keys,
            Some(Entry::Unreadable) => return Err(NoKey::Unreadable),
            None => return Err(NoKey::Absent),
        };
        let mut keys = Vec::new();
        let mut refused = None;
        for (position, text) in texts.iter().enumerate() {
            match SigningKey::parse(text.expose_secret(), &platform.auth) {
                Ok(key) => keys.push(key),
                Err(error) => {
                    tracing::error!(platform = platform.id, key = position, %error, "a signing key is refused");
                    refused = Some(error);
                }
            }
        }
        match (keys.is_empty(), refused) {
            (false, _) => Ok(keys),
            (true, Some(error)) => Err(NoKey::Refused(error)),
            (true, None) => Err(NoKey::Absent),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

fn secret(text: &str) -> SecretString {
    bare(text).into()
}

/// The text without what editors, shells and copy-and-paste leave around it.
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
        secret.signing_keys(Platform::find(platform).unwrap()).map(|keys| keys.len())
    }

    #[test]
    fn the_secret_that_the_template_makes_has_a_key_and_no_channel() {
        let text = format!(
            r#"{{"slack_webhook_url":"","signing_keys":{{}},"generic_signing_key":"{}"}}"#,
            "k".repeat(32)
        );
        let secret = Secret::parse(&text).unwrap();
        assert_eq!(secret.slack_url(None).unwrap_err(), SlackUrlError::Empty);
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
            assert!(secret.slack_url(None).is_ok(), "{around}");
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
    fn what_is_no_secret_is_refused_without_quoting_it() {
        for text in ["", "hush", "null", "[]", r#"["hush",{}]"#, r#"{"slack_webhook_url":5}"#] {
            let error = Secret::parse(text).unwrap_err();
            assert!(!error.to_string().contains("hush"));
        }
    }
}
