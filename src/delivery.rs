//! Story 3: order events become messages, and the messages are posted.
//!
//! claim → fold → post → mark. An event is claimed in the ledger before it is told and marked after
//! Slack took it, so that of two who have it one tells it, and none believes that it was told before
//! it was. Whoever brought the events learns of each whether it is settled.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use tracing::field;

use crate::app::App;
use crate::config::{Config, Mode};
use crate::delivery::claims::{Claimed, LedgerSession};
use crate::delivery::grouping::{Grouped, Notification, fold};
use crate::delivery::poster::{Posted, Poster};
use crate::handlers::disposition::Outcome;
use crate::infra::deadline::Deadline;
use crate::infra::metrics::Metric;
use crate::ledger::Lease;
use crate::message::Style;
use crate::order::{Kind, OrderEvent};
use crate::secret::Channel;
use crate::slack::pace::Pace;
use crate::slack::retry::RetryAfter;

pub use crate::delivery::alarms::{AlarmsDelivered, deliver_alarms};

mod alarms;
mod claims;
pub mod grouping;
mod poster;

/// The invocation that a delivery is part of.
#[derive(Clone, Copy, Debug)]
pub struct Budget<'a> {
    /// Its name, which holds the leases.
    pub request_id: &'a str,
    pub deadline: Deadline,
    /// What is kept back of its time for whoever brought the events.
    pub reserve: Duration,
    /// Nothing else is waiting, so that a digest closes its window.
    pub is_everything: bool,
}

/// Whose budget it is to tell the digest that is due.
#[derive(Debug)]
pub enum Window {
    Ours(Lease),
    /// Somebody else's, or it was told.
    Taken(RetryAfter),
}

impl Window {
    /// A digest beside that of the window.
    pub fn of_its_own() -> Self {
        Self::Ours(Lease::default())
    }
}

/// Asks for the digest that is due, before its events are gathered.
pub async fn claim_window(app: &App, budget: Budget<'_>) -> Window {
    let windows = app.config.digest_windows;
    LedgerSession::new(app, &[], budget).window(windows).await
}

/// Tells the channel about `events`; gives what became of each. The window is claimed when it is
/// needed, unless it was before. Nothing is posted if it is `halted` already.
pub async fn deliver(
    app: &App,
    events: &[OrderEvent],
    budget: Budget<'_>,
    pace: &mut Pace,
    window: Option<Window>,
    halted: Option<RetryAfter>,
) -> Vec<Outcome> {
    let shown = |modes: &[Mode]| -> Vec<usize> {
        let mode = |position: &usize| app.config.show.mode(events[*position].kind);
        (0..events.len()).filter(|position| modes.contains(&mode(position))).collect()
    };
    let config = &app.config;
    let mut delivery = Delivery {
        app,
        budget,
        style: Style { language: config.language, mention: config.mention.clone() },
        claims: LedgerSession::new(app, events, budget),
        poster: Poster::new(app, Channel::Orders, budget.deadline, pace),
        outcomes: vec![Outcome::Retry(RetryAfter::Immediately); events.len()],
        halted,
    };
    if app.queue.is_some() {
        delivery.tell(&shown(&[Mode::Immediate]), false).await;
        delivery.pass_over(&shown(&[Mode::Off])).await;
        delivery.tell_in_window(&shown(&[Mode::Digest]), window).await;
    } else {
        // A sender waits, so that nothing can be gathered.
        delivery.tell(&shown(&[Mode::Immediate, Mode::Digest]), false).await;
        delivery.pass_over(&shown(&[Mode::Off])).await;
    }
    delivery.outcomes
}

struct Delivery<'a> {
    app: &'a App,
    budget: Budget<'a>,
    style: Style,
    claims: LedgerSession<'a>,
    poster: Poster<'a>,
    outcomes: Vec<Outcome>,
    /// Why nothing more is posted by this invocation.
    halted: Option<RetryAfter>,
}

