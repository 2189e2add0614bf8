//! Records become the numbers of a day. Pure.

use std::collections::{BTreeMap, HashSet};

use jiff::SignedDuration;

use crate::order::one_line::OneLine;
use crate::summary::record::{Record, What};
use crate::summary::{Day, Reason, Times};

/// A message that took longer came late.
pub const LATE: SignedDuration = SignedDuration::from_mins(5);
/// More reasons than a message has room for; a queue message has room for these.
const MAX_REASONS: usize = 50;

/// The numbers so far.
#[derive(Debug, Default)]
pub struct Aggregate {
    known: HashSet<String>,
    day: Day,
    /// By platform and text.
    reasons: BTreeMap<(String, String), Reason>,
    times: Vec<SignedDuration>,
}

impl Aggregate {
    /// Counts an event, unless it is counted already: sent twice, it may be recorded in two hours.
    pub fn add(&mut self, record: Record) {
        if !self.known.insert(record.key) {
            return;
        }
        self.times.extend(record.took);
        let count = match record.what {
            What::Created => &mut self.day.created,
            What::Cancelled => &mut self.day.cancelled,
            What::CancelledUnpaid => {
                self.day.unpaid += 1;
                return;
            }
            What::Overdue => {
                self.day.overdue += 1;
                return;
            }
        };
        count.orders += 1;
        count.sums.count(record.total.as_ref());
        if let (What::Cancelled, Some(reason)) = (record.what, record.reason) {
            self.count_reason(record.platform, reason);
        }
    }

    fn count_reason(&mut self, platform: String, reason: OneLine) {
        let key = (platform.clone(), reason.to_string());
        let new = || Reason { platform, reason, orders: 0 };
        self.reasons.entry(key).or_insert_with(new).orders += 1;
    }

    /// The numbers of all that was added.
    pub fn finish(mut self) -> Day {
        let mut reasons: Vec<_> = self.reasons.into_values().collect();
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.orders));
        reasons.truncate(MAX_REASONS);
        for count in [&mut self.day.created, &mut self.day.cancelled] {
            count.sums.sums.sort_by(|one, other| one.currency().cmp(&other.currency()));
        }
        Day { reasons, times: times(self.times), ..self.day }
    }
}

fn times(mut all: Vec<SignedDuration>) -> Option<Times> {
    all.sort_unstable();
    let longest = *all.last()?;
    // The nearest rank: the smallest time that so many do not exceed.
    let of_100 = |percent: usize| all[(all.len() * percent).div_ceil(100) - 1];
    let late = all.iter().filter(|time| **time > LATE).count();
    Some(Times { half: of_100(50), most: of_100(95), longest, late })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::money::{Money, Unit};

    fn record(key: u32, what: What, amount: &str, currency: &str) -> Record {
        Record {
            key: key.to_string(),
            what,
            received_at: "2026-11-28T00:00:00Z".parse().unwrap(),
            took: None,
            platform: "shopify".to_owned(),
            total: Money::parse(amount, Some(currency), Unit::Major),
            reason: None,
        }
    }

    fn day(records: impl IntoIterator<Item = Record>) -> Day {
        let mut aggregate = Aggregate::default();
        records.into_iter().for_each(|record| aggregate.add(record));
        aggregate.finish()
    }

    fn sums(count: &crate::summary::Count) -> Vec<String> {
        count.sums.sums.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn amounts_are_summed_exactly_for_each_currency() {
        let day = day([
            record(1, What::Created, "0.10", "USD"),
            record(2, What::Created, "0.20", "USD"),
            record(3, What::Created, "1250000", "KRW"),
            record(4, What::Created, "", "USD"),
            record(5, What::Cancelled, "0.10", "USD"),
        ]);
        assert_eq!((day.created.orders, day.created.sums.left_out), (4, 1));
        assert_eq!(sums(&day.created), ["KRW 1,250,000", "USD 0.30"]);
        assert_eq!((day.cancelled.orders, sums(&day.cancelled)), (1, vec!["USD 0.10".to_owned()]));
    }

    #[test]
    fn an_event_that_is_recorded_twice_counts_once() {
        let created = record(1, What::Created, "5", "USD");
        let day = day([created.clone(), created.posted("2026-11-28T01:00:00Z".parse().unwrap())]);
        assert_eq!((day.created.orders, sums(&day.created)), (1, vec!["USD 5.00".to_owned()]));
        assert_eq!(day.times, None);
    }

    #[test]
    fn what_was_never_paid_and_what_is_overdue_are_numbers_of_their_own() {
        let day = day([
            record(1, What::CancelledUnpaid, "5", "USD"),
            record(2, What::Overdue, "5", "USD"),
            record(3, What::Overdue, "5", "USD"),
        ]);
        assert_eq!(day, Day { unpaid: 1, overdue: 2, ..Day::default() });
    }

    #[test]
    fn the_most_frequent_reason_is_first() {
        let cancelled = |key, what, reason| Record {
            reason: OneLine::parse(reason),
            ..record(key, what, "5", "USD")
        };
        let day = day([
            cancelled(1, What::Cancelled, "customer"),
            cancelled(2, What::Cancelled, "inventory"),
            cancelled(3, What::Cancelled, "inventory"),
            cancelled(4, What::Cancelled, ""),
            cancelled(5, What::CancelledUnpaid, "customer"),
            cancelled(6, What::Created, "customer"),
        ]);
        let reasons: Vec<_> =
            day.reasons.iter().map(|reason| (reason.reason.as_str(), reason.orders)).collect();
        assert_eq!(reasons, [("inventory", 2), ("customer", 1)]);
    }

    #[test]
    fn half_and_95_of_100_took_no_longer_than_their_times() {
        let took = |seconds: u32| Record {
            took: Some(SignedDuration::from_secs(seconds.into())),
            ..record(seconds, What::Created, "5", "USD")
        };
        let seconds = SignedDuration::from_secs;
        let of = |records: Vec<Record>| day(records).times.unwrap();
        let hundred =
            Times { half: seconds(50), most: seconds(95), longest: seconds(100), late: 0 };
        assert_eq!(of((1..=100).rev().map(took).collect()), hundred);
        let one = Times { half: seconds(301), most: seconds(301), longest: seconds(301), late: 1 };
        assert_eq!(of(vec![took(301)]), one);
        let two = Times { half: seconds(3), most: seconds(300), longest: seconds(300), late: 0 };
        assert_eq!(of(vec![took(300), took(3)]), two);
    }
}
