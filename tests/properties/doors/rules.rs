//! A text as `RULES`, and as `EXPECT`.

use std::sync::LazyLock;

use order_alerts::config::Config;
use order_alerts::order::OrderEvent;
use order_alerts::order::one_line::OneLine;
use order_alerts::order::{Change, Kind};
use order_alerts::rules::expectation::{Expectation, Expectations};
use order_alerts::rules::{ChannelName, Line, Rules, UnreadableRule};

use super::now;

static EVENTS: LazyLock<Vec<OrderEvent>> = LazyLock::new(events);

/// It is read, and decides each of a few events.
pub(crate) fn enter(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    are_read(&text);
    let (rules, expectations) = (Rules::parse(&text).0, Expectations::parse(&text).0);
    let config = config(&text);
    for event in EVENTS.iter() {
        decide(&rules, &expectations, event);
        let decision = config.decide(event);
        if let Some(channel) = decision.channel {
            assert_eq!(ChannelName::parse(channel.as_str()).as_ref(), Some(channel));
        }
    }
}

/// Lines that are read have a number, and so have the others, with a sentence.
fn are_read(text: &str) {
    let (rules, unreadable) = Rules::parse(text);
    let numbers: Vec<_> = rules.lines().map(Line::number).collect();
    have_sentences(&numbers, &unreadable);
    for finding in rules.findings() {
        assert!(numbers.contains(&finding.line) && !finding.to_string().is_empty());
    }
    let again = rules.lines().map(Line::text).collect::<Vec<_>>().join("\n");
    let (same, none) = Rules::parse(&again);
    assert_eq!((same.lines().count(), none), (numbers.len(), vec![]));

    let (expectations, unreadable) = Expectations::parse(text);
    let numbers: Vec<_> = expectations.lines().map(Expectation::number).collect();
    have_sentences(&numbers, &unreadable);
    for line in expectations.lines() {
        assert!((60..=7 * 24 * 3600).contains(&line.within().as_secs()));
        assert!(!line.steps().is_empty());
        assert_eq!(expectations.find(line.id()).map(Expectation::id), Some(line.id()));
    }
    let again = expectations.lines().map(Expectation::text).collect::<Vec<_>>().join("\n");
    let (same, none) = Expectations::parse(&again);
    assert_eq!((same.lines().count(), none), (numbers.len(), vec![]));
}

fn have_sentences(numbers: &[usize], unreadable: &[UnreadableRule]) {
    assert!(numbers.is_sorted_by(|a, b| a < b) && numbers.len() <= Rules::MAX_RULES);
    for rule in unreadable {
        let sentence = rule.to_string();
        assert!(!numbers.contains(&rule.line));
        assert!(sentence.starts_with(&format!("line {}: ", rule.line)), "{sentence}");
        assert!(rule.word.chars().count() <= 40 && sentence.chars().count() < 400);
        assert!(!sentence.contains(char::is_control), "{sentence}");
    }
}

/// What is said of an event comes from a line that was read.
pub(crate) fn decide(rules: &Rules, expectations: &Expectations, event: &OrderEvent) {
    if let Some(channel) = rules.decide(event).channel {
        assert!(channel.value.is_orders() || rules.channels().any(|name| name == channel.value));
        assert!(rules.lines().any(|line| line.number() == channel.line));
    }
    let concern = expectations.concern(event);
    for line in expectations.lines() {
        assert!(concern || !line.begins(event) && !line.is_met_by(event));
    }
}

/// The function starts with the text as both settings.
fn config(text: &str) -> Config {
    let variable = |name: &str| match name {
        "SECRET_ID" | "EXPECT_TABLE" => Some("order-alerts".to_owned()),
        "QUEUE_URL" | "DEAD_LETTER_QUEUE_URL" => {
            Some("https://sqs.us-east-1.amazonaws.com/123456789012/orders".to_owned())
        }
        "RULES" | "EXPECT" => Some(text.to_owned()),
        _ => None,
    };
    let config = Config::from_env(variable).expect("no text is an error");
    assert!(config.unreadable.is_empty());
    config
}

/// One of each kind and change, and with what a condition may ask for.
fn events() -> Vec<OrderEvent> {
    let kinds = [Kind::Created, Kind::Modified, Kind::Cancelled, Kind::Overdue];
    let plain = kinds.map(|kind| event(kind, None));
    let changed = Change::ALL.map(|change| {
        let kind = if change.is_of_cancellation() { Kind::Cancelled } else { Kind::Modified };
        event(kind, Some(change))
    });
    let full = OrderEvent {
        shop: OneLine::parse("Tea House"),
        status: OneLine::parse("on-hold"),
        total: "KRW 500000".parse().ok(),
        paid: Some(true),
        is_test: true,
        ..event(Kind::Cancelled, None)
    };
    plain.into_iter().chain(changed).chain([full]).collect()
}

/// Nothing else is known of it.
pub(crate) fn event(kind: Kind, change: Option<Change>) -> OrderEvent {
    OrderEvent {
        platform: "shopify".to_owned(),
        platform_name: "Shopify".to_owned(),
        kind,
        change,
        is_draft: false,
        id: None,
        number: None,
        shop: None,
        total: None,
        reason: None,
        status: None,
        paid: None,
        customer: None,
        items: Vec::new(),
        more_items: 0,
        link: None,
        more_orders: 0,
        due_at: None,
        occurred_at: None,
        received_at: now(),
        is_test: false,
        is_test_by_header: false,
        reopens: false,
        delivery_id: None,
        body_hash: String::new(),
        overdue: None,
    }
}
