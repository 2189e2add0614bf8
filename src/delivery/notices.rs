//! Notices become messages in the monitoring channel, as orders do: claim → post → mark.

use crate::app::App;
use crate::delivery::LATE;
use crate::delivery::budget::Budget;
use crate::delivery::ledger_session::LedgerSession;
use crate::delivery::outcome::{Outcome, RetryAfter};
use crate::delivery::poster::{NotPosted, Posted, Poster};
use crate::infra::metrics::Metric;
use crate::ledger::item::Release;
use crate::ledger::{Claim, Lease};
use crate::message::{Remarks, notice as message};
use crate::notice::Notice;
use crate::secret::Channel;
use crate::slack::block_kit::Message;
use crate::slack::pace::Pace;

/// What became of some notices.
#[derive(Debug)]
pub struct NoticesDelivered {
    /// One for each, in their order.
    pub outcomes: Vec<Outcome>,
    /// Why the orders need not be tried either: they go to the same URL, which takes nothing now.
    pub orders_stopped: Option<RetryAfter>,
}

/// Delivers notices in the order of the times since when they are so. When one has to wait, the others
/// wait with it.
pub async fn deliver_notices(
    app: &App,
    notices: &[&Notice],
    budget: Budget<'_>,
    pace: &Pace,
) -> NoticesDelivered {
    let ledger = LedgerSession::new(app, budget);
    let mut delivery = NoticeDelivery {
        app,
        budget,
        ledger: &ledger,
        poster: Poster::new(app, Channel::Monitoring, budget, &ledger, pace),
        stopped: None,
    };
    let mut outcomes = vec![Outcome::Retry(RetryAfter::Immediately); notices.len()];
    let mut in_order: Vec<_> = notices.iter().zip(&mut outcomes).collect();
    in_order.sort_by_key(|(notice, _)| notice.since());
    for (notice, outcome) in in_order {
        *outcome = match delivery.stopped {
            None => delivery.deliver(notice).await,
            Some(retry_after) => Outcome::Retry(retry_after),
        };
    }
    let orders_stopped = match delivery.stopped {
        Some(retry_after) if delivery.poster.is_where_orders_go().await => Some(retry_after),
        _ => None,
    };
    NoticesDelivered { outcomes, orders_stopped }
}

struct NoticeDelivery<'a> {
    app: &'a App,
    budget: Budget<'a>,
    ledger: &'a LedgerSession<'a>,
    poster: Poster<'a>,
    /// Why this invocation posts nothing more.
    stopped: Option<RetryAfter>,
}

impl NoticeDelivery<'_> {
    async fn deliver(&mut self, notice: &Notice) -> Outcome {
        let (kind, name) = (notice.kind(), notice.name());
        if self.budget.deadline.is_mostly_over() {
            return Outcome::Retry(RetryAfter::Immediately);
        }
        if let Err(error) = self.poster.find_url().await {
            tracing::error!(kind, name, %error, "no Slack URL for a notice: retrying later");
            return self.stop(RetryAfter::BackOff);
        }
        match self.ledger.claim_notice(notice).await {
            Claim::Acquired(lease) => self.post(notice, lease).await,
            Claim::Delivered | Claim::Superseded { .. } => {
                tracing::info!(kind, name, "duplicate: the notice was already delivered");
                Outcome::Done
            }
            Claim::HeldUntil { until, .. } => {
                tracing::info!(kind, name, "deferred: another invocation holds the notice's lease");
                Outcome::Retry(RetryAfter::Exactly(self.ledger.after(until)))
            }
        }
    }

    /// Posts with blocks, and as plain text if Slack rejects these.
    async fn post(&mut self, notice: &Notice, lease: Lease) -> Outcome {
        let (kind, name) = (notice.kind(), notice.name());
        let now = self.budget.deadline.now();
        let late = notice.known_at().map(|known_at| now.duration_since(known_at));
        let (repeat, unchecked) = (lease.is_in_doubt(), lease.is_unchecked);
        let delay = late.filter(|late| *late >= LATE);
        let remarks = Remarks { repeat, unchecked, delay, ..Remarks::default() };

        let mut posted = self.post_once(notice, remarks, |message| message).await;
        if let Err(NotPosted::Rejected { reason, .. }) = &posted.result {
            tracing::warn!(kind, name, reason, "Slack rejected the notice: trying plain text");
            let repeat = remarks.repeat || posted.is_in_doubt;
            let remarks = Remarks { repeat, ..remarks };
            let plain = self.post_once(notice, remarks, Message::without_blocks).await;
            posted = Posted { is_in_doubt: plain.is_in_doubt || posted.is_in_doubt, ..plain };
        }
        let now = self.budget.deadline.now();
        let is_in_doubt = remarks.repeat || posted.is_in_doubt;
        match posted.result {
            Ok(()) => {
                tracing::info!(kind, name, "posted a notice");
                self.app.metrics.count(Metric::MessagesPosted);
                self.ledger.mark_delivered(lease, now).await;
                Outcome::Done
            }
            Err(NotPosted::Rejected { reason, is_certain }) => {
                let is_hopeless = is_certain
                    && lease
                        .hopeless_since(now)
                        .is_some_and(|since| self.poster.has_accepted_since(since));
                let suspect_since = Some(now);
                let release = Release { is_in_doubt, suspect_since, is_rejected: is_certain };
                self.ledger.release(lease, release).await;
                if is_hopeless {
                    tracing::error!(kind, name, reason, "notice rejected by Slack for good");
                    return Outcome::Rejected(reason);
                }
                tracing::error!(kind, name, reason, "notice rejected by Slack: retrying later");
                Outcome::Retry(RetryAfter::BackOff)
            }
            Err(NotPosted::Failed) => {
                self.ledger.release(lease, Release { is_in_doubt, ..Release::default() }).await;
                self.stop(RetryAfter::BackOff)
            }
            Err(NotPosted::Stopped(retry_after)) => {
                self.ledger.release(lease, Release { is_in_doubt, ..Release::default() }).await;
                self.stop(retry_after)
            }
        }
    }

    async fn post_once(
        &mut self,
        notice: &Notice,
        remarks: Remarks,
        form: impl Fn(Message) -> Message,
    ) -> Posted {
        let language = self.app.config.language;
        let write = |is_repeat: bool| {
            let repeat = remarks.repeat || is_repeat;
            form(message::about(notice, language, Remarks { repeat, ..remarks }))
        };
        self.poster.post(write).await
    }

    fn stop(&mut self, retry_after: RetryAfter) -> Outcome {
        self.stopped = Some(retry_after);
        Outcome::Retry(retry_after)
    }
}
