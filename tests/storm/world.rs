//! A deployment of the function in a world that is simulated, its clock included.
//!
//! The function is real down to the requests of the AWS SDK and the reading of Slack's answers; the
//! services are the fakes. Each sandbox has an `App` of its own and serves one invocation at a time.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use order_alerts::app::{App, Served};
use order_alerts::aws;
use order_alerts::config::{Config, Delivery};
use order_alerts::exchange::Exchange;
use order_alerts::ledger::Ledger;
use order_alerts::queue::Queue;
use order_alerts::secrets::Secrets;
use order_alerts::slack::Slack;
use order_alerts::wiring::Wiring;
use order_alerts_fakes::{
    EventSourceMapping, FakeDynamoDb, FakeSecretsManager, FakeSlack, FakeSqs, Invocation, Outcome,
    Server, Target,
};
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::faults::{Plan, Service};
use crate::gates::Gates;
use crate::network::{Network, exchange};

/// The time-out of template.yaml.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);
/// As many as template.yaml lets take from the queue at once.
const CONSUMERS: usize = 2;
pub(crate) const KEY: &str = "the signing key of the storm";

/// The services.
pub(crate) struct Outside {
    pub(crate) slack: FakeSlack,
    pub(crate) sqs: FakeSqs,
    pub(crate) table: FakeDynamoDb,
    pub(crate) secrets: FakeSecretsManager,
}

/// What the environment holds.
type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The services and the sandboxes.
pub(crate) struct World {
    pub(crate) network: Arc<Network>,
    variables: Variables,
    invocations: AtomicUsize,
    running: AtomicUsize,
    idle: Mutex<Vec<Arc<Sandbox>>>,
}

/// One process of the function.
#[derive(Default)]
pub(crate) struct Sandbox {
    app: OnceLock<App>,
    /// The invocation that it serves, and how many calls it made.
    current: Mutex<(String, usize)>,
    crash: Notify,
}

/// When every world begins.
pub(crate) fn began() -> Timestamp {
    Timestamp::from_second(1_767_225_600).expect("it is a time")
}

impl Outside {
    /// Slack takes one message a second, after five at once.
    async fn start() -> Self {
        let slack = FakeSlack::with_rate(1.0, 5).await;
        let secret =
            json!({"slack_webhook_url": slack.hook_url(), "signing_keys": {"generic": [KEY]}});
        let secrets = FakeSecretsManager::start(&secret.to_string()).await;
        Self { slack, sqs: FakeSqs::start().await, table: FakeDynamoDb::start().await, secrets }
    }

    pub(crate) fn server(&self, service: Service) -> &Server {
        match service {
            Service::Sqs => self.sqs.server(),
            Service::DynamoDb => self.table.server(),
            Service::SecretsManager => self.secrets.server(),
            Service::Slack => self.slack.server(),
        }
    }
}

impl World {
    pub(crate) async fn start(plan: Plan, is_verbose: bool) -> Arc<Self> {
        Self::with(Network::new(Outside::start().await, plan, is_verbose))
    }

    pub(crate) async fn with_gates(gates: Gates) -> Arc<Self> {
        let mut network = Network::new(Outside::start().await, Plan::Nothing, true);
        network.gates = Some(Arc::new(gates));
        Self::with(network)
    }

    fn with(network: Network) -> Arc<Self> {
        let outside = &network.outside;
        let variables = [
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "made up".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "made up".to_owned()),
            ("AWS_ENDPOINT_URL_SQS", outside.sqs.origin()),
            ("AWS_ENDPOINT_URL_DYNAMODB", outside.table.origin()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", outside.secrets.origin()),
            ("SECRET_ID", outside.secrets.secret_arn().to_owned()),
            ("QUEUE_URL", outside.sqs.queue_url()),
            ("DEAD_LETTER_QUEUE_URL", outside.sqs.dead_letter_queue_url()),
            ("LEDGER_TABLE", outside.table.table_name().to_owned()),
            ("SLACK_ORIGIN", outside.slack.origin()),
        ];
        Arc::new(Self {
            network: Arc::new(network),
            variables: Arc::new(move |name| {
                let variable = variables.iter().find(|(known, _)| *known == name);
                variable.map(|(_, value)| value.clone())
            }),
            invocations: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            idle: Mutex::default(),
        })
    }

    /// The only clock there is.
    pub(crate) fn now(&self) -> Timestamp {
        began() + self.network.began.elapsed()
    }

