//! Events that no sender can make, but another gateway, a relay or a console can.

use serde_json::{Value, json};

use crate::support::webhooks::{generic_cancellation, shopify_cancellation};
use crate::support::world::{Answer, World};

const UNKNOWN: &str = "the event is of no known kind";

/// A signed cancellation, changed.
fn changed(change: impl Fn(&mut Value)) -> Value {
    let mut event = shopify_cancellation().event();
    change(&mut event);
    event
}

/// The same without the part at `parent` that is called `name`.
fn without(parent: &str, name: &str) -> Value {
    changed(|event| {
        event.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
    })
}

/// The same with another value at `place`.
fn with(place: &str, value: impl Into<Value>) -> Value {
    let (value, (parent, name)) = (value.into(), place.rsplit_once('/').unwrap());
    changed(|event| event.pointer_mut(parent).unwrap()[name] = value.clone())
}

/// That of the cancellation.
fn signature() -> String {
    let event = shopify_cancellation().event();
    event["headers"]["x-shopify-hmac-sha256"].as_str().unwrap().to_owned()
}

/// Lambda then answers 500, and the sender tries again.
#[tokio::test]
async fn a_request_without_what_every_request_has_fails_the_invocation() {
    let world = World::start().await;
    for (event, error) in [
        (without("", "requestContext"), UNKNOWN),
        (with("/requestContext", Value::Null), UNKNOWN),
        (with("/requestContext", json!({})), UNKNOWN),
        (with("/requestContext", json!([])), UNKNOWN),
        (with("/requestContext", "$default"), UNKNOWN),
        (without("/requestContext", "http"), UNKNOWN),
        (with("/requestContext/http", Value::Null), UNKNOWN),
        (with("/requestContext/http", "POST"), UNKNOWN),
        (without("/requestContext/http", "method"), "the HTTP API event has no `method`"),
        (with("/requestContext/http/method", 1), UNKNOWN),
        (without("", "rawPath"), "the HTTP API event has no `rawPath`"),
        (with("/rawPath", Value::Null), "the HTTP API event has no `rawPath`"),
        (with("/rawPath", json!(["webhook"])), UNKNOWN),
        (with("/headers", json!(["x-shopify-topic"])), UNKNOWN),
        (with("/headers/x-shopify-topic", json!(["orders/cancelled"])), UNKNOWN),
        (with("/headers/x-other", Value::Null), UNKNOWN),
        (with("/body", json!({"id": 1})), UNKNOWN),
        (with("/isBase64Encoded", "false"), UNKNOWN),
        (with("/isBase64Encoded", Value::Null), UNKNOWN),
        (with("/requestContext/timeEpoch", "now"), UNKNOWN),
    ] {
        assert_eq!(world.send_refused(&event.to_string()).await, error, "{event}");
    }
    world.assert_no_panic();
    assert_eq!(world.slack.all_requests(), 0);
    world.accept([shopify_cancellation()]).await;
}

