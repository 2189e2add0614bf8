//! What a verified webhook may contain.

use serde_json::{Value, json};

use crate::support::webhooks::{
    generic, generic_cancellation, shopify, shopify_order, woocommerce,
};
use crate::support::world::World;

#[tokio::test]
async fn a_verified_body_that_cannot_be_read_is_a_400() {
    let world = World::start().await;
    let bodies: [&[u8]; 17] = [
        b"",
        b"null",
        b"{\"event_type\":",
        b"{} x",
        b"{}{}",
        b"{\"a\":1,}",
        b"{/**/}",
        b"{\"a\":NaN}",
        b"{'a':1}",
        b"[]",
        b"[1]",
        b"[\"order_cancelled\"]",
        b"\"x\"",
        b"1",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":\"\xc0\xaf\"}",
        b"{\"a\":\"\x01\"}",
    ];
    for body in bodies {
        let answer = world.send(&generic(body)).await;
        assert_eq!(answer.status, 400, "{:?}", String::from_utf8_lossy(body));
        assert!(answer.body.contains("The body cannot be read as a JSON object."));
    }
    let mut no_body = generic("").event();
    for body in [Some(Value::Null), None] {
        match body {
            Some(null) => no_body["body"] = null,
            None => drop(no_body.as_object_mut().unwrap().remove("body")),
        }
        assert_eq!(world.send_event(no_body.clone()).await.status, 400, "{no_body}");
    }
    assert_eq!(world.slack.all_requests(), 0);
}

#[tokio::test]
async fn depth_matters_only_in_a_field_that_is_read() {
    let world = World::start().await;
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for (field, depth, status) in [
        ("order_id", 127, 200),
        ("order_id", 128, 400),
        ("order_id", 100_000, 400),
        ("ignored", 100_000, 200),
    ] {
        let body = format!(r#"{{"event_type":"order_cancelled","{field}":{}}}"#, nested(depth));
        assert_eq!(world.send(&generic(body)).await.status, status, "{field} {depth}");
    }
}

#[tokio::test]
async fn an_unknown_event_type_is_ignored() {
    let world = World::start().await;
    for event_type in
        [json!("order_refunded"), json!("Order_Cancelled"), json!(5), json!(["x"]), Value::Null]
    {
        let answer = world.send(&generic(json!({"event_type": event_type}).to_string())).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":"ignored"}"#));
    }
    let answer = world.send(&shopify("products/update", &shopify_order().to_string())).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":"ignored"}"#));
    assert_eq!(world.slack.all_requests(), 0);
}

#[tokio::test]
async fn ids_and_amounts_keep_every_digit() {
    let world = World::start().await;
    let body = r#"{"event_type":"order_cancelled","order_id":9007199254740993,
                   "total":0.30000000000000004,"currency":"USD"}"#;
    assert_eq!(world.send(&generic(body)).await.status, 200);
    let shown = world.the_message();
    assert!(
        shown.contains("Order #9007199254740993 cancelled · USD 0.30000000000000004"),
        "{shown}"
    );
}

#[tokio::test]
async fn an_amount_is_shown_as_it_was_sent() {
    let zeros = format!("{}1", "0".repeat(100_000));
    let amounts = [
        (json!("19.99"), json!("USD"), "USD 19.99"),
        (json!(-5), json!("USD"), "USD -5"),
        (json!("1E2"), json!("USD"), "USD 100"),
        (json!(1200), json!("JPY"), "JPY 1,200"),
        (json!("1.234"), json!("KWD"), "KWD 1.234"),
        (json!("12.5"), json!("XYZ"), "XYZ 12.5"),
        (json!("12.5"), Value::Null, "12.5"),
        (Value::Null, json!("USD"), "cancelled"),
        (json!("1e-9223372036854775808"), json!("USD"), "USD 1e-9223372036854775808"),
        (json!("1.5e-9223372036854775807"), json!("USD"), "USD 1.5e-9223372036854775807"),
        (json!(zeros), json!("USD"), "USD 0000"),
    ];
    let world = World::start().await;
    for (total, currency, shown) in amounts {
        let fields = json!({"order_id": 1, "total": total, "currency": currency});
        assert_eq!(world.send(&generic_cancellation(&fields)).await.status, 200, "{shown}");
        let message = world.slack.latest().unwrap();
        let headline = message.rendered().lines().next().unwrap().to_owned();
        assert!(headline.contains(shown), "{headline} has no {shown}");
        assert!(message.warnings.is_empty(), "{:?}", message.warnings);
    }
}

#[tokio::test]
async fn an_order_with_few_fields_is_still_posted() {
    let world = World::start().await;
    let missing = [
        json!({}),
        json!({"order_id": null, "total": null, "items": null}),
        json!({"order_id": "", "total": "example string"}),
        json!({"order_id": "   ", "items": []}),
        json!({"order_id": "x".repeat(10_000)}),
    ];
    let count = missing.len();
    for fields in missing {
        assert_eq!(world.send(&generic_cancellation(&fields)).await.status, 200, "{fields}");
    }
    let messages = world.slack.messages();
    assert_eq!(messages.len(), count);
    assert!(messages[0].rendered().contains("🚫 Order cancelled"));
    assert!(
        messages[count - 1].rendered().contains(&format!("Order {}… cancelled", "x".repeat(60)))
    );
}

