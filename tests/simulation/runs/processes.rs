//! Loads of the real bootstrap, as in the cloud: with a gateway, a queue and two consumers.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use fastrand::Rng;

use crate::faults::{Fault, Plan, Random};
use crate::invariants::Figures;
use crate::load::Load;
use crate::report::observe;
use crate::senders::{Event, cancellations, mixed, repeated};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Nothing that works takes so long.
const LIMIT: Duration = Duration::from_mins(5);

fn run(name: &str, events: Vec<Event>) -> Figures {
    observe(&Load::of_processes(name, events, LIMIT))
}

#[track_caller]
fn assert_all_shown(figures: &Figures, orders: usize) {
    assert_eq!((figures.answered, figures.shown.len()), (orders, orders));
    assert_eq!((figures.queued, figures.dead), (0, 0));
}

/// Every order once, in few messages.
#[track_caller]
fn assert_shown_once_in_few_messages(figures: &Figures, orders: usize) {
    assert_shown_once(figures, orders);
    assert!(figures.posts <= 20, "{} posts", figures.posts);
}

/// At the pace of Slack. A machine that is too busy for the ledger may show orders again, and then
/// the invariants alone decide about that.
#[track_caller]
fn assert_shown_once(figures: &Figures, orders: usize) {
    assert_all_shown(figures, orders);
    assert_eq!(figures.killed, 0);
    assert!(figures.repeated() == 0 || figures.without_ledger > 0, "{:?}", figures.shown);
    assert!(figures.rate_limited <= 2, "{} times 429", figures.rate_limited);
    assert!(figures.peak() <= 2, "{} posts in a second", figures.peak());
    assert!(figures.delay() < seconds(60), "{:?}", figures.delay());
}

#[test]
fn every_order_of_a_burst_is_named_once_within_slacks_rate_limit() {
    let figures = run("200 cancellations in 2 s", cancellations(200, seconds(2)));
    assert_shown_once_in_few_messages(&figures, 200);
}

#[test]
fn every_order_of_a_burst_sent_three_times_is_named_once() {
    let events = repeated(&cancellations(200, seconds(6)), 3, 3);
    assert_shown_once_in_few_messages(&run("200, each sent 3 times, shuffled", events), 200);
}

#[test]
fn a_consumer_killed_in_a_burst_loses_nothing_and_repeats_one_message_at_most() {
    let name = "200, a consumer is killed after its post";
    // Slack accepts the sixth message, most often the first digest.
    let plan = Plan::Post(5, Fault::CrashAfter);
    let load = Load::of_processes(name, cancellations(200, seconds(2)), LIMIT);
    let figures = observe(&Load { plan, ..load });
    assert_all_shown(&figures, 200);
    assert_eq!(figures.killed, 1);
    if figures.without_ledger > 0 {
        return;
    }
    let repeated = figures.shown.values().filter(|times| times.len() > 1);
    let first: BTreeSet<_> = repeated.clone().map(|times| times[0]).collect();
    assert!(first.len() <= 1, "they were in several messages: {first:?}");
    assert!(repeated.clone().all(|times| times.len() == 2), "one is shown a third time");
}

/// Faults at every call and at any moment, for somewhat longer than events come.
fn survive(count: usize, time: Duration, kills: usize, seed: u64) {
    let until = time + seconds(1);
    let plan = Random { seed, percent: 5, calls: 0..usize::MAX, until };
    let name = format!("{count} of all kinds, 5 % faults, {kills} kills, seed {seed}");
    let load = Load::of_processes(&name, hurried(count, time, seed), LIMIT);
    let kills = moments(kills, Duration::ZERO..until, seed);
    let figures = observe(&Load { seed, plan: Plan::Random(plan), kills, ..load });
    assert_eq!((figures.answered, figures.queued), (count, 0));
}

/// Events of all kinds, all in this time.
fn hurried(count: usize, time: Duration, seed: u64) -> Vec<Event> {
    let mut events = mixed(count, time, seed);
    let longest = events.iter().map(|event| event.at).max().unwrap_or_default();
    for event in &mut events {
        let at = time.mul_f64(event.at.div_duration_f64(longest));
        (event.at, event.happened) = (at, at);
    }
    events
}

fn moments(count: usize, within: Range<Duration>, seed: u64) -> Vec<Duration> {
    let mut chance = Rng::with_seed(seed);
    let length = within.end.saturating_sub(within.start);
    let mut moments: Vec<_> =
        (0..count).map(|_| within.start + length.mul_f64(chance.f64())).collect();
    moments.sort();
    moments
}

#[test]
fn sixty_events_survive_faults_and_kills() {
    survive(60, seconds(5), 3, 1);
}

#[test]
#[ignore = "takes minutes: make storm"]
fn hundreds_of_events_survive_faults_and_kills() {
    for seed in 2..5 {
        survive(400, seconds(40), 20, seed);
    }
}

#[test]
#[ignore = "takes minutes: make storm"]
fn a_large_burst_becomes_few_messages() {
    let figures = run("1,000 cancellations in 10 s", cancellations(1_000, seconds(10)));
    assert_shown_once_in_few_messages(&figures, 1_000);
}

#[test]
#[ignore = "takes minutes: make storm"]
fn a_large_burst_sent_three_times_is_shown_once() {
    // The gateway admits fewer at once, so it takes longer, and more posts.
    let events = repeated(&cancellations(1_000, seconds(10)), 3, 3);
    assert_shown_once(&run("1,000, each sent 3 times, shuffled", events), 1_000);
}

#[test]
#[ignore = "takes minutes: make storm"]
fn a_thousand_orders_in_a_second_are_all_shown() {
    let figures = run("1,000 cancellations in 1 s", cancellations(1_000, seconds(1)));
    assert_shown_once(&figures, 1_000);
}
