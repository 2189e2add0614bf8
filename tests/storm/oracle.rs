//! The laws, and an account of every order that knows nothing of how the function works.
//!
//! * Every order that was answered with a 2xx is shown, in the queue or in the dead-letter queue; if
//!   it was a cancellation, as cancelled.
//! * Nothing is shown that was not sent.
//! * An order is shown at most as often as it has events, plus once for each excused post that names
//!   it. A post is excused if Slack took it and
//!   - its answer was lost, late or an error, so that nobody can know that Slack took it, or
//!   - its invocation was killed, so that nobody could note it, or
//!   - its invocation had to do without the ledger, so that it could neither see what others told nor
//!     note what it told.
//!
//! That is as tight as it can be. Of all posts of an event that are not excused, take the first two:
//! each held the event's lease, as its ledger worked, and the first was marked in the ledger before
//! its invocation ended, and so before its lease did. So the second found the mark, or the lease.
//! Faults elsewhere, in the queue or in the secret, excuse nothing.
//!
//! * What is shown again says that it may be a repeat, unless the ledger failed who told it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use order_alerts::envelope::unpack;
use order_alerts::order;

use crate::history::{Accepted, Log};
use crate::message::Kind;
use crate::shop::{Event, Receipts};
use crate::world::World;

/// A broken law.
#[derive(Debug)]
pub(crate) struct Breach {
    pub(crate) order: Option<u32>,
    pub(crate) what: String,
    /// What was done with the order.
    pub(crate) history: String,
    /// How many calls there were.
    pub(crate) calls: usize,
}

/// What a load came to when no law was broken.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) answered: usize,
    /// How many answers were no 2xx.
    pub(crate) refused: usize,
    /// How long senders waited for a 2xx.
    pub(crate) waits: Vec<Duration>,
    /// When each order was shown, and how many events it has.
    pub(crate) shown: BTreeMap<u32, Vec<Duration>>,
    pub(crate) events: BTreeMap<u32, usize>,
    pub(crate) posts: usize,
    /// When each post arrived, taken or not.
    pub(crate) arrivals: Vec<Duration>,
    pub(crate) rate_limited: usize,
    pub(crate) last_sent: Duration,
    pub(crate) queued: usize,
    pub(crate) dead: usize,
    pub(crate) calls: usize,
    pub(crate) killed: usize,
    /// How many invocations had to do without the ledger.
    pub(crate) without_ledger: usize,
    /// The ledger's keys, and how long each is still kept.
    pub(crate) items: Vec<(String, Duration)>,
    pub(crate) ended: Duration,
}

/// Judges a world that has come to its end.
pub(crate) fn judge(
    world: &World,
    events: &[Event],
    receipts: &Receipts,
) -> Result<Figures, Box<Breach>> {
    let network = &world.network;
    network.log(|log| {
        let breach = |(order, what): (Option<u32>, String)| {
            let history = order.map_or_else(String::new, |order| log.of_order(order));
            Box::new(Breach { order, what, history, calls: network.calls() })
        };
        let account = Account::of(world, log, events, receipts);
        account.nothing_is_made_up().map_err(breach)?;
        account.nothing_is_lost().map_err(breach)?;
        account.repeats_have_their_reasons(log).map_err(breach)?;
        account.repeats_are_marked(log).map_err(breach)?;
        let events_of = account.events().into_iter().map(|(order, kinds)| (order, kinds.len()));
        let events_of = events_of.collect();
        let Account { shown, queued, dead, answered, .. } = account;
        Ok(Figures {
            answered: answered.len(),
            refused: receipts.refused(),
            waits: receipts.waits(),
            shown: shown.into_iter().map(|(order, posts)| (order, times(&posts))).collect(),
            events: events_of,
            posts: log.accepted.len(),
            arrivals: log.arrivals.clone(),
            rate_limited: log.rate_limited,
            last_sent: events.iter().map(|event| event.at).max().unwrap_or_default(),
            queued: queued.len(),
            dead: dead.len(),
            calls: network.calls(),
            killed: log.killed.len(),
            without_ledger: log.without_ledger().len(),
            items: items(world),
            ended: network.began.elapsed(),
        })
    })
}

type Broken = (Option<u32>, String);

/// Where every order is.
struct Account<'a> {
    /// By id, those that were sent and those that were answered.
    sent: BTreeMap<usize, Event>,
    answered: BTreeMap<usize, Duration>,
    shown: BTreeMap<u32, Vec<(&'a Accepted, Kind)>>,
    queued: BTreeSet<(u32, Kind)>,
    dead: BTreeSet<(u32, Kind)>,
}

