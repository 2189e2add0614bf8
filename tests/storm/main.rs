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
//! cargo test --test storm -- --nocapture
//! ```

mod account;
mod asked;
mod burials;
mod chance;
mod copies;
mod excuses;
mod faults;
mod fortunes;
mod gates;
mod gateway;
mod hearing;
mod history;
mod liveness;
mod load;
mod loads;
mod message;
mod moments;
mod network;
mod oracle;
mod phases;
mod process;
mod processes;
mod repeats;
mod report;
mod sandbox;
mod shop;
mod simulated;
mod world;
