//! Random faults, at every call that the function makes.

use std::time::Duration;

use crate::faults::{Plan, Random};
use crate::invariants::expectations::EXPECT;
use crate::load::{Load, RECOVERY};
use crate::message::Kind;
use crate::report::observe;
use crate::senders::{Event, POISON, mixed, poisoned, with_traffic};
use crate::world::Settings;

const STEPS: Settings = &[EXPECT];

/// Sends so many events in this time, with faults for three minutes more.
fn survive(events: usize, time: Duration, seed: u64, settings: Settings) {
    let until = time + Duration::from_mins(3);
    // A few, however many there are: each costs a digest the time of many posts.
    let one_of = u32::try_from(events).expect("there are not so many") * 2 / 5;
    let events = poisoned(mixed(events, time, seed), one_of);
    let fresh = fresh(&events, until + RECOVERY);
    // What Slack always rejects is dead-lettered only while it accepts other orders.
    let minutes = until.as_secs() / 60 + 90;
    let all = with_traffic([events, fresh].concat(), minutes);
    let name = format!("{} events, 5 % faults, seed {seed}", all.len());
    let plan = Plan::Random(Random { seed, percent: 5, calls: 0..usize::MAX, until });
    let well_from = Some(until + RECOVERY);
    let load = Load::new(&name, all, until + Duration::from_hours(3));
    let figures = observe(&Load { settings, seed, plan, well_from, ..load });
    assert_eq!(figures.queued, 0, "something is stuck in the queue");
}

/// Orders of every kind, sent for five minutes after all faults have ended.
fn fresh(events: &[Event], from: Duration) -> Vec<Event> {
    let order = events.iter().map(|event| event.order % POISON).max().unwrap_or_default() + 1;
    let kinds = [Kind::Cancelled, Kind::Created, Kind::Modified].into_iter().cycle();
    let event = |(number, kind): (u32, Kind)| {
        let at = from + Duration::from_secs(10) * number;
        let id = events.len() + number as usize;
        Event { id, order: order + number, kind, at, happened: at }
    };
    (0..30).zip(kinds).map(event).collect()
}

#[test]
fn a_hundred_events_survive_faults_at_every_call() {
    for seed in 0..4 {
        survive(100, Duration::from_mins(1), seed, &[]);
    }
}

#[test]
#[ignore = "takes minutes: make storm"]
fn ten_thousand_events_survive_faults_at_every_call() {
    for seed in 0..25 {
        survive(10_000, Duration::from_mins(15), seed, &[]);
    }
}

/// The other half of the seeds, so that both run at the same time.
#[test]
#[ignore = "takes minutes: make storm"]
fn ten_thousand_events_survive_faults_of_other_seeds() {
    for seed in 25..50 {
        survive(10_000, Duration::from_mins(15), seed, &[]);
    }
}

/// With a warning for each new order that nothing follows.
#[test]
#[ignore = "takes minutes: make storm"]
fn ten_thousand_events_survive_while_steps_are_expected() {
    for seed in 50..60 {
        survive(10_000, Duration::from_mins(15), seed, STEPS);
    }
}
