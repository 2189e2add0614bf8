//! The invariants, checked over every order.
//!
//! * Every event that was answered with a 2xx is shown, in the queue or in the dead-letter queue; a
//!   cancellation as one. A post that names the order after the event was sent stands for it, and so
//!   does any cancellation of the order.
//! * Nothing is shown that was not sent.
//! * An order is shown at most as often as it has events, plus once for each post that names it and
//!   may be repeated, and so are its events of each kind. A post may be repeated if Slack accepted it
//!   and
//!   - its response was lost, later than the function can wait, or an error, so that the function
//!     cannot know that Slack accepted it, or
//!   - its invocation was killed before it was marked delivered, or
//!   - the ledger did not show its invocation what others had delivered of this order, or did not
//!     store what it delivered itself ([`allowed_repeats`]).
//!
//! That is as tight as it can be. Of all posts of an event that may not be repeated, take the first
//! two: each had the event's lease, as its ledger worked, and the first was marked delivered before
//! its invocation ended, and so before its lease expired. So the second found the mark, or the lease.
//! Faults elsewhere, in the queue or in the secret, allow no repeat.
//!
//! * A repeated order says that it may be a repeat, unless the ledger failed its invocation.
//! * No order is posted without a call of the ledger, if the ledger works.
//! * An order is not shown as new after its cancellation ([`cancellations`]).
//! * A cancellation that comes after a reopening is shown after it ([`reopenings`]).
//! * Without faults, and after them, every event is shown in time ([`liveness`]).
//! * An order whose step never came is shown as overdue, and none whose step was known a minute before
//!   ([`expectations`]).
//! * What Slack always rejects, and only that, is in the dead-letter queue, once for each time that
//!   it was put into the queue and for each fault of the queue ([`dead_letters`]).

pub(crate) mod allowed_repeats;
mod cancellations;
mod dead_letters;
pub(crate) mod expectations;
mod liveness;
pub(crate) mod order_states;
mod reopenings;
mod repeats;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::history::Accepted;
use crate::invariants::allowed_repeats::AllowedRepeats;
use crate::invariants::expectations::Watched;
use crate::invariants::order_states::OrderStates;
use crate::message::Kind;
use crate::senders::{Event, Responses};
use crate::world::{CHANNELS, World, channel_url};

/// A broken invariant.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) order: Option<u32>,
    pub(crate) what: String,
    /// The history of the order.
    pub(crate) history: String,
    /// How many calls there were.
    pub(crate) calls: usize,
}

/// The figures of a run that kept all invariants.
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
    /// The names of the channels that each order was shown in; that of the orders has none.
    pub(crate) channels: BTreeMap<u32, BTreeSet<&'static str>>,
    pub(crate) posts: usize,
    /// How many of them mentioned people.
    pub(crate) mentions: usize,
    /// When each post arrived, accepted or not.
    pub(crate) arrivals: Vec<Duration>,
    pub(crate) rate_limited: usize,
    pub(crate) last_sent: Duration,
    pub(crate) queued: usize,
    pub(crate) dead: usize,
    pub(crate) calls: usize,
    pub(crate) killed: usize,
    /// For how many invocations the ledger failed.
    pub(crate) without_ledger: usize,
    /// The ledger's keys, and how long each is still kept.
    pub(crate) items: Vec<(String, Duration)>,
    pub(crate) ended: Duration,
}

/// Checks the invariants over a world that has ended.
pub(crate) fn check_invariants(
    world: &World,
    events: &[Event],
    responses: &Responses,
    well_from: Option<Duration>,
) -> Result<Figures, Box<Violation>> {
    let network = &world.network;
    network.log(|log| {
        let violation = |(order, what): (Option<u32>, String)| {
            let history = order.map_or_else(String::new, |order| log.of_order(order));
            Box::new(Violation { order, what, history, calls: network.calls() })
        };
        let states = OrderStates::of(world, log, events, responses);
        states.no_order_is_invented().map_err(violation)?;
        states.nothing_is_lost().map_err(violation)?;
        let allowed = AllowedRepeats::new(log, states.sent.values());
        repeats::are_allowed(&states, &allowed).map_err(violation)?;
        repeats::say_so(&states, &allowed).map_err(violation)?;
        cancellations::are_final(&states, &allowed).map_err(violation)?;
        reopenings::are_shown_in_order(&states, &allowed).map_err(violation)?;
        dead_letters::are_rejected_orders(&states, &allowed).map_err(violation)?;
        dead_letters::are_not_too_many(&states, log).map_err(violation)?;
        if let Some(well_from) = well_from {
            liveness::events_are_shown_in_time(&states, network.outside.settings, well_from)
                .map_err(violation)?;
        }
        let settings = network.outside.settings;
        if settings.iter().any(|(name, _)| *name == "EXPECT") {
            let watched = Watched { states: &states, allowed: &allowed, log };
            watched.are_shown(well_from).map_err(violation)?;
        }
        let channels = states.shown.iter().map(|(order, posts)| {
            let channels = posts.iter().map(|(post, _)| channel(world, &post.hook)).collect();
            (*order, channels)
        });
        let channels = channels.collect();
        let events_of = states.events().into_iter().map(|(order, kinds)| (order, kinds.len()));
        let events_of = events_of.collect();
        let OrderStates { shown, queued, answered, letters, .. } = states;
        Ok(Figures {
            answered: answered.len(),
            refused: responses.refused(),
            waits: responses.waits(),
            shown: shown.into_iter().map(|(order, posts)| (order, times(&posts))).collect(),
            events: events_of,
            channels,
            posts: log.accepted.len(),
            mentions: network
                .outside
                .slack
                .messages()
                .iter()
                .filter(|message| !message.mentions.is_empty())
                .count(),
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

/// The name of the channel with this URL, empty for that of the orders.
fn channel(world: &World, hook: &str) -> &'static str {
    let slack = &world.network.outside.slack;
    let named = CHANNELS.into_iter().find(|name| channel_url(slack, name) == hook);
    named.unwrap_or_default()
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