impl<'a> Account<'a> {
    fn of(world: &World, log: &'a Log, events: &[Event], receipts: &Receipts) -> Self {
        let mut shown = BTreeMap::<u32, Vec<_>>::new();
        for post in &log.accepted {
            for told in &post.told {
                shown.entry(told.order).or_default().push((post, told.kind));
            }
        }
        let sqs = &world.network.outside.sqs;
        let held = |messages: Vec<order_alerts_fakes::QueuedMessage>| {
            messages.iter().flat_map(|message| orders(&message.body)).collect()
        };
        Self {
            sent: events.iter().map(|event| (event.id, *event)).collect(),
            answered: receipts.answered().into_iter().collect(),
            shown,
            queued: held(sqs.messages()),
            dead: held(sqs.dead_letters()),
        }
    }

    /// By order.
    fn events(&self) -> BTreeMap<u32, Vec<Kind>> {
        let mut events = BTreeMap::<u32, Vec<Kind>>::new();
        for event in self.sent.values() {
            events.entry(event.order).or_default().push(event.kind);
        }
        events
    }

    fn nothing_is_made_up(&self) -> Result<(), Broken> {
        let known: BTreeSet<_> = self.sent.values().map(|event| event.order).collect();
        match self.shown.keys().find(|order| !known.contains(order)) {
            Some(order) => Err((Some(*order), "was never sent, and is shown".to_owned())),
            None => Ok(()),
        }
    }

    fn nothing_is_lost(&self) -> Result<(), Broken> {
        for id in self.answered.keys() {
            let Event { order, kind, .. } = self.sent[id];
            // Of other events of an order, the one that matters most may stand for all.
            let counts = |found: Kind| kind != Kind::Cancelled || found == Kind::Cancelled;
            let is_shown = self.shown.get(&order);
            let is_shown =
                is_shown.is_some_and(|posts| posts.iter().any(|(_, kind)| counts(*kind)));
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

    fn repeats_have_their_reasons(&self, log: &Log) -> Result<(), Broken> {
        let without_ledger = log.without_ledger();
        let is_excused = |post: &Accepted| {
            post.is_unclear
                || log.killed.contains(&post.invocation)
                || without_ledger.contains(post.invocation.as_str())
        };
        let events = self.events();
        for (order, posts) in &self.shown {
            let excused = posts.iter().filter(|(post, _)| is_excused(post)).count();
            let cancelled = |kind: &Kind| *kind == Kind::Cancelled;
            let bounds = [
                (posts.len(), events[order].len()),
                (
                    posts.iter().filter(|(_, kind)| cancelled(kind)).count(),
                    events[order].iter().filter(|kind| cancelled(kind)).count(),
                ),
            ];
            for (shown, of) in bounds {
                if shown > of + excused {
                    let what = format!(
                        "is shown {shown} times, for {of} events and {excused} excused posts"
                    );
                    return Err((Some(*order), what));
                }
            }
        }
        Ok(())
    }

    fn repeats_are_marked(&self, log: &Log) -> Result<(), Broken> {
        let without_ledger = log.without_ledger();
        let events = self.events();
        let of_one_event = self.shown.iter().filter(|(order, _)| events[order].len() == 1);
        for (order, posts) in of_one_event {
            let knows = |post: &Accepted| !without_ledger.contains(post.invocation.as_str());
            let all_know = posts.iter().all(|(post, _)| knows(post));
            // The one that says nothing may well be the last to arrive.
            let silent = posts.iter().filter(|(post, _)| !post.says_repeat).count();
            if all_know && silent > 1 {
                return Err((Some(*order), "is shown again, and that is not said".to_owned()));
            }
        }
        Ok(())
    }
}

fn orders(body: &str) -> Vec<(u32, Kind)> {
    let events = unpack(body).expect("only the function writes into its queues");
    let order = |event: &order::OrderEvent| {
        let kind = match event.kind {
            order::Kind::Cancelled => Kind::Cancelled,
            order::Kind::Created => Kind::Created,
            order::Kind::Modified => Kind::Modified,
        };
        let id = event.id.as_ref().expect("every order has one").as_str();
        (id.trim_start_matches("A-").parse().expect("it is a number"), kind)
    };
    events.iter().map(order).collect()
}

fn items(world: &World) -> Vec<(String, Duration)> {
    let now = world.now().as_second();
    let items = world.network.outside.table.items().into_iter();
    let items = items.map(|(key, item)| (key, item["expires"].as_i64().unwrap_or(i64::MAX) - now));
    items
        .filter_map(|(key, left)| Some((key, Duration::from_secs(left.try_into().ok()?))))
        .collect()
}

fn times(posts: &[(&Accepted, Kind)]) -> Vec<Duration> {
    posts.iter().map(|(post, _)| post.at).collect()
}
