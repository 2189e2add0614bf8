//! The messages of one channel are posted, one after the other: post → mark, split, set aside or stop.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::delivery::budget::Budget;
use crate::delivery::claiming::count_order;
use crate::delivery::grouping::{Grouped, Notification};
use crate::delivery::jobs::{EventIndex, Jobs};
use crate::delivery::ledger_session::LedgerSession;
use crate::delivery::outcome::{Outcome, RetryAfter};
use crate::delivery::poster::{NotPosted, Posted, Poster};
use crate::delivery::recording::record_all;
use crate::infra::metrics::Metric;
use crate::ledger::item::Release;
use crate::message::Style;
use crate::secret::Channel;
use crate::slack::pace::Pace;

/// So many messages in a row that Slack does not take mean that it takes nothing now.
const MAX_IN_A_ROW: usize = 3;
/// If Slack took a message at most this long ago, it works, and what it rejects is at fault.
const LATELY: SignedDuration = SignedDuration::from_mins(15);

/// Of a rejected message, parts of at most this many orders are suspects: posted alone, more would
/// flood the channel.
const MAX_SUSPECTS: usize = 8;

/// What the deliveries of all channels share.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    pub(super) app: &'a App,
    pub(super) budget: Budget<'a>,
    pub(super) ledger: &'a LedgerSession<'a>,
    pub(super) pace: &'a Pace,
    pub(super) style: &'a Style,
}

impl Shared<'_> {
    /// Marks events as delivered, and ends them; `posted_at` is `None` for those that are not shown.
    pub(super) async fn mark_delivered(
        self,
        jobs: &mut Jobs<'_>,
        indexes: &[EventIndex],
        posted_at: Option<Timestamp>,
    ) {
        jobs.end(indexes, &Outcome::Done);
        let mut leases = Vec::with_capacity(indexes.len());
        let mut records = Vec::new();
        for &index in indexes {
            records.extend(jobs[index].record.take().map(|record| match posted_at {
                Some(at) => record.posted(at),
                None => record,
            }));
            match jobs[index].lease.take() {
                Some(lease) if lease.is_recorded() => leases.push(lease),
                // Without the ledger, an order is counted when it is delivered.
                Some(_) => count_order(self.app, jobs[index].event),
                None => {}
            }
        }
        let recorded = Box::pin(record_all(self.app, records, self.budget.deadline));
        tokio::join!(self.ledger.mark_all_delivered(leases), recorded);
    }
}

/// The delivery to one channel, with its own outage.
pub(super) struct ChannelDelivery<'a> {
    shared: Shared<'a>,
    poster: Poster<'a>,
    /// Why this invocation posts nothing more to the channel.
    pub(super) stopped: Option<RetryAfter>,
}

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

impl<'a> ChannelDelivery<'a> {
    pub(super) fn new(shared: Shared<'a>, channel: Channel) -> Self {
        let Shared { app, budget, ledger, pace, .. } = shared;
        let poster = Poster::new(app, channel, budget, ledger, pace);
        Self { shared, poster, stopped: None }
    }

    /// Whether it can post now; the error says when to try again.
    pub(super) async fn ready(&mut self) -> Result<(), RetryAfter> {
        // What is claimed late could not be posted in time.
        if self.stopped.is_none() && self.shared.budget.deadline.is_mostly_over() {
            self.stopped = Some(RetryAfter::Immediately);
        }
        self.find_url().await?;
        if self.shared.pace.has_others() && self.poster.is_in_outage() {
            tracing::info!("the channel took nothing a moment ago: retrying later");
            self.stopped = Some(RetryAfter::BackOff);
        }
        self.stopped.map_or(Ok(()), Err)
    }

    async fn find_url(&mut self) -> Result<(), RetryAfter> {
        if self.stopped.is_none()
            && let Err(error) = self.poster.find_url().await
        {
            tracing::error!(%error, "no Slack URL: retrying later");
            self.stopped = Some(RetryAfter::BackOff);
        }
        self.stopped.map_or(Ok(()), Err)
    }

