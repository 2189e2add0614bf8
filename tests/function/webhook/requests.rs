//! Path, method, size and media type.

use jiff::Timestamp;
use order_alerts::platform::Platform;
use order_alerts::secret::signing_key::SigningKey;
use order_alerts::webhook::request::Headers;
use order_alerts::webhook::sign::sign;
use order_alerts_fakes::Webhook;
use serde_json::{Value, json};

use crate::support::webhooks::{generic_cancellation, shopify, shopify_cancellation};
use crate::support::world::{World, key};

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

/// The log lines of requests that were refused before anything was verified.
fn refusals(world: &World) -> Vec<Value> {
    let logs = world.function.logs().into_iter();
    let lines = logs.filter(|line| line.contains("refused before verification"));
    lines.map(|line| serde_json::from_str(&line).unwrap()).collect()
}

#[tokio::test]
async fn every_request_that_is_refused_by_its_path_or_method_is_logged() {
    let world = World::start().await;
    let mut lost = shopify_cancellation().event();
    lost["rawPath"] = "/prod/webhooks/shopify".into();
    assert_eq!(world.send(&shopify_cancellation().method("PUT")).await.status, 405);
    assert_eq!(world.send_event(lost).await.status, 404);
    assert_eq!(world.send(&Webhook::post("/webhook/toast")).await.status, 404);
    assert_eq!(world.send(&Webhook::post("/wp-login.php")).await.status, 404);
    world.function.stop().await;

    let lines = refusals(&world);
    let fields =
        |line: &Value| ["level", "platform", "status", "path"].map(|field| line[field].clone());
    let seen: Vec<_> = lines.iter().map(fields).collect();
    let none = Value::Null;
    let expected = [
        [json!("INFO"), json!("shopify"), json!(405), none.clone()],
        [json!("WARN"), none.clone(), json!(404), json!("/prod/webhooks/shopify")],
        [json!("INFO"), none.clone(), json!(404), none.clone()],
        [json!("INFO"), none.clone(), json!(404), none],
    ];
    assert_eq!(seen, expected, "{lines:#?}");
}

#[tokio::test]
async fn a_long_path_is_cut_in_the_log() {
    let world = World::start().await;
    let mut event = shopify_cancellation().event();
    event["rawPath"] = format!("/webhook/{}\n\u{202e}", "x".repeat(8_000)).into();
    assert_eq!(world.send_event(event).await.status, 404);
    world.function.stop().await;
    let path = refusals(&world)[0]["path"].as_str().unwrap().to_owned();
    assert!(path.starts_with("/webhook/xxx") && path.len() < 1_000, "{path}");
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
    assert_eq!(world.secrets.reads(), 1, "the one before the first event");
}

#[tokio::test]
async fn a_webhook_is_taken_however_its_path_is_spelt() {
    let world = World::start().await;
    let spellings = [
        ("$default", "/webhook/shopify/"),
        ("$default", "//webhook/shopify"),
        ("$default", "/webhook//shopify"),
        ("$default", "/webhook/Shopify"),
        ("$default", "/WebHook/SHOPIFY"),
        ("prod", "/prod/webhook/shopify"),
        ("$default", "/hooks/webhook/shopify"),
        ("$default", "/hooks/v1/webhook/shopify/"),
    ];
    for (stage, path) in spellings {
        let mut event = shopify_cancellation().event();
        event["rawPath"] = path.into();
        event["requestContext"]["http"]["path"] = path.into();
        event["requestContext"]["stage"] = stage.into();
        assert_eq!(world.send_event(event).await.status, 200, "{path}");
    }
    for path in ["/webhook/", "//webhook", "/prod/webhook", "/webhook/Generic"] {
        let mut event = generic_cancellation(&json!({"order_id": 1})).event();
        event["rawPath"] = path.into();
        assert_eq!(world.send_event(event).await.status, 200, "{path}");
    }
}

/// Square signs its address as it is registered, and not as it arrives.
#[tokio::test]
async fn the_signed_address_is_the_registered_one_however_the_path_is_spelt() {
    let url = "https://hooks.example/hooks/webhook/square";
    let world = World::with(&[("PUBLIC_URL", url)]).await;
    let body =
        json!({"type": "order.updated", "data": {"object": {"order_updated": {"order_id": "A"}}}})
            .to_string();
    let square = &Platform::find("square").unwrap().auth;
    let signing_key = SigningKey::parse(&key("square"), square).unwrap();
    let none = Headers::default();
    let now = Timestamp::now();
    let sign = |url| sign(square, &none, body.as_bytes(), &signing_key, url, "", now);
    for (signed_url, status) in [(url, 200), ("https://hooks.example/hooks/webhook/square/", 401)] {
        let mut webhook = Webhook::post("/hooks//webhook/Square/").body(body.clone());
        for (name, value) in sign(signed_url).unwrap() {
            webhook = webhook.header(&name, &value);
        }
        assert_eq!(world.send(&webhook).await.status, status, "{signed_url}");
    }
}

