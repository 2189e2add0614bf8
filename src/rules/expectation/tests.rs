use super::*;
use crate::message::tests::event;
use crate::order::one_line::OneLine;
use crate::order::{Change, Kind};

fn only(text: &str) -> Expectation {
    let (Expectations { mut lines, .. }, unreadable) = Expectations::parse(text);
    assert_eq!(unreadable, [], "{text}");
    lines.remove(0)
}

#[track_caller]
fn mistake(text: &str) -> String {
    let (expectations, unreadable) = Expectations::parse(text);
    assert!(expectations.is_empty(), "{text}");
    unreadable[0].sentence()
}

fn status(text: &str) -> Step {
    Step::Status(OneLine::parse(text).unwrap())
}

#[test]
fn a_line_names_what_begins_it_and_what_must_follow() {
    let line = only("created platform ubereats -> accepted in 4 min, mention here, to kitchen");
    assert_eq!(line.steps(), [status("accepted")]);
    assert_eq!(line.within(), Duration::from_mins(4));
    assert_eq!(line.channel().map(ChannelName::as_str), Some("kitchen"));
    assert_eq!(
        only("paid -> fulfilled or returned in 240 s").awaited(),
        "fulfilled or returned, 4 minutes"
    );
    assert_eq!(only("  paid -> fulfilled in 1 h ").text(), "paid -> fulfilled in 1 h");
    let uber = OrderEvent { platform: "ubereats".to_owned(), kind: Kind::Created, ..event() };
    assert!(line.begins(&uber));
    assert!(!line.begins(&OrderEvent { platform: "deliveroo".to_owned(), ..uber.clone() }));
    assert!(!line.begins(&OrderEvent { is_draft: true, ..uber }));
}

#[test]
fn a_word_that_is_no_rule_s_is_a_status() {
    let line = only("delivery_created -> DASHER_CONFIRMED or status ready in 10 min");
    assert_eq!(line.steps, [status("DASHER_CONFIRMED"), status("ready")]);
    let event = |status: &str| OrderEvent { status: OneLine::parse(status), ..event() };
    assert!(line.begins(&event("Delivery_Created")));
    assert!(!line.begins(&event("placed")));
    assert!(line.is_met_by(&event("dasher_confirmed")));
    assert!(line.is_met_by(&event("READY")));
}

#[test]
fn a_step_is_a_kind_a_change_or_a_status() {
    let line = only("paid -> fulfilled or cancelled or 'In Kitchen' in 24 h");
    let [fulfilled, cancelled, kitchen] = &line.steps[..] else { panic!("{line:?}") };
    assert_eq!(*fulfilled, Step::Change(Change::Fulfilled));
    assert_eq!(*cancelled, Step::Kind(Kind::Cancelled));
    assert_eq!(*kitchen, status("In Kitchen"));
    assert!(cancelled.is(&event()));
    let paid = Step::Change(Change::Paid);
    assert!(paid.is(&OrderEvent { paid: Some(true), ..event() }));
    assert!(!paid.is(&OrderEvent { paid: Some(false), ..event() }));
}

#[test]
fn steps_are_written_as_they_are_read() {
    for text in ["created", "modified", "cancelled", "fulfilled", "DASHER_CONFIRMED", "In Kitchen"]
    {
        assert_eq!(Step::read(text).unwrap().to_string(), text);
    }
    for (text, kind) in
        [("created", Kind::Created), ("modified", Kind::Modified), ("cancelled", Kind::Cancelled)]
    {
        assert_eq!(Step::read(text), Some(Step::Kind(kind)));
    }
}

#[test]
fn times_are_written_as_people_do() {
    for (text, seconds) in [
        ("1 min", 60),
        ("4min", 240),
        ("4 minutes", 240),
        ("90 s", 90),
        ("24 h", 86_400),
        ("24 Hours", 86_400),
        ("1 hour 30 minutes", 5_400),
        ("7 days", 604_800),
        ("1 week", 604_800),
    ] {
        let line = only(&format!("created -> accepted in {text}"));
        assert_eq!(line.within.as_secs(), seconds, "{text}");
    }
}

