//! The environment becomes a [`Config`]: read once, in one place.
//!
//! A setting that cannot be read is left out, because a function that does not start loses webhooks.
//! Only what no default can replace stops the start.

use std::collections::BTreeSet;

use tracing::level_filters::LevelFilter;
use url::Url;

use self::setting::Variables;
use self::values::{HttpsAddress, Origin, Way};
use crate::order::money::Money;
use crate::order::{Change, Kind, OrderEvent};
use crate::queue::digest_window::DigestWindows;
use crate::queue::url::QueueUrl;
use crate::rules::expectation::Expectations;
use crate::rules::{ChannelName, Rules, Said, UnreadableRule};
use crate::summary::schedule::Schedule;

pub use self::setting::{ConfigError, UnreadableSetting};
pub use self::values::{Customer, Language};
pub use crate::rules::{Mention, Mode};

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
    /// Read from `RULES`. They come before the settings of their kind.
    pub rules: Rules,
    /// The lines of `RULES` that are left out.
    pub unreadable_rules: Vec<UnreadableRule>,
    /// The steps that must follow. Read from `EXPECT`, which needs `EXPECT_TABLE` and the queue.
    pub expectations: Expectations,
    /// The lines of `EXPECT` that are left out.
    pub unreadable_expectations: Vec<UnreadableRule>,
    /// When each day is summed up. Read from `SUMMARY_HOUR` and `SUMMARY_TIME_ZONE`; it needs
    /// `EXPECT_TABLE` and the queue.
    pub summary: Option<Schedule>,
    /// The DynamoDB table of what is awaited, and of what is summed up. Read from `EXPECT_TABLE`.
    pub expect_table: Option<String>,
    /// The webhook's address as it is registered, for platforms that sign it. Read from `PUBLIC_URL`.
    pub public_url: Option<String>,
    /// Another origin than Slack's, for tests. Read from `SLACK_ORIGIN`.
    pub slack_origin: Option<Url>,
    /// How much is logged. Read from `LOG_LEVEL`.
    pub log_level: LevelFilter,
    /// The function's name in Lambda; `None` outside Lambda. Read from `AWS_LAMBDA_FUNCTION_NAME`.
    pub function_name: Option<String>,
    /// The settings that are left out.
    pub unreadable: Vec<UnreadableSetting>,
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
            Kind::Overdue => Mode::Immediate,
        }
    }
}

/// Whom a cancellation mentions, and from which amount on.
#[derive(Clone, Debug, PartialEq)]
pub struct MentionRule {
    pub mention: Mention,
    pub above: Option<Money>,
}

impl MentionRule {
    /// The mention of this event's message: a cancellation notifies people if it is large enough and
    /// real, and was paid.
    pub fn mention(&self, event: &OrderEvent) -> Option<&Mention> {
        let is_large = match (&self.above, &event.total) {
            (None, _) => true,
            (Some(floor), Some(total)) => total.reaches(floor),
            (Some(_), None) => false,
        };
        let is_lost = event.kind == Kind::Cancelled && event.change != Some(Change::Unpaid);
        (is_lost && is_large && !event.is_test).then_some(&self.mention)
    }
}

/// Who hears of an event: how it is shown, whom it mentions, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    pub mode: Mode,
    /// The mention of its first message. A repeat mentions no one.
    pub mention: Option<&'a Mention>,
    /// `None` is the orders' own channel.
    pub channel: Option<&'a ChannelName>,
    pub by: By,
}

/// What decided each part: the number of a line of `RULES`, or `None` for the simple setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct By {
    pub mode: Option<usize>,
    pub mention: Option<usize>,
    pub channel: Option<usize>,
}

