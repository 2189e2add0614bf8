//! Which invocation posts the digest of a window, and what it says of other messages.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::app::App;
use crate::delivery::budget::Budget;
use crate::delivery::ledger_session::LedgerSession;
use crate::ledger::item::Release;
use crate::ledger::{Claim, Lease};
use crate::queue::digest_window::DigestWindows;

/// A digest asks this many windows for cancellations that were posted separately.
const MAX_WINDOWS: usize = 5;

/// An invocation whose digest another one gathers asks again after this time. That one may be at the
/// end of its gathering, and a window's orders must not wait for the next window.
pub(super) const ASK_AGAIN: Duration = Duration::from_secs(3);

/// Whether this invocation posts the digest that is due.
#[derive(Debug)]
pub enum DigestClaim {
    /// It does, and closes the window when it has posted: nothing else is waiting for it.
    Acquired(Lease),
    /// It posts one of its own, in addition to that of the window.
    Separate,
    /// Another invocation gathers it.
    Taken,
}

impl DigestClaim {
    /// Asks for the digest that is due.
    pub async fn acquire(app: &App, budget: Budget<'_>) -> Self {
        LedgerSession::new(app, budget).claim_digest(app.config.digest_windows).await
    }

    /// Leaves what is not gathered yet to another invocation; this one keeps what it has.
    pub async fn give_up(&mut self, app: &App, budget: Budget<'_>) {
        if let Self::Acquired(lease) = std::mem::replace(self, Self::Separate) {
            LedgerSession::new(app, budget).release(lease, Release::default()).await;
        }
    }
}

impl LedgerSession<'_> {
    /// Claims the digest that is due.
    pub(super) async fn claim_digest(&self, windows: DigestWindows) -> DigestClaim {
        let request = self.lease_request("digest");
        let claim = self.app.ledger.claim_digest(windows.due(request.now), &request).await;
        match self.checked(claim) {
            Some(Claim::Acquired(lease)) => DigestClaim::Acquired(lease),
            Some(Claim::HeldUntil { .. }) => DigestClaim::Taken,
            // The window's digest was posted: what comes late must not wait for another window.
            Some(Claim::Delivered | Claim::Superseded { .. }) | None => DigestClaim::Separate,
        }
    }

    /// Ends the claim of a window. Until it is closed, other invocations may go on with it.
    pub(super) async fn end_digest(&self, lease: Lease, is_closed: bool) {
        if !is_closed {
            self.release(lease, Release::default()).await;
        } else if let Some(ledger) = self.ledger() {
            // An invocation that acquired the lease since then posts other orders: no repeat.
            self.checked(ledger.mark_delivered(lease, self.lease_request("digest").now).await);
        }
    }

    /// Counts cancellations that were posted separately, by the time of their arrival.
    pub(super) async fn count_cancelled(&self, arrivals: &[Timestamp], windows: DigestWindows) {
        let mut counts = BTreeMap::<i64, u32>::new();
        for arrival in arrivals {
            *counts.entry(windows.of(*arrival)).or_default() += 1;
        }
        for (window, count) in counts {
            let Some(ledger) = self.ledger() else { return };
            let request = self.lease_request("cancelled");
            self.checked(ledger.count_cancelled(window, count, &request).await);
        }
    }

    /// How many cancellations were posted separately in the windows of these arrivals.
    pub(super) async fn cancelled_separately(
        &self,
        arrivals: &[Timestamp],
        windows: DigestWindows,
    ) -> u32 {
        let windows: BTreeSet<_> = arrivals.iter().map(|arrival| windows.of(*arrival)).collect();
        let mut count = 0;
        // After an outage there may be many windows; only the latest are of interest.
        for window in windows.into_iter().rev().take(MAX_WINDOWS) {
            let Some(ledger) = self.ledger() else { break };
            count += self.checked(ledger.cancelled(window).await).unwrap_or(0);
        }
        count
    }
}
