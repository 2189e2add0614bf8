//! The environment becomes a [`Config`]: read once, in one place, wrong values refused by name.

use std::str::FromStr;

use url::Url;

use crate::order::Kind;
use crate::order::money::Money;
use crate::queue::digest_window::DigestWindows;
use crate::queue::url::QueueUrl;

/// All settings of the function.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Name or ARN of the one secret.
    pub secret_id: String,
    pub delivery: Delivery,
    /// The DynamoDB table that remembers what was told.
    pub ledger_table: Option<String>,
    pub show: Show,
    pub digest_windows: DigestWindows,
    pub language: Language,
    pub customer: Customer,
    pub mention: Option<MentionRule>,
    /// The webhook address as it is registered, for platforms that sign it.
    pub public_url: Option<String>,
    /// Where Slack is in tests; `None` means Slack itself.
    pub slack_origin: Option<Url>,
    /// What Lambda calls the function; `None` outside Lambda.
    pub function_name: Option<String>,
}

/// The way from a webhook to the channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// By a queue, from which the same function is fed.
    Queue { url: QueueUrl, dead_letters: QueueUrl },
    /// While the sender waits.
    Direct,
}

/// Which kinds of events the channel hears of, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Show {
    pub cancelled: Mode,
    pub created: Mode,
    pub modified: Mode,
}

impl Show {
    pub fn mode(self, kind: Kind) -> Mode {
        match kind {
            Kind::Cancelled => self.cancelled,
            Kind::Created => self.created,
            Kind::Modified => self.modified,
        }
    }
}

/// How events of one kind are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Each at once.
    Immediate,
    /// Together with others of the same time; alone when no others are in hand.
    Digest,
    Off,
}

/// The language of the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    Korean,
}

/// How much of a customer's name is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Customer {
    Hidden,
    Initials,
    Full,
}

/// Whom a cancellation notifies, and from which amount on.
#[derive(Clone, Debug, PartialEq)]
pub struct MentionRule {
    pub mention: Mention,
    pub above: Option<Money>,
}

/// Somebody whom Slack can notify.
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

/// A variable that is missing or wrong. The function does not start with it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    #[error("{0} is not set")]
    Missing(&'static str),
    #[error("{0} is not set, and DELIVERY=queue needs it")]
    NoQueue(&'static str),
    #[error("{name} must be {expected}")]
    Wrong { name: &'static str, expected: &'static str },
    #[error("MENTION_ABOVE is set without MENTION")]
    AboveWithoutMention,
}

impl Config {
    /// Reads the settings; `variable` looks one up. An empty variable counts as not set.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let read = Variables(&|name| {
            variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
        });
        Ok(Self {
            secret_id: read.required("SECRET_ID", "a name", |value| Some(value.to_owned()))?,
            delivery: read.delivery()?,
            ledger_table: read
                .optional("LEDGER_TABLE", "a name", |value| Some(value.to_owned()))?,
            show: Show {
                cancelled: read.mode("SHOW_CANCELLED")?.unwrap_or(Mode::Immediate),
                created: read.mode("SHOW_CREATED")?.unwrap_or(Mode::Digest),
                modified: read.mode("SHOW_MODIFIED")?.unwrap_or(Mode::Digest),
            },
            digest_windows: read
                .optional("DIGEST_SECONDS", "a whole number from 1 to 900", |value| {
                    value.parse().ok().and_then(DigestWindows::of_seconds)
                })?
                .unwrap_or_default(),
            language: read
                .optional("LANGUAGE", "`en` or `ko`", |value| match value {
                    "en" => Some(Language::English),
                    "ko" => Some(Language::Korean),
                    _ => None,
                })?
                .unwrap_or(Language::English),
            customer: read
                .optional("CUSTOMER", "`hidden`, `initials` or `full`", |value| match value {
                    "hidden" => Some(Customer::Hidden),
                    "initials" => Some(Customer::Initials),
                    "full" => Some(Customer::Full),
                    _ => None,
                })?
                .unwrap_or(Customer::Hidden),
            mention: read.mention()?,
            public_url: read.optional("PUBLIC_URL", "an https:// address", |value| {
                // Kept to the letter: the platform signs the text, not the address.
                let url = Url::parse(value).ok()?;
                (url.scheme() == "https").then(|| value.to_owned())
            })?,
            slack_origin: read.optional(
                "SLACK_ORIGIN",
                "an origin such as `http://127.0.0.1:9100`",
                origin,
            )?,
            function_name: read
                .optional("AWS_LAMBDA_FUNCTION_NAME", "a name", |value| Some(value.to_owned()))?,
        })
    }
}

