use super::*;
use crate::ledger::keys::event_key;

const ORDER: &str = r#"{
    "id": 727, "number": "727", "status": "STATUS", "currency": "CLP", "total": "18000",
    "date_created_gmt": "2025-12-31T08:00:00", "date_modified_gmt": "2025-12-31T09:12:00",
    "billing": {"first_name": "", "last_name": "", "company": "Tea House"},
    "line_items": [{"name": "Tea", "quantity": 2, "price": 9000}],
    "_links": {"self": [{"href": "https://tea.example/wp-json/wc/v3/orders/727"}]}
}"#;

const SHOP: (&str, &str) = ("x-wc-webhook-source", "https://tea.example/");

fn woocommerce(topic: &str, status: &str) -> OrderEvent {
    of(topic, &ORDER.replace("STATUS", status))
}

fn of(topic: &str, body: &str) -> OrderEvent {
    event("woocommerce", &[("x-wc-webhook-topic", topic), SHOP], body)
}

#[test]
fn woocommerce_cancels_by_a_status() {
    insta::assert_debug_snapshot!(without_link(woocommerce("order.updated", "cancelled")));
}

#[test]
fn topic_and_status_decide() {
    let rows = [
        ("order.created", "processing", Kind::Created, None),
        ("order.updated", "processing", Kind::Modified, None),
        ("order.updated", "completed", Kind::Modified, None),
        ("order.updated", "failed", Kind::Modified, None),
        ("order.updated", "refunded", Kind::Modified, None),
        ("order.updated", "cancelled", Kind::Cancelled, None),
        ("order.restored", "pending", Kind::Modified, Some(Change::Restored)),
        ("order.restored", "cancelled", Kind::Modified, Some(Change::Restored)),
        ("order.deleted", "", Kind::Modified, Some(Change::Deleted)),
        ("order.updated", "preparing", Kind::Modified, None),
    ];
    for (topic, status, kind, change) in rows {
        assert_eq!(meaning(&woocommerce(topic, status)), (kind, change), "{topic} {status}");
    }
    let created = woocommerce("order.created", "processing");
    assert_eq!(time(&created).unwrap(), "2025-12-31T08:00:00Z", "it is UTC without saying so");
}

#[test]
fn an_unfinished_woocommerce_checkout_is_a_draft() {
    for status in ["checkout-draft", "auto-draft"] {
        for topic in ["order.created", "order.updated", "order.restored"] {
            assert!(woocommerce(topic, status).is_draft, "{topic}");
        }
    }
    assert!(!woocommerce("order.created", "pending").is_draft);
}

