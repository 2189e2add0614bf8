//! What is never written down, and how the rest is.

use order_alerts_fakes::{FakeSlack, Fault, SecretsFault, Webhook};
use serde_json::{Value, json};

use crate::support::private::NAME;
use crate::support::sender::Sender;
use crate::support::webhooks::{
    generic, private_cancellation, private_order, shopify, shopify_cancellation, shopify_order,
};
use crate::support::world::{Way, World, key};

/// All that Slack, or what stands between, may answer. A page may quote the request.
fn faults(world: &World) -> Vec<Fault> {
    let hook = world.slack.hook_url();
    let page = format!("canary page of {hook} for Canaryfirst Canarylast, {}", key("shopify"));
    let statuses = [200, 302, 400, 401, 403, 404, 407, 410, 429, 500, 502, 503];
    let answers = statuses.map(|status| Fault::answer(status, &page));
    let others = [
        Fault::RateLimited(Some("canary page")),
        Fault::Redirect(hook),
        Fault::Reset,
        Fault::Truncated,
        Fault::Reset.posted_then(),
        Fault::Hang,
    ];
    answers.into_iter().chain(others).collect()
}

#[tokio::test]
async fn of_a_customer_only_the_name_is_shown_and_only_if_that_is_set() {
    for (customer, permitted) in [("full", &[NAME][..]), ("hidden", &[]), ("initials", &[])] {
        let world = World::full(Way::Queue, &[("CUSTOMER", customer)]).await;
        let mut sender = Sender::to(&world);
        assert_eq!(sender.send(private_cancellation(1)).await, 200);
        sender.consume().await;
        assert_eq!(world.the_message().contains("Customer: "), customer != "hidden");
        sender.finish(permitted).await;
    }
}

#[tokio::test]
async fn nothing_private_gets_out_with_direct_delivery_whatever_slack_answers() {
    let world = World::full(Way::DirectWithLedger, &[("CUSTOMER", "full")]).await;
    let mut sender = Sender::to(&world);
    for (id, fault) in (1..).zip(faults(&world)) {
        world.slack.script([fault]);
        sender.send(private_cancellation(id)).await;
    }
    world.slack.up();
    let body = private_order().to_string();
    let login = Webhook::post("/webhook/doordash").header("authorization", "Basic canary secret");
    let mut statuses = Vec::new();
    for webhook in [
        private_cancellation(99),
        private_cancellation(100).header("x-shopify-hmac-sha256", "canary secret"),
        private_cancellation(100).signed_shopify("canary secret of a stranger"),
        private_cancellation(100).method("PUT"),
        Webhook::post("/webhook/canary secret").body(body.clone()),
        login.body(body.clone()),
        shopify("orders/cancelled", &body[..body.len() - 1]),
        generic("canary secret, but no JSON"),
        shopify("orders/canary secret", &body),
        // A key in a header, and one in a query.
        Webhook::post("/webhook/cafe24").header("x-api-key", &key("cafe24")).body(body.clone()),
        Webhook::post("/webhook/shopify?token=canary%20secret").body(body.clone()),
    ] {
        statuses.push(sender.send(webhook).await);
    }
    world.slack.disable(&world.slack.hook_url(), 404, "no_service");
    world.secrets.fail_with(SecretsFault::Garbage);
    statuses.push(sender.send(private_cancellation(101)).await);
    assert_eq!(statuses, [200, 401, 401, 405, 404, 401, 400, 400, 200, 200, 401, 503]);
    sender.finish(&[NAME]).await;
}

/// A secret that is edited by hand may be anything, and its reader must not quote it.
#[tokio::test]
async fn a_secret_of_a_wrong_shape_is_not_quoted() {
    let url = "https://hooks.slack.com/services/T0/B0/canary secret";
    for secret in [
        json!("canary secret"),
        json!(["canary secret"]),
        json!({"canary secret": "canary secret"}),
        json!({"slack_webhook_url": "canary secret"}),
        json!({"slack_webhook_url": url}),
        json!({"slack_webhook_url": {"url": "canary secret"}, "channels": "canary secret"}),
        json!({"slack_monitoring_webhook_url": "http://canary secret@127.0.0.1/canary secret"}),
        json!({"channels": {"kitchen": url, "KITCHEN": url, "a b": "canary secret"}}),
        json!({"signing_keys": "canary secret"}),
        json!({"signing_keys": ["canary secret"]}),
        json!({"signing_keys": {"shopify": "canary secret"}}),
        json!({"signing_keys": {"shopify": ["canary secret"]}}),
        json!({"signing_keys": {"shopify": {"canary secret": 1}, "square": [["canary secret"]]}}),
        json!({"signing_keys": {"adobe": ["canary secret"], "doordash": ["x:canary secret"]}}),
        json!({"signing_keys": {"standard": ["whsec_canary secret"], "olo": ["canary secret"]}}),
        json!({"signing_keys": {"adobe": [{"kty": "canary secret", "n": "canary secret"}]}}),
        json!({"generic_signing_key": "canary secret"}),
    ] {
        for text in [secret.to_string(), format!("{secret} canary secret")] {
            let trace = [("LOG_LEVEL", "TRACE"), ("RULES", "cancelled -> to kitchen")];
            let slack = FakeSlack::start().await;
            let world = World::from_parts(Way::DirectWithLedger, slack, &text, &trace).await;
            world.lambda.ready().await;
            let mut sender = Sender::to(&world);
            for webhook in [private_cancellation(1), generic(r#"{"event_type":"order_cancelled"}"#)]
            {
                assert!([401, 503].contains(&sender.send(webhook).await), "{text}");
            }
            for platform in ["standard", "doordash", "square", "olo"] {
                sender.send(Webhook::post(&format!("/webhook/{platform}")).body("{}")).await;
            }
            sender.finish(&[]).await;
        }
    }
}

#[tokio::test]
async fn every_log_line_is_one_json_object_with_the_request_and_the_order() {
    let world = World::start().await;
    let forged = "1\n{\"_aws\":{\"CloudWatchMetrics\":[]},\"level\":\"ERROR\"}";
    let mut order = shopify_order();
    order["name"] = json!(forged);
    assert_eq!(world.send(&shopify("orders/cancelled", &order.to_string())).await.status, 200);
    let invocation = world.lambda.invoke(shopify_cancellation().event_bytes()).await;
    world.function.stop().await;

    let logs = world.function.logs();
    let lines: Vec<Value> = logs.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(Value::is_object), "{logs:#?}");
    let metrics: Vec<_> = lines.iter().filter(|line| line.get("_aws").is_some()).collect();
    // For the function and for the platform, twice.
    assert_eq!(metrics.len(), 4, "{logs:#?}");
    assert!(metrics.iter().all(|line| line["Function"] == "order-alerts"), "{logs:#?}");
    let posted: Vec<_> = lines.iter().filter(|line| line["message"] == "posted").collect();
    assert_eq!(posted.len(), 2);
    assert_eq!(posted[1]["level"], "INFO");
    assert_eq!(posted[1]["platform"], "shopify");
    assert_eq!(posted[1]["order"], "#1001", "as in the message");
    assert_eq!(posted[1]["span"]["request_id"], invocation.request_id.as_str());
}
