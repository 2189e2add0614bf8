//! A deployment of the function, which is simulated or runs as processes.
//!
//! Simulated, the function is real down to the requests of the AWS SDK and the reading of Slack's
//! answers, and no time passes but by the test. As processes it is the bootstrap, and time is real.
//! The services are the fakes in both, and each sandbox serves one invocation at a time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use order_alerts_fakes::{
    EventSourceMapping, FakeDynamoDb, FakeSecretsManager, FakeSlack, FakeSqs, Invocation, Outcome,
    Server, Target,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::faults::{Plan, Service};
use crate::gates::Gates;
use crate::gateway::Gateway;
use crate::network::Network;
use crate::sandbox::{Sandbox, is_alive_after};
use crate::senders::POISONOUS;

/// The time-out of template.yaml.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);
/// `MaximumConcurrency` of template.yaml.
const CONSUMERS: usize = 2;
pub(crate) const KEY: &str = "the signing key of the simulation";
/// Longer than any message is hidden.
const LONGEST_ABSENCE: Duration = Duration::from_mins(16);

/// The channels that rules may name, besides that of the orders.
pub(crate) const CHANNELS: [&str; 2] = ["kitchen", "managers"];

/// The URL of one of them.
pub(crate) fn channel_url(slack: &FakeSlack, name: &str) -> String {
    slack.named_hook_url(&name.to_uppercase())
}

/// The services.
pub(crate) struct Outside {
    pub(crate) slack: FakeSlack,
    pub(crate) sqs: FakeSqs,
    pub(crate) table: FakeDynamoDb,
    pub(crate) secrets: FakeSecretsManager,
    /// Settings of the function other than its defaults.
    pub(crate) settings: Settings,
}

pub(crate) type Settings = &'static [(&'static str, &'static str)];

/// What a world is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The function is part of this process, and the test sets the clock.
    Simulated,
    /// Each sandbox is a process of the real bootstrap, and time is real.
    Processes,
}

/// The services and the sandboxes.
pub(crate) struct World {
    pub(crate) network: Arc<Network>,
    pub(crate) began: Timestamp,
    gateway: Option<Gateway>,
    invocations: AtomicUsize,
    /// By how much the clocks of the sandboxes differ from this world's at most.
    pub(crate) skew: Duration,
    running: Mutex<Vec<Arc<Sandbox>>>,
    idle: Mutex<Vec<Arc<Sandbox>>>,
}

impl Outside {
    /// Slack accepts one message a second, after five at once.
    async fn start(settings: Settings) -> Self {
        let slack = FakeSlack::with_rate(1.0, 5).await;
        slack.reject(POISONOUS);
        let channels = CHANNELS.map(|name| (name.to_owned(), channel_url(&slack, name)));
        let secret = json!({
            "slack_webhook_url": slack.hook_url(),
            "channels": BTreeMap::from(channels),
            "signing_keys": {"generic": [KEY]},
        });
        let secrets = FakeSecretsManager::start(&secret.to_string()).await;
        let (sqs, table) = (FakeSqs::start().await, FakeDynamoDb::start().await);
        Self { slack, sqs, table, secrets, settings }
    }

    pub(crate) fn server(&self, service: Service) -> &Server {
        match service {
            Service::Sqs => self.sqs.server(),
            Service::DynamoDb => self.table.server(),
            Service::SecretsManager => self.secrets.server(),
            Service::Slack => self.slack.server(),
        }
    }

    /// The environment of a sandbox that finds each service at this origin.
    pub(crate) fn variables(
        &self,
        origin: impl Fn(Service) -> String,
    ) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "made up".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "made up".to_owned()),
            ("AWS_ENDPOINT_URL_SQS", origin(Service::Sqs)),
            ("AWS_ENDPOINT_URL_DYNAMODB", origin(Service::DynamoDb)),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", origin(Service::SecretsManager)),
            ("SECRET_ID", self.secrets.secret_arn().to_owned()),
            ("QUEUE_URL", self.sqs.queue_url()),
            ("DEAD_LETTER_QUEUE_URL", self.sqs.dead_letter_queue_url()),
            ("LEDGER_TABLE", self.table.table_name().to_owned()),
            ("EXPECT_TABLE", self.table.expect_table_name().to_owned()),
            ("SLACK_ORIGIN", origin(Service::Slack)),
        ];
        variables.extend(self.settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        variables
    }
}

impl World {
    pub(crate) async fn start(
        stage: Stage,
        settings: Settings,
        plan: Plan,
        skew: Duration,
        is_verbose: bool,
    ) -> Arc<Self> {
        let outside = Outside::start(settings).await;
        Arc::new(Self::with(Network::new(outside, stage, plan, is_verbose), skew))
    }

    /// Simulated, with the throttle of the API in front of it.
    pub(crate) async fn throttled() -> Arc<Self> {
        let outside = Outside::start(&[]).await;
        let network = Network::new(outside, Stage::Simulated, Plan::Nothing, false);
        let gateway = Some(Gateway::new());
        Arc::new(Self { gateway, ..Self::with(network, Duration::ZERO) })
    }

