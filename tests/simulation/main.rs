//! The simulation of a whole deployment under load and faults, with every order accounted for.
//!
//! A [`world`] has the function's sandboxes and the fakes of all that they call, joined by a
//! [`network`] that can fail at every call ([`faults`]). [`senders`] send webhooks, and at the end the
//! [`invariants`] are checked over every order.
//!
//! A [`sandbox`] is [`simulated`], in this process and with a clock that the test sets, or it is a
//! [`process`] of the real bootstrap. Simulated, `runs::loads` are many orders, with and without an
//! outage, and `runs::random` are random faults; in `runs::phases` a service is slow, down or
//! rejecting for a while, and in `runs::late_claims` an invocation has little time left; in `runs::channels` rules send orders to three
//! channels, one of which dies; in `runs::expectations` steps must follow; in `runs::flood` strangers send
//! ten times what the API admits;
//! `runs::every_call` and `runs::concurrent_consumers` go through every call of a few orders.
//! `runs::processes` are loads of the bootstrap: fewer, as their time is real.
//! `BOOTSTRAP=…` names the binary of a release build.
//!
//! Each load prints a line; `make storm` runs those that take minutes:
//!
//! ```text
//! cargo test --test simulation -- --nocapture
//! ```

mod call_latency;
mod calls;
mod faults;
mod gates;
mod gateway;
mod history;
mod invariants;
mod load;
mod message;
mod network;
mod process;
mod report;
mod sandbox;
mod senders;
mod simulated;
mod world;

mod runs {
    mod channels;
    mod concurrent_consumers;
    mod every_call;
    mod expectations;
    mod flood;
    mod late_claims;
    mod loads;
    mod phases;
    mod processes;
    mod random;
}
