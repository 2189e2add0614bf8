//! Order events or a notice as the queue stores them: a versioned JSON text in ASCII.
//!
//! It holds what Slack may show and what identifies the event, so that neither the queue nor the
//! dead-letter queue ever stores an address, a phone number or a token. It is ASCII because SQS
//! refuses some characters that JSON may contain, and a customer's name must not make an order
//! undeliverable:
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>.

use std::io;
use std::ops::Range;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use serde_json::value::RawValue;

use crate::alarm::Alarm;
use crate::infra::tick;
use crate::notice::Notice;
use crate::order::{Change, Kind, OrderEvent};
use crate::store::StoreEvent;
use crate::summary::Summary;

// A content that older code cannot read takes the next version, so that older code leaves it in the
// queue. Deployed stacks hold messages of every version, so each stays readable.

/// Order events.
const V1_ORDERS: u64 = 1;
/// An alarm.
const V2_ALARM: u64 = 2;
/// Order events with a change that the first version does not have, or of a draft.
const V3_ORDERS: u64 = 3;
/// A store event.
const V4_STORE: u64 = 4;
/// Messages that a step of an order is overdue.
const V5_OVERDUE: u64 = 5;
/// Order events whose waits are not begun or ended yet.
const V6_UNOBSERVED: u64 = 6;
/// A daily summary.
const V7_SUMMARY: u64 = 7;
/// Order events with a change that the third version does not have.
const V8_ORDERS: u64 = 8;
/// Order events with such a change, whose waits are not begun or ended yet.
const V9_UNOBSERVED: u64 = 9;
/// Well below the one megabyte that SQS takes.
const MAX_BYTES: usize = 900_000;
/// From 1970 to 2199, in Unix seconds: this function writes no other time of an order.
const TIMES: Range<i64> = 0..7_258_118_400;

#[derive(Serialize)]
struct Packed<'a> {
    version: u64,
    events: &'a [OrderEvent],
}

#[derive(Serialize)]
struct PackedAlarm<'a> {
    version: u64,
    alarm: &'a Alarm,
}

#[derive(Serialize)]
struct PackedStore<'a> {
    version: u64,
    store: &'a StoreEvent,
}

#[derive(Serialize)]
struct PackedSummary<'a> {
    version: u64,
    summary: &'a Summary,
}

#[derive(Serialize)]
struct PackedUnobserved<'a> {
    version: u64,
    unobserved: &'a [OrderEvent],
}

#[derive(Deserialize)]
struct Unobserved {
    unobserved: Vec<OrderEvent>,
}

/// The part that every version has.
#[derive(Deserialize)]
struct Label {
    version: u64,
}

#[derive(Deserialize)]
struct UnpackedOrders {
    events: Vec<OrderEvent>,
}

#[derive(Deserialize)]
struct UnpackedAlarm {
    alarm: Box<Alarm>,
}

#[derive(Deserialize)]
struct UnpackedStore {
    store: Box<StoreEvent>,
}

#[derive(Deserialize)]
struct UnpackedSummary {
    summary: Box<Summary>,
}

/// Lambda's record of an asynchronous invocation that failed at every try, as the dead-letter queue
/// holds it:
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FailedInvocation<'a> {
    #[serde(borrow)]
    request_payload: &'a RawValue,
}

/// What a message of the queue carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Never none.
    Orders(Vec<OrderEvent>),
    Notice(Notice),
    /// Order events whose waits could not be begun or ended when they came in. They are in another
    /// message for the channel.
    Unobserved(Vec<OrderEvent>),
    /// The record of a failed invocation that the channel need not know of: the schedule's, as each minute
    /// makes up for the last one, or that of an alarm that tells nothing new.
    Nothing,
}

impl Content {
    /// The orders' events; none for a notice.
    pub fn orders(&self) -> &[OrderEvent] {
        match self {
            Self::Orders(events) => events,
            Self::Notice(_) | Self::Unobserved(_) | Self::Nothing => &[],
        }
    }
}

/// A text that this code cannot decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// A later deployment wrote it, and can read it again.
    #[error("the message was written by a newer version of the function")]
    Newer,
    #[error("the message is not one of this function's")]
    Unreadable,
}

/// The texts that carry `events`: one, or several where they are too many for one message.
pub fn pack(events: &[OrderEvent]) -> Vec<String> {
    let version = events.iter().map(version).max().unwrap_or(V1_ORDERS);
    let text = ascii(&Packed { version, events });
    if text.len() <= MAX_BYTES || events.len() < 2 {
        return vec![text];
    }
    let (first, second) = events.split_at(events.len() / 2);
    [pack(first), pack(second)].concat()
}

/// The first version that can carry the event.
fn version(event: &OrderEvent) -> u64 {
    let of_kind = match event.kind {
        Kind::Overdue => V5_OVERDUE,
        _ if event.is_draft => V3_ORDERS,
        Kind::Created | Kind::Modified | Kind::Cancelled => V1_ORDERS,
    };
    of_kind.max(event.change.map_or(V1_ORDERS, version_of_change))
}

