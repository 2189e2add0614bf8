//! The proof that nothing is lost: a whole deployment in one process, with the clock in our hands.
//!
//! A [`world`] holds the function's sandboxes and the fakes of all that they call, joined by a
//! [`network`] that can fail at every call ([`faults`]). A [`shop`] sends webhooks, and an [`oracle`]
//! accounts for every order. [`loads`] are many orders, with and without an outage, and [`chance`]
//! many faults; [`moments`] and [`copies`] go through every moment of a few orders.
//!
//! Each load prints a line; `make storm` runs those that take minutes:
//!
//! ```text
//! cargo test --test storm -- --nocapture
//! ```

mod chance;
mod copies;
mod faults;
mod gates;
mod gateway;
mod history;
mod load;
mod loads;
mod message;
mod moments;
mod network;
mod oracle;
mod process;
mod processes;
mod report;
mod sandbox;
mod shop;
mod simulated;
mod world;
