//! A CloudWatch alarm that changed its state: all that Slack may show of it, and nothing else.
//!
//! An alarm is delivered even if its event is unusual: a field that cannot be read is absent, and the
//! others are shown.

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
    /// The account and the region of the ARN, or those of the event if the ARN cannot be read.
    pub account: Option<OneLine>,
    pub region: Option<OneLine>,
    pub name: OneLine,
    pub description: Option<OneLine>,
    /// Messages in the queue have this field's former name.
    #[serde(rename = "watch")]
    pub monitored: Monitored,
    pub state: State,
    /// When the state began.
    pub since: Option<Timestamp>,
    /// Messages in the queue have this field's former name.
    #[serde(rename = "before")]
    pub previous: Option<PreviousState>,
    /// CloudWatch's explanation of the change.
    pub reason: Option<OneLine>,
    pub threshold: Option<Datapoint>,
    /// The last datapoints, oldest first; `None` where CloudWatch has none.
    pub recent: Vec<Option<Datapoint>>,
    /// How many seconds each datapoint stands for.
    pub period: Option<u32>,
    /// The alarm's page in the CloudWatch console.
    pub link: Option<Url>,
    /// Of an alarm that monitors many time series, the one that changed its state. Messages that were
    /// queued by an earlier version have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contributor: Option<Contributor>,
}

/// One time series of an alarm that monitors many, such as that of one table:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AlarmContributor.html>.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contributor {
    /// CloudWatch's id of it, or its attributes if the event has no id.
    pub id: OneLine,
    /// Its dimensions, such as `TableName: orders`.
    pub attributes: Option<OneLine>,
}

/// What an alarm monitors.
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

/// An alarm's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Ok,
    Alarm,
    InsufficientData,
    /// A state that this code does not know, or none at all.
    Other(Option<OneLine>),
}

/// The state before the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousState {
    pub state: State,
    pub since: Option<Timestamp>,
}

/// An alarm that the stack itself creates. Its messages are in plain words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackAlarm {
    NoOrders,
    Cancellations,
    RejectedWebhooks,
    TooManyRequests,
    SlackRefuses,
    QueueAge,
    DeadLetters,
    Ledger,
    Errors,
    Throttles,
    UnreadableRules,
}

impl Alarm {
    /// Whether it is an alarm of this account and region.
    pub fn is_of(&self, account: &str, region: &str) -> bool {
        let is =
            |line: &Option<OneLine>, text| line.as_ref().is_some_and(|line| line.as_str() == text);
        is(&self.account, account) && is(&self.region, region)
    }

    /// Identifies this change of state, the same at every delivery of its event. `None` without a
    /// time, as it would then be that of other changes too.
    ///
    /// The name is a part of it because a very long ARN is cut before its end. So is the contributor,
    /// because several may change their state in the same second.
    pub fn key(&self) -> Option<Vec<String>> {
        let (arn, name) = (self.arn.to_string(), self.name.to_string());
        let mut key = vec![arn, name, self.state.name().to_owned(), self.since?.to_string()];
        key.extend(self.contributor.as_ref().map(|contributor| contributor.id.to_string()));
        Some(key)
    }

    /// Which of the stack's own alarms it is, by the end of its name.
    pub fn stack_alarm(&self) -> Option<StackAlarm> {
        let endings = [
            ("-no-orders", StackAlarm::NoOrders),
            ("-cancellations", StackAlarm::Cancellations),
            ("-rejected-webhooks", StackAlarm::RejectedWebhooks),
            ("-too-many-requests", StackAlarm::TooManyRequests),
            ("-slack-refuses", StackAlarm::SlackRefuses),
            ("-queue-age", StackAlarm::QueueAge),
            ("-dead-letters", StackAlarm::DeadLetters),
            ("-ledger", StackAlarm::Ledger),
            ("-errors", StackAlarm::Errors),
            ("-throttles", StackAlarm::Throttles),
            ("-unreadable-rules", StackAlarm::UnreadableRules),
        ];
        let found = endings.into_iter().find(|(end, _)| self.name.as_str().ends_with(end));
        found.map(|(_, stack_alarm)| stack_alarm)
    }

    /// Whether the channel is notified. A stack's own alarm becomes OK with its first datapoints after
    /// a deployment; that is no recovery, and is ignored.
    pub fn should_notify(&self) -> bool {
        self.stack_alarm().is_none() || self.state != State::Ok || self.has_recovered()
    }

    /// Whether the alarm went from ALARM to OK.
    pub fn has_recovered(&self) -> bool {
        let was_alarm =
            self.previous.as_ref().is_some_and(|previous| previous.state == State::Alarm);
        self.state == State::Ok && was_alarm
    }

    /// How long the previous state lasted, if that is at least a second.
    pub fn lasted(&self) -> Option<SignedDuration> {
        let lasted = self.since?.duration_since(self.previous.as_ref()?.since?);
        (lasted.as_secs() > 0).then_some(lasted)
    }

    /// The newest datapoint.
    pub fn last(&self) -> Option<Datapoint> {
        self.recent.iter().rev().copied().flatten().next()
    }
}

impl State {
    /// CloudWatch's name for it.
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
