//! `cargo run`: order-alerts on this machine, and the tools to try it and to connect a deployment.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use order_alerts::platform::Platform;

mod connect;
mod credentials;
mod encoding;
mod explain;
mod fake_services;
mod function;
mod keys;
mod net;
mod origins;
mod page;
mod preview;
mod prompt;
mod public_url;
mod register;
mod samples;
mod send;
mod serve;
mod stack_secret;
mod terminal;
mod webhook_file;

const ABOUT: &str =
    "Turn order webhooks into Slack messages: try it locally, connect a deployed stack.";
const LONG_ABOUT: &str = "\
Turn order webhooks into Slack messages: try it locally, connect a deployed stack.

Without a command, the function runs on this machine: a webhook endpoint on 127.0.0.1, a page that \
shows the channel, and samples to send. Nothing leaves the machine, unless SLACK_WEBHOOK_URL is set. \
Then the messages are posted to that Slack channel.

The function's settings are read from the environment: LANGUAGE, CUSTOMER, MENTION, MENTION_ABOVE, \
SHOW_CANCELLED, SHOW_CREATED, SHOW_MODIFIED, PUBLIC_URL.";

#[derive(Parser)]
#[command(name = "cargo run --", bin_name = "cargo run --", about = ABOUT, long_about = LONG_ABOUT)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Preview(preview::Arguments),
    Send(send::Arguments),
    Connect(connect::Arguments),
    Register(Box<register::Arguments>),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let command = Cli::parse().command;
    if let Err(error) = Platform::check_all() {
        terminal::error(&error);
        return ExitCode::FAILURE;
    }
    let done = match command {
        None => serve::run().await,
        Some(Command::Preview(arguments)) => preview::run(&arguments),
        Some(Command::Send(arguments)) => send::run(&arguments).await,
        Some(Command::Connect(arguments)) => connect::run(&arguments).await,
        Some(Command::Register(arguments)) => register::run(&arguments).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::error(error.as_ref());
            ExitCode::FAILURE
        }
    }
}
