//! Groups events into few messages: single ones while they are few, digests in a storm.
//!
//! Nothing is dropped: every event stands in exactly one [`Notification`].

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;

use crate::delivery::jobs::EventIndex;
use crate::message::{self, Remarks, Style, digest};
use crate::order::one_line::OneLine;
use crate::order::{Change, Kind, OrderEvent};
use crate::slack::block_kit::Message;

#[cfg(test)]
mod tests;

/// Up to this many orders have a message each; more are a digest.
pub const MAX_SINGLES: usize = 3;

/// One order in a message: what happened to it, and the events that this stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Grouped {
    pub event: OrderEvent,
    pub remarks: Remarks,
    /// Slack rejected it before, or failed on it: it comes last and alone.
    pub is_suspect: bool,
    pub indexes: Vec<EventIndex>,
}

/// What one message says.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// At least one.
    entries: Vec<Grouped>,
    is_plain: bool,
    /// Slack rejected a message with all of these orders in this invocation.
    is_rejected_part: bool,
    /// How many cancellations of the same time were posted separately.
    cancelled_separately: u32,
}

/// Groups events into as few messages as are good to read.
///
/// A change that says no more than another event of its order is part of that. Up to [`MAX_SINGLES`]
/// events have a message each. Of more, an order stands once, under what matters most; if these are
/// still more, they are digests, filled one after the other. Suspects come last and alone, so that no
/// other order waits for them.
pub fn group(entries: Vec<Grouped>, style: &Style) -> VecDeque<Notification> {
    let (suspects, entries) = entries.into_iter().partition(|entry| entry.is_suspect);
    let mut notifications = VecDeque::from(group_new(entries, style));
    notifications.extend(singles(suspects));
    notifications
}

fn group_new(entries: Vec<Grouped>, style: &Style) -> Vec<Notification> {
    let entries = by_order(entries, says_no_more);
    let is_storm = entries.len() > MAX_SINGLES;
    let entries = if is_storm { by_order(entries, |_, _| true) } else { entries };
    if entries.len() > MAX_SINGLES { digests(entries, style) } else { singles(entries).collect() }
}

fn singles(mut entries: Vec<Grouped>) -> impl Iterator<Item = Notification> {
    entries.sort_by_key(|Grouped { event, .. }| (event.kind != Kind::Cancelled, event.time()));
    entries.into_iter().map(|entry| Notification::of(vec![entry]))
}

impl Notification {
    fn of(entries: Vec<Grouped>) -> Self {
        Self { entries, is_plain: false, is_rejected_part: false, cancelled_separately: 0 }
    }

    /// Its orders, in the order in which they are read.
    pub fn entries(&self) -> &[Grouped] {
        &self.entries
    }

    /// Whether it is about several orders.
    pub fn is_digest(&self) -> bool {
        self.entries.len() > 1
    }

    /// Whether every order of it comes last and alone.
    pub fn is_suspect(&self) -> bool {
        self.entries.iter().all(|entry| entry.is_suspect)
    }

    /// Whether it is part of a message that Slack rejected in this invocation.
    pub fn is_rejected_part(&self) -> bool {
        self.is_rejected_part
    }

    /// Marks it as part of a message that Slack rejected.
    #[must_use]
    pub fn of_rejected(self) -> Self {
        Self { is_rejected_part: true, ..self }
    }

    /// All events that it stands for.
    pub fn indexes(&self) -> impl Iterator<Item = EventIndex> {
        self.entries.iter().flat_map(|entry| entry.indexes.iter().copied())
    }

    /// The message as it is posted; with `is_repeat` it says that Slack may have shown it already.
    pub fn message(&self, style: &Style, is_repeat: bool) -> Message {
        let orders = orders(&self.entries, is_repeat);
        let message = match &*orders {
            [(event, remarks)] => message::about(event, style, *remarks),
            orders => digest::about(orders, self.cancelled_separately, style),
        };
        if self.is_plain { message.without_blocks() } else { message }
    }

    /// Makes a digest say how many cancellations of the same time were posted separately.
    pub fn set_cancelled_separately(&mut self, cancellations: u32) {
        self.cancelled_separately = cancellations;
    }

    /// Slack may have shown it already.
    pub fn mark_repeat(&mut self) {
        for entry in &mut self.entries {
            entry.remarks.repeat = true;
        }
    }

    /// What to try when Slack rejects the message: halves of a digest, plain text for one order.
    ///
    /// The error is the notification itself, when it cannot be made smaller.
    pub fn split(mut self) -> Result<Vec<Self>, Self> {
        match self.entries.len() {
            0 | 1 if self.is_plain => Err(self),
            0 | 1 => Ok(vec![Self { is_plain: true, ..self }]),
            count => {
                let second = self.entries.split_off(count / 2);
                Ok(vec![self, Self::of(second)])
            }
        }
    }
}

