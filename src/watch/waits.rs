//! What one order waits for, and how its events change that. Pure.
//!
//! Webhooks come in any order. So a step is remembered as well if its wait has not begun yet.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::ledger::keys::event_key;
use crate::order::overdue::Overdue;
use crate::order::{Change, OrderEvent};
use crate::rules::expectation::{Expectation, Expectations};

/// The webhook of a step may be on its way as long as that of the event that the wait began with: so no
/// order is overdue sooner after its webhook.
const GRACE: Duration = Duration::from_mins(1);

/// A warning that is shown within this time after it was due was not held up.
const IN_TIME: Duration = Duration::from_secs(30);
/// One that was held up is asked about twice, with this time between: longer than what could not be
/// observed waits before it is tried again.
const BETWEEN: Duration = Duration::from_secs(35);

/// The waits of one order. The names in the table never change: deployed tables hold them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits {
    /// By the id of the line.
    #[serde(default)]
    lines: BTreeMap<String, Wait>,
    /// When the order was cancelled or deleted, by the sender's clock: then no step follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<Timestamp>,
    /// The order is not placed yet: the next event that is no draft places it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_draft: bool,
}

/// What an order has of one line. At least one of the two is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Wait {
    began: Option<Beginning>,
    came: Option<Moment>,
    /// When an invocation first found it open after its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<Timestamp>,
}

/// What becomes of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The order still waits.
    IsTrue,
    /// It waits no more.
    IsOver,
    /// It still waits, as far as is known. What was sent before may not be known yet, so it is asked
    /// again after this time.
    IsEarly(Duration),
}

/// The event that a wait began with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Beginning {
    #[serde(flatten)]
    moment: Moment,
    due: Timestamp,
}

/// An event: when it happened by the sender's clock, and which it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Moment {
    at: Timestamp,
    event: String,
}

/// What an event changes.
#[derive(Debug, Default, PartialEq)]
pub struct Changes {
    /// What is overdue when its time comes, unless the step is there by then.
    pub began: Vec<OrderEvent>,
    /// The waits that are over: their lines and when they were due.
    pub over: Vec<(String, Timestamp)>,
    /// The steps that came after their time.
    pub came_late: Vec<OrderEvent>,
}

impl Waits {
    /// Takes an event into account, and says what follows. The same event again changes nothing, and the
    /// same follows.
    pub fn observe(
        &mut self,
        expectations: &Expectations,
        event: &OrderEvent,
        now: Timestamp,
    ) -> Changes {
        let mut changes = Changes::default();
        let moment = Moment::of(event, expectations);
        let at = moment.at;
        let is_reopened = event.reopens || event.change == Some(Change::Reopened);
        if is_reopened && !event.ends_order() && self.ended.is_some_and(|ended| at > ended) {
            *self = Self::default();
        }
        let lives = self.ended.is_none();
        if event.ends_order() {
            self.ended = self.ended.max(Some(at));
        }
        let is_placed = self.is_draft && !event.is_draft && !event.ends_order();
        self.is_draft = event.is_draft || self.is_draft && !is_placed;
        let placed = is_placed.then(|| event.clone().placed());
        for line in expectations.lines() {
            let wait = self.lines.remove(line.id()).unwrap_or_default();
            let wait = wait.step(line, (event, &moment), (now, lives), &mut changes);
            let beginning = [Some(event), placed.as_ref()].into_iter().flatten();
            let mut beginning = beginning.filter(|event| line.begins(event));
            let wait = match beginning.next() {
                Some(event) if self.ended.is_none() => {
                    let grace = GRACE / expectations.speed();
                    let within = line.within() / expectations.speed();
                    wait.begin(line, (event, &moment), (within, grace), &mut changes)
                }
                _ => wait,
            };
            if event.ends_order()
                && let Wait { began: Some(Beginning { due, .. }), came: None, .. } = &wait
            {
                changes.over.push((line.id().to_owned(), *due));
            }
            if wait != Wait::default() {
                self.lines.insert(line.id().to_owned(), wait);
            }
        }
        changes
    }

