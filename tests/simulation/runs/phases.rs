//! Periods in which one of the services is slow, down, or rejects what it gets.

use std::ops::Range;
use std::time::Duration;

use crate::faults::{Fault, Phase, Plan, Random, Service};
use crate::invariants::Figures;
use crate::load::{Load, RECOVERY};
use crate::report::observe;
use crate::senders::{
    Event, POISON, cancellations, mixed, poisoned, reopened, repeated, with_traffic,
};
use crate::world::Settings;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

fn phase(service: Service, during: Range<u64>, fault: Fault) -> Phase {
    Phase { service, during: seconds(during.start)..seconds(during.end), fault }
}

/// What is sent when all phases are over must be shown in time.
fn during(name: &str, events: Vec<Event>, phases: Vec<Phase>) -> Figures {
    let end = phases.iter().map(|phase| phase.during.end).max().unwrap_or_default();
    let load = Load::new(name, events, Duration::from_hours(2));
    let plan = Plan::Phases(phases);
    let figures = observe(&Load { plan, well_from: Some(end + RECOVERY), ..load });
    assert_eq!(figures.queued, 0, "something is stuck in the queue");
    figures
}

/// Late, and within the time that a call has.
const SLOW: Fault = Fault::Late(Duration::from_millis(300));

#[test]
fn a_slow_ledger_delays_and_repeats_nothing() {
    let events = repeated(&cancellations(60, seconds(20)), 2, 5);
    let plan = Plan::Phases(vec![phase(Service::DynamoDb, 0..60, SLOW)]);
    let load = Load::new("60, each sent twice, a slow ledger", events, Duration::from_hours(1));
    let figures = observe(&Load { plan, fed_from: seconds(20), ..load });
    assert_eq!((figures.shown.len(), figures.repeated(), figures.dead), (60, 0, 0));
}

#[test]
fn a_ledger_that_is_down_for_a_while_loses_nothing() {
    for fault in [Fault::Status(500), Fault::Status(400), Fault::Hang, Fault::Refused] {
        let events = repeated(&cancellations(60, seconds(30)), 2, 5);
        let name = format!("60, each sent twice, ledger 20 s {fault:?}");
        let figures = during(&name, events, vec![phase(Service::DynamoDb, 5..25, fault)]);
        assert_eq!((figures.shown.len(), figures.dead), (60, 0));
        assert!(figures.shown.values().all(|times| times.len() <= 2), "more than it was sent");
    }
}

#[test]
fn a_ledger_that_fails_for_one_order_repeats_no_other() {
    for fault in [Fault::Status(500), Fault::Hang, Fault::Lost] {
        let events = repeated(&cancellations(8, Duration::ZERO), 2, 5);
        let name = format!("8, each sent twice, ledger {fault:?} for one");
        let plan = Plan::Item("A-000003".to_owned(), fault);
        let fed_from = seconds(20);
        let load = Load::new(&name, events, Duration::from_hours(1));
        let figures = observe(&Load { plan, fed_from, ..load });
        assert_eq!((figures.shown.len(), figures.queued), (8, 0));
    }
}

/// With other faults, and a ledger that is slow, down or throttled in turns.
fn with_a_ledger_in_phases(count: usize, time: u64, seed: u64) {
    let faults = [SLOW, Fault::Status(500), Fault::Hang, Fault::Status(400), Fault::Refused];
    let first = usize::try_from(seed).expect("it is small") % faults.len();
    let phases = (0..time / 60).zip(faults.into_iter().cycle().skip(first));
    let phases = phases
        .map(|(minute, fault)| phase(Service::DynamoDb, minute * 60 + 20..minute * 60 + 50, fault));
    let until = seconds(time);
    let random = Random { seed, percent: 3, calls: 0..usize::MAX, until };
    let plan = Plan::Any(vec![Plan::Phases(phases.collect()), Plan::Random(random)]);
    let one_of = u32::try_from(count).expect("there are not so many") * 2 / 5;
    let events = poisoned(mixed(count, seconds(time * 3 / 4), seed), one_of);
    let events = with_traffic(events, time / 60 + 90);
    let name = format!("{count} events, a ledger in phases, seed {seed}");
    let load = Load::new(&name, events, until + Duration::from_hours(3));
    let well_from = Some(until + RECOVERY);
    let figures = observe(&Load { seed, plan, well_from, ..load });
    assert_eq!(figures.queued, 0, "something is stuck in the queue");
}

