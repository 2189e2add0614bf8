//! Order webhooks become Slack messages, in one AWS Lambda function.
//!
//! ```text
//!  order platform                                                                      Slack
//!  POST /webhook/{platform} ──▶ invocation ──▶ intake ──────▶ delivery ──▶ POST ──▶ channel
//!                               what is it?    is it genuine,  what is
//!                                  ◀────────── what is new?    there to say?
//!                                  200, or why not
//! ```
//!
//! Read [`app`], then the stories: [`intake`] (a request becomes an answer) and [`delivery`] (events
//! become messages). They are given their [`wiring`], and data flows one way, from them to
//!
//! * the core, which is pure: it knows no clock, no environment and no network. On its way in, a
//!   webhook is an [`invocation`] and a [`request`], passes [`admission`], is proven by its
//!   [`signature`] with the keys of the [`secret`], and is read as a [`mod@document`] by what its
//!   [`platform`] file says ([`parse`]). Then it is an [`order`] event: [`fold`] makes few
//!   messages of many events, and each is a [`message`] of Slack [`blocks`]. What goes wrong is
//!   decided in [`retry`] and told in a [`response`].
//! * the edges, which alone speak to the outside: [`slack`] and [`secrets`] ([`aws`]), on one
//!   [`transport`], and the [`log`].
//!
//! The types keep the order: [`signature::authenticate`] alone makes an [`signature::Authentic`]
//! request, and [`parse::parse`] takes nothing else.

pub mod app;

pub mod delivery;
pub mod intake;
pub mod wiring;

pub mod admission;
pub mod invocation;
pub mod request;
pub mod response;

pub mod secret;
pub mod signature;
pub mod slack_url;

pub mod document;
pub mod parse;
pub mod platform;

pub mod line;
pub mod money;
pub mod order;

pub mod blocks;
pub mod fold;
pub mod message;

pub mod config;
pub mod deadline;
pub mod retry;

pub mod aws;
pub mod log;
pub mod secrets;
pub mod slack;
pub mod transport;
