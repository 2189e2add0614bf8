//! The life of one order event, from its webhook to the channel.

use jiff::Timestamp;
use order_alerts::order::{Kind, OrderEvent};
use serde_json::{Value, json};

/// Names an event on the page, counted from 1.
pub(crate) type EventId = u64;

/// A life that goes on for days has more steps than a page shows.
const MAX_STEPS: usize = 60;
/// Of those, the first so many are always kept.
const FIRST_STEPS: usize = 10;

/// Where an accepted event is. Each is in one state at every moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It is in the queue, and in no message yet.
    Waiting,
    /// It is in a message that Slack took.
    Shown,
    /// It needs no message.
    LeftOut,
    /// It is among the dead letters.
    Dead,
}

/// What happened to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Received,
    Queued,
    Leased,
    Posted,
    Marked,
    SentAgain,
    Superseded,
    LeftOut,
    DeadLetter,
    Redriven,
    Retry,
}

#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) event: OrderEvent,
    pub(crate) state: State,
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    at: Timestamp,
    what: What,
    detail: String,
    /// The number of the message in the channel.
    message: Option<u64>,
}

impl Life {
    pub(crate) fn new(event: OrderEvent) -> Self {
        Self { event, state: State::Waiting, steps: Vec::new() }
    }

    pub(crate) fn add(&mut self, at: Timestamp, what: What, detail: String, message: Option<u64>) {
        if self.steps.len() == MAX_STEPS {
            self.steps.remove(FIRST_STEPS);
        }
        self.steps.push(Step { at, what, detail, message });
    }

    pub(crate) fn json(&self, id: EventId) -> Value {
        let Self { event, .. } = self;
        let kind = match event.kind {
            Kind::Created => "created",
            Kind::Modified => "modified",
            Kind::Cancelled => "cancelled",
        };
        let steps: Vec<_> = self.steps.iter().map(Step::json).collect();
        json!({
            "id": id,
            "platform_name": event.platform_name,
            "kind": kind,
            "name": event.name().map_or_else(String::new, ToString::to_string),
            "steps": steps,
        })
    }
}

impl Step {
    fn json(&self) -> Value {
        let what = match self.what {
            What::Received => "received",
            What::Queued => "queued",
            What::Leased => "leased",
            What::Posted => "posted",
            What::Marked => "marked",
            What::SentAgain => "sent again",
            What::Superseded => "superseded",
            What::LeftOut => "left out",
            What::DeadLetter => "dead letter",
            What::Redriven => "redriven",
            What::Retry => "retry",
        };
        json!({
            "at": self.at.as_millisecond(),
            "what": what,
            "detail": self.detail,
            "message": self.message,
        })
    }
}
