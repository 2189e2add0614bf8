//! Every text is read as rules, and every event is decided.

use order_alerts::config::Config;
use order_alerts::order::one_line::OneLine;
use order_alerts::order::{Change, Kind, OrderEvent};
use order_alerts::rules::Rules;
use order_alerts::rules::expectation::Expectations;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::check;
use crate::doors::rules;

fn event() -> impl Strategy<Value = OrderEvent> {
    let kind = select(vec![Kind::Created, Kind::Modified, Kind::Cancelled]);
    let change = option::of(select(Change::ALL.to_vec()));
    let total = option::of(select(vec!["KRW 499999", "KRW 500000", "USD 12.5"]));
    let shop = option::of(select(vec!["kitchen.example", "Tea House"]));
    let values = (kind, change, total, shop, option::of(any::<bool>()), any::<bool>());
    values.prop_map(|(kind, change, total, shop, paid, is_test)| OrderEvent {
        shop: shop.and_then(OneLine::parse),
        total: total.and_then(|total| total.parse().ok()),
        status: shop.and_then(OneLine::parse),
        paid,
        is_test,
        ..rules::event(kind, change)
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
fn any_text_becomes_rules_and_expectations_that_decide_any_event() {
    let text = prop_oneof![words(), any::<String>(), "[a-z;>#\"'\n ,-]{0,200}"];
    check((text, event()), |(text, event)| {
        rules::enter(text.as_bytes());
        rules::decide(&Rules::parse(&text).0, &Expectations::parse(&text).0, &event);
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
