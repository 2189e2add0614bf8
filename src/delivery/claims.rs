//! What one invocation holds of the ledger.
//!
//! Without the ledger there are repeats at worst, and without the message there is no news: when calls
//! to it fail again and again, the invocation goes on as if there were none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use crate::alarm::Alarm;
use crate::app::App;
use crate::delivery::grouping::Grouped;
use crate::delivery::{Budget, Window, described};
use crate::infra::aws::ServiceError;
use crate::infra::metrics::Metric;
use crate::ledger::rules::{LeaseRequest, State};
use crate::ledger::{Claim, Lease, Marked};
use crate::message::Remarks;
use crate::order::{Change, Kind, OrderEvent};
use crate::queue::digest_window::DigestWindows;
use crate::slack::retry::RetryAfter;

/// DynamoDB takes many more; the sandbox does not.
const CALLS_AT_ONCE: usize = 16;
/// So many failures one after the other are an outage.
const OUTAGE: usize = 3;
/// So many windows of a digest are asked for the cancellations beside it.
const MAX_WINDOWS: usize = 5;
/// A lease outlives its invocation by this.
const LEASE_MARGIN: Duration = Duration::from_secs(2);
/// A lease is no longer than SQS hides a message (template.yaml: 180 seconds).
const LONGEST_LEASE: Duration = Duration::from_secs(170);
/// Whoever waits for somebody else's lease comes after its end.
const AFTER_LEASE: SignedDuration = SignedDuration::from_secs(1);
/// What is told later than this says so. No digest waits that long.
pub(super) const LATE: SignedDuration = SignedDuration::from_mins(30);

/// What may be done about an event.
pub(super) enum Claimed {
    /// Ours to tell.
    Ours(Box<Grouped>),
    /// Nothing: it was told before, or is no news any more.
    NoNews,
    /// Somebody else is telling it, until after this time.
    Leased(Duration),
}

pub(super) struct LedgerSession<'a> {
    app: &'a App,
    events: &'a [OrderEvent],
    budget: Budget<'a>,
    /// By the event's position.
    held: Vec<Option<Lease>>,
    /// How many calls failed one after the other.
    failures: AtomicUsize,
}

impl<'a> LedgerSession<'a> {
    pub(super) fn new(app: &'a App, events: &'a [OrderEvent], budget: Budget<'a>) -> Self {
        let held = events.iter().map(|_| None).collect();
        Self { app, events, budget, held, failures: AtomicUsize::new(0) }
    }

    /// LedgerSession the events at these positions.
    pub(super) async fn claim(&mut self, positions: &[usize]) -> Vec<(usize, Claimed)> {
        // Cancellations first, so that other news of an order waits for what becomes of its own.
        let is_cancellation = |at: &&usize| self.events[**at].kind == Kind::Cancelled;
        let (first, second): (Vec<usize>, Vec<usize>) = positions.iter().partition(is_cancellation);
        let mut claimed = Vec::with_capacity(positions.len());
        for positions in [first, second] {
            let claims = stream::iter(positions.clone()).map(|position| self.claim_one(position));
            let claims: Vec<_> = claims.buffered(CALLS_AT_ONCE).collect().await;
            for (position, claim) in positions.into_iter().zip(claims) {
                claimed.push((position, self.explained(position, claim)));
            }
        }
        claimed
    }

    async fn claim_one(&self, position: usize) -> Claim {
        // Posting needs its time, whatever the ledger does.
        if self.is_down() || self.budget.deadline.is_mostly_over() {
            return Claim::Ours(Lease::default());
        }
        let claim = self.app.ledger.claim(&self.events[position], &self.lease(position)).await;
        self.noted(claim).unwrap_or_else(|| Claim::Ours(Lease::default()))
    }

