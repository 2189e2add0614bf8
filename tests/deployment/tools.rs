//! The command-line tools, in an environment where AWS is the emulator and nothing else.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// Among what the tools do may be a release build from nothing.
const LIMIT: Duration = Duration::from_mins(20);

pub(crate) struct Tools {
    environment: Vec<(&'static str, OsString)>,
    /// What is published.
    published: PathBuf,
}

/// A command that is about to be run.
pub(crate) struct Tool {
    command: Command,
    input: String,
}

impl Tools {
    pub(crate) fn new(aws: &str, slack: &str, published: &Path) -> Self {
        let path = env::var_os("PATH").unwrap_or_default();
        let path = [installed("aws/bin")].into_iter().chain(env::split_paths(&path));
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let environment = vec![
            ("PATH", env::join_paths(path).unwrap()),
            ("CARGO_TARGET_DIR", target.into()),
            ("AWS_ENDPOINT_URL", aws.into()),
            ("AWS_REGION", "us-east-1".into()),
            ("AWS_DEFAULT_REGION", "us-east-1".into()),
            ("AWS_ACCESS_KEY_ID", "test".into()),
            ("AWS_SECRET_ACCESS_KEY", "test".into()),
            ("AWS_CONFIG_FILE", "/dev/null".into()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".into()),
            ("NO_PROXY", "127.0.0.1".into()),
            ("SAM_CLI_TELEMETRY", "0".into()),
            ("SLACK_ORIGIN", slack.into()),
            // With these, `sam build` finds the function as it was built to be published.
            ("CARGO_BUILD_RUSTFLAGS", env::var_os("RELEASE_RUSTFLAGS").unwrap_or_default()),
        ];
        Self { environment, published: published.to_owned() }
    }

    pub(crate) fn sam(&self, arguments: &[&str]) -> Tool {
        self.tool("sam").arguments(arguments)
    }

    /// SAM in the folder of what is published, with no other program in its `PATH`.
    pub(crate) fn sam_alone(&self, published: &Path, arguments: &[&str]) -> Tool {
        let mut tool = self.tool(installed("aws/bin/sam")).arguments(arguments);
        tool.command.current_dir(published).env("PATH", published);
        tool
    }

    pub(crate) fn cargo(&self, arguments: &[&str]) -> Tool {
        self.tool("cargo").arguments(arguments)
    }

    /// The tool that is published.
    pub(crate) fn local(&self, arguments: &[&str]) -> Tool {
        self.tool(self.published.join("order-alerts")).arguments(arguments)
    }

    pub(crate) fn python(&self, arguments: &[&str]) -> Tool {
        self.tool("python").arguments(arguments)
    }

    /// Calls an operation of an AWS service, in the words of boto3.
    pub(crate) async fn aws(&self, service: &str, operation: &str, parameters: &Value) -> Value {
        let parameters = parameters.to_string();
        let call = ["-B", "tests/deployment/call.py", service, operation, &parameters];
        let answer = self.python(&call).run().await;
        serde_json::from_str(&answer).unwrap()
    }

    fn tool(&self, program: impl AsRef<OsStr>) -> Tool {
        let mut command = Command::new(program);
        for (name, _) in env::vars_os() {
            // A profile of the developer's would lead to a real account. And ring is built again when
            // what cargo says of a package changes.
            let of_others = ["AWS_", "CARGO_MANIFEST_", "CARGO_PKG_", "OUT_DIR"];
            if of_others.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        Tool { command, input: String::new() }
    }
}

impl Tool {
    pub(crate) fn arguments(mut self, more: &[&str]) -> Self {
        self.command.args(more);
        self
    }

    /// Gives it something to read on its standard input.
    pub(crate) fn reads(mut self, text: &str) -> Self {
        text.clone_into(&mut self.input);
        self
    }

    /// Runs it to its good end; gives what it printed.
    pub(crate) async fn run(mut self) -> String {
        let mut running = self.command.spawn().unwrap();
        let mut input = running.stdin.take().unwrap();
        // One that reads nothing may be gone already.
        let _ = input.write_all(self.input.as_bytes()).await;
        drop(input);
        let ended = timeout(LIMIT, running.wait_with_output()).await;
        let what = self.command.as_std();
        let output = ended.unwrap_or_else(|_| panic!("{what:?} runs for {LIMIT:?}")).unwrap();
        let [printed, warnings] =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(output.status.success(), "{what:?}\n{}\n{printed}\n{warnings}", output.status);
        printed
    }

    /// Runs it below a failed assertion and shows what it prints, whatever comes of it.
    #[expect(clippy::print_stderr, reason = "a failed tool shows its output")]
    pub(crate) fn show(self) {
        let mut command = self.command.into_std();
        if let Ok(output) = command.stdin(Stdio::null()).output() {
            let printed = String::from_utf8_lossy(&output.stdout);
            let warnings = String::from_utf8_lossy(&output.stderr);
            eprintln!("\n{command:?}\n{printed}{warnings}");
        }
    }
}

/// A tool that `make deployment` has installed.
#[track_caller]
pub(crate) fn installed(path: &str) -> PathBuf {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools").join(path);
    assert!(tool.exists(), "{} is missing: `make deployment` installs it", tool.display());
    tool
}
