//! What is never written down, and how the rest is.

use order_alerts_fakes::{AwsFault, EVERY_OPERATION, Fault, SecretsFault};
use serde_json::{Value, json};

use crate::support::queue::{VISIBILITY_TIMEOUT, receive_in_vain};
use crate::support::webhooks::{
    generic, private_order, shopify, shopify_cancellation, shopify_order,
};
use crate::support::world::World;

#[tokio::test]
async fn nothing_private_gets_out_with_direct_delivery() {
    let world = World::with(&[("LOG_LEVEL", "TRACE")]).await;
    let order = private_order().to_string();
    let signed = shopify("orders/cancelled", &order);
    world.slack.script([
        Fault::answer(500, "canary page"),
        Fault::Pass,
        Fault::Reset,
        Fault::Reset,
    ]);
    let mut answers = Vec::new();
    for webhook in [
        signed.clone(),
        signed.clone(),
        signed.clone().header("x-shopify-hmac-sha256", "canary-signature"),
        signed.clone().signed_shopify("a canary key of a stranger"),
        shopify("orders/cancelled", &order[..order.len() - 1]),
        generic("canary, but no JSON"),
        shopify("orders/canary", &order),
    ] {
        answers.push(world.send(&webhook).await);
    }
    world.slack.disable(&world.slack.hook_url(), 404, "no_service");
    world.secrets.fail_with(SecretsFault::Garbage);
    answers.push(world.send(&signed).await);
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 503, 401, 401, 400, 400, 200, 503]);
    world.function.stop().await;
    world.assert_nothing_private_got_out(&answers);
}

#[tokio::test]
async fn nothing_private_gets_out_by_way_of_the_queue() {
    let world = World::queued(&[("LOG_LEVEL", "TRACE")]).await;
    let signed = shopify("orders/cancelled", &private_order().to_string());
    world.sqs.script("SendMessage", [AwsFault::Reset, AwsFault::Reset]);
    assert_eq!(world.send(&signed).await.status, 503);
    world.accept([signed]).await;
    // Messages that cannot be decoded, and cannot be dead-lettered.
    world.sqs.send("canary@example.com, 1 Canary Street");
    world.sqs.send(r#"{"version":99,"canary":"canary"}"#);
    receive_in_vain(&world.sqs, 2);
    world.sqs.script("SendMessage", [AwsFault::error("InternalError", 500), AwsFault::Reset]);
    // A proxy's page instead of Slack's answer, and a connection that breaks.
    world.slack.script([Fault::answer(500, "canary page"), Fault::Reset]);
    world.consume().await;
    // A ledger that is down, a rejection of every form, a dead address, and no secret.
    world.ledger.fail_with(EVERY_OPERATION, AwsFault::error("InternalServerError", 500));
    world.slack.script([Fault::answer(400, "canary page"), Fault::answer(403, "canary page")]);
    world.secrets.fail_with(SecretsFault::Garbage);
    world.sqs.advance(VISIBILITY_TIMEOUT);
    world.consume().await;
    world.function.stop().await;

    for text in [
        "queue unavailable",
        "dead-letter queue unavailable",
        "undecodable",
        "not posted",
        "ledger unavailable",
        // The most detailed lines are there too.
        r#""level":"DEBUG","message":"acquired the lease""#,
        r#""level":"TRACE","message":"answered""#,
        r#""level":"TRACE","message":"not answered""#,
    ] {
        world.assert_logged(text);
    }
    for line in world.function.logs() {
        let messages = line.matches(r#""message":"#).count();
        assert!(messages <= 1, "a reader keeps one of {messages} messages: {line}");
    }
    world.assert_nothing_private_got_out(&[]);
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
