use jiff::SignedDuration;

use super::*;
use crate::config::{Language, Mention, MentionRule};
use crate::message::tests::{event, texts};
use crate::order::Change;
use crate::order::money::{Money, Unit};
use crate::rules::Rules;
use crate::slack::block_kit::MAX_TEXT_UNITS;

const ENGLISH: Style = Style::of(Language::English);
const KOREAN: Style = Style::of(Language::Korean);

fn order(number: &str, kind: Kind) -> OrderEvent {
    OrderEvent { kind, number: OneLine::parse(number), reason: None, ..event() }
}

fn money(amount: &str, currency: &str) -> Option<Money> {
    Money::parse(amount, Some(currency), Unit::Major)
}

/// One of everything.
fn mixed() -> Vec<(OrderEvent, Remarks)> {
    let changed = Remarks { changed_payload: true, ..Remarks::default() };
    let late = Remarks { delay: Some(SignedDuration::from_mins(95)), ..Remarks::default() };
    let repeat = Remarks { repeat: true, ..Remarks::default() };
    let created = |number| order(number, Kind::Created);
    let modified = |number| order(number, Kind::Modified);
    let orders = [
        (OrderEvent { reason: OneLine::parse("fraud"), ..order("#1001", Kind::Cancelled) }, repeat),
        (OrderEvent { total: money("19.90", "USD"), ..order("#1002", Kind::Cancelled) }, late),
        (
            OrderEvent {
                reason: OneLine::parse(&"We *never* ordered <this> & that. ".repeat(9)),
                total: money("1,234.50", "USD"),
                ..order("#1003", Kind::Cancelled)
            },
            Remarks::default(),
        ),
        (created("#1004"), Remarks::default()),
        (OrderEvent { is_test: true, ..created("#1005") }, Remarks::default()),
        (OrderEvent { number: None, id: None, total: None, ..created("") }, Remarks::default()),
        (OrderEvent { change: Some(Change::Paid), ..modified("#1006") }, changed),
        (
            OrderEvent {
                status: OneLine::parse("on-hold"),
                shop: OneLine::parse("https://coffee.example/"),
                platform_name: "WooCommerce".to_owned(),
                occurred_at: "2026-01-01T00:40:00Z".parse().ok(),
                ..modified("731")
            },
            Remarks::default(),
        ),
        (
            OrderEvent { change: Some(Change::Reopened), shop: None, ..modified("#1007") },
            Remarks::default(),
        ),
    ];
    orders.into()
}

fn entries(orders: &[(OrderEvent, Remarks)]) -> Vec<Entry<'_>> {
    orders.iter().map(|(event, remarks)| (event, *remarks)).collect()
}

/// A digest of events without remarks.
fn digest(events: &[OrderEvent], style: &Style) -> Message {
    about(&bare(events), 0, style)
}

fn bare(events: &[OrderEvent]) -> Vec<Entry<'_>> {
    events.iter().map(|event| (event, Remarks::default())).collect()
}

fn header(events: &[OrderEvent], style: &Style) -> String {
    digest(events, style).blocks()[0].text().to_owned()
}

#[test]
fn a_mixed_digest_in_english() {
    insta::assert_snapshot!(texts(&about(&entries(&mixed()), 0, &ENGLISH)));
}

#[test]
fn a_mixed_digest_in_korean() {
    insta::assert_snapshot!(texts(&about(&entries(&mixed()), 2, &KOREAN)));
}

#[test]
fn a_digest_over_the_wire() {
    insta::assert_json_snapshot!(about(&entries(&mixed()), 0, &ENGLISH));
}

/// Pictures in the documentation show it.
#[test]
fn a_busy_minute_over_the_wire() {
    let priced =
        |number, kind, amount| OrderEvent { total: money(amount, "KRW"), ..order(number, kind) };
    let orders = [
        OrderEvent {
            reason: OneLine::parse("inventory"),
            ..priced("#1042", Kind::Cancelled, "86000")
        },
        priced("#1043", Kind::Cancelled, "41000"),
        priced("#1044", Kind::Created, "128000"),
        priced("#1045", Kind::Created, "23500"),
        priced("#1046", Kind::Created, "64000"),
        OrderEvent { change: Some(Change::Paid), ..priced("#1039", Kind::Modified, "52000") },
    ];
    insta::assert_json_snapshot!([ENGLISH, KOREAN].map(|style| digest(&orders, &style)));
}

