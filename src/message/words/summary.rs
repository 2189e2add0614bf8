//! The words that sum up a day.

use jiff::SignedDuration;
use jiff::civil::{Date, Weekday};

use crate::message::words::{MAX_NAME_CHARS, Words, counted, shortened};
use crate::order::money::Sums;
use crate::summary::aggregate::LATE;
use crate::summary::schedule::Period;
use crate::summary::{Day, Reason, Summary, Times};

/// More would be a list to study.
const SHOWN_REASONS: usize = 5;
const SHOWN_CURRENCIES: usize = 5;

impl Words {
    /// Which day, how many orders, and how many cancellations.
    pub(in crate::message) fn summary_headline(self, summary: &Summary) -> String {
        let Day { created, cancelled, .. } = &summary.day;
        let counts = match (created.orders, cancelled.orders) {
            (0, 0) => self.choose("no orders", "주문 없음").to_owned(),
            (created, cancelled) => self.orders_and_cancelled(created, cancelled),
        };
        format!("📊 {}: {counts}", self.period(&summary.period))
    }

    /// What else is known, most important first.
    pub(in crate::message) fn summary_facts(self, summary: &Summary) -> Vec<String> {
        let Summary { day, week_before, .. } = summary;
        let weekday = summary.period.day.weekday();
        let facts = [
            self.new_orders(day, week_before.as_ref(), weekday),
            week_before.as_ref().map(|before| self.before(before, weekday)),
            self.all_cancelled(day),
            self.reasons(day),
            self.counted_line(("Cancelled, never paid", "미결제 주문 취소"), day.unpaid),
            self.counted_line(("Steps overdue", "처리 지연"), day.overdue),
            day.times.as_ref().map(|times| self.times(times)),
            summary.waiting.filter(|count| *count > 0).map(|count| self.waiting(count)),
            summary.recorded_since.map(|since| {
                let since = self.plain_time(since);
                self.choose(format!("Counted only since {since}"), format!("{since}부터만 집계함"))
            }),
        ];
        facts.into_iter().flatten().collect()
    }

    fn period(self, Period { day, until, .. }: &Period) -> String {
        let date = self.date(*day);
        match until {
            None => date,
            Some(hour) => {
                self.choose(format!("{date} until {hour}:00"), format!("{date} {hour}시까지"))
            }
        }
    }

    fn date(self, date: Date) -> String {
        let weekday = self.weekday(date.weekday());
        let (month, day) = (date.month(), date.day());
        self.choose(
            format!("{weekday} {}", date.strftime("%-d %B")),
            format!("{month}월 {day}일 {weekday}"),
        )
    }

