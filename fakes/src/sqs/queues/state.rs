//! The messages of both queues, and what time and receivers do to them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::sqs::queues::{Queue, QueuedMessage, Received, Unchangeable, VISIBILITY_TIMEOUT};
use crate::sqs::receipt::Receipt;

/// From its receipt on no message stays invisible for longer.
const LONGEST_IN_FLIGHT: Duration = Duration::from_hours(12);

#[derive(Debug)]
pub(super) struct State {
    started: Instant,
    /// The Unix time at the start, moved by every advance of the clock.
    epoch: Duration,
    max_receive_count: u64,
    visibility_timeout: Duration,
    /// The most bytes of all bodies together.
    capacity: usize,
    sent: u64,
    main: Vec<Stored>,
    dead_letters: Vec<Stored>,
}

#[derive(Clone, Debug)]
struct Stored {
    id: String,
    body: String,
    attributes: Map<String, Value>,
    sent: Duration,
    delay: Duration,
    visible_at: Duration,
    /// The first and the latest moment of receipt.
    received: Option<(Duration, Duration)>,
    receives: u64,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            epoch: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            max_receive_count: 1000,
            visibility_timeout: VISIBILITY_TIMEOUT,
            capacity: usize::MAX,
            sent: 0,
            main: Vec::new(),
            dead_letters: Vec::new(),
        }
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.epoch += by;
    }

    pub(super) fn set_max_receive_count(&mut self, count: u64) {
        self.max_receive_count = count;
    }

    pub(super) fn visibility_timeout(&self) -> Duration {
        self.visibility_timeout
    }

    pub(super) fn set_visibility_timeout(&mut self, timeout: Duration) {
        self.visibility_timeout = timeout;
    }

    pub(super) fn set_capacity(&mut self, bytes: usize) {
        self.capacity = bytes;
    }

    pub(super) fn has_room(&self, bytes: usize) -> bool {
        let messages = self.main.iter().chain(&self.dead_letters);
        let used: usize = messages.map(|message| message.body.len()).sum();
        used + bytes <= self.capacity
    }

    /// As new messages: visible, and never received.
    pub(super) fn redrive(&mut self) -> Vec<String> {
        let now = self.now();
        let moved = std::mem::take(&mut self.dead_letters).into_iter();
        let moved = moved.map(|letter| Stored {
            visible_at: now,
            received: None,
            receives: 0,
            attributes: Map::new(),
            ..letter
        });
        let moved: Vec<_> = moved.collect();
        let ids = moved.iter().map(|message| message.id.clone()).collect();
        self.main.extend(moved);
        ids
    }

    /// How long until another message becomes visible.
    pub(super) fn next_visible(&self) -> Option<Duration> {
        let now = self.now();
        let messages = self.main.iter().chain(&self.dead_letters);
        messages
            .filter_map(|message| message.visible_at.checked_sub(now))
            .filter(|left| !left.is_zero())
            .min()
    }

    pub(super) fn send(
        &mut self,
        queue: Queue,
        body: &str,
        attributes: Map<String, Value>,
        delay: Duration,
    ) -> String {
        self.sent += 1;
        let now = self.now();
        let message = Stored {
            id: format!("5e4d0000-0000-4000-8000-{:012x}", self.sent),
            body: body.to_owned(),
            attributes,
            sent: now,
            delay,
            visible_at: now + delay,
            received: None,
            receives: 0,
        };
        let id = message.id.clone();
        self.messages_mut(queue).push(message);
        id
    }

    /// Moves what was received too often to the dead letters; returns whether there was any.
    pub(super) fn dead_letter(&mut self) -> bool {
        let now = self.now();
        let most = self.max_receive_count;
        let (exhausted, main): (Vec<_>, Vec<_>) = std::mem::take(&mut self.main)
            .into_iter()
            .partition(|message| message.visible_at <= now && message.receives >= most);
        let is_any = !exhausted.is_empty();
        self.main = main;
        self.dead_letters.extend(exhausted);
        is_any
    }

    /// The message that has been visible for longest comes first.
    pub(super) fn receive(
        &mut self,
        queue: Queue,
        most: usize,
        visibility: Duration,
    ) -> Vec<Received> {
        let now = self.now();
        let mut visible: Vec<_> = self
            .messages_mut(queue)
            .iter_mut()
            .filter(|message| message.visible_at <= now)
            .collect();
        visible.sort_by_key(|message| message.visible_at);
        visible.truncate(most);
        visible.into_iter().map(|message| message.receive(now, visibility)).collect()
    }

    pub(super) fn delete(&mut self, queue: Queue, receipt: &Receipt) {
        self.messages_mut(queue).retain(|message| !message.is_newest(receipt));
    }

    pub(super) fn change_visibility(
        &mut self,
        queue: Queue,
        receipt: &Receipt,
        visibility: Duration,
    ) -> Result<(), Unchangeable> {
        let now = self.now();
        let found = self.messages_mut(queue).iter_mut().find(|message| message.is_newest(receipt));
        let Some(message) = found.filter(|message| message.is_in_flight(now)) else {
            return Err(Unchangeable::NotInFlight);
        };
        let (_, received) = message.received.unwrap_or_default();
        // AWS counts whole seconds.
        let spent = Duration::from_secs(now.saturating_sub(received).as_secs());
        if spent + visibility > LONGEST_IN_FLIGHT {
            return Err(Unchangeable::BeyondTwelveHours);
        }
        message.visible_at = now + visibility;
        Ok(())
    }

    /// Whether there was such a message in flight.
    pub(super) fn deliver_again(&mut self, id: &str) -> bool {
        let now = self.now();
        let found = self.main.iter_mut().find(|message| message.id == id);
        let Some(message) = found.filter(|message| message.is_in_flight(now)) else { return false };
        message.visible_at = now;
        true
    }

    pub(super) fn snapshot(&self, queue: Queue) -> Vec<QueuedMessage> {
        let now = self.now();
        let snapshot = |message: &Stored| QueuedMessage {
            id: message.id.clone(),
            body: message.body.clone(),
            attributes: message.attributes.clone(),
            receives: message.receives,
            delay: message.delay,
            visible_in: message.visible_at.saturating_sub(now),
            in_flight: message.is_in_flight(now),
        };
        self.messages(queue).iter().map(snapshot).collect()
    }

    pub(super) fn count(&self, queue: Queue) -> usize {
        self.messages(queue).len()
    }

    fn now(&self) -> Duration {
        self.epoch + self.started.elapsed()
    }

    fn messages(&self, queue: Queue) -> &[Stored] {
        match queue {
            Queue::Main => &self.main,
            Queue::DeadLetters => &self.dead_letters,
        }
    }

    fn messages_mut(&mut self, queue: Queue) -> &mut Vec<Stored> {
        match queue {
            Queue::Main => &mut self.main,
            Queue::DeadLetters => &mut self.dead_letters,
        }
    }
}

impl Stored {
    fn is_in_flight(&self, now: Duration) -> bool {
        self.receives > 0 && self.visible_at > now
    }

    fn is_newest(&self, receipt: &Receipt) -> bool {
        self.id == receipt.message && self.receives == receipt.receive
    }

    fn receive(&mut self, now: Duration, visibility: Duration) -> Received {
        let (first_receipt, _) = self.received.unwrap_or((now, now));
        self.received = Some((first_receipt, now));
        self.receives += 1;
        self.visible_at = now + visibility;
        Received {
            id: self.id.clone(),
            receipt: Receipt { message: self.id.clone(), receive: self.receives },
            body: self.body.clone(),
            attributes: self.attributes.clone(),
            receives: self.receives,
            sent: self.sent,
            first_receipt,
        }
    }
}
