//! `cargo run` and its commands, as their user sees them.

#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

mod check;
mod connect;
mod credentials;
mod fake_proxy;
#[path = "../function/support/leaks.rs"]
mod leaks;
mod preview;
mod privacy;
mod program;
mod proxy;
mod register;
mod send;
mod stack;

use std::process::{Output, Stdio};

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// The tool as cargo starts it, in an environment of its own.
fn tool(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(arguments).env_clear().env("CARGO", "cargo").kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end with this on standard input.
async fn run(command: &mut Command, input: &str) -> (bool, String, String) {
    let mut process = command.spawn().unwrap();
    let mut stdin = process.stdin.take().unwrap();
    // A command that does not read it may close it.
    stdin.write_all(input.as_bytes()).await.ok();
    drop(stdin);
    let Output { status, stdout, stderr } = process.wait_with_output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.success(), text(stdout), text(stderr))
}

/// An empty folder for one test.
fn tempfolder(name: &str) -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::remove_dir_all(&folder).ok();
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
