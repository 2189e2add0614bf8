//! Orders become messages in the orders' channel: claim → group → post → mark.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::config::{Config, Mode};
use crate::delivery::budget::Budget;
use crate::delivery::digest_claim::{ASK_AGAIN, DigestClaim};
use crate::delivery::grouping::{Grouped, Notification, group};
use crate::delivery::jobs::{EventIndex, Jobs};
use crate::delivery::ledger_session::LedgerSession;
use crate::delivery::outcome::{Outcome, RetryAfter};
use crate::delivery::poster::{NotPosted, Posted, Poster};
use crate::infra::metrics::Metric;
use crate::ledger::item::Release;
use crate::message::Style;
use crate::order::{Kind, OrderEvent};

/// So many messages in a row that Slack does not take mean that it takes nothing now.
const MAX_IN_A_ROW: usize = 3;
/// If Slack took a message at most this long ago, it works, and what it rejects is at fault.
const LATELY: SignedDuration = SignedDuration::from_mins(15);

/// Of a rejected message, parts of at most this many orders are suspects: posted alone, more would
/// flood the channel.
const MAX_SUSPECTS: usize = 8;

/// One order that Slack rejected in every form, or failed on.
struct SetAside {
    notification: Notification,
    rejected: Option<Rejection>,
}

struct Rejection {
    reason: String,
    /// Slack's word is about the payload for good.
    is_certain: bool,
}

/// One delivery of order events.
pub(super) struct OrderDelivery<'a> {
    pub(super) app: &'a App,
    pub(super) budget: Budget<'a>,
    pub(super) style: Style,
    pub(super) jobs: Jobs<'a>,
    pub(super) ledger: &'a LedgerSession<'a>,
    pub(super) poster: Poster<'a>,
    /// Why this invocation posts nothing more.
    pub(super) stopped: Option<RetryAfter>,
}

