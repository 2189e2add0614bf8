use std::collections::HashSet;

use super::*;
use crate::message::tests::event;
use crate::order::Kind;
use crate::order::one_line::OneLine;

const ACCEPTED: &str = "created -> accepted in 4 min";

fn expecting(text: &str) -> Expectations {
    let (expectations, unreadable) = Expectations::parse(text);
    assert_eq!(unreadable, []);
    expectations
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + minutes * 60).unwrap()
}

/// Happens at this minute, and its webhook comes at once.
fn happens(minute: i64, kind: Kind, status: &str) -> OrderEvent {
    OrderEvent {
        kind,
        change: None,
        status: OneLine::parse(status),
        occurred_at: Some(at(minute)),
        received_at: at(minute),
        body_hash: format!("{minute} {kind:?} {status}"),
        ..event()
    }
}

fn created(minute: i64) -> OrderEvent {
    happens(minute, Kind::Created, "placed")
}

fn accepted(minute: i64) -> OrderEvent {
    happens(minute, Kind::Modified, "accepted")
}

fn cancelled(minute: i64) -> OrderEvent {
    happens(minute, Kind::Cancelled, "")
}

/// Observes the events as they come in, and says what is still overdue in the end.
#[derive(Default)]
struct Watching {
    waits: Waits,
    scheduled: Vec<OrderEvent>,
    came_late: Vec<OrderEvent>,
    over: Vec<(String, Timestamp)>,
}

impl Watching {
    fn over(text: &str, events: &[OrderEvent]) -> Self {
        let expectations = expecting(text);
        let mut watching = Self::default();
        for event in events {
            let changes = watching.waits.observe(&expectations, event, event.received_at);
            watching.scheduled.extend(changes.began);
            watching.came_late.extend(changes.came_late);
            watching.over.extend(changes.over);
        }
        watching
    }

    /// The minutes at which a warning is shown.
    fn open(&self) -> Vec<i64> {
        let overdue = self.scheduled.iter().filter_map(|event| event.overdue.as_deref());
        let is_open = |overdue: &&Overdue| {
            self.waits.clone().ask(overdue, false, overdue.due) == Warning::IsTrue
        };
        let open = overdue.filter(is_open);
        open.map(|overdue| (overdue.due.as_second() - at(0).as_second()) / 60).collect()
    }
}

#[test]
fn an_order_waits_until_its_step_comes() {
    assert_eq!(Watching::over(ACCEPTED, &[created(0)]).open(), [4]);
    assert!(Watching::over(ACCEPTED, &[created(0), accepted(3)]).open().is_empty());
    assert!(Watching::over(ACCEPTED, &[created(0), cancelled(2)]).open().is_empty());
    let other = happens(3, Kind::Modified, "preparing");
    assert_eq!(Watching::over(ACCEPTED, &[created(0), other]).open(), [4]);
}

#[test]
fn webhooks_in_any_order_end_the_wait() {
    for first in [accepted(3), cancelled(3)] {
        let late = OrderEvent { received_at: at(9), ..created(0) };
        let watching = Watching::over(ACCEPTED, &[first, late]);
        assert!(watching.scheduled.is_empty(), "nothing is awaited any more");
    }
}

#[test]
fn the_same_event_again_changes_nothing() {
    let (start, step) = (created(0), accepted(3));
    let once = Watching::over(ACCEPTED, &[start.clone(), step.clone()]);
    let again = OrderEvent { received_at: at(20), ..start.clone() };
    let twice = Watching::over(ACCEPTED, &[start, step, again]);
    assert_eq!(once.waits, twice.waits);
    assert!(twice.open().is_empty());
}

#[test]
fn a_webhook_without_a_time_is_the_same_when_it_comes_again() {
    let untimed = |minute| OrderEvent {
        occurred_at: None,
        received_at: at(minute),
        ..happens(0, Kind::Modified, "on-hold")
    };
    let step = accepted(3);
    let expect = "status on-hold -> accepted in 10 min";
    let watching = Watching::over(expect, &[untimed(0), step, untimed(7)]);
    assert!(watching.open().is_empty(), "the sender only sent it once more");
}

#[test]
fn what_comes_late_is_overdue_a_minute_after_its_webhook() {
    let late = OrderEvent { received_at: at(30), ..created(0) };
    assert_eq!(Watching::over(ACCEPTED, &[late]).open(), [31]);
}

#[test]
fn a_step_after_its_time_is_news() {
    let in_time = Watching::over(ACCEPTED, &[created(0), accepted(3)]);
    assert!(in_time.came_late.is_empty());
    let late = Watching::over(ACCEPTED, &[created(0), accepted(9)]);
    let overdue = late.came_late[0].overdue.as_deref().unwrap();
    assert_eq!((overdue.began, overdue.came), (at(0), Some(at(9))));
    // Its sender must get it through, so it follows once more.
    let again = Watching::over(ACCEPTED, &[created(0), accepted(9), accepted(9)]);
    assert_eq!(again.came_late.len(), 2);
    let after_cancellation = Watching::over(ACCEPTED, &[created(0), cancelled(5), accepted(9)]);
    assert!(after_cancellation.came_late.is_empty());
}

