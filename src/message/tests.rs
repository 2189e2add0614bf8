use super::*;
use crate::config::Customer;
use crate::order::money::{Money, Unit};
use crate::order::one_line::OneLine;
use crate::order::{Change, Item};
use crate::platform::Platform;
use crate::secret::signing_key::SigningKey;
use crate::webhook::parse::{Parsed, parse};
use crate::webhook::request::Headers;
use crate::webhook::sign::sign;
use crate::webhook::signature::verify;

fn line(text: &str) -> Option<OneLine> {
    OneLine::parse(text)
}

pub(crate) fn event() -> OrderEvent {
    let item = |quantity: &str, title: &str| Item {
        title: OneLine::parse(title).unwrap(),
        quantity: line(quantity),
    };
    OrderEvent {
        platform: "shopify".to_owned(),
        platform_name: "Shopify".to_owned(),
        kind: Kind::Cancelled,
        change: None,
        id: line("820982911946154508"),
        number: line("#1001"),
        shop: line("tea-house.myshopify.com"),
        total: Money::parse("1250000", Some("KRW"), Unit::Major),
        reason: line("customer"),
        status: None,
        customer: line("M. K."),
        items: vec![item("2", "Jasmine tea, 100 g"), item("1", "Teapot <small> & cup")],
        more_items: 0,
        link: "https://tea-house.myshopify.com/admin/orders/820982911946154508".parse().ok(),
        occurred_at: "2026-01-01T09:12:00+09:00".parse().ok(),
        received_at: "2026-01-01T00:12:05Z".parse().unwrap(),
        is_test: false,
        reopens: false,
        delivery_id: None,
        body_hash: String::new(),
    }
}

fn told(event: &OrderEvent, language: Language) -> Message {
    about(event, &Style { language, mention: None }, Remarks::default())
}

pub(crate) fn texts(message: &Message) -> String {
    let blocks: Vec<_> = message.blocks().iter().map(Block::text).collect();
    format!("{}\n---\n{}", message.text(), blocks.join("\n-\n"))
}

#[test]
fn a_cancellation_in_english() {
    insta::assert_snapshot!(texts(&told(&event(), Language::English)));
}

#[test]
fn a_cancellation_in_korean() {
    insta::assert_snapshot!(texts(&told(&event(), Language::Korean)));
}

#[test]
fn a_cancellation_over_the_wire() {
    insta::assert_json_snapshot!(told(&event(), Language::English));
}

#[test]
fn a_hello_names_its_stack() {
    let hellos =
        [Language::English, Language::Korean].map(|language| texts(&hello("a<b", language)));
    insta::assert_snapshot!(hellos.join("\n\n"));
}

#[test]
fn every_kind_and_change_has_its_headline() {
    let mut headlines = String::new();
    let changes = [
        (Kind::Created, None),
        (Kind::Cancelled, None),
        (Kind::Modified, None),
        (Kind::Modified, Some(Change::Paid)),
        (Kind::Modified, Some(Change::Edited)),
        (Kind::Modified, Some(Change::Fulfilled)),
        (Kind::Modified, Some(Change::PartiallyFulfilled)),
        (Kind::Modified, Some(Change::Returned)),
        (Kind::Modified, Some(Change::Exchanged)),
        (Kind::Modified, Some(Change::Refunded)),
        (Kind::Modified, Some(Change::Restored)),
        (Kind::Modified, Some(Change::Reopened)),
        (Kind::Modified, Some(Change::Deleted)),
    ];
    for (kind, change) in changes {
        let event = OrderEvent { kind, change, total: None, ..event() };
        for language in [Language::English, Language::Korean] {
            headlines += Words::of(language).headline(&event).as_str();
            headlines += "\n";
        }
    }
    insta::assert_snapshot!(headlines);
}

#[test]
fn an_order_of_which_nothing_is_known_is_still_news() {
    let bare = OrderEvent {
        id: None,
        number: None,
        shop: None,
        total: None,
        reason: None,
        customer: None,
        items: Vec::new(),
        link: None,
        occurred_at: None,
        ..event()
    };
    insta::assert_snapshot!(texts(&told(&bare, Language::English)));
}

#[test]
fn many_items_are_named_in_part_and_counted() {
    let long = Item { title: OneLine::parse(&"티".repeat(200)).unwrap(), quantity: line("1") };
    let items = vec![long; 8];
    let event = OrderEvent { items, more_items: 6, ..event() };
    let english = Words::of(Language::English).items(&event);
    assert_eq!(english.len(), 6);
    assert_eq!(english[0], format!("1 × {}…", "티".repeat(80)));
    assert_eq!(english[5], "and 9 more");
    assert_eq!(Words::of(Language::Korean).items(&event)[5], "외 9건");
    let unnamed = OrderEvent { items: Vec::new(), more_items: 1, ..event };
    assert_eq!(Words::of(Language::English).items(&unnamed), ["1 item"]);
}

