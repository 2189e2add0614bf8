//! How the user starts this program: through cargo, or as the file that was downloaded.

use std::env;
use std::sync::LazyLock;

use clap::Command;

/// What the help texts say.
const BY_CARGO: &str = "cargo run --";

/// What the user types before a command, such as `cargo run --` or `./order-alerts`.
pub(crate) static PROGRAM: LazyLock<String> = LazyLock::new(|| {
    // Cargo sets it for what it runs: https://doc.rust-lang.org/cargo/reference/environment-variables.html.
    if env::var_os("CARGO").is_some() {
        return BY_CARGO.to_owned();
    }
    env::args().next().unwrap_or_else(|| "order-alerts".to_owned())
});

/// What the user types to start the local stack.
pub(crate) fn without_command() -> &'static str {
    PROGRAM.trim_end_matches(" --")
}

/// The commands, with examples as the user types them.
pub(crate) fn called(commands: Command) -> Command {
    let commands = commands.name(PROGRAM.as_str()).bin_name(PROGRAM.as_str());
    commands.mut_subcommands(|command| match command.get_after_help() {
        Some(help) => {
            let help = help.to_string().replace(BY_CARGO, &PROGRAM);
            command.after_help(help)
        }
        None => command,
    })
}
