use super::*;
use crate::platform::OneOrMany;

const ORDER: &str = r#"{"event_no": NUMBER, "resource": {
    "mall_id": "teahouse", "event_shop_no": "1", "event_code": "CODE",
    "order_id": "20260101-0000042", "currency": "KRW", "order_date": "2026-01-01T09:00:00+09:00",
    "order_place_name": "naver pay", "buyer_name": "김 견본", "paid": "T",
    "payment_date": "2026-01-01T08:03:00+09:00", "order_price_amount": "24680.00",
    "actual_payment_amount": "24580", "mileage_spent_amount": "100.00", "cancel_date": null,
    "wished_delivery_date": "0000-00-00", "wished_delivery_time": null,
    "ordering_product_code": "P00000AB,P00000CD", "ordering_product_name": "우전 녹차,찻잔"
}}"#;

const TRACE: (&str, &str) = ("X-Trace-ID", "5f0c9c1e-trace");

fn body(number: u32, code: &str) -> String {
    ORDER.replace("NUMBER", &number.to_string()).replace("CODE", code)
}

fn of(number: u32, code: &str) -> OrderEvent {
    event("cafe24", &[TRACE], &body(number, code))
}

fn bulk(ids: &str) -> Vec<OrderEvent> {
    let body = format!(
        r#"{{"event_no":90072,"resource":{{"mall_id":"teahouse","event_shop_no":"1",
            "event_code":"cancel_order","order_id":"{ids}","currency":"KRW",
            "order_price_amount":"5","buyer_name":"김 견본","ordering_product_name":"찻잔"}}}}"#
    );
    events("cafe24", &[TRACE], &body)
}

#[test]
fn number_and_code_decide() {
    let rows = [
        (90023, "create_order", Kind::Created, None),
        (90024, "shipping_start", Kind::Modified, None),
        (90025, "paid_order", Kind::Modified, Some(Change::Paid)),
        (90025, "unpaid", Kind::Modified, None),
        (90026, "cancel_order", Kind::Cancelled, None),
        (90026, "auto_order_cancel", Kind::Cancelled, Some(Change::Unpaid)),
        (90026, "cancel_order_request", Kind::Modified, Some(Change::CancellationRequested)),
        (90027, "return_order", Kind::Modified, Some(Change::Returned)),
        (90027, "return_order_request", Kind::Modified, Some(Change::ReturnRequested)),
        (90028, "exchange_order", Kind::Modified, Some(Change::Exchanged)),
        (90028, "exchange_order_request", Kind::Modified, Some(Change::ExchangeRequested)),
        (90029, "refund_order", Kind::Modified, Some(Change::Refunded)),
        (90029, "unrefund_order", Kind::Modified, None),
        (90031, "", Kind::Modified, None),
        (90064, "changing_recipient_information", Kind::Modified, None),
        (90070, "old_order_delete", Kind::Modified, Some(Change::Deleted)),
        (90071, "shipping_end", Kind::Modified, None),
        (90072, "cancel_order", Kind::Cancelled, None),
        (90073, "refund_order", Kind::Modified, Some(Change::Refunded)),
        (90074, "return_order", Kind::Modified, Some(Change::Returned)),
        (90162, "update_invoice_no", Kind::Modified, None),
    ];
    for (number, code, kind, change) in rows {
        assert_eq!(meaning(&of(number, code)), (kind, change), "{number} {code}");
    }
}

#[test]
fn a_cancellation_that_is_withdrawn_reopens_the_order() {
    for code in ["unpaid", "paid_order", "product_ready", "shipping_ready", "shipping_start"] {
        for number in [90026, 90072] {
            let withdrawn = of(number, code);
            assert_eq!(meaning(&withdrawn), (Kind::Modified, None), "{number} {code}");
            assert_eq!(text(withdrawn.status.as_ref()), Some(code));
            assert!(withdrawn.reopens, "{number} {code}");
        }
    }
    assert!(!of(90026, "cancel_order_request").reopens, "it is only asked for");
}

#[test]
fn a_request_has_a_headline_of_its_own() {
    for (number, code, headline) in [
        (90026, "cancel_order_request", "🙋 Order 20260101-0000042 cancellation requested · "),
        (90027, "return_order_request", "🙋 Order 20260101-0000042 return requested · "),
        (90028, "exchange_order_request", "🙋 Order 20260101-0000042 exchange requested · "),
    ] {
        let posted = posted(&of(number, code));
        assert!(posted.starts_with(headline), "{posted}");
    }
}

