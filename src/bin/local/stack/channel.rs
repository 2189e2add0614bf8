//! The messages that the channel has taken.

use std::collections::VecDeque;

use jiff::Timestamp;
use order_alerts::rules::ChannelName;
use order_alerts::secret::Channel as To;
use serde_json::{Value, json};

use crate::stack::life::EventId;

/// What the channel keeps: enough to look at, and little enough to run for weeks.
pub(crate) const MAX_MESSAGES: usize = 200;

/// A message as the page gets it.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Counted from 1.
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    pub(crate) channel: To,
    pub(crate) payload: Value,
    /// The events that it shows.
    pub(crate) events: Vec<EventId>,
}

/// The last messages, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Channel {
    count: u64,
    messages: VecDeque<Message>,
}

impl Channel {
    /// Adds a message; returns it with its number.
    pub(crate) fn add(&mut self, message: Message) -> Message {
        self.count += 1;
        let message = Message { number: self.count, ..message };
        self.messages.push_back(message.clone());
        if self.messages.len() > MAX_MESSAGES {
            self.messages.pop_front();
        }
        message
    }

    /// Another event that a message shows.
    pub(crate) fn add_event(&mut self, number: u64, event: EventId) {
        let message = self.messages.iter_mut().find(|message| message.number == number);
        if let Some(message) = message.filter(|message| !message.events.contains(&event)) {
            message.events.push(event);
        }
    }

    /// The last message for which it is so.
    pub(crate) fn last(&self, is_it: impl Fn(&Message) -> bool) -> Option<u64> {
        let message = self.messages.iter().rev().find(|message| is_it(message));
        message.map(|message| message.number)
    }

    /// How many there were, also those that are not kept.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn json(&self) -> Vec<Value> {
        self.messages.iter().map(Message::json).collect()
    }
}

impl Message {
    pub(crate) fn json(&self) -> Value {
        let channel = match &self.channel {
            To::Orders => ChannelName::ORDERS,
            To::Monitoring => "monitoring",
            To::Named(name) => name.as_str(),
        };
        json!({
            "number": self.number,
            "at": self.at.as_millisecond(),
            "channel": channel,
            // A rule may call its channel `monitoring` too.
            "is_monitoring": self.channel == To::Monitoring,
            "payload": self.payload,
            "events": self.events,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_channel_keeps_the_last_messages_and_counts_all() {
        let mut channel = Channel::default();
        for _ in 0..250 {
            let (at, payload) = (Timestamp::UNIX_EPOCH, json!({"text": "x"}));
            let (number, events) = (0, Vec::new());
            channel.add(Message { number, at, channel: To::Orders, payload, events });
        }
        channel.add_event(250, 7);
        channel.add_event(250, 7);
        let messages = channel.json();
        assert_eq!((messages.len(), channel.count()), (MAX_MESSAGES, 250));
        assert_eq!((&messages[0]["number"], &messages[199]["events"]), (&json!(51), &json!([7])));
    }
}
