//! What is never written down, and how the rest is.

use order_alerts_fakes::{AwsFault, EVERY_OPERATION, FakeSlack, Fault, SecretsFault, Webhook};
use serde_json::{Value, json};

use crate::support::private::{NAME, UNREADABLE, text_of_outcome};
use crate::support::queue::{LONGEST_ABSENCE, VISIBILITY_TIMEOUT, age_rejections, receive_in_vain};
use crate::support::webhooks::{
    generic, private_order, shopify, shopify_cancellation, shopify_order,
};
use crate::support::world::{Way, World, key};

/// Sends a webhook, or any other event, and keeps what the function answers.
struct Sender<'a> {
    world: &'a World,
    sent: Vec<Webhook>,
    answers: Vec<String>,
}

impl<'a> Sender<'a> {
    fn to(world: &'a World) -> Self {
        Self { world, sent: Vec::new(), answers: Vec::new() }
    }

    async fn send(&mut self, webhook: Webhook) -> i64 {
        let answer = self.invoke(&webhook.event()).await;
        self.sent.push(webhook);
        answer["statusCode"].as_i64().unwrap_or_default()
    }

    async fn invoke(&mut self, event: &Value) -> Value {
        let invocation = self.world.lambda.invoke(event.to_string()).await;
        let text = text_of_outcome(&invocation);
        let answer = text.parse().unwrap_or_default();
        self.answers.push(text);
        answer
    }

    async fn consume(&mut self) {
        self.answers.push(text_of_outcome(&self.world.consume().await));
    }

    /// Ends the function and looks for what is private in all that it wrote.
    async fn finish(self, permitted: &[&str]) {
        self.world.function.stop().await;
        self.world.assert_private(permitted, &self.sent, &self.answers);
    }
}

/// The private order with this id, signed.
fn order(id: u64) -> Webhook {
    let mut order = private_order();
    order["id"] = json!(id);
    shopify("orders/cancelled", &order.to_string())
}

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
        assert_eq!(sender.send(order(1)).await, 200);
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
        sender.send(order(id)).await;
    }
    world.slack.up();
    let body = private_order().to_string();
    let login = Webhook::post("/webhook/doordash").header("authorization", "Basic canary secret");
    let mut statuses = Vec::new();
    for webhook in [
        order(99),
        order(100).header("x-shopify-hmac-sha256", "canary secret"),
        order(100).signed_shopify("canary secret of a stranger"),
        order(100).method("PUT"),
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
    statuses.push(sender.send(order(101)).await);
    assert_eq!(statuses, [200, 401, 401, 405, 404, 401, 400, 400, 200, 200, 401, 503]);
    sender.finish(&[NAME]).await;
}

