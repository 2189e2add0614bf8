//! Order webhooks become Slack messages, in one AWS Lambda function.
//!
//! ```text
//!  order platform                                                              Slack
//!  POST /webhook/{platform} ──▶ invocation ──▶ intake ──▶ delivery ──▶ POST ──▶ channel
//!                               what is it?    is it      what is
//!                                              genuine?   to say?
//! ```
//!
//! Read [`app`], then [`intake`] (a request becomes an answer) and [`delivery`] (events become
//! messages). Data flows one way: the stories call the pure core, which knows no clock, no
//! environment and no network, and the edges, which are the only ones to speak to the outside.
//!
//! | the stories | the core | the edges |
//! |---|---|---|
//! | [`intake`], [`delivery`] | [`invocation`], [`request`], [`platform`], [`signature`], [`document`], [`parse`], [`order`], [`line`], [`money`], [`message`], [`blocks`], [`retry`], [`response`], [`secret`], [`config`] | [`secrets`], [`slack`], [`aws`], [`transport`], [`log`] |
//!
//! The types keep the order: [`signature::authenticate`] alone makes an [`signature::Authentic`]
//! request, and [`parse::parse`] takes nothing else.

pub mod app;

pub mod delivery;
pub mod intake;

pub mod blocks;
pub mod config;
pub mod document;
pub mod invocation;
pub mod line;
pub mod message;
pub mod money;
pub mod order;
pub mod parse;
pub mod platform;
pub mod request;
pub mod response;
pub mod retry;
pub mod secret;
pub mod signature;

pub mod aws;
pub mod log;
pub mod secrets;
pub mod slack;
pub mod transport;