    /// What becomes of the warning that a step is overdue.
    ///
    /// One that is late, or was tried before, comes after a failure. Then events that ended the wait may
    /// still be on their way, so it has to be found open twice.
    pub fn ask(&mut self, overdue: &Overdue, is_retry: bool, now: Timestamp) -> Warning {
        let is_this = |wait: &&mut Wait| {
            wait.came.is_none()
                && wait.began.as_ref().is_some_and(|began| began.moment.at == overdue.began)
        };
        let wait = self.lines.get_mut(&overdue.line).filter(is_this);
        let Some(wait) = wait.filter(|_| self.ended.is_none()) else { return Warning::IsOver };
        if !is_retry && now <= overdue.due + IN_TIME {
            return Warning::IsTrue;
        }
        let asked = *wait.asked.get_or_insert(now);
        match Duration::try_from((asked + BETWEEN).duration_since(now)) {
            Ok(left) if !left.is_zero() => Warning::IsEarly(left.min(BETWEEN)),
            _ => Warning::IsTrue,
        }
    }

    /// When the last of the waits is due.
    pub fn last_due(&self) -> Option<Timestamp> {
        self.lines.values().filter_map(|wait| Some(wait.began.as_ref()?.due)).max()
    }
}

impl Wait {
    /// Ends the wait, if the event is its step; that came late only if the order `lives`.
    fn step(
        self,
        line: &Expectation,
        (event, moment): (&OrderEvent, &Moment),
        (now, lives): (Timestamp, bool),
        changes: &mut Changes,
    ) -> Self {
        let is_beginning = self.began.as_ref().is_some_and(|began| began.moment.is(moment));
        if !line.is_met_by(event) || is_beginning {
            return self;
        }
        let is_again = self.came.as_ref().is_some_and(|came| came.is(moment));
        if let Some(began) = self.began.as_ref().filter(|_| self.came.is_none() || is_again) {
            // A status that may come again ends only a wait that began before it.
            if line.is_repeatable() && moment.at < began.moment.at {
                return self;
            }
            changes.over.push((line.id().to_owned(), began.due));
            if lives && now >= began.due {
                let overdue = overdue(line, began.moment.at, began.due, Some(moment.at));
                changes.came_late.push(event.clone().with_overdue(overdue, now));
            }
        }
        let came = self.came.filter(|came| came.at >= moment.at);
        Self { came: Some(came.unwrap_or_else(|| moment.clone())), ..self }
    }

    /// Begins the wait, unless it has begun, or its step came before or with the same event.
    fn begin(
        self,
        line: &Expectation,
        (event, moment): (&OrderEvent, &Moment),
        (within, grace): (Duration, Duration),
        changes: &mut Changes,
    ) -> Self {
        let at = moment.at;
        let is_new = match &self {
            Self { began: None, came: None, .. } => true,
            Self { came: None, .. } => false,
            Self { began, came: Some(came), .. } => {
                let is_same = began.as_ref().is_some_and(|began| began.moment.is(moment));
                line.is_repeatable() && at > came.at && !is_same
            }
        };
        if !is_new {
            return self;
        }
        let due = (at + within).max(event.received_at + grace);
        let overdue = overdue(line, at, due, None);
        changes.began.push(event.clone().with_overdue(overdue, due));
        Self { began: Some(Beginning { moment: moment.clone(), due }), ..Self::default() }
    }
}

fn overdue(
    line: &Expectation,
    began: Timestamp,
    due: Timestamp,
    came: Option<Timestamp>,
) -> Overdue {
    let steps = line.steps().iter().map(ToString::to_string).collect();
    Overdue { line: line.id().to_owned(), steps, began, due, came, waited: SignedDuration::ZERO }
}

impl Moment {
    fn of(event: &OrderEvent, expectations: &Expectations) -> Self {
        let event_hash = digest(&SHA256, event_key(event).as_bytes());
        let at = if expectations.speed() == 1 { event.time() } else { event.received_at };
        Self { at, event: hex::encode(&event_hash.as_ref()[..8]) }
    }

    /// Whether it is the same event. Sent again, it may have another time, if only that of its arrival.
    fn is(&self, other: &Self) -> bool {
        self.event == other.event
    }
}

#[cfg(test)]
mod tests;