#[test]
fn a_test_notification_says_so() {
    let event = OrderEvent { is_test: true, ..event() };
    let message = told(&event, Language::English);
    assert!(message.text().starts_with("🧪 TEST · 🚫 Order #1001 cancelled"));
}

#[test]
fn remarks_stand_in_the_footer_and_in_the_text() {
    let remarks = Remarks {
        repeat: true,
        changed_payload: true,
        delay: Some(SignedDuration::from_mins(200)),
    };
    let said = |language| {
        let message = about(&event(), &Style { language, mention: None }, remarks);
        let (_, end) = message.text().split_once("Shopify · ").unwrap();
        let footer = message.blocks().last().unwrap().text();
        assert!(footer.starts_with(&format!("{end} · <!date^")), "{footer}");
        end.to_owned()
    };
    assert_eq!(
        said(Language::English),
        "This may be a repeat · Sent before with other content · Delayed by 3 h"
    );
    assert_eq!(
        said(Language::Korean),
        "중복 알림일 수 있습니다 · 이전과 다른 내용으로 다시 수신되었습니다 · 3시간 지연"
    );
}

#[test]
fn a_delay_is_told_in_one_unit_rounded_down() {
    let told = |minutes: i64| {
        let delay = Some(SignedDuration::from_secs(minutes * 60 + 59));
        let remarks = Remarks { delay, ..Remarks::default() };
        [Language::English, Language::Korean].map(|language| {
            let words = Words::of(language);
            [words.remarks(remarks), words.remarks_on_many(remarks)].concat().join(", ")
        })
    };
    assert_eq!(told(0)[0], "Delayed by 1 min, Delayed by up to 1 min");
    assert_eq!(
        told(45),
        ["Delayed by 45 min, Delayed by up to 45 min", "45분 지연, 최대 45분 지연"]
    );
    assert_eq!(told(119)[0], "Delayed by 119 min, Delayed by up to 119 min");
    assert_eq!(told(179), ["Delayed by 2 h, Delayed by up to 2 h", "2시간 지연, 최대 2시간 지연"]);
    assert_eq!(told(47 * 60 + 59)[0], "Delayed by 47 h, Delayed by up to 47 h");
    assert_eq!(told(71 * 60), ["Delayed by 2 d, Delayed by up to 2 d", "2일 지연, 최대 2일 지연"]);
}

#[test]
fn only_a_large_real_cancellation_mentions_people() {
    let mention = Mention::User("U012AB3CD".to_owned());
    let above = Some("KRW 1250000".parse().unwrap());
    let style =
        Style { language: Language::English, mention: Some(MentionRule { mention, above }) };
    let mentions = |event: &OrderEvent| {
        let message = about(event, &style, Remarks::default());
        message.blocks().iter().any(|block| block.text() == "<@U012AB3CD>")
    };
    let total = |digits| Money::parse(digits, Some("KRW"), Unit::Major);
    assert!(mentions(&event()));
    assert!(!mentions(&OrderEvent { total: total("1249999"), ..event() }));
    assert!(!mentions(&OrderEvent { total: None, ..event() }));
    assert!(!mentions(&OrderEvent { is_test: true, ..event() }));
    assert!(!mentions(&OrderEvent { kind: Kind::Created, ..event() }));
}

#[test]
fn the_worked_example_of_a_platform_becomes_the_message_that_it_shows() {
    let page = include_str!("../platform/README.md");
    let example = |language: &str| {
        let (_, rest) = page.split_once(&format!("```{language}\n")).unwrap();
        rest.split_once("```").unwrap().0
    };
    let platform = Platform::parse("kitchen", example("toml")).unwrap();
    let (body, now) = (example("json").as_bytes(), "2026-01-01T00:00:05Z".parse().unwrap());
    let key = SigningKey::parse("a key of this test only", &platform.auth).unwrap();
    let proof = sign(&platform.auth, &Headers::default(), body, &key, None, "", now).unwrap();
    let headers: Headers = proof.into_iter().collect();
    let webhook = verify(&platform.auth, &headers, body, &[key], None, now).unwrap();
    let Ok(Parsed::Events(events)) = parse(&platform, &webhook, Customer::Hidden, now) else {
        panic!("it is an order");
    };
    let message = told(&events[0], Language::English);
    let blocks = message.blocks().iter().filter(|block| !matches!(block, Block::Context { .. }));
    let shown: Vec<_> = blocks.map(Block::text).collect();
    assert_eq!(shown.join("\n") + "\n", example("text"));
}
