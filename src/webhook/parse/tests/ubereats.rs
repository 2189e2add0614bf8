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

const STORE: &str = r#"{
    "event_type": "eats.store.status.notification", "event_id": "5b7f3c52-9c0e-4a57-8a26-2d54a2b6c1aa",
    "event_time": 1767225600,
    "meta": {"resource_id": "s-1", "user_id": "s-1", "status": "STATUS", "offlineReason": "REASON"},
    "resource_href": "https://api.example.com/CANARY"
}"#;

/// A webhook about a store; `null` is no reason.
fn store_body(status: &str, reason: &str) -> String {
    let reason = if reason == "null" { "null".to_owned() } else { format!("\"{reason}\"") };
    STORE.replace("STATUS", status).replace("\"REASON\"", &reason)
}

fn state(body: &str) -> StoreState {
    store("ubereats", &[], body).state
}

#[test]
fn the_status_says_the_state_of_the_store() {
    let rows = [
        ("ONLINE", "null", StoreState::Online),
        ("PAUSED", "null", StoreState::Paused),
        ("OFFLINE", "PAUSED_BY_UBER", StoreState::Paused),
        ("OFFLINE", "PAUSED_BY_RESTAURANT", StoreState::Paused),
        ("OFFLINE", "OUT_OF_MENU_HOURS", StoreState::Offline),
        ("OFFLINE", "null", StoreState::Offline),
        // What was the reason before is no state.
        ("ONLINE", "PAUSED_BY_UBER", StoreState::Online),
    ];
    for (status, reason, expected) in rows {
        assert_eq!(state(&store_body(status, reason)), expected, "{status}, {reason}");
    }
    let other_name = store_body("OFFLINE", "null")
        .replace("eats.store.status.notification", "store.status.changed");
    assert_eq!(state(&other_name), StoreState::Offline);
}

#[test]
fn the_status_may_stand_in_each_envelope_that_uber_has() {
    for (status, state) in [("OFFLINE", StoreState::Paused), ("ONLINE", StoreState::Online)] {
        let status = format!(r#""status": "{status}", "offlineReason": "PAUSED_BY_UBER""#);
        for body in [
            format!(r#"{{"event_type": "store.status.changed", {status}, "store_id": "s-1"}}"#),
            format!(
                r#"{{"event_type": "store.status.changed", "meta": {{"user_id": "s-1", {status}}}}}"#
            ),
            format!(
                r#"{{"event_type": "store.status.changed", "meta": {{"user_id": "s-1"}}, "data": {{{status}}}}}"#
            ),
        ] {
            let event = store("ubereats", &[], &body);
            assert_eq!((event.state, text(event.shop.as_ref())), (state, Some("s-1")), "{body}");
            assert_eq!(text(event.reason.as_ref()), Some("PAUSED_BY_UBER"), "{body}");
        }
    }
}

#[test]
fn all_that_is_known_of_a_store_is_read_and_nothing_else() {
    let event = store("ubereats", &[], &store_body("OFFLINE", "INVISIBLE"));
    assert_eq!(text(event.shop.as_ref()), Some("s-1"));
    assert_eq!(text(event.reason.as_ref()), Some("INVISIBLE"));
    assert_eq!(event.occurred_at, Some(now()));
    assert_eq!(text(event.delivery_id.as_ref()), Some("5b7f3c52-9c0e-4a57-8a26-2d54a2b6c1aa"));
    assert!(!format!("{event:?}").contains("CANARY"));
    let sandbox = store("ubereats", &[("x-environment", "sandbox")], &store_body("PAUSED", "null"));
    assert!(sandbox.is_test);
}

#[test]
fn an_envelope_without_an_event_id_has_the_id_and_the_time_of_its_message() {
    let body = r#"{"event_type":"store.status.changed","store_id":"s-1","status":"ONLINE",
        "webhook_meta":{"webhook_msg_uuid":"0d9c","webhook_msg_timestamp":1767225599}}"#;
    let event = store("ubereats", &[], body);
    assert_eq!(text(event.delivery_id.as_ref()), Some("0d9c"));
    assert_eq!(event.occurred_at.unwrap().as_second(), NOW - 1);
}

#[test]
fn an_unknown_state_of_a_store_is_ignored() {
    for status in ["pos", "BUSY", ""] {
        assert!(is_ignored("ubereats", &[], &store_body(status, "null")), "{status}");
    }
    assert!(is_ignored("ubereats", &[], r#"{"event_type":"store.status.changed"}"#));
}
