//! `cargo run`: order-alerts on this machine, and the tools to try it and to connect a deployment.

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use order_alerts::platform::Platform;

mod check;
mod connect;
mod credentials;
mod decided;
mod encoding;
mod explain;
mod hints;
mod http_api;
mod keys;
mod net;
mod origins;
mod page;
mod preview;
mod program;
mod prompt;
mod public_url;
mod register;
mod samples;
mod send;
mod serve;
mod settings;
mod stack;
mod stack_secret;
mod terminal;
mod watched;
mod webhook_file;

const ABOUT: &str =
    "Turn order webhooks into Slack messages: try it locally, connect a deployed stack.";
const LONG_ABOUT: &str = "\
Turn order webhooks into Slack messages: try it locally, connect a deployed stack.

Without a command, the whole product runs on this machine, and nothing else is needed: the function, \
with fakes of its queue, its ledger and Slack in the same program. A page shows the channel and every \
order's way into it; it sends samples and payloads of your own, and lets you break things. Nothing \
leaves the machine, unless SLACK_WEBHOOK_URL is set. Then the messages are posted to that Slack \
channel. All state is gone when the program ends.

The function's settings are read from the environment: LANGUAGE, CUSTOMER, MENTION, MENTION_ABOVE, \
SHOW_CANCELLED, SHOW_CREATED, SHOW_MODIFIED, RULES, EXPECT (here an example by default), DIGEST_SECONDS (here 10 by \
default), PUBLIC_URL.";

#[derive(Parser)]
#[command(version, display_name = "order-alerts", about = ABOUT, long_about = LONG_ABOUT)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Preview(preview::Arguments),
    Check(check::Arguments),
    Send(send::Arguments),
    Connect(connect::Arguments),
    Register(Box<register::Arguments>),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let matches = program::called(Cli::command()).get_matches();
    let command = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()).command;
    if let Err(error) = Platform::check_all() {
        terminal::error(&error);
        return ExitCode::FAILURE;
    }
    let done = match command {
        None => serve::run().await,
        Some(Command::Preview(arguments)) => preview::run(&arguments),
        Some(Command::Check(arguments)) => check::run(&arguments).await,
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
