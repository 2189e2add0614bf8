//! The real bootstrap binary, driven as Lambda drives it, against fakes of everything that it calls.
//! Its loads are in `tests/simulation/runs/processes.rs`.

#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

mod support {
    pub(crate) mod assertions;
    pub(crate) mod aws;
    pub(crate) mod channels;
    pub(crate) mod leaks;
    pub(crate) mod private;
    pub(crate) mod queue;
    pub(crate) mod sender;
    pub(crate) mod webhooks;
    pub(crate) mod wishes;
    pub(crate) mod world;
}

mod webhook {
    mod bodies;
    mod keys;
    mod large_bodies;
    mod odd_events;
    mod platforms;
    mod privacy;
    mod requests;
    mod samples;
    mod settings;
    mod signatures;
}

mod queue {
    mod cancellations;
    mod channels;
    mod consume;
    mod deduplication;
    mod digests;
    mod enqueue;
    mod expect;
    mod lives;
    mod odd_batches;
    mod privacy;
    mod rules;
    mod turns;
}

mod slack {
    mod addresses;
    mod answers;
    mod refusals;
}

mod alarms;
mod binary;
mod former;
mod log_levels;
mod metrics;
mod odd_alarms;
mod odd_invocations;
mod stores;
mod summary;

mod clients {
    mod idle;
    mod ledger;
    mod secrets;
    mod summary;
    mod transport;
    mod watch;
}
