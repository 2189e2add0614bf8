//! The event with which CloudWatch invokes a function, read field by field.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html>
//! shows it for a metric alarm and for a composite alarm. Metric math has an `expression` in place of
//! the `metricStat`. `reasonData` is optional, and is JSON inside a string.

use jiff::Timestamp;

use crate::alarm::arn::Arn;
use crate::alarm::{Alarm, Contributor, Datapoint, Monitored, PreviousState, State};
use crate::json::{JsonObject, Pointer, Value};
use crate::order::one_line::OneLine;

/// How many of the last datapoints are kept: enough to draw, and small in the queue.
const MAX_DATAPOINTS: usize = 20;

/// An event that names no alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AlarmError {
    #[error("the alarm's event is not a JSON object")]
    Unreadable,
    #[error("the alarm's event has no alarmArn")]
    NoArn,
}

impl Alarm {
    /// Reads CloudWatch's event; `event` is JSON.
    pub fn parse(event: &str) -> Result<Self, AlarmError> {
        let event = Object::parse(event).ok_or(AlarmError::Unreadable)?;
        let raw_arn = event.text("/alarmArn").ok_or(AlarmError::NoArn)?;
        let line = OneLine::parse(&raw_arn).ok_or(AlarmError::NoArn)?;
        let arn = Arn::parse(&raw_arn);
        let reason_data = event.text("/alarmData/state/reasonData");
        let reason_data = reason_data.as_deref().and_then(Object::parse);
        let measured = |place| reason_data.as_ref()?.text(place);
        Ok(Self {
            account: arn
                .and_then(|arn| OneLine::parse(arn.account))
                .or_else(|| event.line("/accountId")),
            region: arn
                .and_then(|arn| OneLine::parse(arn.region))
                .or_else(|| event.line("/region")),
            name: event
                .line("/alarmData/alarmName")
                .or_else(|| OneLine::parse(arn?.name))
                .unwrap_or_else(|| line.clone()),
            description: event.line("/alarmData/configuration/description"),
            monitored: event.monitored(arn),
            state: event.state("/alarmData/state"),
            since: event.time("/alarmData/state/timestamp").or_else(|| event.time("/time")),
            previous: event.at("/alarmData/previousState").map(|_| PreviousState {
                state: event.state("/alarmData/previousState"),
                since: event.time("/alarmData/previousState/timestamp"),
            }),
            reason: event.line_about("/alarmData/state/reason", arn),
            threshold: measured("/threshold").and_then(|text| Datapoint::parse(&text)),
            recent: reason_data.as_ref().map(Object::recent).unwrap_or_default(),
            period: measured("/period")
                .or_else(|| event.period())
                .and_then(|seconds| seconds.parse().ok()),
            link: arn.and_then(|arn| arn.console()),
            contributor: event.contributor(),
            arn: line,
        })
    }
}

/// A JSON object in which an unreadable field counts as absent.
struct Object<'a>(JsonObject<'a>);

