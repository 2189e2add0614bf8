//! Which requests are verified. The details of each scheme have unit tests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::webhooks::{
    generic, generic_at, now, shopify, shopify_cancellation, shopify_order,
};
use crate::support::world::{World, key};

const ORDER: &str = r#"{"event_type":"order_cancelled","order_id":1}"#;

#[tokio::test]
async fn whatever_is_not_verified_has_one_answer_and_reaches_no_channel() {
    let world = World::start().await;
    let signed = shopify_cancellation();
    let right = signed.event()["headers"]["x-shopify-hmac-sha256"].as_str().unwrap().to_owned();
    let hex = hex::encode(STANDARD.decode(&right).unwrap());
    let mut unsigned = signed.event();
    unsigned["headers"].as_object_mut().unwrap().remove("x-shopify-hmac-sha256");
    let mut elsewhere = signed.event();
    elsewhere["headers"]["x-wc-webhook-signature"] = json!(right);
    elsewhere["headers"]["x-wc-webhook-topic"] = json!("order.updated");
    elsewhere["rawPath"] = "/webhook/woocommerce".into();

    let mut requests = vec![unsigned, elsewhere];
    requests.push(signed.clone().body(shopify_order().to_string() + "\n").event());
    // The same order, written by another program.
    let pretty = serde_json::to_string_pretty(&shopify_order()).unwrap();
    let windows = pretty.replace('\n', "\r\n");
    let signed_pretty = shopify("orders/cancelled", &pretty);
    requests.push(signed.clone().body(pretty.clone()).event());
    requests.push(signed_pretty.clone().body(windows.clone()).event());
    requests.push(shopify("orders/cancelled", &windows).body(pretty.clone()).event());
    requests.push(signed_pretty.body(pretty.replace("#1001", "#100\\u0031")).event());
    requests.push(signed.clone().signed_shopify(&key("nobody")).event());
    for signature in ["", "v1,", "sha256=", &right[..40], &hex, &format!("sha256={right}")] {
        requests.push(signed.clone().header("x-shopify-hmac-sha256", signature).event());
    }
    for time in [now() - 301, now() + 310, now() * 1000, 0, -1, i64::MIN, i64::MAX] {
        requests.push(generic_at(time, ORDER).event());
    }
    let full_width = now().to_string().chars().map(full_width).collect::<String>();
    let exponent = format!("{}e0", now());
    for time in
        ["", "abc", "1e9", &exponent, &format!("+{}", now()), &full_width, "99999999999999999999"]
    {
        requests.push(generic(ORDER).header("webhook-timestamp", time).event());
    }
    for request in requests {
        let answer = world.send_event(request.clone()).await;
        assert_eq!(answer.status, 401, "{request}");
        assert_eq!(
            answer.body,
            r#"{"detail":"The request is not proven to come from the platform.","status":401,"title":"Unauthorized","type":"about:blank"}"#
        );
    }
    assert_eq!(world.slack.all_requests(), 0);
}

/// The digit as a Japanese keyboard may write it, which is a number to many programs.
fn full_width(digit: char) -> char {
    char::from_u32(u32::from('０') + digit.to_digit(10).unwrap()).unwrap()
}

#[tokio::test]
async fn a_body_is_verified_byte_for_byte_and_a_signed_time_for_five_minutes() {
    let world = World::start().await;
    let mut order = shopify_order();
    order["cancel_reason"] = json!("sold out / damaged");
    let body = serde_json::to_string_pretty(&order).unwrap().replace('\n', "\r\n");
    // A few seconds pass until the function looks at its clock; the exact edge has a unit test.
    let in_time = [-290, 0, 290].map(|offset| generic_at(now() + offset, ORDER));
    world.accept([shopify("orders/cancelled", &body)].into_iter().chain(in_time)).await;
    assert_eq!(world.slack.messages().len(), 4);
}
