//! Order webhooks become Slack messages, in one AWS Lambda function.
//!
//! ```text
//!  order platform                                                                         Slack
//!  POST /webhook/{platform} ──▶ intake ─▶ queue ─▶ consumer ─▶ delivery ──▶ POST ──▶ channel
//!                               is it genuine,     what came   what is there to say,
//!                               what is new?       together?   who says it?
//!                                  │                               ▲
//!                                  └──── while the sender waits ───┘
//! ```
//!
//! Read [`app`], then the stories: [`intake`] (a request becomes an answer), [`consumer`] (a batch of
//! the queue's messages is settled), [`delivery`] (events become messages) and [`watch`] (an alarm of
//! CloudWatch is handed over). They are given their [`wiring`], and data flows one way, from them to
//!
//! * the core, which is pure: it knows no clock, no environment and no network. On its way in, a
//!   webhook is an [`invocation`] and a [`request`], passes [`admission`], is proven by its
//!   [`signature`] with the keys of the [`secret`], and is read as a [`mod@document`] by what its
//!   [`platform`] file says ([`parse`]). Then it is an [`order`] event, which waits in an
//!   [`envelope`], perhaps until its [`window`] is over, and comes back in a [`batch`]. [`claim`]
//!   says who may tell it; [`fold`] makes few messages of many events, and each is a [`message`] of
//!   Slack [`blocks`]. An [`alarm`] takes the same way from the envelope on. What goes wrong is
//!   decided in [`retry`] and told in a [`response`] or a [`settlement`].
//! * the edges, which alone speak to the outside: [`slack`], [`secrets`], [`queue`] and [`ledger`]
//!   ([`aws`]), by one [`exchange`] over one [`transport`], and the [`log`] with its [`metrics`].
//!
//! The types keep the order: [`signature::authenticate`] alone makes an [`signature::Authentic`]
//! request, and [`parse::parse`] takes nothing else.

pub mod app;

pub mod consumer;
pub mod delivery;
pub mod intake;
pub mod watch;
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

pub mod alarm;

pub mod batch;
pub mod envelope;
pub mod queue_url;
pub mod settlement;
pub mod window;

pub mod claim;

pub mod blocks;
pub mod fold;
pub mod message;

pub mod config;
pub mod deadline;
pub mod pace;
pub mod retry;

pub mod aws;
pub mod exchange;
pub mod ledger;
pub mod log;
pub mod metrics;
pub mod queue;
pub mod secrets;
pub mod slack;
pub mod transport;