    fn explained(&mut self, position: usize, claim: Claim) -> Claimed {
        let event = &self.events[position];
        let (platform, order) = described(event);
        let count = |metric| self.app.metrics.count_for(metric, platform);
        let count_first = |is_first: bool| {
            if is_first {
                self.count_order(event);
            }
        };
        let now = self.budget.deadline.now();
        match claim {
            Claim::Told => {
                tracing::info!(platform, order, "told before");
                count(Metric::Duplicates);
                Claimed::NoNews
            }
            Claim::Overtaken { is_first } => {
                count_first(is_first);
                tracing::info!(platform, order, "no news: the order was cancelled before");
                Claimed::NoNews
            }
            Claim::Leased { until, is_first } => {
                count_first(is_first);
                tracing::info!(platform, order, "left to another invocation, which is at it");
                Claimed::Leased(self.after(until))
            }
            Claim::Ours(held) => {
                if held.changed_payload {
                    tracing::warn!(platform, order, "the sender gave this event before, otherwise");
                    count(Metric::PayloadMismatch);
                }
                count_first(held.is_first);
                let late = now.duration_since(event.received_at);
                let remarks = Remarks {
                    repeat: held.may_be_shown,
                    changed_payload: held.changed_payload,
                    delay: Some(late).filter(|late| *late >= LATE),
                };
                let mut event = event.clone();
                if held.reopens {
                    event.kind = Kind::Modified;
                    event.change = Some(Change::Reopened);
                }
                let was_refused = held.was_refused();
                self.held[position] = Some(held);
                let positions = vec![position];
                Claimed::Ours(Box::new(Grouped { event, remarks, was_refused, positions }))
            }
        }
    }

    /// Counts an order's event, shown or not, which must be done once: when the ledger first hears of
    /// it, or, without the ledger, when it is told.
    fn count_order(&self, event: &OrderEvent) {
        let metric = match event.kind {
            Kind::Created => Metric::OrdersCreated,
            Kind::Modified => Metric::OrdersModified,
            Kind::Cancelled => Metric::OrdersCancelled,
        };
        self.app.metrics.count_for(metric, &event.platform);
    }

    /// Marks events as told.
    pub(super) async fn told(&mut self, positions: &[usize]) {
        let mut held = Vec::with_capacity(positions.len());
        for &position in positions {
            let Some(event_held) = self.held[position].take() else { continue };
            if event_held.is_claimed() {
                held.push(event_held);
            } else {
                self.count_order(&self.events[position]);
            }
        }
        let now = self.budget.deadline.now();
        let marks = stream::iter(held).map(|held| self.mark(held, now));
        marks.buffer_unordered(CALLS_AT_ONCE).collect::<()>().await;
    }

    pub(super) async fn mark(&self, held: Lease, now: Timestamp) {
        if self.is_out_of_reach() {
            return;
        }
        if self.noted(self.app.ledger.told(held, now).await) == Some(Marked::TakenOver) {
            tracing::warn!("another invocation took over: the channel may see it twice");
            self.app.metrics.count(Metric::PossibleDuplicate);
        }
    }

    /// Gives back events that were not told, or not surely, or that were refused.
    pub(super) async fn give_back(
        &mut self,
        entries: impl Iterator<Item = &Grouped>,
        was_refused: bool,
    ) {
        let mut held = Vec::new();
        for Grouped { positions, remarks, .. } in entries {
            let now_is = match (remarks.repeat, was_refused) {
                (true, _) => State::InDoubt,
                (false, true) => State::Rejected,
                (false, false) => State::Pending,
            };
            for position in positions {
                held.extend(self.held[*position].take().map(|held| (held, now_is)));
            }
        }
        let returns = stream::iter(held).map(|(held, now_is)| self.give_back_one(held, now_is));
        returns.buffer_unordered(CALLS_AT_ONCE).collect::<()>().await;
    }

    pub(super) async fn give_back_one(&self, held: Lease, now_is: State) {
        if self.is_out_of_reach() {
            return;
        }
        self.noted(self.app.ledger.give_back(held, now_is).await);
    }