#[test]
fn what_is_over_is_named_with_its_time() {
    for end in [accepted(2), cancelled(2)] {
        let watching = Watching::over(ACCEPTED, &[created(0), end]);
        assert_eq!(watching.over.len(), 1);
        assert_eq!(watching.over[0].1, at(4));
    }
}

#[test]
fn each_line_has_a_wait_of_its_own() {
    let lines = "created -> accepted in 4 min; created -> accepted in 10 min, to managers; \
        created -> delivered in 60 min";
    let watching = Watching::over(lines, &[created(0), accepted(5)]);
    assert_eq!(watching.open(), [60]);
    let ids: HashSet<_> = watching
        .scheduled
        .iter()
        .map(|event| event.overdue.as_ref().unwrap().line.clone())
        .collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn an_order_may_come_to_a_status_again() {
    let on_hold = |minute| happens(minute, Kind::Modified, "on-hold");
    let expect = "status on-hold -> accepted in 10 min";
    assert_eq!(Watching::over(expect, &[on_hold(0), on_hold(5)]).open(), [10], "it waits since 0");
    let again = [on_hold(0), accepted(3), on_hold(20)];
    assert_eq!(Watching::over(expect, &again).open(), [30]);
    // The webhook of the second one is the first to come.
    let mixed = [on_hold(20), accepted(3)];
    assert_eq!(Watching::over(expect, &mixed).open(), [30]);
}

#[test]
fn a_step_before_an_event_that_happens_once_counts() {
    let expect = "paid -> fulfilled in 24 h";
    let change = |minute, change| OrderEvent {
        change: Some(change),
        ..happens(minute, Kind::Modified, "open")
    };
    let fulfilled_first = [change(0, Change::Fulfilled), change(60, Change::Paid)];
    assert!(Watching::over(expect, &fulfilled_first).open().is_empty());
    assert_eq!(Watching::over(expect, &[change(60, Change::Paid)]).open(), [25 * 60]);
}

#[test]
fn an_event_may_say_that_its_step_was_done_before() {
    let paid = OrderEvent { paid: Some(true), ..created(0) };
    assert!(Watching::over("created -> paid in 60 min", &[paid]).open().is_empty());
    assert_eq!(Watching::over("created -> paid in 60 min", &[created(0)]).open(), [60]);
}

#[test]
fn a_draft_waits_from_the_event_that_places_it() {
    let draft = OrderEvent { is_draft: true, ..happens(0, Kind::Created, "checkout-draft") };
    let placed = happens(5, Kind::Modified, "processing");
    let watching = Watching::over(ACCEPTED, std::slice::from_ref(&draft));
    assert!(watching.open().is_empty());
    let watching = Watching::over(ACCEPTED, &[draft, placed.clone(), placed]);
    assert_eq!(watching.open(), [9]);
}

#[test]
fn a_reopened_order_begins_anew() {
    let reopened = OrderEvent { reopens: true, ..happens(20, Kind::Modified, "on-hold") };
    let expect = "status on-hold -> accepted in 10 min";
    assert_eq!(Watching::over(expect, &[cancelled(3), reopened.clone()]).open(), [30]);
    let older = OrderEvent { occurred_at: Some(at(1)), ..reopened };
    assert!(Watching::over(expect, &[cancelled(3), older]).open().is_empty());
}

#[test]
fn time_can_run_faster() {
    let expectations = expecting(ACCEPTED).sped_up(60);
    // A sample says that it happened long ago, and counts from its arrival.
    let sample = OrderEvent { received_at: at(1_000), ..created(0) };
    let changes = Waits::default().observe(&expectations, &sample, at(1_000));
    let overdue = changes.began[0].overdue.as_deref().unwrap();
    assert_eq!((overdue.began, overdue.due.duration_since(at(1_000)).as_secs()), (at(1_000), 4));
}

#[test]
fn a_warning_that_was_held_up_is_asked_about_twice() {
    let Watching { mut waits, scheduled, .. } = Watching::over(ACCEPTED, &[created(0)]);
    let overdue = scheduled[0].overdue.as_deref().unwrap();
    assert_eq!(waits.ask(overdue, false, at(4)), Warning::IsTrue);
    let mut late = waits.clone();
    assert_eq!(late.ask(overdue, false, at(5)), Warning::IsEarly(BETWEEN));
    assert_eq!(
        late.ask(overdue, true, at(5) + Duration::from_secs(30)),
        Warning::IsEarly(Duration::from_secs(5))
    );
    assert_eq!(late.ask(overdue, true, at(6)), Warning::IsTrue);
    assert_eq!(waits.ask(overdue, true, at(4)), Warning::IsEarly(BETWEEN), "it failed before");
    late.observe(&expecting(ACCEPTED), &accepted(3), at(6));
    assert_eq!(late.ask(overdue, true, at(7)), Warning::IsOver);
}

#[test]
fn waits_are_read_as_they_are_stored() {
    let waits = Watching::over(ACCEPTED, &[created(0), accepted(9)]).waits;
    let stored = serde_json::to_string(&waits).unwrap();
    insta::assert_snapshot!(stored);
    assert_eq!(serde_json::from_str::<Waits>(&stored).unwrap(), waits);
}