#[test]
fn an_order_comes_to_a_status_or_a_change_without_a_name_more_than_once() {
    let is_repeatable = |begin: &str| only(&format!("{begin} -> accepted in 1 h")).is_repeatable();
    for once in ["created", "paid", "cancelled"] {
        assert!(!is_repeatable(once), "{once}");
    }
    for repeatable in ["any", "modified", "status on-hold", "created status on-hold"] {
        assert!(is_repeatable(repeatable), "{repeatable}");
    }
}

#[test]
fn a_step_of_another_platform_or_shop_is_none() {
    let line = only("created platform shopify shop tea.example -> accepted in 4 min");
    let accepted = OrderEvent {
        status: OneLine::parse("accepted"),
        shop: OneLine::parse("Tea.example"),
        ..event()
    };
    assert!(line.is_met_by(&accepted));
    assert!(line.is_met_by(&OrderEvent { shop: None, ..accepted.clone() }), "it may be that shop");
    let other = OneLine::parse("coffee.example");
    assert!(!line.is_met_by(&OrderEvent { shop: other, ..accepted.clone() }));
    assert!(!line.is_met_by(&OrderEvent { platform: "square".to_owned(), ..accepted }));
}

#[test]
fn a_line_stays_the_same_while_its_wait_does() {
    let id = |text| only(text).id;
    let line = id("created -> accepted in 4 min");
    assert_eq!(line, id("  Created   ->  ACCEPTED in 240 s, mention here, to kitchen"));
    assert_ne!(line, id("created -> accepted in 5 min"));
    assert_ne!(line, id("created -> confirmed in 4 min"));
    assert_ne!(line, id("paid -> accepted in 4 min"));
}

#[test]
fn what_cannot_be_read_is_said() {
    for (text, part) in [
        ("created accepted in 4 min", "has no arrow"),
        ("craeted -> accepted in 4 min", "did you mean `created`?"),
        ("created -> fulfiled in 4 min", "did you mean `fulfilled`?"),
        ("created ->", "nothing follows `->`"),
        ("created -> accepted or", "nothing follows `or`"),
        ("created -> accepted", "has no time"),
        ("created -> accepted in", "has no time"),
        ("created -> accepted 4 min", "has no time"),
        ("created -> in 4 min", "`in` is no step"),
        ("created -> accepted in four minutes", "`four minutes` is no time"),
        ("created -> accepted in 4", "`4` is no time"),
        ("created -> accepted in 30 s", "not from one minute to seven days"),
        ("created -> accepted in 8 days", "not from one minute to seven days"),
        ("created -> accepted in 1 month", "is no time"),
        ("created -> accepted in 4 min, each", "`each` is not known behind the time"),
        ("created -> accepted in 4 min, mention", "`mention` needs to know whom"),
        ("created -> accepted in 4 min, to a, to b", "`to` is twice"),
        ("created -> accepted in 4 min # soon", "`4 min # soon` is no time"),
        ("created -> accepted # soon in 4 min", "`#` begins no comment here"),
    ] {
        let sentence = mistake(text);
        assert!(sentence.contains(part), "{text}: {sentence}");
    }
}

#[test]
fn the_message_mentions_whom_its_line_says() {
    let (expectations, _) = Expectations::parse("created -> accepted in 4 min, mention here");
    let overdue = crate::order::overdue::Overdue {
        line: expectations.lines[0].id.clone(),
        steps: vec!["accepted".to_owned()],
        began: event().time(),
        due: event().time(),
        came: None,
        waited: jiff::SignedDuration::ZERO,
    };
    let warning = event().with_overdue(overdue.clone(), event().time());
    assert_eq!(
        expectations.said(&warning).mention.map(|said| said.value),
        Some(Some(&Mention::Here))
    );
    let test = OrderEvent { is_test: true, ..warning.clone() };
    assert_eq!(expectations.said(&test).mention.map(|said| said.value), Some(None));
    let came = crate::order::overdue::Overdue { came: Some(event().time()), ..overdue };
    let late = event().with_overdue(came, event().time());
    assert_eq!(expectations.said(&late), Said::default(), "good news wakes no one");
}

