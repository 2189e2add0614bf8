//! What becomes of every event, observed at the network: the function itself says nothing of it.
//!
//! An invocation has events in hand, in an order that its leases count in. It leases events, posts a
//! message to each channel, and marks in the ledger what a message shows before it posts the next one to
//! the same channel. So the marks that follow a post say exactly which events are in the message. An
//! invocation that is killed in between leaves no marks; then it is those events that the message names.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use order_alerts::config::Config;
use order_alerts::secret::Channel;
use serde_json::Value;
use tokio::sync::broadcast;

use crate::stack::Clock;
use crate::stack::calls::{Call, ReceivedMessage, message_id, received, state_found};
use crate::stack::hand::{Hand, Sent};
use crate::stack::life::{EventId, State, What};
use crate::stack::numbers::Numbers;
use crate::stack::observed::Observed;

/// A stream that has fallen behind by more changes than this begins again.
const MAX_BEHIND: usize = 1_024;

/// Observes all invocations.
pub(crate) struct Observer {
    clock: Clock,
    observed: Mutex<Observed>,
    changes: broadcast::Sender<Change>,
}

/// Something that the page must know at once.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// The name of the event in the stream.
    pub(crate) name: &'static str,
    pub(crate) data: Value,
}

/// The answer to a post.
pub(crate) struct Answered {
    pub(crate) channel: Channel,
    pub(crate) status: u16,
    /// How long Slack asks to wait, in seconds.
    pub(crate) retry_after: Option<u64>,
    /// What Slack says, such as `ok`.
    pub(crate) word: String,
    pub(crate) payload: Value,
}

impl Observer {
    pub(crate) fn new(clock: Clock) -> Self {
        let (changes, _) = broadcast::channel(MAX_BEHIND);
        Self { clock, observed: Mutex::default(), changes }
    }

    /// An invocation begins, with the messages that Lambda gives it.
    pub(crate) fn began(&self, invocation: &str, config: Config, messages: Vec<ReceivedMessage>) {
        let mut observed = self.lock();
        observed.hands.insert(invocation.to_owned(), Hand::new(config));
        observed.receive(invocation, messages, true);
    }

    /// An invocation makes a call to AWS.
    pub(crate) fn calls(&self, invocation: &str, call: &Call) {
        if call.ends_posts() {
            self.change(|observed, _| observed.turn(invocation));
        }
    }

    /// AWS has performed the call, or refused it.
    pub(crate) fn called(&self, invocation: &str, call: Call, is_success: bool, answer: &[u8]) {
        self.change(|observed, now| match call {
            Call::Send { is_dead_letter, body, delay_seconds } if is_success => {
                let Some(id) = message_id(answer) else { return };
                if is_dead_letter {
                    observed.dead_letter(invocation, id, &body, now);
                } else {
                    observed.accept(invocation, id, &body, delay_seconds, now);
                }
            }
            Call::Receive => observed.receive(invocation, received(answer), false),
            Call::Delete(receipts) if is_success => {
                for receipt in &receipts {
                    observed.delete(invocation, receipt, now);
                }
            }
            Call::Hide(messages) if is_success => {
                for (receipt, seconds) in messages {
                    observed.hide(invocation, &receipt, seconds, now);
                }
            }
            Call::Put(put) => observed.put(invocation, &put, is_success, state_found(answer), now),
            Call::Send { .. } | Call::Delete(_) | Call::Hide(_) | Call::Other => {}
        });
    }

    /// An invocation posts a message to a channel.
    pub(crate) fn posts(&self, invocation: &str, channel: &Channel) -> Sent {
        self.change(|observed, _| observed.posts(invocation, channel))
    }

    /// Slack has answered, perhaps when the invocation no longer waits for it.
    pub(crate) fn posted(&self, invocation: &str, sent: Sent, answer: Answered) {
        self.change(|observed, now| observed.posted(invocation, sent, answer, now));
    }

    /// Another program has posted a message, such as a function under `cargo lambda watch`.
    pub(crate) fn posted_elsewhere(&self, answer: Answered) {
        self.posted("", Sent::default(), answer);
    }

    /// An invocation ends; returns the events that it accepted. `failed` are the messages that Lambda
    /// must not delete; `None` if it was killed.
    pub(crate) fn ended(&self, invocation: &str, failed: Option<&[String]>) -> Vec<EventId> {
        self.change(|observed, now| observed.ended(invocation, failed, now))
    }

    /// The id of the queue message in which this event is hidden until it is tried again.
    pub(crate) fn hidden_in(&self, id: EventId) -> Option<String> {
        self.lock().hidden_in(id)
    }

    /// The function's clock was put forward for this event.
    pub(crate) fn put_forward(&self, id: EventId) {
        self.change(|observed, now| observed.lives.add(id, now, What::Later, None));
    }

    /// Whether the event is in the queue, and in no message yet.
    pub(crate) fn is_waiting(&self, id: EventId) -> bool {
        self.lock().lives.is(id, State::Waiting)
    }

    /// These dead letters, by their message ids, are in the queue again.
    pub(crate) fn redriven(&self, ids: &[String]) {
        self.change(|observed, now| observed.redriven(ids, now));
    }

    pub(crate) fn numbers(&self) -> Numbers {
        self.lock().numbers()
    }

    /// The last messages in the channel, as the page gets them.
    pub(crate) fn messages(&self) -> Vec<Value> {
        self.lock().channel.json()
    }

    /// The life of an event.
    pub(crate) fn life(&self, id: EventId) -> Option<Value> {
        self.lock().lives.json(id)
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Sends a change to all pages that are open.
    pub(crate) fn announce(&self, name: &'static str, data: Value) {
        // Without a page there is no receiver.
        self.changes.send(Change { name, data }).ok();
    }

    fn change<T>(&self, change: impl FnOnce(&mut Observed, Timestamp) -> T) -> T {
        let now = (self.clock)();
        let mut observed = self.lock();
        let changed = change(&mut observed, now);
        for message in observed.new_messages.drain(..) {
            self.announce("message", message.json());
        }
        changed
    }

    fn lock(&self) -> MutexGuard<'_, Observed> {
        self.observed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
