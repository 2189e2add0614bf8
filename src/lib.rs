//! Order webhooks become Slack messages, in one AWS Lambda function.
//!
//! ```text
//!  shop ──POST──▶ handlers::webhook ──▶ SQS ──▶ handlers::queue ──▶ delivery ──▶ Slack
//!                 verify, parse                 decode, drain       claim, group, post, mark
//! ```
//!
//! * [`handlers`]: one per kind of Lambda event: a webhook, a batch of queue messages, an alarm.
//! * [`webhook`]: a request is routed, verified and parsed into order events or a store event. Pure.
//! * [`platform`]: what a platform's TOML file says about signatures and fields.
//! * [`rules`]: which events are shown how, whom they mention and in which channel. Pure.
//! * [`order`], [`store`], [`alarm`]: the three things that are ever delivered. A [`notice`] is what goes
//!   to the monitoring channel: the last two.
//! * [`queue`]: SQS: the envelope, its delay, its batches.
//! * [`delivery`]: claims events, groups them into few messages, posts them and marks them delivered.
//! * [`ledger`]: leases and delivery marks in DynamoDB, by which duplicates are known.
//! * [`watch`]: the steps that must follow an event, and the table in which they are awaited.
//! * [`message`]: all wording, in every language; a platform's own words are in its TOML file.
//! * [`slack`]: the incoming webhook: its URL, Block Kit, limits, rate and answers.
//! * [`secret`]: Slack URLs and signing keys, and the cache that holds them.
//! * [`infra`]: HTTP, the AWS SDK, the deadline, log and metrics.
//!
//! Three files are no folders: [`app`] holds the settings and clients of one deployment,
//! [`config`] reads the settings from the environment, and [`json`] reads a body without changing
//! its digits.
//!
//! # Guarantees
//!
//! An accepted event is delivered at least once, or it is in the dead-letter queue. It is delivered
//! twice only when an outcome is in doubt (a lost response, a killed invocation, a ledger outage), and
//! then says so.

pub mod alarm;
pub mod app;
pub mod config;
pub mod delivery;
pub mod handlers;
pub mod infra;
pub mod json;
pub mod ledger;
pub mod message;
pub mod notice;
pub mod order;
pub mod platform;
pub mod queue;
pub mod rules;
pub mod secret;
pub mod slack;
pub mod store;
pub mod summary;
pub mod watch;
pub mod webhook;

#[cfg(test)]
mod tests;
