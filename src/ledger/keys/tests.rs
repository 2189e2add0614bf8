use super::*;
use crate::ledger::rules::tests::event;
use crate::order::Change;
use crate::order::one_line::OneLine;

#[test]
fn unsigned_headers_make_no_new_event() {
    let known = event(Kind::Cancelled, 50);
    let replayed = OrderEvent { shop: OneLine::parse("evil.example"), ..known.clone() };
    assert_eq!(event_key(&replayed), event_key(&known));
    let other_topic = OrderEvent { kind: Kind::Modified, ..known.clone() };
    assert_ne!(event_key(&other_topic), event_key(&known));
    let other_body = OrderEvent { body_hash: "other".to_owned(), ..known.clone() };
    assert_ne!(event_key(&other_body), event_key(&known));
    let modified =
        |change| event_key(&OrderEvent { kind: Kind::Modified, change, ..known.clone() });
    assert_ne!(modified(Some(Change::Paid)), modified(None), "to be paid is more than to change");
}

#[test]
fn a_verified_delivery_id_identifies_the_event() {
    let named = OrderEvent { delivery_id: OneLine::parse("msg_1"), ..event(Kind::Created, 50) };
    let changed = OrderEvent { body_hash: "other".to_owned(), ..named.clone() };
    assert_eq!(event_key(&changed), event_key(&named));
    assert_ne!(
        other_payload_key(&event_key(&changed), &changed),
        other_payload_key(&event_key(&named), &named)
    );
    let other_order =
        OrderEvent { id: OneLine::parse("43"), kind: Kind::Modified, ..named.clone() };
    assert_eq!(event_key(&other_order), event_key(&named), "the same name, whatever it is for");
    let next = OrderEvent { delivery_id: OneLine::parse("msg_2"), ..named.clone() };
    assert_ne!(event_key(&next), event_key(&named));
}

#[test]
fn an_order_is_known_by_platform_shop_and_id() {
    let known = event(Kind::Created, 50);
    assert_eq!(order_key(&known).unwrap(), "order#woocommerce#tea.example#42");
    assert_eq!(order_key(&OrderEvent { id: None, ..known.clone() }), None);
    let forged =
        OrderEvent { shop: OneLine::parse("tea.example#4"), id: OneLine::parse("2"), ..known };
    assert_eq!(order_key(&forged).unwrap(), "order#woocommerce#tea.example%234#2");
}

#[test]
fn a_key_is_never_longer_than_dynamodb_takes() {
    let long = OneLine::parse(&"티".repeat(300));
    let first = OrderEvent { shop: long.clone(), id: long.clone(), ..event(Kind::Created, 50) };
    let second = OrderEvent { id: OneLine::parse("1"), delivery_id: long, ..first.clone() };
    let other_payload = other_payload_key(&event_key(&second), &second);
    let keys = [order_key(&first).unwrap(), event_key(&second), other_payload];
    for key in &keys {
        assert!(key.len() <= 2_048, "{}", key.len());
    }
    assert_ne!(order_key(&first), order_key(&second));
}
