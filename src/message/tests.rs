use serde_json::Value;

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

const LANGUAGES: [Language; 2] = [Language::English, Language::Korean];

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
        is_draft: false,
        id: line("820982911946154508"),
        number: line("#1001"),
        shop: line("tea-house.myshopify.com"),
        total: Money::parse("1250000", Some("KRW"), Unit::Major),
        reason: line("customer"),
        status: None,
        paid: None,
        customer: line("M. K."),
        items: vec![item("2", "Jasmine tea, 100 g"), item("1", "Teapot <small> & cup")],
        more_items: 0,
        link: "https://tea-house.myshopify.com/admin/orders/820982911946154508".parse().ok(),
        more_orders: 0,
        due_at: None,
        occurred_at: "2026-01-01T09:12:00+09:00".parse().ok(),
        received_at: "2026-01-01T00:12:05Z".parse().unwrap(),
        is_test: false,
        is_test_by_header: false,
        reopens: false,
        delivery_id: None,
        body_hash: String::new(),
        overdue: None,
    }
}

fn message_of(event: &OrderEvent, language: Language) -> Message {
    about(event, &Style::of(language), Remarks::default())
}

pub(crate) fn texts(message: &Message) -> String {
    let blocks: Vec<_> = message.blocks().iter().map(Block::text).collect();
    format!("{}\n---\n{}", message.text(), blocks.join("\n-\n"))
}

#[test]
fn a_cancellation_in_english() {
    insta::assert_snapshot!(texts(&message_of(&event(), Language::English)));
}

#[test]
fn a_cancellation_in_korean() {
    insta::assert_snapshot!(texts(&message_of(&event(), Language::Korean)));
}

#[test]
fn a_cancellation_over_the_wire() {
    insta::assert_json_snapshot!(message_of(&event(), Language::English));
}

/// Otherwise the counts, brackets and labels beside it would change their places.
#[test]
fn text_from_right_to_left_is_isolated_from_the_words_around_it() {
    let item = |title: &str, quantity: &str| Item {
        title: OneLine::parse(title).unwrap(),
        quantity: line(quantity),
    };
    let event = OrderEvent {
        number: line("طلب-7"),
        shop: line("בית התה"),
        reason: line("نفاد الكمية"),
        customer: line("أمل"),
        total: Money::parse("10.00", Some("SAR"), Unit::Major),
        items: vec![item("شاي (250g)", "2"), item("كوب", "٣"), item("Teapot", "1")],
        ..event()
    };
    insta::assert_snapshot!(
        format!("{:?}", message_of(&event, Language::English).text()),
        @r#""🚫 Order \u{2068}طلب-7\u{2069} cancelled · SAR 10.00 · Reason: \u{2068}نفاد الكمية\u{2069} · Customer: \u{2068}أمل\u{2069} · Shop: \u{2068}בית התה\u{2069} · 2 × \u{2068}شاي (250g)\u{2069}, \u{2068}٣\u{2069} × \u{2068}كوب\u{2069}, 1 × Teapot · 2026-01-01 00:12 UTC · Shopify""#
    );
    insta::assert_snapshot!(
        format!("{:?}", message_of(&event, Language::Korean).text()),
        @r#""🚫 주문 취소 \u{2068}طلب-7\u{2069} · SAR 10.00 · 사유: \u{2068}نفاد الكمية\u{2069} · 고객: \u{2068}أمل\u{2069} · 상점: \u{2068}בית התה\u{2069} · \u{2068}شاي (250g)\u{2069} × 2, \u{2068}كوب\u{2069} × \u{2068}٣\u{2069}, Teapot × 1 · 2026-01-01 09:12 (한국 시간) · Shopify""#
    );
    let long = "شاي ".repeat(90);
    let item = item(&long, "1");
    let long = OrderEvent { number: line(&long), items: vec![item], ..event };
    let texts = texts(&message_of(&long, Language::English));
    let count = |mark| texts.matches(mark).count();
    assert_eq!(count('\u{2068}'), count('\u{2069}'), "{texts}");
}

#[test]
fn text_from_left_to_right_stays_as_it_is() {
    for text in
        ["Jasmine tea, 100 g", "제주 녹차 2호", "Ünïcode №5 ☕️", "Чай", "お茶", "12:30", "ชา"]
    {
        assert_eq!(words::isolated(text), text);
    }
}

#[test]
fn a_hello_names_its_stack() {
    let hellos = LANGUAGES.map(|language| texts(&hello("a<b", language)));
    insta::assert_snapshot!(hellos.join("\n\n"));
}

#[test]
fn every_kind_and_change_has_its_headline() {
    let mut headlines = String::new();
    let kinds = [Kind::Created, Kind::Cancelled, Kind::Modified].map(|kind| (kind, None));
    let changes = Change::ALL.map(|change| {
        let kind = if change.is_of_cancellation() { Kind::Cancelled } else { Kind::Modified };
        (kind, Some(change))
    });
    for (kind, change) in kinds.into_iter().chain(changes) {
        let event = OrderEvent { kind, change, total: None, ..event() };
        for language in LANGUAGES {
            headlines += Words::of(language).headline(&event).as_str();
            headlines += "\n";
        }
    }
    insta::assert_snapshot!(headlines);
}

