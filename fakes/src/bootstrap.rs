//! The function itself: its bootstrap binary, run as Lambda runs it.

use std::ffi::OsStr;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::runtime_api::{RuntimeApi, Sandbox};
use crate::server::PATIENCE;

/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>
const ENVIRONMENT: [(&str, &str); 19] = [
    ("AWS_ACCESS_KEY_ID", "fake-access-key-id"),
    ("AWS_DEFAULT_REGION", "eu-central-1"),
    ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
    ("AWS_LAMBDA_FUNCTION_NAME", "order-alerts"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/order-alerts"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]00000000000000000000000000000000"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_SECRET_ACCESS_KEY", "fake-secret-access-key"),
    ("AWS_SESSION_TOKEN", "fake-session-token"),
    ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
    ("LAMBDA_TASK_ROOT", "/var/task"),
    ("LANG", "en_US.UTF-8"),
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("TZ", ":UTC"),
    ("_HANDLER", "bootstrap"),
    ("_X_AMZN_TRACE_ID", "Root=1-00000000-000000000000000000000000;Sampled=0"),
];

/// A running bootstrap, killed when dropped.
#[derive(Debug)]
pub struct Bootstrap {
    process_id: Option<u32>,
    logs: watch::Sender<Vec<String>>,
    stop: Arc<Notify>,
    status: watch::Receiver<Option<ExitStatus>>,
    sandbox: Arc<Sandbox>,
    supervisor: JoinHandle<()>,
}

impl Bootstrap {
    /// Starts `binary` with nothing in its environment but what Lambda sets, then `environment`.
    ///
    /// # Panics
    /// If the binary cannot be started.
    pub fn start(
        binary: impl AsRef<OsStr>,
        runtime_api: &RuntimeApi,
        environment: &[(&str, &str)],
    ) -> Self {
        Self::run(Command::new(binary), runtime_api, environment)
    }

    /// The same for a command that runs the binary, such as a profiler.
    ///
    /// # Panics
    /// If the command cannot be started.
    pub fn run(
        mut command: Command,
        runtime_api: &RuntimeApi,
        environment: &[(&str, &str)],
    ) -> Self {
        command
            .env_clear()
            .envs(ENVIRONMENT)
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api.authority())
            .envs(environment.iter().copied());
        Self::supervise(command, runtime_api)
    }

    fn supervise(mut command: Command, runtime_api: &RuntimeApi) -> Self {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the bootstrap is built and executable");
        let process_id = process.id();
        let logs = watch::Sender::default();
        let stop = Arc::new(Notify::new());
        let (exited, status) = watch::channel(None);
        let sandbox = runtime_api.sandbox();
        let readers = [
            tokio::spawn(read_lines(process.stdout.take(), logs.clone())),
            tokio::spawn(read_lines(process.stderr.take(), logs.clone())),
        ];
        let supervisor = tokio::spawn({
            let (stop, sandbox) = (stop.clone(), sandbox.clone());
            async move {
                let status = run(process, &stop).await;
                for reader in readers {
                    let _ = timeout(PATIENCE, reader).await;
                }
                sandbox.process_exited();
                exited.send_replace(Some(status));
            }
        });
        Self { process_id, logs, stop, status, sandbox, supervisor }
    }

    /// The id of the process.
    ///
    /// # Panics
    /// If the process had ended before it could be asked for.
    pub fn process_id(&self) -> u32 {
        self.process_id.expect("the process has an id")
    }

    /// The lines of stdout and stderr so far; complete once the process has exited.
    pub fn logs(&self) -> Vec<String> {
        self.logs.borrow().clone()
    }

    /// Waits for a line that contains `text`.
    ///
    /// # Panics
    /// If there is none after 120 seconds.
    pub async fn logged(&self, text: &str) {
        let mut logs = self.logs.subscribe();
        let is_there = |lines: &Vec<String>| lines.iter().any(|line| line.contains(text));
        let logged = timeout(PATIENCE, logs.wait_for(is_there)).await;
        assert!(logged.is_ok(), "{text} is not in {:#?}", self.logs());
    }

    /// The most memory that the process ever had, in KiB, as Linux counts it.
    ///
    /// # Panics
    /// If the process has ended, or the system is not Linux.
    pub fn peak_memory_kib(&self) -> u64 {
        let process_id = self.process_id();
        let status = std::fs::read_to_string(format!("/proc/{process_id}/status"));
        let status = status.expect("the process runs on Linux");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
        peak.and_then(|peak| peak.parse().ok()).expect("Linux says the peak in kB")
    }

    /// Waits for the process to exit by itself.
    ///
    /// # Panics
    /// If it is still running after 120 seconds.
    pub async fn exited(&self) -> ExitStatus {
        let mut status = self.status.clone();
        let exited = timeout(PATIENCE, status.wait_for(Option::is_some)).await;
        let status = exited.ok().and_then(|status| *status.ok()?);
        status.expect("the process exits within two minutes")
    }

    /// Stops the process in the middle of what it does, as Lambda freezes a sandbox between invocations.
    ///
    /// # Panics
    /// If the process has ended, or the system is not Linux.
    pub async fn freeze(&self) {
        self.signal("STOP");
        let stat = format!("/proc/{}/stat", self.process_id());
        let is_stopped = || {
            let stat = std::fs::read_to_string(&stat).expect("the process runs on Linux");
            stat.rsplit(')').next().is_some_and(|state| state.trim_start().starts_with('T'))
        };
        while !is_stopped() {
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Lets the process go on.
    ///
    /// # Panics
    /// If the process has ended, or the system is not Linux.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.process_id());
        let status = std::process::Command::new("sh").args(["-c", &kill]).status();
        assert!(status.is_ok_and(|status| status.success()), "{kill} failed");
    }

    /// Kills the process, as Lambda does, and waits for the last of its logs.
    pub async fn stop(&self) -> ExitStatus {
        self.stop.notify_one();
        self.exited().await
    }
}

impl Drop for Bootstrap {
    fn drop(&mut self) {
        self.supervisor.abort();
        self.sandbox.process_exited();
    }
}

async fn run(mut process: Child, stop: &Notify) -> ExitStatus {
    tokio::select! {
        _ = process.wait() => {}
        () = stop.notified() => {
            let _ = process.start_kill();
        }
    }
    process.wait().await.expect("a child process can be waited for")
}

async fn read_lines(output: Option<impl AsyncRead + Unpin>, logs: watch::Sender<Vec<String>>) {
    let Some(output) = output else { return };
    let mut lines = BufReader::new(output).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        logs.send_modify(|lines| lines.push(String::from_utf8_lossy(&line).into_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_environment_is_lambdas_and_the_tests_and_nothing_else() {
        let api = RuntimeApi::start().await;
        let bootstrap =
            Bootstrap::start("/usr/bin/env", &api, &[("AWS_REGION", "us-east-1"), ("MINE", "1")]);
        assert!(bootstrap.exited().await.success());
        let logs = bootstrap.logs();
        assert_eq!(logs.len(), ENVIRONMENT.len() + 2, "{logs:#?}");
        for line in [
            "MINE=1",
            "AWS_REGION=us-east-1",
            &format!("AWS_LAMBDA_RUNTIME_API={}", api.authority()),
        ] {
            assert!(logs.iter().any(|logged| logged == line), "{line} in {logs:#?}");
        }
    }
}
