//! Steps that must follow, while webhooks come late and twice, services fail, and no tick comes for an hour.

use std::time::Duration;

use crate::faults::{Fault, Phase, Plan, Random, Service};
use crate::invariants::expectations::EXPECT;
use crate::load::{Load, RECOVERY};
use crate::report::observe;
use crate::senders::{awaited, repeated};
use crate::world::Settings;

const SETTINGS: Settings = &[EXPECT];
/// Clocks of machines that are kept in time differ by less.
const SKEW: Duration = Duration::from_secs(2);

const fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

fn load(name: &str, orders: u32, seed: u64) -> Load {
    let events = awaited(orders, minutes(30), seed);
    let load = Load::new(&format!("{name}, seed {seed}"), events, minutes(300));
    Load { settings: SETTINGS, seed, ..load }
}

/// A service is out for twelve minutes.
fn outlast(service: Service, fault: Fault, orders: u32) {
    let during = minutes(8)..minutes(20);
    let plan = Plan::Phases(vec![Phase { service, during, fault }]);
    let name = format!("steps, {service:?} is down: {fault:?}");
    observe(&Load { plan, ..load(&name, orders, 5) });
}

/// Faults at every call, with clocks that differ.
fn survive(orders: u32, seed: u64) {
    let until = minutes(40);
    let plan = Plan::Random(Random { seed, percent: 5, calls: 0..usize::MAX, until });
    let well_from = Some(until + RECOVERY);
    observe(&Load { plan, skew: SKEW, well_from, ..load("steps, 5 % faults", orders, seed) });
}

#[test]
fn each_missed_step_is_shown_in_time_and_no_other() {
    let figures = observe(&load("steps", 60, 0));
    assert_eq!((figures.queued, figures.dead), (0, 0));
}

#[test]
fn webhooks_that_are_sent_again_change_nothing() {
    let all = load("steps, each webhook three times", 40, 3);
    let mut events = repeated(&all.events, 3, 3);
    // No webhook comes before its event.
    for event in &mut events {
        event.at = event.at.max(event.happened);
    }
    observe(&Load { events, no_ticks: Some(minutes(0)..minutes(0)), ..all });
}

#[test]
fn clocks_may_differ() {
    let all = load("steps, clocks differ by 4 s", 60, 1);
    // A minute later by one clock may be a minute and four seconds later by another.
    observe(&Load { skew: SKEW, no_ticks: Some(minutes(0)..minutes(0)), ..all });
}

#[test]
fn an_hour_without_ticks_forgets_nothing() {
    let all = load("steps, no ticks for an hour", 60, 2);
    observe(&Load { no_ticks: Some(minutes(10)..minutes(70)), ..all });
}

#[test]
fn nothing_is_forgotten_while_a_service_is_down() {
    outlast(Service::DynamoDb, Fault::Status(500), 15);
    outlast(Service::Slack, Fault::Hang, 15);
}

#[test]
fn steps_survive_faults_at_every_call() {
    for seed in 0..2 {
        survive(40, seed);
    }
}

#[test]
#[ignore = "takes minutes: make storm"]
fn many_steps_survive_everything() {
    for service in [Service::DynamoDb, Service::Sqs, Service::Slack, Service::SecretsManager] {
        for fault in [Fault::Status(500), Fault::Hang] {
            outlast(service, fault, 200);
        }
    }
    for seed in 0..30 {
        survive(200, seed);
    }
}
