//! How each service words requests and refusals.

use serde_json::{Value, json};

use crate::aws::{AwsError, REGION};
use crate::server::{Reply, Request, header};

pub(super) const CONTENT_TYPE: (&str, &str) = ("content-type", "application/x-amz-json-1.0");

#[derive(Clone, Copy, Debug)]
pub(crate) enum Service {
    Sqs,
    DynamoDb,
}

impl Service {
    /// The operation that a well-formed request names, and its JSON.
    pub(super) fn read(self, request: &Request) -> Result<(String, Value), AwsError> {
        let signature = header(request, "authorization");
        let is_signed = signature.starts_with("AWS4-HMAC-SHA256 Credential=")
            && signature.contains(&format!("/{REGION}/{}/aws4_request", self.signing_name()))
            && signature.contains("Signature=");
        if !is_signed {
            return Err(AwsError::new(
                "MissingAuthenticationToken",
                "Missing Authentication Token",
            )
            .with_status(403));
        }
        if request.method() != "POST" || header(request, "content-type") != CONTENT_TYPE.1 {
            return Err(AwsError::new("SerializationException", "not an AWS JSON 1.0 request"));
        }
        let target = header(request, "x-amz-target").strip_prefix(self.target_prefix());
        let Some(operation) = target else {
            return Err(AwsError::new("UnknownOperationException", "no operation of this service"));
        };
        match serde_json::from_slice(request.body()) {
            Ok(call @ Value::Object(_)) => Ok((operation.to_owned(), call)),
            Ok(_) | Err(_) => Err(AwsError::new("SerializationException", "not a JSON object")),
        }
    }

    pub(super) fn refuse(self, error: AwsError) -> Reply {
        let AwsError { kind, message, status, mut details } = error;
        details.insert("__type".to_owned(), json!(format!("{}#{kind}", self.namespace())));
        details.insert("message".to_owned(), json!(message));
        let body = Value::Object(details).to_string();
        match self {
            Self::DynamoDb => Reply::new(status, &[CONTENT_TYPE], body),
            Self::Sqs => {
                // The SDK knows the errors of SQS by the codes of its older query protocol.
                let fault = if status < 500 { "Sender" } else { "Receiver" };
                let code = format!("{};{fault}", query_code(&kind));
                Reply::new(status, &[CONTENT_TYPE, ("x-amzn-query-error", &code)], body)
            }
        }
    }

    fn signing_name(self) -> &'static str {
        match self {
            Self::Sqs => "sqs",
            Self::DynamoDb => "dynamodb",
        }
    }

    fn target_prefix(self) -> &'static str {
        match self {
            Self::Sqs => "AmazonSQS.",
            Self::DynamoDb => "DynamoDB_20120810.",
        }
    }

    fn namespace(self) -> &'static str {
        match self {
            Self::Sqs => "com.amazonaws.sqs",
            Self::DynamoDb => "com.amazonaws.dynamodb.v20120810",
        }
    }
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html>
pub(super) fn query_code(kind: &str) -> String {
    match kind {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue".to_owned(),
        "BatchEntryIdsNotDistinct"
        | "EmptyBatchRequest"
        | "InvalidBatchEntryId"
        | "MessageNotInflight"
        | "TooManyEntriesInBatchRequest"
        | "UnsupportedOperation" => format!("AWS.SimpleQueueService.{kind}"),
        other => other.to_owned(),
    }
}
