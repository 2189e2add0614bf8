//! An alarm becomes a message for those who look after the system.

use crate::alarm::Alarm;
use crate::blocks::Message;
use crate::claim::State;
use crate::config::Language;
use crate::delivery::Turn;
use crate::delivery::claims::{Claims, LATE};
use crate::delivery::poster::{Posted, Poster, Telling};
use crate::ledger::Claim;
use crate::message::{self, Remarks};
use crate::metrics::Metric;
use crate::pace::Pace;
use crate::retry::Wait;
use crate::secret::Channel;
use crate::settlement::Outcome;
use crate::wiring::Wiring;

/// Tells the channel about an alarm, in the same way as about orders: claim → post → mark.
pub async fn deliver_alarm(
    wiring: &Wiring,
    alarm: &Alarm,
    turn: Turn<'_>,
    pace: &mut Pace,
) -> Outcome {
    let name = alarm.name.as_str();
    if turn.deadline.is_mostly_over() {
        return Outcome::Later(Wait::AtOnce);
    }
    let mut poster = Poster::new(wiring, Channel::Monitoring, turn.deadline, pace);
    if let Err(error) = poster.find_address().await {
        tracing::error!(name, %error, "an alarm cannot be posted");
        wiring.metrics.count(Metric::SlackRefused);
        return Outcome::Later(Wait::BackOff);
    }
    let claims = Claims::new(wiring, &[], turn);
    let held = match claims.alarm(alarm).await {
        Claim::Ours(held) => held,
        Claim::Told | Claim::Overtaken { .. } => {
            tracing::info!(name, "the alarm was told before");
            return Outcome::Settled;
        }
        Claim::Leased { until, .. } => {
            tracing::info!(name, "the alarm is left to another invocation, which is at it");
            return Outcome::Later(Wait::Exactly(claims.after(until)));
        }
    };
    let now = turn.deadline.now();
    let late = alarm.since.map(|since| now.duration_since(since)).filter(|late| *late >= LATE);
    let remarks = Remarks { repeat: held.may_be_shown, delay: late, ..Remarks::default() };
    let language = wiring.config.language;
    let mut news = News { alarm, language, remarks, is_plain: false };
    let mut fate = poster.post(&mut news).await;
    if let Posted::Refused(why) = &fate {
        tracing::warn!(name, why, "the alarm is tried as plain text");
        news.is_plain = true;
        fate = poster.post(&mut news).await;
    }
    match fate {
        Posted::Yes => {
            tracing::info!(name, "posted an alarm");
            wiring.metrics.count(Metric::MessagesPosted);
            claims.mark(held, turn.deadline.now()).await;
            Outcome::Settled
        }
        Posted::Refused(why) => {
            tracing::error!(name, why, "the alarm is not delivered in any form");
            claims.give_back_one(held, news.ending()).await;
            Outcome::Refused(why)
        }
        Posted::No(wait) => {
            claims.give_back_one(held, news.ending()).await;
            Outcome::Later(wait)
        }
    }
}

struct News<'a> {
    alarm: &'a Alarm,
    language: Language,
    remarks: Remarks,
    is_plain: bool,
}

impl News<'_> {
    /// What the ledger should know of it while it is not told.
    fn ending(&self) -> State {
        if self.remarks.repeat { State::Unclear } else { State::Untold }
    }
}

impl Telling for News<'_> {
    fn message(&self) -> Message {
        let message = message::alarm::about(self.alarm, self.language, self.remarks);
        if self.is_plain { message.without_blocks() } else { message }
    }

    fn mark_repeat(&mut self) {
        self.remarks.repeat = true;
    }
}