    fn weekday(self, weekday: Weekday) -> &'static str {
        match weekday {
            Weekday::Monday => self.choose("Monday", "월요일"),
            Weekday::Tuesday => self.choose("Tuesday", "화요일"),
            Weekday::Wednesday => self.choose("Wednesday", "수요일"),
            Weekday::Thursday => self.choose("Thursday", "목요일"),
            Weekday::Friday => self.choose("Friday", "금요일"),
            Weekday::Saturday => self.choose("Saturday", "토요일"),
            Weekday::Sunday => self.choose("Sunday", "일요일"),
        }
    }

    fn orders_and_cancelled(self, created: usize, cancelled: usize) -> String {
        let orders = counted(&grouped(created), "order");
        let cancelled_orders = match cancelled {
            0 => "none cancelled".to_owned(),
            cancelled => format!("{} cancelled", grouped(cancelled)),
        };
        self.choose(
            format!("{orders}, {cancelled_orders}"),
            format!("주문 {}건, 취소 {}건", grouped(created), grouped(cancelled)),
        )
    }

    fn new_orders(self, day: &Day, before: Option<&Day>, weekday: Weekday) -> Option<String> {
        let orders = day.created.orders;
        if orders == 0 {
            return None;
        }
        let weekday = self.weekday(weekday);
        let change = before.map(|before| {
            let change = change_in_percent(orders, before.created.orders);
            self.choose(
                format!(" ({change} % on the {weekday} before)"),
                format!(" (지난주 {weekday} 대비 {change}%)"),
            )
        });
        let label = self.choose("New orders", "신규 주문");
        let change = change.unwrap_or_default();
        Some(format!("{label}: {}{change}{}", self.number(orders), self.sums(&day.created.sums)))
    }

    fn before(self, before: &Day, weekday: Weekday) -> String {
        let weekday = self.weekday(weekday);
        let label = self.choose(format!("The {weekday} before"), format!("지난주 {weekday}"));
        let Day { created, cancelled, .. } = before;
        let counts = self.orders_and_cancelled(created.orders, cancelled.orders);
        format!("{label}: {counts}{}", self.sums(&created.sums))
    }

    fn all_cancelled(self, day: &Day) -> Option<String> {
        let cancelled = day.cancelled.orders;
        if cancelled == 0 {
            return None;
        }
        let share = (day.created.orders > 0).then(|| {
            let share = share_in_percent(cancelled, day.created.orders);
            self.choose(
                format!(" ({share} % of the new orders)"),
                format!(" (신규 주문의 {share}%)"),
            )
        });
        let label = self.choose("Cancelled", "취소");
        let share = share.unwrap_or_default();
        let sums = self.sums(&day.cancelled.sums);
        Some(format!("{label}: {}{share}{sums}", self.number(cancelled)))
    }

    /// The most frequent reasons. Cancellations with any other, or with none, are a number at the end.
    fn reasons(self, day: &Day) -> Option<String> {
        // Codes of several platforms may have the same words.
        let mut reasons = Vec::<(String, usize)>::new();
        for Reason { platform, reason, orders } in &day.reasons {
            let words = self.reason_of(platform, reason);
            match reasons.iter_mut().find(|(known, _)| *known == words) {
                Some((_, count)) => *count += orders,
                None => reasons.push((words, *orders)),
            }
        }
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        reasons.truncate(SHOWN_REASONS);
        let shown: usize = reasons.iter().map(|(_, count)| count).sum();
        let reasons = reasons.iter().map(|(words, count)| {
            format!("{} {}", shortened(words, MAX_NAME_CHARS), self.number(*count))
        });
        let reasons = reasons.collect::<Vec<_>>().join(", ");
        if reasons.is_empty() {
            return None;
        }
        let label = self.choose("Reasons", "취소 사유");
        let others = match day.cancelled.orders.saturating_sub(shown) {
            0 => String::new(),
            others => format!(", {}", self.others(others)),
        };
        Some(format!("{label}: {reasons}{others}"))
    }

    fn others(self, count: usize) -> String {
        let number = grouped(count);
        self.choose(counted(&number, "other"), format!("그 밖에 {number}건"))
    }

    fn counted_line(self, (english, korean): (&str, &str), count: usize) -> Option<String> {
        let label = self.choose(english, korean);
        (count > 0).then(|| format!("{label}: {}", self.number(count)))
    }

    fn times(self, Times { half, most, longest, late }: &Times) -> String {
        let [half, most, longest] = [half, most, longest].map(|time| self.in_seconds(*time));
        let times = self.choose(
            format!(
                "Messages took {half} (half of them), {most} (95 of 100), {longest} (the slowest)"
            ),
            format!("알림까지 걸린 시간: 절반은 {half} 이내, 95%는 {most} 이내, 최대 {longest}"),
        );
        let limit = self.lasting(LATE);
        match late {
            0 => times,
            late => self.choose(
                format!("{times}; {} took more than {limit}", grouped(*late)),
                format!("{times}; {limit} 초과 {}건", grouped(*late)),
            ),
        }
    }

    /// In whole seconds, rounded up.
    fn in_seconds(self, time: SignedDuration) -> String {
        let seconds = time.as_secs() + i64::from(time.subsec_nanos() > 0);
        self.lasting(SignedDuration::from_secs(seconds.max(1)))
    }

    fn waiting(self, count: u64) -> String {
        let messages = counted(&count.to_string(), "message");
        self.choose(
            format!("Waiting in the queue now: {messages}"),
            format!("지금 대기열에 있는 메시지: {count}건"),
        )
    }

    /// What stands behind the count whose sums they are.
    fn sums(self, Sums { sums, left_out }: &Sums) -> String {
        if sums.is_empty() {
            return String::new();
        }
        let shown: Vec<_> = sums.iter().take(SHOWN_CURRENCIES).map(|sum| self.money(sum)).collect();
        let more = match sums.len() - shown.len() {
            0 => String::new(),
            more => format!(" {}", self.and_more(more)),
        };
        let left_out = match left_out {
            0 => String::new(),
            left_out => format!(" ({})", self.not_counted(*left_out)),
        };
        format!(" · {}{more}{left_out}", shown.join(" + "))
    }

    fn number(self, count: usize) -> String {
        self.choose(grouped(count), format!("{}건", grouped(count)))
    }
}

/// `+12`, `-3` or `±0`, rounded half away from zero.
fn change_in_percent(now: usize, before: usize) -> String {
    let change = now.abs_diff(before) * 100;
    let percent = (change + before / 2) / before;
    let sign = match (percent, now > before) {
        (0, _) => "±",
        (_, true) => "+",
        (_, false) => "−",
    };
    format!("{sign}{}", grouped(percent))
}

/// With one decimal, rounded half up.
fn share_in_percent(part: usize, whole: usize) -> String {
    let tenths = (part * 1000 + whole / 2) / whole;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// The digits in groups of three.
fn grouped(count: usize) -> String {
    crate::order::money::grouped(&count.to_string())
}
