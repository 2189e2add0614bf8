//! What a Lambda event is, decided by its markers.
//!
//! Never by trying one struct after another: most fields of most events are optional, so that an
//! event of one service parses as an empty event of another.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::alarm::{Alarm, AlarmError};
use crate::infra::tick;
use crate::queue::batch::{Batch, BatchError};
use crate::webhook::request::{Body, Headers, Request};

/// The events that the function serves.
#[derive(Debug)]
pub enum Invocation {
    /// An HTTP API or Function URL request.
    Webhook(Request),
    /// Messages of an SQS queue.
    Batch(Batch),
    /// A CloudWatch alarm that changed its state.
    Alarm(Box<Alarm>),
    /// The schedule's, once a minute.
    Tick,
}

/// An event that the function does not serve. Lambda then counts the invocation as failed, so that
/// nothing is taken for done.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    #[error(
        "the request came in payload format 1.0: set the payload format version of the HTTP API's integration to 2.0; \
         a REST API has only 1.0, so put an HTTP API in its place"
    )]
    PayloadFormat1,
    #[error("the request came from a load balancer, which is not supported: use an HTTP API")]
    LoadBalancer,
    #[error("the HTTP API event has no `{0}`")]
    Incomplete(&'static str),
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error("the messages are not of the queue that QUEUE_URL names")]
    OtherQueue,
    #[error(transparent)]
    Alarm(#[from] AlarmError),
    #[error("the alarm's event does not say of which account and region it is")]
    AlarmOfNoAccount,
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

/// The keys by which events differ, of which only the presence is looked at, and those of a request, so
/// that a webhook is read in one pass.
///
/// A request is the event of an HTTP API with payload format 2.0, which a Function URL sends as well:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>.
/// `lambda_http`'s own type refuses the whole event for one header value outside ASCII, which any
/// sender can send. Such a request is answered like every other that is not verified.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Event {
    request_context: Option<Context>,
    http_method: Option<IgnoredAny>,
    #[serde(rename = "Records")]
    records: Option<Vec<RecordMarkers>>,
    source: Option<Value>,
    #[serde(rename = "detail-type")]
    detail_type: Option<Value>,
    alarm_arn: Option<IgnoredAny>,
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    headers: Option<Headers>,
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Context {
    http: Option<Http>,
    elb: Option<IgnoredAny>,
    /// Milliseconds since 1970.
    time_epoch: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Http {
    method: Option<String>,
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
        let keys: Event = serde_json::from_str(event).map_err(|_| InvocationError::Unknown)?;
        if let Some(records) = keys.records {
            let is_sqs = |record: &RecordMarkers| record.event_source.as_deref() == Some("aws:sqs");
            if !records.iter().all(is_sqs) {
                return Err(InvocationError::Unknown);
            }
            return Ok(Self::Batch(Batch::parse(event)?));
        }
        if keys.alarm_arn.is_some() && keys.source == Some(ALARMS.into()) {
            return Ok(Self::Alarm(Box::new(Alarm::parse(event)?)));
        }
        if tick::is_of(keys.source.as_ref(), keys.detail_type.as_ref()) {
            return Ok(Self::Tick);
        }
        match keys.request_context {
            Some(Context { http: Some(Http { method }), time_epoch, .. }) => {
                let arrived_at = time_epoch.and_then(|time| Timestamp::from_millisecond(time).ok());
                let method = method.ok_or(InvocationError::Incomplete("method"))?;
                let path = keys.raw_path.ok_or(InvocationError::Incomplete("rawPath"))?;
                let query = keys.raw_query_string.unwrap_or_default();
                Ok(Self::Webhook(Request {
                    method,
                    headers: keys.headers.unwrap_or_default().with_request_line(&path, &query),
                    path,
                    body: Body::decode(keys.body.unwrap_or_default(), keys.is_base64_encoded),
                    arrived_at,
                }))
            }
            Some(Context { elb: Some(_), .. }) => Err(InvocationError::LoadBalancer),
            Some(_) if keys.http_method.is_some() => Err(InvocationError::PayloadFormat1),
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
        let advice = refusal(payload_1);
        assert!(advice.contains("set the payload format version"), "{advice}");
        assert!(advice.contains("put an HTTP API in its place"), "{advice}");
        let balancer = r#"{"httpMethod":"POST","requestContext":{"elb":{}}}"#;
        assert!(refusal(balancer).contains("load balancer"));
    }

    #[test]
    fn an_http_event_without_its_path_or_method_is_an_error() {
        let no_path = r#"{"requestContext":{"http":{"method":"POST"}}}"#;
        assert_eq!(refusal(no_path), "the HTTP API event has no `rawPath`");
        let no_method = r#"{"requestContext":{"http":{}},"rawPath":"/webhook"}"#;
        assert_eq!(refusal(no_method), "the HTTP API event has no `method`");
    }

    #[test]
    fn an_event_without_body_and_headers_is_a_request() {
        let event = r#"{"rawPath":"/health","requestContext":{"http":{"method":"GET"}}}"#;
        let Invocation::Webhook(request) = Invocation::parse(event).unwrap() else {
            panic!("it is no webhook");
        };
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/health"));
        assert_eq!(request.body, Body::default());
    }
}
