//! Path, method, size and media type: everything that is checked before a signature.

use order_alerts_fakes::Webhook;
use serde_json::{Value, json};

use crate::support::webhooks::{
    generic_cancellation, shopify, shopify_cancellation, shopify_order,
};
use crate::support::world::World;

#[tokio::test]
async fn a_signed_cancellation_becomes_one_message() {
    let world = World::start().await;
    let answer = world.send(&shopify_cancellation()).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":"accepted"}"#));
    assert_eq!(answer.headers["content-type"], "application/json");

    let shown = world.the_message();
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines[0], "🚫 Order #1001 cancelled · USD 254.98");
    for line in ["Reason: customer request", "Shop: tea.myshopify.com", "2 × Jasmine tea"] {
        assert!(lines.contains(&line), "{line} in {shown}");
    }
    let message = &world.slack.messages()[0];
    assert_eq!((&message.warnings, &message.mentions), (&vec![], &vec![]));
    assert!(message.text().starts_with("🚫 Order #1001 cancelled · USD 254.98 · Reason: "));
}

#[tokio::test]
async fn a_webhook_may_come_through_a_function_url() {
    let world = World::start().await;
    assert_eq!(world.send(&shopify_cancellation().function_url()).await.status, 200);
    assert!(world.the_message().contains("Order #1001 cancelled"));
}

#[tokio::test]
async fn health_answers_with_the_version() {
    let world = World::start().await;
    let answer = world.send(&Webhook::post("/health").method("GET")).await;
    let expected = concat!(r#"{"status":"ok","version":""#, env!("CARGO_PKG_VERSION"), r#""}"#);
    assert_eq!((answer.status, answer.body.as_str()), (200, expected));
    let answer = world.send(&Webhook::post("/health")).await;
    assert_eq!((answer.status, &answer.headers["allow"]), (405, &json!("GET")));
}

#[tokio::test]
async fn a_platforms_request_that_is_refused_before_verification_is_logged() {
    let world = World::start().await;
    let webhook = shopify_cancellation();
    world.send(&webhook.clone().method("PUT")).await;
    world.send(&webhook.header("content-type", "text/plain")).await;
    world.send(&Webhook::post("/wp-login.php")).await;
    world.function.stop().await;
    let logs = world.function.logs();
    let lines = logs.iter().filter(|line| line.contains("refused before verification"));
    let lines: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    let refused: Vec<_> = lines.iter().map(|line| (&line["platform"], &line["status"])).collect();
    let shopify = json!("shopify");
    assert_eq!(refused, [(&shopify, &json!(405)), (&shopify, &json!(415))], "{logs:#?}");
}

#[tokio::test]
async fn only_post_is_allowed() {
    let world = World::start().await;
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "post"] {
        let webhook = shopify_cancellation().header("origin", "https://example.com").method(method);
        let answer = world.send(&webhook).await;
        assert_eq!((answer.status, &answer.headers["allow"]), (405, &json!("POST")), "{method}");
        assert!(answer.headers["access-control-allow-origin"].is_null(), "{method}");
        assert_eq!(answer.body.is_empty(), method == "HEAD", "{method}");
    }
    assert_eq!(world.slack.all_requests(), 0);
}