struct Variables<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Variables<'_> {
    fn optional<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        match self.0(name) {
            None => Ok(None),
            Some(value) => match read(&value) {
                None => Err(ConfigError::Wrong { name, expected }),
                value => Ok(value),
            },
        }
    }

    fn required<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        self.optional(name, expected, read)?.ok_or(ConfigError::Missing(name))
    }

    fn delivery(&self) -> Result<Delivery, ConfigError> {
        let is_direct = self.optional("DELIVERY", "`queue` or `direct`", |value| match value {
            "queue" => Some(false),
            "direct" => Some(true),
            _ => None,
        })?;
        if is_direct == Some(true) {
            return Ok(Delivery::Direct);
        }
        let queue = |name| {
            let url = self.optional(name, "the URL of an SQS queue", QueueUrl::parse)?;
            url.ok_or(ConfigError::NoQueue(name))
        };
        Ok(Delivery::Queue {
            url: queue("QUEUE_URL")?,
            dead_letters: queue("DEAD_LETTER_QUEUE_URL")?,
        })
    }

    fn mode(&self, name: &'static str) -> Result<Option<Mode>, ConfigError> {
        self.optional(name, "`each`, `digest` or `off`", |value| match value {
            "each" => Some(Mode::Immediate),
            "digest" => Some(Mode::Digest),
            "off" => Some(Mode::Off),
            _ => None,
        })
    }

    fn mention(&self) -> Result<Option<MentionRule>, ConfigError> {
        let mention = self.optional(
            "MENTION",
            "`here`, `channel`, `everyone`, `user:` or `group:` and an id such as `user:U012AB3CD`",
            |value| value.parse().ok(),
        )?;
        let above = self.optional(
            "MENTION_ABOVE",
            "a currency and an amount such as `KRW 500000`",
            |value| value.parse().ok(),
        )?;
        match (mention, above) {
            (Some(mention), above) => Ok(Some(MentionRule { mention, above })),
            (None, Some(_)) => Err(ConfigError::AboveWithoutMention),
            (None, None) => Ok(None),
        }
    }
}

impl FromStr for Mention {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_id = |id: &&str| {
            !id.is_empty() && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        match text.split_once(':') {
            None => match text {
                "here" => Ok(Self::Here),
                "channel" => Ok(Self::Channel),
                "everyone" => Ok(Self::Everyone),
                _ => Err(()),
            },
            Some(("user", id)) => {
                Some(id).filter(is_id).map(|id| Self::User(id.to_owned())).ok_or(())
            }
            Some(("group", id)) => {
                Some(id).filter(is_id).map(|id| Self::Group(id.to_owned())).ok_or(())
            }
            Some(_) => Err(()),
        }
    }
}