impl OrderDelivery<'_> {
    pub(super) async fn deliver_immediately(&mut self, indexes: &[EventIndex]) {
        if !self.is_ready(indexes).await {
            return;
        }
        let claimed = self.claim_shown(indexes).await;
        let posted = self.post_all(group(claimed, &self.style)).await;
        self.count_cancelled(&posted).await;
    }

    /// Marks drafts, and events of a kind that is switched off: later events of their orders may depend
    /// on them. What the ledger shows to be of another kind is posted.
    pub(super) async fn mark_hidden(&mut self, indexes: &[EventIndex]) {
        let notifications = group(self.claim_shown(indexes).await, &self.style);
        let shown: Vec<_> = notifications.iter().flat_map(Notification::indexes).collect();
        if self.is_ready(&shown).await {
            self.post_all(notifications).await;
        } else {
            self.end_stopped(&Vec::from(notifications)).await;
        }
    }

    /// Claims events; returns those that are posted. The others get their outcome.
    async fn claim_shown(&mut self, indexes: &[EventIndex]) -> Vec<Grouped> {
        let show = self.app.config.show;
        let is_shown = |event: &OrderEvent| !event.is_draft && show.mode(event.kind) != Mode::Off;
        let claimed = self.claim(indexes).await.into_iter();
        let (shown, hidden): (Vec<_>, Vec<_>) = claimed.partition(|entry| is_shown(&entry.event));
        for Grouped { event, .. } in &hidden {
            let (platform, order) = (&event.platform, event.name_field());
            tracing::info!(platform, order, "not posted: a draft, or a kind that is switched off");
        }
        let hidden: Vec<_> = hidden.into_iter().flat_map(|entry| entry.indexes).collect();
        self.mark_delivered(&hidden).await;
        shown
    }

    /// Delivers the events of a digest, unless another invocation gathers it.
    pub(super) async fn deliver_digest(
        &mut self,
        indexes: &[EventIndex],
        claim: Option<DigestClaim>,
    ) {
        if indexes.is_empty() {
            return;
        }
        // Without a claim of its own the invocation has not gathered everything.
        let is_complete = claim.is_some();
        let claim = match claim {
            Some(claim) => claim,
            None => self.ledger.claim_digest(self.app.config.digest_windows).await,
        };
        let lease = match claim {
            DigestClaim::Acquired(lease) => Some(lease),
            DigestClaim::Separate => None,
            DigestClaim::Taken => {
                tracing::info!(
                    events = indexes.len(),
                    "deferred: another invocation has the digest"
                );
                let retry_after = RetryAfter::Exactly(ASK_AGAIN);
                return self.jobs.end(indexes, &Outcome::Retry(retry_after));
            }
        };
        let mut has_posted = false;
        if self.is_ready(indexes).await {
            let claimed = self.claim_shown(indexes).await;
            let arrivals: Vec<_> = claimed.iter().map(|entry| entry.event.received_at).collect();
            let mut notifications = group(claimed, &self.style);
            // Other digests of the window may follow this one, unless it closes the window.
            if is_complete
                && lease.is_some()
                && let Some(first) = notifications.front_mut().filter(|first| first.is_digest())
            {
                let windows = self.app.config.digest_windows;
                let separately = self.ledger.cancelled_separately(&arrivals, windows).await;
                first.set_cancelled_separately(separately);
            }
            has_posted = !self.post_all(notifications).await.is_empty();
        }
        if let Some(lease) = lease {
            // When something failed, the window stays open.
            let is_closed = has_posted && is_complete && self.stopped.is_none();
            self.ledger.end_digest(lease, is_closed).await;
        }
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

    /// Posts one notification after the other; returns what was posted.
    ///
    /// What Slack rejects is split, down to one order as plain text. What it rejects even then, and
    /// what it fails on, is set aside, and the next one is posted.
    async fn post_all(&mut self, mut waiting: VecDeque<Notification>) -> Vec<Notification> {
        let (mut posted, mut set_aside) = (Vec::new(), Vec::new());
        let (mut rejected_in_a_row, mut failed_in_a_row) = (0, 0);
        while let Some(mut notification) = waiting.pop_front() {
            let style = &self.style;
            let Posted { result, is_in_doubt } =
                self.poster.post(|is_repeat| notification.message(style, is_repeat)).await;
            if is_in_doubt {
                notification.mark_repeat();
            }
            match result {
                Ok(()) => {
                    (rejected_in_a_row, failed_in_a_row) = (0, 0);
                    self.record_posted(&notification);
                    self.mark_delivered(&notification.indexes().collect::<Vec<_>>()).await;
                    posted.push(notification);
                }
                Err(NotPosted::Rejected { reason, is_certain }) => match notification.split() {
                    Ok(parts) => {
                        tracing::warn!(reason, "Slack rejected the message: splitting it");
                        let parts = parts.into_iter().map(Notification::of_rejected);
                        insert(&mut waiting, parts.collect());
                    }
                    Err(notification) => {
                        rejected_in_a_row += 1;
                        let rejected = Some(Rejection { reason, is_certain });
                        set_aside.push(SetAside { notification, rejected });
                    }
                },
                Err(NotPosted::Failed) => {
                    failed_in_a_row += 1;
                    if notification.is_digest() {
                        tracing::warn!("Slack failed on the digest: splitting it");
                        let parts = notification.split().unwrap_or_else(|whole| vec![whole]);
                        insert(&mut waiting, parts);
                    } else {
                        set_aside.push(SetAside { notification, rejected: None });
                    }
                }
                Err(NotPosted::Stopped(retry_after)) => {
                    waiting.push_front(notification);
                    let is_futile = posted.is_empty() && rejected_in_a_row + failed_in_a_row > 0;
                    let retry_after = if is_futile { RetryAfter::BackOff } else { retry_after };
                    self.stopped = Some(retry_after);
                    break;
                }
            }
            let is_rejecting = rejected_in_a_row >= MAX_IN_A_ROW
                && posted.is_empty()
                && !self.poster.has_accepted_since(self.budget.deadline.now() - LATELY);
            if is_rejecting || failed_in_a_row >= MAX_IN_A_ROW {
                self.stopped = Some(RetryAfter::BackOff);
                break;
            }
        }
        self.end_set_aside(set_aside, !posted.is_empty()).await;
        self.end_stopped(waiting.make_contiguous()).await;
        posted
    }

    /// Ends what Slack rejected or failed on: another try, or the dead-letter queue.
    async fn end_set_aside(&mut self, set_aside: Vec<SetAside>, has_posted: bool) {
        let now = self.budget.deadline.now();
        let mut leases = Vec::new();
        for SetAside { notification, rejected } in set_aside {
            let is_suspect = rejected.is_some() || has_posted;
            let certain = rejected.filter(|rejection| rejection.is_certain);
            for Grouped { event, indexes, remarks, .. } in notification.entries() {
                let (platform, order) = (&event.platform, event.name_field());
                let release = Release {
                    is_in_doubt: remarks.repeat,
                    suspect_since: is_suspect.then_some(now),
                    is_rejected: certain.is_some(),
                };
                for &index in indexes {
                    let Some(lease) = self.jobs[index].lease.take() else { continue };
                    // It is at fault only if Slack took something else meanwhile.
                    let is_hopeless = lease
                        .hopeless_since(now)
                        .is_some_and(|since| has_posted || self.poster.has_accepted_since(since));
                    self.jobs[index].outcome = match &certain {
                        Some(Rejection { reason, .. }) if is_hopeless => {
                            tracing::error!(platform, order, reason, "rejected by Slack for good");
                            Outcome::Rejected(reason.clone())
                        }
                        _ => {
                            tracing::error!(platform, order, "set aside: retrying later, alone");
                            Outcome::Retry(RetryAfter::BackOff)
                        }
                    };
                    leases.push((lease, release));
                }
            }
        }
        self.ledger.release_all(leases).await;
    }

    /// Ends what was not posted any more.
    async fn end_stopped(&mut self, waiting: &[Notification]) {
        let Some(retry_after) = self.stopped.filter(|_| !waiting.is_empty()) else { return };
        tracing::error!(messages = waiting.len(), "delivery stopped: retrying later");
        let now = self.budget.deadline.now();
        let mut leases = Vec::new();
        for notification in waiting {
            // Slack rejected a message with these few orders: they must not take others along again.
            let is_suspect =
                notification.is_rejected_part() && notification.entries().len() <= MAX_SUSPECTS;
            let suspect_since = is_suspect.then_some(now);
            for Grouped { indexes, remarks, .. } in notification.entries() {
                self.jobs.end(indexes, &Outcome::Retry(retry_after));
                let is_in_doubt = remarks.repeat;
                let release = Release { is_in_doubt, suspect_since, is_rejected: false };
                let released = indexes.iter().filter_map(|index| self.jobs[*index].lease.take());
                leases.extend(released.map(|lease| (lease, release)));
            }
        }
        self.ledger.release_all(leases).await;
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

/// Puts parts of a message behind what was not tried yet, and before what Slack rejected. So the parts
/// of what it rejected are tried depth first, and single orders are reached soon.
fn insert(waiting: &mut VecDeque<Notification>, parts: Vec<Notification>) {
    let is_later = |one: &Notification| one.is_rejected_part() || one.is_suspect();
    let later = waiting.iter().position(is_later).unwrap_or(waiting.len());
    let later = waiting.split_off(later);
    waiting.extend(parts.into_iter().chain(later));
}

/// When each cancelled order of the notification arrived; tests do not count.
fn cancellations(notification: &Notification) -> impl Iterator<Item = Timestamp> {
    let events = notification.entries().iter().map(|entry| &entry.event);
    let cancelled = events.filter(|event| event.kind == Kind::Cancelled && !event.is_test);
    cancelled.map(|event| event.received_at)
}