    pub(crate) async fn with_gates(gates: Gates) -> Arc<Self> {
        let outside = Outside::start(&[]).await;
        let mut network = Network::new(outside, Stage::Simulated, Plan::Nothing, true);
        network.gates = Some(Arc::new(gates));
        Arc::new(Self::with(network, Duration::ZERO))
    }

    fn with(network: Network, skew: Duration) -> Self {
        let (began, gateway) = match network.stage {
            Stage::Simulated => {
                (Timestamp::from_second(1_767_225_600).expect("it is a time"), None)
            }
            Stage::Processes => (Timestamp::now(), Some(Gateway::new())),
        };
        Self {
            network: Arc::new(network),
            began,
            gateway,
            invocations: AtomicUsize::new(0),
            skew,
            running: Mutex::default(),
            idle: Mutex::default(),
        }
    }

    /// The time of the world's clock, which begins with the world.
    pub(crate) fn now(&self) -> Timestamp {
        self.began + self.network.began.elapsed()
    }

    /// Starts the consumers of the queue.
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

    /// How many invocations there were so far.
    pub(crate) fn invocations(&self) -> usize {
        self.invocations.load(Ordering::Relaxed)
    }

    /// How many sandboxes there are.
    pub(crate) fn sandboxes(&self) -> usize {
        self.running().len() + self.idle.lock().expect("no holder of the lock panics").len()
    }

    /// Whether nothing is in progress.
    pub(crate) fn is_idle(&self) -> bool {
        self.running().is_empty() && !self.network.is_busy()
    }

    /// Whether nothing is in progress, the queue is empty and nothing is awaited.
    pub(crate) fn is_at_rest(&self) -> bool {
        let Outside { sqs, table, .. } = &self.network.outside;
        self.running().is_empty() && sqs.count() == 0 && !table.expects("due#")
    }

    /// Has the effect of time at once: all messages of the queue become visible, and leases expire.
    /// No invocation may be running.
    pub(crate) fn cut_waits_short(&self) {
        let Outside { sqs, table, .. } = &self.network.outside;
        for (key, mut item) in table.items() {
            if item["leased_until"] != 0 {
                item["leased_until"] = json!(self.now().as_millisecond() - 1);
                table.put(&key, &item);
            }
        }
        sqs.advance(LONGEST_ABSENCE);
    }

    /// Has the function answer a webhook, if the gateway admits it.
    pub(crate) async fn answer(&self, webhook: &str) -> Value {
        let _permit = match &self.gateway {
            None => None,
            Some(gateway) => match gateway.admit().await {
                None => return json!({"statusCode": 429}),
                permit => permit,
            },
        };
        match self.invoke(webhook).await.outcome {
            Outcome::Answered(answer) => answer,
            _ => json!({"statusCode": 500}),
        }
    }

    /// Has any sandbox serve an event, as Lambda does: one that is idle, or else a new one.
    pub(crate) async fn invoke(&self, event: &str) -> Invocation {
        let number = self.invocations.fetch_add(1, Ordering::Relaxed);
        let request_id = format!("invocation-{number}");
        let began = Instant::now();
        let idle = self.idle.lock().expect("no holder of the lock panics").pop();
        let sandbox = idle.unwrap_or_else(|| Arc::new(Sandbox::new(self, number)));
        self.running().push(Arc::clone(&sandbox));
        self.network.note(&request_id, || ("invoked".to_owned(), event.to_owned()));
        let outcome = sandbox.invoke(self, event, &request_id).await;
        self.network.note(&request_id, || ("ended".to_owned(), format!("{outcome:?}")));
        if !is_alive_after(&outcome) {
            self.network.log(|log| log.killed.push(request_id.clone()));
        }
        self.running().retain(|running| !Arc::ptr_eq(running, &sandbox));
        if is_alive_after(&outcome) {
            self.idle.lock().expect("no holder of the lock panics").push(sandbox);
        }
        if let Some(gates) = &self.network.gates {
            gates.ended(&request_id);
        }
        Invocation::new(request_id, outcome, began.elapsed())
    }

    /// Ends all sandboxes; none may be serving an event.
    pub(crate) async fn end(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().expect("no holder of the lock panics"));
        for sandbox in idle {
            sandbox.end(self).await;
        }
    }

    /// Kills a sandbox that is serving an event; returns whether there was one.
    pub(crate) fn kill_any(&self, random: &mut Rng) -> bool {
        let running = self.running();
        let victim = random.choice(running.iter());
        if let Some(victim) = victim {
            victim.kill();
        }
        victim.is_some()
    }

    fn running(&self) -> MutexGuard<'_, Vec<Arc<Sandbox>>> {
        self.running.lock().expect("no holder of the lock panics")
    }
}
