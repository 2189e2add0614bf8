//! Order webhooks become Slack messages, in one AWS Lambda function.
//!
//! ```text
//!  order platform                                                              Slack
//!  POST /webhook/{platform} ──▶ invocation ──▶ intake ──▶ delivery ──▶ POST ──▶ channel
//!                               what is it?    is it      what is
//!                                              genuine?   to say?
//! ```
//!
//! Read [`app`], then the stories: [`intake`] (a request becomes an answer) and [`delivery`] (events
//! become messages). Data flows one way, from the stories to
//!
//! * the core, which is pure: it knows no clock, no environment and no network. On its way in, a
//!   webhook is an [`invocation`], a [`request`], proven by its [`signature`], read as a
//!   [`mod@document`] by what its [`platform`] file says ([`parse`]). Then it is an [`order`] event
//!   and becomes a [`message`] of Slack [`blocks`].
//! * the edges, which alone speak to the outside: [`slack`] and [`secrets`], on one [`transport`].
//!
//! The types keep the order: [`signature::authenticate`] alone makes an [`signature::Authentic`]
//! request, and [`parse::parse`] takes nothing else.

pub mod app;

pub mod delivery;
pub mod intake;
pub mod wiring;

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
