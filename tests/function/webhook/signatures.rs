//! Who is believed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use order_alerts_fakes::Webhook;
use serde_json::json;

use crate::support::world::{
    Answer, World, generic, generic_at, key, now, shopify, shopify_cancellation, shopify_order,
};

/// The one answer to everything unproven.
#[track_caller]
fn assert_unauthorized(answer: &Answer) {
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.body,
        r#"{"detail":"The request is not proven to come from the platform.","status":401,"title":"Unauthorized","type":"about:blank"}"#
    );
}

fn signature_header(webhook: &Webhook) -> String {
    webhook.event()["headers"]["x-shopify-hmac-sha256"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_unsigned_webhook_is_refused_in_silence() {
    let world = World::start().await;
    let mut event = shopify_cancellation().event();
    event["headers"].as_object_mut().unwrap().remove("x-shopify-hmac-sha256");
    assert_unauthorized(&world.send_event(event).await);
    assert_eq!(world.slack.all_requests(), 0);
}

#[tokio::test]
async fn a_signature_that_is_not_exactly_right_is_refused() {
    let world = World::start().await;
    let right = signature_header(&shopify_cancellation());
    let other = signature_header(&shopify_cancellation().signed_shopify(&key("nobody")));
    let hex = hex::encode(STANDARD.decode(&right).unwrap());
    let with_prefix = format!("sha256={right}");
    for signature in ["", "v1,", "sha256=", &other, &right[..40], &right[..43], &hex, &with_prefix]
    {
        let webhook = shopify_cancellation().header("x-shopify-hmac-sha256", signature);
        assert_unauthorized(&world.send(&webhook).await);
    }
    assert_eq!(world.slack.all_requests(), 0);
}

#[tokio::test]
async fn every_byte_of_the_body_is_signed() {
    let world = World::start().await;
    let mut order = shopify_order();
    order["cancel_reason"] = json!("sold out / damaged");
    let body = serde_json::to_string_pretty(&order).unwrap().replace('\n', "\r\n");
    let signed = shopify("orders/cancelled", &body);
    assert_eq!(world.send(&signed).await.status, 200);
    for forged in [
        format!("{body}\n"),
        body.replace("\r\n", "\n"),
        body.replace('/', "\\/"),
        order.to_string(),
        body.replace("254.98", "254.99"),
    ] {
        assert_unauthorized(&world.send(&signed.clone().body(forged)).await);
    }
}

#[tokio::test]
async fn a_signed_time_holds_for_five_minutes() {
    let world = World::start().await;
    let body = r#"{"event_type":"order_cancelled"}"#;
    // A few seconds pass until the function looks at its clock; the exact edge has a unit test.
    for offset in [-290, 0, 290] {
        assert_eq!(world.send(&generic_at(now() + offset, body)).await.status, 200, "{offset}");
    }
    for time in [now() - 301, now() + 310, now() * 1000, 0, -1, i64::MIN, i64::MAX] {
        assert_unauthorized(&world.send(&generic_at(time, body)).await);
    }
    for time in
        ["", "abc", "1e9", &format!("+{}", now()), "99999999999999999999", "１７６７２２５６００"]
    {
        let webhook = generic(body).header("webhook-timestamp", time);
        assert_unauthorized(&world.send(&webhook).await);
    }
    assert_eq!(world.slack.messages().len(), 3);
}

#[tokio::test]
async fn a_signature_for_one_platform_is_none_for_another() {
    let world = World::start().await;
    let mut event = shopify_cancellation().event();
    event["headers"]["x-wc-webhook-signature"] = event["headers"]["x-shopify-hmac-sha256"].clone();
    event["headers"]["x-wc-webhook-topic"] = json!("order.updated");
    event["rawPath"] = "/webhook/woocommerce".into();
    assert_unauthorized(&world.send_event(event).await);
    assert_eq!(world.slack.all_requests(), 0);
}
