//! Story 2: order events become messages, and the messages are posted.
//!
//! claim → fold → post → mark. An event is claimed in the ledger before it is told and marked after
//! Slack took it, so that of two who have it one tells it, and none believes that it was told before
//! it was. Whoever brought the events learns of each whether it is settled.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;
use tracing::field;

use crate::aws::ServiceError;
use crate::blocks::Message;
use crate::claim::Lease;
use crate::config::Manner;
use crate::deadline::Deadline;
use crate::fold::{Entry, News, fold};
use crate::ledger::{Claim, Held, Marked};
use crate::message::{Remarks, Style};
use crate::order::{Change, Kind, OrderEvent};
use crate::pace::Pace;
use crate::retry::{self, Failure, Next, Tried, Wait};
use crate::slack_url::SlackUrl;
use crate::wiring::Wiring;

/// Slack answers within a fraction of a second; a longer silence is an outage.
const SLACK_TIMEOUT: Duration = Duration::from_secs(4);
/// DynamoDB takes many more; the sandbox does not.
const LEDGER_CALLS_AT_ONCE: usize = 16;
/// What is kept back of the time for the answer; marks that are not set by then are left out.
const ANSWER: Duration = Duration::from_secs(1);
/// A lease outlives its invocation by this.
const LEASE_MARGIN: Duration = Duration::from_secs(2);
/// Every lease ends before SQS shows the message again (template.yaml: 180 seconds).
const LONGEST_LEASE: Duration = Duration::from_secs(170);
/// Whoever waits for somebody else's lease comes after its end.
const AFTER_LEASE: SignedDuration = SignedDuration::from_secs(1);
/// What is told later than this says so. A digest's delay is shorter.
const LATE: SignedDuration = SignedDuration::from_mins(30);

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is left to do: it was told, now or before, or need not be.
    Settled,
    /// It is worth another try.
    Later(Wait),
    /// Slack takes it in no form.
    Refused(String),
}

/// What a delivery is part of.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// The invocation, which holds the leases.
    pub request_id: &'a str,
    pub deadline: Deadline,
    /// These are all the events that waited, so that the digest of them closes its window.
    pub is_everything: bool,
}

/// Tells the channel about `events`; gives what became of each.
pub async fn deliver(
    wiring: &Wiring,
    events: &[OrderEvent],
    turn: Turn<'_>,
    pace: &mut Pace,
) -> Vec<Outcome> {
    let manner = |position: usize| wiring.config.show.manner(events[position].kind);
    let all_shown = |manners: &[Manner]| -> Vec<usize> {
        (0..events.len()).filter(|position| manners.contains(&manner(*position))).collect()
    };
    let mut delivery = Delivery::new(wiring, events, turn, pace);
    delivery.pass_over(&all_shown(&[Manner::Off])).await;
    if wiring.queue.is_some() {
        delivery.tell(&all_shown(&[Manner::Each])).await;
        delivery.tell_window(&all_shown(&[Manner::Digest])).await;
    } else {
        // The sender waits: nothing can be gathered.
        delivery.tell(&all_shown(&[Manner::Each, Manner::Digest])).await;
    }
    delivery.outcomes
}

struct Delivery<'a> {
    wiring: &'a Wiring,
    events: &'a [OrderEvent],
    turn: Turn<'a>,
    pace: &'a mut Pace,
    style: Style,
    url: Option<SlackUrl>,
    outcomes: Vec<Outcome>,
    /// What is held of the ledger for each event.
    held: Vec<Option<Held>>,
    is_ledger_down: AtomicBool,
    /// Why nothing more is posted by this invocation.
    halted: Option<Wait>,
    posts: usize,
}

/// What became of one message.
enum Posted {
    Yes,
    /// Slack does not take this payload.
    Refused(String),
    /// Slack takes nothing now.
    No(Wait),
}

