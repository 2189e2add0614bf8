//! Alarms become messages for those who look after the system.

use crate::alarm::Alarm;
use crate::app::App;
use crate::config::Language;
use crate::delivery::Budget;
use crate::delivery::claims::{LATE, LedgerSession};
use crate::delivery::poster::{Posted, Poster, Telling};
use crate::handlers::disposition::Outcome;
use crate::infra::metrics::Metric;
use crate::ledger::Claim;
use crate::ledger::rules::State;
use crate::message::{self, Remarks};
use crate::secret::Channel;
use crate::slack::block_kit::Message;
use crate::slack::pace::Pace;
use crate::slack::retry::RetryAfter;

/// What became of some alarms.
#[derive(Debug)]
pub struct AlarmsDelivered {
    /// One for each.
    pub outcomes: Vec<Outcome>,
    /// Why the orders need not be tried either: their channel takes nothing now.
    pub orders_halted: Option<RetryAfter>,
}

/// Tells of alarms in the order in which they came about, each in the same way as orders: claim →
/// post → mark. When one has to wait, the others wait with it.
pub async fn deliver_alarms(
    app: &App,
    alarms: &[&Alarm],
    budget: Budget<'_>,
    pace: &mut Pace,
) -> AlarmsDelivered {
    let mut delivery = Delivery {
        app,
        budget,
        claims: LedgerSession::new(app, &[], budget),
        poster: Poster::new(app, Channel::Monitoring, budget.deadline, pace),
        halted: None,
    };
    let mut outcomes = vec![Outcome::Retry(RetryAfter::Immediately); alarms.len()];
    let mut positions: Vec<_> = (0..alarms.len()).collect();
    positions.sort_by_key(|position| alarms[*position].since);
    for position in positions {
        outcomes[position] = match delivery.halted {
            None => delivery.tell(alarms[position]).await,
            Some(wait) => Outcome::Retry(wait),
        };
    }
    let orders_halted = match delivery.halted {
        Some(wait) if delivery.poster.is_where_orders_go().await => Some(wait),
        _ => None,
    };
    AlarmsDelivered { outcomes, orders_halted }
}

struct Delivery<'a> {
    app: &'a App,
    budget: Budget<'a>,
    claims: LedgerSession<'a>,
    poster: Poster<'a>,
    /// Why nothing more is posted by this invocation.
    halted: Option<RetryAfter>,
}

impl Delivery<'_> {
    async fn tell(&mut self, alarm: &Alarm) -> Outcome {
        let name = alarm.name.as_str();
        if self.budget.deadline.is_mostly_over() {
            return Outcome::Retry(RetryAfter::Immediately);
        }
        if let Err(error) = self.poster.find_address().await {
            tracing::error!(name, %error, "an alarm cannot be posted");
            return self.halt(RetryAfter::BackOff);
        }
        let held = match self.claims.alarm(alarm).await {
            Claim::Ours(held) => held,
            Claim::Told | Claim::Overtaken { .. } => {
                tracing::info!(name, "the alarm was told before");
                return Outcome::Done;
            }
            Claim::Leased { until, .. } => {
                tracing::info!(name, "the alarm is left to another invocation, which is at it");
                return Outcome::Retry(RetryAfter::Exactly(self.claims.after(until)));
            }
        };
        let now = self.budget.deadline.now();
        let late = alarm.since.map(|since| now.duration_since(since)).filter(|late| *late >= LATE);
        let remarks = Remarks { repeat: held.may_be_shown, delay: late, ..Remarks::default() };
        let language = self.app.config.language;
        let mut news = Notification { alarm, language, remarks, is_plain: false };
        let mut disposition = self.poster.post(&mut news).await;
        if let Posted::Refused(why) = &disposition {
            tracing::warn!(name, why, "the alarm is tried as plain text");
            news.is_plain = true;
            disposition = self.poster.post(&mut news).await;
        }
        match disposition {
            Posted::Yes => {
                tracing::info!(name, "posted an alarm");
                self.app.metrics.count(Metric::MessagesPosted);
                self.claims.mark(held, self.budget.deadline.now()).await;
                Outcome::Done
            }
            Posted::Refused(why) => {
                tracing::error!(name, why, "the alarm is not delivered in any form");
                self.claims.give_back_one(held, news.ending()).await;
                Outcome::Rejected(why)
            }
            Posted::No(wait) => {
                self.claims.give_back_one(held, news.ending()).await;
                self.halt(wait)
            }
        }
    }

    fn halt(&mut self, wait: RetryAfter) -> Outcome {
        self.halted = Some(wait);
        Outcome::Retry(wait)
    }
}

struct Notification<'a> {
    alarm: &'a Alarm,
    language: Language,
    remarks: Remarks,
    is_plain: bool,
}

impl Notification<'_> {
    /// What the ledger should know of it while it is not told.
    fn ending(&self) -> State {
        if self.remarks.repeat { State::InDoubt } else { State::Pending }
    }
}

impl Telling for Notification<'_> {
    fn message(&self) -> Message {
        let message = message::alarm::about(self.alarm, self.language, self.remarks);
        if self.is_plain { message.without_blocks() } else { message }
    }

    fn mark_repeat(&mut self) {
        self.remarks.repeat = true;
    }
}
