//! Every text is read as rules, and every event is decided.

use order_alerts::config::Config;
use order_alerts::order::one_line::OneLine;
use order_alerts::order::{Change, Kind, OrderEvent};
use order_alerts::rules::{ChannelName, Line, Rules};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::{check, now};

fn event() -> impl Strategy<Value = OrderEvent> {
    let kind = select(vec![Kind::Created, Kind::Modified, Kind::Cancelled]);
    let change = option::of(select(Change::ALL.to_vec()));
    let total = option::of(select(vec!["KRW 499999", "KRW 500000", "USD 12.5"]));
    let shop = option::of(select(vec!["kitchen.example", "Tea House"]));
    let values = (kind, change, total, shop, option::of(any::<bool>()), any::<bool>());
    values.prop_map(|(kind, change, total, shop, paid, is_test)| OrderEvent {
        platform: "shopify".to_owned(),
        platform_name: "Shopify".to_owned(),
        kind,
        change,
        is_draft: false,
        id: None,
        number: None,
        shop: shop.and_then(OneLine::parse),
        total: total.and_then(|total| total.parse().ok()),
        reason: None,
        status: shop.and_then(OneLine::parse),
        paid,
        customer: None,
        items: Vec::new(),
        more_items: 0,
        link: None,
        more_orders: 0,
        due_at: None,
        occurred_at: None,
        received_at: now(),
        is_test,
        is_test_by_header: false,
        reopens: false,
        delivery_id: None,
        body_hash: String::new(),
        overdue: None,
    })
}

/// Words of rules and others, in any order: some lines are readable.
fn words() -> impl Strategy<Value = String> {
    const WORDS: [&str; 48] = [
        "created",
        "modified",
        "cancelled",
        "any",
        "paid",
        "refunded",
        "unpaid",
        "test",
        "from",
        "under",
        "KRW",
        "KRW:500000",
        "500000",
        "USD 12.50",
        "1,5",
        "platform",
        "shopify",
        "shop",
        "kitchen.example",
        "\"Tea House\"",
        "'",
        "\"",
        "“",
        "”",
        "status",
        "->",
        "→",
        "=>",
        "-> each",
        "-> off",
        "each",
        "digest",
        "off",
        "mention",
        "here",
        "nobody",
        "user:U012AB3CD",
        "to",
        "kitchen",
        "orders",
        ",",
        "#",
        ";",
        "\n",
        "\r\n",
        "\u{FEFF}",
        "환불",
        "é",
    ];
    vec(select(WORDS.to_vec()), 0..60).prop_map(|words| words.join(" "))
}

#[test]
fn any_text_becomes_rules_that_decide_any_event() {
    let text = prop_oneof![words(), any::<String>(), "[a-z;>#\"'\n ,-]{0,200}"];
    check((text, event()), |(text, event)| {
        let (rules, unreadable) = Rules::parse(&text);
        let numbers: Vec<_> = rules.lines().map(Line::number).collect();
        prop_assert!(numbers.is_sorted_by(|a, b| a < b));
        prop_assert!(unreadable.iter().all(|rule| !numbers.contains(&rule.line)));
        for rule in &unreadable {
            let sentence = rule.to_string();
            prop_assert!(sentence.starts_with(&format!("line {}: ", rule.line)), "{sentence}");
            prop_assert!(rule.word.chars().count() <= 40 && sentence.chars().count() < 400);
            prop_assert!(!sentence.contains(char::is_control), "{sentence}");
        }
        for finding in rules.findings() {
            prop_assert!(numbers.contains(&finding.line) && !finding.to_string().is_empty());
        }
        let said = rules.decide(&event);
        let channels: Vec<_> = rules.channels().collect();
        prop_assert!(
            channels.iter().all(|name| ChannelName::parse(name.as_str()).as_ref() == Some(name))
        );
        if let Some(channel) = said.channel {
            prop_assert!(channel.value.is_orders() || channels.contains(&channel.value));
            prop_assert!(numbers.contains(&channel.line));
        }
        let again = rules.lines().map(Line::text).collect::<Vec<_>>().join("\n");
        let (same, none) = Rules::parse(&again);
        prop_assert_eq!((same.lines().count(), none), (numbers.len(), vec![]));
        Ok(())
    });
}

#[test]
fn every_line_is_read_or_unreadable_or_blank() {
    let line =
        select(vec!["", "  ", "# paid -> off", "paid -> off", "paid off", "-> each", "x -> y"]);
    let lines = vec((line, select(vec!["\n", "\r\n", ";"])), 0..130);
    check(lines, |lines| {
        let text: String = lines.iter().flat_map(|(line, end)| [*line, *end]).collect();
        let is_blank = |line: &str| line.trim().is_empty() || line.starts_with('#');
        let blank = lines.iter().filter(|(line, _)| is_blank(line)).count();
        let (rules, unreadable) = Rules::parse(&text);
        let read = rules.lines().count();
        prop_assert_eq!(read + unreadable.len() + blank, lines.len(), "{}", text);
        prop_assert!(rules.lines().count() <= Rules::MAX_RULES);
        Ok(())
    });
}

#[test]
fn without_rules_the_settings_alone_decide() {
    let required = |name: &str| match name {
        "SECRET_ID" => Some("order-alerts".to_owned()),
        "DELIVERY" => Some("direct".to_owned()),
        _ => None,
    };
    let config = Config::from_env(required).unwrap();
    check(event(), |event| {
        let decision = config.decide(&event);
        prop_assert_eq!(decision.mode, config.show.mode(event.kind));
        prop_assert_eq!((decision.mention, decision.channel), (None, None));
        Ok(())
    });
}