impl<'a> Delivery<'a> {
    fn new(
        wiring: &'a Wiring,
        events: &'a [OrderEvent],
        turn: Turn<'a>,
        pace: &'a mut Pace,
    ) -> Self {
        let style =
            Style { language: wiring.config.language, mention: wiring.config.mention.clone() };
        Self {
            wiring,
            events,
            turn,
            pace,
            style,
            url: None,
            outcomes: vec![Outcome::Later(Wait::AtOnce); events.len()],
            held: events.iter().map(|_| None).collect(),
            is_ledger_down: AtomicBool::new(false),
            halted: None,
            posts: 0,
        }
    }

    /// Takes note of events that nobody wants to hear of: what is told about their orders later may
    /// depend on them.
    async fn pass_over(&mut self, positions: &[usize]) {
        let claimed = self.claim(positions).await;
        let positions: Vec<_> = claimed.iter().flat_map(|entry| entry.positions.clone()).collect();
        for &position in &positions {
            let (platform, order) = described(&self.events[position]);
            tracing::info!(platform, order, "not shown: the kind is switched off");
        }
        self.mark_told(&positions).await;
    }

    /// Tells the events of a digest, unless the window has had its digest.
    async fn tell_window(&mut self, positions: &[usize]) {
        if positions.is_empty() || self.is_halted(positions) {
            return;
        }
        let now = self.turn.deadline.now();
        let windows = self.wiring.config.digest_windows;
        let lease = self.lease("digest");
        let held = match self.wiring.ledger.claim_digest(windows.number(now), &lease).await {
            Ok(Claim::Ours(held)) => held,
            Ok(Claim::Told | Claim::Leased(_)) => {
                tracing::info!(events = positions.len(), "kept for the next digest");
                let wait = Wait::Exactly(windows.until_digest(now));
                self.settle(positions, &Outcome::Later(wait));
                return;
            }
            Err(error) => {
                self.miss_ledger(&error);
                Held::default()
            }
        };
        let before = self.posts;
        self.tell(positions).await;
        // While more is waiting, others may go on with the window.
        let is_closed = self.posts > before && self.turn.is_everything;
        let end = if is_closed {
            self.wiring.ledger.told(held, self.turn.deadline.now()).await.map(drop)
        } else {
            self.wiring.ledger.give_back(held, false).await
        };
        if let Err(error) = end {
            self.miss_ledger(&error);
        }
    }

