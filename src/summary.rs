//! The daily summary: `SUMMARY_HOUR`.
//!
//! ```text
//!  delivery ─▶ a record of the event, in the hour in which its webhook came in
//!                         │ once a day: the hours of the period, and those of a week before
//!                         ▼
//!                  aggregate ─▶ a notice: queue ─▶ delivery ─▶ the monitoring channel
//! ```
//!
//! * **Each event once.** A record has the key of the event's item in the ledger, that of a new order the
//!   order's, and the first one stays. So a webhook that is sent twice, and a message that is posted
//!   again, count once.
//! * **Never in the way.** A record is written while the event is marked as delivered. If the table does
//!   not answer, the event is not counted, which the log says.
//! * **One message.** The ledger knows a summary by the end of its period.
//! * **Only when it is on.** Otherwise there is no call.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::order::money::Sums;
use crate::order::one_line::OneLine;
use crate::summary::schedule::Period;

pub mod aggregate;
pub mod record;
pub mod schedule;
pub mod table;

/// All that the message says of one period. The names in the queue never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub period: Period,
    pub day: Day,
    /// `None` if there are no orders or only a part of the day is known.
    pub week_before: Option<Day>,
    /// Since when events are recorded, if that is not since the period's beginning.
    pub recorded_since: Option<Timestamp>,
    /// The messages in the queue; `None` if that could not be asked.
    pub waiting: Option<u64>,
    pub made_at: Timestamp,
}

/// What happened in one period.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Day {
    pub created: Count,
    pub cancelled: Count,
    /// Cancelled and never paid: not in `cancelled`.
    pub unpaid: usize,
    pub overdue: usize,
    /// Of `cancelled`, the most frequent first.
    pub reasons: Vec<Reason>,
    /// `None` if nothing was posted.
    pub times: Option<Times>,
}

/// How many orders, and their amounts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Count {
    pub orders: usize,
    pub sums: Sums,
}

/// How often a platform gave a reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    pub platform: String,
    pub reason: OneLine,
    pub orders: usize,
}

/// From the webhooks to their messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// Half of them took no longer.
    pub half: SignedDuration,
    /// 95 of 100 took no longer.
    pub most: SignedDuration,
    pub longest: SignedDuration,
    /// How many took longer than [`aggregate::LATE`].
    pub late: usize,
}

impl Summary {
    /// Identifies it: there is one for each period.
    pub fn key(&self) -> Vec<String> {
        vec![self.period.ended.to_string()]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::order::money::{Money, Unit};
    use crate::summary::schedule::{Hour, Schedule};

    fn count(orders: usize, amounts: &[(&str, &str)]) -> Count {
        let amounts: Vec<_> = amounts
            .iter()
            .map(|(amount, currency)| Money::parse(amount, Some(currency), Unit::Major))
            .collect();
        Count { orders, sums: amounts.iter().map(Option::as_ref).collect() }
    }

    /// A Saturday.
    pub(crate) fn summary() -> Summary {
        let hour = Hour::new(0).unwrap();
        let schedule = Schedule::new(hour, jiff::tz::TimeZone::get("Asia/Seoul").unwrap());
        let reason = |reason: &str, orders| Reason {
            platform: "shopify".to_owned(),
            reason: OneLine::parse(reason).unwrap(),
            orders,
        };
        let seconds = SignedDuration::from_secs;
        let made_at = "2026-11-28T15:02:07Z".parse().unwrap();
        Summary {
            period: schedule.last(made_at),
            day: Day {
                created: count(132, &[("1250000", "KRW"), ("3104.50", "USD")]),
                cancelled: count(4, &[("50000", "KRW")]),
                unpaid: 2,
                overdue: 3,
                reasons: vec![reason("customer", 2), reason("inventory", 1)],
                times: Some(Times {
                    half: SignedDuration::from_millis(1_400),
                    most: seconds(62),
                    longest: seconds(400),
                    late: 1,
                }),
            },
            week_before: Some(Day {
                created: count(118, &[("1100000", "KRW")]),
                cancelled: count(5, &[("60000", "KRW")]),
                ..Day::default()
            }),
            recorded_since: None,
            waiting: Some(7),
            made_at,
        }
    }
}
