use super::*;
use crate::message::tests::event;
use crate::order::money::{Money, Unit};
use crate::order::one_line::OneLine;
use crate::order::{Change, Kind, OrderEvent};

/// A cancelled order, of which the payload says nothing that a condition needs.
fn cancelled() -> OrderEvent {
    OrderEvent { shop: None, total: None, ..event() }
}

fn changed(change: Change) -> OrderEvent {
    OrderEvent { kind: Kind::Modified, change: Some(change), ..cancelled() }
}

fn costing(amount: &str, currency: &str) -> OrderEvent {
    OrderEvent { total: Money::parse(amount, Some(currency), Unit::Major), ..cancelled() }
}

#[track_caller]
fn rules(text: &str) -> Rules {
    let (rules, unreadable) = Rules::parse(text);
    assert_eq!(unreadable, [], "{text}");
    rules
}

/// Whether a line with this left side is for the event.
#[track_caller]
fn fits(left: &str, event: &OrderEvent) -> bool {
    rules(&format!("{left} -> off")).decide(event).mode.is_some()
}

fn sentence(text: &str) -> String {
    let (rules, unreadable) = Rules::parse(text);
    assert!(rules.is_empty(), "{text}: {rules:?}");
    unreadable.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What is decided, with the numbers of the lines.
#[track_caller]
fn said(rules: &Rules, event: &OrderEvent) -> String {
    let said = rules.decide(event);
    let mode = said.mode.map(|it| format!("{} ({})", it.value, it.line));
    let mention = said.mention.map(|it| match it.value {
        Some(mention) => format!("{mention} ({})", it.line),
        None => format!("nobody ({})", it.line),
    });
    let channel = said.channel.map(|it| format!("to {} ({})", it.value, it.line));
    [mode, mention, channel].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

const EXAMPLE: &str = "\
cancelled unpaid           -> off
cancelled from KRW 500000  -> each, mention group:S012AB3CD, to managers
refunded                   -> each, to finance
paid                       -> each
shop kitchen.example       -> to kitchen
modified                   -> off
";

#[test]
fn the_first_fitting_line_decides() {
    let rules = rules(EXAMPLE);
    let unpaid = OrderEvent { paid: Some(false), ..costing("600000", "KRW") };
    assert_eq!(said(&rules, &changed(Change::Paid)), "each (4)");
    assert_eq!(said(&rules, &changed(Change::Edited)), "off (6)");
    assert_eq!(said(&rules, &cancelled()), "");
    assert!(said(&rules, &unpaid).starts_with("off (1)"));
    let lines: Vec<_> = rules.lines().map(|line| (line.number(), line.text())).collect();
    assert_eq!((lines.len(), lines[3]), (6, (4, "paid                       -> each")));
}

#[test]
fn what_a_line_does_not_say_comes_from_the_next_fitting_line() {
    let rules = rules(
        "refunded -> mention nobody\npaid -> off\nmodified -> each, mention here, to a\n-> to b",
    );
    assert_eq!(said(&rules, &changed(Change::Refunded)), "each (3), nobody (1), to a (3)");
    assert_eq!(said(&rules, &cancelled()), "to b (4)");
    assert_eq!(said(&Rules::default(), &cancelled()), "");
}

#[test]
fn every_event_has_its_word() {
    for change in Change::ALL.into_iter().filter(|change| *change != Change::Unpaid) {
        let kind = if change.is_of_cancellation() { Kind::Cancelled } else { Kind::Modified };
        let event = OrderEvent { kind, ..changed(change) };
        assert!(fits(change.name(), &event) && fits("any", &event) && fits("", &event));
        assert!(!fits(change.name(), &OrderEvent { change: None, ..event.clone() }));
        let is_cancelled = kind == Kind::Cancelled;
        assert_eq!(
            (fits("cancelled", &event), fits("modified", &event)),
            (is_cancelled, !is_cancelled)
        );
    }
    assert!(fits("created", &OrderEvent { kind: Kind::Created, ..cancelled() }));
    assert!(!fits("created", &cancelled()));
}

#[test]
fn unpaid_is_only_what_the_payload_says_is_unpaid() {
    let with = |paid| OrderEvent { paid, ..cancelled() };
    assert!(fits("cancelled unpaid", &with(Some(false))));
    assert!(!fits("cancelled unpaid", &with(Some(true))));
    assert!(!fits("cancelled unpaid", &with(None)));
    let by_timer = OrderEvent { change: Some(Change::Unpaid), ..cancelled() };
    assert!(fits("unpaid", &by_timer) && fits("cancelled", &by_timer));
    let created = OrderEvent { kind: Kind::Created, ..with(Some(false)) };
    assert!(fits("unpaid", &created) && !fits("cancelled unpaid", &created));
}

#[test]
fn amounts_are_compared_exactly_and_in_their_currency() {
    for left in
        ["from USD 12.50", "from USD:12.50", "from USD12.50", "from 12.50 usd", "FROM 'USD 12.50'"]
    {
        assert!(fits(left, &costing("12.50", "USD")), "{left}");
        assert!(fits(left, &costing("12.500000000000000001", "USD")), "{left}");
        assert!(!fits(left, &costing("12.499999999999999999", "USD")), "{left}");
        assert!(!fits(left, &costing("100000", "KRW")), "{left}");
        assert!(!fits(left, &cancelled()), "{left}");
    }
    assert!(fits("under USD 12.50", &costing("12.49", "USD")));
    assert!(!fits("under USD 12.50", &costing("12.5", "USD")));
    assert!(!fits("under USD 12.50", &costing("1", "EUR")));
    assert!(!fits("under USD 12.50", &cancelled()));
    assert!(!fits("from USD 1", &costing("1,234.50", "USD")), "no plain number");
    assert!(fits("from USD 1 under USD 2", &costing("1.99", "USD")));
    assert!(fits("from KWD 1.500", &costing("1.5", "KWD")));
    assert!(fits("from USD 0.1234", &costing("1", "USD")));
}

#[test]
fn platforms_are_known_by_their_path_or_name() {
    let on = |platform: &str| OrderEvent { platform: platform.to_owned(), ..cancelled() };
    for left in [
        "platform ubereats",
        "platform UberEats",
        "platform \"Uber  Eats\"",
        "Platform “uber eats”",
    ] {
        assert!(fits(left, &on("ubereats")), "{left}");
        assert!(!fits(left, &on("shopify")), "{left}");
    }
    assert!(fits("platform 카페24", &on("cafe24")));
}

#[test]
fn shops_and_states_are_compared_whole_in_any_case() {
    let at = |shop: &str| OrderEvent { shop: OneLine::parse(shop), ..cancelled() };
    assert!(fits("shop Kitchen.Example", &at("kitchen.example")));
    assert!(fits("shop «Café Ñandú»", &at("CAFÉ ÑANDÚ")));
    assert!(fits("shop 'Joe's Tea; Coffee -> Cake'", &at("Joe's Tea; Coffee -> Cake")));
    assert!(fits("shop Joe's", &at("Joe's")));
    assert!(!fits("shop kitchen", &at("kitchen.example")));
    assert!(!fits("shop kitchen", &cancelled()));
    let in_status = OrderEvent { status: OneLine::parse("on-hold"), ..cancelled() };
    assert!(fits("status On-Hold", &in_status) && !fits("status hold", &in_status));
    assert!(!fits("status on-hold", &cancelled()));
    assert!(
        fits("test", &OrderEvent { is_test: true, ..cancelled() }) && !fits("test", &cancelled())
    );
}

#[test]
fn words_stand_in_any_case_and_order() {
    let event = OrderEvent { paid: Some(false), ..costing("9", "USD") };
    for line in [
        "cancelled unpaid from USD 5 -> each, mention user:U012AB3CD, to kitchen",
        "UNPAID From usd:5 Cancelled=>TO #Kitchen,Mention USER:u012ab3cd,EACH",
        "from USD 5 unpaid cancelled → \"to\" \"kitchen\" , each, mention 'user:U012AB3CD'",
    ] {
        let expected = "each (1), user:U012AB3CD (1), to kitchen (1)";
        assert_eq!(said(&rules(line), &event), expected, "{line}");
    }
}

#[test]
fn a_test_mentions_only_by_a_line_for_tests() {
    let test = OrderEvent { is_test: true, ..cancelled() };
    let both = rules("cancelled -> mention here; test -> mention channel");
    assert_eq!(said(&both, &test), "nobody (1)");
    assert_eq!(said(&both, &cancelled()), "here (1)");
    assert_eq!(said(&rules("test -> mention channel"), &test), "channel (1)");
}

#[test]
fn comments_and_blank_lines_keep_the_numbers() {
    let rules = rules("\n# all; paid -> off\r\n\n  refunded -> each ; # no\n");
    let numbers: Vec<_> = rules.lines().map(Line::number).collect();
    assert_eq!(numbers, [3, 5]);
}

#[test]
fn channels_are_named_once_and_without_the_orders_own() {
    let rules = rules("-> to b; paid -> to orders; refunded -> to A; test -> to B");
    assert_eq!(rules.channels().map(ChannelName::as_str).collect::<Vec<_>>(), ["a", "b"]);
    let paid = said(&rules, &changed(Change::Paid));
    assert_eq!(paid, "to b (1)");
    assert!(Rules::default().is_empty() && Rules::default().channels().next().is_none());
}

#[test]
fn an_unreadable_line_is_passed_over() {
    let (rules, unreadable) = Rules::parse("refundd -> off\nmodified -> digest");
    assert_eq!(said(&rules, &changed(Change::Refunded)), "digest (2)");
    let [UnreadableRule { line, word, .. }] = unreadable.as_slice() else {
        panic!("{unreadable:?}")
    };
    assert_eq!((*line, word.as_str()), (1, "refundd"));
}

#[test]
fn a_mistake_is_a_sentence_that_says_what_may_stand_there() {
    let mistakes = [
        "refunded each",
        "refunded - > each",
        "refundd -> each",
        "canceled -> each",
        "order -> each",
        "cancelled, refunded -> each",
        "cancelled refunded -> each",
        "shop a shop b -> each",
        "unpaid unpaid -> off",
        "from -> each",
        "from 500000 -> each",
        "from KRW -> each",
        "from RMB 500 -> each",
        "from KRW -5 -> each",
        "from 1e3,5 KRW -> each",
        "from KRW 500,000 -> each",
        "from KRW 500 000 -> each",
        "from KRW 500.000 -> each",
        "under EUR:1.250,50 -> each",
        "under USD 1,250.50 -> each",
        "under 1'250 CHF -> each",
        "under EUR 12,5 -> each",
        "shop -> each",
        "shop \"\" -> each",
        "platform -> each",
        "status -> each",
        "platform shopfy -> each",
        "platform Uber Eats -> each",
        "platform pigeon -> each",
        "shop 'Tea House -> each",
        "shop Tea House -> each",
        "refunded ->",
        "refunded -> each,",
        "refunded -> eech",
        "refunded -> post",
        "refunded -> -> each",
        "refunded -> each to kitchen",
        "refunded -> each # money",
        "refunded -> mention",
        "refunded -> mention @here",
        "refunded -> mention @ada",
        "refunded -> mention user:",
        "refunded -> to",
        "refunded -> to the kitchen",
        "refunded -> to küche",
        "refunded -> each, off",
        "refunded -> mention here, mention channel",
        "refunded -> to a, to b",
    ];
    let said: Vec<_> =
        mistakes.iter().map(|text| format!("{text}\n    {}", sentence(text))).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_long_word_is_shortened() {
    let (_, unreadable) = Rules::parse(&format!("{} -> off", "가".repeat(50)));
    assert_eq!(unreadable[0].word, format!("{}…", "가".repeat(39)));
}

#[test]
fn beyond_a_hundred_rules_nothing_is_read_and_each_is_said() {
    let (rules, unreadable) = Rules::parse(&"# a comment\n\npaid -> off\n".repeat(102));
    assert_eq!((rules.lines().count(), unreadable.len()), (Rules::MAX_RULES, 2));
    let expected = "line 303: `paid -> off` is not read: it is beyond the first 100 rules";
    assert_eq!(unreadable[0].to_string(), expected);
}

#[test]
fn beyond_eight_kilobytes_nothing_is_read_not_even_half_a_line() {
    let rule = "paid -> off";
    let comment = format!("#{}\n", "c".repeat(Rules::MAX_BYTES - rule.len() - 2));
    assert_eq!(rules(&format!("{comment}{rule}")).lines().count(), 1);
    let (rules, unreadable) = Rules::parse(&format!("{comment} {rule}"));
    assert!(rules.is_empty());
    let expected = "line 2: `paid -> off` is not read: it is beyond the first 8192 bytes";
    assert_eq!(unreadable[0].to_string(), expected);
}

#[test]
fn a_word_behind_an_amount_is_part_of_it_only_if_it_is_a_currency() {
    for (text, amount) in [("from 500 refunded", "`500`"), ("from 5x eur", "`5x eur`")] {
        let (_, unreadable) = Rules::parse(&format!("{text} -> each"));
        assert!(unreadable[0].to_string().contains(amount), "{}", unreadable[0]);
    }
}

/// What is doubtful.
fn doubts(text: &str) -> Vec<String> {
    let findings = rules(text).findings().into_iter();
    let doubts = findings.filter(|finding| !matches!(finding.kind, FindingKind::Does(_)));
    doubts.map(|finding: Finding| finding.to_string()).collect()
}

#[test]
fn each_line_is_said_in_words_with_what_is_doubtful_about_it() {
    let more = "created platform ubereats under USD 5 status new test -> digest, mention nobody, to orders";
    let findings = rules(&format!("{EXAMPLE}{more}\n-> off, to a\npaid -> each")).findings();
    let said: Vec<_> = findings.iter().map(Finding::to_string).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn the_example_has_nothing_to_correct() {
    assert!(rules(EXAMPLE).findings().iter().all(|finding| !finding.kind.is_problem()));
    assert!(rules("paid unpaid -> off").findings().iter().any(|finding| finding.kind.is_problem()));
}

#[test]
fn a_line_that_fits_no_event_is_found() {
    for left in [
        "from USD 5 under USD 5",
        "from USD 6 under USD 5",
        "from USD 5 under EUR 9",
        "paid unpaid",
    ] {
        let expected = "line 1 fits no event: its conditions contradict each other";
        assert_eq!(doubts(&format!("{left} -> each")), [expected], "{left}");
    }
    assert_eq!(doubts("from USD 4 under USD 5 -> each"), [""; 0]);
}

#[test]
fn a_line_that_others_decide_before_is_found() {
    let after = |above: &str, line: &str| doubts(&format!("{above}\n{line}")).join("\n");
    let never = "line 2 never has an effect: line 1 decides before it";
    assert_eq!(after("modified -> off", "refunded -> each"), never);
    assert_eq!(after("-> off", "refunded -> mention here, to a"), never);
    assert_eq!(after("from USD 5 -> each", "from USD 6 -> digest"), never);
    assert_eq!(after("under USD 5 -> each", "under USD 4 test -> digest"), never);
    assert_eq!(after("shop A -> each", "shop a cancelled unpaid -> off"), never);
    assert_eq!(after("platform Shopify -> each", "platform shopify status x -> off"), never);
    assert_eq!(after("cancelled -> off", "fulfillment -> each"), never);
    assert_eq!(after("modified -> off", "fulfillment -> each"), "");
    assert_eq!(after("from USD 6 -> each", "from USD 5 -> off"), "");
    assert_eq!(after("from USD 5 -> each", "from EUR 6 -> off"), "");
    assert_eq!(after("modified -> each", "refunded -> each, to a"), "");
    assert_eq!(after("cancelled unpaid -> each", "cancelled -> off"), "");
    let by_two = "line 3 never has an effect: lines 1 and 2 decide before it";
    assert_eq!(doubts("modified -> each; -> to a; refunded -> digest, to b"), [by_two]);
    // A line that says none of it decides nothing of it.
    let by_the_first_two = "line 4 never has an effect: lines 1 and 2 decide before it";
    for text in [
        "modified -> each; -> to a; -> mention here; refunded -> digest, to b",
        "modified -> each; -> mention here; -> to a; refunded -> digest, mention nobody",
        "modified -> to a; -> mention here; -> each; refunded -> to b, mention nobody",
    ] {
        assert_eq!(doubts(text).pop().as_deref(), Some(by_the_first_two), "{text}");
    }
}

#[test]
fn off_stands_alone() {
    let expected = "line 1 is `off`: what else it says has no effect";
    assert_eq!(doubts("paid -> off, mention here"), [expected]);
    assert_eq!(doubts("paid -> to a, off"), [expected]);
}

#[test]
fn lines_that_fit_the_same_events_and_differ_are_found() {
    let expected =
        "line 2 and line 1 fit some of the same events and differ: there, line 1 decides";
    assert_eq!(doubts("paid -> each; shop a -> off"), [expected]);
    assert_eq!(doubts("paid -> each; shop a -> each"), [""; 0]);
    assert_eq!(doubts("paid -> each; shop a -> to b"), [""; 0]);
    assert_eq!(doubts("paid -> each; shop a refunded -> off"), [""; 0]);
}

#[test]
fn lines_that_no_event_fits_together_never_differ() {
    let pairs = [
        ("cancelled", "modified"),
        ("cancelled", "paid"),
        ("shop a paid", "shop a refunded"),
        ("paid", "modified unpaid"),
        ("from USD 5", "from EUR 5"),
        ("from USD 5", "under USD 5"),
        ("from USD 6 under USD 9", "from USD 3 under USD 5"),
        ("platform shopify", "platform square"),
        ("shop a", "shop b"),
        ("status a", "status b"),
    ];
    for (one, other) in pairs {
        assert_eq!(doubts(&format!("{one} -> each; {other} -> off")), [""; 0], "{one}; {other}");
        assert_eq!(doubts(&format!("{other} -> each; {one} -> off")), [""; 0], "{other}; {one}");
    }
    let both = [
        ("paid", "test"),
        ("paid", "modified test"),
        ("cancelled", "unpaid test"),
        ("from USD 5", "under USD 6"),
        ("platform shopify", "shop a"),
        ("shop a", "status a"),
        ("cancelled platform shopify", "cancelled shop a"),
        ("shop a from USD 5", "shop a from USD 3 under USD 6"),
    ];
    for (one, other) in both {
        let doubts = doubts(&format!("{one} -> each; {other} -> off"));
        assert_eq!(doubts.len(), 1, "{one}; {other}: {doubts:?}");
    }
}

#[test]
fn a_step_that_is_overdue_goes_where_the_orders_rules_say_unless_its_line_says_where() {
    let orders = rules("-> off, mention channel, to a");
    let channel = |line: &str| {
        let steps = rules(line);
        let event = cancelled();
        let said = steps.decide(&event).or_channel_of(orders.decide(&event));
        assert_eq!(said.mode, None, "what is overdue is always shown");
        assert_eq!(said.mention, steps.decide(&event).mention);
        said.channel.map(|decided| decided.value.as_str().to_owned())
    };
    assert_eq!(channel("-> each, mention here").as_deref(), Some("a"));
    assert_eq!(channel("-> each, mention here, to b").as_deref(), Some("b"));
}
