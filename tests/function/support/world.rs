//! The function as deployed, in a world of fakes.

use std::time::Duration;

use order_alerts::platform::Platform;
use order_alerts::secret::signing_key::SigningKey;
use order_alerts_fakes::{
    Bootstrap, FakeDynamoDb, FakeSecretsManager, FakeSlack, FakeSqs, Outcome, RuntimeApi, Webhook,
};
use serde_json::{Value, json};

/// The real bootstrap, its Slack, its AWS and its Lambda.
pub(crate) struct World {
    /// It ends before the services: their ports are soon those of another world.
    pub(crate) function: Bootstrap,
    pub(crate) slack: FakeSlack,
    pub(crate) secrets: FakeSecretsManager,
    pub(crate) sqs: FakeSqs,
    pub(crate) ledger: FakeDynamoDb,
    pub(crate) lambda: RuntimeApi,
}

/// What the function answered to a sender.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: i64,
    pub(crate) headers: Value,
    pub(crate) body: String,
}

impl Answer {
    /// After how many seconds the sender must retry; the answer must be a 503 that says so.
    #[track_caller]
    pub(crate) fn retry_after(&self) -> u64 {
        assert_eq!(self.status, 503, "{self:?}");
        assert!(self.body.contains("The event cannot be taken now; send it again later."));
        self.headers["retry-after"].as_str().unwrap().parse().unwrap()
    }
}

/// By which way orders reach the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Direct,
    DirectWithLedger,
    Queue,
}

impl Way {
    /// Every case, with direct delivery and with queue delivery.
    pub(crate) fn each<T: Copy>(cases: &[T]) -> impl Iterator<Item = (Self, T)> {
        let with = |way: Self| cases.iter().map(move |case| (way, *case));
        [Self::Direct, Self::Queue].into_iter().flat_map(with)
    }
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

    pub(crate) async fn direct_with_ledger() -> Self {
        Self::by(Way::DirectWithLedger, &[]).await
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

    /// Not yet ready for an event, with this text for its secret.
    pub(crate) async fn from_parts(
        way: Way,
        slack: FakeSlack,
        secret: &str,
        settings: &[(&str, &str)],
    ) -> Self {
        Self::in_lambda(RuntimeApi::start().await, way, slack, secret, settings).await
    }

    /// A function that Lambda ends after this time.
    pub(crate) async fn with_timeout(way: Way, timeout: Duration) -> Self {
        let slack = FakeSlack::start().await;
        let secret = secret(&slack.hook_url());
        let lambda = RuntimeApi::with_timeout(timeout).await;
        let world = Self::in_lambda(lambda, way, slack, &secret, &[]).await;
        world.lambda.ready().await;
        world
    }

    async fn in_lambda(
        lambda: RuntimeApi,
        way: Way,
        slack: FakeSlack,
        secret: &str,
        settings: &[(&str, &str)],
    ) -> Self {
        let secrets = FakeSecretsManager::start(secret).await;
        let (sqs, ledger) = (FakeSqs::start().await, FakeDynamoDb::start().await);
        let function = start_function(way, &slack, &secrets, &sqs, &ledger, &lambda, settings);
        Self { function, slack, secrets, sqs, ledger, lambda }
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

    /// With a new sandbox in place of the one that died.
    pub(crate) async fn restarted(self, way: Way, settings: &[(&str, &str)]) -> Self {
        let (lambda, function) = self.another(way, settings).await;
        Self { function, lambda, ..self }
    }

    /// Sends webhooks, one after the other; each must be accepted.
    pub(crate) async fn accept(&self, webhooks: impl IntoIterator<Item = Webhook>) {
        for webhook in webhooks {
            let answer = self.send(&webhook).await;
            assert_eq!(answer.status, 200, "{}: {:#?}", answer.body, self.function.logs());
        }
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

    /// Sends an event that must fail the invocation; returns the error.
    pub(crate) async fn send_refused(&self, event: &str) -> String {
        match self.lambda.invoke(event.to_owned()).await.outcome {
            Outcome::Failed(error) => error["errorMessage"].as_str().unwrap().to_owned(),
            other => panic!("{event} gave {other:?}"),
        }
    }
}

/// Starts a sandbox of the function.
fn start_function(
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
    let mut variables = vec![
        ("DELIVERY", delivery),
        ("LEDGER_TABLE", table),
        ("EXPECT_TABLE", ledger.expect_table_name()),
        ("SECRET_ID", secrets.secret_arn()),
    ];
    variables.extend(addresses.iter().map(|(name, address)| (*name, address.as_str())));
    variables.extend_from_slice(settings);
    Bootstrap::start(bootstrap(), lambda, &variables)
}

/// The binary that is tested. The release build is tested by naming it.
pub(crate) fn bootstrap() -> String {
    let built_here = env!("CARGO_BIN_EXE_order-alerts").to_owned();
    std::env::var("BOOTSTRAP").unwrap_or(built_here)
}

/// A platform's key in these tests, unlike any real one.
pub(crate) fn key(platform: &str) -> String {
    let text = format!("the test key of {platform}");
    let known = Platform::find(platform);
    known.map_or(text.clone(), |platform| SigningKey::written(&text, &platform.auth))
}

/// The secret with one channel and one key a platform.
pub(crate) fn secret(hook_url: &str) -> String {
    let keys: Value = Platform::names().map(|name| (name.to_owned(), json!([key(name)]))).collect();
    json!({"slack_webhook_url": hook_url, "signing_keys": keys}).to_string()
}
