//! All that was observed so far, and what each observation means for the events.

use std::collections::HashMap;

use jiff::Timestamp;
use order_alerts::config::{Config, Mode};
use order_alerts::ledger::item;
use order_alerts::ledger::keys::event_key;
use order_alerts::order::OrderEvent;
use order_alerts::queue::envelope::{Content, unpack};

use crate::stack::calls::{Put, ReceivedMessage};
use crate::stack::channel::{Channel, Message};
use crate::stack::hand::{Hand, HeldMessage, UNKNOWN};
use crate::stack::life::{Detail, EventId, State, What, is_late_step};
use crate::stack::lives::Lives;
use crate::stack::numbers::Numbers;

#[derive(Default)]
pub(crate) struct Observed {
    pub(crate) lives: Lives,
    pub(crate) channel: Channel,
    /// The events of the messages in the queue and among the dead letters, by the messages' ids.
    queued: HashMap<String, Vec<EventId>>,
    /// By the ids of the invocations that are running.
    pub(crate) hands: HashMap<String, Hand>,
    /// The messages that were not announced yet.
    pub(crate) new_messages: Vec<Message>,
    pub(crate) repeats: u64,
    pub(crate) rate_limited: u64,
}

impl Observed {
    /// The queue has stored a message with new events.
    pub(crate) fn accept(
        &mut self,
        invocation: &str,
        id: String,
        body: &str,
        delay_seconds: u64,
        now: Timestamp,
    ) {
        let Ok(Content::Orders(events)) = unpack(body) else { return };
        let mut ids = Vec::with_capacity(events.len());
        for event in events {
            let (received_at, is_late_step) = (event.received_at, is_late_step(&event));
            let is_order = event.overdue.is_none();
            let id = self.lives.begin(event);
            if is_order {
                self.lives.add(id, received_at, What::Received, None);
                let digest = (delay_seconds > 0).then_some(Detail::Digest(delay_seconds));
                self.lives.add(id, now, What::Queued, digest);
            } else if is_late_step {
                self.lives.add(id, now, What::CameLate, None);
            } else {
                self.lives.add(id, now, What::Expected, Detail::OverdueIn(delay_seconds));
            }
            ids.push(id);
        }
        if let Some(hand) = self.hands.get_mut(invocation) {
            for id in &ids {
                self.lives.set_ruled(*id, &hand.config);
            }
            hand.accepted.extend(&ids);
        }
        self.queued.insert(id, ids);
    }

    /// An invocation has received messages.
    pub(crate) fn receive(
        &mut self,
        invocation: &str,
        messages: Vec<ReceivedMessage>,
        is_from_lambda: bool,
    ) {
        let Some(hand) = self.hands.get_mut(invocation) else { return };
        for ReceivedMessage { id, receipt, body } in messages {
            let events = match self.queued.get(&id) {
                Some(events) => events.clone(),
                // Its events count all the same.
                None => vec![UNKNOWN; unpack(&body).map_or(0, |content| content.orders().len())],
            };
            for id in &events {
                self.lives.set_ruled(*id, &hand.config);
            }
            hand.messages.push(HeldMessage { id, receipt, events, is_from_lambda });
        }
    }

    /// An invocation has put a copy of some of its events among the dead letters.
    pub(crate) fn dead_letter(&mut self, invocation: &str, id: String, body: &str, now: Timestamp) {
        let Ok(Content::Orders(events)) = unpack(body) else { return };
        let Some(hand) = self.hands.get(invocation) else { return };
        let mut ids = Vec::with_capacity(events.len());
        for event in &events {
            let is_it = |id: &EventId| {
                self.lives.is(*id, State::Waiting) && self.lives.event(*id) == Some(event)
            };
            let Some(id) = hand.events().find(is_it) else { continue };
            self.lives.set(id, State::Dead);
            self.lives.add(id, now, What::DeadLetter, None);
            ids.push(id);
        }
        self.queued.insert(id, ids);
    }

    pub(crate) fn redriven(&mut self, messages: &[String], now: Timestamp) {
        let events = messages.iter().filter_map(|id| self.queued.get(id)).flatten();
        for id in events.copied() {
            self.lives.set(id, State::Waiting);
            self.lives.add(id, now, What::Redriven, None);
        }
    }

    /// A message is deleted: the function is done with its events.
    pub(crate) fn delete(&mut self, invocation: &str, receipt: &str, now: Timestamp) {
        let Some(hand) = self.hands.get(invocation) else { return };
        let Some(HeldMessage { id, events, .. }) = hand.received_with(receipt) else { return };
        let (id, events) = (id.clone(), events.clone());
        let waiting = events.into_iter().filter(|id| self.lives.is(*id, State::Waiting));
        for id in waiting.collect::<Vec<_>>() {
            self.finish(invocation, id, now);
        }
        self.queued.remove(&id);
    }

    /// The function is done with an event that it has not marked after a post.
    fn finish(&mut self, invocation: &str, id: EventId, now: Timestamp) {
        let Some(hand) = self.hands.get(invocation) else { return };
        let Some(event) = self.lives.event(id) else { return };
        if hand.delivered_before.contains(&id) {
            self.lives.set(id, State::LeftOut);
            self.lives.add(id, now, What::SentAgain, None);
        } else if let Some(detail) = why_left_out(event, &hand.config) {
            self.lives.set(id, State::LeftOut);
            self.lives.add(id, now, What::LeftOut, detail);
        } else {
            // It is a test, or the ledger did not answer: then there are no marks.
            self.show_unmarked(id, now);
        }
    }