impl Delivery<'_> {
    /// Takes note of events that nobody wants to hear of: what is told of their orders later may
    /// depend on them.
    async fn pass_over(&mut self, positions: &[usize]) {
        let claimed = self.claim(positions).await;
        for entry in &claimed {
            let (platform, order) = described(&entry.event);
            tracing::info!(platform, order, "not shown: the kind is switched off");
        }
        self.tick_off(claimed.into_iter().flat_map(|entry| entry.positions).collect()).await;
    }

    /// Tells the events of a digest, unless it is somebody else's.
    async fn tell_in_window(&mut self, positions: &[usize], window: Option<Window>) {
        if positions.is_empty() {
            return;
        }
        let window = match window {
            Some(window) => window,
            None => self.claims.window(self.app.config.digest_windows).await,
        };
        match window {
            Window::Taken(wait) => {
                tracing::info!(events = positions.len(), "left to another digest");
                self.settle(positions, &Outcome::Retry(wait));
            }
            Window::Ours(held) => {
                let has_posted = self.tell(positions, true).await;
                // While more is waiting, or something failed, others may go on with the window.
                let is_over = has_posted && self.budget.is_everything && self.halted.is_none();
                self.claims.end_window(held, is_over).await;
            }
        }
    }

    /// LedgerSession the events, folds them into messages and posts these; whether anything was posted.
    async fn tell(&mut self, positions: &[usize], is_digest: bool) -> bool {
        // What is claimed late could not be told any more.
        if self.halted.is_none() && self.budget.deadline.is_mostly_over() {
            self.halted = Some(RetryAfter::Immediately);
        }
        if let Some(wait) = self.halted {
            self.settle(positions, &Outcome::Retry(wait));
            return false;
        }
        if positions.is_empty() {
            return false;
        }
        if let Err(error) = self.poster.find_address().await {
            tracing::error!(events = positions.len(), %error, "nothing can be posted");
            self.halted = Some(RetryAfter::BackOff);
            self.settle(positions, &Outcome::Retry(RetryAfter::BackOff));
            return false;
        }
        let claimed = self.claim(positions).await;
        let moments: Vec<_> = claimed.iter().map(|entry| entry.event.received_at).collect();
        let mut waiting = VecDeque::from(fold(claimed, &self.style));
        // Other digests of the window may follow, but none after the one that has everything.
        let ends_window = is_digest && self.budget.is_everything;
        if let Some(first) = waiting.front_mut().filter(|first| ends_window && first.is_digest()) {
            let windows = self.app.config.digest_windows;
            first.set_beside(self.claims.cancelled_beside(&moments, windows).await);
        }
        let mut has_posted = false;
        let mut cancelled = Vec::new();
        while let Some(news) = waiting.pop_front() {
            let mut told = (news, &self.style);
            let posted = self.poster.post(&mut told).await;
            let (news, _) = told;
            match posted {
                Posted::Yes => {
                    has_posted = true;
                    self.note_posted(&news);
                    cancelled.extend(cancellations(&news));
                    self.tick_off(news.positions().collect()).await;
                }
                Posted::Refused(why) => match news.smaller() {
                    Ok(parts) => {
                        tracing::warn!(why, "tried in a smaller way");
                        // Whatever is whole goes first, and what was refused before last.
                        let suspects = waiting.iter().position(Notification::is_suspect);
                        let behind = waiting.split_off(suspects.unwrap_or(waiting.len()));
                        waiting.extend(parts.into_iter().chain(behind));
                    }
                    Err(culprit) => self.refuse(culprit, why).await,
                },
                Posted::No(wait) => {
                    waiting.push_front(news);
                    self.halt(waiting.drain(..).collect(), wait).await;
                }
            }
        }
        if !is_digest {
            self.count_beside(&cancelled).await;
        }
        has_posted
    }

    /// Takes note of cancellations for the digest of their window, if there will be one.
    async fn count_beside(&self, cancelled: &[Timestamp]) {
        let Config { show, digest_windows, .. } = &self.app.config;
        let is_any_digested = [show.created, show.modified].contains(&Mode::Digest);
        if self.app.queue.is_some() && is_any_digested {
            self.claims.count_cancelled(cancelled, *digest_windows).await;
        }
    }

    async fn refuse(&mut self, culprit: Notification, why: String) {
        for entry in culprit.entries() {
            let (platform, order) = described(&entry.event);
            tracing::error!(platform, order, why, "not delivered in any form");
        }
        self.give_back(&[culprit], &Outcome::Rejected(why)).await;
    }

    async fn halt(&mut self, rest: Vec<Notification>, wait: RetryAfter) {
        tracing::error!(messages = rest.len(), "not delivered now");
        self.halted = Some(wait);
        self.give_back(&rest, &Outcome::Retry(wait)).await;
    }

    /// LedgerSession events; gives those that are ours to tell, and settles the others.
    async fn claim(&mut self, positions: &[usize]) -> Vec<Grouped> {
        let mut ours = Vec::with_capacity(positions.len());
        for (position, claimed) in self.claims.claim(positions).await {
            match claimed {
                Claimed::Ours(entry) => ours.push(*entry),
                Claimed::NoNews => self.settle(&[position], &Outcome::Done),
                Claimed::Leased(wait) => {
                    self.settle(&[position], &Outcome::Retry(RetryAfter::Exactly(wait)));
                }
            }
        }
        ours
    }

    async fn tick_off(&mut self, positions: Vec<usize>) {
        self.settle(&positions, &Outcome::Done);
        self.claims.told(&positions).await;
    }

    async fn give_back(&mut self, news: &[Notification], outcome: &Outcome) {
        for entry in news.iter().flat_map(Notification::entries) {
            self.settle(&entry.positions, outcome);
        }
        let was_refused = matches!(outcome, Outcome::Rejected(_));
        self.claims.give_back(news.iter().flat_map(Notification::entries), was_refused).await;
    }

    fn note_posted(&self, news: &Notification) {
        let metrics = &self.app.metrics;
        metrics.count(Metric::MessagesPosted);
        match news.entries() {
            [entry] => {
                let (platform, order) = described(&entry.event);
                tracing::info!(platform, order, "posted");
            }
            entries => {
                tracing::info!(orders = entries.len(), "posted a digest");
                let count = u32::try_from(news.positions().count()).unwrap_or(u32::MAX);
                metrics.add(Metric::EventsDigested, None, count);
            }
        }
        let now = self.budget.deadline.now();
        for Grouped { event, remarks, .. } in news.entries() {
            let time = now.duration_since(event.received_at).try_into().unwrap_or_default();
            metrics.time(Metric::SecondsToSlack, time);
            if remarks.repeat {
                metrics.count_for(Metric::PossibleDuplicate, &event.platform);
            }
        }
    }

    fn settle(&mut self, positions: &[usize], outcome: &Outcome) {
        for &position in positions {
            self.outcomes[position] = outcome.clone();
        }
    }
}

/// When each cancelled order of the news came in; tests do not count.
fn cancellations(news: &Notification) -> Vec<Timestamp> {
    let events = news.entries().iter().map(|entry| &entry.event);
    let cancelled = events.filter(|event| event.kind == Kind::Cancelled && !event.is_test);
    cancelled.map(|event| event.received_at).collect()
}

/// The platform and the order, for the log.
fn described(event: &OrderEvent) -> (&str, Option<field::DisplayValue<&str>>) {
    let order = event.name();
    (event.platform.as_str(), order.map(|order| field::display(order.as_str())))
}
