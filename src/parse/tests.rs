use super::fields::MAX_ITEMS;
use super::*;
use crate::request::Headers;

const NOW: i64 = 1_767_225_600;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn parsed_as(
    platform: &Platform,
    customer: Customer,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Parsed, Unreadable> {
    let headers: Headers = headers.iter().copied().collect();
    let webhook = Authentic { headers: &headers, body: body.as_bytes(), key: 0 };
    parse(platform, &webhook, customer, now())
}

#[track_caller]
fn event(platform: &str, headers: &[(&str, &str)], body: &str) -> OrderEvent {
    let platform = Platform::find(platform).unwrap();
    match parsed_as(platform, Customer::Full, headers, body).unwrap() {
        Parsed::Events(mut events) if events.len() == 1 => events.remove(0),
        other => panic!("{other:?}"),
    }
}

fn is_ignored(platform: &str, headers: &[(&str, &str)], body: &str) -> bool {
    let platform = Platform::find(platform).unwrap();
    matches!(parsed_as(platform, Customer::Full, headers, body).unwrap(), Parsed::Ignored { .. })
}

#[track_caller]
fn generic(fields: &str) -> OrderEvent {
    event("generic", &[], &format!(r#"{{"event_type":"order_cancelled",{fields}}}"#))
}

/// Links have tests of their own, and a long debug form.
fn without_link(event: OrderEvent) -> OrderEvent {
    OrderEvent { link: None, ..event }
}

/// The shape of a Shopify order, as every topic but a few sends it.
const SHOPIFY_ORDER: &str = r##"{
    "id": 820982911946154508, "name": "#1001", "test": false,
    "created_at": "2026-01-01T08:00:00+09:00", "updated_at": "2026-01-01T09:12:05+09:00",
    "cancelled_at": "2026-01-01T09:12:00+09:00", "cancel_reason": "customer",
    "total_price": "23600", "currency": "JPY",
    "customer": {"first_name": "Ada", "last_name": "Byron", "email": "ada@example.com"},
    "billing_address": null,
    "line_items": [
        {"name": "Tea - green", "title": "Tea", "quantity": 2, "price": "100"},
        {"name": "<b>Pot</b>", "quantity": 1}
    ],
    "order_status_url": "https://tea.myshopify.com/1/orders/2/authenticate?key=3",
    "note": "leave it at the door"
}"##;

const SHOP: (&str, &str) = ("X-Shopify-Shop-Domain", "tea.myshopify.com");

fn shopify(topic: &str) -> OrderEvent {
    event("shopify", &[("X-Shopify-Topic", topic), SHOP], SHOPIFY_ORDER)
}

const WOO_ORDER: &str = r#"{
    "id": 727, "number": "727", "status": "STATUS", "currency": "CLP", "total": "18000",
    "date_created_gmt": "2026-01-01T08:00:00", "date_modified_gmt": "2026-01-01T09:12:00",
    "billing": {"first_name": "", "last_name": "", "company": "Tea House"},
    "line_items": [{"name": "Tea", "quantity": 2, "price": 9000}],
    "_links": {"self": [{"href": "https://tea.example/wp-json/wc/v3/orders/727"}]}
}"#;

fn woocommerce(topic: &str, status: &str) -> OrderEvent {
    let headers = [("x-wc-webhook-topic", topic), ("x-wc-webhook-source", "https://tea.example/")];
    event("woocommerce", &headers, &WOO_ORDER.replace("STATUS", status))
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
        ("orders/delete", Kind::Modified, Some(Change::Deleted)),
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
    let event = event("shopify", &headers, SHOPIFY_ORDER);
    assert_eq!(event.kind, Kind::Cancelled);
    let link = "https://tea.myshopify.com/admin/orders/820982911946154508";
    assert_eq!(event.link.unwrap().as_str(), link);
}

#[test]
fn a_shopify_edit_names_the_order_and_not_the_edit() {
    let body = r#"{"order_edit":{"id":1,"order_id":820982911946154508}}"#;
    let event = event("shopify", &[("x-shopify-topic", "orders/edited")], body);
    assert_eq!(event.id.unwrap().as_str(), "820982911946154508");
}

#[test]
fn customers_may_be_null_or_absent() {
    for order in [
        r#"{"id":1,"customer":null,"billing_address":null,"shipping_address":null}"#,
        r#"{"id":1}"#,
        r#"{"id":1,"customer":{"first_name":null,"last_name":null}}"#,
    ] {
        let event = event("shopify", &[("x-shopify-topic", "orders/create")], order);
        assert_eq!(event.customer, None, "{order}");
    }
    let elsewhere = r#"{"customer":null,"shipping_address":{"name":"Ada Byron"}}"#;
    let event = event("shopify", &[("x-shopify-topic", "orders/create")], elsewhere);
    assert_eq!(event.customer.unwrap().as_str(), "Ada Byron");
}

#[test]
fn a_shopify_test_is_marked() {
    let headers = [("x-shopify-topic", "orders/create"), ("x-shopify-test", "true")];
    assert!(event("shopify", &headers, r#"{"id":1}"#).is_test);
    assert!(event("shopify", &headers[..1], r#"{"id":1,"test":true}"#).is_test);
    assert!(!shopify("orders/create").is_test);
}

#[test]
fn woocommerce_cancels_by_a_status() {
    insta::assert_debug_snapshot!(without_link(woocommerce("order.updated", "cancelled")));
    let kind = |topic, status| {
        let event = woocommerce(topic, status);
        (event.kind, event.change)
    };
    assert_eq!(kind("order.updated", "completed"), (Kind::Modified, None));
    assert_eq!(kind("order.created", "processing"), (Kind::Created, None));
    assert_eq!(kind("order.restored", "pending"), (Kind::Modified, Some(Change::Restored)));
    assert_eq!(kind("order.deleted", ""), (Kind::Modified, Some(Change::Deleted)));
}

#[test]
fn an_unfinished_woocommerce_checkout_is_ignored() {
    for status in ["checkout-draft", "auto-draft"] {
        let body = WOO_ORDER.replace("STATUS", status);
        assert!(is_ignored("woocommerce", &[("x-wc-webhook-topic", "order.updated")], &body));
    }
}

#[test]
fn an_event_of_another_kind_is_ignored() {
    for topic in ["products/create", "orders/Cancelled", "order", ""] {
        assert!(is_ignored("shopify", &[("x-shopify-topic", topic)], SHOPIFY_ORDER), "{topic}");
    }
    assert!(is_ignored("shopify", &[], SHOPIFY_ORDER));
    for event_type in ["\"Order_Cancelled\"", "\"refund\"", "5", "null", "[]", "{}"] {
        assert!(is_ignored("generic", &[], &format!(r#"{{"event_type":{event_type}}}"#)));
    }
}

#[test]
fn a_generic_order_may_say_everything_or_nothing() {
    let whole = generic(
        r#""order_id":"A-1","order_number":"1","total":"19.9","currency":"USD","customer":"Ada",
           "items":["Tea",{"title":"Pot","quantity":2},{"name":"Cup"}],"reason":"sold out",
           "shop":"tea.example","url":"https://tea.example/orders/1","occurred_at":NOW,
           "status":"packed","extra":{"deep":[1]}"#
            .replace("NOW", &NOW.to_string())
            .as_str(),
    );
    insta::assert_debug_snapshot!(without_link(whole));
    let nulls = generic(r#""order_id":null,"total":null,"items":null,"url":null"#);
    let nothing = event("generic", &[], r#"{"event_type":"order_cancelled"}"#);
    assert_eq!(OrderEvent { body_hash: nothing.body_hash.clone(), ..nulls }, nothing);
}

#[test]
fn standard_webhooks_carry_the_order_in_data() {
    let body = r#"{"type":"order.canceled","timestamp":"2026-01-01T00:00:00Z",
                   "data":{"id":"A-1","total":5,"currency":"KWD"}}"#;
    let event = event("standard", &[], body);
    assert_eq!(event.kind, Kind::Cancelled);
    assert_eq!(event.total.unwrap().to_string(), "KWD 5.000");
    assert_eq!(event.occurred_at.unwrap(), now());
}

#[test]
fn ids_keep_every_digit_and_their_spelling() {
    for id in ["9007199254740993", "18446744073709551617", "1e5", "\"007\""] {
        let event = generic(&format!(r#""order_id":{id}"#));
        assert_eq!(event.id.unwrap().as_str(), id.trim_matches('"'));
    }
}

#[test]
fn an_order_without_a_usable_id_is_still_news() {
    for id in ["null", "\"\"", "\"  \"", "[]", "{}"] {
        assert_eq!(generic(&format!(r#""order_id":{id}"#)).id, None, "{id}");
    }
    let long = generic(&format!(r#""order_id":"{}""#, "9".repeat(10_000)));
    assert_eq!(long.id.unwrap().as_str().chars().count(), Line::MAX_CHARS + 1);
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
    ];
    for spelling in spellings {
        let event = generic(&format!(r#""occurred_at":{spelling}"#));
        assert_eq!(event.occurred_at, Some(now()), "{spelling}");
    }
    for odd in ["\"0000-00-00\"", "\"yesterday\"", "0", "99999999999999999999", "-1", "1.5", "{}"] {
        let event = generic(&format!(r#""occurred_at":{odd}"#));
        assert_eq!(event.occurred_at, None, "{odd}");
        assert_eq!(event.received_at, now());
    }
}

#[test]
fn only_a_link_to_the_shops_own_host_is_taken() {
    let link = |shop: &str, url: &str| {
        generic(&format!(r#""shop":"{shop}","url":"{url}""#)).link.map(String::from)
    };
    let good = "https://tea.example/orders/1";
    assert_eq!(link("tea.example", good).as_deref(), Some(good));
    assert_eq!(link("https://TEA.example/", good).as_deref(), Some(good));
    for (shop, url) in [
        ("Tea House", good),
        ("", good),
        ("tea.example", "http://tea.example/orders/1"),
        ("tea.example", "https://tea.example:8443/"),
        ("tea.example", "https://user@tea.example/"),
        ("tea.example", "https://tea.example@evil.example/"),
        ("tea.example", "https://evil.example/tea.example"),
        ("tea.example", "javascript:alert(1)"),
        ("tea.example", "data:text/html,x"),
        ("169.254.169.254", "https://169.254.169.254/"),
        ("evil.example", "https://evilmyshopify.com/"),
    ] {
        assert_eq!(link(shop, url), None, "{shop} {url}");
    }
}

#[test]
fn a_woocommerce_link_needs_the_host_of_the_signed_body() {
    let ours = woocommerce("order.updated", "cancelled").link.unwrap();
    assert_eq!(ours.as_str(), "https://tea.example/wp-admin/post.php?post=727&action=edit");
    let headers =
        [("x-wc-webhook-topic", "order.updated"), ("x-wc-webhook-source", "https://evil.example/")];
    assert_eq!(event("woocommerce", &headers, WOO_ORDER).link, None);
}

#[test]
fn a_shop_header_cannot_lead_elsewhere() {
    for shop in ["evil.example", "evil.example/x.myshopify.com", "x.myshopify.com@evil.example"] {
        let headers = [("x-shopify-topic", "orders/create"), ("x-shopify-shop-domain", shop)];
        assert_eq!(event("shopify", &headers, SHOPIFY_ORDER).link, None, "{shop}");
    }
}

#[test]
fn a_deleted_order_has_no_page() {
    assert!(shopify("orders/updated").link.is_some());
    assert_eq!(shopify("orders/delete").link, None);
}

#[test]
fn the_customers_name_follows_the_setting() {
    let shown = |setting| {
        let platform = Platform::find("shopify").unwrap();
        let headers = [("x-shopify-topic", "orders/cancelled")];
        match parsed_as(platform, setting, &headers, SHOPIFY_ORDER).unwrap() {
            Parsed::Events(events) => events[0].customer.as_ref().map(Line::to_string),
            Parsed::Ignored { .. } => panic!("it is an order event"),
        }
    };
    assert_eq!(shown(Customer::Hidden), None);
    assert_eq!(shown(Customer::Initials).unwrap(), "A. B.");
    assert_eq!(shown(Customer::Full).unwrap(), "Ada Byron");
}

#[test]
fn what_no_field_names_never_leaves_the_parser() {
    let event = format!("{:?}", shopify("orders/cancelled"));
    for private in ["ada@example.com", "authenticate", "door"] {
        assert!(!event.contains(private), "{private}");
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
    assert_eq!(named.delivery_id, Line::parse("msg_1"));
    let headers = [
        ("x-shopify-topic", "orders/create"),
        ("x-shopify-event-id", "e"),
        ("x-shopify-webhook-id", "w"),
    ];
    let unnamed = event("shopify", &headers, r#"{"id":1}"#);
    assert_eq!(unnamed.delivery_id, None, "anybody could have written these headers");
    assert_eq!(unnamed.body_hash, hex::encode(Sha256::digest(r#"{"id":1}"#)));
}

#[test]
fn an_order_lives_again_where_its_state_says_so() {
    let woo = |topic, status: &str| {
        let body = format!(r#"{{"id":1,"status":"{status}"}}"#);
        event("woocommerce", &[("x-wc-webhook-topic", topic)], &body).reopens
    };
    for status in ["pending", "processing", "on-hold", "completed"] {
        assert!(woo("order.updated", status), "{status}");
    }
    for status in ["cancelled", "refunded", "failed", "trash"] {
        assert!(!woo("order.updated", status), "{status}");
    }
    assert!(!woo("order.deleted", "processing"));
    let generic = |body| event("generic", &[], body).reopens;
    assert!(generic(r#"{"event_type":"order_modified","status":"packed"}"#));
    assert!(generic(r#"{"event_type":"order_created"}"#));
    assert!(!generic(r#"{"event_type":"order_modified","status":"cancelled"}"#));
    assert!(!generic(r#"{"event_type":"order_cancelled"}"#));
    let shopify = event("shopify", &[("x-shopify-topic", "orders/updated")], r#"{"id":1}"#);
    assert!(!shopify.reopens, "its updates do not say whether the order is cancelled");
}