    /// Lets the function take from the queue.
    pub(crate) fn feed(self: &Arc<Self>) -> EventSourceMapping {
        let consumer = || {
            let world = Arc::clone(self);
            Target::Here(Box::new(move |event| {
                let world = Arc::clone(&world);
                Box::pin(async move { world.invoke(&event).await })
            }))
        };
        let consumers = (0..CONSUMERS).map(|_| consumer()).collect::<Vec<_>>();
        EventSourceMapping::start(&self.network.outside.sqs, consumers)
    }

    /// Whether nothing is going on, and nothing is waiting.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.running.load(Ordering::Relaxed) == 0 && self.network.outside.sqs.count() == 0
    }

    /// Has any sandbox serve an event, as Lambda does: one that is idle, or else a new one.
    pub(crate) async fn invoke(&self, event: &str) -> Invocation {
        let number = self.invocations.fetch_add(1, Ordering::Relaxed);
        let request_id = format!("invocation-{number}");
        self.running.fetch_add(1, Ordering::Relaxed);
        let began = Instant::now();
        let idle = self.idle.lock().expect("nobody panics here").pop();
        let sandbox = idle.unwrap_or_default();
        sandbox.begin(&request_id);
        self.network.note(&request_id, || ("invoked".to_owned(), event.to_owned()));
        let outcome = tokio::select! {
            biased;
            () = sandbox.crash.notified() => Outcome::Exited,
            outcome = self.serve(&sandbox, event, &request_id) => outcome,
        };
        self.network.note(&request_id, || ("ended".to_owned(), format!("{outcome:?}")));
        match outcome {
            Outcome::TimedOut | Outcome::Exited => {
                self.network.log(|log| log.killed.push(request_id.clone()));
            }
            _ => self.idle.lock().expect("nobody panics here").push(sandbox),
        }
        self.running.fetch_sub(1, Ordering::Relaxed);
        if let Some(gates) = &self.network.gates {
            gates.ended(&request_id);
        }
        Invocation::new(request_id, outcome, began.elapsed())
    }

    async fn serve(&self, sandbox: &Arc<Sandbox>, event: &str, request_id: &str) -> Outcome {
        let app = if let Some(app) = sandbox.app.get() {
            app
        } else {
            let wiring = self.wiring(sandbox);
            wiring.prewarm(self.now()).await;
            sandbox.app.get_or_init(|| App::new(wiring))
        };
        let now = self.now();
        let served = app.handle(event, request_id, now, now + TIMEOUT);
        match timeout(TIMEOUT, served).await {
            Err(_) => Outcome::TimedOut,
            Ok(Ok(served)) => Outcome::Answered(match served {
                Served::Webhook(answer) => serde_json::to_value(answer).expect("an answer is JSON"),
                Served::Batch(answer) => serde_json::to_value(answer).expect("an answer is JSON"),
            }),
            Ok(Err(error)) => Outcome::Failed(error.to_string().into()),
        }
    }

    /// As in the bootstrap, but for the network.
    fn wiring(&self, sandbox: &Arc<Sandbox>) -> Wiring {
        let (network, of) = (Arc::clone(&self.network), Arc::downgrade(sandbox));
        let exchange = Arc::new(Exchange::InMemory(Box::new(move |request| {
            let sandbox = of.upgrade().expect("it lives while it calls");
            Box::pin(exchange(Arc::clone(&network), sandbox, request))
        })));
        let variable = |name: &str| (self.variables)(name);
        let config = Config::from_env(variable).expect("the settings are right");
        let variables = Arc::clone(&self.variables);
        let aws = aws::sdk_config(&exchange, move |name| variables(name)).expect("so are these");
        let Delivery::Queue { url, dead_letters } = config.delivery.clone() else {
            panic!("delivery is by the queue");
        };
        let table = config.ledger_table.as_deref().expect("there is a table");
        Wiring {
            secrets: Secrets::from_secrets_manager(&aws, &config.secret_id),
            queue: Some(Queue::new(&aws, &exchange, url, dead_letters)),
            ledger: Ledger::in_table(&aws, table),
            slack: Slack::Webhooks(exchange),
            config,
        }
    }
}

impl Sandbox {
    fn begin(&self, request_id: &str) {
        *self.current.lock().expect("nobody panics here") = (request_id.to_owned(), 0);
    }

    /// Ends the process, and so the invocation, in the middle of a call.
    pub(crate) async fn die<T>(&self) -> T {
        self.crash.notify_one();
        pending().await
    }

    /// The invocation that makes the call, and the call's place in it, counted from 0.
    pub(crate) fn count_call(&self) -> (String, usize) {
        let mut current = self.current.lock().expect("nobody panics here");
        current.1 += 1;
        (current.0.clone(), current.1 - 1)
    }
}