#[test]
fn channels_are_named_once_and_without_the_orders_own() {
    let (expectations, _) = Expectations::parse(
        "created -> a in 1 h, to b; created -> b in 1 h, to orders; created -> c in 1 h, to A; \
         created -> d in 1 h, to B",
    );
    let channels: Vec<_> = expectations.channels().map(ChannelName::as_str).collect();
    assert_eq!(channels, ["a", "b"]);
    assert_eq!(Expectations::none().channels().count(), 0);
}

#[test]
fn each_line_is_said_in_words_with_what_is_doubtful_about_it() {
    let (expectations, _) = Expectations::parse(
        "created platform ubereats -> accepted or confirmed in 240 s, mention here, to kitchen
         # By noon.
         paid shop tea -> fulfilled in 24 h, mention nobody, to orders
         created unpaid -> paid in 7 days
         created -> seen in 90 min
         created -> heard in 150 s
         created -> sent in 1 h
         created -> Seen in 1 h 30 min, mention here
         created from EUR 5 under EUR 5 -> accepted in 1 min",
    );
    let numbers: Vec<_> = expectations.lines().map(Expectation::number).collect();
    assert_eq!(numbers, [1, 3, 4, 5, 6, 7, 8, 9]);
    let findings: Vec<_> = expectations.findings().iter().map(ToString::to_string).collect();
    assert_eq!(
        findings,
        [
            "line 1: new orders from Uber Eats: accepted or confirmed must follow in 4 minutes, mention \
             here, in the channel kitchen",
            "line 3: orders with `paid` of the shop tea: fulfilled must follow in 24 hours, mention \
             nobody, in the orders' own channel",
            "line 4: new orders of which nothing was paid: paid must follow in 7 days",
            "line 5: new orders: seen must follow in 90 minutes",
            "line 6: new orders: heard must follow in 150 seconds",
            "line 7: new orders: sent must follow in 1 hour",
            "line 8: new orders: Seen must follow in 90 minutes, mention here",
            "line 8 never has an effect: line 5 decides before it",
            "line 9: new orders of at least EUR 5.00 under EUR 5.00: accepted must follow in 1 minute",
            "line 9 fits no event: its conditions contradict each other",
        ]
    );
}

#[test]
fn an_event_concerns_a_line_if_it_could_begin_or_end_its_wait() {
    let created = |platform: &str| OrderEvent {
        platform: platform.to_owned(),
        kind: Kind::Created,
        ..event()
    };
    let modified = |platform| OrderEvent { kind: Kind::Modified, ..created(platform) };
    let accepted =
        |platform| OrderEvent { status: OneLine::parse("accepted"), ..modified(platform) };
    let concern = |text: &str, event: &OrderEvent| {
        let (expectations, unreadable) = Expectations::parse(text);
        assert_eq!(unreadable, []);
        expectations.concern(event)
    };
    let line = "created platform ubereats -> accepted in 4 min";
    assert!(concern(line, &created("ubereats")), "it begins");
    assert!(concern(line, &accepted("ubereats")), "it ends");
    assert!(
        concern(line, &OrderEvent { kind: Kind::Cancelled, ..created("ubereats") }),
        "it is over"
    );
    assert!(!concern(line, &modified("ubereats")));
    assert!(!concern(line, &created("deliveroo")));
    assert!(!concern(line, &accepted("deliveroo")));
    // The first event after a draft is the new order.
    let line = "created -> accepted in 4 min";
    assert!(concern(line, &modified("square")));
    assert!(!concern(line, &modified("shopify")), "it has no drafts");
    assert!(!concern("paid -> accepted in 4 min", &modified("square")));
    for event in [created("square"), OrderEvent { kind: Kind::Cancelled, ..created("square") }] {
        assert!(!concern("", &event), "there is no line");
    }
}