#[tokio::test]
async fn what_a_request_may_lack_or_have_besides_changes_nothing() {
    let world = World::start().await;
    let events = [
        without("", "version"),
        without("", "routeKey"),
        without("", "rawQueryString"),
        with("/rawQueryString", Value::Null),
        with("/rawQueryString", "%&a=%ff&=&a=b=c"),
        with("/rawQueryString", "x".repeat(8_000)),
        with("/queryStringParameters", json!({"a": "1,2"})),
        with("/cookies", json!(["a=b; Secure", ""])),
        with("/cookies", Value::Null),
        with("/pathParameters", json!({"platform": "woocommerce"})),
        with("/stageVariables", json!({"platform": "woocommerce"})),
        with("/requestContext/authentication", json!({"clientCert": {"subjectDN": "CN=x"}})),
        with("/requestContext/authorizer", json!({"jwt": {"claims": {"sub": "x"}}})),
        with("/requestContext/stage", "a/b"),
        with("/requestContext/http/path", "/elsewhere"),
        without("/requestContext", "timeEpoch"),
        with("/requestContext/timeEpoch", 0),
        with("/requestContext/timeEpoch", -1),
        with("/requestContext/timeEpoch", i64::MIN),
        with("/requestContext/timeEpoch", i64::MAX),
        without("", "isBase64Encoded"),
        with("/headers/x-other", ""),
        with("/headers/", "a header without a name"),
        with("/headers/x-other", "x".repeat(100_000)),
        with("/headers/cookie", "x".repeat(100_000)),
        // A relay sends a header twice, or in two spellings.
        with("/headers/x-shopify-topic", "orders/cancelled,orders/cancelled"),
        with("/headers/x-shopify-topic", "orders/cancelled, orders/cancelled"),
        with("/headers/X-Shopify-Topic", "orders/cancelled"),
        with("/headers/x-shopify-hmac-sha256", [signature(), signature()].join(",")),
        with("/headers/X-Shopify-Hmac-SHA256", signature()),
    ];
    let sent = events.len();
    for event in events {
        assert_eq!(world.send_event(event.clone()).await.status, 200, "{event}");
    }
    assert_eq!(world.slack.messages().len(), sent);
    world.assert_no_panic();
}

#[tokio::test]
async fn a_signature_that_is_joined_with_another_or_very_long_verifies_nothing() {
    let world = World::start().await;
    let name = "x-shopify-hmac-sha256";
    let signature = signature();
    for event in [
        with(&format!("/headers/{name}"), format!("{}x", &signature[..43])),
        with(&format!("/headers/{name}"), signature.repeat(2_000)),
        with(&format!("/headers/{name}"), "=".repeat(100_000)),
        with("/headers", Value::Null),
        with("/headers", json!({})),
        without("", "headers"),
        without("", "body"),
        with("/body", Value::Null),
        with("/body", ""),
    ] {
        assert_eq!(world.send_event(event.clone()).await.status, 401, "{event}");
    }
    assert_eq!(world.slack.all_requests(), 0);
    world.assert_no_panic();
    world.function.stop().await;
    world.assert_lines_are_short();
}

#[tokio::test]
async fn a_body_that_is_said_to_be_base64_and_is_not_is_refused() {
    let world = World::start().await;
    for body in ["e30", "e30=\n", "e30=e30=", "e-_=", "{}", "é"] {
        let mut event = with("/isBase64Encoded", true);
        event["body"] = body.into();
        assert_eq!(world.send_event(event).await.status, 400, "{body}");
    }
    // Nothing is left to sign in an empty one.
    for body in [Value::Null, "".into()] {
        let mut event = with("/isBase64Encoded", true);
        event["body"] = body;
        assert_eq!(world.send_event(event).await.status, 401);
    }
    world.assert_no_panic();
}

/// No shop sends such a path; a gateway with another route does.
#[tokio::test]
async fn a_path_of_nothing_is_a_404() {
    let world = World::start().await;
    for path in ["", "/", "///", " ", "/\u{0}", "webhook/../x", "\u{202e}"] {
        let Answer { status, body, .. } = world.send_event(with("/rawPath", path)).await;
        assert_eq!(status, 404, "{path:?}");
        assert!(body.contains("There is nothing at this address."), "{body}");
    }
    world.assert_no_panic();
}

/// The fields that the message shows come from headers too.
#[tokio::test]
async fn a_header_of_any_length_that_is_shown_is_cut() {
    let world = World::start().await;
    for header in ["x-shopify-shop-domain", "x-shopify-event-id", "x-shopify-triggered-at"] {
        let event = with(&format!("/headers/{header}"), "x".repeat(60_000));
        assert_eq!(world.send_event(event).await.status, 200, "{header}");
    }
    world.accept([generic_cancellation(&json!({"order_id": "y".repeat(60_000)}))]).await;
    world.function.stop().await;
    let messages = world.slack.messages();
    assert_eq!(messages.len(), 4);
    assert!(messages.iter().all(|message| message.warnings.is_empty()), "{messages:#?}");
    world.assert_lines_are_short();
    world.assert_no_panic();
}