#[test]
fn a_hundred_events_survive_a_ledger_in_phases() {
    for seed in 0..2 {
        with_a_ledger_in_phases(100, 240, seed);
    }
}

#[test]
#[ignore = "takes minutes: make storm"]
fn thousands_of_events_survive_a_ledger_in_phases() {
    for seed in 0..10 {
        with_a_ledger_in_phases(5_000, 900, seed);
    }
}

#[test]
#[ignore = "takes minutes: make storm"]
fn a_burst_is_shown_but_for_the_orders_that_slack_always_rejects() {
    let events = with_traffic(poisoned(cancellations(1_000, seconds(10)), 200), 80);
    let figures = during("1,000, 5 of which Slack always rejects", events, Vec::new());
    assert_eq!((figures.shown.len(), figures.repeated(), figures.dead), (995 + 16, 0, 5));
}

#[test]
#[ignore = "takes minutes: make storm"]
fn a_burst_with_a_slow_ledger_is_shown() {
    let events = repeated(&cancellations(1_000, seconds(10)), 2, 5);
    let slow = vec![phase(Service::DynamoDb, 0..120, SLOW)];
    let figures = during("1,000, each sent twice, a slow ledger", events, slow);
    assert_eq!((figures.shown.len(), figures.dead), (1_000, 0));
}

#[test]
#[ignore = "takes minutes: make storm"]
fn many_reopened_orders_survive_faults_at_every_call() {
    for seed in 10..30 {
        survive_reopened(200, seed);
    }
}

#[test]
fn only_what_slack_always_rejects_is_dead_lettered() {
    let events = with_traffic(poisoned(cancellations(60, seconds(10)), 20), 80);
    let figures = during("60, 3 of which Slack always rejects", events, Vec::new());
    assert_eq!((figures.shown.len(), figures.repeated(), figures.dead), (57 + 16, 0, 3));
    assert!(figures.shown.keys().all(|order| *order < POISON));
}

#[test]
fn twenty_orders_that_slack_always_rejects_are_twenty_dead_letters() {
    let poison = cancellations(20, seconds(1)).into_iter();
    let poison = poison.map(|event| Event { order: event.order + POISON, ..event });
    let events = with_traffic(poison.collect(), 150);
    let figures = observe(&Load::new("20 that Slack always rejects", events, minutes(240)));
    assert_eq!((figures.shown.len(), figures.repeated(), figures.dead), (30, 0, 20));
    assert_eq!(figures.queued, 0, "something is stuck in the queue");
}

#[test]
fn nothing_is_dead_lettered_while_slack_takes_nothing_else() {
    let poison = cancellations(3, seconds(1)).into_iter();
    let poison = poison.map(|event| Event { order: event.order + POISON, ..event });
    let load = Load::new("3 that Slack rejects, and no others", poison.collect(), minutes(180));
    let figures = observe(&load);
    assert_eq!((figures.queued, figures.dead), (3, 0));
}

#[test]
fn what_slack_rejects_for_a_while_is_shown_soon_after() {
    let events = cancellations(30, seconds(60));
    let rejections = vec![phase(Service::Slack, 10..100, Fault::Rejected)];
    let figures = during("30, Slack rejects them all for 90 s", events, rejections);
    assert_eq!((figures.shown.len(), figures.dead), (30, 0));
    assert!(figures.delay() < minutes(20), "{:?}", figures.delay());
}

#[test]
fn orders_whose_blocks_slack_rejects_are_shown_as_plain_text() {
    for (count, limit) in [(8, 10), (20, 10), (80, 20)] {
        let events = cancellations(count, seconds(1));
        let name = format!("{count}, Slack rejects all blocks");
        let figures = during(&name, events, vec![phase(Service::Slack, 0..9_999, Fault::NoBlocks)]);
        assert_eq!((figures.shown.len(), figures.dead), (count as usize, 0));
        assert!(figures.delay() < minutes(limit), "{:?}", figures.delay());
    }
}

