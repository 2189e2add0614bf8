use super::*;

const ORDER: &str = r#"{"event": "order.status_update", "body": {"order": {
    "id": "gb:0a7e3f10-6a39-4c3e-9a57-31c2d5c2f0aa", "order_number": "71830042",
    "display_id": "0042", "location_id": "5120", "brand_id": "tea-house", "status": "STATUS",
    "status_log": [{"at": "2025-12-31T23:40:00Z", "status": "pending"},
                   {"at": "2025-12-31T23:40:02Z", "status": "placed"},
                   {"at": "2026-01-01T00:00:00.250Z", "status": "STATUS"}],
    "total_price": {"fractional": 2650, "currency_code": "GBP"},
    "customer": {"first_name": "Ada", "contact_number": "+44 20 7946 0000"},
    "items": [{"name": "Jasmine tea", "quantity": 2}, {"name": "Scone", "quantity": 1}]
}}}"#;

fn guid(name: &str) -> [(&str, &str); 1] {
    [("x-deliveroo-sequence-guid", name)]
}

fn update(status: &str) -> OrderEvent {
    event("deliveroo", &guid("g-1"), &ORDER.replace("STATUS", status))
}

fn of(event_type: &str) -> OrderEvent {
    let body = ORDER.replace("order.status_update", event_type).replace("STATUS", "placed");
    event("deliveroo", &guid("g-1"), &body)
}

#[test]
fn event_and_status_decide() {
    for event_type in ["order.new", "new_order"] {
        assert_eq!(meaning(&of(event_type)), (Kind::Created, None), "{event_type}");
    }
    assert_eq!(meaning(&of("cancel_order")), (Kind::Cancelled, None));
    // The platform spells it with one l.
    for status in ["canceled", "cancelled", "rejected"] {
        assert_eq!(meaning(&update(status)), (Kind::Cancelled, None), "{status}");
    }
    for status in ["pending", "placed", "accepted", "confirmed", "delivered"] {
        let event = update(status);
        assert_eq!(meaning(&event), (Kind::Modified, None), "{status}");
        assert_eq!(text(event.status.as_ref()), Some(status));
    }
}

#[test]
fn the_rider_is_ignored() {
    for event_type in ["rider.status_update", "order.prep_stage", "menu.upload_result"] {
        let body = ORDER.replace("order.status_update", event_type);
        assert!(is_ignored("deliveroo", &guid("g-1"), &body), "{event_type}");
    }
}

#[test]
fn an_order_is_read_whole() {
    let canceled = update("canceled");
    assert_eq!(text(canceled.id.as_ref()), Some("gb:0a7e3f10-6a39-4c3e-9a57-31c2d5c2f0aa"));
    assert_eq!(
        posted(&canceled),
        "🚫 Order #0042 cancelled · GBP 26.50 · Customer: Ada · Shop: 5120 · \
         2 × Jasmine tea, 1 × Scone · 2026-01-01 00:00 UTC · Deliveroo"
    );
}

#[test]
fn it_happened_when_the_last_entry_of_the_log_says() {
    assert_eq!(time(&update("canceled")).unwrap(), "2026-01-01T00:00:00.25Z");
    assert_eq!(time(&of("order.new")).unwrap(), "2025-12-31T23:40:00Z");
    let no_log = r#"{"event":"order.status_update","body":{"order":{"id":"1","status_log":[]}}}"#;
    assert_eq!(time(&event("deliveroo", &guid("g-1"), no_log)), None);
}

#[test]
fn amounts_are_in_the_smallest_unit_of_their_currency() {
    let rows = [
        ("1000", "HKD", Some("HKD 10.00")),
        ("5", "GBP", Some("GBP 0.05")),
        ("24000", "KRW", Some("KRW 24,000")),
        ("980", "JPY", Some("JPY 980")),
        ("19900", "KWD", Some("KWD 19.900")),
        ("null", "GBP", None),
    ];
    for (fractional, currency, expected) in rows {
        let body = ORDER.replace("2650", fractional).replace("GBP", currency);
        let event = event("deliveroo", &guid("g-1"), &body);
        assert_eq!(total(&event).as_deref(), expected, "{fractional} {currency}");
    }
}

#[test]
fn updates_with_one_guid_are_distinguished_and_a_repeat_is_not() {
    let delivery = |status| update(status).delivery_id.unwrap();
    assert_ne!(delivery("accepted"), delivery("confirmed"));
    assert_eq!(delivery("accepted"), delivery("accepted"));
    let other = event("deliveroo", &guid("g-2"), &ORDER.replace("STATUS", "accepted"));
    assert_ne!(other.delivery_id.unwrap(), delivery("accepted"));
}

#[test]
fn the_older_webhooks_have_their_order_elsewhere() {
    let body = r#"{"event":"new_order","location_id":"5120","order":{"id":"gb:1","display_id":"7",
        "total_price":{"fractional":500,"currency_code":"EUR"}}}"#;
    let event = event("deliveroo", &guid("g-1"), body);
    assert!(
        posted(&event).starts_with("🛒 New order #7 · EUR 5.00 · Shop: 5120 · "),
        "{}",
        posted(&event)
    );
}

#[test]
fn another_time_to_be_ready_is_another_event_and_is_shown() {
    let at = |time: &str| {
        let body = ORDER.replace("STATUS", "accepted");
        let prepare_for = format!(r#""order_number": "1", "prepare_for": "{time}""#);
        event(
            "deliveroo",
            &guid("g-1"),
            &body.replace(r#""order_number": "71830042""#, &prepare_for),
        )
    };
    let (first, second) = (at("2026-01-01T00:20:00Z"), at("2026-01-01T00:40:00Z"));
    assert_ne!(first.delivery_id, second.delivery_id);
    assert!(posted(&second).contains(" · Ready by 2026-01-01 00:40 UTC · "), "{}", posted(&second));
}

#[test]
fn nothing_private_gets_out() {
    let body = r#"{"event":"order.status_update","CANARY":"CANARY","body":{"order":{"id":"gb:1",
        "order_number":"CANARY","display_id":"7","location_id":"5120","brand_id":"CANARY",
        "status":"canceled","status_log":[{"at":"2026-01-01T00:00:00Z","status":"CANARY"}],
        "customer":{"first_name":"Ada","contact_number":"CANARY","contact_access_code":"CANARY"},
        "delivery":{"address":"CANARY","note":"CANARY","location":{"lat":"CANARY"}},
        "order_notes":"CANARY","cutlery_notes":"CANARY","prepare_for":"2026-01-01T00:10:00Z",
        "items":[{"name":"Tea","quantity":1,"pos_item_id":"CANARY","modifiers":[{"name":"CANARY"}]}],
        "total_price":{"fractional":500,"currency_code":"EUR"}}}}"#;
    let headers = [("x-deliveroo-sequence-guid", "g-1"), ("x-deliveroo-hmac-sha256", "CANARY")];
    assert_private("deliveroo", &headers, body, Some("Ada"));
}
