//! Many orders, while Slack works or is down.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use crate::faults::{Fault, Phase, Plan, Random, Service};
use crate::invariants::Figures;
use crate::load::Load;
use crate::message::Kind;
use crate::report::{check, observe};
use crate::senders::{Event, cancellations, mixed, repeated};
use crate::world::Settings;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

fn burst() -> Vec<Event> {
    cancellations(1_000, seconds(10))
}

/// Every order once, and nothing left over.
#[track_caller]
fn assert_each_once(figures: &Figures, orders: usize) {
    assert_eq!((figures.answered, figures.shown.len()), (orders, orders));
    assert_eq!((figures.repeated(), figures.queued, figures.dead), (0, 0, 0));
    assert_eq!(figures.killed, 0);
}

#[track_caller]
fn assert_few_posts(figures: &Figures) {
    assert!(figures.posts <= 20, "{} posts", figures.posts);
    assert!(figures.rate_limited <= 2, "{} times 429", figures.rate_limited);
    assert!(figures.peak() <= 2, "{} posts in a second", figures.peak());
    assert!(figures.delay() < seconds(20), "{:?}", figures.delay());
}

#[test]
fn a_burst_of_cancellations_becomes_few_messages() {
    let load = Load::new("1,000 cancellations in 10 s", burst(), minutes(60));
    let figures = observe(&load);
    assert_each_once(&figures, 1_000);
    assert_few_posts(&figures);
}

/// A ledger that takes 25 ms for each call.
fn busy_ledger() -> Plan {
    let fault = Fault::Late(Duration::from_millis(19));
    let during = Duration::ZERO..Duration::MAX;
    Plan::Phases(vec![Phase { service: Service::DynamoDb, during, fault }])
}

/// Ten messages of a hundred orders each, which come to one invocation together.
fn long_lists(kind: Kind, plan: Plan, seed: u64) -> Load {
    let event = |event: Event| Event { kind, ..event };
    let events = cancellations(1_000, seconds(1)).into_iter().map(event).collect();
    // An event of a digest is hidden until its window is over.
    let fed_from = if kind == Kind::Cancelled { seconds(2) } else { seconds(63) };
    let name = format!("10 messages of 100 orders, {kind:?}, seed {seed}");
    let load = Load::new(&name, events, minutes(60));
    Load { plan, seed, fed_from, per_message: Some(100), ..load }
}

#[test]
fn long_lists_of_orders_in_one_batch_are_shown_once_and_soon() {
    for kind in [Kind::Cancelled, Kind::Created] {
        let load = long_lists(kind, busy_ledger(), 1);
        let figures = observe(&Load { well_from: Some(Duration::ZERO), ..load });
        assert_each_once(&figures, 1_000);
    }
}

#[test]
#[ignore = "takes minutes: make storm"]
fn long_lists_of_orders_survive_faults_at_every_call() {
    for (seed, kind) in (0..10).zip([Kind::Cancelled, Kind::Created].into_iter().cycle()) {
        let random = Random { seed, percent: 2, calls: 0..usize::MAX, until: minutes(4) };
        let plan = Plan::Any(vec![Plan::Random(random), busy_ledger()]);
        let figures = observe(&long_lists(kind, plan, seed));
        assert_eq!((figures.answered, figures.shown.len()), (1_000, 1_000));
        assert_eq!((figures.queued, figures.dead), (0, 0));
    }
}

#[test]
fn orders_sent_three_times_are_shown_once() {
    let some = repeated(&cancellations(100, seconds(4)), 3, 3);
    let figures = observe(&Load::new("100 cancellations, each sent 3 times", some, minutes(60)));
    assert_each_once(&figures, 100);
}

#[test]
#[ignore = "takes minutes: make storm"]
fn a_burst_sent_three_times_is_shown_once() {
    let events = repeated(&burst(), 3, 3);
    let figures = observe(&Load::new("the same, each sent 3 times", events, minutes(60)));
    assert_each_once(&figures, 1_000);
    assert_few_posts(&figures);
}

#[test]
#[ignore = "takes minutes: make storm"]
fn bursts_of_all_kinds_sent_twice_are_shown_once() {
    for seed in 0..15 {
        let count = 900 + 200 * usize::try_from(seed).expect("it is small");
        let mut events = mixed(count, seconds(20), seed);
        let again = |event: &Event| Event { at: event.at + seconds(75), ..*event };
        events.extend(events.clone().iter().map(again));
        let name = format!("{count} of all kinds, each sent twice, seed {seed}");
        let figures = observe(&Load { seed, ..Load::new(&name, events, minutes(60)) });
        assert_eq!((figures.repeated(), figures.queued, figures.dead), (0, 0, 0));
        assert_eq!((figures.answered, figures.killed), (count, 0));
    }
}

