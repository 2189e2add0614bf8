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
    /// makes up for the last one, or that of an alarm that says nothing new.
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
mod tests;
