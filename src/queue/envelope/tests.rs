use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::alarm;
use crate::order::money::{Money, Unit};
use crate::order::one_line::OneLine;
use crate::order::overdue::Overdue;
use crate::order::{Change, Item, Kind};
use crate::{store, summary};

fn event() -> OrderEvent {
    OrderEvent {
        platform: "shopify".to_owned(),
        platform_name: "Shopify".to_owned(),
        kind: Kind::Modified,
        change: Some(Change::PartiallyFulfilled),
        is_draft: false,
        id: OneLine::parse("820982911946154508"),
        number: OneLine::parse("#1001"),
        shop: OneLine::parse("tea-house.myshopify.com"),
        total: Money::parse("1250000.50", Some("KRW"), Unit::Major),
        reason: OneLine::parse("재고 부족 \"a\\b\""),
        status: None,
        paid: None,
        customer: OneLine::parse("김 🍵 \u{FFFD}"),
        items: vec![Item { title: OneLine::parse("Tee & Kännchen").unwrap(), quantity: None }],
        more_items: 3,
        link: "https://tea-house.myshopify.com/admin/orders/820982911946154508".parse().ok(),
        more_orders: 0,
        due_at: None,
        occurred_at: "2026-01-01T09:12:00.25+09:00".parse().ok(),
        received_at: "2026-01-01T00:12:05Z".parse().unwrap(),
        is_test: true,
        is_test_by_header: false,
        reopens: true,
        delivery_id: OneLine::parse("msg_1"),
        body_hash: "00ff".to_owned(),
        overdue: None,
    }
}

#[test]
fn what_was_packed_is_unpacked() {
    let odd = Money::parse("1,234.50", None, Unit::Major);
    let events = [event(), OrderEvent { total: odd, link: None, ..event() }];
    let packed = pack(&events);
    assert_eq!(packed.len(), 1);
    assert!(packed[0].is_ascii(), "{}", packed[0]);
    assert_eq!(unpack(&packed[0]).unwrap().orders(), events);
}

/// A message of an earlier deployment may wait for days: what is written here stays readable.
#[test]
fn the_first_version_stays_as_it_is() {
    insta::assert_snapshot!(pack(&[event()])[0]);
}

#[test]
fn what_earlier_code_cannot_read_has_a_later_version() {
    let version = |event: OrderEvent| {
        let packed = &pack(std::slice::from_ref(&event))[0];
        assert_eq!(unpack(packed).unwrap().orders(), [event]);
        read::<Label>(packed).unwrap().version
    };
    assert_eq!(version(event()), 1);
    assert_eq!(version(OrderEvent { change: Some(Change::Unpaid), ..event() }), 3);
    assert_eq!(version(OrderEvent { is_draft: true, ..event() }), 3);
    for change in Change::ALL {
        let version = version(OrderEvent { change: Some(change), ..event() });
        let words = "partially-refunded refund-failed disputed dispute-won dispute-lost";
        assert_eq!(version == 8, words.split(' ').any(|word| word == change.name()));
    }
    let disputed = OrderEvent { change: Some(Change::Disputed), ..event() };
    assert_eq!(version(OrderEvent { kind: Kind::Overdue, ..disputed.clone() }), 8);
    let unobserved = |event: OrderEvent| {
        let packed = &pack_unobserved(std::slice::from_ref(&event))[0];
        assert_eq!(unpack(packed).unwrap(), Content::Unobserved(vec![event]));
        read::<Label>(packed).unwrap().version
    };
    assert_eq!((unobserved(event()), unobserved(disputed)), (6, 9));
    assert_eq!(version(OrderEvent { more_orders: 3, ..event() }), 1, "it can be left out");
}

/// The first of all deployments wrote this, and it may come back from the dead-letter queue.
const FIRST: &str = r##"{"version":1,"events":[{"platform":"shopify","platform_name":"Shopify",
    "kind":"modified","change":"partially-fulfilled","id":"820982911946154508","number":"#1001",
    "shop":"tea-house.myshopify.com","total":{"amount":{"exact":"1250000.50"},"currency":"KRW"},
    "reason":"\uc7ac\uace0 \ubd80\uc871 \"a\\b\"","status":null,
    "customer":"\uae40 \ud83c\udf75 \ufffd",
    "items":[{"title":"Tee & K\u00e4nnchen","quantity":null}],"more_items":3,
    "link":"https://tea-house.myshopify.com/admin/orders/820982911946154508",
    "occurred_at":"2026-01-01T00:12:00.25Z","received_at":"2026-01-01T00:12:05Z",
    "is_test":true,"reopens":true,"delivery_id":"msg_1","body_hash":"00ff"}]}"##;

#[test]
fn what_an_earlier_deployment_wrote_is_read() {
    assert_eq!(unpack(FIRST).unwrap().orders(), [event()]);
}