#[test]
fn orders_of_one_kind_and_one_shop_need_fewer_words() {
    let orders = ["#1", "#2", "#3", "#4"].map(|number| order(number, Kind::Cancelled));
    insta::assert_snapshot!(
        [ENGLISH, KOREAN].map(|style| texts(&digest(&orders, &style))).join("\n\n")
    );
}

#[test]
fn a_header_counts_by_kind() {
    let two = |kind| [order("#1", kind), order("#2", kind)];
    assert_eq!(header(&two(Kind::Cancelled), &ENGLISH), "🚫 2 orders cancelled");
    assert_eq!(header(&two(Kind::Created), &ENGLISH), "🛒 2 new orders");
    assert_eq!(header(&two(Kind::Modified), &ENGLISH), "✏️ 2 orders changed");
    assert_eq!(header(&two(Kind::Cancelled), &KOREAN), "🚫 주문 취소 2건");
    assert_eq!(header(&two(Kind::Created), &KOREAN), "🛒 신규 주문 2건");
    assert_eq!(header(&two(Kind::Modified), &KOREAN), "✏️ 주문 변경 2건");
    let tests = two(Kind::Created).map(|order| OrderEvent { is_test: true, ..order });
    assert_eq!(header(&tests, &ENGLISH), "🧪 TEST · 🛒 2 new orders");
}

#[test]
fn there_is_no_sum_without_an_amount() {
    let unreadable = OrderEvent { total: money("1,5", "USD"), ..order("#1", Kind::Created) };
    let message = digest(&[unreadable.clone(), unreadable], &ENGLISH);
    assert!(!texts(&message).contains("total"), "{}", texts(&message));
}

#[test]
fn many_sums_are_shown_in_part_and_counted() {
    let currency = |n: usize| format!("{}{n}", "&".repeat(20));
    let orders: Vec<_> = (0..20)
        .map(|n| OrderEvent { total: money("1", &currency(n)), ..order("#1", Kind::Created) })
        .collect();
    let message = digest(&orders, &ENGLISH);
    let sums = message.blocks()[1].text().lines().next().unwrap();
    let shown = sums.matches(" + ").count() + 1;
    assert!(sums.ends_with(&format!(" 1 and {} more", 20 - shown)), "{sums}");
    assert!((500..=MAX_SUM_UNITS).contains(&sums.len()), "{}", sums.len());
}

#[test]
fn a_text_names_as_many_orders_as_fit_and_counts_the_rest() {
    for (style, before, after) in [(&ENGLISH, " and ", " more"), (&KOREAN, " 외 ", "건")] {
        let orders: Vec<_> =
            (0..300).map(|n| order(&format!("#<{n:020}>"), Kind::Cancelled)).collect();
        let message = digest(&orders, style);
        let text = message.text();
        let units = text.encode_utf16().count();
        assert!((MAX_TEXT_UNITS - 60..=MAX_TEXT_UNITS).contains(&units), "{units}");
        let (start, rest) = text.rsplit_once(before).unwrap();
        assert!(start.ends_with("&gt;"), "{start}");
        let named = start.matches("#&lt;").count();
        assert_eq!(rest, format!("{}{after}", 300 - named));
    }
}

#[test]
fn a_name_is_as_short_as_in_a_single_message() {
    let long = order(&"주".repeat(100), Kind::Created);
    let message = digest(&[long, order("#2", Kind::Created)], &ENGLISH);
    let name = format!("{}…", "주".repeat(60));
    assert!(message.text().contains(&format!(" · {name}, #2")), "{}", message.text());
    assert!(
        texts(&message).contains(&format!("\n{name} · KRW 1,250,000\n")),
        "{}",
        texts(&message)
    );
}

