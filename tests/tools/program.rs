//! What the tool says that its user types.

use std::fs;
use std::process::Stdio;

use tokio::process::Command;

use crate::{run, tempfolder, tool};

#[tokio::test]
async fn what_was_downloaded_is_started_by_its_own_name() {
    let folder = tempfolder("program");
    fs::hard_link(env!("CARGO_BIN_EXE_local"), folder.join("order-alerts")).unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "./order-alerts connect --help"]).env_clear().current_dir(&folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let (_, help, errors) = run(&mut command, "").await;
    assert!(help.contains("Usage: ./order-alerts connect [OPTIONS] <WHAT>"), "{help}{errors}");
    assert!(help.contains("\n  ./order-alerts connect slack\n"), "{help}");
    assert!(!help.contains("cargo"), "{help}");
}

#[tokio::test]
async fn what_cargo_starts_is_started_by_cargo() {
    let (_, help, _) = run(&mut tool(&["connect", "--help"]), "").await;
    assert!(help.contains("\n  cargo run -- connect slack\n"), "{help}");
}

#[tokio::test]
async fn the_version_is_that_of_the_package() {
    let (_, version, _) = run(&mut tool(&["--version"]), "").await;
    assert_eq!(version, concat!("order-alerts ", env!("CARGO_PKG_VERSION"), "\n"));
}