/// An address that is nothing but scheme, host and port.
fn origin(value: &str) -> Option<Url> {
    let url = Url::parse(value).ok()?;
    let is_bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    (is_bare && matches!(url.scheme(), "http" | "https")).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let required = [("SECRET_ID", "order-alerts"), ("DELIVERY", "direct")];
        Config::from_env(|name| {
            let all = variables.iter().chain(&required);
            let mut values =
                all.filter(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            values.next()
        })
    }

    #[track_caller]
    fn refusal(name: &str, value: &str) -> String {
        config(&[(name, value)]).unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_quiet_and_private() {
        let defaults = Config {
            secret_id: "order-alerts".to_owned(),
            delivery: Delivery::Direct,
            ledger_table: None,
            digest_windows: DigestWindows::of_seconds(60).unwrap(),
            show: Show {
                cancelled: Mode::Immediate,
                created: Mode::Digest,
                modified: Mode::Digest,
            },
            language: Language::English,
            customer: Customer::Hidden,
            mention: None,
            public_url: None,
            slack_origin: None,
            function_name: None,
        };
        assert_eq!(config(&[]), Ok(defaults.clone()));
        let empty = [("LANGUAGE", " "), ("MENTION", ""), ("MENTION_ABOVE", ""), ("PUBLIC_URL", "")];
        assert_eq!(config(&empty), Ok(defaults));
    }

    #[test]
    fn every_setting_is_read() {
        let config = config(&[
            ("SHOW_CANCELLED", "digest"),
            ("SHOW_CREATED", "each"),
            ("SHOW_MODIFIED", "off"),
            ("DIGEST_SECONDS", "900"),
            ("LANGUAGE", "ko"),
            ("CUSTOMER", "initials"),
            ("MENTION", "group:S012AB3CD"),
            ("MENTION_ABOVE", "KRW 500000"),
            ("PUBLIC_URL", "https://api.example.com/webhook/square"),
            ("SLACK_ORIGIN", "http://127.0.0.1:9100"),
        ])
        .unwrap();
        assert_eq!(config.show.mode(Kind::Cancelled), Mode::Digest);
        assert_eq!(config.show.mode(Kind::Created), Mode::Immediate);
        assert_eq!(config.show.mode(Kind::Modified), Mode::Off);
        assert_eq!(Some(config.digest_windows), DigestWindows::of_seconds(900));
        assert_eq!(config.language, Language::Korean);
        assert_eq!(config.customer, Customer::Initials);
        let rule = config.mention.unwrap();
        assert_eq!(rule.mention, Mention::Group("S012AB3CD".to_owned()));
        assert_eq!(rule.above.unwrap().to_string(), "KRW 500,000");
        assert_eq!(config.public_url.unwrap(), "https://api.example.com/webhook/square");
        assert_eq!(config.slack_origin.unwrap().as_str(), "http://127.0.0.1:9100/");
    }

    #[test]
    fn a_missing_variable_is_named() {
        assert_eq!(refusal("SECRET_ID", ""), "SECRET_ID is not set");
        let no_queue = "QUEUE_URL is not set, and DELIVERY=queue needs it";
        assert_eq!(refusal("DELIVERY", ""), no_queue);
        assert_eq!(refusal("DELIVERY", "queue"), no_queue);
    }

    #[test]
    fn a_queue_comes_with_its_dead_letters() {
        let queue = ("QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/orders");
        let dead =
            ("DEAD_LETTER_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/dead");
        let ledger = ("LEDGER_TABLE", "ledger");
        let queued = config(&[("DELIVERY", ""), queue, dead, ledger]).unwrap();
        let delivery = Delivery::Queue {
            url: QueueUrl::parse(queue.1).unwrap(),
            dead_letters: QueueUrl::parse(dead.1).unwrap(),
        };
        assert_eq!((queued.delivery, queued.ledger_table.as_deref()), (delivery, Some("ledger")));
        let error = config(&[("DELIVERY", "queue"), queue]).unwrap_err().to_string();
        assert_eq!(error, "DEAD_LETTER_QUEUE_URL is not set, and DELIVERY=queue needs it");
        let error = config(&[("DELIVERY", "queue"), ("QUEUE_URL", "orders")]).unwrap_err();
        assert_eq!(error.to_string(), "QUEUE_URL must be the URL of an SQS queue");
    }

    #[test]
    fn a_wrong_value_is_refused_by_name_and_says_what_is_right() {
        assert_eq!(refusal("DELIVERY", "pigeon"), "DELIVERY must be `queue` or `direct`");
        assert_eq!(refusal("LANGUAGE", "de"), "LANGUAGE must be `en` or `ko`");
        assert_eq!(
            refusal("SHOW_CREATED", "Each"),
            "SHOW_CREATED must be `each`, `digest` or `off`"
        );
        assert_eq!(refusal("CUSTOMER", "all"), "CUSTOMER must be `hidden`, `initials` or `full`");
        assert_eq!(refusal("MENTION_ABOVE", "KRW 1"), "MENTION_ABOVE is set without MENTION");
        for value in ["0", "901", "1.5", "-1", "a minute"] {
            let expected = "DIGEST_SECONDS must be a whole number from 1 to 900";
            assert_eq!(refusal("DIGEST_SECONDS", value), expected);
        }
        for value in ["@here", "user:", "user:u1", "user:U1>", "nobody:U1"] {
            assert!(refusal("MENTION", value).starts_with("MENTION must be `here`"), "{value}");
        }
        for value in ["500000", "KRW lots", "XXX1 5"] {
            assert!(refusal("MENTION_ABOVE", value).contains("`KRW 500000`"), "{value}");
        }
        for value in ["http://example.com", "example.com"] {
            assert_eq!(refusal("PUBLIC_URL", value), "PUBLIC_URL must be an https:// address");
        }
        for value in ["127.0.0.1:9100", "http://a/b", "http://u@a", "ftp://a", "http://a?b"] {
            assert!(refusal("SLACK_ORIGIN", value).starts_with("SLACK_ORIGIN must be"), "{value}");
        }
    }
}
