//! The proof that nothing is lost: a whole deployment, and an account of every order.
//!
//! A [`world`] holds the function's sandboxes and the fakes of all that they call, joined by a
//! [`network`] that can fail at every call ([`faults`]). A [`shop`] sends webhooks, and an [`oracle`]
//! accounts for every order.
//!
//! A [`sandbox`] is [`simulated`], in this process and with the clock in our hands, or it is a
//! [`process`] of the real bootstrap, which is killed where the other only stops. Simulated, [`loads`]
//! are many orders, with and without an outage, and [`chance`] many faults; in
//! [`phases`] a service is slow, down or choosy for a while; [`moments`] and
//! [`copies`] go through every moment of a few orders. [`processes`] are storms of the bootstrap:
//! fewer, as their time is real. The release build is stormed by naming it, as in `BOOTSTRAP=…`.
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
    mod concurrent_consumers;
    mod every_call;
    mod loads;
    mod phases;
    mod processes;
    mod random;
}
