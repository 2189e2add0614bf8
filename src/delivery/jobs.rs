//! The events of one delivery, each with what is known of it so far.

use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};

use crate::delivery::outcome::{Outcome, RetryAfter};
use crate::ledger::Lease;
use crate::order::OrderEvent;
use crate::summary::record::Record;

/// Names one event of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventIndex(pub usize);

/// An event that is to be delivered.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    pub event: &'a OrderEvent,
    /// Its queue message was received before: that it was delivered already is no duplicate of the
    /// sender's.
    pub is_retry: bool,
}

/// One event, from its claim to its outcome.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) event: &'a OrderEvent,
    pub(super) is_retry: bool,
    /// From the claim until it is marked as delivered or released.
    pub(super) lease: Option<Lease>,
    /// For the daily summary: what the claim showed the event to be.
    pub(super) record: Option<Record>,
    pub(super) outcome: Outcome,
}

/// The jobs of one delivery, or of one of its channels; only an [`EventIndex`] reaches one.
#[derive(Debug)]
pub(super) struct Jobs<'a>(BTreeMap<EventIndex, Job<'a>>);

impl<'a> Jobs<'a> {
    /// A job that was not begun is worth another try.
    pub(super) fn new(events: impl IntoIterator<Item = Incoming<'a>>) -> Self {
        let outcome = Outcome::Retry(RetryAfter::Immediately);
        let job = |Incoming { event, is_retry }| {
            let outcome = outcome.clone();
            Job { event, is_retry, lease: None, record: None, outcome }
        };
        let jobs = events.into_iter().map(job).enumerate();
        Self(jobs.map(|(index, job)| (EventIndex(index), job)).collect())
    }

    /// The events for which `is_wanted` holds, in their order.
    pub(super) fn select(&self, is_wanted: impl Fn(&OrderEvent) -> bool) -> Vec<EventIndex> {
        let jobs = self.0.iter().filter(|(_, job)| is_wanted(job.event));
        jobs.map(|(index, _)| *index).collect()
    }

    /// All events.
    pub(super) fn events(&self) -> impl Iterator<Item = &'a OrderEvent> {
        self.0.values().map(|job| job.event)
    }

    /// Takes these jobs out, for one of the channels.
    pub(super) fn take(&mut self, indexes: impl Iterator<Item = EventIndex>) -> Self {
        Self(indexes.filter_map(|index| self.0.remove_entry(&index)).collect())
    }

    /// Puts jobs back.
    pub(super) fn put_back(&mut self, mut jobs: Self) {
        self.0.append(&mut jobs.0);
    }

    /// Sets the outcome of these events.
    pub(super) fn end(&mut self, indexes: &[EventIndex], outcome: &Outcome) {
        for &index in indexes {
            self[index].outcome = outcome.clone();
        }
    }

    /// One outcome for each event, in their order.
    pub(super) fn into_outcomes(self) -> Vec<Outcome> {
        self.0.into_values().map(|job| job.outcome).collect()
    }
}

impl<'a> Index<EventIndex> for Jobs<'a> {
    type Output = Job<'a>;

    fn index(&self, index: EventIndex) -> &Self::Output {
        &self.0[&index]
    }
}

impl IndexMut<EventIndex> for Jobs<'_> {
    fn index_mut(&mut self, index: EventIndex) -> &mut Self::Output {
        self.0.get_mut(&index).expect("an index names a job of its own")
    }
}