#[test]
fn an_order_on_which_slack_fails_holds_up_no_other() {
    let events = cancellations(20, seconds(20));
    let load = Load::new("20, Slack answers 500 for one", events, minutes(60));
    let figures = observe(&Load { plan: Plan::Order(7, Fault::Status(500)), ..load });
    let late = figures.shown.iter().filter(|(order, times)| {
        times.iter().min().is_none_or(|first| *first > seconds(u64::from(**order) + 60))
    });
    assert_eq!(late.map(|(order, _)| *order).collect::<Vec<u32>>(), Vec::<u32>::new());
    assert_eq!((figures.shown.len(), figures.queued, figures.dead), (19, 1, 0));
}

#[test]
fn a_slow_slack_gets_each_order_once() {
    let slow = vec![phase(Service::Slack, 0..3_600, Fault::Late(seconds(6)))];
    let settings: Settings = &[("MENTION", "channel")];
    let load = Load::new("1, Slack answers after 6 s", cancellations(1, seconds(1)), minutes(90));
    let figures = observe(&Load { settings, plan: Plan::Phases(slow.clone()), ..load });
    assert!(figures.posts <= 3, "{} posts", figures.posts);
    assert_eq!((figures.mentions, figures.queued), (1, 0));
    let events = cancellations(60, seconds(600));
    let load = Load::new("60, Slack answers after 6 s", events, minutes(90));
    let figures = observe(&Load { settings, plan: Plan::Phases(slow), ..load });
    assert_eq!((figures.shown.len(), figures.queued, figures.repeated()), (60, 0, 0));
}

#[test]
fn a_slack_that_never_answers_in_time_gets_a_mention_once() {
    let hangs = vec![phase(Service::Slack, 0..3_600, Fault::Late(seconds(60)))];
    let settings: Settings = &[("MENTION", "channel")];
    let load = Load::new("1, Slack answers after 60 s", cancellations(1, seconds(1)), minutes(120));
    let figures = observe(&Load { settings, plan: Plan::Phases(hangs), ..load });
    assert_eq!((figures.mentions, figures.queued), (1, 0));
}

#[test]
fn a_slack_that_never_answers_in_time_gets_few_posts() {
    let outage = seconds(0)..minutes(10);
    let hangs = vec![phase(Service::Slack, 0..600, Fault::Late(seconds(60)))];
    let events = cancellations(8, Duration::ZERO);
    let figures = during("8, Slack answers after 60 s for 10 min", events, hangs);
    let posts = figures.arrivals.iter().filter(|at| outage.contains(*at)).count();
    assert!(posts <= 10, "{posts} posts");
    assert_eq!((figures.shown.len(), figures.dead), (8, 0));
}

#[test]
fn each_cancellation_of_a_reopened_order_is_posted() {
    for (seed, pause) in [(0, 100..200), (1, 1..30), (2, 20..90)] {
        let name = format!("20 reopened, pauses of {pause:?} s");
        let figures = during(&name, reopened(20, seconds(120), pause.clone(), seed), Vec::new());
        assert_eq!((figures.shown.len(), figures.dead), (20, 0));
    }
}

fn survive_reopened(orders: u32, seed: u64) {
    let events = reopened(orders, seconds(200), 5..150, seed);
    let name = format!("{orders} reopened, 8 % faults, seed {seed}");
    let plan = Random { seed, percent: 8, calls: 0..usize::MAX, until: seconds(600) };
    let load = Load::new(&name, events, Duration::from_hours(2));
    let figures = observe(&Load { seed, plan: Plan::Random(plan), ..load });
    assert_eq!((figures.shown.len() + figures.dead, figures.queued), (orders as usize, 0));
}

#[test]
fn reopened_orders_survive_faults_at_every_call() {
    for seed in 0..2 {
        survive_reopened(40, seed);
    }
}

#[test]
fn an_outage_of_the_queue_makes_senders_retry() {
    for fault in [Fault::Status(400), Fault::Status(500), Fault::Refused, Fault::Hang] {
        let events = mixed(60, seconds(60), 7);
        let name = format!("60 of all kinds, queue 30 s {fault:?}");
        let figures = during(&name, events, vec![phase(Service::Sqs, 15..45, fault)]);
        assert_eq!((figures.answered, figures.dead, figures.repeated()), (60, 0, 0));
        assert!(figures.refused > 0, "no sender had to retry");
    }
}
