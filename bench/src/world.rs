//! The services of one deployment, and functions that use them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use order_alerts_fakes::{
    Bootstrap, FakeDynamoDb, FakeSecretsManager, FakeSlack, FakeSqs, Invocation, Outcome,
    RuntimeApi,
};
use tokio::process::Command;

use crate::orders;
use crate::service::{Manner, Service, Traffic};
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

/// How the services behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Network {
    /// They answer at once.
    Immediate,
    /// They answer as fast as in AWS's own network, and Slack as fast as over the Internet.
    Delayed,
    /// They answer at once, and close each connection after its answer.
    Closing,
}

/// From one end of a connection to the other and back.
pub(crate) const ROUND_TRIP: Duration = Duration::from_millis(5);
/// For an answer of AWS, and of Slack.
pub(crate) const AWS: Duration = Duration::from_millis(5);
pub(crate) const SLACK: Duration = Duration::from_millis(20);

impl Network {
    fn manner(self, answering: Duration) -> Manner {
        match self {
            Self::Immediate => Manner::default(),
            // TCP is one round trip, and TLS another.
            Self::Delayed => Manner { connecting: 2 * ROUND_TRIP, answering, is_closing: false },
            Self::Closing => Manner { is_closing: true, ..Manner::default() },
        }
    }
}

/// A running function, and the Lambda that invokes it.
pub(crate) struct Function {
    pub(crate) process: Bootstrap,
    pub(crate) lambda: RuntimeApi,
    invocations: AtomicUsize,
}

impl World {
    pub(crate) async fn start(network: Network) -> Self {
        let (aws, in_slack) = (network.manner(AWS), network.manner(SLACK));
        let authority = Authority::new();
        let tls = || authority.acceptor();
        let slack = Arc::new(FakeSlack::in_memory(MESSAGES_A_SECOND, 1));
        let queue = Arc::new(FakeSqs::in_memory());
        let ledger = Arc::new(FakeDynamoDb::in_memory());
        let slack_service = Service::start(tls(), &slack, FakeSlack::server, in_slack).await;
        let slack_url = slack.hook_url().replace(&slack.origin(), &slack_service.origin());
        let secrets = Arc::new(FakeSecretsManager::in_memory(&orders::secret(&slack_url)));
        Self {
            slack: slack_service,
            secrets: Service::start(tls(), &secrets, FakeSecretsManager::server, aws).await,
            sqs: Service::start(tls(), &queue, FakeSqs::server, aws).await,
            dynamodb: Service::start(tls(), &ledger, FakeDynamoDb::server, aws).await,
            authority,
            queue,
            ledger_table: ledger.table_name(),
            secret_arn: secrets.secret_arn(),
            number: AtomicU64::new(0),
        }
    }

    /// The file of the root that the certificates of all services are under.
    pub(crate) fn root_file(&self) -> &Path {
        self.authority.root_file()
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
            ("SSL_CERT_FILE", self.root_file().display().to_string()),
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
        Function { process, lambda, invocations: AtomicUsize::new(0) }
    }

    /// Has a function put the messages of so many webhooks into the queue.
    pub(crate) async fn fill_queue(&self, binary: &Path, messages: usize) {
        if messages > 0 {
            let function = self.run(Command::new(binary), Delivery::Queue).await;
            for _ in 0..messages {
                function.accept(self.webhook()).await;
            }
        }
    }

    /// What the service has seen that an order is for, since the last call: Slack, or the queue.
    pub(crate) fn take_goal(&self, delivery: Delivery) -> Traffic {
        match delivery {
            Delivery::Direct => self.slack.take_traffic(),
            Delivery::Queue => self.sqs.take_traffic(),
        }
    }

    /// What Slack, the queue and the ledger have seen since the last call.
    pub(crate) fn take_traffic(&self) -> [Traffic; 3] {
        [&self.slack, &self.sqs, &self.dynamodb].map(Service::take_traffic)
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
    /// Invokes the function with a webhook, which it must accept; returns how long that took.
    pub(crate) async fn accept(&self, webhook: Vec<u8>) -> Duration {
        let Invocation { outcome, took, .. } = self.invoke(webhook).await;
        let is_accepted =
            matches!(&outcome, Outcome::Answered(answer) if answer["statusCode"] == 200);
        assert!(is_accepted, "{outcome:?}: {:#?}", self.process.logs());
        took
    }

    /// Invokes the function with at most so many messages of the queue, which it must deliver.
    pub(crate) async fn consume(&self, queue: &FakeSqs, messages: usize) {
        let batch = queue.batch(messages).expect("the queue has messages");
        let invocation = self.invoke(batch.event().to_string().into_bytes()).await;
        let left = batch.acknowledge(&invocation.outcome);
        assert!(left.is_empty(), "{invocation:?}: {:#?}", self.process.logs());
    }

    /// Until the function asks for the next event, or fails.
    async fn invoke(&self, event: Vec<u8>) -> Invocation {
        let invocation = self.lambda.invoke(event).await;
        let invocations = self.invocations.fetch_add(1, Ordering::Relaxed) + 1;
        if matches!(invocation.outcome, Outcome::Answered(_)) {
            self.lambda.asked(invocations + 1).await;
        }
        invocation
    }
}
