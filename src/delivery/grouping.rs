//! Few messages out of many events: singles while they are few, digests in a storm.
//!
//! Nothing is dropped on the way: every position that comes in stands in exactly one [`Notification`].

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;

use crate::message::{self, Remarks, Style, digest};
use crate::order::one_line::OneLine;
use crate::order::{Change, Kind, OrderEvent};
use crate::slack::block_kit::Message;

#[cfg(test)]
mod tests;

/// So many orders are told one by one; more are a digest.
pub const MAX_SINGLES: usize = 3;

/// One order in the news: what happened to it, and which events that stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Grouped {
    pub event: OrderEvent,
    pub remarks: Remarks,
    /// Slack took it in no form before.
    pub was_refused: bool,
    /// Where the events stand in the caller's list.
    pub positions: Vec<usize>,
}

/// One message's worth of news.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// At least one.
    entries: Vec<Grouped>,
    plain: bool,
    /// How many cancellations of the same time were told before it.
    beside: u32,
}

/// Puts events together into as few messages as are good to read.
///
/// Up to [`MAX_SINGLES`] stand alone, as they are. Of more, an order stands once, under what
/// matters most; if these are still more, they are digests, filled one after the other. What was
/// refused before comes last and alone, so that no digest is refused for it.
pub fn fold(entries: Vec<Grouped>, style: &Style) -> Vec<Notification> {
    let (suspects, entries) = entries.into_iter().partition(|entry| entry.was_refused);
    let mut news = fold_unsuspected(entries, style);
    news.extend(singles(suspects));
    news
}

fn fold_unsuspected(entries: Vec<Grouped>, style: &Style) -> Vec<Notification> {
    let is_storm = entries.len() > MAX_SINGLES;
    let entries = if is_storm { by_order(entries) } else { entries };
    if entries.len() > MAX_SINGLES { digests(entries, style) } else { singles(entries).collect() }
}

fn singles(mut entries: Vec<Grouped>) -> impl Iterator<Item = Notification> {
    entries.sort_by_key(|Grouped { event, .. }| (event.kind != Kind::Cancelled, event.time()));
    entries.into_iter().map(|entry| Notification::of(vec![entry]))
}

impl Notification {
    fn of(entries: Vec<Grouped>) -> Self {
        Self { entries, plain: false, beside: 0 }
    }

    /// What it tells, in the order in which it is read.
    pub fn entries(&self) -> &[Grouped] {
        &self.entries
    }

    /// Whether it tells several orders at once.
    pub fn is_digest(&self) -> bool {
        self.entries.len() > 1
    }

    /// Whether Slack refused all of it before.
    pub fn is_suspect(&self) -> bool {
        self.entries.iter().all(|entry| entry.was_refused)
    }

    /// All events that it stands for.
    pub fn positions(&self) -> impl Iterator<Item = usize> {
        self.entries.iter().flat_map(|entry| entry.positions.iter().copied())
    }

    /// The message as it is posted.
    pub fn message(&self, style: &Style) -> Message {
        let message = match &*self.entries {
            [Grouped { event, remarks, .. }] => message::about(event, style, *remarks),
            entries => digest::about(&told(entries), self.beside, style),
        };
        if self.plain { message.without_blocks() } else { message }
    }

    /// Says beside a digest how many cancellations of the same time were told before it.
    pub fn set_beside(&mut self, cancellations: u32) {
        self.beside = cancellations;
    }

    /// Slack may have shown it already.
    pub fn mark_repeat(&mut self) {
        for entry in &mut self.entries {
            entry.remarks.repeat = true;
        }
    }

    /// What to try when Slack refuses the message: halves of a digest, plain text for one order.
    ///
    /// The error is the news itself, when nothing smaller can be made of it.
    pub fn smaller(mut self) -> Result<Vec<Self>, Self> {
        match self.entries.len() {
            0 | 1 if self.plain => Err(self),
            0 | 1 => Ok(vec![Self { plain: true, ..self }]),
            count => {
                let second = self.entries.split_off(count / 2);
                Ok(vec![self, Self::of(second)])
            }
        }
    }
}

fn digests(mut entries: Vec<Grouped>, style: &Style) -> Vec<Notification> {
    entries.sort_by_key(|Grouped { event, .. }| (place(event.kind), event.time()));
    let mut news = Vec::new();
    while !entries.is_empty() {
        let rest = entries.split_off(fitting(&entries, style));
        news.push(Notification::of(entries));
        entries = rest;
    }
    news
}

/// Where a kind stands in a digest.
fn place(kind: Kind) -> u8 {
    match kind {
        Kind::Cancelled => 0,
        Kind::Created => 1,
        Kind::Modified => 2,
    }
}

/// How many of the entries one digest holds, found by making it: two always fit.
///
/// It must have room to say that it is a repeat, should it become one.
fn fitting(entries: &[Grouped], style: &Style) -> usize {
    let mut told = told(entries);
    for (_, remarks) in &mut told {
        remarks.repeat = true;
    }
    let (mut fitting, mut too_many) = (told.len().min(2), told.len() + 1);
    while too_many - fitting > 1 {
        // No more than twice as many: a digest holds few of very many.
        let some = fitting.midpoint(too_many).min(fitting * 2);
        // What cannot even be measured is left to fail alone.
        let fits = || digest::fits(&told[..some], style);
        if catch_unwind(AssertUnwindSafe(fits)).unwrap_or(false) {
            fitting = some;
        } else {
            too_many = some;
        }
    }
    fitting
}

fn told(entries: &[Grouped]) -> Vec<digest::Entry<'_>> {
    entries.iter().map(|entry| (&entry.event, entry.remarks)).collect()
}

/// Each order once. An event that does not say its order's key is an order of its own.
fn by_order(entries: Vec<Grouped>) -> Vec<Grouped> {
    type Key = (String, Option<OneLine>, OneLine);
    let key = |event: &OrderEvent| -> Option<Key> {
        Some((event.platform.clone(), event.shop.clone(), event.id.clone()?))
    };
    let mut orders: Vec<Grouped> = Vec::new();
    let mut known: HashMap<Key, usize> = HashMap::new();
    for entry in entries {
        match key(&entry.event).map(|key| known.entry(key)) {
            Some(Entry::Occupied(order)) => orders[*order.get()].join(entry),
            Some(Entry::Vacant(new)) => {
                new.insert(orders.len());
                orders.push(entry);
            }
            None => orders.push(entry),
        }
    }
    orders
}

impl Grouped {
    /// Takes in another event of the same order, which leads if it matters more.
    fn join(&mut self, mut other: Self) {
        self.positions.append(&mut other.positions);
        let repeat = self.remarks.repeat || other.remarks.repeat;
        if importance(&other.event) >= importance(&self.event) {
            self.event = other.event;
            self.remarks = other.remarks;
        }
        self.remarks.repeat = repeat;
    }
}

/// What happened to an order, by how much it matters. Of things that matter alike, the last one
/// holds: a cancellation and its withdrawal, too, since the order lives or not by the later one.
fn importance(event: &OrderEvent) -> (u8, Timestamp, bool) {
    let is_cancelled = event.kind == Kind::Cancelled;
    let rank = match (event.kind, event.change) {
        (Kind::Cancelled, _) | (Kind::Modified, Some(Change::Reopened)) => 2,
        (Kind::Created, _) => 1,
        (Kind::Modified, _) => 0,
    };
    (rank, event.time(), is_cancelled)
}
