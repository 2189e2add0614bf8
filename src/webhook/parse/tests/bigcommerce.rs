use super::*;

fn moved(from: u8, to: u8) -> OrderEvent {
    let body = format!(
        r#"{{"scope":"store/order/statusUpdated","store_id":"1","hash":"h","created_at":1767225500,
            "data":{{"type":"order","id":250,
            "status":{{"previous_status_id":{from},"new_status_id":{to}}}}}}}"#
    );
    event("bigcommerce", &[], &body)
}

#[test]
fn an_order_is_placed_when_it_leaves_the_checkout() {
    for to in [7, 8, 9, 11] {
        assert_eq!(meaning(&moved(0, to)), (Kind::Created, None), "{to}");
    }
    assert_eq!(meaning(&moved(0, 5)), (Kind::Cancelled, None));
    assert_eq!(meaning(&moved(7, 11)), (Kind::Modified, None));
    assert!(posted(&moved(7, 11)).contains("Status: awaiting fulfillment"));
}

#[test]
fn an_order_that_leaves_cancelled_is_reopened() {
    for to in [1, 2, 3, 7, 8, 9, 10, 11, 12] {
        assert!(moved(5, to).reopens, "{to}");
    }
    for (from, to) in [(5, 4), (5, 6), (11, 5), (7, 11)] {
        assert!(!moved(from, to).reopens, "{from} {to}");
    }
}

fn body(scope: &str, status: &str) -> String {
    format!(
        r#"{{"scope":"{scope}","store_id":"1009876","data":{{"type":"order","id":250{status}}},
            "hash":"9d2c0976e06b67aaf671e73f49dcb79230ebf900","created_at":1767225600,
            "producer":"stores/t3ah0use"}}"#
    )
}

fn status(id: u32) -> String {
    format!(r#","status":{{"previous_status_id":11,"new_status_id":{id}}}"#)
}

fn of(scope: &str, status: &str) -> OrderEvent {
    event("bigcommerce", &[("webhook-id", "msg_1")], &body(scope, status))
}

#[test]
fn scope_and_new_status_decide() {
    let rows = [
        ("store/order/created", String::new(), Kind::Created, None),
        ("store/order/updated", String::new(), Kind::Modified, None),
        ("store/order/statusUpdated", status(5), Kind::Cancelled, None),
        ("store/order/statusUpdated", status(11), Kind::Modified, None),
        ("store/order/statusUpdated", status(50), Kind::Modified, None),
        ("store/order/refund/created", String::new(), Kind::Modified, Some(Change::Refunded)),
        ("store/order/archived", String::new(), Kind::Modified, Some(Change::Deleted)),
    ];
    for (scope, status, kind, change) in rows {
        assert_eq!(meaning(&of(scope, &status)), (kind, change), "{scope} {status}");
    }
    let was_cancelled = r#","status":{"previous_status_id":5,"new_status_id":11}"#;
    assert_eq!(of("store/order/statusUpdated", was_cancelled).kind, Kind::Modified);
}

#[test]
fn messages_and_other_scopes_are_ignored() {
    for scope in [
        "store/order/message/created",
        "store/order/transaction/created",
        "store/order/*",
        "store/cart/created",
        "store/order",
        "",
    ] {
        assert!(is_ignored("bigcommerce", &[], &body(scope, "")), "{scope}");
    }
}

#[test]
fn a_thin_webhook_is_a_useful_message() {
    let event = of("store/order/statusUpdated", &status(5));
    assert_eq!((total(&event), &event.number, &event.customer), (None, &None, &None));
    assert_eq!(
        posted(&event),
        "🚫 Order #250 cancelled · Shop: 1009876 · 2026-01-01 00:00 UTC · BigCommerce"
    );
}

#[test]
fn one_hash_of_several_events_names_several_deliveries() {
    let delivery = |scope| of(scope, "").delivery_id.unwrap().to_string();
    let created = delivery("store/order/created");
    let hash = "9d2c0976e06b67aaf671e73f49dcb79230ebf900";
    assert_eq!(created, format!("store/order/created 250 {hash} 1767225600"));
    assert_ne!(delivery("store/order/updated"), created);

    let updated = body("store/order/statusUpdated", &status(11));
    let named = |body: &str| event("bigcommerce", &[], body).delivery_id.unwrap();
    assert_eq!(named(&updated), named(&updated));
    assert_ne!(named(&updated), named(&updated.replace("250", "251")), "another order");
    assert_ne!(named(&updated), named(&body("store/order/statusUpdated", &status(5))));
}

#[test]
fn nothing_private_gets_out() {
    let body = r#"{"scope":"store/order/refund/created","store_id":"1009876","CANARY":"CANARY",
        "data":{"type":"CANARY","id":250,"refund":{"refund_id":"CANARY","reason":"CANARY"},
        "customer":"CANARY","address":"CANARY"},"hash":"9d2c","created_at":1767225600,
        "producer":"stores/CANARY"}"#;
    let headers = [("webhook-signature", "v1,CANARY"), ("x-custom-token", "CANARY")];
    assert_private("bigcommerce", &headers, body, None);
}
