//! What one invocation has in hand: queue messages, the leases of their events, and its last posts.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use order_alerts::config::Config;
use order_alerts::order::OrderEvent;
use order_alerts::secret::Channel;
use serde_json::Value;

use crate::stack::life::EventId;

/// In place of the id of an event that is not known.
pub(crate) const UNKNOWN: EventId = 0;

/// All that one invocation has in hand.
#[derive(Debug)]
pub(crate) struct Hand {
    /// Its settings.
    pub(crate) config: Config,
    /// First those that Lambda gave it, then those that it received.
    pub(crate) messages: Vec<HeldMessage>,
    /// The events that it leased and has neither marked nor released, by their places among all
    /// events in hand.
    pub(crate) leased: BTreeSet<usize>,
    /// What the ledger knows to be delivered before.
    pub(crate) delivered_before: HashSet<EventId>,
    /// The events that it stored in the queue.
    pub(crate) accepted: Vec<EventId>,
    /// Its last post to each channel, until it turns to something else than posting and marking.
    pub(crate) posts: BTreeMap<Channel, Post>,
    /// How often it has turned to something else.
    pub(crate) turned: u64,
    /// How many posts it has made to each channel.
    pub(crate) posted: BTreeMap<Channel, u64>,
}

/// A queue message that it received.
#[derive(Debug)]
pub(crate) struct HeldMessage {
    pub(crate) id: String,
    pub(crate) receipt: String,
    pub(crate) events: Vec<EventId>,
    /// Lambda gave it to the invocation, and deletes it by the response.
    pub(crate) is_from_lambda: bool,
}

/// A post on its way to Slack.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    /// The events that may be in it, by their places: what is leased, and tests, which are not.
    pub(crate) candidates: Vec<(usize, EventId)>,
    /// What its invocation had done until then.
    pub(crate) done: Done,
}

/// How often an invocation had turned to something else than posting, and how many posts it had made to
/// one channel. After one more of either it no longer waits for the answer to a post.
pub(crate) type Done = (u64, u64);

/// A message that Slack took.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) at: Timestamp,
    pub(crate) channel: Channel,
    pub(crate) payload: Value,
    /// The leased events that the message names and that are not marked yet, with their places. Another
    /// order may have the same name, so only the marks say which events it shows.
    pub(crate) expected: BTreeSet<(usize, EventId)>,
    /// The events that it shows, each with the time of its mark.
    pub(crate) shown: Vec<(EventId, Option<Timestamp>)>,
    /// Its number in the channel, from when all expected events are marked.
    pub(crate) number: Option<u64>,
}

impl Hand {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            messages: Vec::new(),
            leased: BTreeSet::new(),
            delivered_before: HashSet::new(),
            accepted: Vec::new(),
            posts: BTreeMap::new(),
            turned: 0,
            posted: BTreeMap::new(),
        }
    }

    /// The events in hand, in their order.
    pub(crate) fn events(&self) -> impl Iterator<Item = EventId> {
        self.messages.iter().flat_map(|message| message.events.iter().copied())
    }

    /// The event at a place.
    pub(crate) fn event(&self, index: usize) -> EventId {
        self.events().nth(index).unwrap_or(UNKNOWN)
    }

    /// What it has done until now, as far as it matters to a post to this channel.
    pub(crate) fn done(&self, channel: &Channel) -> Done {
        (self.turned, self.posted.get(channel).copied().unwrap_or_default())
    }

    /// The channel to which its rules send an event.
    pub(crate) fn channel_of(&self, event: &OrderEvent) -> Channel {
        let named = self.config.decide(event).channel;
        named.map_or(Channel::Orders, |name| Channel::Named(name.clone()))
    }

    /// The events of the message with this receipt.
    pub(crate) fn received_with(&self, receipt: &str) -> Option<&HeldMessage> {
        self.messages.iter().find(|message| message.receipt == receipt)
    }
}