fn version_of_change(change: Change) -> u64 {
    match change {
        Change::Paid
        | Change::Edited
        | Change::Fulfilled
        | Change::PartiallyFulfilled
        | Change::Returned
        | Change::Exchanged
        | Change::Refunded
        | Change::Restored
        | Change::Reopened
        | Change::Deleted => V1_ORDERS,
        Change::CancellationRequested
        | Change::ReturnRequested
        | Change::ExchangeRequested
        | Change::PartlyCancelled
        | Change::FulfillmentFailed
        | Change::Unpaid
        | Change::Fulfillment => V3_ORDERS,
        Change::PartiallyRefunded
        | Change::RefundFailed
        | Change::Disputed
        | Change::DisputeWon
        | Change::DisputeLost => V8_ORDERS,
    }
}

/// The text that carries a notice.
pub fn pack_notice(notice: &Notice) -> String {
    match notice {
        Notice::Alarm(alarm) => ascii(&PackedAlarm { version: V2_ALARM, alarm }),
        Notice::Store(store) => ascii(&PackedStore { version: V4_STORE, store }),
        Notice::Summary(summary) => ascii(&PackedSummary { version: V7_SUMMARY, summary }),
    }
}

/// The text that carries events whose waits are not begun or ended yet.
pub fn pack_unobserved(events: &[OrderEvent]) -> Vec<String> {
    let packed = |event| {
        let version = if version(event) < V8_ORDERS { V6_UNOBSERVED } else { V9_UNOBSERVED };
        ascii(&PackedUnobserved { version, unobserved: std::slice::from_ref(event) })
    };
    events.iter().map(packed).collect()
}

/// What a text carries.
pub fn unpack(text: &str) -> Result<Content, EnvelopeError> {
    // An array would fill the struct's fields one by one.
    if !text.trim_start().starts_with('{') {
        return Err(EnvelopeError::Unreadable);
    }
    if let Ok(FailedInvocation { request_payload }) = read(text) {
        return of_failed(request_payload.get());
    }
    match read::<Label>(text)?.version {
        0..=V1_ORDERS | V3_ORDERS | V5_OVERDUE | V8_ORDERS => {
            match read::<UnpackedOrders>(text)?.events {
                none if none.is_empty() => Err(EnvelopeError::Unreadable),
                events => own(events).map(Content::Orders),
            }
        }
        V6_UNOBSERVED | V9_UNOBSERVED => {
            own(read::<Unobserved>(text)?.unobserved).map(Content::Unobserved)
        }
        V2_ALARM => Ok(Content::Notice(Notice::Alarm(read::<UnpackedAlarm>(text)?.alarm))),
        V4_STORE => Ok(Content::Notice(Notice::Store(read::<UnpackedStore>(text)?.store))),
        V7_SUMMARY => Ok(Content::Notice(Notice::Summary(read::<UnpackedSummary>(text)?.summary))),
        _ => Err(EnvelopeError::Newer),
    }
}

/// What the event of a failed invocation carries.
fn of_failed(event: &str) -> Result<Content, EnvelopeError> {
    if tick::is(event) {
        return Ok(Content::Nothing);
    }
    let alarm = Alarm::parse(event).map_err(|_| EnvelopeError::Unreadable)?;
    Ok(if alarm.should_notify() { Content::Notice(alarm.into()) } else { Content::Nothing })
}

/// The events, if this function can have written them: near the ends of time, a sum of times would panic, and
/// take all other messages along.
fn own(events: Vec<OrderEvent>) -> Result<Vec<OrderEvent>, EnvelopeError> {
    let is_possible = |time: Timestamp| TIMES.contains(&time.as_second());
    let times = |event: &OrderEvent| {
        let overdue = event.overdue.as_deref();
        let waited = overdue.map(|overdue| [Some(overdue.began), Some(overdue.due), overdue.came]);
        let own = [Some(event.received_at), event.occurred_at, event.due_at];
        own.into_iter().chain(waited.into_iter().flatten()).flatten()
    };
    let is_own = events.iter().flat_map(times).all(is_possible);
    if is_own { Ok(events) } else { Err(EnvelopeError::Unreadable) }
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, EnvelopeError> {
    serde_json::from_str(text).map_err(|_| EnvelopeError::Unreadable)
}

/// JSON in which every character beyond ASCII is escaped.
fn ascii(value: &impl Serialize) -> String {
    let mut text = Vec::new();
    value
        .serialize(&mut Serializer::with_formatter(&mut text, Ascii))
        .expect("an envelope has only string keys");
    String::from_utf8(text).expect("ASCII is UTF-8")
}

struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        if fragment.is_ascii() {
            return CompactFormatter.write_string_fragment(writer, fragment);
        }
        for c in fragment.chars() {
            if c.is_ascii() {
                writer.write_all(&[c as u8])?;
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
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
        for odd in [Timestamp::MAX, Timestamp::MIN, Timestamp::from_second(7_258_118_400).unwrap()]
        {
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
        let text =
            pack(&[event()])[0].replace("{\"platform\":", "{\"courier\":\"x\",\"platform\":");
        assert_eq!(unpack(&text).unwrap().orders(), [event()]);
        let text = pack(&[event()])[0].replace("{\"version\":", "{\"stack\":\"x\",\"version\":");
        assert_eq!(unpack(&text).unwrap().orders(), [event()]);
    }
}
