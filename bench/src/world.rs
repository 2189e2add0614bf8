//! The services of one deployment, and functions that use them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use order_alerts_fakes::{
    Bootstrap, FakeDynamoDb, FakeSecretsManager, FakeSlack, FakeSqs, Outcome, RuntimeApi,
};
use tokio::process::Command;

use crate::orders;
use crate::service::Service;
use crate::tls::Authority;

/// More than anyone posts.
const MESSAGES_A_SECOND: f64 = 1e6;

/// A function under a profiler is slow.
const TIMEOUT: Duration = Duration::from_mins(2);

/// Slack and AWS, each behind TLS.
pub(crate) struct World {
    authority: Authority,
    slack: Service,
    secrets: Service,
    sqs: Service,
    dynamodb: Service,
    pub(crate) queue: Arc<FakeSqs>,
    ledger_table: &'static str,
    secret_arn: &'static str,
    /// Of the next order.
    number: AtomicU64,
}

/// By which way an order reaches the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Direct,
    Queue,
}

/// A running function, and the Lambda that invokes it.
pub(crate) struct Function {
    pub(crate) process: Bootstrap,
    lambda: RuntimeApi,
    invocations: usize,
}

impl World {
    pub(crate) async fn start() -> Self {
        let authority = Authority::new();
        let tls = || authority.acceptor();
        let slack = Arc::new(FakeSlack::in_memory(MESSAGES_A_SECOND, 1));
        let queue = Arc::new(FakeSqs::in_memory());
        let ledger = Arc::new(FakeDynamoDb::in_memory());
        let slack_service = Service::start(tls(), &slack, FakeSlack::server).await;
        let slack_url = slack.hook_url().replace(&slack.origin(), &slack_service.origin());
        let secrets = Arc::new(FakeSecretsManager::in_memory(&orders::secret(&slack_url)));
        Self {
            slack: slack_service,
            secrets: Service::start(tls(), &secrets, FakeSecretsManager::server).await,
            sqs: Service::start(tls(), &queue, FakeSqs::server).await,
            dynamodb: Service::start(tls(), &ledger, FakeDynamoDb::server).await,
            authority,
            queue,
            ledger_table: ledger.table_name(),
            secret_arn: secrets.secret_arn(),
            number: AtomicU64::new(0),
        }
    }

    /// Starts a function.
    pub(crate) async fn run(&self, command: Command, delivery: Delivery) -> Function {
        let lambda = RuntimeApi::with_timeout(TIMEOUT).await;
        let (way, table) = match delivery {
            Delivery::Direct => ("direct", ""),
            Delivery::Queue => ("queue", self.ledger_table),
        };
        let in_sqs = |url: String| url.replace(&self.queue.origin(), &self.sqs.origin());
        let variables = [
            ("SSL_CERT_FILE", self.authority.root_file().display().to_string()),
            ("SECRET_ID", self.secret_arn.to_owned()),
            ("DELIVERY", way.to_owned()),
            ("LEDGER_TABLE", table.to_owned()),
            ("QUEUE_URL", in_sqs(self.queue.queue_url())),
            ("DEAD_LETTER_QUEUE_URL", in_sqs(self.queue.dead_letter_queue_url())),
            ("SLACK_ORIGIN", self.slack.origin()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", self.secrets.origin()),
            ("AWS_ENDPOINT_URL_SQS", self.sqs.origin()),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb.origin()),
        ];
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        let process = Bootstrap::run(command, &lambda, &variables);
        Function { process, lambda, invocations: 0 }
    }

    /// Has a function put the messages of so many webhooks into the queue.
    pub(crate) async fn fill_queue(&self, binary: &Path, messages: usize) {
        if messages > 0 {
            let mut function = self.run(Command::new(binary), Delivery::Queue).await;
            for _ in 0..messages {
                function.accept(self.webhook()).await;
            }
        }
    }

    /// Whether no service has a request in work.
    pub(crate) fn is_idle(&self) -> bool {
        [&self.slack, &self.secrets, &self.sqs, &self.dynamodb].into_iter().all(Service::is_idle)
    }

    /// A webhook about an order that there was not yet.
    pub(crate) fn webhook(&self) -> Vec<u8> {
        orders::cancellation(self.number.fetch_add(1, Ordering::Relaxed))
    }
}

impl Function {
    /// Invokes the function with a webhook, which it must accept.
    pub(crate) async fn accept(&mut self, webhook: Vec<u8>) {
        let outcome = self.invoke(webhook).await;
        let is_accepted =
            matches!(&outcome, Outcome::Answered(answer) if answer["statusCode"] == 200);
        assert!(is_accepted, "{outcome:?}: {:#?}", self.process.logs());
    }

    /// Invokes the function with so many messages of the queue, which it must deliver.
    pub(crate) async fn consume(&mut self, queue: &FakeSqs, messages: usize) {
        let batch = queue.batch(messages).expect("the queue has messages");
        assert_eq!(batch.message_ids().len(), messages);
        let outcome = self.invoke(batch.event().to_string().into_bytes()).await;
        let left = batch.acknowledge(&outcome);
        assert!(left.is_empty(), "{outcome:?}: {:#?}", self.process.logs());
    }

    /// Until the function asks for the next event.
    async fn invoke(&mut self, event: Vec<u8>) -> Outcome {
        let invocation = self.lambda.invoke(event).await;
        self.invocations += 1;
        self.lambda.asked(self.invocations + 1).await;
        invocation.outcome
    }
}
