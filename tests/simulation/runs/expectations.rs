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

fn load(name: &str, seed: u64) -> Load {
    let events = awaited(120, minutes(30), seed);
    let load = Load::new(&format!("{name}, seed {seed}"), events, minutes(300));
    Load { settings: SETTINGS, seed, ..load }
}

#[test]
fn each_missed_step_is_shown_in_time_and_no_other() {
    for seed in 0..3 {
        let figures = observe(&load("steps", seed));
        assert_eq!((figures.queued, figures.dead), (0, 0));
    }
}

#[test]
fn webhooks_that_are_sent_again_change_nothing() {
    let all = load("steps, each webhook three times", 3);
    let mut events = repeated(&all.events, 3, 3);
    // No webhook comes before its event.
    for event in &mut events {
        event.at = event.at.max(event.happened);
    }
    observe(&Load { events, no_ticks: Some(minutes(0)..minutes(0)), ..all });
}

#[test]
fn clocks_may_differ() {
    for seed in 0..3 {
        let all = load("steps, clocks differ by 4 s", seed);
        observe(&Load {
            skew: SKEW,
            well_from: None,
            no_ticks: Some(minutes(0)..minutes(0)),
            ..all
        });
    }
}

#[test]
fn an_hour_without_ticks_forgets_nothing() {
    for seed in 0..2 {
        let all = load("steps, no ticks for an hour", seed);
        observe(&Load { no_ticks: Some(minutes(10)..minutes(70)), ..all });
    }
}

#[test]
fn nothing_is_forgotten_while_a_service_is_down() {
    for (name, service) in [
        ("table", Service::DynamoDb),
        ("queue", Service::Sqs),
        ("Slack", Service::Slack),
        ("secret", Service::SecretsManager),
    ] {
        for fault in [Fault::Status(500), Fault::Hang] {
            let during = minutes(8)..minutes(20);
            let plan = Plan::Phases(vec![Phase { service, during, fault }]);
            let all = load(&format!("steps, the {name} is down: {fault:?}"), 5);
            observe(&Load { plan, ..all });
        }
    }
}

#[test]
fn steps_survive_faults_at_every_call() {
    for seed in 0..6 {
        let until = minutes(40);
        let plan = Plan::Random(Random { seed, percent: 5, calls: 0..usize::MAX, until });
        let all = load("steps, 5 % faults", seed);
        observe(&Load { plan, skew: SKEW, well_from: Some(until + RECOVERY), ..all });
    }
}
