use super::*;

const ORDER: &str = r#"{
    "event_type": "TYPE", "event_id": "5b7f3c52-9c0e-4a57-8a26-2d54a2b6c1aa",
    "event_time": 1767225600,
    "meta": {"resource_id": "7d1f9a34-50cc-4c2e-a8a1-0f3f3f8f7a10", "status": "pos",
             "user_id": "b2a1f9de-4b1c-4bb6-8d46-6a5d7f7c9e01"},
    "resource_href": "https://api.example.com/v2/eats/order/7d1f9a34-50cc-4c2e-a8a1-0f3f3f8f7a10"
}"#;

fn body(event_type: &str) -> String {
    ORDER.replace("TYPE", event_type)
}

#[test]
fn the_event_type_decides() {
    let rows = [
        ("orders.notification", Kind::Created),
        ("orders.scheduled.notification", Kind::Created),
        ("orders.release", Kind::Modified),
        ("order.fulfillment_issues.resolved", Kind::Modified),
        ("orders.cancel", Kind::Cancelled),
        ("orders.failure", Kind::Cancelled),
    ];
    for (event_type, kind) in rows {
        assert_eq!(meaning(&event("ubereats", &[], &body(event_type))), (kind, None));
    }
}

#[test]
fn what_is_of_the_store_and_not_of_an_order_is_ignored() {
    for event_type in [
        "store.menu_refresh_request",
        "store.provisioned",
        "eats.store.status_changed",
        "eats.report.success",
        "orders.notifications",
        "Orders.Cancel",
        "orders",
    ] {
        assert!(is_ignored("ubereats", &[], &body(event_type)), "{event_type}");
    }
    let menu = r#"{"event_type":"store.menu_refresh_request","partner_store_id":"17",
        "webhook_meta":{"webhook_msg_uuid":"0d9c"}}"#;
    assert!(is_ignored("ubereats", &[], menu));
}

#[test]
fn a_thin_webhook_is_a_useful_message() {
    let event = event("ubereats", &[], &body("orders.cancel"));
    assert_eq!((total(&event), &event.number, &event.reason), (None, &None, &None));
    assert_eq!(
        posted(&event),
        "🚫 Order 7d1f9a34-50cc-4c2e-a8a1-0f3f3f8f7a10 cancelled · \
         Shop: b2a1f9de-4b1c-4bb6-8d46-6a5d7f7c9e01 · 2026-01-01 00:00 UTC · Uber Eats"
    );
}

#[test]
fn the_events_own_id_names_the_delivery() {
    let named = event("ubereats", &[], &body("orders.notification"));
    let name = "5b7f3c52-9c0e-4a57-8a26-2d54a2b6c1aa";
    assert_eq!(text(named.delivery_id.as_ref()), Some(name));
    let other = r#"{"event_type":"orders.cancel","meta":{"resource_id":"1"},
        "webhook_meta":{"webhook_msg_uuid":"0d9c"}}"#;
    assert_eq!(text(event("ubereats", &[], other).delivery_id.as_ref()), Some("0d9c"));
}

#[test]
fn what_comes_from_the_sandbox_is_a_test() {
    let is_test = |environment| {
        event("ubereats", &[("X-Environment", environment)], &body("orders.cancel")).is_test
    };
    assert!(is_test("sandbox"));
    assert!(!is_test("production"));
    assert!(!event("ubereats", &[], &body("orders.cancel")).is_test);
}

#[test]
fn nothing_private_gets_out() {
    let body = r#"{"event_type":"orders.cancel","event_id":"e-1","event_time":1767225600,
        "meta":{"resource_id":"o-1","user_id":"s-1","status":"CANARY","eater":"CANARY"},
        "resource_href":"https://api.example.com/CANARY","eater":{"first_name":"CANARY"},
        "cancellation":{"reason":"CANARY"},"webhook_meta":{"client_id":"CANARY"}}"#;
    let headers = [("x-uber-signature", "CANARY"), ("authorization", "Bearer CANARY")];
    assert_private("ubereats", &headers, body, None);
}
