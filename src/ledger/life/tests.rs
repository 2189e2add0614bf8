use super::*;
use crate::ledger::rules::tests::event;
use crate::order::one_line::OneLine;

/// An order that was created in second 0, and received in second 5.
fn created(status: Option<&str>) -> Life {
    let created = OrderEvent {
        status: status.and_then(OneLine::parse),
        body_hash: "created".to_owned(),
        ..event(Kind::Created, 0)
    };
    Life::after(None, &created).unwrap()
}

fn update(second: i64, status: Option<&str>) -> OrderEvent {
    OrderEvent { status: status.and_then(OneLine::parse), ..event(Kind::Modified, second) }
}

#[test]
fn an_update_within_seconds_is_an_echo_unless_it_says_another_status() {
    for second in [-30, 0, 1, 10] {
        assert!(created(None).has_echo(&update(second, None)), "{second}");
        assert!(created(Some("open")).has_echo(&update(second, Some("open"))), "{second}");
        assert!(created(Some("open")).has_echo(&update(second, None)), "{second}");
    }
    assert!(!created(None).has_echo(&update(11, None)));
    assert!(!created(Some("pending")).has_echo(&update(3, Some("failed"))));
    assert!(!created(None).has_echo(&update(3, Some("accepted"))));
    assert!(created(Some("pending")).has_echo(&update(0, Some("failed"))), "it was so before");
    let same_body = OrderEvent { body_hash: "created".to_owned(), ..update(60, Some("failed")) };
    assert!(created(None).has_echo(&same_body));
}

#[test]
fn a_named_change_is_never_an_echo() {
    let paid = OrderEvent { change: Some(Change::Paid), ..update(0, None) };
    assert!(!created(None).has_echo(&paid));
    assert!(!created(None).has_echo(&event(Kind::Cancelled, 0)));
}

#[test]
fn a_sender_that_gives_every_event_the_same_time_loses_only_what_comes_at_once() {
    let received = |seconds: i64| OrderEvent {
        received_at: update(5 + seconds, None).occurred_at.unwrap(),
        ..update(0, None)
    };
    assert!(created(None).has_echo(&received(120)));
    assert!(!created(None).has_echo(&received(121)));
}

#[test]
fn a_second_creation_is_a_change_for_an_hour() {
    assert!(created(None).is_created_before(&event(Kind::Created, 3_600)));
    assert!(!created(None).is_created_before(&event(Kind::Created, 3_601)));
}

#[test]
fn a_life_is_read_as_it_was_written() {
    for life in [created(None), created(Some("open"))] {
        let text = serde_json::to_string(&life).unwrap();
        assert_eq!(serde_json::from_str::<Life>(&text).unwrap(), life);
    }
    let stored = r#"{"stage":"draft","since":"2026-01-01T00:00:00Z",
        "received_at":"2026-01-01T00:00:05Z","status":null,"body_hash":"hash"}"#;
    let stages = ["draft", "created", "deleted", "restored"];
    let stages = stages
        .map(|stage| serde_json::from_str::<Life>(&stored.replace("draft", stage)).unwrap().stage);
    assert_eq!(stages, [Stage::Draft, Stage::Created, Stage::Deleted, Stage::Restored]);
}

/// The order came to this stage in second 100.
fn life(stage: Stage) -> Life {
    Life::of(stage, &event(Kind::Modified, 100))
}

fn changed(change: Change, second: i64) -> OrderEvent {
    OrderEvent { change: Some(change), ..event(Kind::Modified, second) }
}

#[test]
fn an_event_brings_the_order_to_its_stage() {
    let after = |event: &OrderEvent| Life::after(None, event).map(|life| life.stage);
    let draft = OrderEvent { is_draft: true, ..event(Kind::Created, 0) };
    assert_eq!(after(&draft), Some(Stage::Draft));
    assert_eq!(after(&event(Kind::Created, 0)), Some(Stage::Created));
    assert_eq!(after(&changed(Change::Deleted, 0)), Some(Stage::Deleted));
    assert_eq!(after(&changed(Change::Restored, 0)), Some(Stage::Restored));
    for other in [Kind::Modified, Kind::Cancelled, Kind::Overdue] {
        assert_eq!(after(&event(other, 0)), None, "{other:?}");
    }
}

#[test]
fn a_change_that_is_later_than_a_deletion_restores_the_order() {
    let after =
        |event: &OrderEvent| Life::after(Some(&life(Stage::Deleted)), event).map(|life| life.stage);
    assert_eq!(after(&update(101, None)), Some(Stage::Restored));
    assert_eq!(after(&changed(Change::Paid, 101)), Some(Stage::Restored));
    assert_eq!(after(&update(100, None)), None, "it may have come before the deletion");
    let timeless = OrderEvent { occurred_at: None, ..update(900, None) };
    assert_eq!(after(&timeless), None);
    assert_eq!(after(&event(Kind::Cancelled, 101)), None);
    assert_eq!(after(&changed(Change::Deleted, 101)), Some(Stage::Deleted));
    for stage in [Stage::Draft, Stage::Created, Stage::Restored] {
        assert_eq!(Life::after(Some(&life(stage)), &update(101, None)), None, "{stage:?}");
    }
}

#[test]
fn a_draft_is_placed_by_whatever_does_not_end_it() {
    let draft = life(Stage::Draft);
    let still_draft = OrderEvent { is_draft: true, ..event(Kind::Created, 101) };
    assert!(!draft.is_placed_by(&still_draft));
    assert!(draft.is_placed_by(&event(Kind::Created, 101)));
    assert!(draft.is_placed_by(&update(101, None)));
    assert!(draft.is_placed_by(&changed(Change::Paid, 101)));
    assert!(!draft.is_placed_by(&changed(Change::Deleted, 101)));
    assert!(!draft.is_placed_by(&event(Kind::Cancelled, 101)));
    assert!(!draft.is_placed_by(&event(Kind::Overdue, 101)));
    assert!(!life(Stage::Created).is_placed_by(&event(Kind::Created, 101)));
}

#[test]
fn only_the_same_change_repeats_a_stage() {
    let changes = [Change::Deleted, Change::Restored, Change::Paid];
    let repeated = |stage| changes.map(|change| life(stage).is_repeated_by(&changed(change, 101)));
    assert_eq!(repeated(Stage::Deleted), [true, false, false]);
    assert_eq!(repeated(Stage::Restored), [false, true, false]);
    assert_eq!(repeated(Stage::Created), [false; 3]);
    assert_eq!(repeated(Stage::Draft), [false; 3]);
    let cancelled = OrderEvent { kind: Kind::Cancelled, ..changed(Change::Deleted, 101) };
    assert!(!life(Stage::Deleted).is_repeated_by(&cancelled));
}

#[test]
fn a_second_deletion_is_another_one_by_what_came_between() {
    let stages = [Stage::Draft, Stage::Created, Stage::Deleted, Stage::Restored];
    let since = Some(life(Stage::Created).since);
    let distinguishes = |event: &OrderEvent| stages.map(|stage| life(stage).distinguishes(event));
    let deleted = changed(Change::Deleted, 200);
    assert_eq!(distinguishes(&deleted), [None, since, None, since]);
    assert_eq!(distinguishes(&changed(Change::Restored, 200)), [None, None, since, None]);
    assert_eq!(distinguishes(&changed(Change::Paid, 200)), [None; 4]);
    let cancelled = OrderEvent { kind: Kind::Cancelled, ..deleted };
    assert_eq!(distinguishes(&cancelled), [None; 4]);
}
