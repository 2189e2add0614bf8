use super::*;
use crate::ledger::keys::event_key;

/// The shape of a Shopify order, as every topic but a few sends it.
const ORDER: &str = r##"{
    "id": 820982911946154508, "name": "#1001", "test": false,
    "created_at": "2026-01-01T08:00:00+09:00", "updated_at": "2026-01-01T08:12:05+09:00",
    "cancelled_at": "2026-01-01T08:12:00+09:00", "cancel_reason": "customer",
    "total_price": "23600", "currency": "JPY",
    "customer": {"first_name": "Ada", "last_name": "Byron", "email": "ada@example.com"},
    "billing_address": null,
    "line_items": [
        {"name": "Tea - green", "title": "Tea", "quantity": 2, "price": "100"},
        {"name": "<b>Pot</b>", "quantity": 1}
    ],
    "order_status_url": "https://tea.myshopify.com/1/orders/2/verify?key=3",
    "note": "leave it at the door"
}"##;

const SHOP: (&str, &str) = ("X-Shopify-Shop-Domain", "tea.myshopify.com");

fn shopify(topic: &str) -> OrderEvent {
    event("shopify", &[("X-Shopify-Topic", topic), SHOP], ORDER)
}

fn of(topic: &str, body: &str) -> OrderEvent {
    event("shopify", &[("x-shopify-topic", topic), SHOP], body)
}

#[test]
fn a_shopify_cancellation_is_read_whole() {
    insta::assert_debug_snapshot!(without_link(shopify("orders/cancelled")));
}

#[test]
fn shopifys_topic_alone_decides() {
    let kinds = [
        ("orders/create", Kind::Created, None),
        ("orders/cancelled", Kind::Cancelled, None),
        ("orders/updated", Kind::Modified, None),
        ("orders/paid", Kind::Modified, Some(Change::Paid)),
        ("orders/fulfilled", Kind::Modified, Some(Change::Fulfilled)),
        ("orders/partially_fulfilled", Kind::Modified, Some(Change::PartiallyFulfilled)),
        ("orders/edited", Kind::Modified, Some(Change::Edited)),
    ];
    for (topic, kind, change) in kinds {
        let event = shopify(topic);
        assert_eq!((event.kind, event.change), (kind, change), "{topic}");
        let is_cancelled = kind == Kind::Cancelled;
        assert_eq!(event.reason.is_some(), is_cancelled, "{topic}: a reason is of a cancellation");
    }
    let created = shopify("orders/create").occurred_at.unwrap();
    assert_eq!(created.to_string(), "2025-12-31T23:00:00Z");
}

#[test]
fn shopifys_newer_header_names_are_understood() {
    let headers = [("Shopify-Topic", "orders/cancelled"), ("Shopify-Shop-Domain", SHOP.1)];
    let event = event("shopify", &headers, ORDER);
    assert_eq!(event.kind, Kind::Cancelled);
    let link = "https://tea.myshopify.com/admin/orders/820982911946154508";
    assert_eq!(event.link.unwrap().as_str(), link);
}

#[test]
fn the_same_body_under_three_topics_is_three_events() {
    let topics = ["orders/create", "orders/updated", "orders/cancelled"];
    let keys = topics.map(|topic| event_key(&shopify(topic)));
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2], "{keys:?}");
    assert_eq!(event_key(&shopify("orders/create")), keys[0], "a repeat is the same event");
}

#[test]
fn an_edit_names_the_order_and_not_the_edit_and_has_no_total() {
    let body = r#"{"order_edit":{"id":1,"app_id":null,"order_id":820982911946154508,
        "committed_at":"2025-12-31T23:12:00Z","line_items":{"additions":[{"id":7,"delta":1}]},
        "notify_customer":true,"reason":null,"staff_note":"a note"}}"#;
    let edited = of("orders/edited", body);
    assert_eq!(text(edited.id.as_ref()), Some("820982911946154508"));
    assert_eq!((time(&edited).unwrap(), total(&edited)), ("2025-12-31T23:12:00Z".to_owned(), None));
    assert!(posted(&edited).starts_with("✏️ Order #820982911946154508 edited · Shop: "));
}

