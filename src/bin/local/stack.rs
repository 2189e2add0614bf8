//! The whole product in this process: the real function, and fakes of all that it calls.
//!
//! ```text
//!  webhook ──▶ Stack::webhook ──▶ sandbox ──▶ network ──▶ SQS, DynamoDB, Secrets Manager, Slack
//!          event source mapping, schedule ──▶ sandbox        │ weather
//!                                                            ▼
//!                            api, stream ◀── lives, channel, numbers ◀── observer
//! ```
//!
//! * [`outside`]: the services. [`network`] carries every call to them, in the chosen [`weather`].
//! * [`sandboxes`]: the function, which can be killed.
//! * [`observer`]: sees the [`calls`], and knows from them what becomes of every event: [`observed`],
//!   [`posts`], [`hand`], [`names`]; [`lives`], [`life`], [`channel`], [`numbers`].
//! * [`schedule`]: invokes the function each minute, where time runs faster.
//! * [`api`] and [`stream`]: what the page asks for. [`attempt`], [`storm`], [`rejection`], [`restaurant`]
//!   and [`alarm`] are what it sends.

use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use order_alerts_fakes::{EventSourceMapping, Invocation, Outcome, Target};
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use crate::keys::Keys;
use crate::samples;
use crate::settings::Settings;
use crate::stack::calls::ReceivedMessage;
use crate::stack::life::EventId;
use crate::stack::network::Network;
use crate::stack::observer::Observer;
use crate::stack::outside::{Outside, RealSlack};
use crate::stack::sandboxes::{Sandbox, Sandboxes};
use crate::terminal::Failure;

pub(crate) mod alarm;
pub(crate) mod api;
pub(crate) mod attempt;
pub(crate) mod calls;
pub(crate) mod channel;
pub(crate) mod hand;
pub(crate) mod life;
pub(crate) mod lives;
pub(crate) mod names;
pub(crate) mod network;
pub(crate) mod numbers;
pub(crate) mod observed;
pub(crate) mod observer;
pub(crate) mod outside;
pub(crate) mod posts;
pub(crate) mod rejection;
pub(crate) mod restaurant;
pub(crate) mod sandboxes;
pub(crate) mod schedule;
pub(crate) mod storm;
pub(crate) mod stream;
pub(crate) mod weather;

#[cfg(test)]
mod tests;

/// Says what time it is.
pub(crate) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// `MaximumConcurrency` of the template.
const CONSUMERS: usize = 2;
/// So many webhooks are served at a time; others wait.
const WEBHOOKS_AT_ONCE: usize = 32;
/// So many invocations the event source mapping remembers. Nothing here asks for them.
const REMEMBERED: usize = 10;

/// One deployment on this machine.
pub(crate) struct Stack {
    /// Differs from that of every other stack on this machine, at any time.
    pub(crate) instance: String,
    pub(crate) network: Arc<Network>,
    pub(crate) clock: Clock,
    pub(crate) keys: Keys,
    /// The address that is registered at the platforms, which some of them sign.
    pub(crate) public_url: String,
    settings: Mutex<Settings>,
    sandboxes: Sandboxes,
    /// Those of the schedule, so that an order has the sandbox that knows what Slack took last.
    scheduled: Sandboxes,
    webhooks: Semaphore,
    invocations: AtomicU64,
    mapping: OnceLock<EventSourceMapping>,
}

/// What the function answered to a webhook.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) response: ApiGatewayV2httpResponse,
    /// The events that it accepted.
    pub(crate) events: Vec<EventId>,
}

impl Stack {
    /// Deploys the function with these settings, and feeds it from the queue.
    pub(crate) fn start(
        settings: Settings,
        keys: Keys,
        public_url: String,
        real_slack: Option<RealSlack>,
        clock: Clock,
    ) -> Arc<Self> {
        let outside = Outside::new(&keys, &settings.channels(), real_slack);
        let observer = Observer::new(Arc::clone(&clock));
        let stack = Arc::new(Self {
            instance: format!("{}-{}", process::id(), clock().as_millisecond()),
            network: Arc::new(Network::new(outside, observer)),
            clock,
            keys,
            public_url,
            settings: Mutex::new(settings),
            sandboxes: Sandboxes::default(),
            scheduled: Sandboxes::default(),
            webhooks: Semaphore::new(WEBHOOKS_AT_ONCE),
            invocations: AtomicU64::new(0),
            mapping: OnceLock::new(),
        });
        let consumers = (0..CONSUMERS).map(|_| consumer(&stack)).collect::<Vec<_>>();
        let mapping = EventSourceMapping::start(&stack.network.outside.sqs, consumers);
        mapping.remember(REMEMBERED);
        stack.mapping.get_or_init(|| mapping);
        schedule::start(&stack);
        stack
    }

    /// Has the function answer a webhook, or any other request of an HTTP API; twice, if it comes twice.
    pub(crate) async fn webhook(self: &Arc<Self>, event: &Value) -> Result<Answer, Failure> {
        let event = event.to_string();
        let answer = self.answer(&event).await;
        if self.network.weather().is_twice {
            self.answer(&event).await.ok();
        }
        answer
    }