#[test]
fn every_other_change_of_a_cancellation_is_one() {
    for code in ["cancel_order", "cancellation_complete", ""] {
        assert_eq!(meaning(&of(90026, code)), (Kind::Cancelled, None), "{code}");
    }
    let without = r#"{"event_no":90026,"resource":{"order_id":"1"}}"#;
    assert_eq!(event("cafe24", &[TRACE], without).kind, Kind::Cancelled);
}

#[test]
fn a_cancellation_by_the_mall_itself_says_why() {
    let reason = |code: &str| {
        let claimed = format!(r#""event_code": "{code}", "claim_reason_type_text": "고객 변심""#);
        let body = body(90026, code).replace(&format!(r#""event_code": "{code}""#), &claimed);
        posted(&event("cafe24", &[TRACE], &body))
    };
    for (code, change, shown) in [
        ("auto_order_cancel", Some(Change::Unpaid), "Reason: cancelled automatically"),
        ("cancel_unpaid_order", Some(Change::Unpaid), "Reason: cancelled before payment"),
        ("cancel_order", None, "Reason: 고객 변심"),
    ] {
        assert_eq!(meaning(&of(90072, code)), (Kind::Cancelled, change), "{code}");
        assert!(reason(code).contains(shown), "{}", reason(code));
    }
}

#[test]
fn every_code_of_the_file_has_its_word() {
    let platform = Platform::find("cafe24").unwrap();
    let codes = platform
        .rules
        .iter()
        .flat_map(|rule| rule.when.as_slice())
        .flat_map(|table| table.values());
    for code in codes.flat_map(OneOrMany::as_slice) {
        assert!(platform.words.get(code).is_some(), "{code}");
    }
}

#[test]
fn memos_of_the_shop_and_other_events_are_ignored() {
    for number in [90066, 90068, 90069, 90160, 90166, 90001, 9002, 900_230] {
        assert!(is_ignored("cafe24", &[TRACE], &body(number, "insert_admin_memo")), "{number}");
    }
}

#[test]
fn an_order_is_read_whole() {
    assert_eq!(
        posted(&of(90023, "create_order")),
        "🛒 New order 20260101-0000042 · KRW 24,680 · Customer: 김 견본 · Shop: teahouse · \
         우전 녹차,찻잔 · 2026-01-01 00:00 UTC · Cafe24"
    );
    let text_number = body(90023, "create_order").replace("90023", "\"90023\"");
    assert_eq!(event("cafe24", &[TRACE], &text_number).kind, Kind::Created);
}

#[test]
fn amounts_come_in_two_spellings() {
    let amount = |order: &str, paid: &str| {
        let body = body(90023, "create_order").replace("24680.00", order).replace("24580", paid);
        total(&event("cafe24", &[TRACE], &body))
    };
    assert_eq!(amount("24680.00", "0.00").unwrap(), "KRW 24,680");
    assert_eq!(amount("0.00", "24580").unwrap(), "KRW 0");
    assert_eq!(amount("", "24580").unwrap(), "KRW 24,580");
    assert_eq!(amount("24680.50", "").unwrap(), "KRW 24,680.5");
}

#[test]
fn a_cancellation_without_its_date_happened_when_it_was_sent() {
    assert_eq!(time(&of(90026, "cancel_order")), None);
    for (date, expected) in [
        ("\"2026-01-01T08:30:00+09:00\"", Some("2025-12-31T23:30:00Z")),
        ("\"0000-00-00\"", None),
        ("\"0000-00-00 00:00:00\"", None),
        ("\"\"", None),
    ] {
        let body = body(90026, "cancel_order")
            .replace("\"cancel_date\": null", &format!("\"cancel_date\": {date}"));
        assert_eq!(time(&event("cafe24", &[TRACE], &body)).as_deref(), expected, "{date}");
    }
    assert_eq!(time(&of(90025, "paid_order")).unwrap(), "2025-12-31T23:03:00Z");
}

#[test]
fn a_bulk_event_is_an_event_for_each_order_once() {
    let all = bulk("20260101-0000001, 20260101-0000002,,20260101-0000001 ,20260101-0000003,");
    let ids: Vec<_> = all.iter().map(|event| event.id.as_ref().unwrap().as_str()).collect();
    assert_eq!(ids, ["20260101-0000001", "20260101-0000002", "20260101-0000003"]);
    let deliveries: Vec<_> =
        all.iter().map(|event| event.delivery_id.as_ref().unwrap().as_str()).collect();
    for (id, delivery) in ids.iter().zip(deliveries) {
        let expected = format!("{id} 5f0c9c1e-trace 90072 cancel_order ");
        assert!(delivery.starts_with(&expected), "{delivery}");
    }
    for event in &all {
        assert_eq!(event.kind, Kind::Cancelled);
        assert_eq!((total(event), &event.customer, event.items.len()), (None, &None, 0));
    }
    assert!(posted(&all[1]).starts_with("🚫 Order 20260101-0000002 cancelled · Shop: teahouse · "));
}

#[test]
fn a_bulk_event_without_a_trace_is_still_an_event_for_each_order() {
    let body = r#"{"event_no":90072,"resource":{"order_id":"1,2"}}"#;
    let keys: Vec<_> =
        events("cafe24", &[], body).iter().map(crate::ledger::keys::event_key).collect();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn a_list_of_one_order_is_that_order() {
    for ids in ["20260101-0000001", "20260101-0000001,", " 20260101-0000001 , "] {
        let all = bulk(ids);
        assert_eq!(all.len(), 1, "{ids}");
        assert_eq!(text(all[0].id.as_ref()), Some("20260101-0000001"), "{ids}");
        let delivery = text(all[0].delivery_id.as_ref()).unwrap();
        assert!(delivery.starts_with("5f0c9c1e-trace 90072 cancel_order "), "{delivery}");
    }
}

#[test]
fn two_events_with_one_trace_are_two_deliveries() {
    let name = |event: OrderEvent| event.delivery_id.unwrap();
    assert_ne!(name(of(90023, "create_order")), name(of(90025, "paid_order")));
    assert_ne!(name(of(90025, "unpaid")), name(of(90025, "paid_order")));
    let without_trace = event("cafe24", &[], &body(90023, "create_order"));
    assert_eq!(without_trace.delivery_id, None, "its body names it");
}

#[test]
fn of_a_long_list_the_first_hundred_orders_are_events() {
    let ids: Vec<_> = (0..5_000).map(|number| format!("20260101-{number:07}")).collect();
    let all = bulk(&ids.join(","));
    assert_eq!(all.len(), MAX_ORDERS);
    let last = all.last().unwrap();
    assert_eq!(last.more_orders, 4_900);
    assert!(all[..MAX_ORDERS - 1].iter().all(|event| event.more_orders == 0));
    let posted = posted(last);
    assert!(posted.starts_with("🚫 Order 20260101-0000099 and 4900 more cancelled"), "{posted}");
}

#[test]
fn only_the_reason_of_a_list_is_posted() {
    let reason = r#""event_code": "return_order", "claim_reason": "CANARY", "claim_reason_type_text": "상품 불만족""#;
    let body = body(90027, "X").replace(r#""event_code": "X""#, reason);
    assert_eq!(text(event("cafe24", &[TRACE], &body).reason.as_ref()), Some("상품 불만족"));
}

#[test]
fn nothing_private_gets_out() {
    let body = r#"{"event_no":90026,"CANARY":"CANARY","resource":{"mall_id":"teahouse",
        "event_shop_no":"CANARY","event_code":"cancel_order","order_id":"20260101-0000042",
        "payment_gateway_name":"CANARY","currency":"KRW","order_place_name":"CANARY",
        "member_id":"CANARY","member_authentication":"CANARY","buyer_name":"Ada Byron",
        "buyer_email":"CANARY","buyer_phone":"CANARY","buyer_cellphone":"CANARY",
        "billing_name":"CANARY","bank_code":"CANARY","bank_account_no":"CANARY",
        "payment_method":"CANARY","easypay_name":"CANARY","order_price_amount":"5",
        "claim_reason":"CANARY","shipping_message":"CANARY","wished_delivery_date":"CANARY",
        "receiver_name":"CANARY","receiver_address":"CANARY","order_place_id":"CANARY",
        "ordering_product_code":"CANARY","ordering_product_name":"찻잔"}}"#;
    assert_private("cafe24", &[TRACE, ("x-api-key", "CANARY")], body, Some("Ada Byron"));
}

#[test]
fn cafe24_says_whether_an_order_was_paid() {
    let paid = |order: &str, mark: &str| {
        let resource = format!(r#"{{"order_id": "{order}", "event_code": "cancel_order"{mark}}}"#);
        let events =
            events("cafe24", &[], &format!(r#"{{"event_no": 90026, "resource": {resource}}}"#));
        events.iter().map(|event| event.paid).collect::<Vec<_>>()
    };
    assert_eq!(paid("20260101-1", r#", "paid": "T""#), [Some(true)]);
    assert_eq!(paid("20260101-1", r#", "paid": "F""#), [Some(false)]);
    for unknown in
        ["", r#", "paid": null"#, r#", "paid": "M""#, r#", "paid": "", "payment_date": null"#]
    {
        assert_eq!(paid("20260101-1", unknown), [None], "{unknown}");
    }
    let of_several = paid("20260101-1,20260101-2", r#", "paid": "F""#);
    assert_eq!(of_several, [None, None], "it is not known of which order it is said");
}
