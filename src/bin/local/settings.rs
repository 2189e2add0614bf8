//! The settings of the function on this machine: from the environment, and changed by the page.

use std::collections::BTreeMap;
use std::env;

use order_alerts::config::{Config, ConfigError};
use order_alerts::rules::expectation::Expectations;
use order_alerts::rules::{ChannelName, Rules, UnreadableRule};
use serde_json::{Map, Value};

use crate::terminal;
use crate::terminal::Failure;

/// The environment variables that may be set here, and what the template sets them to.
///
/// Only the digest's window is shorter, so that a visitor sees one soon.
const DEFAULTS: [(&str, &str); 10] = [
    ("LANGUAGE", "en"),
    ("CUSTOMER", "hidden"),
    ("SHOW_CANCELLED", "each"),
    ("SHOW_CREATED", "digest"),
    ("SHOW_MODIFIED", "digest"),
    ("MENTION", ""),
    ("MENTION_ABOVE", ""),
    (RULES, ""),
    (EXPECT, ""),
    (DIGEST_SECONDS, "10"),
];
const RULES: &str = "RULES";
const EXPECT: &str = "EXPECT";
const DIGEST_SECONDS: &str = "DIGEST_SECONDS";

/// The template takes rules of so many characters.
pub(crate) const MAX_RULES_CHARS: usize = 3000;
/// And expectations of so many.
pub(crate) const MAX_EXPECT_CHARS: usize = 2000;

/// What the local stack expects, unless `EXPECT` says otherwise.
const EXPECTED_HERE: &str = "created platform ubereats -> accepted in 4 min";

/// The settings by the names of their environment variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings(BTreeMap<&'static str, String>);

impl Settings {
    /// Those of the environment.
    ///
    /// The deployed function leaves out a setting that it cannot read. Here it is an error: a person is
    /// at the terminal and can correct it. A rule that cannot be read is passed over here too.
    pub(crate) fn from_env() -> Result<Self, Failure> {
        let settings = Self::unchecked_from_env();
        settings.checked()?;
        Ok(settings)
    }

    /// The same, if they can be read or not.
    pub(crate) fn unchecked_from_env() -> Self {
        let settings = DEFAULTS.map(|(name, default)| {
            let value = trimmed(name, &env::var(name).unwrap_or_default()).to_owned();
            let is_readable = name != "LANGUAGE" || is_language(&value);
            let is_set = !value.trim().is_empty() && is_readable;
            (name, if is_set { value } else { default.to_owned() })
        });
        Self(BTreeMap::from(settings))
    }

    /// Those of the environment, with something to expect.
    pub(crate) fn of_local_stack() -> Result<Self, Failure> {
        let settings = Self::from_env()?;
        let is_set = !settings.expect().is_empty();
        Ok(if is_set { settings } else { settings.with_expect(EXPECTED_HERE.to_owned()) })
    }

    /// The same settings with other rules.
    pub(crate) fn with_rules(mut self, text: String) -> Self {
        self.0.insert(RULES, text);
        self
    }

    /// The same settings with other expectations.
    pub(crate) fn with_expect(mut self, text: String) -> Self {
        self.0.insert(EXPECT, text);
        self
    }

