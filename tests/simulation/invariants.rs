//! The laws, and an account of every order by them.
//!
//! * Every order that was answered with a 2xx is shown, in the queue or in the dead-letter queue; if
//!   it was a cancellation, as cancelled.
//! * Nothing is shown that was not sent.
//! * An order is shown at most as often as it has events, plus once for each excused post that names
//!   it, and so are its cancellations and its reopenings. A post is excused if Slack took it and
//!   - its answer was lost, late or an error, so that nobody can know that Slack took it, or
//!   - its invocation was killed, so that nobody could note it, or
//!   - the ledger did not let its invocation see what others told of this order, or note what it
//!     told itself ([`allowed_repeats`]).
//!
//! That is as tight as it can be. Of all posts of an event that are not excused, take the first two:
//! each held the event's lease, as its ledger worked, and the first was marked in the ledger before
//! its invocation ended, and so before its lease did. So the second found the mark, or the lease.
//! Faults elsewhere, in the queue or in the secret, excuse nothing.
//!
//! * What is shown again says that it may be a repeat, unless the ledger failed who told it.
//! * Nobody tells an order without asking the ledger, if it can.
//! * A cancellation that comes after a reopening is shown after it ([`reopenings`]).
//! * What Slack never takes, and only that, is in the dead-letter queue, once for each time that it
//!   was put into the queue and for each fault of the queue ([`dead_letters`]).

pub(crate) mod allowed_repeats;
mod dead_letters;
mod liveness;
pub(crate) mod order_states;
mod reopenings;
mod repeats;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::history::Accepted;
use crate::invariants::allowed_repeats::Excuses;
use crate::invariants::order_states::Account;
use crate::message::Kind;
use crate::senders::{Event, Receipts};
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
    well_from: Option<Duration>,
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
        let excuses = Excuses::new(log, account.sent.values());
        repeats::have_their_reasons(&account, &excuses).map_err(breach)?;
        repeats::are_marked(&account, &excuses).map_err(breach)?;
        reopenings::are_told_in_their_order(&account, &excuses).map_err(breach)?;
        dead_letters::are_of_poison_alone(&account, &excuses, log).map_err(breach)?;
        dead_letters::have_their_reasons(&account, log).map_err(breach)?;
        if let Some(well_from) = well_from {
            liveness::what_comes_is_shown_in_time(&account, well_from).map_err(breach)?;
        }
        let events_of = account.events().into_iter().map(|(order, kinds)| (order, kinds.len()));
        let events_of = events_of.collect();
        let Account { shown, queued, answered, letters, .. } = account;
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
            dead: letters.len(),
            calls: network.calls(),
            killed: log.killed.len(),
            without_ledger: log.without_ledger().len(),
            items: items(world),
            ended: network.began.elapsed(),
        })
    })
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
