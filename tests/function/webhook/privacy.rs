//! What is never written down.

use order_alerts_fakes::{Fault, SecretsFault, Webhook};
use serde_json::{Value, json};

use crate::support::world::{
    World, generic, key, now, shopify, shopify_cancellation, shopify_order,
};

/// People, places and keys that a real order holds beside what is shown.
pub(crate) fn private_order() -> Value {
    let mut order = shopify_order();
    let person = json!({
        "first_name": "Canaryfirst", "last_name": "Canarylast", "phone": "+1-555-CANARY",
        "address1": "1 Canary Street", "name": "Canaryfirst Canarylast",
    });
    order["email"] = json!("canary@example.com");
    order["customer"] = person.clone();
    order["billing_address"] = person;
    order["browser_ip"] = json!("192.0.2.99-canary");
    order["order_status_url"] = json!("https://tea.myshopify.com/1/orders/x/verify?key=canary");
    order["note"] = json!("canary: the key is under the mat");
    order["token"] = json!("canary-token");
    order
}

fn woocommerce() -> Webhook {
    let person = json!({
        "first_name": "Canary", "company": "Canary Ltd", "email": "canary@example.com",
        "address_1": "1 Canary Street", "phone": "CANARY",
    });
    let order = json!({
        "id": 727, "number": "727", "status": "cancelled", "order_key": "wc_order_canary",
        "billing": person, "shipping": person, "customer_ip_address": "canary",
        "customer_note": "canary", "transaction_id": "canary", "payment_url": "https://canary.example",
        "meta_data": [{"key": "canary", "value": "canary"}],
    });
    Webhook::post("/webhook/woocommerce")
        .header("x-wc-webhook-topic", "order.updated")
        .body(order.to_string())
        .signed_woocommerce(&key("woocommerce"))
}

fn standard() -> Webhook {
    let order = json!({
        "id": 7, "name": "Canary", "customer": {"name": "Canary"}, "customer_name": "Canary",
        "email": "canary@example.com", "url": "https://tea.example/o?key=canary", "shop": "tea.example",
        "note": "canary",
    });
    Webhook::post("/webhook/standard")
        .body(json!({"type": "order.cancelled", "data": order}).to_string())
        .signed_standard(&key("standard"), "msg_1", now())
}

#[tokio::test]
async fn neither_log_nor_slack_ever_holds_what_is_private() {
    let world = World::start().await;
    let order = private_order().to_string();
    let signed = shopify("orders/cancelled", &order);
    let gateway_error =
        Fault::Answer { status: 500, body: "canary page".to_owned(), headers: vec![] };
    world.slack.script([gateway_error, Fault::Pass, Fault::Reset, Fault::Reset]);
    let mut answers = Vec::new();
    for webhook in [
        signed.clone(),
        signed.clone(),
        signed.clone().header("x-shopify-hmac-sha256", "canary-signature"),
        signed.clone().signed_shopify("a canary key of a stranger"),
        shopify("orders/cancelled", &order[..order.len() - 1]),
        generic("canary, but no JSON"),
        shopify("orders/canary", &order),
        woocommerce(),
        standard(),
    ] {
        answers.push(world.send(&webhook).await);
    }
    world.slack.disable(&world.slack.hook_url(), 404, "no_service");
    world.secrets.fail_with(SecretsFault::Garbage);
    answers.push(world.send(&signed).await);
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 503, 401, 401, 400, 400, 200, 200, 200, 503]);

    world.function.stop().await;
    let hook = world.slack.hook_url();
    let token = hook.rsplit('/').next().unwrap();
    let shopify_key = key("shopify");
    let logs = world.function.logs();
    for line in &logs {
        for secret in [token, shopify_key.as_str(), "fake-secret-access-key"] {
            assert!(!line.contains(secret), "{line}");
        }
        assert!(!line.to_lowercase().contains("canary"), "{line}");
    }
    for message in world.slack.messages() {
        assert!(!message.payload.to_string().to_lowercase().contains("canary"));
    }
    for answer in answers {
        assert!(!answer.body.to_lowercase().contains("canary"));
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