#[test]
fn whether_anything_was_paid_is_stored_where_it_is_known_and_can_be_left_out() {
    let packed = |paid| pack(&[OrderEvent { paid, ..event() }]).remove(0);
    assert!(!packed(None).contains("paid"));
    for paid in [true, false] {
        let text = packed(Some(paid));
        assert!(text.starts_with(r#"{"version":1,"#), "{text}");
        assert_eq!(unpack(&text).unwrap().orders()[0].paid, Some(paid));
    }
}

/// A message of an earlier deployment may wait for days: what is written here stays readable.
#[test]
fn each_kind_of_notice_has_a_version_of_its_own() {
    let alarm = Alarm::parse(&alarm::tests::event("tea-kettle", "OK", "ALARM").to_string());
    let mut texts = Vec::new();
    for notice in [
        Notice::from(alarm.unwrap()),
        Notice::from(store::tests::event()),
        Notice::from(summary::tests::summary()),
    ] {
        let text = pack_notice(&notice);
        assert_eq!(unpack(&text), Ok(Content::Notice(notice)));
        texts.push(text);
    }
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn too_many_events_for_one_message_become_several() {
    let long = Item { title: OneLine::parse(&"티".repeat(300)).unwrap(), quantity: None };
    let event = OrderEvent { items: vec![long; 20], ..event() };
    let events = vec![event; 90];
    let packed = pack(&events);
    assert!(packed.len() > 1);
    assert!(packed.iter().all(|text| text.len() <= MAX_BYTES));
    let unpacked: Vec<_> =
        packed.iter().flat_map(|text| unpack(text).unwrap().orders().to_vec()).collect();
    assert_eq!(unpacked, events);
}

#[test]
fn the_record_of_a_failed_invocation_is_decoded() {
    let event = alarm::tests::event("tea-kettle", "OK", "ALARM");
    let record = |payload: Value| {
        json!({
            "version": "1.0",
            "timestamp": "2026-01-01T02:10:00.000Z",
            "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
            "requestPayload": payload,
            "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
            "responsePayload": {"errorMessage": "the alarm cannot be stored"},
        })
        .to_string()
    };
    let alarm = Alarm::parse(&event.to_string()).unwrap();
    assert_eq!(unpack(&record(event)), Ok(Content::Notice(alarm.into())));
    let is_new = alarm::tests::event("orders-queue-age", "INSUFFICIENT_DATA", "OK");
    let tick = json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});
    for nothing in [is_new, tick] {
        assert_eq!(unpack(&record(nothing.clone())), Ok(Content::Nothing), "{nothing}");
    }
    for other in [json!({}), json!(null), json!({"source": "aws.events"})] {
        assert_eq!(unpack(&record(other.clone())), Err(EnvelopeError::Unreadable), "{other}");
    }
}

#[test]
fn an_event_of_a_time_that_is_none_is_not_ours() {
    let warning = |due: Timestamp| {
        let overdue = Overdue {
            line: "l".to_owned(),
            steps: vec!["accepted".to_owned()],
            began: due,
            due,
            came: None,
            waited: SignedDuration::ZERO,
        };
        event().with_overdue(overdue, event().received_at)
    };
    for odd in [Timestamp::MAX, Timestamp::MIN, Timestamp::from_second(7_258_118_400).unwrap()] {
        let events = [
            OrderEvent { received_at: odd, ..event() },
            OrderEvent { occurred_at: Some(odd), ..event() },
            OrderEvent { due_at: Some(odd), ..event() },
            warning(odd),
        ];
        for event in events {
            let event = std::slice::from_ref(&event);
            assert_eq!(unpack(&pack(event)[0]), Err(EnvelopeError::Unreadable), "{event:?}");
            let unobserved = &pack_unobserved(event)[0];
            assert_eq!(unpack(unobserved), Err(EnvelopeError::Unreadable), "{event:?}");
        }
    }
}

#[test]
fn a_newer_version_differs_from_nonsense() {
    assert_eq!(unpack(r#"{"version":99,"orders":"elsewhere"}"#), Err(EnvelopeError::Newer));
    for text in [
        "",
        "null",
        "[1]",
        "{}",
        r#"{"version":"1","events":[]}"#,
        r#"{"version":1}"#,
        r#"{"version":1,"events":[]}"#,
        r#"{"version":1,"events":[{"kind":"created"}]}"#,
        r#"{"version":1,"events":"#,
        r#"{"version":2,"store":{}}"#,
        r#"{"version":4,"store":{"state":"on fire"}}"#,
    ] {
        assert_eq!(unpack(text), Err(EnvelopeError::Unreadable), "{text}");
    }
}

#[test]
fn a_field_of_a_later_deployment_is_ignored() {
    let text = pack(&[event()])[0].replace("{\"platform\":", "{\"courier\":\"x\",\"platform\":");
    assert_eq!(unpack(&text).unwrap().orders(), [event()]);
    let text = pack(&[event()])[0].replace("{\"version\":", "{\"stack\":\"x\",\"version\":");
    assert_eq!(unpack(&text).unwrap().orders(), [event()]);
}