#[test]
fn the_worst_two_orders_fit() {
    let nasty = || OneLine::parse(&"&".repeat(300));
    let worst = |kind, shop: &str| OrderEvent {
        number: nasty(),
        reason: nasty(),
        status: nasty(),
        total: Money::parse(&"1&".repeat(150), Some(&"&".repeat(300)), Unit::Major),
        shop: OneLine::parse(&(shop.to_owned() + &"&".repeat(299))),
        platform_name: "&".repeat(300),
        is_test: true,
        ..order("", kind)
    };
    let changed = Remarks { changed_payload: true, repeat: true, ..Remarks::default() };
    for (kind, other) in [(Kind::Cancelled, Kind::Created), (Kind::Modified, Kind::Modified)] {
        for shop in ["a", "b"] {
            let (one, two) = (worst(kind, "a"), worst(other, shop));
            let orders = [(&one, changed), (&two, changed)];
            assert!(fits(&orders, &ENGLISH) && fits(&orders, &KOREAN));
            let message = about(&orders, 0, &ENGLISH);
            let lines = texts(&message);
            // At the end of each line, in the footer and in the text.
            assert_eq!(lines.matches("resent with different content").count(), 4);
            let longest = message.blocks().iter().map(|block| block.text().len()).max();
            assert!(longest < Some(2_950), "{longest:?}");
        }
    }
}

#[test]
fn the_sums_give_way_to_the_orders() {
    let currency = |n: usize| "C".repeat(n % 30 + 1);
    let orders: Vec<_> = (0..1_000)
        .map(|n| OrderEvent {
            total: money("5", &currency(n)),
            ..order(&format!("<{n:03}>"), Kind::Created)
        })
        .collect();
    let too_many = (2..orders.len()).find(|n| !fits(&bare(&orders[..*n]), &ENGLISH)).unwrap();
    let with_sums = texts(&digest(&orders[..too_many - 1], &ENGLISH));
    assert!(with_sums.contains("total: "));
    let message = digest(&orders[..too_many], &ENGLISH);
    let lines = texts(&message);
    assert!(message.is_whole());
    assert!(!lines.contains("total: "));
    assert!(lines.contains(&format!("\n&lt;{:03}&gt; · ", too_many - 1)));
}

#[test]
fn people_are_mentioned_once_if_any_cancellation_asks_for_it() {
    let above = Some("KRW 1250000".parse().unwrap());
    let mention = Some(MentionRule { mention: Mention::Here, above });
    let style = Style { mention, ..ENGLISH };
    let mentions = |events: &[OrderEvent]| {
        let message = digest(events, &style);
        message.blocks().iter().filter(|block| block.text() == "<!here>").count()
    };
    let large = order("#1", Kind::Cancelled);
    let small = OrderEvent { total: money("600000", "KRW"), ..large.clone() };
    let test = OrderEvent { is_test: true, ..large.clone() };
    let created = order("#2", Kind::Created);
    assert_eq!(mentions(&[large.clone(), small.clone(), large]), 1);
    // Their sum is large, but none of them is.
    assert_eq!(mentions(&[small.clone(), small, test, created]), 0);
}

#[test]
fn all_whom_the_orders_mention_are_mentioned_once() {
    let rules = "cancelled from KRW 1000000 -> mention group:S1; cancelled -> mention here; \
                 created -> mention nobody";
    let style = Style { rules: Rules::parse(rules).0, ..ENGLISH };
    let large = order("#1", Kind::Cancelled);
    let small = OrderEvent { total: money("600000", "KRW"), ..large.clone() };
    let created = order("#2", Kind::Created);
    let message = digest(&[small.clone(), large, created, small], &style);
    assert_eq!(message.blocks().last().unwrap().text(), "<!here> <!subteam^S1>");
    let plain = message.clone().without_blocks();
    assert!(plain.text().starts_with("<!here> <!subteam^S1> 🚫"), "{}", plain.text());
    for message in [message, plain] {
        let without = message.without_mention();
        assert!(!without.text().contains("<!here>") && !without.has_mention());
        assert!(without.blocks().iter().all(|block| !block.text().contains("<!here>")));
    }
}

