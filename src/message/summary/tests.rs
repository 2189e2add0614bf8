use super::*;
use crate::message::tests::texts;
use crate::order::money::{Money, Sums, Unit};
use crate::order::one_line::OneLine;
use crate::summary::tests::summary;
use crate::summary::{Count, Day, Reason};

const LANGUAGES: [Language; 2] = [Language::English, Language::Korean];

fn facts(summary: &Summary) -> Vec<String> {
    Words::of(Language::English).summary_facts(summary)
}

fn headlines(summary: &Summary) -> [String; 2] {
    LANGUAGES.map(|language| Words::of(language).summary_headline(summary))
}

#[track_caller]
fn assert_has(facts: &[String], expected: &str) {
    assert!(facts.iter().any(|fact| fact == expected), "{facts:#?}");
}

#[track_caller]
fn assert_has_none(facts: &[String], start: &str) {
    assert!(!facts.iter().any(|fact| fact.starts_with(start)), "{facts:#?}");
}

#[test]
fn a_day_of_a_busy_shop() {
    let messages =
        LANGUAGES.map(|language| texts(&about(&summary(), language, Remarks::default())));
    insta::assert_snapshot!(messages.join("\n\n=====\n\n"));
}

#[test]
fn a_day_without_orders_is_one_line() {
    let summary = Summary { day: Day::default(), week_before: None, waiting: Some(0), ..summary() };
    for (language, expected) in LANGUAGES
        .into_iter()
        .zip(["📊 Saturday 28 November: no orders", "📊 11월 28일 토요일: 주문 없음"])
    {
        let message = about(&summary, language, Remarks::default());
        assert_eq!(message.text(), expected);
    }
}

#[test]
fn a_day_that_ends_at_another_hour_says_so() {
    let mut summary = summary();
    summary.period.until = Some(22);
    assert_eq!(
        headlines(&summary),
        [
            "📊 Saturday 28 November until 22:00: 132 orders, 4 cancelled",
            "📊 11월 28일 토요일 22시까지: 주문 132건, 취소 4건"
        ]
    );
}

#[test]
fn every_weekday_has_its_name() {
    let mut summary = Summary { day: Day::default(), ..summary() };
    let days = (23..=29).flat_map(|day| {
        summary.period.day = jiff::civil::date(2026, 11, day);
        headlines(&summary)
    });
    insta::assert_snapshot!(days.collect::<Vec<_>>().join("\n"));
}

#[test]
fn one_order_is_one_order() {
    let count = |orders| Count { orders, sums: Sums::default() };
    let day = Day { created: count(1), ..Day::default() };
    let one = Summary { day, week_before: None, waiting: Some(1), ..summary() };
    assert_eq!(headlines(&one)[0], "📊 Saturday 28 November: 1 order, none cancelled");
    assert_eq!(facts(&one), ["New orders: 1", "Waiting in the queue now: 1 message"]);
}

#[test]
fn the_comparison_is_rounded_and_has_a_sign() {
    let on = |orders, before| {
        let mut summary = summary();
        summary.day.created.orders = orders;
        summary.week_before.as_mut().unwrap().created.orders = before;
        let fact = facts(&summary).remove(0);
        let (_, change) = fact.split_once('(').unwrap();
        change.split_once(" on").unwrap().0.to_owned()
    };
    assert_eq!(on(132, 118), "+12 %");
    assert_eq!(on(118, 132), "−11 %");
    assert_eq!(on(200, 200), "±0 %");
    assert_eq!(on(1001, 1000), "±0 %");
    assert_eq!(on(1005, 1000), "+1 %");
    assert_eq!(on(42, 1), "+4,100 %");
}

#[test]
fn without_a_week_before_nothing_is_compared() {
    let facts = facts(&Summary { week_before: None, ..summary() });
    assert_has(&facts, "New orders: 132 · KRW 1,250,000 + USD 3,104.50");
    assert_has_none(&facts, "The Saturday");
}

#[test]
fn amounts_that_are_in_no_sum_are_counted() {
    let mut summary = Summary { week_before: None, ..summary() };
    summary.day.created.sums.left_out = 2;
    assert_has(&facts(&summary), "New orders: 132 · KRW 1,250,000 + USD 3,104.50 (2 not counted)");
}

#[test]
fn of_many_currencies_five_are_shown() {
    let mut summary = Summary { week_before: None, ..summary() };
    let codes = ["CHF", "EUR", "GBP", "JPY", "KRW", "SEK", "USD"];
    let amounts = codes.map(|code| Money::parse("5", Some(code), Unit::Major));
    summary.day.created.sums = amounts.iter().map(Option::as_ref).collect();
    let expected = "New orders: 132 · CHF 5.00 + EUR 5.00 + GBP 5.00 + JPY 5 + KRW 5 and 2 more";
    assert_has(&facts(&summary), expected);
}

#[test]
fn five_reasons_are_shown_and_those_with_the_same_words_are_one() {
    let reason = |platform: &str, reason: &str, orders| Reason {
        platform: platform.to_owned(),
        reason: OneLine::parse(reason).unwrap(),
        orders,
    };
    let mut summary = summary();
    summary.day.cancelled.orders = 20;
    summary.day.reasons = vec![
        reason("shopify", "inventory", 4),
        reason("shopify", "customer", 3),
        reason("generic", "customer", 3),
        reason("generic", "Too slow", 2),
        reason("generic", "AT_STORE", 1),
        reason("generic", "fraud", 1),
        reason("generic", "staff", 1),
    ];
    assert_has(
        &facts(&summary),
        "Reasons: customer request 6, items unavailable 4, Too slow 2, at store 1, fraudulent order \
         1, 6 others",
    );
}

#[test]
fn a_part_of_a_day_says_since_when_it_counts() {
    let since = "2026-11-28T06:00:00Z".parse().ok();
    let facts = facts(&Summary { recorded_since: since, ..summary() });
    assert_has(&facts, "Counted only since 2026-11-28 06:00 UTC");
}

#[test]
fn a_repeat_and_a_late_one_say_so() {
    let remarks = Remarks { repeat: true, ..Remarks::default() };
    let message = about(&summary(), Language::English, remarks);
    assert!(message.text().ends_with(" · This may be a repeat"), "{}", message.text());
}
