//! Order events become Slack messages: claim → group → post → mark.
//!
//! # What is promised
//!
//! **At least once.** An event is done only after Slack answered 2xx, or when it needs no message: it
//! was delivered before, it is superseded, or its kind is switched off. Until then every outcome is
//! another try, and what Slack rejects in every form goes to the dead-letter queue with the reason.
//!
//! **Twice only in doubt, and then it says so.** Of two invocations that have the same event, only
//! one posts it. Each acquires the lease of the event's ledger item before it posts, and marks the
//! item as delivered after Slack took the message. The lease lasts longer than the invocation. So the
//! second invocation finds the mark, and the event is a duplicate; or it finds the lease, and waits
//! until its end; or it finds a lease that ended without a mark, and cannot know whether the first
//! invocation posted. Then it posts, and the message says that it may be a repeat.
//!
//! **Progress.** Every invocation ends with something posted, something isolated, or everything put
//! off for one stated reason. A message that Slack rejects is split until one order is left, and that
//! is tried as plain text; one that Slack fails on is set aside. Both come last and alone from then
//! on, so that they hold up no other. Only what Slack has rejected several times over an hour, while
//! it took other messages, is dead-lettered. When Slack takes nothing at all, it is the URL or the
//! workspace, and everything waits.
//!
//! # What a crash costs
//!
//! | the invocation ends after | then |
//! |---|---|
//! | the claim | the event waits until the lease ends, and is posted as a possible repeat |
//! | the request to Slack, without a response | the same: it may be in the channel |
//! | Slack's 2xx, before the mark | the event is posted twice; the second says so |
//! | the mark, before the message is deleted | the message is received again: a duplicate, not posted |
//!
//! Never mark before the post: a crash between the two would lose the event. Never answer for a claim
//! alone: its invocation may die.
//!
//! # Races that are accepted
//!
//! * The ledger does not answer. Posting goes on without it, as a repeat is better than silence, and
//!   each message says that it may be one.
//! * The delivery mark is not written before the invocation's time is over. The event's message is
//!   deleted all the same; only a sender that sends the webhook again causes a repeat. A message with
//!   several events is received again while one of them waits: the others are then posted as possible
//!   repeats. That takes a ledger that answers ten times slower than it should.
//! * An invocation is frozen for longer than its lease and then posts. Leases are bounded by SQS's
//!   visibility timeout, after which another invocation receives the message in any case.
//!
//! Two events about one order contend as well: a cancellation and a reopening lease the order's item
//! too, and every other event of a cancelled order is superseded ([`crate::ledger::rules`]).

use jiff::SignedDuration;

use crate::app::App;
use crate::config::Mode;
use crate::delivery::budget::Budget;
use crate::delivery::channel::{ChannelDelivery, Shared};
use crate::delivery::digest_claim::DigestClaims;
use crate::delivery::jobs::{Incoming, Jobs};
use crate::delivery::ledger_session::LedgerSession;
use crate::delivery::orders::OrderDelivery;
use crate::delivery::outcome::{Outcome, RetryAfter};
use crate::delivery::routing::Routing;
use crate::message::Style;
use crate::secret::Channel;
use crate::slack::pace::Pace;

pub mod budget;
pub mod digest_claim;
pub mod grouping;
pub mod jobs;
pub mod notices;
pub mod outcome;
pub mod routing;

mod channel;
mod circuit_breaker;
mod claiming;
mod ledger_session;
mod orders;
mod overdue;
mod poster;
mod recording;

/// What is delivered later than this says so. No digest waits that long.
const LATE: SignedDuration = SignedDuration::from_mins(30);

/// The delivery of one invocation's order events.
pub struct Delivery<'a> {
    app: &'a App,
    budget: Budget<'a>,
    routing: &'a Routing<'a>,
    pace: &'a Pace,
    digests: DigestClaims,
    stopped: Option<RetryAfter>,
}

impl<'a> Delivery<'a> {
    pub fn new(app: &'a App, budget: Budget<'a>, routing: &'a Routing<'a>, pace: &'a Pace) -> Self {
        Self { app, budget, routing, pace, digests: DigestClaims::new(), stopped: None }
    }

    /// The claims of the digests that are due; others are claimed when they are needed.
    #[must_use]
    pub fn digests(self, digests: DigestClaims) -> Self {
        Self { digests, ..self }
    }

    /// Posts nothing to the orders' channel, if there is a reason why it takes nothing now.
    #[must_use]
    pub fn stopped(self, stopped: Option<RetryAfter>) -> Self {
        Self { stopped, ..self }
    }

    /// Delivers the events; one outcome for each, in their order.
    pub async fn deliver(self, events: impl IntoIterator<Item = Incoming<'a>>) -> Vec<Outcome> {
        let Self { app, budget, routing, pace, digests, stopped } = self;
        let ledger = LedgerSession::new(app, budget);
        let style = Style::from(&app.config);
        let shared = Shared { app, budget, ledger: &ledger, pace, style: &style };
        let jobs = Jobs::new(events);
        let has_mode = |modes: &[Mode]| {
            jobs.select(|event| !event.is_draft && modes.contains(&app.config.decide(event).mode))
        };
        let (hidden, immediate, digested) =
            (has_mode(&[Mode::Off]), has_mode(&[Mode::Immediate]), has_mode(&[Mode::Digest]));
        let drafts = jobs.select(|event| event.is_draft);
        routing.note_missing(jobs.events());
        let mut orders = ChannelDelivery::new(shared, Channel::Orders);
        orders.stopped = stopped;
        let channels = [(Channel::Orders, orders)].into();
        let mut delivery = OrderDelivery { shared, routing, jobs, channels };
        // Before the events that place them.
        delivery.mark_hidden(&drafts).await;
        if app.queue.is_some() {
            delivery.deliver_immediately(&immediate).await;
            delivery.mark_hidden(&hidden).await;
            delivery.deliver_digests(&digested, digests).await;
        } else {
            // The sender waits for the answer, so nothing can be gathered.
            delivery.deliver_immediately(&[immediate, digested].concat()).await;
            delivery.mark_hidden(&hidden).await;
        }
        delivery.jobs.into_outcomes()
    }
}