    /// Posts one notification after the other; returns what was posted. `jobs` has all events of them.
    ///
    /// What Slack rejects is split, down to one order as plain text. What it rejects even then, and
    /// what it fails on, is set aside, and the next one is posted.
    pub(super) async fn post_all(
        &mut self,
        jobs: &mut Jobs<'_>,
        mut waiting: VecDeque<Notification>,
    ) -> Vec<Notification> {
        if self.find_url().await.is_err() {
            self.end_stopped(jobs, waiting.make_contiguous()).await;
            return Vec::new();
        }
        let (mut posted, mut set_aside) = (Vec::new(), Vec::new());
        let (mut rejected_in_a_row, mut failed_in_a_row) = (0, 0);
        while let Some(mut notification) = waiting.pop_front() {
            let style = self.shared.style;
            let Posted { result, is_in_doubt } =
                self.poster.post(|is_repeat| notification.message(style, is_repeat)).await;
            if is_in_doubt {
                notification.mark_repeat();
            }
            match result {
                Ok(()) => {
                    (rejected_in_a_row, failed_in_a_row) = (0, 0);
                    self.record_posted(&notification);
                    let indexes: Vec<_> = notification.indexes().collect();
                    let now = self.shared.budget.deadline.now();
                    self.shared.mark_delivered(jobs, &indexes, Some(now)).await;
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
                && !self.poster.has_accepted_since(self.shared.budget.deadline.now() - LATELY);
            if is_rejecting || failed_in_a_row >= MAX_IN_A_ROW {
                self.stopped = Some(RetryAfter::BackOff);
                break;
            }
        }
        if posted.is_empty() && failed_in_a_row > 0 {
            self.poster.note_outage();
        }
        self.end_set_aside(jobs, set_aside, !posted.is_empty()).await;
        self.end_stopped(jobs, waiting.make_contiguous()).await;
        posted
    }

    /// Ends what Slack rejected or failed on: another try, or the dead-letter queue.
    async fn end_set_aside(&self, jobs: &mut Jobs<'_>, set_aside: Vec<SetAside>, has_posted: bool) {
        let now = self.shared.budget.deadline.now();
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
                    let Some(lease) = jobs[index].lease.take() else { continue };
                    // It is at fault only if Slack took something else meanwhile.
                    let is_hopeless = lease
                        .hopeless_since(now)
                        .is_some_and(|since| has_posted || self.poster.has_accepted_since(since));
                    jobs[index].outcome = match &certain {
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
        self.shared.ledger.release_all(leases).await;
    }

    /// Ends what was not posted any more.
    async fn end_stopped(&self, jobs: &mut Jobs<'_>, waiting: &[Notification]) {
        let Some(retry_after) = self.stopped.filter(|_| !waiting.is_empty()) else { return };
        tracing::error!(messages = waiting.len(), "delivery stopped: retrying later");
        let now = self.shared.budget.deadline.now();
        let mut leases = Vec::new();
        for notification in waiting {
            // Slack rejected a message with these few orders: they must not take others along again.
            let is_suspect =
                notification.is_rejected_part() && notification.entries().len() <= MAX_SUSPECTS;
            let suspect_since = is_suspect.then_some(now);
            for Grouped { indexes, remarks, .. } in notification.entries() {
                jobs.end(indexes, &Outcome::Retry(retry_after));
                let is_in_doubt = remarks.repeat;
                let release = Release { is_in_doubt, suspect_since, is_rejected: false };
                let released = indexes.iter().filter_map(|index| jobs[*index].lease.take());
                leases.extend(released.map(|lease| (lease, release)));
            }
        }
        self.shared.ledger.release_all(leases).await;
    }

    fn record_posted(&self, notification: &Notification) {
        let metrics = &self.shared.app.metrics;
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
        let now = self.shared.budget.deadline.now();
        for Grouped { event, remarks, .. } in notification.entries() {
            let time = now.duration_since(event.received_at).try_into().unwrap_or_default();
            metrics.time(Metric::SecondsToSlack, time);
            if event.overdue.as_deref().is_some_and(|overdue| overdue.came.is_none()) {
                metrics.count_for(Metric::StepsOverdue, &event.platform);
            }
            if remarks.repeat {
                metrics.count_for(Metric::PossibleDuplicate, &event.platform);
            }
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
