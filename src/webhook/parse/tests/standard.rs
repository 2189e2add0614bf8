use super::*;

fn body(event_type: &str, status: &str) -> String {
    format!(
        r#"{{"type":"{event_type}","timestamp":"2026-01-01T00:00:00Z",
            "data":{{"id":"A-1","status":"{status}"}}}}"#
    )
}

#[test]
fn the_type_decides() {
    let rows = [
        ("order.created", Kind::Created, None),
        ("order.updated", Kind::Modified, None),
        ("order.modified", Kind::Modified, None),
        ("order.paid", Kind::Modified, Some(Change::Paid)),
        ("order.fulfilled", Kind::Modified, Some(Change::Fulfilled)),
        ("order.deleted", Kind::Modified, Some(Change::Deleted)),
        ("order.cancelled", Kind::Cancelled, None),
        ("order.canceled", Kind::Cancelled, None),
    ];
    for (event_type, kind, change) in rows {
        let event = event("standard", &[], &body(event_type, "packed"));
        assert_eq!(meaning(&event), (kind, change), "{event_type}");
    }
    for event_type in ["order", "order.refund.created", "Order.created", "invoice.created"] {
        assert!(is_ignored("standard", &[], &body(event_type, "packed")), "{event_type}");
    }
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
fn the_signed_id_names_the_delivery() {
    for header in ["webhook-id", "svix-id"] {
        let event = event("standard", &[(header, "msg_1")], &body("order.created", ""));
        assert_eq!(text(event.delivery_id.as_ref()), Some("msg_1"), "{header}");
    }
}

#[test]
fn a_refund_and_the_fields_of_other_senders_are_read() {
    let refunded = r#"{"type":"order.refunded","timestamp":"2025-12-31T23:00:00Z",
        "data":{"id":"o1","status":"refunded","total_amount":2900,"currency":"usd"}}"#;
    let refunded = event("standard", &[], refunded);
    assert_eq!(meaning(&refunded), (Kind::Modified, Some(Change::Refunded)));
    assert_eq!(total(&refunded).unwrap(), "USD 29.00");
    let created = r#"{"type":"order.created","data":{"id":"o1","total":{"amount":78000,"currency":"KRW"},
        "items":[{"label":"Pro plan"},{"product":{"name":"Tea"}}]}}"#;
    let created = event("standard", &[], created);
    assert_eq!(total(&created).unwrap(), "KRW 78,000");
    assert!(posted(&created).contains("Pro plan, Tea"), "{}", posted(&created));
}

#[test]
fn an_order_that_is_not_placed_is_a_draft() {
    for event_type in ["order.created", "order.updated"] {
        let of = |status: &str| {
            let body =
                format!(r#"{{"type":"{event_type}","data":{{"id":1,"status":"{status}"}}}}"#);
            event("standard", &[], &body).is_draft
        };
        assert_eq!(["draft", "checkout-draft", "open"].map(of), [true, true, false]);
    }
}

#[test]
fn a_test_is_marked() {
    let is_test = |test: &str| {
        let body = format!(r#"{{"type":"order.created","data":{{"id":1,"test":{test}}}}}"#);
        event("standard", &[], &body).is_test
    };
    assert_eq!(["true", "false", "null"].map(is_test), [true, false, false]);
}

#[test]
fn nothing_private_gets_out() {
    let body = r#"{"type":"order.cancelled","token":"CANARY","data":{
        "id":"A-1","name":"CANARY","email":"CANARY@example.com","note":"CANARY","phone":"CANARY",
        "address":{"street":"CANARY"},"url":"https://example.com/?key=CANARY",
        "customer":{"name":"Ada Byron","email":"CANARY"},
        "items":[{"title":"Tea","note":"CANARY"}],"metadata":{"CANARY":"CANARY"}}}"#;
    assert_private("standard", &[("x-other", "CANARY")], body, Some("Ada Byron"));
}

#[test]
fn a_standard_webhook_may_say_whether_an_order_was_paid() {
    let paid = |field: &str| {
        let body = format!(r#"{{"type": "order.created", "data": {{"id": 1{field}}}}}"#);
        event("standard", &[], &body).paid
    };
    assert_eq!(paid(r#", "paid": true"#), Some(true));
    assert_eq!(paid(r#", "paid": false"#), Some(false));
    assert_eq!(paid(""), None);
}

#[test]
fn a_standard_webhook_may_say_the_state_of_a_shop() {
    let rows = [
        ("store.offline", StoreState::Offline),
        ("store.paused", StoreState::Paused),
        ("store.online", StoreState::Online),
    ];
    for (event_type, state) in rows {
        let body = format!(
            r#"{{"type": "{event_type}", "timestamp": "2025-12-31T23:00:00Z",
                "data": {{"shop": "Tea House", "reason": "No power", "note": "CANARY"}}}}"#
        );
        let event = store("standard", &[("webhook-id", "msg_1")], &body);
        assert_eq!(event.state, state, "{event_type}");
        assert_eq!(text(event.shop.as_ref()), Some("Tea House"));
        assert_eq!(text(event.reason.as_ref()), Some("No power"));
        assert_eq!(event.occurred_at.unwrap().to_string(), "2025-12-31T23:00:00Z");
        assert_eq!(text(event.delivery_id.as_ref()), Some("msg_1"));
        assert!(!format!("{event:?}").contains("CANARY"));
    }
    assert!(is_ignored("standard", &[], r#"{"type": "store.closed", "data": {}}"#));
}
