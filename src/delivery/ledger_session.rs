//! One invocation's use of the ledger.
//!
//! Without the ledger there are duplicates at worst; without the message the channel learns nothing.
//! So a call that fails is logged and counted, and the delivery goes on as if there were no ledger.

use std::fmt::Display;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::delivery::budget::Budget;
use crate::delivery::circuit_breaker::CircuitBreaker;
use crate::infra::aws::ServiceError;
use crate::infra::concurrent::concurrently;
use crate::infra::metrics::Metric;
use crate::ledger::item::{LeaseRequest, Release};
use crate::ledger::turn::{Turn, TurnRequest};
use crate::ledger::{Claim, Lease, Ledger, Marked, Warned};
use crate::notice::Notice;
use crate::order::OrderEvent;
use crate::slack::pace::TURN;
use crate::slack::url::SlackUrl;

/// DynamoDB takes many more; the sandbox does not.
pub(super) const CONCURRENT_CALLS: usize = 16;
/// A lease outlives its invocation by this.
const LEASE_MARGIN: Duration = Duration::from_secs(2);
/// No lease is longer than SQS hides a message (template.yaml: 180 seconds).
const MAX_LEASE: Duration = Duration::from_secs(170);
/// An event that waits for another invocation's lease comes back this long after its end.
const AFTER_LEASE: SignedDuration = SignedDuration::from_secs(1);

pub(super) struct LedgerSession<'a> {
    pub(super) app: &'a App,
    budget: Budget<'a>,
    circuit: CircuitBreaker,
}

impl<'a> LedgerSession<'a> {
    pub(super) fn new(app: &'a App, budget: Budget<'a>) -> Self {
        Self { app, budget, circuit: CircuitBreaker::default() }
    }

    /// The ledger, while it answers and there is time for more than this delivery's end.
    ///
    /// A delivery mark that is not written in time is left out: the messages are deleted from the
    /// queue, and the marks only stop what senders send again.
    pub(super) fn ledger(&self) -> Option<&'a Ledger> {
        // A post may take all of the time before the reserve; its mark needs some of that.
        let is_in_time = self.budget.deadline.left() >= self.budget.reserve * 2 / 3;
        (is_in_time && !self.circuit.is_open()).then_some(&self.app.ledger)
    }

    /// Claims an event; `name` differs between copies of one event in this invocation. `None` when it is
    /// too late to post it.
    pub(super) async fn claim_event(
        &self,
        event: &OrderEvent,
        name: impl Display,
    ) -> Option<Claim> {
        if self.circuit.is_open() {
            return Some(Claim::Acquired(Lease::unchecked()));
        }
        if self.budget.deadline.is_mostly_over() {
            return None;
        }
        let claim = self.app.ledger.claim(event, &self.lease_request(name)).await;
        Some(self.checked(claim).unwrap_or_else(|| Claim::Acquired(Lease::unchecked())))
    }

    /// Whether the channel has seen that the step of this event was overdue. `None`: the ledger cannot say.
    pub(super) async fn has_warned(&self, event: &OrderEvent) -> Option<Warned> {
        let ledger = self.ledger()?;
        self.checked(ledger.has_warned(event, self.budget.deadline.now()).await)
    }

    /// Claims a notice.
    pub(super) async fn claim_notice(&self, notice: &Notice) -> Claim {
        let Some(key) = notice.key() else {
            return Claim::Acquired(Lease::default());
        };
        let claim = self.app.ledger.claim_notice(&key, &self.lease_request("notice")).await;
        self.checked(claim).unwrap_or_else(|| Claim::Acquired(Lease::unchecked()))
    }

    /// Asks for a turn to post to a channel. `None` where only this invocation knows of its posts.
    pub(super) async fn take_turn(&self, url: &SlackUrl, patience: Duration) -> Option<Turn> {
        let ledger = self.ledger()?;
        let LeaseRequest { owner, now, .. } = self.lease_request("turn");
        let request = TurnRequest { owner, now, patience, gap: TURN };
        self.checked(ledger.take_turn(&url.fingerprint(), &request).await)?
    }

    /// Lets no invocation post to a channel for this time.
    pub(super) async fn put_off_turns(&self, url: &SlackUrl, wait: Duration) {
        let Some(ledger) = self.ledger() else { return };
        let LeaseRequest { owner, now, .. } = self.lease_request("turn");
        self.checked(ledger.put_off_turns(&url.fingerprint(), &owner, now, now + wait).await);
    }

    /// Marks events as delivered.
    pub(super) async fn mark_all_delivered(&self, leases: Vec<Lease>) {
        let now = self.budget.deadline.now();
        let mark = |lease| self.mark_delivered(lease, now);
        concurrently(leases, CONCURRENT_CALLS, mark).await;
    }

    pub(super) async fn mark_delivered(&self, lease: Lease, now: Timestamp) {
        let Some(ledger) = self.ledger() else { return };
        if self.checked(ledger.mark_delivered(lease, now).await) == Some(Marked::LeaseLost) {
            tracing::warn!("lease lost to another invocation: the event may be posted twice");
            self.app.metrics.count(Metric::PossibleDuplicate);
        }
    }

    /// Ends the leases of events that were not delivered, each with what is known of its event.
    pub(super) async fn release_all(&self, leases: Vec<(Lease, Release)>) {
        let release = |(lease, release)| self.release(lease, release);
        concurrently(leases, CONCURRENT_CALLS, release).await;
    }

    pub(super) async fn release(&self, lease: Lease, release: Release) {
        // A lease that is not released makes a repeat of what was never posted: there is always a
        // moment for that.
        let is_in_time = self.budget.deadline.left() >= self.budget.reserve / 3;
        if is_in_time && !self.circuit.is_open() {
            self.checked(self.app.ledger.release(lease, release).await);
        }
    }

    /// How long until another invocation's lease has surely ended.
    pub(super) fn after(&self, lease: Timestamp) -> Duration {
        let wait = (lease + AFTER_LEASE).duration_since(self.budget.deadline.now());
        wait.try_into().unwrap_or_default()
    }

    /// A lease as long as the invocation may take.
    ///
    /// Its owner is unlike any other, so that two copies of an event in one invocation contend too.
    pub(super) fn lease_request(&self, name: impl Display) -> LeaseRequest {
        let Budget { request_id, deadline, .. } = self.budget;
        let length = (deadline.left() + LEASE_MARGIN).min(MAX_LEASE);
        let now = deadline.now();
        LeaseRequest { owner: format!("{request_id}/{name}"), now, until: now + length }
    }

    /// The response, if the call worked.
    pub(super) fn checked<T>(&self, response: Result<T, ServiceError>) -> Option<T> {
        match response {
            Ok(response) => {
                self.circuit.succeeded();
                Some(response)
            }
            Err(error) => {
                self.app.metrics.count(Metric::LedgerUnavailable);
                if self.circuit.failed() {
                    tracing::error!(%error, "ledger unavailable: continuing without deduplication");
                }
                None
            }
        }
    }
}
