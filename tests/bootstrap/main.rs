//! The real bootstrap binary, driven as Lambda drives it, in a world of fakes. Its storms are in
//! `tests/storm/processes.rs`.

#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

mod alarms;
mod answers;
mod bodies;
mod channel;
mod consumer;
mod digests;
mod journey;
mod keys;
mod ledger;
mod metrics;
mod orders;
mod platforms;
mod privacy;
mod queue;
mod refusals;
mod requests;
mod samples;
mod settings;
mod signatures;
mod world;
