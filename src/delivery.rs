//! Story 3: order events become messages, and the messages are posted.
//!
//! claim → fold → post → mark. An event is claimed in the ledger before it is told and marked after
//! Slack took it, so that of two who have it one tells it, and none believes that it was told before
//! it was. Whoever brought the events learns of each whether it is settled.

use std::collections::VecDeque;

use tracing::field;

use crate::config::Manner;
use crate::deadline::Deadline;
use crate::delivery::claims::{Claimed, Claims};
use crate::delivery::poster::{Posted, Poster};
use crate::fold::{Entry, News, fold};
use crate::message::Style;
use crate::order::OrderEvent;
use crate::pace::Pace;
use crate::retry::Wait;
use crate::wiring::Wiring;

mod claims;
mod poster;

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is left to do: it was told, now or before, or need not be.
    Settled,
    /// It is worth another try.
    Later(Wait),
    /// Slack takes it in no form, as the text says.
    Refused(String),
}

/// The invocation that a delivery is part of.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// Its name, which holds the leases.
    pub request_id: &'a str,
    pub deadline: Deadline,
    /// Nothing else is waiting, so that a digest closes its window.
    pub is_everything: bool,
}

/// Tells the channel about `events`; gives what became of each.
pub async fn deliver(
    wiring: &Wiring,
    events: &[OrderEvent],
    turn: Turn<'_>,
    pace: &mut Pace,
) -> Vec<Outcome> {
    let shown = |manners: &[Manner]| -> Vec<usize> {
        let manner = |position: &usize| wiring.config.show.manner(events[*position].kind);
        (0..events.len()).filter(|position| manners.contains(&manner(position))).collect()
    };
    let config = &wiring.config;
    let mut delivery = Delivery {
        wiring,
        turn,
        style: Style { language: config.language, mention: config.mention.clone() },
        claims: Claims::new(&wiring.ledger, events, turn),
        poster: Poster::new(wiring, turn.deadline, pace),
        outcomes: vec![Outcome::Later(Wait::AtOnce); events.len()],
        halted: None,
    };
    delivery.pass_over(&shown(&[Manner::Off])).await;
    if wiring.queue.is_some() {
        delivery.tell(&shown(&[Manner::Each])).await;
        delivery.tell_in_window(&shown(&[Manner::Digest])).await;
    } else {
        // A sender waits, so that nothing can be gathered.
        delivery.tell(&shown(&[Manner::Each, Manner::Digest])).await;
    }
    delivery.outcomes
}

struct Delivery<'a> {
    wiring: &'a Wiring,
    turn: Turn<'a>,
    style: Style,
    claims: Claims<'a>,
    poster: Poster<'a>,
    outcomes: Vec<Outcome>,
    /// Why nothing more is posted by this invocation.
    halted: Option<Wait>,
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

    /// Tells the events of a digest, unless their window has had its digest.
    async fn tell_in_window(&mut self, positions: &[usize]) {
        if positions.is_empty() || self.is_halted(positions) {
            return;
        }
        let now = self.turn.deadline.now();
        let windows = self.wiring.config.digest_windows;
        let Some(window) = self.claims.window(windows.number(now)).await else {
            tracing::info!(events = positions.len(), "kept for the next digest");
            let wait = Wait::Exactly(windows.until_digest(now));
            self.settle(positions, &Outcome::Later(wait));
            return;
        };
        let has_told = self.tell(positions).await;
        // While more is waiting, another invocation may go on with the window.
        self.claims.end_window(window, has_told && self.turn.is_everything).await;
    }

    /// Claims the events, folds them into messages and posts these; whether anything was posted.
    async fn tell(&mut self, positions: &[usize]) -> bool {
        if positions.is_empty() || self.is_halted(positions) {
            return false;
        }
        if let Err(error) = self.poster.find_address().await {
            tracing::error!(events = positions.len(), %error, "nothing can be posted");
            self.halted = Some(Wait::BackOff);
            self.settle(positions, &Outcome::Later(Wait::BackOff));
            return false;
        }
        let claimed = self.claim(positions).await;
        let mut waiting = VecDeque::from(fold(claimed, &self.style));
        let mut has_posted = false;
        while let Some(mut news) = waiting.pop_front() {
            match self.poster.post(&mut news, &self.style).await {
                Posted::Yes => {
                    has_posted = true;
                    log_posted(&news);
                    self.tick_off(news.positions().collect()).await;
                }
                Posted::Refused(why) => match news.smaller() {
                    Ok(parts) => {
                        tracing::warn!(why, "tried in a smaller way");
                        parts.into_iter().rev().for_each(|part| waiting.push_front(part));
                    }
                    Err(culprit) => self.refuse(culprit, why).await,
                },
                Posted::No(wait) => {
                    waiting.push_front(news);
                    self.halt(waiting.drain(..).collect(), wait).await;
                }
            }
        }
        has_posted
    }

    async fn refuse(&mut self, culprit: News, why: String) {
        for entry in culprit.entries() {
            let (platform, order) = described(&entry.event);
            tracing::error!(platform, order, why, "not delivered in any form");
        }
        self.give_back(&[culprit], &Outcome::Refused(why)).await;
    }

    async fn halt(&mut self, rest: Vec<News>, wait: Wait) {
        tracing::error!(messages = rest.len(), "not delivered now");
        self.halted = Some(wait);
        self.give_back(&rest, &Outcome::Later(wait)).await;
    }

    /// Claims events; gives those that are ours to tell, and settles the others.
    async fn claim(&mut self, positions: &[usize]) -> Vec<Entry> {
        let mut ours = Vec::with_capacity(positions.len());
        for (position, claimed) in self.claims.claim(positions).await {
            match claimed {
                Claimed::Ours(entry) => ours.push(*entry),
                Claimed::Told => self.settle(&[position], &Outcome::Settled),
                Claimed::Leased(wait) => {
                    self.settle(&[position], &Outcome::Later(Wait::Exactly(wait)));
                }
            }
        }
        ours
    }

    async fn tick_off(&mut self, positions: Vec<usize>) {
        self.settle(&positions, &Outcome::Settled);
        self.claims.told(&positions).await;
    }

    async fn give_back(&mut self, news: &[News], outcome: &Outcome) {
        for entry in news.iter().flat_map(News::entries) {
            self.settle(&entry.positions, outcome);
        }
        self.claims.give_back(news.iter().flat_map(News::entries)).await;
    }

    fn is_halted(&mut self, positions: &[usize]) -> bool {
        if let Some(wait) = self.halted {
            self.settle(positions, &Outcome::Later(wait));
        }
        self.halted.is_some()
    }

    fn settle(&mut self, positions: &[usize], outcome: &Outcome) {
        for &position in positions {
            self.outcomes[position] = outcome.clone();
        }
    }
}

fn log_posted(news: &News) {
    match news.entries() {
        [entry] => {
            let (platform, order) = described(&entry.event);
            tracing::info!(platform, order, "posted");
        }
        entries => tracing::info!(orders = entries.len(), "posted a digest"),
    }
}

/// The platform and the order, for the log.
fn described(event: &OrderEvent) -> (&str, Option<field::DisplayValue<&str>>) {
    let order = event.id.as_ref().or(event.number.as_ref());
    (event.platform.as_str(), order.map(|order| field::display(order.as_str())))
}