    /// A message is hidden until it is received again.
    pub(crate) fn hide(&mut self, invocation: &str, receipt: &str, seconds: u64, now: Timestamp) {
        let hand = self.hands.get(invocation);
        let Some(message) = hand.and_then(|hand| hand.received_with(receipt)) else { return };
        for id in &message.events {
            if self.lives.is(*id, State::Waiting) {
                self.lives.add(*id, now, What::Retry, Detail::RetryIn(seconds));
            }
        }
    }

    /// The id of the queue message in which an event is hidden until it is tried again.
    pub(crate) fn hidden_in(&self, id: EventId) -> Option<String> {
        let is_hidden =
            self.lives.is(id, State::Waiting) && self.lives.last(id) == Some(What::Retry);
        let mut messages = self.queued.iter().filter(|_| is_hidden);
        messages.find(|(_, events)| events.contains(&id)).map(|(message, _)| message.clone())
    }

    /// A write to the ledger; `found` is the state that it found instead.
    pub(crate) fn put(
        &mut self,
        invocation: &str,
        put: &Put,
        is_success: bool,
        found: Option<item::State>,
        now: Timestamp,
    ) {
        let Some(hand) = self.hands.get_mut(invocation) else { return };
        let Some(index) = put.index else { return };
        let id = hand.event(index);
        // Not of the order's item.
        let is_of_event = self.lives.event(id).is_some_and(|event| {
            let rest = put.key.strip_prefix(&event_key(event));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
        });
        if !is_of_event {
            return;
        }
        if put.is_lease && is_success {
            hand.leased.insert(index);
            hand.delivered_before.remove(&id);
            let is_in_doubt = put.state == Some(item::State::InDoubt);
            let detail = is_in_doubt.then_some(Detail::InDoubt);
            self.lives.add(id, now, What::Leased, detail);
        } else if put.is_lease && found == Some(item::State::Delivered) {
            hand.delivered_before.insert(id);
        } else if !put.is_lease && put.state == Some(item::State::Delivered) {
            self.mark(invocation, index, id, now);
        } else if !put.is_lease {
            hand.leased.remove(&index);
        }
    }

    /// An event is marked as delivered: it is in the message that was posted before, or in none.
    fn mark(&mut self, invocation: &str, index: usize, id: EventId, now: Timestamp) {
        let Some(hand) = self.hands.get_mut(invocation) else { return };
        hand.leased.remove(&index);
        if !hand.posts.is_empty() {
            self.mark_posted(invocation, index, id, now);
            return;
        }
        let Some(event) = self.lives.event(id) else { return };
        let detail = why_left_out(event, &hand.config);
        let what = if detail.is_some() { What::LeftOut } else { What::Superseded };
        if self.lives.is(id, State::Waiting) {
            self.lives.set(id, State::LeftOut);
            self.lives.add(id, now, what, detail);
        }
    }

    /// An invocation ends; returns the events that it accepted.
    pub(crate) fn ended(
        &mut self,
        invocation: &str,
        failed: Option<&[String]>,
        now: Timestamp,
    ) -> Vec<EventId> {
        self.end_posts(invocation, failed.is_none());
        let Some(hand) = self.hands.get(invocation) else { return Vec::new() };
        if let Some(failed) = failed {
            // What it received itself it has deleted itself, or hidden.
            let is_done =
                |message: &&HeldMessage| message.is_from_lambda && !failed.contains(&message.id);
            let done = hand.messages.iter().filter(is_done);
            let done: Vec<_> = done.map(|message| message.receipt.clone()).collect();
            for receipt in done {
                self.delete(invocation, &receipt, now);
            }
        } else {
            for id in hand.events() {
                if self.lives.is(id, State::Waiting) {
                    self.lives.add(id, now, What::Retry, Detail::Killed);
                }
            }
        }
        let mut accepted =
            self.hands.remove(invocation).map_or_else(Vec::new, |hand| hand.accepted);
        // First the orders, then what they wait for.
        accepted
            .sort_by_key(|id| self.lives.event(*id).is_some_and(|event| event.overdue.is_some()));
        accepted
    }

    pub(crate) fn numbers(&self) -> Numbers {
        let Self { repeats, rate_limited, .. } = *self;
        Numbers { counts: self.lives.counts(), repeats, rate_limited, posts: self.channel.count() }
    }
}

/// Why the settings, or the order itself, leave an event out.
fn why_left_out(event: &OrderEvent, config: &Config) -> Option<Detail> {
    if event.overdue.is_some() {
        let is_late_step = is_late_step(event);
        return Some(if is_late_step { Detail::NotWarned } else { Detail::NotAwaited });
    }
    if event.is_draft {
        return Some(Detail::Draft);
    }
    let decision = config.decide(event);
    let off = decision.by.mode.map_or(Detail::Off, Detail::OffByRule);
    (decision.mode == Mode::Off).then_some(off)
}
