//! Webhooks of other shapes: forms, lists of orders, ids in addresses; and the platforms whose webhooks
//! do not name the event.

use super::*;

#[test]
fn the_json_may_be_in_the_field_of_a_form() {
    let form = |status: &str| {
        let sale =
            format!(r#"{{"id":"s-1","status":"{status}","register_id":"r","invoice_number":"7"}}"#);
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("domain_prefix", "tea-house")
            .append_pair("payload", &sale)
            .finish()
    };
    let voided = event("lightspeed", &[], &form("VOIDED"));
    assert_eq!(meaning(&voided), (Kind::Cancelled, None));
    assert_eq!(text(voided.number.as_ref()), Some("7"));
    assert_eq!(event("lightspeed", &[], &form("CLOSED")).kind, Kind::Created);
    for body in ["payload=%7B", "domain_prefix=tea-house", "payload=", "{}"] {
        let parsed = parsed_as("lightspeed", Customer::Full, &[], body);
        assert!(matches!(parsed, Err(ParseError::Json(_))), "{body}: {parsed:?}");
    }
}

fn receipts(receipts: &[&str]) -> String {
    let receipts = receipts.join(",");
    format!(
        r#"{{"type":"receipts.update","created_at":"2026-01-01T00:00:00Z","receipts":[{receipts}]}}"#
    )
}

#[test]
fn each_element_of_a_list_is_an_event() {
    let sale = r#"{"receipt_number":"1-1","receipt_type":"SALE","cancelled_at":null,"line_items":[{"item_name":"Tea","quantity":2}]}"#;
    let cancelled =
        r#"{"receipt_number":"1-2","receipt_type":"SALE","cancelled_at":"2026-01-01T00:00:00Z"}"#;
    let refund = r#"{"receipt_number":"1-3","receipt_type":"REFUND","refund_for":"1-1"}"#;
    let old = r#"{"receipt_number":"1-4","receipt_type":"SALE"}"#;
    let events = events("loyverse", &[], &receipts(&[sale, cancelled, refund, old]));
    let read = events.iter().map(|event| (text(event.id.as_ref()).unwrap(), meaning(event)));
    assert_eq!(
        read.collect::<Vec<_>>(),
        [
            ("1-1", (Kind::Created, None)),
            ("1-2", (Kind::Cancelled, None)),
            ("1-1", (Kind::Modified, Some(Change::Refunded))),
            ("1-4", (Kind::Created, None)),
        ]
    );
    assert_eq!(events[0].items[0].title.as_str(), "Tea");
    assert!(events[1].items.is_empty(), "the items of another");
    assert_eq!(time(&events[0]).as_deref(), Some("2026-01-01T00:00:00Z"), "that of the whole");
    let mut hashes: Vec<_> = events.iter().map(|event| &event.body_hash).collect();
    hashes.dedup();
    assert_eq!(hashes.len(), 4, "what distinguishes one from another");
}

#[test]
fn of_a_long_list_the_others_are_counted() {
    let all: Vec<_> = (0..250)
        .map(|number| format!(r#"{{"receipt_number":"{number}","receipt_type":"SALE"}}"#))
        .collect();
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    let events = events("loyverse", &[], &receipts(&all));
    assert_eq!(events.len(), MAX_ORDERS);
    assert_eq!(events.last().unwrap().more_orders, 150);
}

#[test]
fn of_several_orders_none_has_what_may_be_anothers() {
    let one = OrderEvent {
        paid: Some(true),
        more_items: 3,
        delivery_id: OneLine::parse("d"),
        ..message::tests::event()
    };
    let ids = |ids: &[&str]| ids.iter().map(|id| OneLine::parse(id).unwrap()).collect();
    assert_eq!(
        one_for_each_order(one.clone(), ids(&["A"])),
        [OrderEvent { id: OneLine::parse("A"), ..one.clone() }]
    );
    let bare = OrderEvent {
        number: None,
        total: None,
        paid: None,
        customer: None,
        items: Vec::new(),
        more_items: 0,
        ..one.clone()
    };
    let of = |id, delivery| OrderEvent {
        id: OneLine::parse(id),
        delivery_id: OneLine::parse(delivery),
        ..bare.clone()
    };
    assert_eq!(one_for_each_order(one, ids(&["A", "B"])), [of("A", "A d"), of("B", "B d")]);
}

#[test]
fn a_list_without_an_order_is_ignored_and_one_order_that_has_no_id_is_not() {
    assert!(is_ignored("loyverse", &[], &receipts(&[])));
    assert!(is_ignored("loyverse", &[], r#"{"type":"receipts.update"}"#));
    let odd = receipts(&[r#"{"receipt_type":"SALE"}"#]);
    let parsed = parsed_as("loyverse", Customer::Full, &[], &odd);
    assert!(matches!(parsed, Err(ParseError::NoOrder { .. })), "{parsed:?}");
}

#[test]
fn an_element_without_an_order_is_counted_and_takes_no_other_along() {
    let sale = r#"{"receipt_number":"1-1","receipt_type":"SALE"}"#;
    let unnamed = r#"{"receipt_type":"SALE"}"#;
    for list in [[sale, unnamed], [unnamed, sale]] {
        let event = event("loyverse", &[], &receipts(&list));
        assert_eq!((text(event.id.as_ref()), event.more_orders), (Some("1-1"), 1));
    }
}

#[test]
fn an_id_may_be_what_an_address_ends_in() {
    let id = |address: &str| {
        let body = format!(r#"{{"event_type":"order.paid","resource_url":"{address}"}}"#);
        let event = event("etsy", &[("webhook-id", "m")], &body);
        event.id.unwrap().to_string()
    };
    for address in
        ["https://api.example/shops/1/receipts/54", "https://api.example/54/?a=b", "/54#c", "54"]
    {
        assert_eq!(id(address), "54", "{address}");
    }
    let parsed =
        parsed_as("etsy", Customer::Full, &[], r#"{"event_type":"order.paid","resource_url":"/"}"#);
    assert!(matches!(parsed, Err(ParseError::NoOrder { .. })), "{parsed:?}");
}

#[test]
fn a_currency_may_be_the_only_one_of_the_platform() {
    let body = r#"{"eventType":"ORDER_CREATE","data":{"orderNo":1,"totalPaymentPrice":39000}}"#;
    assert_eq!(total(&event("imweb", &[], body)).as_deref(), Some("KRW 39,000"));
}

#[test]
fn the_path_says_what_happened_where_the_body_does_not() {
    let glovo = |path: &str, body: &str| meaning(&event("glovo", &[(":path", path)], body));
    let order = r#"{"order_id":"1"}"#;
    assert_eq!(glovo("new", order), (Kind::Created, None));
    assert_eq!(glovo("cancelled", order), (Kind::Cancelled, None));
    let reason = r#"{"order_id":"1","cancel_reason":"USER_ERROR"}"#;
    assert_eq!(glovo("glovo", reason), (Kind::Cancelled, None), "one address for both");
    assert!(is_ignored("glovo", &[(":path", "glovo")], order));
}

#[test]
fn fields_tell_events_apart_that_have_no_name() {
    let kind = |platform, body: &str| meaning(&event(platform, &[], body));
    let cancelled = (Kind::Cancelled, None);
    assert_eq!(kind("rappi", r#"{"event":"cancel_by_user","order_id":"1"}"#), cancelled);
    assert_eq!(kind("rappi", r#"{"event":"canceled_store_closed","order_id":"1"}"#), cancelled);
    let created = (Kind::Created, None);
    assert_eq!(kind("rappi", r#"{"order_detail":{"order_id":"1"}}"#), created);
    assert_eq!(kind("deliverect", r#"{"_id":"1","status":4}"#), created);
    for (body, expected) in [
        (r#"{"_id":"1","status":100}"#, cancelled),
        (r#"{"orderId":"1","status":110}"#, cancelled),
        (r#"{"orderId":"1","status":35}"#, cancelled),
        (r#"{"orderId":"1","status":50}"#, (Kind::Modified, None)),
    ] {
        assert_eq!(kind("deliverect", body), expected, "{body}");
    }
    assert!(is_ignored("deliverect", &[], r#"{"orderId":"1","status":83}"#), "of the courier");
}

#[test]
fn a_replaced_order_of_olo_is_a_change() {
    let meaning = |is_replacement| {
        let body = format!(r#"{{"orderIdString":"1","isReplacement":{is_replacement}}}"#);
        meaning(&event("olo", &[("x-olo-event-type", "OrderPlaced")], &body))
    };
    assert_eq!(meaning(false), (Kind::Created, None));
    assert_eq!(meaning(true), (Kind::Modified, Some(Change::Edited)));
}

#[test]
fn a_quantity_has_no_empty_decimals() {
    let quantity = |quantity: &str| {
        let body = format!(
            r#"{{"event_type":"order_created","order_id":1,"items":[{{"title":"Tea","quantity":{quantity}}}]}}"#
        );
        let event = event("generic", &[], &body);
        event.items.first().map(|item| item.quantity.as_ref().unwrap().to_string())
    };
    assert_eq!(quantity("2.0").as_deref(), Some("2"));
    assert_eq!(quantity("\"2.00\"").as_deref(), Some("2"));
    assert_eq!(quantity("2.50").as_deref(), Some("2.50"));
    assert_eq!(quantity("0.0"), None, "it was in the order once");
}

#[test]
fn shops_of_other_platforms_report_their_state() {
    let rappi = store("rappi", &[], r#"{"external_store_id":"Riverside","enabled":false}"#);
    assert_eq!((rappi.state, text(rappi.shop.as_ref())), (StoreState::Offline, Some("Riverside")));
    let busy =
        r#"{"accountId":"a","locationId":"Riverside","channelLinkId":"c","status":"PAUSED"}"#;
    assert_eq!(store("deliverect", &[], busy).state, StoreState::Paused);
}
