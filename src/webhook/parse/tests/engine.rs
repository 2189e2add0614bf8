use super::generic::generic;
use super::*;
use crate::webhook::WRITTEN_OUT;
use crate::webhook::parse::fields::MAX_ITEMS;

#[test]
fn ids_keep_every_digit_and_their_spelling() {
    for id in ["9007199254740993", "18446744073709551617", "1e5", "\"007\""] {
        let event = generic(&format!(r#""order_id":{id}"#));
        assert_eq!(event.id.unwrap().as_str(), id.trim_matches('"'));
    }
}

#[test]
fn an_order_of_an_own_system_needs_no_usable_id() {
    for id in ["null", "\"\"", "\"  \"", "[]", "{}"] {
        assert_eq!(generic(&format!(r#""order_id":{id}"#)).id, None, "{id}");
    }
    let long = generic(&format!(r#""order_id":"{}""#, "9".repeat(10_000)));
    assert_eq!(long.id.unwrap().as_str().chars().count(), OneLine::MAX_CHARS + 1);
}

#[test]
fn an_amount_that_is_none_is_not_shown() {
    for total in ["null", "\"example string\"", "[1]", "true", "\"\""] {
        assert_eq!(generic(&format!(r#""total":{total},"currency":"USD""#)).total, None, "{total}");
    }
    let exact = generic(r#""total":0.30000000000000004,"currency":"USD""#).total.unwrap();
    assert_eq!(exact.to_string(), "USD 0.30000000000000004");
}

#[test]
fn times_are_read_in_every_usual_spelling() {
    let spellings = [
        "\"2026-01-01T00:00:00Z\"",
        "\"2026-01-01T09:00:00+09:00\"",
        "\"2026-01-01 00:00:00\"",
        "1767225600",
        "\"1767225600\"",
        "1767225600000",
        "1767225600.5",
        "\"1767225600.123456\"",
    ];
    for spelling in spellings {
        let event = generic(&format!(r#""occurred_at":{spelling}"#));
        assert_eq!(event.occurred_at, Some(now()), "{spelling}");
    }
    for odd in [
        "\"0000-00-00\"",
        "\"yesterday\"",
        "0",
        "99999999999999999999",
        "-1",
        "1.5",
        "\"1767225600.x\"",
        "{}",
    ] {
        let event = generic(&format!(r#""occurred_at":{odd}"#));
        assert_eq!(event.occurred_at, None, "{odd}");
        assert_eq!(event.received_at, now());
    }
}

#[test]
fn nothing_happened_well_after_it_arrived() {
    let at =
        |spelling: &str| generic(&format!(r#""occurred_at":"{spelling}""#)).occurred_at.unwrap();
    for (ahead, spelling) in [(40, "2026-01-01T00:00:40Z"), (60, "2026-01-01T00:01:00Z")] {
        assert_eq!(at(spelling), now() + SignedDuration::from_secs(ahead), "two clocks");
    }
    for zoneless in ["2026-01-01 09:00:00", "2026-01-01T00:01:01Z"] {
        assert_eq!(at(zoneless), now(), "{zoneless}");
    }
}

#[test]
fn an_item_that_is_in_the_order_no_longer_is_not_shown() {
    let event = generic(
        r#""items":[{"title":"Tea","quantity":0},{"title":"Pot","quantity":"0.0"},{"title":"Cup","quantity":"10"}]"#,
    );
    assert_eq!((event.items.len(), event.more_items), (1, 0));
}

#[test]
fn a_byte_order_mark_before_the_body_is_skipped() {
    let body = "\u{feff}{\"event_type\":\"order_created\",\"order_id\":\"A\"}";
    assert_eq!(text(event("generic", &[], body).id.as_ref()), Some("A"));
}

#[test]
fn a_shop_that_no_signature_covers_looks_like_a_host() {
    let shop = |shop| {
        let headers = [("x-wc-webhook-topic", "order.created"), ("x-wc-webhook-source", shop)];
        text(event("woocommerce", &headers, r#"{"id":1,"number":"1"}"#).shop.as_ref())
            .map(str::to_owned)
    };
    assert_eq!(shop("https://tea.example/").as_deref(), Some("tea.example"));
    assert_eq!(shop("https://tea.example/shop/").as_deref(), Some("tea.example/shop"));
    for other in [
        "Refund line +1 555 0100",
        "call us",
        "https://",
        "tea example.com",
        "https://tea.example/ URGENT call +1 555 0100",
        "https://tea.example/wp-login.php?redirect_to=https%3A%2F%2Fevil.example%2F&x=",
        "https://tea.example/#",
    ] {
        assert_eq!(shop(other), None, "{other}");
    }
}

#[test]
fn more_lines_than_are_kept_are_counted() {
    let items = vec![r#"{"title":"Tea"}"#; MAX_ITEMS + 480].join(",");
    let event = generic(&format!(r#""items":[{items}]"#));
    assert_eq!((event.items.len(), event.more_items), (MAX_ITEMS, 480));
    let unnamed = generic(r#""items":[{"sku":"1"},{"title":""},7]"#);
    assert_eq!((unnamed.items.len(), unnamed.more_items), (1, 2));
}

#[test]
fn an_event_keeps_the_name_that_its_signature_covers() {
    let body = r#"{"event_type":"order_created","order_id":"A-1"}"#;
    let named = event("generic", &[("webhook-id", "msg_1")], body);
    assert_eq!(named.delivery_id, OneLine::parse("msg_1"));
    let headers = [
        ("x-shopify-topic", "orders/create"),
        ("x-shopify-event-id", "e"),
        ("x-shopify-webhook-id", "w"),
    ];
    let unnamed = event("shopify", &headers, r##"{"id":1,"name":"#1"}"##);
    assert_eq!(unnamed.delivery_id, None, "the signature does not cover these headers");
    assert_eq!(unnamed.body_hash, hex::encode(digest(&SHA256, br##"{"id":1,"name":"#1"}"##)));
}

#[test]
fn an_order_is_reopened_only_where_its_state_says_so() {
    let reopens = |status: &str| {
        let generic = format!(r#"{{"event_type":"order_modified","order_id":1{status}}}"#);
        let standard = format!(r#"{{"type":"order.updated","data":{{"id":1{status}}}}}"#);
        let events = [event("generic", &[], &generic), event("standard", &[], &standard)];
        assert!(events.iter().all(|event| event.kind == Kind::Modified), "{status}");
        assert_eq!(events[0].reopens, events[1].reopens, "{status}");
        events[0].reopens
    };
    for living in ["processing", "Open", "ON-HOLD", "packed", "completed", "restored"] {
        assert!(reopens(&format!(r#","status":"{living}""#)), "{living}");
    }
    for other in ["cancelled", "Canceled", "Refunded", "void", "취소", "", "processing again"] {
        assert!(!reopens(&format!(r#","status":"{other}""#)), "{other}");
    }
    for absent in ["", r#","status":null"#, r#","status":["open"]"#] {
        assert!(!reopens(absent), "{absent}");
    }
    let generic = |body| event("generic", &[], body).reopens;
    assert!(generic(r#"{"event_type":"order_created","order_id":1}"#));
    assert!(!generic(r#"{"event_type":"order_cancelled","order_id":1,"status":"open"}"#));
    let shopify =
        event("shopify", &[("x-shopify-topic", "orders/updated")], r##"{"id":1,"name":"#1"}"##);
    assert!(!shopify.reopens, "its updates do not say whether the order is cancelled");
}

#[test]
fn a_condition_holds_in_whatever_case() {
    for status in ["canceled", "Canceled", "CANCELED"] {
        let body = format!(
            r#"{{"event":"order.status_update","body":{{"order":{{"id":"1","status":"{status}"}}}}}}"#
        );
        assert_eq!(event("deliveroo", &[], &body).kind, Kind::Cancelled, "{status}");
    }
}

#[test]
fn the_customers_name_follows_the_setting() {
    let body = r#"{"event_type":"order_created","order_id":1,"customer":"Ada Byron"}"#;
    let shown = |setting| events_as("generic", setting, &[], body).remove(0).customer;
    assert_eq!(shown(Customer::Hidden), None);
    assert_eq!(shown(Customer::Initials), OneLine::parse("A. B."));
    assert_eq!(shown(Customer::Full), OneLine::parse("Ada Byron"));
}

#[test]
fn a_korean_name_is_masked_in_the_middle() {
    let masked = |name: &str| {
        let body = format!(r#"{{"event_type":"order_created","order_id":1,"customer":"{name}"}}"#);
        let customer = events_as("generic", Customer::Initials, &[], &body).remove(0).customer;
        customer.unwrap().to_string()
    };
    for (name, shown) in [
        ("김민수", "김*수"),
        ("김 민수", "김*수"),
        ("김민", "김*"),
        ("김", "김*"),
        ("남궁민수", "남**수"),
        ("알렉산드라 스미스", "알**스"),
        ("김 Minsu", "김. M."),
        ("민수 K", "민. K."),
    ] {
        assert_eq!(masked(name), shown, "{name}");
    }
}

#[test]
fn a_korean_name_of_two_parts_has_the_last_name_first() {
    let shown = |setting, first: &str, last: &str| {
        let name = format!(r#"{{"first_name":"{first}","last_name":"{last}"}}"#);
        let shopify = format!(r#"{{"id":1,"name":"1","customer":{name}}}"#);
        let woocommerce = format!(r#"{{"id":1,"billing":{name}}}"#);
        let topics = [
            ("shopify", ("x-shopify-topic", "orders/create"), shopify),
            ("woocommerce", ("x-wc-webhook-topic", "order.created"), woocommerce),
        ];
        let [one, other] = topics.map(|(platform, topic, body)| {
            events_as(platform, setting, &[topic], &body).remove(0).customer.unwrap().to_string()
        });
        assert_eq!(one, other);
        one
    };
    assert_eq!(shown(Customer::Full, "민수", "김"), "김민수");
    assert_eq!(shown(Customer::Initials, "민수", "김"), "김*수");
    assert_eq!(shown(Customer::Full, " 민수 ", "남궁"), "남궁민수");
    assert_eq!(shown(Customer::Full, "Ada", "Byron"), "Ada Byron");
    assert_eq!(shown(Customer::Full, "민수", "Kim"), "민수 Kim");
    assert_eq!(shown(Customer::Full, "민수", ""), "민수");
}

/// An event type of the platform, at its place, and the order.
fn known_type(platform: &str) -> (Vec<(&'static str, &'static str)>, &'static str, &'static str) {
    match platform {
        "bigcommerce" => (vec![], r#""scope":"store/order/created""#, r#""data":{"id":1}"#),
        "cafe24" => (vec![], r#""event_no":90023"#, r#""resource":{"order_id":"1"}"#),
        "deliveroo" => (vec![], r#""event":"order.new""#, r#""body":{"order":{"id":"1"}}"#),
        "doordash" => {
            (vec![], r#""event_name":"DELIVERY_CANCELLED""#, r#""external_delivery_id":"1""#)
        }
        "generic" => (vec![], r#""event_type":"order_created""#, r#""order_id":1"#),
        "shopify" => (
            vec![("x-shopify-topic", "orders/create")],
            r#""test":false"#,
            r#""id":1,"financial_status":"paid""#,
        ),
        "square" | "standard" => (vec![], r#""type":"order.created""#, r#""data":{"id":1}"#),
        "ubereats" => (vec![], r#""event_type":"orders.cancel""#, r#""meta":{"resource_id":"1"}"#),
        "woocommerce" => {
            (vec![("x-wc-webhook-topic", "order.created")], r#""status":"pending""#, r#""id":1"#)
        }
        other => panic!("{other} has no event here"),
    }
}

#[test]
fn an_order_without_any_other_field_has_a_message() {
    for platform in WRITTEN_OUT {
        let (headers, known, order) = known_type(platform);
        let event = event(platform, &headers, &format!("{{{known},{order}}}"));
        assert_eq!((&event.number, &event.total), (&None, &None), "{platform}");
        assert_eq!((event.occurred_at, &event.customer), (None, &None), "{platform}");
        assert!(posted(&event).contains(" · 2026-01-01 00:00 UTC"), "{}", posted(&event));
    }
}

#[test]
fn an_event_that_names_no_order_is_unreadable_for_every_platform() {
    let error_page = r#""code":"rest_forbidden","message":"Sorry.","data":{"status":401}"#;
    let any_sender = ["generic", "standard"];
    for platform in WRITTEN_OUT.into_iter().filter(|platform| !any_sender.contains(platform)) {
        let (headers, known, _) = known_type(platform);
        for body in [format!("{{{known}}}"), format!("{{{known},{error_page}}}")] {
            let parsed = parsed_as(platform, Customer::Full, &headers, &body);
            let Err(error @ ParseError::NoOrder { .. }) = parsed else {
                panic!("{platform}: {parsed:?}")
            };
            assert_eq!(error.to_string().trim_end(), error.to_string());
        }
    }
}

#[test]
fn every_platform_says_what_an_order_has() {
    let any_sender = ["generic", "standard"];
    for platform in Platform::names().filter(|platform| !any_sender.contains(platform)) {
        let platform = Platform::find(platform).unwrap();
        let is_order = |kind| Option::<Kind>::from(kind).is_some();
        for rule in platform.rules.iter().filter(|rule| is_order(rule.kind)) {
            let has_required =
                [&rule.fields, &platform.fields].iter().any(|fields| !fields.required.0.is_empty());
            assert!(has_required, "{}: {:?}", platform.id, rule.types);
        }
    }
}

#[test]
fn what_is_no_json_object_is_unreadable_for_every_platform() {
    for platform in WRITTEN_OUT {
        let (headers, known, _) = known_type(platform);
        let cut = format!(r#"{{{known},"order":{{"id":"gb:17","total":{{"fractio"#);
        for body in [cut.as_str(), "", "[]", "null", "webhook_id=12"] {
            let parsed = parsed_as(platform, Customer::Full, &headers, body);
            assert!(parsed.is_err(), "{platform}: {body}");
        }
    }
}
