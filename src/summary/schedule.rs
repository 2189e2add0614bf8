//! When a summary is due, and of which time. Pure.

use std::ops::RangeInclusive;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Each day at this hour in this time zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    hour: Hour,
    zone: TimeZone,
}

/// An hour of the day, from 0 to 23.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour(i8);

/// The time from one summary's hour to the next: a day, of 23 or 25 hours when the clocks change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// What people there call it.
    pub day: Date,
    /// The hour of `day` at which it ends; `None` if it is the whole day.
    pub until: Option<i8>,
    pub began: Timestamp,
    /// The first moment after it.
    pub ended: Timestamp,
}

impl Hour {
    pub fn new(hour: i8) -> Option<Self> {
        (0..=23).contains(&hour).then_some(Self(hour))
    }
}

impl Schedule {
    pub fn new(hour: Hour, zone: TimeZone) -> Self {
        Self { hour, zone }
    }

    /// The last period that is over.
    pub fn last(&self, now: Timestamp) -> Period {
        let today = self.date(now);
        let period = self.ending(today);
        if period.ended <= now { period } else { self.ending(days_before(today, 1)) }
    }

    /// The same period a week before.
    pub fn week_before(&self, period: &Period) -> Period {
        self.ending(days_before(self.date(period.ended), 7))
    }

    fn ending(&self, date: Date) -> Period {
        let day_before = days_before(date, 1);
        let is_whole_day = self.hour.0 == 0;
        Period {
            day: if is_whole_day { day_before } else { date },
            until: (!is_whole_day).then_some(self.hour.0),
            began: self.at_hour(day_before),
            ended: self.at_hour(date),
        }
    }

    fn date(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// An hour that the clocks skip is the one after it; of one that they repeat, the first counts.
    fn at_hour(&self, date: Date) -> Timestamp {
        let hour: DateTime = date.at(self.hour.0, 0, 0, 0);
        self.zone.to_timestamp(hour).unwrap_or(Timestamp::MAX)
    }
}

impl Period {
    pub fn has(&self, at: Timestamp) -> bool {
        (self.began..self.ended).contains(&at)
    }

    /// The hours, counted since 1970, of which it has a part.
    pub fn hours(&self) -> RangeInclusive<i64> {
        hour_of(self.began)..=hour_of(self.ended - SignedDuration::from_nanos(1))
    }
}

/// The hour of a moment, counted since 1970.
pub fn hour_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(3600)
}

fn days_before(date: Date, days: i64) -> Date {
    date.saturating_sub(Span::new().days(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(hour: i8, zone: &str) -> Schedule {
        Schedule::new(Hour::new(hour).unwrap(), TimeZone::get(zone).unwrap())
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The last period, as its name and its two ends.
    fn last(schedule: &Schedule, now: &str) -> (String, Option<i8>, String, String) {
        let Period { day, until, began, ended } = schedule.last(at(now));
        (day.to_string(), until, began.to_string(), ended.to_string())
    }

    #[track_caller]
    fn assert_last(schedule: &Schedule, now: &str, expected: (&str, Option<i8>, &str, &str)) {
        let (day, until, began, ended) = expected;
        let expected = (day.to_owned(), until, began.to_owned(), ended.to_owned());
        assert_eq!(last(schedule, now), expected);
    }

    #[test]
    fn at_midnight_it_is_the_day_before() {
        let day = ("2026-11-28", None, "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z");
        let schedule = schedule(0, "UTC");
        assert_last(&schedule, "2026-11-29T00:00:00Z", day);
        assert_last(&schedule, "2026-11-29T23:59:59Z", day);
    }

    #[test]
    fn at_another_hour_it_is_the_day_up_to_that_hour() {
        let schedule = schedule(22, "Asia/Seoul");
        let day = ("2026-11-28", Some(22), "2026-11-27T13:00:00Z", "2026-11-28T13:00:00Z");
        assert_last(&schedule, "2026-11-28T13:00:00Z", day);
        assert_last(&schedule, "2026-11-29T12:59:59Z", day);
    }

    #[test]
    fn when_the_clocks_change_a_day_is_shorter_or_longer() {
        let schedule = schedule(0, "Europe/Berlin");
        let spring = ("2026-03-29", None, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
        assert_last(&schedule, "2026-03-30T00:00:00Z", spring);
        let autumn = ("2026-10-25", None, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
        assert_last(&schedule, "2026-10-26T00:00:00Z", autumn);
        assert_eq!(schedule.last(at("2026-03-30T00:00:00Z")).hours().count(), 23);
        assert_eq!(schedule.last(at("2026-10-26T00:00:00Z")).hours().count(), 25);
    }

    #[test]
    fn the_week_before_is_the_same_day_by_the_clocks_there() {
        let schedule = schedule(0, "Europe/Berlin");
        let period = schedule.last(at("2026-03-31T00:00:00Z"));
        assert_eq!(period.began, at("2026-03-29T22:00:00Z"));
        let before = schedule.week_before(&period);
        assert_eq!(
            (before.began, before.ended),
            (at("2026-03-22T23:00:00Z"), at("2026-03-23T23:00:00Z"))
        );
        assert_eq!(before.day.weekday(), period.day.weekday());
    }

    #[test]
    fn a_skipped_hour_is_the_next_one() {
        let schedule = schedule(2, "Europe/Berlin");
        let spring = ("2026-03-29", Some(2), "2026-03-28T01:00:00Z", "2026-03-29T01:00:00Z");
        assert_last(&schedule, "2026-03-29T12:00:00Z", spring);
    }

    #[test]
    fn a_zone_need_not_be_whole_hours_off() {
        let period = schedule(0, "Asia/Kolkata").last(at("2026-11-29T00:00:00Z"));
        assert_eq!(period.began, at("2026-11-27T18:30:00Z"));
        assert!(!period.has(at("2026-11-27T18:29:59Z")) && period.has(at("2026-11-27T18:30:00Z")));
        assert!(period.has(at("2026-11-28T18:29:59Z")) && !period.has(at("2026-11-28T18:30:00Z")));
        assert_eq!(period.hours().count(), 25, "the first and the last only in part");
    }
}
