//! The lives of all events, and how many events are where.
//!
//! Every change of a state goes through one function. So the sum always holds: what was accepted is
//! shown, rightly in no message, waiting, or a dead letter.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use order_alerts::config::Config;
use order_alerts::order::OrderEvent;
use serde_json::Value;

use crate::decided::{awaited, ruled};
use crate::stack::life::{Detail, EventId, Life, State, What};

/// So many lives that have ended are kept; those that go on are kept in any case.
const MAX_ENDED: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Lives {
    by_id: BTreeMap<EventId, Life>,
    /// In the order of their ends; the first is forgotten first.
    ended: VecDeque<EventId>,
    accepted: u64,
    shown: u64,
    left_out: u64,
    dead: u64,
}

/// How many events are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) accepted: u64,
    pub(crate) shown: u64,
    pub(crate) left_out: u64,
    pub(crate) dead: u64,
}

impl Lives {
    /// A new life, which waits in the queue.
    pub(crate) fn begin(&mut self, event: OrderEvent) -> EventId {
        self.accepted += 1;
        self.by_id.insert(self.accepted, Life::new(event));
        self.accepted
    }

    pub(crate) fn event(&self, id: EventId) -> Option<&OrderEvent> {
        self.by_id.get(&id).map(|life| &life.event)
    }

    /// The lines of RULES and EXPECT about an event in the eyes of the invocation that has it now.
    pub(crate) fn set_ruled(&mut self, id: EventId, config: &Config) {
        if let Some(life) = self.by_id.get_mut(&id) {
            life.ruled = ruled(config, &life.event);
            let lines = awaited(config, &life.event);
            life.expected = lines.map(|line| (line.number(), line.text().to_owned())).collect();
        }
    }

    pub(crate) fn is(&self, id: EventId, state: State) -> bool {
        self.by_id.get(&id).is_some_and(|life| life.state == state)
    }

    pub(crate) fn last(&self, id: EventId) -> Option<What> {
        self.by_id.get(&id).and_then(Life::last)
    }

    pub(crate) fn add(
        &mut self,
        id: EventId,
        at: Timestamp,
        what: What,
        detail: impl Into<Option<Detail>>,
    ) {
        if let Some(life) = self.by_id.get_mut(&id) {
            life.add(at, what, detail.into(), None);
        }
    }

    /// The same, for what happened in a message.
    pub(crate) fn add_posted(
        &mut self,
        id: EventId,
        at: Timestamp,
        detail: Option<Detail>,
        message: u64,
    ) {
        if let Some(life) = self.by_id.get_mut(&id) {
            life.add(at, What::Posted, detail, Some(message));
        }
    }

    /// Moves an event to another state; returns whether it was in that state before.
    pub(crate) fn set(&mut self, id: EventId, state: State) -> bool {
        let Some(life) = self.by_id.get_mut(&id) else { return false };
        let before = std::mem::replace(&mut life.state, state);
        if before == state {
            return true;
        }
        if let Some(count) = self.count(before) {
            *count -= 1;
        }
        if let Some(count) = self.count(state) {
            *count += 1;
        }
        if matches!(state, State::Shown | State::LeftOut) {
            self.ended.push_back(id);
            self.forget();
        }
        false
    }

    pub(crate) fn counts(&self) -> Counts {
        let Self { accepted, shown, left_out, dead, .. } = *self;
        Counts { accepted, shown, left_out, dead }
    }

    /// The life of an event; `None` if there was none, or if it is forgotten.
    pub(crate) fn json(&self, id: EventId) -> Option<Value> {
        self.by_id.get(&id).map(|life| life.json(id))
    }

    fn count(&mut self, state: State) -> Option<&mut u64> {
        match state {
            State::Waiting => None,
            State::Shown => Some(&mut self.shown),
            State::LeftOut => Some(&mut self.left_out),
            State::Dead => Some(&mut self.dead),
        }
    }

    fn forget(&mut self) {
        while self.ended.len() > MAX_ENDED {
            let Some(id) = self.ended.pop_front() else { return };
            let has_ended = |life: &Life| matches!(life.state, State::Shown | State::LeftOut);
            if self.by_id.get(&id).is_some_and(has_ended) {
                self.by_id.remove(&id);
            }
        }
    }
}

impl Counts {
    pub(crate) fn waiting(self) -> u64 {
        self.accepted - self.shown - self.left_out - self.dead
    }
}

#[cfg(test)]
mod tests {
    use order_alerts::queue::envelope::unpack;

    use super::*;

    fn event() -> OrderEvent {
        let text = r#"{"version":1,"events":[{"platform":"generic","platform_name":"Order system",
            "kind":"created","items":[],"more_items":0,"received_at":"2026-01-01T00:00:00Z",
            "is_test":false,"reopens":false,"body_hash":"00"}]}"#;
        unpack(text).unwrap().orders()[0].clone()
    }

    #[test]
    fn an_event_is_counted_in_one_state_at_a_time() {
        let mut lives = Lives::default();
        let [a, b, c] = [(); 3].map(|()| lives.begin(event()));
        assert_eq!(lives.counts().waiting(), 3);
        assert!(!lives.set(a, State::Shown));
        assert!(lives.set(a, State::Shown), "it was shown before");
        lives.set(b, State::Dead);
        lives.set(c, State::LeftOut);
        let counts = Counts { accepted: 3, shown: 1, left_out: 1, dead: 1 };
        assert_eq!((lives.counts(), counts.waiting()), (counts, 0));
        lives.set(b, State::Waiting);
        assert_eq!(lives.counts(), Counts { dead: 0, ..counts });
    }

    #[test]
    fn the_oldest_lives_that_have_ended_are_forgotten() {
        let mut lives = Lives::default();
        let waiting = lives.begin(event());
        for _ in 0..MAX_ENDED + 2 {
            let id = lives.begin(event());
            lives.set(id, State::Shown);
        }
        assert_eq!(lives.by_id.len(), MAX_ENDED + 1);
        assert!(lives.json(waiting).is_some() && lives.json(waiting + 2).is_none());
        assert!(lives.json(waiting + 3).is_some());
        assert_eq!(lives.counts().shown, 10_002);
    }

    #[test]
    fn a_long_life_keeps_its_beginning_and_its_end() {
        let mut lives = Lives::default();
        let id = lives.begin(event());
        for number in 0..1_000 {
            lives.add(id, Timestamp::UNIX_EPOCH, What::Retry, Detail::RetryIn(number));
        }
        let steps = lives.json(id).unwrap()["steps"].as_array().unwrap().clone();
        assert_eq!(steps.len(), 60);
        let seconds = |step: usize| steps[step]["detail"][1].as_u64();
        assert_eq!((seconds(0), seconds(59)), (Some(0), Some(999)));
    }
}
