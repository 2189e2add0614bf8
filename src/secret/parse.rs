//! Reads the secret's text, which people edit by hand.
//!
//! So each field is read alone: one that cannot be read is a [`Warning`], and takes no other along.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use url::Url;

use crate::platform::Platform;
use crate::rules::ChannelName;
use crate::secret::signing_key::SigningKey;
use crate::secret::{NoKey, Secret, SecretError, TEXT, Warning, overlap};
use crate::slack::url::{SlackUrl, SlackUrlError};

impl Secret {
    /// Reads the secret's text, and every key by its platform's scheme; `origin` replaces Slack's in
    /// tests.
    pub fn parse(text: &str, origin: Option<&Url>) -> Result<Self, SecretError> {
        let Value::Object(fields) = unwrapped(Value::String(text.to_owned())) else {
            return Err(SecretError);
        };
        let mut secret = Self {
            orders_url: Err(SlackUrlError::NotText),
            monitoring_url: None,
            named_urls: BTreeMap::new(),
            signing_keys: BTreeMap::new(),
            no_key: NoKey::Absent,
            warnings: Vec::new(),
        };
        let fields = fields.into_iter();
        let mut fields: Map<_, _> =
            fields.map(|(name, value)| (name.trim().to_ascii_lowercase(), value)).collect();
        let mut take = |name| fields.remove(name).unwrap_or_default();
        let [orders, monitoring] = ["slack_webhook_url", "slack_monitoring_webhook_url"];
        secret.orders_url = match secret.url_text(orders, take(orders)) {
            Some(text) => SlackUrl::parse(&text, origin),
            None => Err(SlackUrlError::NotText),
        };
        let monitoring = secret.url_text(monitoring, take(monitoring));
        secret.monitoring_url =
            monitoring.filter(|text| !text.is_empty()).map(|text| SlackUrl::parse(&text, origin));
        secret.add_channels(take("channels"), origin);
        secret.add_platforms(take("signing_keys"));
        // Another key of `generic`, which CloudFormation creates with the stack.
        if let Some(generic) = Platform::find("generic") {
            secret.add_keys(generic, "`generic_signing_key`", take("generic_signing_key"));
        }
        let last = |name: &String| name.rsplit('.').next().and_then(platform);
        let misplaced = fields.keys().filter_map(last);
        secret
            .warnings
            .extend(misplaced.map(|Platform { id, .. }| Warning::Misplaced { platform: id }));
        secret.warn_of_shared_keys();
        Ok(secret)
    }