/// What order data must never become in Slack.
const MARKUP: [&str; 14] = [
    "<!channel> <!here> <!everyone>",
    "<@U012AB3CD> <#C012AB3CD> <!subteam^S012AB3CD>",
    "@here @channel #general",
    "<https://evil.example|Invoice #1>",
    "https://evil.example/login",
    "<mailto:a@evil.example|write>",
    "*bold* _italic_ ~gone~ `code` ```fence```",
    "> quote",
    "&lt;!here&gt; &amp; &",
    "a\n\nb\r\nc\td \u{2028} e",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{202E}evil\u{2066}",
    "nul \u{0} byte",
    "<!date^1^{date}|x>",
];

#[tokio::test]
async fn order_data_is_never_a_mention_a_link_or_a_second_line() {
    let world = World::start().await;
    for text in MARKUP {
        let fields = json!({
            "order_id": text, "order_number": text, "currency": text, "total": "1",
            "customer": text, "reason": text, "status": text, "shop": text,
            "items": [text, {"title": text, "quantity": text}],
        });
        assert_eq!(world.send(&generic_cancellation(&fields)).await.status, 200, "{text:?}");
    }
    let messages = world.slack.messages();
    assert_eq!(messages.len(), MARKUP.len());
    let plain = messages[0].rendered().lines().count();
    for (text, message) in MARKUP.iter().zip(&messages) {
        assert!(message.mentions.is_empty(), "{text:?}: {:?}", message.mentions);
        assert!(message.links.is_empty(), "{text:?}: {:?}", message.links);
        assert!(message.warnings.is_empty(), "{text:?}: {:?}", message.warnings);
        let rendered = message.rendered();
        assert_eq!(rendered.lines().count(), plain, "{text:?}: {rendered}");
        assert!(!rendered.contains(|c: char| c.is_control() && c != '\n'), "{rendered:?}");
        assert_eq!(message.payload["mrkdwn"], false, "{text:?} stays literal");
    }
    assert!(messages[0].payload.to_string().contains("&lt;!here&gt;"));
    assert!(messages[8].payload.to_string().contains("&amp;lt;!here&amp;gt; &amp;amp; &amp;"));
}

#[tokio::test]
async fn a_link_leads_only_to_the_shops_own_host() {
    let world = World::start().await;
    let good = "https://tea.example/orders/1";
    let links = [
        good,
        "javascript:alert(1)",
        "data:text/html,hello",
        "http://169.254.169.254/latest",
        "https://evil.example/orders/1",
        "https://tea.example.evil.example/",
        // Anyone can have a shop there.
        "https://evil.myshopify.com/pages/sign-in",
    ];
    for url in links {
        let fields = json!({"order_id": 1, "shop": "tea.example", "url": url});
        assert_eq!(world.send(&generic_cancellation(&fields)).await.status, 200);
    }
    let messages = world.slack.messages();
    assert_eq!(messages[0].links.len(), 1);
    assert!(messages[0].links[0].contains(good), "{:?}", messages[0].links);
    for message in &messages[1..] {
        assert!(message.links.is_empty(), "{:?}", message.links);
    }
    assert!(messages.iter().all(|message| message.payload["unfurl_links"] == false));
    assert!(messages.iter().all(|message| message.payload["unfurl_media"] == false));
}

/// The header that names the shop is not under the signature, and the order's own address is.
#[tokio::test]
async fn a_shop_that_is_not_signed_makes_no_link() {
    let world = World::start().await;
    let own = "https://tea.example/wp-json/wc/v3/orders/727";
    let order = json!({"id": 727, "status": "cancelled", "_links": {"self": [{"href": own}]}});
    for (source, count) in [
        ("https://tea.example/", 1),
        ("https://evil.myshopify.com/pages/sign-in?x=", 0),
        ("https://evil.example/#", 0),
        ("https://tea.example.evil.example/", 0),
        ("https://tea.example@evil.example/", 0),
    ] {
        let webhook = woocommerce("order.updated", &order).header("x-wc-webhook-source", source);
        assert_eq!(world.send(&webhook).await.status, 200, "{source}");
        let links = world.slack.latest().unwrap().links;
        assert_eq!(links.len(), count, "{source}: {links:?}");
    }
}

#[tokio::test]
async fn a_large_order_is_cut_where_it_can_be_and_counted() {
    let world = World::start().await;
    let items: Vec<_> =
        (0..500).map(|n| json!({"title": "🫖".repeat(3_001), "quantity": n + 1})).collect();
    // 500 such titles would be over the body's limit. The others are short.
    let items: Vec<_> = items.into_iter().take(5).chain(vec![json!("tea"); 495]).collect();
    let fields =
        json!({"order_id": "&".repeat(3_001), "reason": "<".repeat(3_001), "items": items});
    assert_eq!(world.send(&generic_cancellation(&fields)).await.status, 200);
    let shown = world.the_message();
    assert!(shown.contains("and 495 more"), "{shown}");
    assert_eq!(world.slack.messages()[0].warnings, Vec::<String>::new());
}