    /// LedgerSession the digest that is due.
    pub(super) async fn window(&self, windows: DigestWindows) -> Window {
        let now = self.budget.deadline.now();
        let claim = self.app.ledger.claim_digest(windows.due(now), &self.lease("digest")).await;
        match self.noted(claim) {
            Some(Claim::Ours(held)) => Window::Ours(held),
            None => Window::Ours(Lease::default()),
            Some(Claim::Leased { .. }) => {
                Window::Taken(RetryAfter::NextDigest(windows.until_next(now)))
            }
            Some(Claim::Told | Claim::Overtaken { .. }) => {
                Window::Taken(RetryAfter::Exactly(windows.until_next(now)))
            }
        }
    }

    /// Counts cancellations that were told by themselves, by when they came in.
    pub(super) async fn count_cancelled(&self, told: &[Timestamp], windows: DigestWindows) {
        let mut counts = BTreeMap::<i64, u32>::new();
        for moment in told {
            *counts.entry(windows.of(*moment)).or_default() += 1;
        }
        for (window, count) in counts {
            if self.is_out_of_reach() {
                return;
            }
            let lease = self.lease("cancelled");
            self.noted(self.app.ledger.count_cancelled(window, count, &lease).await);
        }
    }

    /// How many cancellations were told before in the windows of these moments.
    pub(super) async fn cancelled_beside(
        &self,
        moments: &[Timestamp],
        windows: DigestWindows,
    ) -> u32 {
        let windows: BTreeSet<_> = moments.iter().map(|moment| windows.of(*moment)).collect();
        let mut count = 0;
        // After an outage there may be many, and nobody asks any more what happened beside them.
        for window in windows.into_iter().rev().take(MAX_WINDOWS) {
            if self.is_out_of_reach() {
                break;
            }
            count += self.noted(self.app.ledger.cancelled(window).await).unwrap_or(0);
        }
        count
    }

    /// LedgerSession an alarm's change of state.
    pub(super) async fn alarm(&self, alarm: &Alarm) -> Claim {
        let Some(key) = alarm.key() else {
            return Claim::Ours(Lease::default());
        };
        let claim = self.app.ledger.claim_alarm(&key, &self.lease("alarm")).await;
        self.noted(claim).unwrap_or_else(|| Claim::Ours(Lease::default()))
    }

    /// How long until a lease of somebody else has surely ended.
    pub(super) fn after(&self, lease: Timestamp) -> Duration {
        let wait = (lease + AFTER_LEASE).duration_since(self.budget.deadline.now());
        wait.try_into().unwrap_or_default()
    }

    /// Lets a window go, for good if it `is_over`.
    pub(super) async fn end_window(&self, window: Lease, is_over: bool) {
        if !is_over {
            self.give_back_one(window, State::Pending).await;
        } else if !self.is_out_of_reach() {
            // Whoever took it over tells other orders.
            self.noted(self.app.ledger.told(window, self.budget.deadline.now()).await);
        }
    }

    /// As long as the invocation may take; its owner is unlike any other claim's, so that two copies
    /// of an event in one invocation contend as well.
    fn lease(&self, what: impl Display) -> LeaseRequest {
        let Budget { request_id, deadline, .. } = self.budget;
        let length = (deadline.left() + LEASE_MARGIN).min(LONGEST_LEASE);
        let now = deadline.now();
        LeaseRequest { owner: format!("{request_id}/{what}"), now, until: now + length }
    }

    /// Marks that are not set in time are left out: what was told is deleted from the queue, and the
    /// marks are for those who send it again.
    fn is_out_of_reach(&self) -> bool {
        self.is_down() || self.budget.deadline.left() < self.budget.reserve
    }

    fn is_down(&self) -> bool {
        self.failures.load(Ordering::Relaxed) >= OUTAGE
    }

    /// Takes note of whether a call worked.
    fn noted<T>(&self, answer: Result<T, ServiceError>) -> Option<T> {
        match answer {
            Ok(answer) => {
                self.failures.store(0, Ordering::Relaxed);
                Some(answer)
            }
            Err(error) => {
                self.app.metrics.count(Metric::LedgerUnavailable);
                if self.failures.fetch_add(1, Ordering::Relaxed) == 0 {
                    tracing::error!(
                        %error,
                        "the ledger cannot be used: what is told now may be repeated"
                    );
                }
                None
            }
        }
    }
}