fn digests(mut entries: Vec<Grouped>, style: &Style) -> Vec<Notification> {
    // A longer number is a larger one.
    entries.sort_by_cached_key(|Grouped { event, .. }| {
        let name = event.name().map_or("", OneLine::as_str);
        (place(event.kind), event.time(), name.len(), name.to_owned())
    });
    let mut digests = Vec::new();
    while !entries.is_empty() {
        let rest = entries.split_off(fitting(&entries, style));
        digests.push(Notification::of(entries));
        entries = rest;
    }
    digests
}

/// Where a kind stands in a digest.
fn place(kind: Kind) -> u8 {
    match kind {
        Kind::Cancelled => 0,
        Kind::Overdue => 1,
        Kind::Created => 2,
        Kind::Modified => 3,
    }
}

/// So many orders are in one digest at most: so many short lines have room.
const MOST: usize = 500;

/// How many of the entries one digest holds, found by writing it: two always fit.
///
/// It must have room to say that it may be a repeat, should it become one.
fn fitting(entries: &[Grouped], style: &Style) -> usize {
    let orders = orders(&entries[..entries.len().min(MOST)], true);
    let fits = |some: usize| {
        // An order whose line cannot be written must fail alone.
        let fits = || digest::fits(&orders[..some], style);
        catch_unwind(AssertUnwindSafe(fits)).unwrap_or(false)
    };
    if fits(orders.len()) {
        return orders.len();
    }
    let (mut fitting, mut too_many) = (orders.len().min(2), orders.len());
    while too_many > fitting + 1 {
        // No more than twice as many: where lines are long, a digest holds few.
        let some = fitting.midpoint(too_many).min(fitting * 2);
        if fits(some) {
            fitting = some;
        } else {
            too_many = some;
        }
    }
    fitting
}

fn orders(entries: &[Grouped], is_repeat: bool) -> Vec<digest::Entry<'_>> {
    let mut orders: Vec<_> =
        entries.iter().map(|Grouped { event, remarks, .. }| (event, *remarks)).collect();
    for (_, remarks) in &mut orders {
        remarks.repeat |= is_repeat;
    }
    orders
}

/// Whether one of two events of an order adds nothing that the channel must know: a change without a name,
/// or the deletion that was said already.
fn says_no_more(one: &OrderEvent, other: &OrderEvent) -> bool {
    let is_deleted = |event: &OrderEvent| event.change == Some(Change::Deleted);
    one.is_plain_change() || other.is_plain_change() || is_deleted(one) && is_deleted(other)
}

/// Each order once, as far as its events may be joined. A test, or an event that does not say its
/// order's key, is an order of its own.
fn by_order(
    entries: Vec<Grouped>,
    may_join: impl Fn(&OrderEvent, &OrderEvent) -> bool,
) -> Vec<Grouped> {
    type Key = (String, Option<OneLine>, OneLine);
    let key = |event: &OrderEvent| -> Option<Key> {
        let is_joinable = !event.is_test && event.kind != Kind::Overdue;
        let id = event.id.clone().filter(|_| is_joinable)?;
        Some((event.platform.clone(), event.shop.clone(), id))
    };
    let mut orders: Vec<Grouped> = Vec::new();
    let mut known: HashMap<Key, Vec<usize>> = HashMap::new();
    for entry in entries {
        let Some(key) = key(&entry.event) else {
            orders.push(entry);
            continue;
        };
        let of_order = known.entry(key).or_default();
        let joined = of_order.iter().find(|known| may_join(&orders[**known].event, &entry.event));
        if let Some(&position) = joined {
            orders[position].join(entry);
        } else {
            of_order.push(orders.len());
            orders.push(entry);
        }
    }
    orders
}

impl Grouped {
    /// Takes in another event of the same order, which leads if it matters more.
    fn join(&mut self, mut other: Self) {
        self.indexes.append(&mut other.indexes);
        let repeat = self.remarks.repeat || other.remarks.repeat;
        if importance(&other.event) >= importance(&self.event) {
            std::mem::swap(&mut self.event, &mut other.event);
            self.remarks = other.remarks;
        }
        self.remarks.repeat = repeat;
        // A cancellation shows the order as it was; everything else shows it as it is now.
        let (leading, joined) = (&self.event, other.event);
        let is_newer = joined.is_plain_change() && joined.time() >= leading.time();
        let is_said_again = joined.change == Some(Change::Deleted);
        if leading.kind != Kind::Cancelled && (is_newer || is_said_again) {
            self.event = leading.clone().with_order_of(joined);
        }
    }
}

/// How much an event matters for its order. Of equal ones the later one stands: so it is with a
/// cancellation and a reopening, as the later one says whether the order is cancelled.
fn importance(event: &OrderEvent) -> (u8, Timestamp, bool) {
    let is_cancelled = event.kind == Kind::Cancelled;
    let rank = match (event.kind, event.change) {
        (Kind::Cancelled, _) | (Kind::Modified, Some(Change::Reopened)) => 3,
        (Kind::Created, _) => 2,
        (Kind::Overdue, _) | (Kind::Modified, Some(_)) => 1,
        (Kind::Modified, None) => 0,
    };
    (rank, event.time(), is_cancelled)
}
