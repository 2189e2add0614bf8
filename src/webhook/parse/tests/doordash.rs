use super::*;

#[test]
fn where_the_courier_is_is_ignored() {
    for name in
        ["DASHER_ENROUTE_TO_PICKUP", "DASHER_ENROUTE_TO_DROPOFF", "dasher_enroute_to_pickup"]
    {
        let body = format!(r#"{{"event_name":"{name}","external_delivery_id":"x1"}}"#);
        assert!(is_ignored("doordash", &[], &body), "{name}");
    }
}

const DELIVERY: &str = r#"{
    "created_at": "2026-01-01T00:00:00.791883Z", "event_name": "NAME",
    "external_delivery_id": "tea-2026-0042", "order_value": 5555, "currency": "USD",
    "fee": 975, "tip": 230, "pickup_business_name": "Tea House",
    "items": [{"name": "Jasmine tea", "quantity": 2}]
}"#;

fn delivery(name: &str) -> OrderEvent {
    event("doordash", &[], &DELIVERY.replace("NAME", name))
}

#[test]
fn the_event_name_decides() {
    let rows = [
        ("delivery_created", Kind::Created, None),
        ("DELIVERY_CANCELLED", Kind::Cancelled, None),
        ("delivery_cancelled", Kind::Cancelled, None),
        ("DELIVERY_RETURNED", Kind::Modified, Some(Change::Returned)),
        ("DASHER_CONFIRMED", Kind::Modified, None),
        ("DASHER_CONFIRMED_PICKUP_ARRIVAL", Kind::Modified, None),
        ("DASHER_PICKED_UP", Kind::Modified, None),
        ("DASHER_DROPPED_OFF", Kind::Modified, None),
        ("dasher_confirmed", Kind::Modified, None),
        ("DELIVERY_BATCHED", Kind::Modified, None),
    ];
    for (name, kind, change) in rows {
        assert_eq!(meaning(&delivery(name)), (kind, change), "{name}");
    }
}

#[test]
fn other_events_are_ignored() {
    for name in ["", "Dasher_Confirmed", "STORE_STATUS", "OrderCreate", "THE_DASHER_LEFT"] {
        assert!(is_ignored("doordash", &[], &DELIVERY.replace("NAME", name)), "{name}");
    }
    assert!(is_ignored("doordash", &[], r#"{"event":{"type":"OrderCreate"},"order":{"id":"1"}}"#));
}

#[test]
fn a_delivery_is_read_whole() {
    assert_eq!(
        posted(&delivery("DASHER_DROPPED_OFF")),
        "✏️ Order tea-2026-0042 changed · USD 55.55 · Status: delivered · \
         Shop: Tea House · 2 × Jasmine tea · 2026-01-01 00:00 UTC · DoorDash"
    );
}

#[test]
fn the_value_is_in_cents_and_never_the_fee() {
    let value = |value: &str, currency: &str| {
        let body = DELIVERY.replace("5555", value).replace("USD", currency);
        total(&event("doordash", &[], &body.replace("NAME", "DELIVERY_CANCELLED")))
    };
    assert_eq!(value("5", "USD").unwrap(), "USD 0.05");
    assert_eq!(value("1200", "JPY").unwrap(), "JPY 1,200");
    assert_eq!(value("null", "USD"), None);
}

#[test]
fn delivery_event_and_time_together_name_it() {
    let name = |name| delivery(name).delivery_id.unwrap().to_string();
    let expected = "tea-2026-0042 DASHER_CONFIRMED 2026-01-01T00:00:00.791883Z";
    assert_eq!(name("DASHER_CONFIRMED"), expected);
    assert_ne!(name("DASHER_PICKED_UP"), expected);
}

#[test]
fn nothing_private_gets_out() {
    let body = r#"{"created_at":"2026-01-01T00:00:00Z","event_name":"DELIVERY_CANCELLED",
        "external_delivery_id":"tea-1","order_value":500,"currency":"USD","dasher_id":"CANARY",
        "dasher_name":"CANARY","dasher_dropoff_phone_number":"CANARY","fee":"CANARY","tip":"CANARY",
        "dasher_pickup_phone_number":"CANARY","dasher_location":{"lat":"CANARY","lng":"CANARY"},
        "dasher_vehicle":{"make":"CANARY"},"pickup_address":"CANARY","dropoff_address":"CANARY",
        "dropoff_contact_given_name":"CANARY","dropoff_contact_family_name":"CANARY",
        "dropoff_phone_number":"CANARY","dropoff_instructions":"CANARY","pickup_instructions":"CANARY",
        "dropoff_verification_image_url":"https://CANARY.example","tracking_url":"https://CANARY.example",
        "support_reference":"CANARY","items":[{"name":"Tea","external_id":"CANARY"}]}"#;
    assert_private("doordash", &[("authorization", "Bearer CANARY")], body, None);
}
