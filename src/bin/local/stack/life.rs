//! The life of one order event, from its webhook to the channel.

use std::collections::BTreeMap;

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
    /// The queue keeps a message for the time when the order's next step is overdue.
    Expected,
    /// The order's next step came after its time.
    CameLate,
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
    /// Slack asked to wait.
    Limited,
    /// Slack did not take the message.
    Refused,
    /// The function's clock was put forward.
    Later,
}

/// What else is known of a step. The page has the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// It waits about so many seconds, to be shown together with others.
    Digest(u64),
    /// The step is overdue after about so many seconds.
    OverdueIn(u64),
    /// The order waits for the step no more.
    NotAwaited,
    /// The channel has not seen that the step was overdue.
    NotWarned,
    /// An earlier post may have shown it.
    InDoubt,
    /// It was shown before, and that was in doubt.
    Again,
    Draft,
    /// Its kind is not shown.
    Off,
    /// The line of RULES with this number does not show it.
    OffByRule(usize),
    Killed,
    /// It is tried again after so many seconds.
    RetryIn(u64),
    /// Slack's status, and the seconds that it asks to wait.
    Wait(u16, u64),
    /// Slack's status and word.
    Word(u16, String),
    /// The same, to plain text.
    WordToText(u16, String),
}

#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) event: OrderEvent,
    pub(crate) state: State,
    /// The lines of RULES that decided about it, by what they decided.
    pub(crate) ruled: Ruled,
    /// The lines of EXPECT by which the order waits for a step after it.
    pub(crate) expected: Vec<(usize, String)>,
    steps: Vec<Step>,
}

/// What a line of RULES decided, by the name that the page knows, with the line's number and text.
pub(crate) type Ruled = Vec<(&'static str, usize, String)>;

#[derive(Debug)]
struct Step {
    at: Timestamp,
    what: What,
    detail: Option<Detail>,
    /// The number of the message in the channel.
    message: Option<u64>,
}

/// Whether the event is that a step came after its time.
pub(crate) fn is_late_step(event: &OrderEvent) -> bool {
    event.overdue.as_ref().is_some_and(|overdue| overdue.came.is_some())
}

impl Life {
    pub(crate) fn new(event: OrderEvent) -> Self {
        let (ruled, expected, steps) = (Ruled::new(), Vec::new(), Vec::new());
        Self { event, state: State::Waiting, ruled, expected, steps }
    }

    pub(crate) fn add(
        &mut self,
        at: Timestamp,
        what: What,
        detail: Option<Detail>,
        message: Option<u64>,
    ) {
        if self.steps.len() == MAX_STEPS {
            self.steps.remove(FIRST_STEPS);
        }
        self.steps.push(Step { at, what, detail, message });
    }

    /// What happened to it last.
    pub(crate) fn last(&self) -> Option<What> {
        self.steps.last().map(|step| step.what)
    }

    pub(crate) fn json(&self, id: EventId) -> Value {
        let Self { event, .. } = self;
        let state = match self.state {
            State::Waiting => "waiting",
            State::Shown => "shown",
            State::LeftOut => "left out",
            State::Dead => "dead",
        };
        let kind = match event.kind {
            Kind::Created => "created",
            Kind::Modified => "modified",
            Kind::Cancelled => "cancelled",
            Kind::Overdue if is_late_step(event) => "came_late",
            Kind::Overdue => "overdue",
        };
        let steps: Vec<_> = self.steps.iter().map(Step::json).collect();
        json!({
            "id": id,
            "state": state,
            "platform": event.platform,
            "platform_name": event.platform_name,
            "kind": kind,
            "name": event.name().map_or_else(String::new, ToString::to_string),
            "rules": self.rules(),
            "expected": self.expected,
            "steps": steps,
        })
    }

    /// Each line once, with all that it decided.
    fn rules(&self) -> Vec<Value> {
        let mut lines = BTreeMap::<_, Vec<_>>::new();
        for (what, number, text) in &self.ruled {
            lines.entry((number, text)).or_default().push(*what);
        }
        lines.into_iter().map(|((number, text), what)| json!([number, what, text])).collect()
    }
}

impl Step {
    fn json(&self) -> Value {
        let what = match self.what {
            What::Received => "received",
            What::Expected => "expected",
            What::CameLate => "came late",
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
            What::Limited => "limited",
            What::Refused => "refused",
            What::Later => "later",
        };
        json!({
            "at": self.at.as_millisecond(),
            "what": what,
            "detail": self.detail.as_ref().map(Detail::json),
            "message": self.message,
        })
    }
}

impl Detail {
    /// The name by which the page knows its words, and the values in them.
    fn json(&self) -> Value {
        match self {
            Self::Digest(seconds) => json!(["digest", seconds]),
            Self::OverdueIn(seconds) => json!(["overdue in", seconds]),
            Self::NotAwaited => json!(["not awaited"]),
            Self::NotWarned => json!(["not warned"]),
            Self::InDoubt => json!(["in doubt"]),
            Self::Again => json!(["again"]),
            Self::Draft => json!(["draft"]),
            Self::Off => json!(["off"]),
            Self::OffByRule(line) => json!(["off by rule", line]),
            Self::Killed => json!(["killed"]),
            Self::RetryIn(seconds) => json!(["retry in", seconds]),
            Self::Wait(status, seconds) => json!(["wait", status, seconds]),
            Self::Word(status, word) => json!(["word", status, word]),
            Self::WordToText(status, word) => json!(["word to text", status, word]),
        }
    }
}
