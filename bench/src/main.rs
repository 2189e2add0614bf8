//! What the function costs. `make instructions` and `make bench` run it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints what it has measured")]

mod batches;
mod callgrind;
mod conditions;
mod costs;
mod digests;
mod measured;
mod orders;
mod page;
mod report;
mod sample;
mod service;
mod slow_clock;
mod statistics;
mod targets;
mod tls;
mod world;

use std::env;
use std::process::ExitCode;

use crate::costs::Subject;
use crate::measured::Measured;
use crate::sample::path;

#[tokio::main]
async fn main() -> ExitCode {
    let command = env::args().skip(1).collect::<Vec<_>>().join(" ");
    match command.as_str() {
        "conditions" => {
            let other = costs::other_conditions();
            println!("{}", other.join(", "));
            if other.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        "instructions" => {
            let (now, deviations) = costs::compare(&subject()).await;
            print(&now);
            for deviation in &deviations {
                eprintln!("error: {deviation}");
            }
            if deviations.is_empty() {
                return ExitCode::SUCCESS;
            }
            eprintln!("`make instructions WRITE=1` records these numbers in bench/measured.toml.");
            ExitCode::FAILURE
        }
        "instructions --write" => {
            print(&costs::record(&subject()).await);
            ExitCode::SUCCESS
        }
        "bench" => {
            report::write().await;
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: order-alerts-bench bench | conditions | instructions [--write]");
            ExitCode::FAILURE
        }
    }
}

/// The binary in `BOOTSTRAP`, and the library in `SLOW_CLOCK`.
fn subject() -> Subject {
    Subject { binary: path("BOOTSTRAP"), clock: path("SLOW_CLOCK") }
}

fn print(now: &Measured) {
    for (name, number) in now.numbers() {
        println!("{number:>8}  {name}");
    }
}
