//! Messages that a step is overdue: shown only while the order still waits for it.

use crate::delivery::grouping::Grouped;
use crate::delivery::ledger_session::CONCURRENT_CALLS;
use crate::delivery::orders::OrderDelivery;
use crate::delivery::outcome::{Outcome, RetryAfter};
use crate::infra::concurrent::concurrently;
use crate::infra::metrics::Metric;
use crate::ledger::Warned;
use crate::ledger::item::Release;
use crate::order::OrderEvent;
use crate::watch::waits::Warning;

/// What becomes of a claimed message.
enum Check {
    Show,
    /// The step came, or the operator expects it no more; or the warning was not shown, and the step
    /// needs no message.
    Drop,
    Wait(RetryAfter),
}

impl OrderDelivery<'_> {
    /// Leaves out what is not overdue any more. The claim comes before this: what looks at the warning's
    /// claim sees either that, or that its wait is over.
    pub(super) async fn still_overdue(&mut self, claimed: Vec<Grouped>) -> Vec<Grouped> {
        let is_overdue = |entry: &Grouped| entry.event.overdue.is_some();
        let (overdue, mut kept): (Vec<_>, Vec<_>) = claimed.into_iter().partition(is_overdue);
        if overdue.is_empty() {
            return kept;
        }
        let this = &*self;
        let check = async |entry: Grouped| {
            let is_retry = entry.indexes.iter().any(|index| this.jobs[*index].is_retry);
            (this.check(&entry.event, is_retry).await, entry)
        };
        let checked = concurrently(overdue, CONCURRENT_CALLS, check).await;
        let mut leases = Vec::new();
        for (check, mut entry) in checked {
            let event = &mut entry.event;
            let (platform, order) = (event.platform.clone(), event.name().cloned());
            let outcome = match check {
                Check::Show => {
                    self.note_time(event);
                    kept.push(entry);
                    continue;
                }
                Check::Drop => {
                    let order = order.as_ref().map(tracing::field::display);
                    tracing::info!(platform, order, "not posted: the order waits no more");
                    Outcome::Done
                }
                Check::Wait(retry_after) => Outcome::Retry(retry_after),
            };
            for index in entry.indexes {
                let lease = self.jobs[index].lease.take();
                leases.extend(lease.map(|lease| (lease, Release::default())));
                self.jobs[index].outcome = outcome.clone();
            }
        }
        self.shared.ledger.release_all(leases).await;
        kept
    }

    async fn check(&self, event: &OrderEvent, is_retry: bool) -> Check {
        let app = self.shared.app;
        let Some(overdue) = &event.overdue else { return Check::Show };
        let (Some(watch), Some(_)) = (&app.watch, app.config.expectations.find(&overdue.line))
        else {
            return Check::Drop;
        };
        if overdue.came.is_some() {
            return match self.shared.ledger.has_warned(event).await {
                Some(Warned::Yes) => Check::Show,
                Some(Warned::No) => Check::Drop,
                Some(Warned::InWork { until }) => {
                    Check::Wait(RetryAfter::Exactly(self.shared.ledger.after(until)))
                }
                None => Check::Wait(RetryAfter::BackOff),
            };
        }
        match watch.ask(event, is_retry, self.shared.budget.deadline.now()).await {
            Ok(Warning::IsTrue) => Check::Show,
            Ok(Warning::IsOver) => Check::Drop,
            Ok(Warning::IsEarly(wait)) => Check::Wait(RetryAfter::Exactly(wait)),
            Err(error) => {
                tracing::error!(%error, "cannot know whether the order still waits: trying again");
                app.metrics.count(Metric::ExpectUnavailable);
                Check::Wait(RetryAfter::BackOff)
            }
        }
    }

    /// How long the order has waited, as its message says.
    fn note_time(&self, event: &mut OrderEvent) {
        let Some(overdue) = &mut event.overdue else { return };
        // The clock that the wait began by may differ.
        let now = || self.shared.budget.deadline.now().max(overdue.due);
        let until = overdue.came.unwrap_or_else(now);
        let speed = i32::try_from(self.shared.app.config.expectations.speed()).unwrap_or(1);
        overdue.waited = until.duration_since(overdue.began).saturating_mul(speed);
    }
}
