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
