//! One batch of messages on its way through the function.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::aws::REGION;
use crate::event_source::response::{Verdict, verdict};
use crate::runtime_api::Outcome;
use crate::sqs::{FakeSqs, Queue, Queues, Received, system_attributes};

/// Messages in flight for one invocation.
///
/// Without [`Batch::acknowledge`] they become visible again as after an invocation that failed.
#[derive(Debug)]
pub struct Batch {
    queues: Arc<Queues>,
    messages: Vec<Received>,
}

impl FakeSqs {
    /// Receives messages as an event source mapping does; `None` if none is visible.
    pub fn batch(&self, most: usize) -> Option<Batch> {
        let queues = self.queues();
        let messages = queues.receive_now(Queue::Main, most, queues.visibility_timeout());
        Batch::new(queues, messages)
    }
}

impl Batch {
    pub(super) fn new(queues: Arc<Queues>, messages: Vec<Received>) -> Option<Self> {
        (!messages.is_empty()).then_some(Self { queues, messages })
    }

    /// The event of the invocation.
    pub fn event(&self) -> Value {
        json!({"Records": self.messages.iter().map(record).collect::<Vec<_>>()})
    }

    pub fn message_ids(&self) -> Vec<String> {
        self.messages.iter().map(|message| message.id.clone()).collect()
    }

    /// Deletes what was handled and returns the ids of what was not.
    ///
    /// The function reports batch item failures. Those messages stay in flight until
    /// their visibility timeout ends.
    pub fn acknowledge(self, outcome: &Outcome) -> Vec<String> {
        let failed = match verdict(outcome, &self.message_ids()) {
            Verdict::Failed => self.message_ids(),
            Verdict::AllBut(failed) => failed,
        };
        for message in self.messages.iter().filter(|message| !failed.contains(&message.id)) {
            self.queues.delete(Queue::Main, &message.receipt);
        }
        failed
    }
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
fn record(message: &Received) -> Value {
    json!({
        "messageId": message.id,
        "receiptHandle": message.receipt.handle(Queue::Main),
        "body": message.body,
        "attributes": system_attributes(message),
        "messageAttributes": message_attributes(&message.attributes),
        // The function does not read it, but the event has it.
        "md5OfBody": "d41d8cd98f00b204e9800998ecf8427e",
        "eventSource": "aws:sqs",
        "eventSourceARN": Queue::Main.arn(),
        "awsRegion": REGION,
    })
}

/// In Lambda's words, which begin with small letters; its lists are always empty.
fn message_attributes(attributes: &Map<String, Value>) -> Map<String, Value> {
    let rename = |(name, attribute): (&String, &Value)| {
        let mut renamed = json!({"stringListValues": [], "binaryListValues": []});
        for (from, to) in [
            ("StringValue", "stringValue"),
            ("BinaryValue", "binaryValue"),
            ("DataType", "dataType"),
        ] {
            if let Some(value) = attribute.get(from) {
                renamed[to] = value.clone();
            }
        }
        (name.clone(), renamed)
    };
    attributes.iter().map(rename).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(ids: &[&String]) -> Outcome {
        let failures: Vec<_> = ids.iter().map(|id| json!({"itemIdentifier": id})).collect();
        Outcome::Answered(json!({"batchItemFailures": failures}))
    }

    #[tokio::test]
    async fn an_event_looks_as_lambda_documents_it() {
        let sqs = FakeSqs::start().await;
        let id = sqs.send("Test message.");
        let event = sqs.batch(10).unwrap().event();
        let record = &event["Records"][0];
        assert_eq!(record["messageId"], json!(id));
        assert_eq!(record["body"], "Test message.");
        assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
        assert_eq!(record["messageAttributes"], json!({}));
        assert_eq!(record["eventSource"], "aws:sqs");
        assert_eq!(record["eventSourceARN"], "arn:aws:sqs:eu-central-1:123456789012:order-alerts");
        let sent = record["attributes"]["SentTimestamp"].as_str().unwrap();
        assert!(sent.parse::<u64>().unwrap() > 1_700_000_000_000, "{sent}");
    }

    #[tokio::test]
    async fn a_batch_with_outdated_receipts_deletes_nothing() {
        let sqs = FakeSqs::start().await;
        let id = sqs.send("1");
        let outdated = sqs.batch(10).unwrap();
        sqs.deliver_again(&id);
        let duplicate = sqs.batch(10).unwrap();
        assert_eq!(duplicate.event()["Records"][0]["attributes"]["ApproximateReceiveCount"], "2");
        outdated.acknowledge(&failures(&[]));
        assert_eq!(sqs.messages().len(), 1);
        duplicate.acknowledge(&failures(&[]));
        assert_eq!(sqs.messages(), []);
    }
}