#[test]
fn of_many_new_orders_the_largest_stand_out() {
    let new = |number: usize, amount: &str, currency| OrderEvent {
        total: money(amount, currency),
        ..order(&format!("#{number}"), Kind::Created)
    };
    let mut orders: Vec<_> = (0..6).map(|n| new(n, &(n * 10).to_string(), "USD")).collect();
    orders.extend([new(6, "9000", "JPY"), new(7, "1,000", "USD"), new(8, "50", "USD")]);
    orders.push(OrderEvent { is_test: true, ..new(9, "99", "USD") });
    orders.push(OrderEvent { kind: Kind::Cancelled, ..new(10, "500", "USD") });
    let largest = |orders: &[OrderEvent], style: &Style| {
        let texts = texts(&digest(orders, style));
        texts.lines().find(|line| line.contains(" (")).map(str::to_owned)
    };
    let facts = digest(&orders, &ENGLISH).blocks()[1].text().to_owned();
    assert!(
        facts.contains(
            "\nLargest: #5 (USD 50.00), #8 (USD 50.00), #4 (USD 40.00), #6 (JPY 9,000)\n"
        ),
        "{facts}"
    );
    assert!(digest(&orders, &KOREAN).blocks()[1].text().contains("\n금액 상위: #5 (USD 50.00)"));
    assert_eq!(largest(&orders[..5], &ENGLISH), None, "five are seen at a glance");
}

#[test]
fn cancellations_with_messages_of_their_own_are_counted() {
    let orders = ["#1", "#2"].map(|number| order(number, Kind::Created));
    let fact = |count, style: &Style| {
        let message = about(&bare(&orders), count, style);
        let facts = message.blocks()[1].text().lines();
        facts.filter(|line| line.starts_with("🚫")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(fact(0, &ENGLISH), [""; 0]);
    assert_eq!(fact(1, &ENGLISH), ["🚫 1 more cancellation, posted separately"]);
    assert_eq!(fact(3, &ENGLISH), ["🚫 3 more cancellations, posted separately"]);
    assert_eq!(fact(3, &KOREAN), ["🚫 이 밖의 취소 3건은 개별 알림으로 먼저 보냄"]);
}

#[test]
fn text_from_right_to_left_is_isolated_on_its_line() {
    let event = OrderEvent {
        reason: OneLine::parse("نفاد الكمية"),
        shop: OneLine::parse("بيت الشاي"),
        ..order("طلب-7", Kind::Cancelled)
    };
    let other = OrderEvent { shop: OneLine::parse("tea.example"), ..order("#8", Kind::Cancelled) };
    let orders = [(&event, Remarks::default()), (&other, Remarks::default())];
    let message = about(&orders, 0, &ENGLISH);
    let list = message.blocks().iter().map(Block::text).collect::<Vec<_>>().join("\n");
    let line = "\u{2068}طلب-7\u{2069} · KRW 1,250,000 · \u{2068}نفاد الكمية\u{2069} · \u{2068}بيت الشاي\u{2069}";
    assert!(list.contains(line), "{list:?}");
    assert!(list.contains("#8 · KRW 1,250,000 · tea.example"), "{list:?}");
}

/// Of two orders at these seconds of a minute, and some minutes later.
fn footer(first: i64, last: i64) -> String {
    let at = |second, number| OrderEvent {
        occurred_at: jiff::Timestamp::from_second(1_767_225_600 + second).ok(),
        ..order(number, Kind::Created)
    };
    let digest = digest(&[at(first, "#1"), at(last, "#2")], &ENGLISH);
    digest.blocks().last().unwrap().text().to_owned()
}

#[test]
fn a_minute_is_named_once() {
    assert_eq!(footer(0, 59).matches("<!date^").count(), 1, "{}", footer(0, 59));
    assert_eq!(footer(59, 60).matches("<!date^").count(), 2, "{}", footer(59, 60));
}
