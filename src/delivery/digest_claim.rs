//! Which invocation posts the digest of a window, and what it says of other messages.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::app::App;
use crate::delivery::budget::Budget;
use crate::delivery::ledger_session::LedgerSession;
use crate::ledger::item::Release;
use crate::ledger::keys::DigestId;
use crate::ledger::{Claim, Lease};
use crate::queue::digest_window::DigestWindows;
use crate::secret::Channel;

/// A digest asks this many windows for cancellations that were posted separately.
const MAX_WINDOWS: usize = 5;

/// An invocation whose digest another one gathers asks again after this time. That one may be at the
/// end of its gathering, and a window's orders must not wait for the next window.
pub const ASK_AGAIN: Duration = Duration::from_secs(3);

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

/// The claims of the channels' digests.
pub type DigestClaims = BTreeMap<Channel, DigestClaim>;

impl DigestClaim {
    /// Asks for the digest of a channel that is due.
    pub async fn acquire(app: &App, budget: Budget<'_>, channel: &Channel) -> Self {
        LedgerSession::new(app, budget).claim_digest(app.config.digest_windows, channel).await
    }

    /// Leaves what is not gathered yet to another invocation; this one keeps what it has.
    pub async fn give_up(&mut self, app: &App, budget: Budget<'_>) {
        if let Self::Acquired(lease) = std::mem::replace(self, Self::Separate) {
            LedgerSession::new(app, budget).release(lease, Release::default()).await;
        }
    }
}

impl LedgerSession<'_> {
    /// Claims the digest of a channel that is due.
    pub(super) async fn claim_digest(
        &self,
        windows: DigestWindows,
        channel: &Channel,
    ) -> DigestClaim {
        let request = self.lease_request("digest");
        let digest = digest_of(channel, windows.due(request.now));
        let claim = self.app.ledger.claim_digest(digest, &request).await;
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
    pub(super) async fn count_cancelled(
        &self,
        arrivals: &[Timestamp],
        windows: DigestWindows,
        channel: &Channel,
    ) {
        let mut counts = BTreeMap::<i64, u32>::new();
        for arrival in arrivals {
            *counts.entry(windows.of(*arrival)).or_default() += 1;
        }
        for (window, count) in counts {
            let Some(ledger) = self.ledger() else { return };
            let request = self.lease_request("cancelled");
            self.checked(ledger.count_cancelled(digest_of(channel, window), count, &request).await);
        }
    }

    /// How many cancellations were posted separately in the windows of these arrivals.
    pub(super) async fn cancelled_separately(
        &self,
        arrivals: &[Timestamp],
        windows: DigestWindows,
        channel: &Channel,
    ) -> u32 {
        let windows: BTreeSet<_> = arrivals.iter().map(|arrival| windows.of(*arrival)).collect();
        let mut count = 0;
        // After an outage there may be many windows; only the latest are of interest.
        for window in windows.into_iter().rev().take(MAX_WINDOWS) {
            let Some(ledger) = self.ledger() else { break };
            count += self.checked(ledger.cancelled(digest_of(channel, window)).await).unwrap_or(0);
        }
        count
    }
}

fn digest_of(channel: &Channel, window: i64) -> DigestId<'_> {
    let channel = match channel {
        Channel::Named(name) => Some(name.as_str()),
        Channel::Orders | Channel::Monitoring => None,
    };
    DigestId { window, channel }
}