#[tokio::test]
async fn an_unknown_platform_looks_like_any_unknown_path() {
    let world = World::start().await;
    let long = format!("/webhook/{}", "x".repeat(8_000));
    let mut bodies = Vec::new();
    for path in [
        "/",
        "/nothing",
        "/webhook/toast",
        "/webhook/Shopify",
        "/webhook/",
        "/webhook/shopify/",
        "//webhook/shopify",
        "/webhook//shopify",
        "/webhook/../webhook/shopify",
        "/webhook/%2e%2e/shopify",
        "/webhook/shopif%79",
        "/health/",
        &long,
    ] {
        let mut event = shopify_cancellation().event();
        event["rawPath"] = path.into();
        event["requestContext"]["http"]["path"] = path.into();
        let answer = world.send_event(event).await;
        assert_eq!(answer.status, 404, "{path}");
        bodies.push(answer.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(world.slack.all_requests(), 0);
    assert_eq!(world.secrets.reads(), 1, "the one before the first event");
}

#[tokio::test]
async fn json_in_utf_8_is_accepted_whatever_its_media_type_says() {
    let world = World::start().await;
    for media_type in [
        "application/json",
        "application/json; charset=UTF-8",
        "Application/JSON;charset=utf-8; boundary=x",
        "application/json ; charset=utf8",
        "application/cloudevents+json",
        "",
    ] {
        let webhook = shopify_cancellation().header("content-type", media_type);
        assert_eq!(world.send(&webhook).await.status, 200, "{media_type}");
    }
    let mut event = shopify_cancellation().event();
    event["headers"].as_object_mut().unwrap().remove("content-type");
    assert_eq!(world.send_event(event).await.status, 200);
    let plain = shopify_cancellation().header("content-encoding", "identity");
    assert_eq!(world.send(&plain).await.status, 200);
}

#[tokio::test]
async fn other_media_types_and_compressed_bodies_are_refused() {
    let world = World::start().await;
    for (name, value) in [
        ("content-type", "text/plain"),
        ("content-type", "application/json; charset=utf-16"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-type", "multipart/form-data; boundary=x"),
        ("content-type", "application/jsonp"),
        ("content-type", "json"),
        ("content-encoding", "gzip"),
        ("content-encoding", "br"),
    ] {
        let answer = world.send(&shopify_cancellation().header(name, value)).await;
        assert_eq!(answer.status, 415, "{name}: {value}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    assert_eq!(world.slack.all_requests(), 0);
}

#[tokio::test]
async fn a_body_may_come_as_base64() {
    let world = World::start().await;
    assert_eq!(world.send(&shopify_cancellation().base64()).await.status, 200);

    let mut event = shopify_cancellation().base64().event();
    event["isBase64Encoded"] = false.into();
    assert_eq!(world.send_event(event.clone()).await.status, 401, "the signed bytes are others");

    event["isBase64Encoded"] = true.into();
    event["body"] = "no base64".into();
    assert_eq!(world.send_event(event).await.status, 400);
}

#[tokio::test]
async fn a_body_of_256_kib_is_accepted_and_not_one_byte_more() {
    const LIMIT: usize = 256 * 1024;
    let world = World::start().await;
    let order = shopify_order().to_string();
    for (length, status) in [(LIMIT, 200), (LIMIT + 1, 413)] {
        let padded = format!("{order}{}", " ".repeat(length - order.len()));
        let webhook = shopify("orders/cancelled", &padded);
        assert_eq!(world.send(&webhook).await.status, status, "{length}");
        assert_eq!(world.send(&webhook.base64()).await.status, status, "{length} as base64");
    }
    let huge = shopify("orders/cancelled", &"x".repeat(5_900_000));
    assert_eq!(world.send(&huge).await.status, 413);
    let logs = world.function.logs();
    assert!(logs.iter().all(|line| line.len() < 2_000), "the log quotes no body");
}

#[tokio::test]
async fn header_names_come_in_any_case_and_values_with_space_around() {
    let world = World::start().await;
    let mut event = shopify_cancellation().event();
    let headers = event["headers"].as_object().unwrap().clone();
    let shouted = headers.into_iter().map(|(name, value)| {
        (name.to_uppercase(), json!(format!(" \t{} ", value.as_str().unwrap())))
    });
    event["headers"] = shouted.collect();
    assert_eq!(world.send_event(event).await.status, 200);
}

#[tokio::test]
async fn a_header_that_is_not_ascii_text_verifies_nothing_and_breaks_nothing() {
    let world = World::start().await;
    for value in ["é", "서명", "\u{1}", "\u{0}", "a\nb", "\u{7f}"] {
        let mut event = shopify_cancellation().event();
        event["headers"]["x-shopify-hmac-sha256"] = value.into();
        assert_eq!(world.send_event(event).await.status, 401, "{value:?}");

        let mut event = shopify_cancellation().event();
        event["headers"]["x-other"] = value.into();
        assert_eq!(world.send_event(event).await.status, 200, "{value:?} elsewhere");
    }
}

#[tokio::test]
async fn a_ping_of_woocommerce_is_answered_and_ignored() {
    let world = World::start().await;
    let ping = |body: &str| {
        Webhook::post("/webhook/woocommerce")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    };
    let answer = world.send(&ping("webhook_id=142")).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":"ignored"}"#));
    for body in ["webhook_id=", "webhook_id=1&x=2", "webhook_id=1x", "id=1", ""] {
        assert_eq!(world.send(&ping(body)).await.status, 415, "{body}");
    }
    let elsewhere = ping("webhook_id=142").event().to_string();
    let elsewhere = elsewhere.replace("/webhook/woocommerce", "/webhook/shopify");
    assert_eq!(world.send_event(elsewhere.parse().unwrap()).await.status, 415);
    assert_eq!(world.slack.all_requests(), 0);
}

#[tokio::test]
async fn an_event_of_another_kind_fails_the_invocation() {
    let world = World::start().await;
    for event in [
        "{}",
        "null",
        "[]",
        r#"{"Records":[{"messageId":"1","body":"{}"}]}"#,
        r#"{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"{}"}}]}"#,
        r#"{"source":"aws.events","detail-type":"Scheduled Event"}"#,
    ] {
        assert_eq!(world.send_refused(event).await, "the event is of no known kind", "{event}");
    }
    let old = r#"{"version":"1.0","httpMethod":"POST","path":"/webhook","requestContext":{"stage":"$default"}}"#;
    assert!(world.send_refused(old).await.contains("payload format version to 2.0"));
    let logs = world.function.logs();
    let is_it =
        |line: &String| line.contains("ERROR") && line.contains("the event is of no known kind");
    assert!(logs.iter().any(is_it), "{logs:#?}");
    // The function continues.
    assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
}

#[tokio::test]
async fn the_generic_path_may_be_spelt_out() {
    let world = World::start().await;
    let mut event = generic_cancellation(&json!({"order_id": 1})).event();
    event["rawPath"] = "/webhook/generic".into();
    assert_eq!(world.send_event(event).await.status, 200);
    assert!(world.the_message().contains("Order #1 cancelled"));
}