    /// Those of the template, but for the digest.
    #[cfg(test)]
    pub(crate) fn defaults() -> Self {
        Self(DEFAULTS.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
    }

    pub(crate) fn rules(&self) -> &str {
        &self.0[RULES]
    }

    pub(crate) fn expect(&self) -> &str {
        &self.0[EXPECT]
    }

    /// Of a function that is not run, as for a preview.
    pub(crate) fn checked(&self) -> Result<Config, Failure> {
        self.config(of_stack)
    }

    /// As the deployed function reads them: what cannot be read is left out, and listed.
    pub(crate) fn unchecked(&self) -> Result<Config, Failure> {
        Ok(self
            .read(|name| if name == "PUBLIC_URL" { env::var(name).ok() } else { of_stack(name) })?)
    }

    /// Of a function for which the other variables are these.
    pub(crate) fn config(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Config, Failure> {
        let config = self.read(variable)?;
        let wrong: Vec<_> = config.unreadable.iter().map(ToString::to_string).collect();
        if wrong.is_empty() { Ok(config) } else { Err(wrong.join("; ").into()) }
    }

    fn read(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
        Config::from_env(|name| self.0.get(name).cloned().or_else(|| variable(name)))
    }

    /// The settings with the changes that the page sends; the error names the field.
    pub(crate) fn changed(&self, changes: &Map<String, Value>) -> Result<Self, Failure> {
        let mut settings = self.clone();
        for (field, value) in changes {
            let name = DEFAULTS.iter().map(|(name, _)| *name).find(|name| field_of(name) == *field);
            let name = name.ok_or_else(|| format!("there is no setting `{field}`"))?;
            let text = match value {
                Value::String(text) => trimmed(name, text).to_owned(),
                Value::Number(number) if name == DIGEST_SECONDS => number.to_string(),
                _ => return Err(format!("{field} must be a text").into()),
            };
            // Without a value, the function would take its own default.
            if text.is_empty() && !name.starts_with("MENTION") && !has_lines(name) {
                return Err(format!("{field} must not be empty").into());
            }
            settings.0.insert(name, text);
        }
        settings.checked().map_err(|error| {
            let names = DEFAULTS.iter().rev().map(|(name, _)| *name);
            names.fold(error.to_string(), |text, name| text.replace(name, &field_of(name)))
        })?;
        Ok(settings)
    }

    /// Whether no step must follow.
    pub(crate) fn expects_nothing(&self) -> bool {
        Expectations::parse(self.expect()).0.is_empty()
    }

    /// The channels that the lines name which can be read.
    pub(crate) fn channels(&self) -> Vec<ChannelName> {
        let (rules, _) = Rules::parse(self.rules());
        let (expectations, _) = Expectations::parse(self.expect());
        rules.channels().chain(expectations.channels()).cloned().collect()
    }

    /// As the page reads them, with a sentence about each line that cannot be read.
    pub(crate) fn json(&self) -> Value {
        let fields = self.0.iter().map(|(name, value)| {
            let seconds = value.parse::<u64>().ok().filter(|_| *name == DIGEST_SECONDS);
            (field_of(name), seconds.map_or_else(|| value.clone().into(), Value::from))
        });
        let (rules, expect) = (Rules::parse(self.rules()).1, Expectations::parse(self.expect()).1);
        let unreadable = [("unreadable_rules", rules), ("unreadable_expect", expect)];
        let unreadable = unreadable.map(|(name, lines)| (name.to_owned(), sentences(&lines)));
        Value::Object(fields.chain(unreadable).collect())
    }

    /// The length of a digest's window.
    pub(crate) fn digest_seconds(&self) -> &str {
        &self.0[DIGEST_SECONDS]
    }
}

/// The variables that the template sets, as far as other settings depend on them.
fn of_stack(name: &str) -> Option<String> {
    let queue = |name| format!("https://sqs.eu-central-1.amazonaws.com/123456789012/{name}");
    match name {
        "SECRET_ID" => Some("order-alerts/secret".to_owned()),
        "QUEUE_URL" => Some(queue("orders")),
        "DEAD_LETTER_QUEUE_URL" => Some(queue("dead-letters")),
        "EXPECT_TABLE" => Some("expect".to_owned()),
        // Where Slack is in tests.
        "SLACK_ORIGIN" => env::var(name).ok(),
        _ => None,
    }
}

fn sentences(unreadable: &[UnreadableRule]) -> Value {
    unreadable.iter().map(ToString::to_string).collect()
}

/// Lines keep the blank ones among them, so that all keep their numbers.
fn trimmed<'a>(name: &str, text: &'a str) -> &'a str {
    if has_lines(name) { text } else { text.trim() }
}

