//! Orders become messages: claim → group → post → mark, each in the channel that it belongs to.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use crate::config::{Config, Mode};
use crate::delivery::channel::{ChannelDelivery, Shared};
use crate::delivery::digest_claim::{ASK_AGAIN, DigestClaim, DigestClaims};
use crate::delivery::grouping::{Grouped, Notification, group};
use crate::delivery::jobs::{EventIndex, Jobs};
use crate::delivery::outcome::{Outcome, RetryAfter};
use crate::delivery::routing::Routing;
use crate::infra::concurrent::concurrently;
use crate::ledger::Lease;
use crate::order::{Kind, OrderEvent};
use crate::secret::Channel;

/// So many channels are posted to at a time.
const CONCURRENT_CHANNELS: usize = 8;

/// Something of each channel.
type ByChannel<T> = BTreeMap<Channel, T>;

/// One delivery of order events.
pub(super) struct OrderDelivery<'a> {
    pub(super) shared: Shared<'a>,
    pub(super) routing: &'a Routing<'a>,
    pub(super) jobs: Jobs<'a>,
    pub(super) channels: ByChannel<ChannelDelivery<'a>>,
}

/// A digest that this invocation posts.
struct DueDigest {
    lease: Option<Lease>,
    /// The invocation has gathered everything that belongs to it.
    is_complete: bool,
}

impl<'a> OrderDelivery<'a> {
    pub(super) async fn deliver_immediately(&mut self, indexes: &[EventIndex]) {
        if indexes.is_empty() {
            return;
        }
        let ready = self.ready(indexes).await;
        let claimed = self.claim_shown(&ready).await;
        let claimed = self.still_overdue(claimed).await;
        let posted = self.post(self.grouped(claimed)).await;
        self.count_cancelled(&posted).await;
    }

    /// Marks drafts, and events that are switched off: later events of their orders may depend on them.
    /// What the ledger shows to be of another kind is posted.
    pub(super) async fn mark_hidden(&mut self, indexes: &[EventIndex]) {
        if indexes.is_empty() {
            return;
        }
        let claimed = self.claim_shown(indexes).await;
        self.post(self.grouped(claimed)).await;
    }

    /// Delivers the events of digests, unless another invocation gathers them.
    pub(super) async fn deliver_digests(
        &mut self,
        indexes: &[EventIndex],
        mut claims: DigestClaims,
    ) {
        if indexes.is_empty() {
            return;
        }
        let mut due = ByChannel::new();
        let mut own = Vec::new();
        for (channel, indexes) in self.by_channel(indexes) {
            // Without a claim of its own the invocation has not gathered everything.
            let claim = claims.remove(&channel);
            let is_complete = claim.is_some();
            let claim = if let Some(claim) = claim {
                claim
            } else {
                let windows = self.shared.app.config.digest_windows;
                self.shared.ledger.claim_digest(windows, &channel).await
            };
            let lease = match claim {
                DigestClaim::Acquired(lease) => Some(lease),
                DigestClaim::Separate => None,
                DigestClaim::Taken => {
                    let events = indexes.len();
                    tracing::info!(events, "deferred: another invocation has the digest");
                    let retry_after = RetryAfter::Exactly(ASK_AGAIN);
                    self.jobs.end(&indexes, &Outcome::Retry(retry_after));
                    continue;
                }
            };
            due.insert(channel, DueDigest { lease, is_complete });
            own.extend(indexes);
        }
        let ready = self.ready(&own).await;
        let claimed = self.claim_shown(&ready).await;
        let arrivals = self.arrivals(&claimed);
        let mut waiting = self.grouped(claimed);
        for (channel, DueDigest { lease, is_complete }) in &due {
            // Other digests of the window may follow this one, unless it closes the window.
            let first = waiting.get_mut(channel).and_then(VecDeque::front_mut);
            if *is_complete
                && lease.is_some()
                && let Some(first) = first.filter(|first| first.is_digest())
            {
                let windows = self.shared.app.config.digest_windows;
                let arrivals = arrivals.get(channel).map_or(&[][..], Vec::as_slice);
                let ledger = self.shared.ledger;
                first.set_cancelled_separately(
                    ledger.cancelled_separately(arrivals, windows, channel).await,
                );
            }
        }
        let posted = self.post(waiting).await;
        for (channel, DueDigest { lease, is_complete }) in due {
            let Some(lease) = lease else { continue };
            let has_posted = posted.get(&channel).is_some_and(|posted| !posted.is_empty());
            let is_stopped = self.channels.get(&channel).is_some_and(|one| one.stopped.is_some());
            // When something failed, the window stays open.
            let is_closed = has_posted && is_complete && !is_stopped;
            self.shared.ledger.end_digest(lease, is_closed).await;
        }
    }