#[test]
fn an_order_of_which_nothing_is_known_has_a_message() {
    let bare = OrderEvent {
        id: None,
        number: None,
        shop: None,
        total: None,
        reason: None,
        customer: None,
        items: Vec::new(),
        link: None,
        more_orders: 0,
        due_at: None,
        occurred_at: None,
        ..event()
    };
    let messages = LANGUAGES.map(|language| texts(&message_of(&bare, language)));
    insta::assert_snapshot!(messages.join("\n\n"));
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
    let korean = Words::of(Language::Korean).items(&event);
    assert_eq!(korean[0], format!("{}… × 1", "티".repeat(80)));
    assert_eq!(korean[5], "외 9건");
    let unnamed = OrderEvent { items: Vec::new(), more_items: 1, ..event };
    assert_eq!(Words::of(Language::English).items(&unnamed), ["1 item"]);
    assert_eq!(Words::of(Language::Korean).items(&unnamed), ["상품 1건"]);
    let more = OrderEvent { more_items: 2, ..unnamed };
    assert_eq!(Words::of(Language::English).items(&more), ["2 items"]);
}

#[test]
fn a_test_notification_says_so() {
    let event = OrderEvent { is_test: true, ..event() };
    let message = message_of(&event, Language::English);
    assert!(message.text().starts_with("🧪 TEST · 🚫 Order #1001 cancelled"));
    let message = message_of(&event, Language::Korean);
    assert!(message.text().starts_with("🧪 테스트 · 🚫 주문 취소 #1001"));
}

#[test]
fn remarks_stand_in_the_footer_and_in_the_text() {
    let remarks = Remarks {
        repeat: true,
        unchecked: false,
        changed_payload: true,
        delay: Some(SignedDuration::from_mins(200)),
    };
    let said = |language| {
        let message = about(&event(), &Style::of(language), remarks);
        let (_, end) = message.text().split_once("Shopify · ").unwrap();
        let footer = message.blocks().last().unwrap().text();
        assert!(footer.starts_with(&format!("{end} · <!date^")), "{footer}");
        end.to_owned()
    };
    assert_eq!(
        said(Language::English),
        "This may be a repeat · Resent with different content · Alert 3 h late"
    );
    assert_eq!(
        said(Language::Korean),
        "중복 알림일 수 있음 · 같은 웹훅이 다른 내용으로 다시 옴 · 알림 3시간 지연"
    );
}

#[test]
fn a_delay_has_one_unit_and_is_rounded_down() {
    let remarks = |minutes: i64| {
        let delay = Some(SignedDuration::from_secs(minutes * 60 + 59));
        let remarks = Remarks { delay, ..Remarks::default() };
        LANGUAGES.map(|language| {
            let words = Words::of(language);
            [words.remarks(remarks), words.remarks_on_many(remarks)].concat().join(", ")
        })
    };
    assert_eq!(remarks(0)[0], "Alert 1 min late, Alerts up to 1 min late");
    assert_eq!(
        remarks(45),
        ["Alert 45 min late, Alerts up to 45 min late", "알림 45분 지연, 알림 최대 45분 지연"]
    );
    assert_eq!(remarks(119)[0], "Alert 119 min late, Alerts up to 119 min late");
    assert_eq!(
        remarks(179),
        ["Alert 2 h late, Alerts up to 2 h late", "알림 2시간 지연, 알림 최대 2시간 지연"]
    );
    assert_eq!(remarks(47 * 60 + 59)[0], "Alert 47 h late, Alerts up to 47 h late");
    assert_eq!(
        remarks(71 * 60),
        ["Alert 2 d late, Alerts up to 2 d late", "알림 2일 지연, 알림 최대 2일 지연"]
    );
}

#[test]
fn a_number_of_digits_alone_gets_its_sign() {
    let headlines = |number| {
        let event = OrderEvent { number: line(number), total: None, ..event() };
        LANGUAGES.map(|language| Words::of(language).headline(&event))
    };
    assert_eq!(headlines("815"), ["🚫 Order #815 cancelled", "🚫 주문 취소 #815"]);
    assert_eq!(headlines("#815"), ["🚫 Order #815 cancelled", "🚫 주문 취소 #815"]);
    let date = "20260101-0000042";
    let expected = ["🚫 Order 20260101-0000042 cancelled", "🚫 주문 취소 20260101-0000042"];
    assert_eq!(headlines(date), expected);
    assert_eq!(headlines("A7"), ["🚫 Order A7 cancelled", "🚫 주문 취소 A7"]);
}