#[test]
fn an_order_that_was_never_paid_is_cancelled_by_the_timer() {
    let change = |paid: &str| {
        let body = ORDER.replace("STATUS", "cancelled").replacen('{', &format!("{{{paid}"), 1);
        let event = of("order.updated", &body);
        assert_eq!(event.kind, Kind::Cancelled);
        event.change
    };
    assert_eq!(change(r#""date_paid":null,"date_paid_gmt":null,"#), Some(Change::Unpaid));
    assert_eq!(change(r#""date_paid":"","date_paid_gmt":"","#), Some(Change::Unpaid));
    for paid in
        [r#""date_paid":null,"date_paid_gmt":DATE,"#, r#""date_paid":DATE,"date_paid_gmt":null,"#]
    {
        assert_eq!(change(&paid.replace("DATE", r#""2026-01-01T08:00:00""#)), None, "{paid}");
    }
    for unknown in ["", r#""date_paid_gmt":null,"#, r#""date_paid":null,"#] {
        assert_eq!(change(unknown), None, "the shop does not say: {unknown}");
    }
    let cod = r#""date_paid":null,"date_paid_gmt":null,"payment_method":"cod","#;
    assert_eq!(change(cod), None, "the courier is paid");
}

#[test]
fn an_order_in_the_trash_is_deleted() {
    let deleted = woocommerce("order.updated", "trash");
    assert_eq!(meaning(&deleted), (Kind::Modified, Some(Change::Deleted)));
    assert!(posted(&deleted).starts_with("🗑️ Order #727 deleted · CLP 18,000"));
    assert!(!posted(&deleted).contains("Status"), "{}", posted(&deleted));
}

#[test]
fn what_the_shop_signed_in_place_of_an_order_is_unreadable() {
    for body in [
        r#"{"code":"woocommerce_rest_cannot_view","message":"Sorry.","data":{"status":401}}"#,
        r#"{"order":{"id":5,"order_number":"5","status":"cancelled","total":"10.00"}}"#,
    ] {
        for topic in ["order.created", "order.updated", "order.deleted", "order.restored"] {
            let headers = [("x-wc-webhook-topic", topic)];
            let parsed = parsed_as("woocommerce", Customer::Full, &headers, body);
            let Err(error @ ParseError::NoOrder { .. }) = parsed else { panic!("{parsed:?}") };
            let error = error.to_string();
            assert!(error.contains("administrator") && error.contains("v3"), "{error}");
        }
    }
}

#[test]
fn other_topics_are_ignored() {
    for topic in
        ["coupon.created", "customer.updated", "order", "action.woocommerce_order_refunded"]
    {
        assert!(is_ignored("woocommerce", &[("x-wc-webhook-topic", topic)], ORDER), "{topic}");
    }
    assert!(is_ignored("woocommerce", &[], ORDER));
}

#[test]
fn a_deleted_order_is_only_an_id() {
    let deleted = of("order.deleted", r#"{"id":727}"#);
    assert_eq!(meaning(&deleted), (Kind::Modified, Some(Change::Deleted)));
    assert_eq!(deleted.link, None);
    assert!(posted(&deleted).starts_with("🗑️ Order #727 deleted · Shop: tea.example · "));
}

#[test]
fn item_names_are_html_and_stay_text() {
    let body = r#"{"id":1,"line_items":[
        {"name":"Tea &ndash; green &amp; fresh"},{"name":"&amp;lt;b&amp;gt;"},
        {"name":"Hoodie <span class='x'>Blue</span><br><small>L &ndash; tall</small>"},
        {"name":"Tea < 5 g, 3 > 2"},
        {"name":"<b>Pot</b> &lt;!channel&gt;"}]}"#;
    let event = of("order.created", body);
    let titles: Vec<_> = event.items.iter().map(|item| item.title.as_str()).collect();
    let expected = [
        "Tea – green & fresh",
        "&lt;b&gt;",
        "Hoodie Blue L – tall",
        "Tea < 5 g, 3 > 2",
        "Pot <!channel>",
    ];
    assert_eq!(titles, expected);
    let style = Style::of(Language::English);
    let message = message::about(&event, &style, Remarks::default());
    let message = serde_json::to_string(&message).unwrap();
    assert!(message.contains("Pot &lt;!channel&gt;"), "{message}");
    assert!(message.contains("&amp;lt;b&amp;gt;"), "{message}");
}

#[test]
fn two_orders_of_one_second_are_two_events() {
    let key = |body| {
        let headers = [("x-wc-webhook-topic", "order.created"), ("x-wc-webhook-delivery-id", "d1")];
        event_key(&event("woocommerce", &headers, body))
    };
    assert_ne!(key(r#"{"id":1}"#), key(r#"{"id":2}"#));
    assert_eq!(key(r#"{"id":1}"#), key(r#"{"id":1}"#));
}

#[test]
fn a_woocommerce_link_needs_the_host_of_the_signed_body() {
    let ours = woocommerce("order.updated", "cancelled").link.unwrap();
    assert_eq!(ours.as_str(), "https://tea.example/wp-admin/post.php?post=727&action=edit");
    let headers =
        [("x-wc-webhook-topic", "order.updated"), ("x-wc-webhook-source", "https://evil.example/")];
    assert_eq!(event("woocommerce", &headers, ORDER).link, None);
}

#[test]
fn an_order_is_reopened_where_its_status_says_so() {
    let woo =
        |topic, status: &str| of(topic, &format!(r#"{{"id":1,"status":"{status}"}}"#)).reopens;
    for status in ["pending", "processing", "on-hold", "completed", "shipped", "driver-assigned"] {
        assert!(woo("order.updated", status) && woo("order.restored", status), "{status}");
    }
    for status in ["cancelled", "refunded", "failed", "trash", "checkout-draft"] {
        assert!(!woo("order.updated", status) && !woo("order.restored", status), "{status}");
    }
    assert!(!woo("order.deleted", "processing"));
}

#[test]
fn nothing_private_gets_out() {
    let body = r#"{"id":727,"number":"727","status":"cancelled","total":"5","currency":"EUR",
        "order_key":"CANARY","billing":{"first_name":"Ada","last_name":"Byron","company":"CANARY",
        "email":"CANARY","phone":"CANARY","address_1":"CANARY","postcode":"CANARY"},
        "shipping":{"first_name":"CANARY","address_1":"CANARY"},"customer_ip_address":"CANARY",
        "customer_user_agent":"CANARY","customer_note":"CANARY","transaction_id":"CANARY",
        "payment_url":"https://tea.example/?key=CANARY","payment_method_title":"CANARY",
        "meta_data":[{"key":"CANARY","value":"CANARY"}],"refunds":[{"reason":"CANARY"}],
        "line_items":[{"name":"Tea","quantity":1,"meta_data":[{"value":"CANARY"}]}]}"#;
    let headers =
        [("x-wc-webhook-topic", "order.updated"), SHOP, ("x-wc-webhook-signature", "CANARY")];
    assert_private("woocommerce", &headers, body, Some("Ada Byron"));
}

#[test]
fn woocommerces_date_of_payment_says_whether_anything_was_paid() {
    let paid = |fields: &str| {
        let body = format!(r#"{{"id": 1, "status": "cancelled"{fields}}}"#);
        event("woocommerce", &[("x-wc-webhook-topic", "order.updated")], &body).paid
    };
    assert_eq!(paid(r#", "date_paid": null, "date_paid_gmt": "2026-01-01T00:00:00""#), Some(true));
    assert_eq!(paid(r#", "date_paid": "2026-01-01T09:00:00""#), Some(true));
    assert_eq!(paid(r#", "date_paid": null, "date_paid_gmt": null"#), Some(false));
    assert_eq!(paid(r#", "date_paid_gmt": null"#), Some(false));
    assert_eq!(paid(r#", "date_paid": """#), Some(false));
    assert_eq!(paid(""), None, "it says nothing");
    let by_courier = r#", "date_paid_gmt": null, "payment_method": "cod""#;
    assert_eq!(paid(by_courier), None, "the courier is paid, or was not yet");
    let paid_courier = r#", "date_paid_gmt": "2026-01-01T00:00:00", "payment_method": "cod""#;
    assert_eq!(paid(paid_courier), Some(true));
}