#[tokio::test]
async fn nothing_private_gets_out_by_way_of_the_queue() {
    let world = World::full(Way::Queue, &[("CUSTOMER", "full")]).await;
    let mut sender = Sender::to(&world);
    world.sqs.script("SendMessage", [AwsFault::Reset, AwsFault::Reset]);
    assert_eq!(sender.send(order(1)).await, 503);
    assert_eq!(sender.send(order(1)).await, 200);
    // Messages that cannot be decoded, and cannot be dead-lettered.
    world.sqs.send("canary message, 1 Tea Street");
    world.sqs.send(r#"{"version":99,"canary message":"canary message"}"#);
    receive_in_vain(&world.sqs, 2);
    world.sqs.script("SendMessage", [AwsFault::error("InternalError", 500), AwsFault::Reset]);
    // A proxy's page instead of Slack's answer, and a connection that breaks.
    world.slack.script([Fault::answer(500, "canary page"), Fault::Reset]);
    sender.consume().await;
    // A ledger that is down, a rejection of every form, a dead address, and no secret.
    world.ledger.fail_with(EVERY_OPERATION, AwsFault::error("InternalServerError", 500));
    world.slack.script([Fault::answer(400, "canary page"), Fault::answer(403, "canary page")]);
    world.secrets.fail_with(SecretsFault::Garbage);
    world.sqs.advance(VISIBILITY_TIMEOUT);
    sender.consume().await;
    // Neither of them answers.
    world.ledger.fail_with(EVERY_OPERATION, AwsFault::Hang);
    world.sqs.fail_with(EVERY_OPERATION, AwsFault::Hang);
    assert_eq!(sender.send(order(2)).await, 503);
    // A rejected order becomes a dead letter.
    world.ledger.recover();
    world.sqs.recover();
    world.slack.reject("#1001");
    world.sqs.advance(LONGEST_ABSENCE);
    sender.consume().await;
    age_rejections(&world.ledger);
    world.sqs.advance(LONGEST_ABSENCE);
    sender.consume().await;
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
    sender.finish(&[NAME, UNREADABLE]).await;
}

#[tokio::test]
async fn a_panic_says_nothing_private() {
    let world = World::full(Way::Queue, &[("CUSTOMER", "full")]).await;
    let mut sender = Sender::to(&world);
    assert_eq!(sender.send(order(1)).await, 200);
    let mut envelope = world.take_envelope();
    // No sender can do this: so many further items make the sum overflow.
    envelope["events"][0]["items"] = json!(vec![json!({"title": "tea"}); 30]);
    envelope["events"][0]["more_items"] = json!(usize::MAX);
    world.sqs.send(&envelope.to_string());
    assert_eq!(sender.send(order(2)).await, 200);
    sender.consume().await;
    age_rejections(&world.ledger);
    world.sqs.advance(LONGEST_ABSENCE);
    sender.consume().await;
    world.assert_logged("panicked");
    assert_eq!(world.sqs.dead_letters().len(), 1);
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
            for webhook in [order(1), generic(r#"{"event_type":"order_cancelled"}"#)] {
                assert!([401, 503].contains(&sender.send(webhook).await), "{text}");
            }
            for platform in ["standard", "doordash", "square", "olo"] {
                sender.send(Webhook::post(&format!("/webhook/{platform}")).body("{}")).await;
            }
            sender.finish(&[]).await;
        }
    }
}

/// What is not about one order: alarms, the states of shops, overdue steps and the daily summary.
#[tokio::test]
async fn notices_have_nothing_private() {
    let settings = [
        ("CUSTOMER", "hidden"),
        ("EXPECT", "created -> accepted in 1 min"),
        ("SUMMARY_HOUR", "12"),
        ("RULES", "cancelled -> to kitchen"),
    ];
    let world = World::full(Way::Queue, &settings).await;
    let mut sender = Sender::to(&world);
    let mut created = private_order();
    created["created_at"] = json!("2026-01-01T00:00:00Z");
    let created = shopify("orders/create", &created.to_string());
    let offline =
        json!({"event_type": "store_offline", "shop": "Tea House", "note": "canary secret"});
    for webhook in [created, order(1), generic(offline.to_string())] {
        assert_eq!(sender.send(webhook).await, 200);
    }
    let alarm = json!({
        "source": "aws.cloudwatch",
        "alarmArn": "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:kettle",
        "accessToken": "canary secret",
        "alarmData": {"alarmName": "kettle", "state": {"value": "ALARM", "queryResult": "canary secret"}},
    });
    let tick = json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": "canary secret"});
    let unknown = json!({"source": "canary secret", "Records": "canary secret"});
    for event in [alarm, tick.clone(), unknown] {
        sender.invoke(&event).await;
    }
    for fault in [Fault::answer(500, "canary page"), Fault::answer(403, "canary page"), Fault::Pass]
    {
        world.slack.down(fault);
        world.sqs.advance(LONGEST_ABSENCE);
        sender.consume().await;
    }
    world.ledger.fail_with(EVERY_OPERATION, AwsFault::error("InternalServerError", 500));
    sender.invoke(&tick).await;
    assert!(world.shown().contains("kettle"), "{}", world.shown());
    sender.finish(&[]).await;
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
