//! Orders become messages in the orders' channel: claim → group → post → mark.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::app::App;
use crate::config::{Config, Mode};
use crate::delivery::budget::Budget;
use crate::delivery::digest_claim::DigestClaim;
use crate::delivery::grouping::{Grouped, Notification, group};
use crate::delivery::jobs::{EventIndex, Jobs};
use crate::delivery::ledger_session::LedgerSession;
use crate::delivery::outcome::{Outcome, RetryAfter};
use crate::delivery::poster::{Posted, Poster};
use crate::infra::metrics::Metric;
use crate::ledger::item::State;
use crate::message::Style;
use crate::order::Kind;

/// One delivery of order events.
pub(super) struct OrderDelivery<'a> {
    pub(super) app: &'a App,
    pub(super) budget: Budget<'a>,
    pub(super) style: Style,
    pub(super) jobs: Jobs<'a>,
    pub(super) ledger: LedgerSession<'a>,
    pub(super) poster: Poster<'a>,
    /// Why this invocation posts nothing more.
    pub(super) stopped: Option<RetryAfter>,
}

impl OrderDelivery<'_> {
    pub(super) async fn deliver_immediately(&mut self, indexes: &[EventIndex]) {
        if !self.is_ready(indexes).await {
            return;
        }
        let claimed = self.claim(indexes).await;
        let posted = self.post_all(group(claimed, &self.style)).await;
        self.count_cancelled(&posted).await;
    }

    /// Marks events of a kind that is switched off: later events of their orders may depend on them.
    pub(super) async fn mark_hidden(&mut self, indexes: &[EventIndex]) {
        let claimed = self.claim(indexes).await;
        for Grouped { event, .. } in &claimed {
            let (platform, order) = (&event.platform, event.name_field());
            tracing::info!(platform, order, "not posted: the kind is switched off");
        }
        let hidden: Vec<_> = claimed.into_iter().flat_map(|entry| entry.indexes).collect();
        self.mark_delivered(&hidden).await;
    }

    /// Delivers the events of a digest, unless another invocation does.
    pub(super) async fn deliver_digest(
        &mut self,
        indexes: &[EventIndex],
        claim: Option<DigestClaim>,
    ) {
        if indexes.is_empty() {
            return;
        }
        let claim = match claim {
            Some(claim) => claim,
            None => self.ledger.claim_digest(self.app.config.digest_windows).await,
        };
        let (lease, is_complete) = match claim {
            DigestClaim::Acquired { lease, is_complete } => (lease, is_complete),
            DigestClaim::Taken(retry_after) => {
                tracing::info!(events = indexes.len(), "deferred to the next digest");
                return self.jobs.end(indexes, &Outcome::Retry(retry_after));
            }
        };
        let mut has_posted = false;
        if self.is_ready(indexes).await {
            let claimed = self.claim(indexes).await;
            let arrivals: Vec<_> = claimed.iter().map(|entry| entry.event.received_at).collect();
            let mut notifications = group(claimed, &self.style);
            // Other digests of the window may follow this one, unless it is complete.
            if is_complete
                && let Some(first) = notifications.front_mut().filter(|first| first.is_digest())
            {
                let windows = self.app.config.digest_windows;
                let separately = self.ledger.cancelled_separately(&arrivals, windows).await;
                first.set_cancelled_separately(separately);
            }
            has_posted = !self.post_all(notifications).await.is_empty();
        }
        // While more is waiting, or something failed, the window stays open.
        let is_closed = has_posted && is_complete && self.stopped.is_none();
        self.ledger.end_digest(lease, is_closed).await;
    }

    /// Whether these events can be posted now; if not, they get their outcome.
    async fn is_ready(&mut self, indexes: &[EventIndex]) -> bool {
        // What is claimed late could not be posted in time.
        if self.stopped.is_none() && self.budget.deadline.is_mostly_over() {
            self.stopped = Some(RetryAfter::Immediately);
        }
        if self.stopped.is_none()
            && !indexes.is_empty()
            && let Err(error) = self.poster.find_url().await
        {
            tracing::error!(events = indexes.len(), %error, "no Slack URL: retrying later");
            self.stopped = Some(RetryAfter::BackOff);
        }
        if let Some(retry_after) = self.stopped {
            self.jobs.end(indexes, &Outcome::Retry(retry_after));
        }
        self.stopped.is_none() && !indexes.is_empty()
    }

    /// Posts one notification after the other, and splits what Slack rejects; returns what was
    /// posted.
    async fn post_all(&mut self, mut waiting: VecDeque<Notification>) -> Vec<Notification> {
        let mut posted = Vec::new();
        while let Some(mut notification) = waiting.pop_front() {
            let style = &self.style;
            let Posted { outcome, is_in_doubt } =
                self.poster.post(|is_repeat| notification.message(style, is_repeat)).await;
            if is_in_doubt {
                notification.mark_repeat();
            }
            match outcome {
                Outcome::Done => {
                    self.record_posted(&notification);
                    self.mark_delivered(&notification.indexes().collect::<Vec<_>>()).await;
                    posted.push(notification);
                }
                Outcome::Rejected(reason) => match notification.split() {
                    Ok(parts) => {
                        tracing::warn!(reason, "Slack rejected the message: splitting it");
                        requeue(&mut waiting, parts);
                    }
                    Err(notification) => self.reject(notification, reason).await,
                },
                Outcome::Retry(retry_after) => {
                    waiting.push_front(notification);
                    tracing::error!(messages = waiting.len(), "delivery stopped: retrying later");
                    self.stopped = Some(retry_after);
                    self.release(waiting.make_contiguous(), &Outcome::Retry(retry_after)).await;
                    waiting.clear();
                }
            }
        }
        posted
    }

    fn record_posted(&self, notification: &Notification) {
        let metrics = &self.app.metrics;
        metrics.count(Metric::MessagesPosted);
        match notification.entries() {
            [Grouped { event, .. }] => {
                tracing::info!(platform = event.platform, order = event.name_field(), "posted");
            }
            entries => {
                tracing::info!(orders = entries.len(), "posted a digest");
                let count = u32::try_from(notification.indexes().count()).unwrap_or(u32::MAX);
                metrics.add(Metric::EventsDigested, None, count);
            }
        }
        let now = self.budget.deadline.now();
        for Grouped { event, remarks, .. } in notification.entries() {
            let time = now.duration_since(event.received_at).try_into().unwrap_or_default();
            metrics.time(Metric::SecondsToSlack, time);
            if remarks.repeat {
                metrics.count_for(Metric::PossibleDuplicate, &event.platform);
            }
        }
    }

    async fn reject(&mut self, notification: Notification, reason: String) {
        for Grouped { event, .. } in notification.entries() {
            let (platform, order) = (&event.platform, event.name_field());
            tracing::error!(platform, order, reason, "rejected by Slack even as plain text");
        }
        self.release(&[notification], &Outcome::Rejected(reason)).await;
    }

    async fn mark_delivered(&mut self, indexes: &[EventIndex]) {
        self.jobs.end(indexes, &Outcome::Done);
        let mut leases = Vec::with_capacity(indexes.len());
        for &index in indexes {
            match self.jobs[index].lease.take() {
                Some(lease) if lease.is_recorded() => leases.push(lease),
                // Without the ledger, an order is counted when it is delivered.
                Some(_) => self.count_order(self.jobs[index].event),
                None => {}
            }
        }
        self.ledger.mark_all_delivered(leases).await;
    }

    /// Ends the leases of events that were not posted.
    async fn release(&mut self, notifications: &[Notification], outcome: &Outcome) {
        let was_rejected = matches!(outcome, Outcome::Rejected(_));
        let mut leases = Vec::new();
        for Grouped { indexes, remarks, .. } in notifications.iter().flat_map(Notification::entries)
        {
            self.jobs.end(indexes, outcome);
            let state = match (remarks.repeat, was_rejected) {
                (true, _) => State::InDoubt,
                (false, true) => State::Rejected,
                (false, false) => State::Pending,
            };
            let released = indexes.iter().filter_map(|index| self.jobs[*index].lease.take());
            leases.extend(released.map(|lease| (lease, state)));
        }
        self.ledger.release_all(leases).await;
    }

    /// Counts cancellations for the digest of their window, if there will be one.
    async fn count_cancelled(&self, posted: &[Notification]) {
        let Config { show, digest_windows, .. } = &self.app.config;
        let is_any_digested = [show.created, show.modified].contains(&Mode::Digest);
        if self.app.queue.is_some() && is_any_digested {
            let arrivals: Vec<_> = posted.iter().flat_map(cancellations).collect();
            self.ledger.count_cancelled(&arrivals, *digest_windows).await;
        }
    }
}

/// Puts the parts of a rejected message behind what was not rejected, and before what was.
fn requeue(waiting: &mut VecDeque<Notification>, parts: Vec<Notification>) {
    let rejected = waiting.iter().position(Notification::was_rejected);
    let rejected = waiting.split_off(rejected.unwrap_or(waiting.len()));
    waiting.extend(parts.into_iter().chain(rejected));
}

/// When each cancelled order of the notification arrived; tests do not count.
fn cancellations(notification: &Notification) -> impl Iterator<Item = Timestamp> {
    let events = notification.entries().iter().map(|entry| &entry.event);
    let cancelled = events.filter(|event| event.kind == Kind::Cancelled && !event.is_test);
    cancelled.map(|event| event.received_at)
}