#[test]
fn a_time_in_plain_text_says_its_zone() {
    let times = |time: &str| LANGUAGES.map(|to| Words::of(to).plain_time(time.parse().unwrap()));
    let expected = ["2025-12-31 15:00 UTC", "2026-01-01 00:00 (한국 시간)"];
    assert_eq!(times("2025-12-31T15:00:59Z"), expected);
    let expected = ["2026-07-01 00:12 UTC", "2026-07-01 09:12 (한국 시간)"];
    assert_eq!(times("2026-07-01T00:12:00Z"), expected);
}

#[test]
fn a_platform_has_a_name_in_each_language() {
    let footers = |platform: &str, name: &str| {
        let (platform, platform_name) = (platform.to_owned(), name.to_owned());
        let event = OrderEvent { platform, platform_name, link: None, ..event() };
        LANGUAGES.map(|language| {
            let message = message_of(&event, language);
            let footer = message.blocks().last().unwrap().text().to_owned();
            let (_, end) = footer.split_once('>').unwrap();
            assert!(!message.text().ends_with(" · "), "{}", message.text());
            end.to_owned()
        })
    };
    assert_eq!(footers("cafe24", "Cafe24"), [" · Cafe24", " · 카페24"]);
    assert_eq!(footers("generic", "Order system"), [" · Order system", " · 자체 주문 시스템"]);
    assert_eq!(footers("shopify", "Shopify"), [" · Shopify", " · Shopify"]);
    assert_eq!(footers("standard", "Standard Webhooks"), ["", ""]);
    assert_eq!(footers("a platform without a file", "Kitchen"), [" · Kitchen", " · Kitchen"]);
}

#[test]
fn a_status_is_in_words() {
    let event = OrderEvent {
        platform: "cafe24".to_owned(),
        kind: Kind::Modified,
        status: line("cancel_order_request"),
        reason: None,
        customer: None,
        shop: None,
        ..event()
    };
    let facts = LANGUAGES.map(|language| Words::of(language).facts(&event));
    assert_eq!(facts, [["Status: cancellation requested"], ["상태: 취소 신청"]]);
}

#[test]
fn only_a_large_real_cancellation_mentions_people() {
    let mention = Mention::User("U012AB3CD".to_owned());
    let above = Some("KRW 1250000".parse().unwrap());
    let style =
        Style { mention: Some(MentionRule { mention, above }), ..Style::of(Language::English) };
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
    let proof = sign(&platform.auth, &Headers::default(), body, &key, "", "", now).unwrap();
    let headers: Headers = proof.into_iter().collect();
    let webhook = verify(&platform.auth, &headers, body, &[key], &[], now).unwrap();
    let Ok(Parsed::Events(events)) = parse(&platform, &webhook, Customer::Hidden, now) else {
        panic!("it is an order");
    };
    let message = message_of(&events[0], Language::English);
    let blocks = message.blocks().iter().filter(|block| !matches!(block, Block::Context { .. }));
    let shown: Vec<_> = blocks.map(Block::text).collect();
    assert_eq!(shown.join("\n") + "\n", example("text"));
}

/// What a reader sees of a text with Slack's markup: its links and times by their labels.
fn without_markup(text: &str) -> String {
    let (start, rest) = text.split_once('<').unwrap_or((text, ""));
    let labelled = rest.split('<').filter_map(|part| part.split_once('>'));
    let labels = labelled.map(|(link, after)| {
        let (_, label) = link.split_once('|').unwrap();
        format!("{label}{after}")
    });
    format!("{start}{}", labels.collect::<String>())
}

#[test]
fn the_first_message_of_each_readme_is_that_of_its_sample() {
    let sample = include_str!("../../events/woocommerce-cancelled.json");
    let sample: Value = serde_json::from_str(sample).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let headers = sample["headers"].as_object().unwrap().iter();
    let headers: Headers = headers.map(|(name, value)| (name, text(value))).collect();
    let body = text(&sample["body"]);
    let now = "2026-01-01T00:12:05Z".parse().unwrap();

    let platform = Platform::find("woocommerce").unwrap();
    let key = SigningKey::parse("sample key of the local stack for woocommerce", &platform.auth);
    let keys = [key.unwrap()];
    let webhook = verify(&platform.auth, &headers, body.as_bytes(), &keys, &[], now).unwrap();
    let Ok(Parsed::Events(events)) = parse(platform, &webhook, Customer::Hidden, now) else {
        panic!("it is an order");
    };
    for (readme, language) in [
        (include_str!("../../README.md"), Language::English),
        (include_str!("../../README.ko.md"), Language::Korean),
    ] {
        let (_, rest) = readme.split_once("```text\n").unwrap();
        let (shown, _) = rest.split_once("```").unwrap();
        let message = message_of(&events[0], language);
        let blocks = message.blocks().iter().map(|block| without_markup(block.text()) + "\n");
        assert_eq!(blocks.collect::<String>(), shown);
    }
}
