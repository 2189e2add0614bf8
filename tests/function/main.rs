//! The real bootstrap binary, driven as Lambda drives it, in a world of fakes. Its storms are in
//! `tests/simulation/runs/processes.rs`.

#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

mod support {
    pub(crate) mod webhooks;
    pub(crate) mod world;
}

mod webhook {
    mod bodies;
    mod keys;
    mod platforms;
    pub(crate) mod privacy;
    mod requests;
    mod samples;
    pub(crate) mod sent_samples;
    mod settings;
    mod signatures;
}

mod direct {
    mod slack_answers;
}

mod queue {
    mod cancellations;
    pub(crate) mod consume;
    mod deduplication;
    mod digests;
    mod enqueue;
    mod refusals;
    pub(crate) mod slack_answers;
}

mod alarms;
mod metrics;

mod clients {
    mod ledger;
    mod secrets;
    mod transport;
}
