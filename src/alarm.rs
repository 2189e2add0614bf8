//! A CloudWatch alarm that changed its state: all that Slack may show of it, and nothing else.
//!
//! An alarm is news even where its event is odd: what cannot be read is absent, and the rest is told.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::order::one_line::OneLine;

pub use self::datapoint::Datapoint;
pub use self::event::AlarmError;

mod arn;
mod datapoint;
mod event;

#[cfg(test)]
pub(crate) mod tests;

/// One change of an alarm's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    pub arn: OneLine,
    /// The account and the region that the ARN names; those of the event, if it names none.
    pub account: Option<OneLine>,
    pub region: Option<OneLine>,
    pub name: OneLine,
    pub description: Option<OneLine>,
    pub watch: Monitored,
    pub state: State,
    /// When the state began.
    pub since: Option<Timestamp>,
    pub before: Option<PreviousState>,
    /// CloudWatch's own words for the change.
    pub reason: Option<OneLine>,
    pub threshold: Option<Datapoint>,
    /// The last values, oldest first; a gap where CloudWatch has none.
    pub recent: Vec<Option<Datapoint>>,
    /// Over how many seconds each value is taken.
    pub period: Option<u32>,
    /// The alarm's page in the CloudWatch console.
    pub link: Option<Url>,
}

/// What an alarm looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Monitored {
    /// One metric, by its namespace and name.
    Metric(Option<OneLine>),
    /// Metric math, or a query, by its label.
    Math(Option<OneLine>),
    /// Other alarms, by a rule.
    Composite(OneLine),
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Ok,
    Alarm,
    InsufficientData,
    /// A word that CloudWatch did not have yet, or none at all.
    Other(Option<OneLine>),
}

/// What an alarm was before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousState {
    pub state: State,
    pub since: Option<Timestamp>,
}

/// An alarm of the stack itself, which people get plain words for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackAlarm {
    NoOrders,
    Cancellations,
    RejectedWebhooks,
    SlackRefuses,
    QueueAge,
    DeadLetters,
    Errors,
    Throttles,
}

impl Alarm {
    /// Whether it is an alarm of this account and region.
    pub fn is_of(&self, account: &str, region: &str) -> bool {
        let is =
            |line: &Option<OneLine>, text| line.as_ref().is_some_and(|line| line.as_str() == text);
        is(&self.account, account) && is(&self.region, region)
    }

    /// What names this change of state, the same at every delivery; `None` for one without a time,
    /// which nothing tells from the next.
    ///
    /// The name is among it because a very long ARN is cut before its end.
    pub fn key(&self) -> Option<[String; 4]> {
        let (arn, name) = (self.arn.to_string(), self.name.to_string());
        Some([arn, name, self.state.name().to_owned(), self.since?.to_string()])
    }

    /// Which alarm of the stack itself it is, by the end of its name.
    pub fn own(&self) -> Option<StackAlarm> {
        let own = [
            ("-no-orders", StackAlarm::NoOrders),
            ("-cancellations", StackAlarm::Cancellations),
            ("-rejected-webhooks", StackAlarm::RejectedWebhooks),
            ("-slack-refuses", StackAlarm::SlackRefuses),
            ("-queue-age", StackAlarm::QueueAge),
            ("-dead-letters", StackAlarm::DeadLetters),
            ("-errors", StackAlarm::Errors),
            ("-throttles", StackAlarm::Throttles),
        ];
        let found = own.into_iter().find(|(end, _)| self.name.as_str().ends_with(end));
        found.map(|(_, own)| own)
    }

    /// Whether anybody should hear of it. An alarm of the stack itself that has its first values is
    /// well without ever having been raised.
    pub fn is_news(&self) -> bool {
        self.own().is_none() || self.state != State::Ok || self.has_recovered()
    }

    /// Whether all is well again, which it is not before something was wrong.
    pub fn has_recovered(&self) -> bool {
        let was_alarm = self.before.as_ref().is_some_and(|before| before.state == State::Alarm);
        self.state == State::Ok && was_alarm
    }

    /// How long the state before lasted, where that is a time worth telling.
    pub fn lasted(&self) -> Option<SignedDuration> {
        let lasted = self.since?.duration_since(self.before.as_ref()?.since?);
        (lasted.as_secs() > 0).then_some(lasted)
    }

    /// The newest value that there is.
    pub fn last(&self) -> Option<Datapoint> {
        self.recent.iter().rev().copied().flatten().next()
    }
}

impl State {
    /// CloudWatch's word for it.
    pub fn name(&self) -> &str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
            Self::Other(Some(name)) => name.as_str(),
            Self::Other(None) => "",
        }
    }
}
