//! The function as deployed, in a world of fakes.

use order_alerts::platform::Platform;
use order_alerts_fakes::{
    Bootstrap, FakeDynamoDb, FakeSecretsManager, FakeSlack, FakeSqs, Invocation, Outcome,
    RuntimeApi, Webhook,
};
use serde_json::{Value, json};

/// The real bootstrap, its Slack, its AWS and its Lambda.
pub(crate) struct World {
    pub(crate) slack: FakeSlack,
    pub(crate) secrets: FakeSecretsManager,
    pub(crate) sqs: FakeSqs,
    pub(crate) ledger: FakeDynamoDb,
    pub(crate) lambda: RuntimeApi,
    pub(crate) function: Bootstrap,
}

/// What the sender got.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: i64,
    pub(crate) headers: Value,
    pub(crate) body: String,
}

/// By which way orders reach the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Direct,
    /// Direct, with a ledger.
    Remembered,
    Queue,
}

impl World {
    /// With direct delivery.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts the function with these variables besides the required ones, and waits until it asks
    /// for an event.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        Self::by(Way::Direct, settings).await
    }

    /// With queue delivery and a ledger.
    pub(crate) async fn queued(settings: &[(&str, &str)]) -> Self {
        Self::by(Way::Queue, settings).await
    }

    pub(crate) async fn by(way: Way, settings: &[(&str, &str)]) -> Self {
        let slack = FakeSlack::start().await;
        let secret = secret(&slack.hook_url());
        let world = Self::from_parts(way, slack, &secret, settings).await;
        world.lambda.ready().await;
        world
    }

    pub(crate) async fn from_parts(
        way: Way,
        slack: FakeSlack,
        secret: &str,
        settings: &[(&str, &str)],
    ) -> Self {
        let secrets = FakeSecretsManager::start(secret).await;
        let (sqs, ledger) = (FakeSqs::start().await, FakeDynamoDb::start().await);
        let lambda = RuntimeApi::start().await;
        let function = start_function(way, &slack, &secrets, &sqs, &ledger, &lambda, settings);
        Self { slack, secrets, sqs, ledger, lambda, function }
    }

    /// Another sandbox of the function, ready for an event.
    pub(crate) async fn another(
        &self,
        way: Way,
        settings: &[(&str, &str)],
    ) -> (RuntimeApi, Bootstrap) {
        let lambda = RuntimeApi::start().await;
        let Self { slack, secrets, sqs, ledger, .. } = self;
        let function = start_function(way, slack, secrets, sqs, ledger, &lambda, settings);
        lambda.ready().await;
        (lambda, function)
    }

    /// With a new sandbox in the place of its own, which died.
    pub(crate) async fn restarted(self, way: Way, settings: &[(&str, &str)]) -> Self {
        let (lambda, function) = self.another(way, settings).await;
        Self { lambda, function, ..self }
    }

    /// Hands the function what is visible in the queue, ten messages at most, as Lambda does.
    pub(crate) async fn consume(&self) -> Invocation {
        let batch = self.sqs.batch(10).expect("a message is visible");
        let invocation = self.lambda.invoke(batch.event().to_string()).await;
        batch.settle(&invocation.outcome);
        invocation
    }

    pub(crate) async fn send(&self, webhook: &Webhook) -> Answer {
        self.send_event(webhook.event()).await
    }

    pub(crate) async fn send_event(&self, event: Value) -> Answer {
        let mut answer = self.lambda.invoke(event.to_string()).await.answer();
        Answer {
            status: answer["statusCode"].as_i64().unwrap(),
            headers: answer["headers"].take(),
            body: answer["body"].as_str().unwrap_or_default().to_owned(),
        }
    }

    /// Sends an event that must not be answered.
    pub(crate) async fn send_refused(&self, event: &str) -> String {
        match self.lambda.invoke(event.to_owned()).await.outcome {
            Outcome::Failed(error) => error["errorMessage"].as_str().unwrap().to_owned(),
            other => panic!("{event} gave {other:?}"),
        }
    }

    /// Everything that the one message shows.
    #[track_caller]
    pub(crate) fn the_message(&self) -> String {
        let messages = self.slack.messages();
        assert_eq!(messages.len(), 1, "{:#?}", self.function.logs());
        messages[0].rendered()
    }
}

