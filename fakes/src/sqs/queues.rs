//! The queue and its dead-letter queue: messages in time, without a protocol.
//!
//! Every change wakes all receivers that wait, the one that waited for longest first. Otherwise only
//! time changes anything, and the next such moment can always be computed.

mod state;

use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::server::lock;
use crate::sqs::queues::state::State;
use crate::sqs::receipt::Receipt;

/// The queue's own visibility timeout, unless it is given another.
pub(crate) const VISIBILITY_TIMEOUT: Duration = Duration::from_mins(3);

#[derive(Debug)]
pub(crate) struct Queues {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Queue {
    Main,
    DeadLetters,
}

/// A message as a test sees it in the queue.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct QueuedMessage {
    pub id: String,
    pub body: String,
    /// The message attributes in the words of the request.
    pub attributes: Map<String, Value>,
    pub receives: u64,
    /// For how long its sender has asked to hide it.
    pub delay: Duration,
    /// Zero once the message is visible.
    pub visible_in: Duration,
    /// Received, and neither deleted nor visible again.
    pub in_flight: bool,
}

/// A message as a receiver gets it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) id: String,
    pub(crate) receipt: Receipt,
    pub(crate) body: String,
    pub(crate) attributes: Map<String, Value>,
    pub(crate) receives: u64,
    /// Since the Unix epoch, as is the next.
    pub(crate) sent: Duration,
    pub(crate) first_receipt: Duration,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unchangeable {
    NotInFlight,
    BeyondTwelveHours,
}

impl Queues {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(State::new()), changed: Notify::new() }
    }

    /// Returns the new message's id.
    pub(crate) fn send(
        &self,
        queue: Queue,
        body: &str,
        attributes: Map<String, Value>,
        delay: Duration,
    ) -> String {
        self.change(|state| state.send(queue, body, attributes, delay))
    }

    /// What is visible now, or becomes so within `wait`.
    pub(crate) async fn receive(
        &self,
        queue: Queue,
        most: usize,
        visibility: Duration,
        wait: Duration,
    ) -> Vec<Received> {
        let deadline = Instant::now() + wait;
        loop {
            let mut changed = pin!(self.changed.notified());
            // Before the attempt, so that what becomes visible in between is not overslept.
            changed.as_mut().enable();
            let next = lock(&self.state).next_visible();
            let received = self.receive_now(queue, most, visibility);
            let left = deadline.saturating_duration_since(Instant::now());
            if !received.is_empty() || left.is_zero() {
                return received;
            }
            let _ = timeout(next.map_or(left, |next| next.min(left)), changed).await;
        }
    }

    pub(crate) fn receive_now(
        &self,
        queue: Queue,
        most: usize,
        visibility: Duration,
    ) -> Vec<Received> {
        let (has_dead_letters, received) = {
            let mut state = lock(&self.state);
            (state.dead_letter(), state.receive(queue, most, visibility))
        };
        if has_dead_letters || !received.is_empty() {
            self.changed.notify_waiters();
        }
        received
    }

    /// Deletes the message if no later receipt was given for it.
    pub(crate) fn delete(&self, queue: Queue, receipt: &Receipt) {
        self.change(|state| state.delete(queue, receipt));
    }

    pub(crate) fn change_visibility(
        &self,
        queue: Queue,
        receipt: &Receipt,
        visibility: Duration,
    ) -> Result<(), Unchangeable> {
        self.change(|state| state.change_visibility(queue, receipt, visibility))
    }

    pub(crate) fn messages(&self, queue: Queue) -> Vec<QueuedMessage> {
        lock(&self.state).snapshot(queue)
    }

    pub(crate) fn count(&self, queue: Queue) -> usize {
        lock(&self.state).count(queue)
    }

    /// Whether it became so within the limit.
    pub(crate) async fn wait_until(
        &self,
        queue: Queue,
        is_so: impl Fn(&[QueuedMessage]) -> bool,
        limit: Duration,
    ) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            let mut changed = pin!(self.changed.notified());
            // In this order for the same reason as above.
            changed.as_mut().enable();
            let (next, messages) = {
                let state = lock(&self.state);
                (state.next_visible(), state.snapshot(queue))
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if is_so(&messages) || left.is_zero() {
                return is_so(&messages);
            }
            let _ = timeout(next.map_or(left, |next| next.min(left)), changed).await;
        }
    }

    pub(crate) fn set_max_receive_count(&self, count: u64) {
        self.change(|state| state.set_max_receive_count(count));
    }

    pub(crate) fn visibility_timeout(&self) -> Duration {
        lock(&self.state).visibility_timeout()
    }

    pub(crate) fn set_visibility_timeout(&self, timeout: Duration) {
        lock(&self.state).set_visibility_timeout(timeout);
    }

    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        lock(&self.state).has_room(bytes)
    }

    pub(crate) fn set_capacity(&self, bytes: usize) {
        lock(&self.state).set_capacity(bytes);
    }

    pub(crate) fn redrive(&self) -> Vec<String> {
        self.change(State::redrive)
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.change(|state| state.advance(by));
    }

    /// Whether there was such a message in flight.
    pub(crate) fn deliver_again(&self, id: &str) -> bool {
        self.change(|state| state.deliver_again(id))
    }

    fn change<Answer>(&self, change: impl FnOnce(&mut State) -> Answer) -> Answer {
        let answer = change(&mut lock(&self.state));
        self.changed.notify_waiters();
        answer
    }
}