    /// Claims the events, folds them into messages, and posts one after the other.
    async fn tell(&mut self, positions: &[usize]) {
        if positions.is_empty() || self.is_halted(positions) {
            return;
        }
        if let Err(why) = self.find_address().await {
            tracing::error!(events = positions.len(), "not delivered: {why}");
            self.halted = Some(Wait::BackOff);
            self.settle(positions, &Outcome::Later(Wait::BackOff));
            return;
        }
        let claimed = self.claim(positions).await;
        let mut news: VecDeque<_> = fold(claimed, &self.style).into();
        while let Some(mut message) = news.pop_front() {
            match self.post(&mut message).await {
                Posted::Yes => {
                    self.posts += 1;
                    log_posted(&message);
                    self.mark_told(&positions_of(&message)).await;
                }
                Posted::Refused(why) => match message.smaller() {
                    Ok(parts) => {
                        tracing::warn!(why, "tried in a smaller way");
                        parts.into_iter().rev().for_each(|part| news.push_front(part));
                    }
                    Err(culprit) => {
                        let (platform, order) = described(&culprit.entries()[0].event);
                        tracing::error!(platform, order, why, "not delivered in any form");
                        self.give_back(&[culprit], Outcome::Refused(why)).await;
                    }
                },
                Posted::No(wait) => {
                    self.halted = Some(wait);
                    news.push_front(message);
                    tracing::error!(messages = news.len(), "not delivered now");
                    let rest: Vec<_> = news.drain(..).collect();
                    self.give_back(&rest, Outcome::Later(wait)).await;
                }
            }
        }
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

/// Posting.
impl Delivery<'_> {
    /// Posts one message, with as many tries as the time allows.
    async fn post(&mut self, news: &mut News) -> Posted {
        let deadline = self.turn.deadline;
        let mut tried = Tried::default();
        loop {
            let Some(message) = rendered(news, &self.style) else {
                return Posted::Refused("it cannot be written".to_owned());
            };
            if self.pace.spare(deadline).is_none() {
                return Posted::No(Wait::AtOnce);
            }
            self.pace.ready().await;
            let Some(url) = &self.url else { return Posted::No(Wait::BackOff) };
            let within = deadline.left().min(SLACK_TIMEOUT);
            let Err(error) = self.wiring.slack.post(url, &message, within).await else {
                return Posted::Yes;
            };
            if error.failure == Failure::Unclear {
                news.mark_repeat();
            }
            match retry::next(&error.failure, tried, self.pace.spare(deadline)) {
                Next::Again(wait) => {
                    tracing::warn!(%error, "posted again");
                    tried.again |= !matches!(error.failure, Failure::RateLimited(_));
                    sleep(wait).await;
                }
                Next::NewAddress => {
                    tried.new_address = true;
                    if !self.find_new_address().await {
                        tracing::error!(%error, "not posted");
                        return Posted::No(Wait::BackOff);
                    }
                    tracing::warn!(%error, "posted again to the address that the secret holds now");
                }
                Next::Smaller => return Posted::Refused(error.to_string()),
                Next::HandBack(wait) => {
                    tracing::error!(%error, "not posted");
                    return Posted::No(wait);
                }
            }
        }
    }

    /// Makes sure that there is an address to post to, or says why there is none.
    async fn find_address(&mut self) -> Result<(), String> {
        if self.url.is_some() {
            return Ok(());
        }
        let origin = self.wiring.config.slack_origin.as_ref();
        let secret = self.wiring.secrets.current(self.turn.deadline).await;
        let secret =
            secret.map_err(|error| format!("the Slack address cannot be read: {error}"))?;
        let refused = |error| format!("the Slack address in the secret is refused: {error}");
        self.url = Some(match secret.slack_url(origin) {
            Ok(url) => url,
            // Somebody may have connected the channel a moment ago.
            Err(error) => match self.wiring.secrets.refreshed(self.turn.deadline).await {
                Some(secret) => secret.slack_url(origin).map_err(refused)?,
                None => return Err(refused(error)),
            },
        });
        Ok(())
    }

    /// Reads the secret anew; whether it holds another address by now.
    async fn find_new_address(&mut self) -> bool {
        let Some(secret) = self.wiring.secrets.refreshed(self.turn.deadline).await else {
            return false;
        };
        let new = secret.slack_url(self.wiring.config.slack_origin.as_ref()).ok();
        let is_new = new.is_some() && new != self.url;
        if is_new {
            self.url = new;
        }
        is_new
    }
}

/// Claiming and marking.
impl Delivery<'_> {
    /// Claims events; gives those that are ours to tell, and settles the others.
    async fn claim(&mut self, positions: &[usize]) -> Vec<Entry> {
        // A cancellation first, so that other news of its order waits for what becomes of it.
        let (first, second): (Vec<usize>, Vec<usize>) =
            positions.iter().partition(|position| self.events[**position].kind == Kind::Cancelled);
        let mut entries = Vec::with_capacity(positions.len());
        for positions in [first, second] {
            let claims = stream::iter(positions.clone()).map(|position| self.claim_one(position));
            let claims: Vec<_> = claims.buffered(LEDGER_CALLS_AT_ONCE).collect().await;
            for (position, claim) in positions.into_iter().zip(claims) {
                entries.extend(self.take_note(position, claim));
            }
        }
        entries
    }

    async fn claim_one(&self, position: usize) -> Claim {
        // Posting needs its time, whatever the ledger does.
        if self.is_ledger_down.load(Ordering::Relaxed) || self.turn.deadline.is_half_over() {
            return Claim::Ours(Held::default());
        }
        let lease = self.lease(position);
        let claim = self.wiring.ledger.claim(&self.events[position], &lease).await;
        claim.unwrap_or_else(|error| {
            self.miss_ledger(&error);
            Claim::Ours(Held::default())
        })
    }

    fn lease(&self, what: impl std::fmt::Display) -> Lease {
        let Turn { request_id, deadline, .. } = self.turn;
        let length = (deadline.left() + LEASE_MARGIN).min(LONGEST_LEASE);
        let now = deadline.now();
        Lease { owner: format!("{request_id}/{what}"), now, until: now + length }
    }

