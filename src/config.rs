//! The environment becomes a [`Config`]: read once, in one place, wrong values refused by name.

use url::Url;

use self::setting::Variables;
use self::values::{HttpsAddress, Origin, Way};
use crate::order::Kind;
use crate::order::money::Money;
use crate::queue::digest_window::DigestWindows;
use crate::queue::url::QueueUrl;

pub use self::setting::ConfigError;
pub use self::values::{Customer, Language, Mention, Mode};

mod setting;
mod values;

/// All settings of the function.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Name or ARN of the one secret. Read from `SECRET_ID`.
    pub secret_id: String,
    /// Read from `DELIVERY`, `QUEUE_URL` and `DEAD_LETTER_QUEUE_URL`.
    pub delivery: Delivery,
    /// The DynamoDB table of the ledger; `None` delivers without deduplication. Read from
    /// `LEDGER_TABLE`.
    pub ledger_table: Option<String>,
    pub show: Show,
    /// Read from `DIGEST_SECONDS`.
    pub digest_windows: DigestWindows,
    /// Read from `LANGUAGE`.
    pub language: Language,
    /// Read from `CUSTOMER`.
    pub customer: Customer,
    /// Read from `MENTION` and `MENTION_ABOVE`.
    pub mention: Option<MentionRule>,
    /// The webhook's address as it is registered, for platforms that sign it. Read from `PUBLIC_URL`.
    pub public_url: Option<String>,
    /// Another origin than Slack's, for tests. Read from `SLACK_ORIGIN`.
    pub slack_origin: Option<Url>,
    /// The function's name in Lambda; `None` outside Lambda. Read from `AWS_LAMBDA_FUNCTION_NAME`.
    pub function_name: Option<String>,
}

/// The way from a webhook to the channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Through a queue, whose messages invoke the same function.
    Queue { url: QueueUrl, dead_letters: QueueUrl },
    /// At once, while the sender waits for the response.
    Direct,
}

/// How the events of each kind are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Show {
    /// Read from `SHOW_CANCELLED`.
    pub cancelled: Mode,
    /// Read from `SHOW_CREATED`.
    pub created: Mode,
    /// Read from `SHOW_MODIFIED`.
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

/// Whom a cancellation mentions, and from which amount on.
#[derive(Clone, Debug, PartialEq)]
pub struct MentionRule {
    pub mention: Mention,
    pub above: Option<Money>,
}

impl Config {
    /// Reads the settings; `variable` looks one up. An empty variable counts as not set.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let read = Variables(variable);
        Ok(Self {
            secret_id: read.required("SECRET_ID")?,
            delivery: delivery(&read)?,
            ledger_table: read.optional("LEDGER_TABLE")?,
            show: Show {
                cancelled: read.optional("SHOW_CANCELLED")?.unwrap_or(Mode::Immediate),
                created: read.optional("SHOW_CREATED")?.unwrap_or(Mode::Digest),
                modified: read.optional("SHOW_MODIFIED")?.unwrap_or(Mode::Digest),
            },
            digest_windows: read.optional("DIGEST_SECONDS")?.unwrap_or_default(),
            language: read.optional("LANGUAGE")?.unwrap_or(Language::English),
            customer: read.optional("CUSTOMER")?.unwrap_or(Customer::Hidden),
            mention: mention(&read)?,
            public_url: read.optional("PUBLIC_URL")?.map(|HttpsAddress(url)| url),
            slack_origin: read.optional("SLACK_ORIGIN")?.map(|Origin(url)| url),
            function_name: read.optional("AWS_LAMBDA_FUNCTION_NAME")?,
        })
    }
}

fn delivery<F>(read: &Variables<F>) -> Result<Delivery, ConfigError>
where
    F: Fn(&str) -> Option<String>,
{
    if read.optional("DELIVERY")? == Some(Way::Direct) {
        return Ok(Delivery::Direct);
    }
    let queue = |name| read.optional(name)?.ok_or(ConfigError::NoQueue(name));
    Ok(Delivery::Queue { url: queue("QUEUE_URL")?, dead_letters: queue("DEAD_LETTER_QUEUE_URL")? })
}

fn mention<F>(read: &Variables<F>) -> Result<Option<MentionRule>, ConfigError>
where
    F: Fn(&str) -> Option<String>,
{
    match (read.optional("MENTION")?, read.optional("MENTION_ABOVE")?) {
        (Some(mention), above) => Ok(Some(MentionRule { mention, above })),
        (None, Some(_)) => Err(ConfigError::AboveWithoutMention),
        (None, None) => Ok(None),
    }
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
        for value in ["@here", "user:", "user:u1", "user:U1>", "team:U1"] {
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
