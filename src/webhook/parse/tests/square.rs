use super::*;

const EVENT: &str = r#"{
    "merchant_id": "MTEAHOUSE0001", "type": "TYPE",
    "event_id": "8a1f3e3c-7c7b-4c36-9f0c-3a54d1f0aa01", "created_at": "2026-01-01T00:00:00.359Z",
    "data": {"type": "order", "id": "oTeA0042", "object": {"OBJECT": {
        "created_at": "2025-12-31T23:59:00Z", "location_id": "LTEAHOUSE01", "order_id": "oTeA0042",
        "state": "STATE", "updated_at": "2026-01-01T00:00:00.359Z", "version": 2}}}
}"#;

fn body(event_type: &str, state: &str) -> String {
    let object = event_type.replace('.', "_");
    EVENT.replace("TYPE", event_type).replace("OBJECT", &object).replace("STATE", state)
}

#[test]
fn type_and_state_decide() {
    let rows = [
        ("order.created", "OPEN", Kind::Created),
        ("order.created", "COMPLETED", Kind::Created),
        ("order.updated", "OPEN", Kind::Modified),
        ("order.updated", "COMPLETED", Kind::Modified),
        ("order.updated", "CANCELED", Kind::Cancelled),
        ("order.created", "CANCELED", Kind::Cancelled),
        ("order.fulfillment.updated", "OPEN", Kind::Modified),
    ];
    for (event_type, state, kind) in rows {
        let event = event("square", &[], &body(event_type, state));
        assert_eq!(meaning(&event), (kind, None), "{event_type} {state}");
        assert_eq!(text(event.id.as_ref()), Some("oTeA0042"), "{event_type}");
        assert_eq!(text(event.shop.as_ref()), Some("LTEAHOUSE01"), "{event_type}");
    }
}

#[test]
fn an_order_that_is_not_placed_is_a_draft() {
    for event_type in ["order.created", "order.updated", "order.fulfillment.updated"] {
        assert!(event("square", &[], &body(event_type, "DRAFT")).is_draft, "{event_type}");
        assert!(!event("square", &[], &body(event_type, "OPEN")).is_draft, "{event_type}");
    }
}

fn fulfillment(states: &[&str]) -> OrderEvent {
    let update = |state: &&str| {
        format!(r#"{{"fulfillment_uid":"u","old_state":"PROPOSED","new_state":"{state}"}}"#)
    };
    let updates = states.iter().map(update).collect::<Vec<_>>().join(",");
    let body = body("order.fulfillment.updated", "OPEN");
    let state = r#""state": "OPEN""#;
    event(
        "square",
        &[],
        &body.replace(state, &format!(r#"{state},"fulfillment_update":[{updates}]"#)),
    )
}

#[test]
fn a_fulfillment_is_shown_as_what_it_is() {
    let rows: [(&[&str], _, _, &str); 7] = [
        (
            &["CANCELED"],
            Kind::Cancelled,
            Some(Change::Fulfillment),
            "🚫 Order oTeA0042 fulfillment cancelled · ",
        ),
        (
            &["CANCELED", "CANCELED"],
            Kind::Cancelled,
            Some(Change::Fulfillment),
            "🚫 Order oTeA0042 ",
        ),
        (
            &["CANCELED", "PROPOSED"],
            Kind::Modified,
            Some(Change::PartlyCancelled),
            "✂️ Order oTeA0042 partly cancelled · Shop: ",
        ),
        (
            &["FAILED"],
            Kind::Modified,
            Some(Change::FulfillmentFailed),
            "⚠️ Order oTeA0042 fulfillment failed · Shop: ",
        ),
        (
            &["FAILED", "COMPLETED"],
            Kind::Modified,
            Some(Change::FulfillmentFailed),
            "⚠️ Order oTeA0042 fulfillment failed · Shop: ",
        ),
        (&["PREPARED"], Kind::Modified, None, "✏️ Order oTeA0042 changed · Status: ready · "),
        (&[], Kind::Modified, None, "✏️ Order oTeA0042 changed · Status: open · "),
    ];
    for (states, kind, change, start) in rows {
        let event = fulfillment(states);
        assert_eq!(meaning(&event), (kind, change), "{states:?}");
        assert!(posted(&event).starts_with(start), "{}", posted(&event));
    }
    assert!(fulfillment(&["PROPOSED"]).reopens, "another took the place of the cancelled one");
    assert!(!fulfillment(&["FAILED"]).reopens);
}

#[test]
fn what_only_looks_like_an_order_is_ignored() {
    for (event_type, state) in [
        ("order.custom_attribute.owned.updated", "OPEN"),
        ("order.custom_attribute_definition.visible.created", "OPEN"),
        ("order", "OPEN"),
        ("orders.created", "OPEN"),
        ("payment.updated", "OPEN"),
        ("webhooks.test_notification", "OPEN"),
    ] {
        assert!(is_ignored("square", &[], &body(event_type, state)), "{event_type} {state}");
    }
}

#[test]
fn a_thin_webhook_is_a_useful_message() {
    let event = event("square", &[], &body("order.updated", "COMPLETED"));
    assert_eq!((total(&event), &event.number, &event.customer), (None, &None, &None));
    assert_eq!(
        posted(&event),
        "✏️ Order oTeA0042 changed · Status: completed · Shop: LTEAHOUSE01 · \
         2026-01-01 00:00 UTC · Square"
    );
}

#[test]
fn an_event_without_its_object_still_names_order_and_merchant() {
    let body = r#"{"merchant_id":"M1","type":"order.updated","event_id":"e","data":{"id":"o1"}}"#;
    let event = event("square", &[], body);
    assert_eq!((text(event.id.as_ref()), text(event.shop.as_ref())), (Some("o1"), Some("M1")));
}

#[test]
fn the_events_own_id_names_the_delivery() {
    let event = event("square", &[("square-retry-number", "2")], &body("order.created", "OPEN"));
    assert_eq!(text(event.delivery_id.as_ref()), Some("8a1f3e3c-7c7b-4c36-9f0c-3a54d1f0aa01"));
}

#[test]
fn nothing_private_gets_out() {
    let body = r#"{"merchant_id":"CANARY","type":"order.updated","event_id":"e-1","CANARY":"CANARY",
        "created_at":"2026-01-01T00:00:00Z","data":{"type":"CANARY","id":"CANARY","object":{
        "order_updated":{"order_id":"o-1","location_id":"L1","state":"CANCELED","customer":"CANARY",
        "created_at":"CANARY","updated_at":"CANARY","version":"CANARY","note":"CANARY"}}}}"#;
    let headers = [("x-square-hmacsha256-signature", "CANARY")];
    assert_private("square", &headers, body, None);
}
