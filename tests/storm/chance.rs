//! Faults by chance, at every call that the function makes.

use std::time::Duration;

use crate::faults::{Plan, Random};
use crate::load::Load;
use crate::message::Kind;
use crate::report::observe;
use crate::shop::{Event, mixed};

/// So many events come in this time, and somewhat longer everything can go wrong.
fn survive(events: usize, time: Duration, seed: u64) {
    let until = time + Duration::from_mins(3);
    let mut events = mixed(events, time, seed);
    let order = events.iter().map(|event| event.order).max().unwrap_or_default() + 1;
    let at = until + Duration::from_secs(1);
    let fresh = Event { id: events.len(), order, kind: Kind::Cancelled, at, happened: at };
    events.push(fresh);
    let name = format!("{} events, 5 % faults, seed {seed}", events.len());
    let plan = Plan::Random(Random { seed, percent: 5, calls: 0..usize::MAX, until });
    let load = Load::new(&name, events, until + Duration::from_mins(30));
    let figures = observe(&Load { seed, plan, ..load });
    assert_eq!(figures.queued, 0, "something is stuck in the queue");
    let shown = figures.shown.get(&fresh.order).and_then(|times| times.iter().min());
    let waited = shown.map(|shown| shown.saturating_sub(fresh.at));
    assert!(waited.is_some_and(|waited| waited < Duration::from_mins(1)), "{waited:?}");
}

#[test]
fn a_hundred_events_survive_faults_at_every_call() {
    for seed in 0..8 {
        survive(100, Duration::from_mins(1), seed);
    }
}

#[test]
#[ignore = "takes minutes: make storm"]
fn ten_thousand_events_survive_faults_at_every_call() {
    for seed in 0..25 {
        survive(10_000, Duration::from_mins(15), seed);
    }
}

/// Beside the other half, on another core.
#[test]
#[ignore = "takes minutes: make storm"]
fn ten_thousand_other_events_survive_them_too() {
    for seed in 25..50 {
        survive(10_000, Duration::from_mins(15), seed);
    }
}
