//! A call of an AWS service, and whether it failed.

use std::collections::BTreeSet;
use std::time::Duration;

use lambda_http::http::Request;
use serde_json::Value;

use crate::senders::POISONOUS;

/// One try of a request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) invocation: String,
    /// All tries of a request have the same.
    pub(crate) request: String,
    pub(crate) at: Duration,
    /// Of a call of the ledger, the key of the item.
    pub(crate) key: String,
    /// Of a call of DynamoDB, the table.
    pub(crate) table: String,
    /// Of a call of the queue, the body of the message that is sent, and the queue's URL.
    pub(crate) message: String,
    pub(crate) queue: String,
    /// There was no successful answer in time.
    pub(crate) is_failed: bool,
}

impl Call {
    pub(crate) fn of(invocation: &str, request: &Request<Vec<u8>>, at: Duration) -> Self {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let id = request.headers().get("amz-sdk-invocation-id").and_then(|id| id.to_str().ok());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let keys = [&body["Item"]["pk"]["S"], &body["Key"]["pk"]["S"]];
        Self {
            invocation: invocation.to_owned(),
            request: id.unwrap_or_default().to_owned(),
            at,
            key: keys.into_iter().find_map(Value::as_str).unwrap_or_default().to_owned(),
            table: text(&body["TableName"]),
            message: text(&body["MessageBody"]),
            queue: text(&body["QueueUrl"]),
            is_failed: false,
        }
    }

    pub(crate) fn is_about_poison(&self) -> bool {
        self.message.contains(POISONOUS)
    }

    /// The parts of the ledger's key; one of them names an event or an order.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.key.split('#').collect()
    }
}
