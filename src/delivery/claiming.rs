//! Which events this invocation delivers, by what the ledger says of each.

use crate::app::App;
use crate::delivery::LATE;
use crate::delivery::grouping::Grouped;
use crate::delivery::jobs::EventIndex;
use crate::delivery::ledger_session::CONCURRENT_CALLS;
use crate::delivery::orders::OrderDelivery;
use crate::delivery::outcome::{Outcome, RetryAfter};
use crate::delivery::recording::record_all;
use crate::infra::concurrent::concurrently;
use crate::infra::metrics::Metric;
use crate::ledger::keys::{event_key, order_key};
use crate::ledger::rules::{PostedAs, Superseded};
use crate::ledger::{Claim, Lease};
use crate::message::Remarks;
use crate::order::{Change, Kind, OrderEvent};
use crate::summary::record::Record;

impl OrderDelivery<'_> {
    /// Claims events; returns those that this invocation delivers. The others get their outcome.
    pub(super) async fn claim(&mut self, indexes: &[EventIndex]) -> Vec<Grouped> {
        // Cancellations first, so that other events of an order see what became of its cancellation.
        let is_cancellation = |index: &EventIndex| self.jobs[*index].event.kind == Kind::Cancelled;
        let (first, second): (Vec<_>, Vec<_>) = indexes.iter().copied().partition(is_cancellation);
        let mut claimed = Vec::with_capacity(indexes.len());
        let mut not_shown = Vec::new();
        for indexes in [first, second] {
            let (ledger, jobs) = (self.shared.ledger, &self.jobs);
            let claim = |index: EventIndex| ledger.claim_event(jobs[index].event, index.0);
            let claims = concurrently(indexes.clone(), CONCURRENT_CALLS, claim).await;
            for (index, claim) in indexes.into_iter().zip(claims) {
                // What could not be claimed in time is left to the next invocation.
                let Some(claim) = claim else { continue };
                match self.resolve(index, claim) {
                    Ok(grouped) => claimed.push(grouped),
                    Err(outcome) => {
                        let job = &mut self.jobs[index];
                        job.outcome = outcome;
                        not_shown.extend(job.record.take());
                    }
                }
            }
        }
        record_all(self.shared.app, not_shown, self.shared.budget.deadline).await;
        claimed
    }

    /// The event as it is to be posted, or the outcome that it has already.
    fn resolve(&mut self, index: EventIndex, claim: Claim) -> Result<Grouped, Outcome> {
        let event = self.jobs[index].event;
        let (platform, order) = (&event.platform, event.name_field());
        match claim {
            Claim::Acquired(lease) => Ok(self.acquired(index, lease)),
            Claim::Delivered => {
                tracing::info!(platform, order, "duplicate: already delivered");
                if !self.jobs[index].is_retry {
                    self.shared.app.metrics.count_for(Metric::Duplicates, platform);
                }
                Err(Outcome::Done)
            }
            Claim::Superseded { is_first, by } => {
                self.count_first(is_first, event);
                tracing::info!(platform, order, "skipped: {}", by.reason());
                // It was an order before it was cancelled.
                if event.kind == Kind::Created && by != Superseded::ByCreation {
                    self.jobs[index].record = self.record(event, None);
                }
                Err(Outcome::Done)
            }
            Claim::HeldUntil { until, is_first } => {
                self.count_first(is_first, event);
                tracing::info!(platform, order, "deferred: another invocation holds the lease");
                Err(Outcome::Retry(RetryAfter::Exactly(self.shared.ledger.after(until))))
            }
        }
    }

    fn acquired(&mut self, index: EventIndex, lease: Lease) -> Grouped {
        let event = self.jobs[index].event;
        tracing::debug!(
            platform = event.platform,
            order = event.name_field(),
            posted_as = ?lease.posted_as,
            in_doubt = lease.is_in_doubt(),
            "acquired the lease"
        );
        if lease.changed_payload {
            let (platform, order) = (&event.platform, event.name_field());
            tracing::warn!(platform, order, "same delivery id, different payload");
            self.shared.app.metrics.count_for(Metric::PayloadMismatch, platform);
        }
        let posted = match lease.posted_as {
            PostedAs::ItIs => event.clone(),
            PostedAs::Reopening => event.clone().reopened(),
            PostedAs::Restoration => event.clone().restored(),
            PostedAs::Creation => event.clone().created(),
            PostedAs::Change => event.clone().changed(),
        };
        self.count_first(lease.is_first(), &posted);
        let late = self.shared.budget.deadline.now().duration_since(event.received_at);
        let grouped = Grouped {
            event: posted,
            remarks: Remarks {
                repeat: lease.is_in_doubt(),
                unchecked: lease.is_unchecked,
                changed_payload: lease.changed_payload,
                delay: Some(late).filter(|late| *late >= LATE),
            },
            is_suspect: lease.is_suspect(),
            indexes: vec![index],
        };
        self.jobs[index].record = self.record(&grouped.event, lease.event_key());
        self.jobs[index].lease = Some(lease);
        grouped
    }

    /// What the daily summary is to count.
    fn record(&self, event: &OrderEvent, ledger_key: Option<&str>) -> Option<Record> {
        self.shared.app.records.as_ref()?;
        // An order is new once, however many events say so.
        let order = order_key(event).filter(|_| event.kind == Kind::Created);
        let key = order.or_else(|| ledger_key.map(str::to_owned));
        Record::of(event, &key.unwrap_or_else(|| event_key(event)))
    }

    fn count_first(&self, is_first: bool, event: &OrderEvent) {
        if is_first {
            count_order(self.shared.app, event);
        }
    }
}

/// Counts an order's event, posted or not. That must happen once: when the ledger first hears of it, or,
/// without the ledger, when it is delivered.
pub(super) fn count_order(app: &App, event: &OrderEvent) {
    let metric = match (event.kind, event.change) {
        // A draft is no order yet.
        (Kind::Created, _) if event.is_draft => return,
        (Kind::Created, _) => Metric::OrdersCreated,
        (Kind::Modified, _) => Metric::OrdersModified,
        (Kind::Cancelled, Some(Change::Unpaid)) => Metric::OrdersCancelledUnpaid,
        (Kind::Cancelled, _) => Metric::OrdersCancelled,
        (Kind::Overdue, _) => return,
    };
    app.metrics.count_for(metric, &event.platform);
}