impl Config {
    /// Reads the settings; `variable` looks one up. An empty variable counts as not set.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        // Not trimmed: the lines keep their numbers.
        let (rules, unreadable_rules) = Rules::parse(&variable("RULES").unwrap_or_default());
        let (expectations, unreadable_expectations) =
            Expectations::parse(&variable("EXPECT").unwrap_or_default());
        let mut read = Variables::new(variable);
        let delivery = delivery(&mut read)?;
        let expect_table = read.text("EXPECT_TABLE");
        let missing = missing(&delivery, expect_table.as_deref());
        let expectations = match missing {
            Some(expected) if !expectations.is_empty() => {
                read.leave_out("EXPECT", expected, "no expectations");
                Expectations::none()
            }
            _ => expectations,
        };
        let summary = summary(&mut read, missing);
        Ok(Self {
            secret_id: read.text("SECRET_ID").ok_or(ConfigError::Missing("SECRET_ID"))?,
            delivery,
            ledger_table: read.text("LEDGER_TABLE"),
            show: Show {
                cancelled: read.with_default("SHOW_CANCELLED", "each"),
                created: read.with_default("SHOW_CREATED", "digest"),
                modified: read.with_default("SHOW_MODIFIED", "digest"),
            },
            digest_windows: read.with_default("DIGEST_SECONDS", "60"),
            language: read.with_default("LANGUAGE", "en"),
            customer: read.with_default("CUSTOMER", "hidden"),
            mention: mention(&mut read),
            rules,
            unreadable_rules,
            expectations,
            unreadable_expectations,
            summary,
            expect_table,
            public_url: read
                .optional(
                    "PUBLIC_URL",
                    "no URL: webhooks whose signature covers it are answered with 503",
                )
                .unwrap_or_default()
                .map(|HttpsAddress(url)| url),
            slack_origin: read
                .optional("SLACK_ORIGIN", "the real Slack")
                .unwrap_or_default()
                .map(|Origin(url)| url),
            log_level: read.with_default("LOG_LEVEL", "INFO"),
            function_name: read.text("AWS_LAMBDA_FUNCTION_NAME"),
            unreadable: read.unreadable,
        })
    }

    /// Whether new orders or changes may be shown in digests.
    pub fn may_digest(&self) -> bool {
        [self.show.created, self.show.modified].contains(&Mode::Digest) || !self.rules.is_empty()
    }

    /// The channels that the rules and the expectations name besides the orders' own.
    pub fn channels(&self) -> BTreeSet<&ChannelName> {
        self.rules.channels().chain(self.expectations.channels()).collect()
    }

    /// What the rules say about an event, and the simple settings where they say nothing.
    pub fn decide(&self, event: &OrderEvent) -> Decision<'_> {
        let said = said(&self.rules, &self.expectations, event);
        Decision {
            mode: said.mode.map_or_else(|| self.show.mode(event.kind), |mode| mode.value),
            mention: decided_mention(said, self.mention.as_ref(), event),
            channel: said.channel.map(|name| name.value).filter(|name| !name.is_orders()),
            by: By {
                mode: said.mode.map(|mode| mode.line),
                mention: said.mention.map(|mention| mention.line),
                channel: said.channel.map(|name| name.line),
            },
        }
    }
}

/// What the rules say about an event; of a step that is overdue, what its line says, and else only the
/// rules' channel.
pub fn said<'a>(rules: &'a Rules, expectations: &'a Expectations, event: &OrderEvent) -> Said<'a> {
    let said = rules.decide(event);
    match &event.overdue {
        None => said,
        Some(_) => expectations.said(event).or_channel_of(said),
    }
}

/// Why there can be no expectations and no summary: they need the queue and a table.
fn missing(delivery: &Delivery, table: Option<&str>) -> Option<&'static str> {
    match (delivery, table) {
        (Delivery::Queue { .. }, Some(_)) => None,
        (Delivery::Direct, _) => Some("empty unless DELIVERY is `queue`"),
        (Delivery::Queue { .. }, None) => Some("empty while EXPECT_TABLE is not set"),
    }
}

fn summary<F>(read: &mut Variables<F>, missing: Option<&'static str>) -> Option<Schedule>
where
    F: Fn(&str) -> Option<String>,
{
    const INSTEAD: &str = "no daily summary";
    let zone = read.with_default("SUMMARY_TIME_ZONE", "UTC");
    let hour = read.optional("SUMMARY_HOUR", INSTEAD).unwrap_or_default()?;
    if let Some(expected) = missing {
        read.leave_out("SUMMARY_HOUR", expected, INSTEAD);
        return None;
    }
    Some(Schedule::new(hour, zone))
}

/// The mention that the rules say, or else the simple one.
pub fn decided_mention<'a>(
    said: Said<'a>,
    simple: Option<&'a MentionRule>,
    event: &OrderEvent,
) -> Option<&'a Mention> {
    match said.mention {
        Some(mention) => mention.value,
        None => simple.and_then(|rule| rule.mention(event)),
    }
}

fn delivery<F>(read: &mut Variables<F>) -> Result<Delivery, ConfigError>
where
    F: Fn(&str) -> Option<String>,
{
    if read.with_default::<Way>("DELIVERY", "queue") == Way::Direct {
        return Ok(Delivery::Direct);
    }
    let queue = |name| read.strict(name)?.ok_or(ConfigError::NoQueue(name));
    Ok(Delivery::Queue { url: queue("QUEUE_URL")?, dead_letters: queue("DEAD_LETTER_QUEUE_URL")? })
}

/// If either setting is unreadable, no one is mentioned. An unreadable amount must not become a
/// mention of every cancellation: the operator set it to prevent that.
fn mention<F>(read: &mut Variables<F>) -> Option<MentionRule>
where
    F: Fn(&str) -> Option<String>,
{
    const INSTEAD: &str = "no mention";
    match (read.optional("MENTION", INSTEAD), read.optional("MENTION_ABOVE", INSTEAD)) {
        (Ok(Some(mention)), Ok(above)) => Some(MentionRule { mention, above }),
        (Ok(None), Ok(Some(_))) => {
            read.leave_out("MENTION_ABOVE", "empty while MENTION is not set", INSTEAD);
            None
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
