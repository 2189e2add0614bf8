//! What an AWS service was asked, and whether the answer came.

use std::collections::BTreeSet;
use std::time::Duration;

use lambda_http::http::Request;
use serde_json::Value;

use crate::senders::POISONOUS;

/// One try of a request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) invocation: String,
    /// All tries of a request have the same.
    pub(crate) request: String,
    pub(crate) at: Duration,
    /// Of the ledger, the key of the item.
    pub(crate) key: String,
    /// Of the queue, the text of the message that is sent, and the queue's address.
    pub(crate) message: String,
    pub(crate) queue: String,
    /// There was no good answer in time.
    pub(crate) is_lost: bool,
}

impl Asked {
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
            message: text(&body["MessageBody"]),
            queue: text(&body["QueueUrl"]),
            is_lost: false,
        }
    }

    pub(crate) fn is_about_poison(&self) -> bool {
        self.message.contains(POISONOUS)
    }

    /// The parts of the ledger's key, among which are an event's or an order's name.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.key.split('#').collect()
    }
}