#[tokio::test]
async fn an_unknown_platform_looks_like_any_unknown_path() {
    let world = World::start().await;
    let long = format!("/webhook/{}", "x".repeat(8_000));
    let mut bodies = Vec::new();
    for path in [
        "/",
        "/nothing",
        "/shopify",
        "/webhook/toast",
        "/webhooks/shopify",
        "/webhook/shopify/orders",
        "/webhook/../webhook/shopify",
        "/webhook/%2e%2e/shopify",
        "/webhook/shopif%79",
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
async fn verified_json_is_accepted_whatever_its_media_type_says() {
    let world = World::start().await;
    for (name, value) in [
        ("content-type", "application/json"),
        ("content-type", "Application/JSON;charset=utf-8; boundary=x"),
        ("content-type", "application/json, application/json"),
        ("content-type", "application/json; charset=utf-16"),
        ("content-type", "application/cloudevents+json"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-type", "text/plain; charset=utf-8"),
        ("content-type", "text/json"),
        ("content-type", "json"),
        ("content-type", ""),
        ("content-encoding", "identity"),
        // A relay has unpacked the body and kept the header.
        ("content-encoding", "gzip"),
    ] {
        let webhook = shopify_cancellation().header(name, value);
        assert_eq!(world.send(&webhook).await.status, 200, "{name}: {value}");
    }
    let mut event = shopify_cancellation().event();
    event["headers"].as_object_mut().unwrap().remove("content-type");
    assert_eq!(world.send_event(event).await.status, 200);
}

#[tokio::test]
async fn a_verified_body_that_is_no_json_is_a_415_where_its_headers_say_so() {
    let world = World::start().await;
    for (name, value, status) in [
        ("content-type", "application/json; charset=utf-8", 400),
        ("content-type", "application/cloudevents+json", 400),
        ("content-type", "", 400),
        ("content-type", "text/plain", 415),
        ("content-type", "application/json; charset=utf-16", 415),
        ("content-type", "application/x-www-form-urlencoded", 415),
        ("content-type", "multipart/form-data; boundary=x", 415),
        ("content-type", "application/jsonp", 415),
        ("content-encoding", "gzip", 415),
        ("content-encoding", "br", 415),
    ] {
        let answer = world.send(&shopify("orders/create", "id=1").header(name, value)).await;
        assert_eq!(answer.status, status, "{name}: {value}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    assert_eq!(world.slack.all_requests(), 0);
}

#[tokio::test]
async fn what_is_not_verified_is_a_401_whatever_its_media_type_says() {
    let world = World::start().await;
    let forged = shopify_cancellation().signed_shopify(&key("nobody"));
    let unsigned = Webhook::post("/webhook/shopify").body("id=1");
    for webhook in [forged, unsigned] {
        for media_type in ["application/json", "text/plain", "application/x-www-form-urlencoded"] {
            let webhook = webhook.clone().header("content-type", media_type);
            assert_eq!(world.send(&webhook).await.status, 401, "{media_type}");
        }
    }
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
        assert_eq!(world.send(&ping(body)).await.status, 401, "{body}");
    }
    let elsewhere = ping("webhook_id=142").event().to_string();
    let elsewhere = elsewhere.replace("/webhook/woocommerce", "/webhook/shopify");
    assert_eq!(world.send_event(elsewhere.parse().unwrap()).await.status, 401);
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
        r#"{"source":"aws.events","detail-type":"EC2 Instance State-change Notification"}"#,
    ] {
        assert_eq!(world.send_refused(event).await, "the event is of no known kind", "{event}");
    }
    let old = r#"{"version":"1.0","httpMethod":"POST","path":"/webhook","requestContext":{"stage":"$default"}}"#;
    assert!(world.send_refused(old).await.contains("the request came in payload format 1.0"));
    let balancer = r#"{"httpMethod":"POST","path":"/webhook","requestContext":{"elb":{"targetGroupArn":"x"}}}"#;
    assert!(world.send_refused(balancer).await.contains("load balancer, which is not supported"));
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
