//! Which invocation posts the digest of a window, and what it says of other messages.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::app::App;
use crate::delivery::budget::Budget;
use crate::delivery::ledger_session::LedgerSession;
use crate::delivery::outcome::RetryAfter;
use crate::ledger::item::State;
use crate::ledger::{Claim, Lease};
use crate::queue::digest_window::DigestWindows;

/// A digest asks this many windows for cancellations that were posted separately.
const MAX_WINDOWS: usize = 5;

/// Whether this invocation posts the digest that is due.
#[derive(Debug)]
pub enum DigestClaim {
    Acquired {
        lease: Lease,
        /// Nothing else is waiting for it, so that this digest closes its window.
        is_complete: bool,
    },
    /// Another invocation gathers it, or it was posted.
    Taken(RetryAfter),
}

impl DigestClaim {
    /// Asks for the digest that is due.
    pub async fn acquire(app: &App, budget: Budget<'_>) -> Self {
        LedgerSession::new(app, budget).claim_digest(app.config.digest_windows).await
    }

    /// A digest of its own, in addition to that of the window.
    pub fn separate() -> Self {
        Self::Acquired { lease: Lease::default(), is_complete: false }
    }
}

impl LedgerSession<'_> {
    /// Claims the digest that is due.
    pub(super) async fn claim_digest(&self, windows: DigestWindows) -> DigestClaim {
        let request = self.lease_request("digest");
        let (now, next) = (request.now, windows.until_next(request.now));
        match self.checked(self.app.ledger.claim_digest(windows.due(now), &request).await) {
            Some(Claim::Acquired(lease)) => DigestClaim::Acquired { lease, is_complete: false },
            None => DigestClaim::separate(),
            Some(Claim::HeldUntil { .. }) => DigestClaim::Taken(RetryAfter::NextDigest(next)),
            Some(Claim::Delivered | Claim::Superseded { .. }) => {
                DigestClaim::Taken(RetryAfter::Exactly(next))
            }
        }
    }

    /// Ends the claim of a window. Until it is closed, other invocations may go on with it.
    pub(super) async fn end_digest(&self, lease: Lease, is_closed: bool) {
        if !is_closed {
            self.release(lease, State::Pending).await;
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