    /// Has the function answer a sample.
    pub(crate) async fn sample(self: &Arc<Self>, name: &str) -> Result<Answer, Failure> {
        let event = samples::event(name, &self.public_url, &self.keys, (self.clock)())?;
        self.webhook(&event).await
    }

    async fn answer(self: &Arc<Self>, event: &str) -> Result<Answer, Failure> {
        let _permit = self.webhooks.acquire().await?;
        let (invocation, events) = self.invoke(event.to_owned(), Vec::new()).await?;
        let response = match invocation.outcome {
            Outcome::Answered(response) => serde_json::from_value(response)?,
            // As API Gateway answers when the function does not.
            outcome => {
                tracing::error!(?outcome, "the function did not answer the webhook");
                let body = json!({"message": "Internal Server Error"}).to_string();
                serde_json::from_value(json!({
                    "statusCode": 500, "headers": {}, "multiValueHeaders": {}, "cookies": [],
                    "body": body, "isBase64Encoded": false,
                }))?
            }
        };
        Ok(Answer { response, events })
    }

    /// Has a sandbox serve an event that brings these queue messages; to its end, even if the caller
    /// hangs up.
    async fn invoke(
        self: &Arc<Self>,
        event: String,
        messages: Vec<ReceivedMessage>,
    ) -> Result<(Invocation, Vec<EventId>), Failure> {
        let stack = Arc::clone(self);
        tokio::spawn(async move { stack.serve(&stack.sandboxes, &event, messages).await }).await?
    }

    async fn serve(
        &self,
        sandboxes: &Sandboxes,
        event: &str,
        messages: Vec<ReceivedMessage>,
    ) -> Result<(Invocation, Vec<EventId>), Failure> {
        let number = self.invocations.fetch_add(1, Ordering::Relaxed);
        let (id, began) = (format!("local-{number}"), Instant::now());
        let new = || -> Result<Sandbox, Failure> {
            let mut config = self.settings().config(|name| self.network.outside.variable(name))?;
            config.public_url = Some(self.public_url.clone());
            config.expectations = config.expectations.sped_up(schedule::SPEED);
            Ok(Sandbox::new(&self.network, config)?)
        };
        let sandbox = sandboxes.take(new)?;
        let observer = &self.network.observer;
        let now = (self.clock)() + self.network.rejections.ahead(&messages);
        observer.began(&id, sandbox.app.config.clone(), messages);
        let outcome = sandboxes.serve(sandbox, event, &id, now).await;
        let failed = failed_messages(&outcome);
        let events = observer.ended(&id, failed.as_deref());
        Ok((Invocation::new(id, outcome, began.elapsed()), events))
    }

    pub(crate) fn settings(&self) -> Settings {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Deploys other settings: later invocations have them.
    pub(crate) fn set_settings(&self, changes: &Map<String, Value>) -> Result<Settings, Failure> {
        let settings = self.settings().changed(changes)?;
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = settings.clone();
        self.network.outside.connect(&self.keys, &settings.channels());
        self.sandboxes.renew();
        self.scheduled.renew();
        self.network.observer.announce("settings", settings.json());
        Ok(settings)
    }

    /// Kills the function where it is.
    pub(crate) fn kill(&self) {
        self.sandboxes.kill();
        self.scheduled.kill();
    }

    /// Moves all dead letters back to the queue, where Slack rejects them no more; returns how many
    /// messages they are.
    pub(crate) fn redrive(&self) -> usize {
        self.network.rejections.end_all();
        let moved = self.network.outside.sqs.redrive();
        self.network.observer.redriven(&moved);
        moved.len()
    }
}

/// What the event source mapping invokes.
fn consumer(stack: &Arc<Stack>) -> Target {
    let stack = Arc::downgrade(stack);
    Target::Here(Box::new(move |event| {
        let stack = Weak::clone(&stack);
        Box::pin(consume(stack, event))
    }))
}

async fn consume(stack: Weak<Stack>, event: String) -> Invocation {
    let failed = |why: String| {
        let outcome = Outcome::Failed(why.into());
        Invocation::new(String::new(), outcome, Duration::ZERO)
    };
    let Some(stack) = stack.upgrade() else { return failed("the stack has ended".to_owned()) };
    let messages = messages(&event);
    match stack.invoke(event, messages).await {
        Ok((invocation, _)) => invocation,
        Err(error) => failed(error.to_string()),
    }
}

/// The messages of a batch.
fn messages(event: &str) -> Vec<ReceivedMessage> {
    let batch: Value = serde_json::from_str(event).unwrap_or_default();
    let records = batch["Records"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let messages = records.map(|record| ReceivedMessage {
        id: text(&record["messageId"]),
        receipt: text(&record["receiptHandle"]),
        body: text(&record["body"]),
    });
    messages.collect()
}

/// The messages of a batch that Lambda must not delete; `None` if the function did not say it, as when
/// it was killed.
fn failed_messages(outcome: &Outcome) -> Option<Vec<String>> {
    let Outcome::Answered(answer) = outcome else { return None };
    let failures = answer["batchItemFailures"].as_array().into_iter().flatten();
    let ids = failures.filter_map(|failure| failure["itemIdentifier"].as_str());
    Some(ids.map(str::to_owned).collect())
}
