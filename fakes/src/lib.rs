//! The outside world of order-alerts: for its tests, its simulation and its local stack.
//!
//! Each fake refuses what the real service would refuse and misbehaves on request. It answers over
//! HTTP on 127.0.0.1 ([`FakeSlack::start`]), or to calls in memory alone ([`FakeSlack::in_memory`]),
//! needs a Tokio runtime with time, and ends when it is dropped. It remembers all that it was asked;
//! one that runs for long is given a limit (`remember`).
//!
//! ```no_run
//! # async fn example() {
//! use order_alerts_fakes::{Bootstrap, FakeSecretsManager, FakeSlack, Fault, RuntimeApi, Webhook};
//!
//! let slack = FakeSlack::start().await;
//! let secrets = FakeSecretsManager::start(&slack.hook_url()).await;
//! let runtime_api = RuntimeApi::start().await;
//! let endpoint = [("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.origin())];
//! let environment = endpoint.each_ref().map(|(name, value)| (*name, value.as_str()));
//! let _function = Bootstrap::start("target/debug/order-alerts", &runtime_api, &environment);
//!
//! slack.script([Fault::RateLimited(Some("1"))]);
//! let webhook = Webhook::post("/webhook/shopify").body("{}").signed_shopify("key");
//! let answer = runtime_api.invoke(webhook.event_bytes()).await.answer();
//! assert_eq!(answer["statusCode"], 200);
//! assert!(slack.messages()[0].rendered().contains("New order"));
//! # }
//! ```

mod aws;
mod bootstrap;
#[cfg(test)]
mod client;
mod closed_port;
mod dynamodb;
mod event_source;
mod recorded;
mod runtime_api;
mod secrets_manager;
mod server;
mod slack;
mod sqs;
mod webhook;

pub use aws::{AwsFault, EVERY_OPERATION};
pub use bootstrap::Bootstrap;
pub use closed_port::ClosedPort;
pub use dynamodb::FakeDynamoDb;
pub use event_source::{Batch, EventSourceMapping, Invoked, Invoking, Target};
pub use runtime_api::{Invocation, Outcome, RuntimeApi};
pub use secrets_manager::{FakeSecretsManager, SecretsFault};
pub use server::{Reply, Request, Server};
pub use slack::{FakeSlack, Fault, Posted, Refused};
pub use sqs::{FakeSqs, QueuedMessage};
pub use webhook::{Webhook, sample_key};