#[test]
fn a_run_is_the_same_every_time() {
    let plan = Random { seed: 4, percent: 10, calls: 0..usize::MAX, until: seconds(60) };
    let load = Load::new("50 of all kinds", mixed(50, seconds(30), 4), minutes(60));
    let load = Load { plan: Plan::Random(plan), ..load };
    let [one, other] = [check(&load), check(&load)];
    assert_eq!((one.calls, one.arrivals, one.shown), (other.calls, other.arrivals, other.shown));
}

fn outage(name: &str, events: Vec<Event>, outage: Range<Duration>) -> (Figures, usize) {
    let limit = outage.end + minutes(60);
    let load = Load { outage: Some(outage.clone()), ..Load::new(name, events, limit) };
    let figures = observe(&load);
    let tries = figures.arrivals.iter().filter(|at| outage.contains(*at)).count();
    (figures, tries)
}

#[track_caller]
fn assert_all_shown_by(figures: &Figures, end: Duration) {
    let last = figures.last_sent + figures.delay();
    assert!(last < end, "the last was shown after {last:?}");
}

#[test]
fn an_outage_of_slack_delays_and_loses_nothing() {
    let events = cancellations(100, seconds(10));
    let (figures, tries) = outage("100, Slack down for 10 min", events, seconds(0)..minutes(10));
    assert_each_once(&figures, 100);
    assert!(tries <= 450, "{tries} tries");
    assert_all_shown_by(&figures, minutes(17));
}

#[test]
#[ignore = "takes minutes: make storm"]
fn a_burst_in_an_outage_is_shown_soon_after() {
    let (figures, tries) = outage("1,000, Slack down for 10 min", burst(), seconds(0)..minutes(10));
    assert_each_once(&figures, 1_000);
    assert!(tries <= 450, "{tries} tries");
    assert_all_shown_by(&figures, minutes(17));
}

#[test]
#[ignore = "takes minutes: make storm"]
fn a_burst_survives_an_outage_of_three_hours() {
    let (figures, _) = outage("1,000, Slack down for 3 h", burst(), seconds(0)..minutes(180));
    assert_each_once(&figures, 1_000);
    assert_all_shown_by(&figures, minutes(180 + 15));
}

#[test]
#[ignore = "takes minutes: make storm"]
fn a_day_leaves_no_more_ledger_items_than_it_has_orders() {
    let mut events = mixed(864, minutes(24 * 60), 6);
    for (place, event) in events.iter_mut().enumerate() {
        event.at = seconds(100) * u32::try_from(place).expect("there are not so many");
    }
    let load = Load::new("24 h at 0.01/s, of all kinds", events.clone(), minutes(26 * 60));
    let figures = observe(&load);
    assert_eq!((figures.answered, figures.queued, figures.dead), (864, 0, 0));
    let of = |kind| figures.items.iter().filter(|(key, _)| key.starts_with(kind)).count();
    let cancelled = events.iter().filter(|event| event.kind == Kind::Cancelled).count();
    // A change says nothing about the life of its order.
    let of_life = events.iter().filter(|event| event.kind != Kind::Modified);
    let orders: BTreeSet<_> = of_life.map(|event| event.order).collect();
    assert_eq!(of("event#"), events.len());
    assert_eq!(of("order#"), orders.len());
    assert!(of("digest#") <= events.len() - cancelled, "{} digests", of("digest#"));
    assert!(of("cancelled#") <= cancelled, "{} counts", of("cancelled#"));
    assert_eq!(of("turn#"), 1, "one channel");
    let all = of("event#") + of("order#") + of("digest#") + of("cancelled#") + of("turn#");
    assert_eq!(figures.items.len(), all);
    let week = minutes(7 * 24 * 60) + minutes(1);
    assert!(figures.items.iter().all(|(_, left)| *left <= week), "an item never expires");
}

/// So many created orders in each of six windows, spread over the window.
fn created_in_windows(count: u32, window: u64) -> Vec<Event> {
    let order = |number: u32| {
        let (of_window, place) = (number / count, number % count);
        let start = seconds(window * u64::from(of_window));
        let at = start + seconds(window) * place / count;
        Event { id: number as usize, order: number, kind: Kind::Created, at, happened: at }
    };
    (0..6 * count).map(order).collect()
}

fn windows(count: u32, window: u64, settings: Settings) {
    let name = format!("{count} created in each of 6 windows of {window} s");
    let load = Load::new(&name, created_in_windows(count, window), minutes(240));
    let figures = observe(&Load { settings, well_from: Some(Duration::ZERO), ..load });
    assert_each_once(&figures, 6 * count as usize);
}

#[test]
fn every_order_is_in_a_digest_soon_after_its_window() {
    for count in [2, 10, 100] {
        windows(count, 60, &[]);
        windows(count, 900, &[("DIGEST_SECONDS", "900")]);
    }
}

#[test]
#[ignore = "takes minutes: make storm"]
fn every_order_of_full_windows_is_in_a_digest_soon_after() {
    for count in [1_000, 2_000] {
        windows(count, 60, &[]);
        windows(count, 900, &[("DIGEST_SECONDS", "900")]);
    }
}