    fn take_note(&mut self, position: usize, claim: Claim) -> Option<Entry> {
        let event = &self.events[position];
        let (platform, order) = described(event);
        match claim {
            Claim::Ours(held) => {
                let mut event = event.clone();
                if held.reopens {
                    event.kind = Kind::Modified;
                    event.change = Some(Change::Reopened);
                }
                let late = self.turn.deadline.now().duration_since(event.received_at);
                let remarks = Remarks {
                    repeat: held.may_be_shown,
                    changed_payload: held.changed_payload,
                    delay: Some(late).filter(|late| *late >= LATE),
                };
                if held.changed_payload {
                    tracing::warn!(platform, order, "the sender gave this event before, otherwise");
                }
                self.held[position] = Some(held);
                Some(Entry { event, remarks, positions: vec![position] })
            }
            Claim::Told => {
                tracing::info!(platform, order, "told before");
                self.outcomes[position] = Outcome::Settled;
                None
            }
            Claim::Leased(until) => {
                tracing::info!(platform, order, "left to another invocation, which is at it");
                let wait = (until + AFTER_LEASE).duration_since(self.turn.deadline.now());
                let wait = Duration::try_from(wait).unwrap_or_default();
                self.outcomes[position] = Outcome::Later(Wait::Exactly(wait));
                None
            }
        }
    }

    async fn mark_told(&mut self, positions: &[usize]) {
        self.settle(positions, &Outcome::Settled);
        let now = self.turn.deadline.now();
        let held: Vec<_> = positions.iter().filter_map(|at| self.held[*at].take()).collect();
        let marks = stream::iter(held).map(|held| self.mark_one(held, now));
        marks.buffer_unordered(LEDGER_CALLS_AT_ONCE).collect::<()>().await;
    }

    async fn mark_one(&self, held: Held, now: Timestamp) {
        if self.is_ledger_down() {
            return;
        }
        match self.wiring.ledger.told(held, now).await {
            Ok(Marked::Yes) => {}
            Ok(Marked::TakenOver) => {
                tracing::warn!("another invocation took over: the channel may see it twice");
            }
            Err(error) => self.miss_ledger(&error),
        }
    }

    async fn give_back(&mut self, news: &[News], outcome: Outcome) {
        let mut held = Vec::new();
        for entry in news.iter().flat_map(News::entries) {
            self.settle(&entry.positions, &outcome);
            for position in &entry.positions {
                held.extend(self.held[*position].take().map(|held| (held, entry.remarks.repeat)));
            }
        }
        let returns = stream::iter(held).map(|(held, repeat)| self.give_back_one(held, repeat));
        returns.buffer_unordered(LEDGER_CALLS_AT_ONCE).collect::<()>().await;
    }

    async fn give_back_one(&self, held: Held, may_be_shown: bool) {
        if self.is_ledger_down() {
            return;
        }
        if let Err(error) = self.wiring.ledger.give_back(held, may_be_shown).await {
            self.miss_ledger(&error);
        }
    }

    fn is_ledger_down(&self) -> bool {
        self.is_ledger_down.load(Ordering::Relaxed) || self.turn.deadline.left() < ANSWER
    }

    /// Without the ledger there are repeats at worst; without the message there is no news.
    fn miss_ledger(&self, error: &ServiceError) {
        if !self.is_ledger_down.swap(true, Ordering::Relaxed) {
            tracing::error!(%error, "the ledger cannot be used: what is told now may be repeated");
        }
    }
}

/// The message, unless writing it panics; the panic hook logs where.
fn rendered(news: &News, style: &Style) -> Option<Message> {
    catch_unwind(AssertUnwindSafe(|| news.message(style))).ok()
}

fn positions_of(news: &News) -> Vec<usize> {
    news.positions().collect()
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
fn described(event: &OrderEvent) -> (&str, Option<field::DisplayValue<String>>) {
    let order = event.id.as_ref().or(event.number.as_ref());
    (event.platform.as_str(), order.map(|order| field::display(order.to_string())))
}