impl<'a> Object<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        JsonObject::parse(text.as_bytes()).ok().map(Self)
    }

    fn at(&self, place: &str) -> Option<Value<'a>> {
        self.0.at(&pointer(place)).ok()?
    }

    fn text(&self, place: &str) -> Option<String> {
        self.at(place)?.text().ok()?
    }

    fn text_inside(&self, value: Value<'a>, place: &str) -> Option<String> {
        self.0.inside(value, &pointer(place)).ok()??.text().ok()?
    }

    fn line(&self, place: &str) -> Option<OneLine> {
        OneLine::parse(&self.text(place)?)
    }

    /// A text that may name other alarms by their ARNs. They are cut down to the alarms' names: the
    /// text is shorter, and shows no account.
    fn line_about(&self, place: &str, arn: Option<Arn<'_>>) -> Option<OneLine> {
        let text = self.text(place)?;
        let text = arn.map_or_else(|| text.clone(), |arn| text.replace(&arn.prefix(), ""));
        OneLine::parse(&text)
    }

    fn elements(&self, place: &str) -> Vec<Value<'a>> {
        self.at(place).and_then(|value| value.elements().ok()?).unwrap_or_default()
    }

    fn time(&self, place: &str) -> Option<Timestamp> {
        time(&self.text(place)?)
    }

    fn state(&self, place: &str) -> State {
        let name = self.line(&format!("{place}/value"));
        match name.as_ref().map(OneLine::as_str) {
            Some("OK") => State::Ok,
            Some("ALARM") => State::Alarm,
            Some("INSUFFICIENT_DATA") => State::InsufficientData,
            _ => State::Other(name),
        }
    }

    fn metrics(&self) -> Vec<Value<'a>> {
        self.elements("/alarmData/configuration/metrics")
    }

    /// The metric or the expression that the alarm monitors: the others are its inputs.
    fn metric(&self) -> Option<Value<'a>> {
        let metrics = self.metrics();
        let is_returned = |metric: &Value<'a>| {
            self.text_inside(*metric, "/returnData").as_deref() == Some("true")
        };
        let returned = metrics.iter().copied().find(is_returned);
        returned.or_else(|| metrics.first().copied())
    }

    /// An expression without a period has that of its inputs.
    fn period(&self) -> Option<String> {
        let period = |metric| {
            let of_metric = self.text_inside(metric, "/metricStat/period");
            of_metric.or_else(|| self.text_inside(metric, "/period"))
        };
        self.metric().into_iter().chain(self.metrics()).find_map(period)
    }

    fn monitored(&self, arn: Option<Arn<'_>>) -> Monitored {
        if let Some(rule) = self.line_about("/alarmData/configuration/alarmRule", arn) {
            return Monitored::Composite(rule);
        }
        let Some(metric) = self.metric() else {
            return Monitored::Unknown;
        };
        let text = |place| self.text_inside(metric, place);
        if let Some(expression) = text("/expression") {
            return Monitored::Math(OneLine::parse(&text("/label").unwrap_or(expression)));
        }
        let names = ["/metricStat/metric/namespace", "/metricStat/metric/name"];
        let names: Vec<_> = names.into_iter().filter_map(text).collect();
        Monitored::Metric(OneLine::parse(&names.join(" ")))
    }

    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>
    fn contributor(&self) -> Option<Contributor> {
        let attributes = self.at("/alarmData/alarmContributor/attributes");
        let attributes = attributes.and_then(|value| value.members().ok()?).unwrap_or_default();
        let attributes = attributes.into_iter().filter_map(|(name, value)| {
            let value = value.text().ok()??;
            Some(format!("{name}: {value}"))
        });
        let attributes = OneLine::parse(&attributes.collect::<Vec<_>>().join(", "));
        let id = self.line("/alarmData/alarmContributor/id").or_else(|| attributes.clone())?;
        Some(Contributor { id, attributes })
    }

    /// The last datapoints in `reasonData`, oldest first.
    fn recent(&self) -> Vec<Option<Datapoint>> {
        let all = self.elements("/recentDatapoints");
        let recent = &all[all.len().saturating_sub(MAX_DATAPOINTS)..];
        let datapoint = |value: &Value<'_>| Datapoint::parse(&value.text().ok()??);
        recent.iter().map(datapoint).collect()
    }
}

fn pointer(place: &str) -> Pointer {
    Pointer::parse(place).expect("a place begins with a slash")
}

/// Reads `2026-01-01T00:00:00.000+0000`, as CloudWatch writes a time, and any other RFC 3339 time.
/// The samples in AWS's documentation have blanks inside.
fn time(text: &str) -> Option<Timestamp> {
    let without_blanks = || text.split_whitespace().collect::<String>();
    text.trim().parse().or_else(|_| without_blanks().parse()).ok()
}