#[test]
fn a_deleted_order_is_only_an_id() {
    let deleted = of("orders/delete", r#"{"id":820982911946154508}"#);
    assert_eq!((deleted.link.as_ref(), deleted.total.as_ref()), (None, None));
    assert!(posted(&deleted).starts_with("🗑️ Order #820982911946154508 deleted · "));
    assert!(shopify("orders/updated").link.is_some());
}

#[test]
fn customers_may_be_null_or_absent() {
    for order in [
        r#"{"id":1,"name":"1","customer":null,"billing_address":null,"shipping_address":null}"#,
        r#"{"id":1,"name":"1"}"#,
        r#"{"id":1,"name":"1","customer":{"first_name":null,"last_name":null}}"#,
    ] {
        let event = event("shopify", &[("x-shopify-topic", "orders/create")], order);
        assert_eq!(event.customer, None, "{order}");
    }
    let elsewhere =
        r#"{"id":1,"name":"1","customer":null,"shipping_address":{"name":"Ada Byron"}}"#;
    let event = event("shopify", &[("x-shopify-topic", "orders/create")], elsewhere);
    assert_eq!(event.customer.unwrap().as_str(), "Ada Byron");
}

#[test]
fn a_shopify_test_is_marked() {
    let headers = [("x-shopify-topic", "orders/create"), ("x-shopify-test", "true")];
    let by_header = event("shopify", &headers, r##"{"id":1,"name":"#1"}"##);
    assert!(by_header.is_test && !by_header.is_never_remembered(), "no header is signed");
    for headers in [&headers[..], &headers[..1]] {
        let by_body = event("shopify", headers, r#"{"id":1,"test":true}"#);
        assert!(by_body.is_test && by_body.is_never_remembered());
    }
    assert!(!shopify("orders/create").is_test);
}

#[test]
fn a_cancellation_whose_body_says_that_nothing_was_cancelled_is_none() {
    let headers = [("x-shopify-topic", "orders/cancelled"), SHOP];
    let live = r##"{"id":1,"name":"#1042","cancelled_at":null,"financial_status":"paid"}"##;
    assert!(is_ignored("shopify", &headers, live));
    let silent = r##"{"id":1,"name":"#1042"}"##;
    assert_eq!(of("orders/cancelled", silent).kind, Kind::Cancelled, "the topic is believed");
}

#[test]
fn the_body_of_another_document_is_no_order() {
    for body in [
        r#"{"id":632910392,"title":"Tea pot","vendor":"Tea House","handle":"tea-pot"}"#,
        r#"{"id":115310627314723954,"email":"-","first_name":"Ada","orders_count":0}"#,
        r#"{"topic":"Order","action":"update","handle":"h1","fields_changed":{"updated":[]}}"#,
    ] {
        for topic in ["orders/create", "orders/cancelled", "orders/updated", "orders/paid", "Order"]
        {
            let parsed = parsed_as("shopify", Customer::Full, &[("shopify-topic", topic)], body);
            assert!(matches!(parsed, Err(ParseError::NoOrder { .. })), "{topic} {parsed:?}");
        }
    }
}

#[test]
fn a_deletion_is_an_id_and_nothing_else() {
    let topic = [("x-shopify-topic", "orders/delete")];
    let deleted = event("shopify", &topic, r#"{"id":1}"#);
    assert_eq!(meaning(&deleted), (Kind::Modified, Some(Change::Deleted)));
    for other in [
        ORDER,
        r#"{"id":1,"title":"Tea pot","handle":"tea-pot"}"#,
        r#"{"id":1,"email":"-","first_name":"Ada"}"#,
        r#"{"id":1,"name":"Riverside"}"#,
        r#"{"id":1,"order_id":2,"created_at":"2026-01-01T00:00:00Z"}"#,
    ] {
        assert!(is_ignored("shopify", &topic, other), "{other}");
    }
}

#[test]
fn only_a_host_of_shopify_is_shown_as_its_shop() {
    let shop = |shop| {
        let headers = [("x-shopify-topic", "orders/create"), ("x-shopify-shop-domain", shop)];
        event("shopify", &headers, ORDER).shop
    };
    assert_eq!(shop("tea-house.myshopify.com"), OneLine::parse("tea-house.myshopify.com"));
    for other in [
        "Refund line +1 555 0100",
        "evil.example",
        "evilmyshopify.com",
        "myshopify.com",
        "evil.example/.myshopify.com",
        "a b.myshopify.com",
        "evil.example#.myshopify.com",
        "tea-house.myshopify.com/ URGENT: call +1 555 0100",
        "tea-house.myshopify.com/admin",
    ] {
        assert_eq!(shop(other), None, "{other}");
    }
}

#[test]
fn a_changed_order_is_shown_as_it_is_now() {
    let body = r##"{"id":1,"name":"#1","total_price":"60.00","current_total_price":"20.00",
        "currency":"USD","line_items":[{"name":"Tea","quantity":3,"current_quantity":1},
        {"name":"Pot","quantity":1,"current_quantity":0}]}"##;
    let changed = posted(&of("orders/updated", body));
    assert!(changed.contains("changed · USD 20.00 · ") && changed.contains("1 × Tea"), "{changed}");
    assert!(!changed.contains("Pot"), "{changed}");
    let cancelled = posted(&of("orders/cancelled", body));
    assert!(cancelled.contains(" · USD 60.00 · "), "{cancelled}");
    assert!(cancelled.contains("3 × Tea, 1 × Pot"), "{cancelled}");
}

#[test]
fn a_cancelled_order_keeps_the_amount_it_had() {
    let body = r#"{"id":1,"total_price":"99.00","current_total_price":"0.00","currency":"HKD",
        "presentment_currency":"EUR","financial_status":"refunded"}"#;
    assert_eq!(total(&of("orders/cancelled", body)).unwrap(), "HKD 99.00");
}

#[test]
fn stripped_keys_and_odd_values_leave_the_rest() {
    let body = r##"{"id":1,"name":"#9","updated_at":"example string","total_price":"example string",
        "currency":"USD","line_items":"example string"}"##;
    let odd = of("orders/updated", body);
    assert_eq!((time(&odd), total(&odd)), (None, None));
    assert!(
        posted(&odd).starts_with("✏️ Order #9 changed · Shop: tea.myshopify.com"),
        "{}",
        posted(&odd)
    );
}

#[test]
fn other_topics_are_ignored() {
    for topic in
        ["products/create", "orders/Cancelled", "orders/risk_assessment_changed", "order", ""]
    {
        assert!(is_ignored("shopify", &[("x-shopify-topic", topic)], ORDER), "{topic}");
    }
    assert!(is_ignored("shopify", &[], ORDER));
}

#[test]
fn a_shop_header_cannot_lead_elsewhere() {
    for shop in ["evil.example", "evil.example/x.myshopify.com", "x.myshopify.com@evil.example"] {
        let headers = [("x-shopify-topic", "orders/create"), ("x-shopify-shop-domain", shop)];
        assert_eq!(event("shopify", &headers, ORDER).link, None, "{shop}");
    }
}

#[test]
fn nothing_private_gets_out() {
    let body = r##"{"id":1,"name":"#1001","total_price":"5.00","currency":"USD",
        "customer":{"first_name":"Ada","last_name":"Byron","email":"CANARY","phone":"CANARY"},
        "billing_address":{"name":"CANARY","address1":"CANARY","zip":"CANARY","latitude":"CANARY"},
        "shipping_address":{"name":"CANARY","city":"CANARY"},"email":"CANARY","contact_email":"CANARY",
        "phone":"CANARY","browser_ip":"CANARY","client_details":{"user_agent":"CANARY"},
        "order_status_url":"https://tea.myshopify.com/?key=CANARY","token":"CANARY",
        "checkout_token":"CANARY","cart_token":"CANARY","note":"CANARY","note_attributes":["CANARY"],
        "line_items":[{"name":"Tea","quantity":1,"properties":[{"value":"CANARY"}],"vendor":"CANARY"}],
        "refunds":[{"note":"CANARY"}],"payment_gateway_names":["CANARY"],"tags":"CANARY"}"##;
    let headers =
        [("x-shopify-topic", "orders/cancelled"), SHOP, ("x-shopify-hmac-sha256", "CANARY")];
    assert_private("shopify", &headers, body, Some("Ada Byron"));
}

#[test]
fn shopifys_financial_status_says_whether_anything_was_paid() {
    let paid = |status: &str| {
        let body = ORDER.replacen('{', &format!(r#"{{"financial_status": {status},"#), 1);
        ["orders/create", "orders/cancelled", "orders/updated"].map(|topic| of(topic, &body).paid)
    };
    for status in ["paid", "partially_paid", "partially_refunded", "refunded"] {
        assert_eq!(paid(&format!("{status:?}")), [Some(true); 3], "{status}");
    }
    for status in ["pending", "authorized", "expired", "voided"] {
        assert_eq!(paid(&format!("{status:?}")), [Some(false); 3], "{status}");
    }
    for unknown in ["null", r#""""#, r#""unheard""#, "{}"] {
        assert_eq!(paid(unknown), [None; 3], "{unknown}");
    }
    assert_eq!(shopify("orders/cancelled").paid, None, "it says nothing");
}
