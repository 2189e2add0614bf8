//! What a Lambda event is, decided by its markers.
//!
//! Never by trying one struct after another: most fields of most events are optional, so that an
//! event of one service parses as an empty event of another.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::alarm::{Alarm, AlarmError};
use crate::queue::batch::{Batch, BatchError};
use crate::webhook::request::Request;

/// The events that the function serves.
#[derive(Debug)]
pub enum Invocation {
    /// An HTTP API or Function URL request.
    Webhook(Request),
    /// Messages of an SQS queue.
    Batch(Batch),
    /// A CloudWatch alarm that changed its state.
    Alarm(Box<Alarm>),
}

/// An event that the function does not serve. Lambda then counts the invocation as failed, so that
/// nothing is taken for done.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    #[error(
        "the request came in payload format 1.0: set the integration's payload format version to 2.0"
    )]
    PayloadFormat1,
    #[error("the request came from a load balancer, which is not supported: use an HTTP API")]
    LoadBalancer,
    #[error("the HTTP API event cannot be read")]
    Request(#[source] serde_json::Error),
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error("the messages are not of the queue that QUEUE_URL names")]
    OtherQueue,
    #[error(transparent)]
    Alarm(#[from] AlarmError),
    #[error("the alarm cannot be stored")]
    AlarmNotStored,
    #[error("the alarm cannot be posted now")]
    AlarmNotPosted,
    #[error("the event is of no known kind")]
    Unknown,
}

/// What CloudWatch calls itself:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html>.
const ALARMS: &str = "aws.cloudwatch";

/// The few keys by which events differ; only their presence is looked at.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Markers {
    request_context: Option<ContextMarkers>,
    http_method: Option<IgnoredAny>,
    #[serde(rename = "Records")]
    records: Option<Vec<RecordMarkers>>,
    source: Option<Value>,
    alarm_arn: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContextMarkers {
    http: Option<IgnoredAny>,
    elb: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RecordMarkers {
    event_source: Option<String>,
}

impl Invocation {
    /// Decides the kind of `event`, which is JSON, and reads it.
    pub fn parse(event: &str) -> Result<Self, InvocationError> {
        // An array would fill the struct's fields one by one.
        if !event.trim_start().starts_with('{') {
            return Err(InvocationError::Unknown);
        }
        let markers: Markers = serde_json::from_str(event).map_err(|_| InvocationError::Unknown)?;
        if let Some(records) = markers.records {
            let is_sqs = |record: &RecordMarkers| record.event_source.as_deref() == Some("aws:sqs");
            if !records.iter().all(is_sqs) {
                return Err(InvocationError::Unknown);
            }
            return Ok(Self::Batch(Batch::parse(event)?));
        }
        if markers.alarm_arn.is_some() && markers.source == Some(ALARMS.into()) {
            return Ok(Self::Alarm(Box::new(Alarm::parse(event)?)));
        }
        match markers.request_context {
            Some(ContextMarkers { http: Some(_), .. }) => {
                Request::parse(event).map(Self::Webhook).map_err(InvocationError::Request)
            }
            Some(ContextMarkers { elb: Some(_), .. }) => Err(InvocationError::LoadBalancer),
            Some(_) if markers.http_method.is_some() => Err(InvocationError::PayloadFormat1),
            _ => Err(InvocationError::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refusal(event: &str) -> String {
        Invocation::parse(event).unwrap_err().to_string()
    }

    #[test]
    fn a_payload_2_event_is_a_webhook() {
        let event = r#"{"requestContext":{"http":{"method":"POST"}},"rawPath":"/webhook"}"#;
        let Invocation::Webhook(request) = Invocation::parse(event).unwrap() else {
            panic!("it is no webhook");
        };
        assert_eq!(request.path, "/webhook");
    }

    #[test]
    fn events_of_other_kinds_are_errors() {
        let others = [
            "{}",
            "null",
            "[]",
            "1",
            r#"[{"http":{"method":"POST"}}]"#,
            r#"{"Records":{}}"#,
            r#"{"Records":[{}]}"#,
            r#"{"Records":[{"eventSource":"aws:s3","s3":{}}]}"#,
            r#"{"Records":[{"EventSource":"aws:sns","Sns":{}}]}"#,
            r#"{"source":"aws.events","alarmArn":"arn:aws:cloudwatch:…"}"#,
            r#"{"source":"aws.cloudwatch","detail-type":"CloudWatch Alarm State Change"}"#,
        ];
        for event in others {
            assert_eq!(refusal(event), "the event is of no known kind", "{event}");
        }
    }

    #[test]
    fn other_http_shapes_say_what_to_change() {
        let payload_1 = r#"{"httpMethod":"POST","path":"/webhook","requestContext":{}}"#;
        assert!(refusal(payload_1).contains("set the integration's payload format version to 2.0"));
        let balancer = r#"{"httpMethod":"POST","requestContext":{"elb":{}}}"#;
        assert!(refusal(balancer).contains("load balancer"));
    }

    #[test]
    fn an_http_event_without_its_path_is_an_error() {
        let event = r#"{"requestContext":{"http":{"method":"POST"}}}"#;
        assert_eq!(refusal(event), "the HTTP API event cannot be read");
    }
}
