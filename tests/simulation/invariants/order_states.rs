//! The state of every order: shown, in the queue, or dead-lettered.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use order_alerts::order;
use order_alerts::queue::envelope::unpack;

use crate::history::{Accepted, Log};
use crate::message::Kind;
use crate::senders::{Event, Responses};
use crate::world::World;

/// An order, if it is about one, and what is wrong.
pub(crate) type Finding = (Option<u32>, String);

/// The states of all orders.
pub(crate) struct OrderStates<'a> {
    /// By id, those that were sent and those that were answered, each at the first time.
    pub(crate) sent: BTreeMap<usize, Event>,
    pub(crate) answered: BTreeMap<usize, Duration>,
    pub(crate) shown: BTreeMap<u32, Vec<(&'a Accepted, Kind)>>,
    pub(crate) queued: BTreeSet<(u32, Kind)>,
    pub(crate) dead: BTreeSet<(u32, Kind)>,
    /// Each dead letter's orders, and why it is there.
    pub(crate) letters: Vec<(Vec<u32>, String)>,
    /// The orders of which a dead letter says that their step is overdue.
    pub(crate) overdue_letters: BTreeSet<u32>,
}

impl<'a> OrderStates<'a> {
    pub(crate) fn of(world: &World, log: &'a Log, events: &[Event], responses: &Responses) -> Self {
        let mut shown = BTreeMap::<u32, Vec<_>>::new();
        for post in &log.accepted {
            for shown_order in &post.orders {
                shown.entry(shown_order.order).or_default().push((post, shown_order.kind));
            }
        }
        let sqs = &world.network.outside.sqs;
        let orders_of = |messages: Vec<order_alerts_fakes::QueuedMessage>| {
            messages.iter().flat_map(|message| orders(&message.body)).collect()
        };
        let letter = |letter: &order_alerts_fakes::QueuedMessage| {
            let orders = orders(&letter.body).into_iter().map(|(order, _)| order).collect();
            let reason = letter.attributes.get("reason").map(|reason| &reason["StringValue"]);
            (orders, reason.and_then(|text| text.as_str()).unwrap_or_default().to_owned())
        };
        Self {
            letters: sqs.dead_letters().iter().map(letter).collect(),
            overdue_letters: sqs.dead_letters().iter().flat_map(overdue).collect(),
            sent: firsts(events.iter().map(|event| (event.id, *event)), |event| event.at),
            answered: firsts(responses.answered().into_iter(), |at| *at),
            shown,
            queued: orders_of(sqs.messages()),
            dead: orders_of(sqs.dead_letters()),
        }
    }

    /// By order.
    pub(crate) fn events(&self) -> BTreeMap<u32, Vec<Kind>> {
        let mut events = BTreeMap::<u32, Vec<Kind>>::new();
        for event in self.sent.values() {
            events.entry(event.order).or_default().push(event.kind);
        }
        events
    }

    pub(crate) fn no_order_is_invented(&self) -> Result<(), Finding> {
        let known: BTreeSet<_> = self.sent.values().map(|event| event.order).collect();
        match self.shown.keys().find(|order| !known.contains(order)) {
            Some(order) => Err((Some(*order), "was never sent, and is shown".to_owned())),
            None => Ok(()),
        }
    }

    pub(crate) fn nothing_is_lost(&self) -> Result<(), Finding> {
        for id in self.answered.keys() {
            let Event { order, kind, at, .. } = self.sent[id];
            // Events of an order may be shown as one, by their most important kind.
            let counts = |found: Kind| kind != Kind::Cancelled || found == Kind::Cancelled;
            // One that is shown before this event was sent does not stand for it, unless nothing
            // else is said of a cancelled order.
            let stands_for_it = |(post, found): &(&Accepted, Kind)| {
                counts(*found) && (post.at >= at || *found == Kind::Cancelled)
            };
            let is_shown = self.shown.get(&order);
            let is_shown = is_shown.is_some_and(|posts| posts.iter().any(stands_for_it));
            let mut kept = self.queued.iter().chain(&self.dead);
            if !is_shown && !kept.any(|(kept, kind)| *kept == order && counts(*kind)) {
                return Err((
                    Some(order),
                    format!("{kind:?} was answered with a 2xx, and is lost"),
                ));
            }
        }
        Ok(())
    }
}

/// The first by time of each id.
fn firsts<T>(
    all: impl Iterator<Item = (usize, T)>,
    time: impl Fn(&T) -> Duration,
) -> BTreeMap<usize, T> {
    let mut firsts = BTreeMap::new();
    for (id, one) in all {
        match firsts.entry(id) {
            Entry::Vacant(new) => {
                new.insert(one);
            }
            Entry::Occupied(mut known) if time(&one) < time(known.get()) => {
                known.insert(one);
            }
            Entry::Occupied(_) => {}
        }
    }
    firsts
}

fn overdue(letter: &order_alerts_fakes::QueuedMessage) -> Vec<u32> {
    let content = unpack(&letter.body).expect("only the function writes into its queues");
    let is_overdue = |event: &&order::OrderEvent| event.kind == order::Kind::Overdue;
    content.orders().iter().filter(is_overdue).map(number).collect()
}

fn number(event: &order::OrderEvent) -> u32 {
    let id = event.id.as_ref().expect("every order has one").as_str();
    id.trim_start_matches("A-").parse().expect("it is a number")
}

fn orders(body: &str) -> Vec<(u32, Kind)> {
    let content = unpack(body).expect("only the function writes into its queues");
    let events = content.orders();
    let order = |event: &order::OrderEvent| {
        let kind = match event.kind {
            order::Kind::Cancelled => Kind::Cancelled,
            order::Kind::Created => Kind::Created,
            order::Kind::Modified => Kind::Modified,
            order::Kind::Overdue => return None,
        };
        Some((number(event), kind))
    };
    events.iter().filter_map(order).collect()
}