fn has_lines(name: &str) -> bool {
    matches!(name, RULES | EXPECT)
}

fn field_of(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// Many desktops set LANGUAGE to a list for gettext, such as `en_GB:en`, which is ignored.
fn is_language(value: &str) -> bool {
    let is_known = matches!(value, "" | "en" | "ko");
    if !is_known {
        terminal::ignored_setting("LANGUAGE", value, "it is neither en nor ko, so English is used");
    }
    is_known
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(changes: &Value) -> Result<Value, String> {
        let settings = Settings::defaults().changed(changes.as_object().unwrap());
        settings.map(|settings| settings.json()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_part_of_the_settings_can_be_changed() {
        let changed = change(&json!({"language": "ko", "digest_seconds": 5})).unwrap();
        assert_eq!((&changed["language"], &changed["digest_seconds"]), (&json!("ko"), &json!(5)));
        assert_eq!(changed["customer"], "hidden");
    }

    #[test]
    fn rules_keep_their_line_numbers_and_those_that_cannot_be_read_are_said() {
        let rules = "\n  # A comment.\nrefundd -> each\nmodified -> off\n";
        let changed = change(&json!({ "rules": rules })).unwrap();
        assert_eq!(changed["rules"], rules);
        let sentences = changed["unreadable_rules"].as_array().unwrap();
        assert_eq!(sentences.len(), 1);
        let sentence = sentences[0].as_str().unwrap();
        assert!(sentence.starts_with("line 3: `refundd` is not known"), "{sentence}");
        assert_eq!(change(&json!({"rules": ""})).unwrap()["unreadable_rules"], json!([]));

        let changed = change(&json!({"expect": "\ncreated -> accepted"})).unwrap();
        assert_eq!(changed["expect"], "\ncreated -> accepted");
        let sentence = changed["unreadable_expect"][0].as_str().unwrap();
        assert!(sentence.starts_with("line 2: `accepted` has no time"), "{sentence}");
        assert_eq!(change(&json!({"expect": ""})).unwrap()["unreadable_expect"], json!([]));
    }

    #[test]
    fn a_wrong_value_is_refused_with_the_field_that_has_it() {
        for (wrong, sentence) in [
            (json!({"customer": "all"}), "customer must be `hidden`, `initials` or `full`"),
            (json!({"digest_seconds": 901}), "digest_seconds must be a whole number from 1 to 900"),
            (json!({"digest_seconds": 1.5}), "digest_seconds must be a whole number from 1 to 900"),
            (json!({"language": true}), "language must be a text"),
            (json!({"language": ""}), "language must not be empty"),
            (json!({"rules": ["modified -> off"]}), "rules must be a text"),
            (json!({"secret_id": "x"}), "there is no setting `secret_id`"),
            (
                json!({"mention_above": "KRW 1"}),
                "mention_above must be empty while mention is not set",
            ),
        ] {
            assert_eq!(change(&wrong), Err(sentence.to_owned()), "{wrong}");
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_template_except_for_the_digest() {
        let template = include_str!("../../../template.yaml");
        for (name, default) in DEFAULTS.iter().filter(|(name, _)| *name != DIGEST_SECONDS) {
            let words =
                name.split('_').map(|word| word[..1].to_owned() + &word[1..].to_lowercase());
            let parameter = words.collect::<String>();
            let (_, rest) = template.split_once(&format!("\n  {parameter}:\n")).unwrap();
            let (_, rest) = rest.split_once("    Default: ").unwrap();
            let in_template = rest.lines().next().unwrap().trim_matches('"');
            assert_eq!(in_template, *default, "{parameter}");
        }
        for (parameter, most) in [("Rules", MAX_RULES_CHARS), ("Expect", MAX_EXPECT_CHARS)] {
            let (_, rest) = template.split_once(&format!("\n  {parameter}:\n")).unwrap();
            let (_, length) = rest.split_once("    MaxLength: ").unwrap();
            assert_eq!(length.lines().next().unwrap(), most.to_string());
        }
    }
}