/// Starts one more sandbox of the function.
pub(crate) fn start_function(
    way: Way,
    slack: &FakeSlack,
    secrets: &FakeSecretsManager,
    sqs: &FakeSqs,
    ledger: &FakeDynamoDb,
    lambda: &RuntimeApi,
    settings: &[(&str, &str)],
) -> Bootstrap {
    let delivery = if way == Way::Queue { "queue" } else { "direct" };
    let table = if way == Way::Direct { "" } else { ledger.table_name() };
    let addresses = [
        ("SLACK_ORIGIN", slack.origin()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.origin()),
        ("AWS_ENDPOINT_URL_SQS", sqs.origin()),
        ("AWS_ENDPOINT_URL_DYNAMODB", ledger.origin()),
        ("QUEUE_URL", sqs.queue_url()),
        ("DEAD_LETTER_QUEUE_URL", sqs.dead_letter_queue_url()),
    ];
    let mut variables =
        vec![("DELIVERY", delivery), ("LEDGER_TABLE", table), ("SECRET_ID", secrets.secret_arn())];
    variables.extend(addresses.iter().map(|(name, address)| (*name, address.as_str())));
    variables.extend_from_slice(settings);
    // The release build is tested by naming it.
    let built_here = env!("CARGO_BIN_EXE_order-alerts").to_owned();
    let binary = std::env::var("BOOTSTRAP").unwrap_or(built_here);
    Bootstrap::start(binary, lambda, &variables)
}

/// A platform's key in these tests; nothing that could be taken for a real one.
pub(crate) fn key(platform: &str) -> String {
    format!("the test key of {platform}")
}

/// The secret with one channel and one key a platform.
pub(crate) fn secret(hook_url: &str) -> String {
    let keys: Value = Platform::names().map(|name| (name.to_owned(), json!([key(name)]))).collect();
    json!({"slack_webhook_url": hook_url, "signing_keys": keys}).to_string()
}

/// A small order as Shopify sends it.
pub(crate) fn shopify_order() -> Value {
    json!({
        "id": 820_982_911_946_154_508_u64,
        "name": "#1001",
        "total_price": "254.98",
        "currency": "USD",
        "cancel_reason": "customer",
        "cancelled_at": "2026-01-01T09:12:00+09:00",
        "email": "private@example.com",
        "customer": {"first_name": "Ada", "last_name": "Byron"},
        "line_items": [{"name": "Jasmine tea", "quantity": 2}],
    })
}

/// A Shopify cancellation that is all right.
pub(crate) fn shopify_cancellation() -> Webhook {
    shopify("orders/cancelled", &shopify_order().to_string())
}

pub(crate) fn shopify(topic: &str, body: &str) -> Webhook {
    Webhook::post("/webhook/shopify")
        .header("x-shopify-topic", topic)
        .header("x-shopify-shop-domain", "tea.myshopify.com")
        .body(body)
        .signed_shopify(&key("shopify"))
}

/// An order of one's own system, signed now.
pub(crate) fn generic(body: impl Into<Vec<u8>>) -> Webhook {
    generic_at(now(), body)
}

pub(crate) fn generic_at(time: i64, body: impl Into<Vec<u8>>) -> Webhook {
    Webhook::post("/webhook").body(body).signed_standard(&key("generic"), "msg_1", time)
}

/// A generic cancellation with these fields besides its type.
pub(crate) fn generic_cancellation(fields: &Value) -> Webhook {
    let mut order = json!({"event_type": "order_cancelled"});
    order.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    generic(order.to_string())
}

/// Unix seconds.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