    fn add_channels(&mut self, channels: Value, origin: Option<&Url>) {
        let entries = match unwrapped(channels) {
            Value::Null => return,
            Value::Object(entries) => entries,
            other => {
                let field = "`channels`".to_owned();
                return self.warnings.push(Warning::wrong_type(field, &other, "an object"));
            }
        };
        for (name, url) in entries {
            let Some(name) = ChannelName::parse(name.trim()) else {
                self.warnings.push(Warning::ChannelName);
                continue;
            };
            let text = self.url_text(&format!("channels.{name}"), url);
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                self.named_urls.insert(name, SlackUrl::parse(&text, origin));
            }
        }
    }

    /// The text of a URL, empty if there is none; `None` if it has another type.
    fn url_text(&mut self, field: &str, value: Value) -> Option<String> {
        match value {
            Value::Null => Some(String::new()),
            Value::String(text) => Some(bare(&text).to_owned()),
            other => {
                self.warnings.push(Warning::wrong_type(format!("`{field}`"), &other, TEXT));
                None
            }
        }
    }

    fn add_platforms(&mut self, signing_keys: Value) {
        match unwrapped(signing_keys) {
            Value::Null => {}
            Value::Object(entries) => {
                for (name, entry) in entries {
                    match platform(&name) {
                        Some(platform) => {
                            self.add_keys(
                                platform,
                                &format!("`signing_keys.{}`", platform.id),
                                entry,
                            );
                        }
                        None => self.warnings.push(Warning::UnknownPlatform),
                    }
                }
            }
            other => {
                self.no_key = NoKey::Unreadable;
                let field = "`signing_keys`".to_owned();
                self.warnings.push(Warning::wrong_type(field, &other, "an object"));
            }
        }
    }

    /// Adds the keys of a platform: a list of texts, or a single one.
    fn add_keys(&mut self, platform: &'static Platform, field: &str, entry: Value) {
        for (position, key) in (1..).zip(elements(entry)) {
            let parsed = |text: &str| {
                SigningKey::parse(text, &platform.auth).map_err(|error| {
                    let warning = Warning::Key { platform: platform.id, position, error };
                    (warning, NoKey::Refused(error))
                })
            };
            let key = match key {
                Value::Null => continue,
                Value::String(text) => parsed(&text),
                // Of these, JSON is a JWK.
                Value::Object(_) if platform.auth.has_public_keys() => parsed(&key.to_string()),
                other => {
                    let field = format!("key {position} in {field}");
                    Err((Warning::wrong_type(field, &other, TEXT), NoKey::Unreadable))
                }
            };
            if key.as_ref().is_ok_and(SigningKey::is_short) {
                self.warnings.push(Warning::ShortKey { platform: platform.id, position });
            }
            let known = self.signing_keys.entry(platform.id).or_insert(Err(NoKey::Absent));
            match (known, key) {
                (Ok(keys), Ok(key)) => keys.push(key),
                (known @ Err(_), Ok(key)) => *known = Ok(vec![key]),
                (known, Err((warning, error))) => {
                    self.warnings.push(warning);
                    if known.is_err() {
                        *known = Err(error);
                    }
                }
            }
        }
    }

    fn warn_of_shared_keys(&mut self) {
        let mut shared = Vec::new();
        let mut platforms: Vec<_> = self.usable_keys().collect();
        while let Some((one, keys)) = platforms.pop() {
            let others = platforms.iter().filter(|(_, others)| overlap(keys, others));
            shared.extend(others.map(|(other, _)| Warning::SharedKey { platforms: [*other, one] }));
        }
        self.warnings.append(&mut shared);
    }
}

impl Warning {
    fn wrong_type(field: String, found: &Value, expected: &'static str) -> Self {
        let found = match found {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => TEXT,
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        Self::WrongType { field, found, expected }
    }
}

/// The object or list that a text holds as JSON, or else the value itself.
///
/// The key/value tab of the AWS console stores an inner object as such a text.
pub fn unwrapped(value: Value) -> Value {
    let Value::String(text) = &value else {
        return value;
    };
    let text = text.trim_matches(is_space);
    match serde_json::from_str(text).or_else(|_| serde_json::from_str(bare(text))) {
        Ok(inner @ (Value::Object(_) | Value::Array(_))) => inner,
        Ok(inner @ Value::String(_)) => unwrapped(inner),
        _ => value,
    }
}

/// The elements of a list, or of lists in it, or else the value itself as the only one.
fn elements(value: Value) -> Vec<Value> {
    match unwrapped(value) {
        Value::Array(list) => list.into_iter().flat_map(elements).collect(),
        other => vec![other],
    }
}

/// The platform of this name, however it is capitalized.
fn platform(name: &str) -> Option<&'static Platform> {
    Platform::find(&name.trim().to_ascii_lowercase())
}

/// The text without the spaces, quotes and marks that editors and shells leave around it.
pub(super) fn bare<'a>(text: &'a str) -> &'a str {
    let mut bare = text.trim_matches(is_space);
    let unquoted = |text: &'a str| {
        QUOTES.iter().find_map(|(start, end)| text.strip_prefix(*start)?.strip_suffix(*end))
    };
    while let Some(inner) = unquoted(bare) {
        bare = inner.trim_matches(is_space);
    }
    bare
}

/// Straight quotes, and those that editors and chats put in their place.
const QUOTES: [(char, char); 5] =
    [('"', '"'), ('\'', '\''), ('`', '`'), ('\u{201C}', '\u{201D}'), ('\u{2018}', '\u{2019}')];

/// White space, or a character of no width that copying leaves behind.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{FEFF}' | '\u{200B}' | '\u{2060}')
}
