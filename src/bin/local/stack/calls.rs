//! A call of the function to AWS, as far as it says what becomes of an order event.

use lambda_http::http::Request;
use order_alerts::ledger::item::State;
use serde_json::Value;

/// A call, as it is sent.
#[derive(Debug)]
pub(crate) enum Call {
    /// Stores a message in the queue, or among the dead letters.
    Send {
        is_dead_letter: bool,
        body: String,
        /// It is hidden for so long at first.
        delay_seconds: u64,
    },
    Receive,
    /// Deletes messages, by their receipt handles.
    Delete(Vec<String>),
    /// Hides messages for some seconds.
    Hide(Vec<(String, u64)>),
    Put(Put),
    /// Anything else.
    Other,
}

/// A write to the ledger.
#[derive(Debug)]
pub(crate) struct Put {
    pub(crate) key: String,
    /// Which of the events that the invocation has in hand it is for, counted from 0.
    pub(crate) index: Option<usize>,
    /// What the item says of the event then.
    pub(crate) state: Option<State>,
    pub(crate) is_lease: bool,
}

/// A message as an invocation gets it.
#[derive(Clone, Debug)]
pub(crate) struct ReceivedMessage {
    pub(crate) id: String,
    pub(crate) receipt: String,
    pub(crate) body: String,
}

impl Call {
    pub(crate) fn parse(request: &Request<Vec<u8>>) -> Self {
        let target = request.headers().get("x-amz-target").and_then(|name| name.to_str().ok());
        let operation = target.and_then(|name| name.rsplit('.').next()).unwrap_or_default();
        let call: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        match operation {
            "SendMessage" => Self::Send {
                is_dead_letter: text(&call["QueueUrl"]).ends_with("-dead-letters"),
                body: text(&call["MessageBody"]),
                delay_seconds: call["DelaySeconds"].as_u64().unwrap_or_default(),
            },
            "ReceiveMessage" => Self::Receive,
            "DeleteMessageBatch" => {
                let receipts = entries(&call).map(|entry| text(&entry["ReceiptHandle"]));
                Self::Delete(receipts.collect())
            }
            "ChangeMessageVisibilityBatch" => {
                let hidden = entries(&call).map(|entry| {
                    let seconds = entry["VisibilityTimeout"].as_u64().unwrap_or_default();
                    (text(&entry["ReceiptHandle"]), seconds)
                });
                Self::Hide(hidden.collect())
            }
            "PutItem" => Self::Put(Put::read(&call["Item"])),
            _ => Self::Other,
        }
    }

    /// Whether its invocation has turned to something else than posting and marking. A turn to post, which
    /// another channel may wait for meanwhile, is no event's lease.
    pub(crate) fn ends_posts(&self) -> bool {
        match self {
            Self::Put(put) => put.is_lease && put.index.is_some(),
            Self::Send { .. } | Self::Receive | Self::Delete(_) | Self::Hide(_) => true,
            Self::Other => false,
        }
    }
}

impl Put {
    fn read(item: &Value) -> Self {
        let owner = text(&item["owner"]["S"]);
        Self {
            key: text(&item["pk"]["S"]),
            index: owner.rsplit_once('/').and_then(|(_, index)| index.parse().ok()),
            state: State::from_stored(&text(&item["state"]["S"])),
            is_lease: text(&item["leased_until"]["N"]) != "0",
        }
    }
}

/// The state that the ledger had in place of the one that was expected.
pub(crate) fn state_found(answer: &[u8]) -> Option<State> {
    let found: Value = serde_json::from_slice(answer).unwrap_or_default();
    State::from_stored(found["Item"]["state"]["S"].as_str()?)
}

/// The id of a message that was stored.
pub(crate) fn message_id(answer: &[u8]) -> Option<String> {
    let stored: Value = serde_json::from_slice(answer).unwrap_or_default();
    stored["MessageId"].as_str().map(str::to_owned)
}

/// The messages that were received.
pub(crate) fn received(answer: &[u8]) -> Vec<ReceivedMessage> {
    let received: Value = serde_json::from_slice(answer).unwrap_or_default();
    let messages = received["Messages"].as_array().into_iter().flatten();
    let messages = messages.map(|message| ReceivedMessage {
        id: text(&message["MessageId"]),
        receipt: text(&message["ReceiptHandle"]),
        body: text(&message["Body"]),
    });
    messages.collect()
}

fn entries(call: &Value) -> impl Iterator<Item = &Value> {
    call["Entries"].as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
