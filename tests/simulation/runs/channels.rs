//! Rules send orders to three channels, one of which dies for a while.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use fastrand::Rng;
use order_alerts_fakes::Fault;

use crate::faults::{Plan, Random};
use crate::invariants::Figures;
use crate::load::{ChannelOutage, Load, RECOVERY};
use crate::message::Kind;
use crate::report::observe;
use crate::senders::Event;
use crate::world::Settings;

/// New orders for the kitchen, cancellations for the managers, and changes for the orders' channel.
const SETTINGS: Settings =
    &[("RULES", "created -> each, to kitchen; cancelled -> to managers; modified -> each")];
/// The longest: both consumers wait for a channel that hangs, as long as an invocation can.
const IN_TIME: Duration = Duration::from_secs(30);

const fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

/// Orders with one event each, for ten minutes.
fn orders(count: u32) -> Vec<Event> {
    let mut chance = Rng::with_seed(7);
    let kinds = [Kind::Created, Kind::Cancelled, Kind::Modified];
    let mut events: Vec<_> = (0..count)
        .map(|order| {
            let at = minutes(10).mul_f64(chance.f64());
            let kind = kinds[chance.usize(..kinds.len())];
            Event { id: order as usize, order, kind, at, happened: at }
        })
        .collect();
    events.sort_by_key(|event| event.at);
    events
}

fn channel_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Created => "kitchen",
        Kind::Cancelled => "managers",
        Kind::Modified | Kind::Reopened => "",
    }
}

/// The kitchen's channel dies for five minutes.
fn dying(name: &str, fault: Fault, count: u32) -> (Vec<Event>, Load) {
    let events = orders(count);
    let outage = ChannelOutage { channel: "kitchen", during: minutes(1)..minutes(6), fault };
    let load = Load::new(&format!("3 channels, one {name}"), events.clone(), minutes(90));
    (events, Load { settings: SETTINGS, channel_outage: Some(outage), ..load })
}

/// Everything is shown, in its own channel.
#[track_caller]
fn assert_shown(figures: &Figures, events: &[Event]) {
    assert_eq!(figures.shown.len(), events.len());
    assert_eq!((figures.queued, figures.dead), (0, 0));
    let own: BTreeMap<_, _> = events
        .iter()
        .map(|event| (event.order, BTreeSet::from([channel_of(event.kind)])))
        .collect();
    assert_eq!(figures.channels, own);
}

/// What belongs into other channels than the kitchen's is shown in time.
#[track_caller]
fn assert_others_in_time(figures: &Figures, events: &[Event]) {
    let others = events.iter().filter(|event| channel_of(event.kind) != "kitchen");
    let wait = |event: &Event| {
        let shown = figures.shown[&event.order].iter().min().expect("it is shown");
        (shown.saturating_sub(event.at), event.order)
    };
    let longest = others.map(wait).max().expect("there are others");
    assert!(longest.0 < IN_TIME, "order {} was shown after {:?}", longest.1, longest.0);
}

#[test]
fn each_order_is_shown_in_its_channel() {
    let events = orders(300);
    let load = Load::new("3 channels", events.clone(), minutes(60));
    let figures = observe(&Load { settings: SETTINGS, ..load });
    assert_shown(&figures, &events);
    assert_eq!(figures.repeated(), 0);
    assert_eq!(figures.rate_limited, 0);
}

#[test]
fn a_channel_that_fails_delays_no_other_and_has_its_orders_afterwards() {
    for (name, fault) in [
        ("fails", Fault::answer(500, "")),
        ("is limited", Fault::RateLimited(Some("40"))),
        ("resets", Fault::Reset),
        ("hangs", Fault::Hang),
    ] {
        let (events, load) = dying(name, fault, 150);
        let figures = observe(&load);
        assert_shown(&figures, &events);
        assert_others_in_time(&figures, &events);
        assert!(figures.delay() < minutes(15), "{:?}", figures.delay());
    }
}

#[test]
fn what_a_removed_channel_would_have_is_shown_in_the_orders_channel_at_once() {
    let (events, load) = dying("is removed", Fault::answer(404, "no_service"), 150);
    let figures = observe(&load);
    assert_eq!((figures.shown.len(), figures.queued, figures.dead), (events.len(), 0, 0));
    assert_others_in_time(&figures, &events);
    for event in &events {
        let is_during = (minutes(1)..minutes(5)).contains(&event.at);
        if event.kind == Kind::Created && is_during {
            assert_eq!(figures.channels[&event.order], BTreeSet::from([""]), "{event:?}");
        }
    }
    assert!(figures.delay() < IN_TIME, "{:?}", figures.delay());
}

#[test]
fn three_channels_survive_faults_at_every_call_while_one_is_down() {
    survive(150, 0..2);
}

#[test]
#[ignore = "takes minutes: make storm"]
fn three_busy_channels_survive_faults_at_every_call_while_one_is_down() {
    survive(600, 2..22);
}

fn survive(count: u32, seeds: Range<u64>) {
    for seed in seeds {
        let (events, load) = dying("fails", Fault::answer(500, ""), count);
        let until = minutes(12);
        let plan = Plan::Random(Random { seed, percent: 5, calls: 0..usize::MAX, until });
        let load = Load { seed, plan, well_from: Some(until + RECOVERY), ..load };
        let name = format!("{}, 5 % faults, seed {seed}", load.name);
        let figures = observe(&Load { name, ..load });
        assert_eq!((figures.queued, figures.dead), (0, 0));
        assert_eq!(figures.answered, events.len());
    }
}
