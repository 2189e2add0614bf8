//! A batch of queue messages as Lambda delivers it, and the response to it.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>. Each message is decoded alone: one
//! that cannot be decoded must not fail the others.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A received message, hidden from other receivers for the visibility timeout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub id: String,
    /// Deletes the message, or changes its visibility timeout.
    pub receipt_handle: String,
    pub body: String,
    /// How often it was received, this time included.
    pub receive_count: u32,
}

/// The messages of one queue.
#[derive(Debug, PartialEq, Eq)]
pub struct Batch {
    /// The queue's ARN; none when there are no records.
    pub queue_arn: Option<String>,
    pub records: Vec<Record>,
}

/// A batch that cannot be handled. Lambda then retries all of it.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    #[error("the batch cannot be read")]
    Unreadable(#[source] serde_json::Error),
    #[error("the batch mixes queues")]
    Mixed,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "Records")]
    records: Vec<WireRecord>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRecord {
    message_id: String,
    receipt_handle: String,
    body: String,
    #[serde(default)]
    attributes: Value,
    #[serde(rename = "eventSourceARN")]
    queue_arn: String,
}

/// A count that cannot be read is that of the first time: the message matters more.
fn receive_count(attributes: &Value) -> u32 {
    let count = &attributes["ApproximateReceiveCount"];
    let number = count.as_u64().and_then(|count| u32::try_from(count).ok());
    number.or_else(|| count.as_str()?.parse().ok()).unwrap_or(1)
}

impl Batch {
    /// Reads a Lambda event that is known to come from SQS.
    pub fn parse(event: &str) -> Result<Self, BatchError> {
        let wire: Wire = serde_json::from_str(event).map_err(BatchError::Unreadable)?;
        let queue_arn = wire.records.first().map(|record| record.queue_arn.clone());
        if wire.records.iter().any(|record| Some(&record.queue_arn) != queue_arn.as_ref()) {
            return Err(BatchError::Mixed);
        }
        let records = wire.records.into_iter().map(|record| Record {
            id: record.message_id,
            receipt_handle: record.receipt_handle,
            body: record.body,
            receive_count: receive_count(&record.attributes),
        });
        Ok(Self { records: records.collect(), queue_arn })
    }
}

/// Which messages Lambda must not delete:
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting>.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    pub batch_item_failures: Vec<BatchItemFailure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// The message's id.
    pub item_identifier: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_read_record_by_record() {
        let event = r#"{"Records":[{"messageId":"m1","receiptHandle":"r1","body":"anything",
            "attributes":{"ApproximateReceiveCount":"3","SentTimestamp":"1"},"messageAttributes":{},
            "md5OfBody":"","eventSource":"aws:sqs","awsRegion":"us-east-1",
            "eventSourceARN":"arn:aws:sqs:us-east-1:123456789012:orders"}]}"#;
        let batch = Batch::parse(event).unwrap();
        assert_eq!(batch.queue_arn.as_deref(), Some("arn:aws:sqs:us-east-1:123456789012:orders"));
        let record = Record {
            id: "m1".to_owned(),
            receipt_handle: "r1".to_owned(),
            body: "anything".to_owned(),
            receive_count: 3,
        };
        assert_eq!(batch.records, [record]);
    }

    #[test]
    fn a_message_whose_attributes_are_odd_is_read_as_received_once() {
        let count = |attributes: &str| {
            let record = format!(
                r#"{{"messageId":"m","receiptHandle":"r","body":"","eventSourceARN":"a","attributes":{attributes}}}"#
            );
            let batch = Batch::parse(&format!(r#"{{"Records":[{record}]}}"#)).unwrap();
            batch.records[0].receive_count
        };
        assert_eq!(count(r#"{"ApproximateReceiveCount":"7"}"#), 7);
        assert_eq!(count(r#"{"ApproximateReceiveCount":7}"#), 7);
        let odd = [
            "null",
            "{}",
            "[]",
            r#""7""#,
            r#"{"ApproximateReceiveCount":null}"#,
            r#"{"ApproximateReceiveCount":-7}"#,
            r#"{"ApproximateReceiveCount":"many"}"#,
        ];
        for attributes in odd {
            assert_eq!(count(attributes), 1, "{attributes}");
        }
    }

    #[test]
    fn an_empty_batch_is_a_batch() {
        let nothing = Batch { queue_arn: None, records: Vec::new() };
        assert_eq!(Batch::parse(r#"{"Records":[]}"#).unwrap(), nothing);
    }

    #[test]
    fn a_record_without_its_id_fails_the_batch() {
        let event = r#"{"Records":[{"receiptHandle":"r1","body":"","eventSourceARN":"arn:x"}]}"#;
        assert_eq!(Batch::parse(event).unwrap_err().to_string(), "the batch cannot be read");
    }

    #[test]
    fn records_of_two_queues_are_no_batch() {
        let record = |arn| {
            format!(r#"{{"messageId":"m","receiptHandle":"r","body":"","eventSourceARN":"{arn}"}}"#)
        };
        let event = format!(r#"{{"Records":[{},{}]}}"#, record("arn:1"), record("arn:2"));
        assert_eq!(Batch::parse(&event).unwrap_err().to_string(), "the batch mixes queues");
    }

    #[test]
    fn the_response_has_the_shape_that_lambda_reads() {
        let failed = BatchItemFailure { item_identifier: "m1".to_owned() };
        let answer = BatchResponse { batch_item_failures: vec![failed] };
        let json = r#"{"batchItemFailures":[{"itemIdentifier":"m1"}]}"#;
        assert_eq!(serde_json::to_string(&answer).unwrap(), json);
        let nothing = serde_json::to_string(&BatchResponse::default()).unwrap();
        assert_eq!(nothing, r#"{"batchItemFailures":[]}"#);
    }
}