    /// The events whose channel can be posted to now; the others get their outcome.
    async fn ready(&mut self, indexes: &[EventIndex]) -> Vec<EventIndex> {
        let mut ready = Vec::with_capacity(indexes.len());
        for (channel, indexes) in self.by_channel(indexes) {
            let mut delivery = self.take_channel(&channel);
            match delivery.ready().await {
                Ok(()) => ready.extend(indexes),
                Err(retry_after) => self.jobs.end(&indexes, &Outcome::Retry(retry_after)),
            }
            self.channels.insert(channel, delivery);
        }
        ready.sort_unstable();
        ready
    }

    /// Claims events; returns those that are posted. The others get their outcome.
    async fn claim_shown(&mut self, indexes: &[EventIndex]) -> Vec<Grouped> {
        let config = &self.shared.app.config;
        let is_shown =
            |event: &OrderEvent| !event.is_draft && config.decide(event).mode != Mode::Off;
        let claimed = self.claim(indexes).await.into_iter();
        let (shown, hidden): (Vec<_>, Vec<_>) = claimed.partition(|entry| is_shown(&entry.event));
        for Grouped { event, .. } in &hidden {
            let (platform, order) = (&event.platform, event.name_field());
            tracing::info!(
                platform,
                order,
                "not posted: a draft, or an event that is switched off"
            );
        }
        let hidden: Vec<_> = hidden.into_iter().flat_map(|entry| entry.indexes).collect();
        self.shared.mark_delivered(&mut self.jobs, &hidden, None).await;
        shown
    }

    /// The messages for each channel. What an event is may have become clear by its claim.
    fn grouped(&self, claimed: Vec<Grouped>) -> ByChannel<VecDeque<Notification>> {
        let mut by_channel = ByChannel::<Vec<Grouped>>::new();
        for entry in claimed {
            by_channel.entry(self.routing.channel(&entry.event)).or_default().push(entry);
        }
        let style = self.shared.style;
        by_channel.into_iter().map(|(channel, entries)| (channel, group(entries, style))).collect()
    }

    /// Posts to all channels at a time, so that none holds up another; returns what was posted.
    async fn post(
        &mut self,
        waiting: ByChannel<VecDeque<Notification>>,
    ) -> ByChannel<Vec<Notification>> {
        let mut work = Vec::with_capacity(waiting.len());
        for (channel, notifications) in waiting {
            let jobs = self.jobs.take(notifications.iter().flat_map(Notification::indexes));
            let delivery = self.take_channel(&channel);
            work.push((channel, delivery, jobs, notifications));
        }
        let done = concurrently(work, CONCURRENT_CHANNELS, async |work| {
            let (channel, mut delivery, mut jobs, notifications) = work;
            let posted = delivery.post_all(&mut jobs, notifications).await;
            (channel, delivery, jobs, posted)
        });
        let mut posted_to = ByChannel::new();
        for (channel, delivery, jobs, posted) in done.await {
            self.jobs.put_back(jobs);
            self.channels.insert(channel.clone(), delivery);
            posted_to.insert(channel, posted);
        }
        posted_to
    }

    fn take_channel(&mut self, channel: &Channel) -> ChannelDelivery<'a> {
        let known = self.channels.remove(channel);
        known.unwrap_or_else(|| ChannelDelivery::new(self.shared, channel.clone()))
    }

    fn by_channel(&self, indexes: &[EventIndex]) -> ByChannel<Vec<EventIndex>> {
        let mut by_channel = ByChannel::<Vec<_>>::new();
        for &index in indexes {
            by_channel.entry(self.routing.channel(self.jobs[index].event)).or_default().push(index);
        }
        by_channel
    }

    /// When the events of each channel came in.
    fn arrivals(&self, claimed: &[Grouped]) -> ByChannel<Vec<Timestamp>> {
        let mut arrivals = ByChannel::<Vec<_>>::new();
        for Grouped { event, .. } in claimed {
            arrivals.entry(self.routing.channel(event)).or_default().push(event.received_at);
        }
        arrivals
    }

    /// Counts cancellations for the digest of their window, if there will be one.
    async fn count_cancelled(&self, posted: &ByChannel<Vec<Notification>>) {
        let config @ Config { digest_windows, .. } = &self.shared.app.config;
        if self.shared.app.queue.is_none() || !config.may_digest() {
            return;
        }
        for (channel, notifications) in posted {
            let arrivals: Vec<_> = notifications.iter().flat_map(cancellations).collect();
            self.shared.ledger.count_cancelled(&arrivals, *digest_windows, channel).await;
        }
    }
}

/// When each cancelled order of the notification arrived; tests do not count.
fn cancellations(notification: &Notification) -> impl Iterator<Item = Timestamp> {
    let events = notification.entries().iter().map(|entry| &entry.event);
    let cancelled = events.filter(|event| event.kind == Kind::Cancelled && !event.is_test);
    cancelled.map(|event| event.received_at)
}
