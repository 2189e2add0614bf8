use super::*;

#[track_caller]
pub(super) fn generic(fields: &str) -> OrderEvent {
    // A name that appears twice has its last value.
    event("generic", &[], &format!(r#"{{"event_type":"order_cancelled","order_id":1,{fields}}}"#))
}

#[test]
fn the_event_type_decides() {
    let rows = [
        ("order_created", Kind::Created),
        ("order_modified", Kind::Modified),
        ("order_cancelled", Kind::Cancelled),
        ("order_canceled", Kind::Cancelled),
    ];
    for (event_type, kind) in rows {
        let event =
            event("generic", &[], &format!(r#"{{"event_type":"{event_type}","order_id":1}}"#));
        assert_eq!(meaning(&event), (kind, None), "{event_type}");
    }
    for event_type in ["\"Order_Cancelled\"", "\"refund\"", "5", "null", "[]", "{}"] {
        assert!(is_ignored("generic", &[], &format!(r#"{{"event_type":{event_type}}}"#)));
    }
}

#[test]
fn a_generic_order_may_say_everything_or_nothing() {
    let whole = generic(
        r#""order_id":"A-1","order_number":"1","total":"19.9","currency":"USD","customer":"Ada",
           "items":["Tea",{"title":"Pot","quantity":2},{"name":"Cup"}],"reason":"sold out",
           "shop":"tea.example","url":"https://tea.example/orders/1","occurred_at":NOW,
           "status":"packed","extra":{"deep":[1]}"#
            .replace("NOW", &NOW.to_string())
            .as_str(),
    );
    insta::assert_debug_snapshot!(without_link(whole));
    let nulls = generic(r#""total":null,"items":null,"url":null"#);
    let nothing = event("generic", &[], r#"{"event_type":"order_cancelled","order_id":1}"#);
    assert_eq!(OrderEvent { body_hash: nothing.body_hash.clone(), ..nulls }, nothing);
}

#[test]
fn only_a_link_to_the_shops_own_host_is_taken() {
    let link = |shop: &str, url: &str| {
        generic(&format!(r#""shop":"{shop}","url":"{url}""#)).link.map(String::from)
    };
    let good = "https://tea.example/orders/1";
    assert_eq!(link("tea.example", good).as_deref(), Some(good));
    assert_eq!(link("https://TEA.example/", good).as_deref(), Some(good));
    for (shop, url) in [
        ("Tea House", good),
        ("", good),
        ("tea.example", "http://tea.example/orders/1"),
        ("tea.example", "https://tea.example:8443/"),
        ("tea.example", "https://user@tea.example/"),
        ("tea.example", "https://tea.example@evil.example/"),
        ("tea.example", "https://evil.example/tea.example"),
        ("tea.example", "javascript:alert(1)"),
        ("tea.example", "data:text/html,x"),
        ("169.254.169.254", "https://169.254.169.254/"),
        ("evil.example", "https://evilmyshopify.com/"),
        ("tea.example", "https://evil.myshopify.com/pages/sign-in"),
    ] {
        assert_eq!(link(shop, url), None, "{shop} {url}");
    }
    for long in ["a".repeat(1_000), "é".repeat(200)] {
        let url = format!("https://tea.example/{long}");
        assert_eq!(link("tea.example", &url), None, "Slack takes no longer link");
    }
}

#[test]
fn a_test_is_marked() {
    assert!(generic(r#""test":true"#).is_test);
    assert!(!generic(r#""test":false"#).is_test);
}

#[test]
fn nothing_private_gets_out() {
    let fields = r#""order_id":"A-1","shop":"tea.example","customer":{"name":"Ada Byron","email":"CANARY"},
        "url":"https://CANARY.example/","address":"CANARY","phone":"CANARY","note":"CANARY",
        "items":[{"title":"Tea","comment":"CANARY"}],"token":"CANARY","card":{"iban":"CANARY"}"#;
    let body = format!(r#"{{"event_type":"order_cancelled",{fields}}}"#);
    assert_private("generic", &[("authorization", "CANARY")], &body, Some("Ada Byron"));
}

#[test]
fn an_own_system_may_say_whether_an_order_was_paid() {
    let paid = |field: &str| {
        let body = format!(r#"{{"event_type": "order_created", "order_id": 1{field}}}"#);
        event("generic", &[], &body).paid
    };
    assert_eq!(paid(r#", "paid": true"#), Some(true));
    assert_eq!(paid(r#", "paid": false"#), Some(false));
    assert_eq!(paid(r#", "paid": "FALSE""#), Some(false));
    for unknown in ["", r#", "paid": null"#, r#", "paid": """#, r#", "paid": 0"#, r#", "paid": []"#]
    {
        assert_eq!(paid(unknown), None, "{unknown}");
    }
}

#[test]
fn an_own_system_may_say_the_state_of_a_shop() {
    let rows = [
        ("store_offline", StoreState::Offline),
        ("store_paused", StoreState::Paused),
        ("store_online", StoreState::Online),
    ];
    for (event_type, state) in rows {
        let body = format!(
            r#"{{"event_type": "{event_type}", "shop": "Tea House", "reason": "No power",
                "occurred_at": "2025-12-31T23:00:00Z", "note": "CANARY"}}"#
        );
        let event = store("generic", &[("webhook-id", "msg_1")], &body);
        assert_eq!(event.state, state, "{event_type}");
        assert_eq!(text(event.shop.as_ref()), Some("Tea House"));
        assert_eq!(text(event.reason.as_ref()), Some("No power"));
        assert_eq!(event.occurred_at.unwrap().to_string(), "2025-12-31T23:00:00Z");
        assert_eq!(text(event.delivery_id.as_ref()), Some("msg_1"));
        assert!(!format!("{event:?}").contains("CANARY"));
    }
    let bare = store("generic", &[], r#"{"event_type": "store_offline"}"#);
    assert_eq!((bare.shop.as_ref(), bare.occurred_at, bare.time()), (None, None, now()));
    assert!(is_ignored("generic", &[], r#"{"event_type": "store_closed", "shop": "Tea House"}"#));
}

#[test]
fn a_state_of_a_shop_never_began_after_it_came_in() {
    let body = r#"{"event_type": "store_online", "occurred_at": "2026-01-01T09:00:00Z"}"#;
    assert_eq!(store("generic", &[], body).occurred_at, Some(now()));
}
