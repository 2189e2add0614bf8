//! An AWS on loopback: ministack, as a process of this machine.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::http;
use crate::tools::installed;

const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Ends, with every function in it, when it is dropped.
pub(crate) struct Emulator {
    process: Child,
    log: PathBuf,
    pub(crate) origin: String,
}

impl Emulator {
    /// Starts an empty one, which keeps its files in this folder.
    pub(crate) async fn start(folder: &Path) -> Self {
        let port = free_port();
        let origin = format!("http://127.0.0.1:{port}");
        let log = folder.join("emulator.log");
        let output = File::create(&log).unwrap();
        // The functions inherit this environment, so that nothing of ours may be in it.
        let process = Command::new(installed("emulator/bin/ministack"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder)
            .env("TMPDIR", folder)
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("IOT_MTLS_ENABLED", "0")
            // A function may do what its role says, and no more.
            .env("AUTH", "true")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_ENDPOINT_URL", &origin)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let mut emulator = Self { process, log, origin };
        emulator.ready().await;
        emulator
    }

    async fn ready(&mut self) {
        let health = format!("{}/_ministack/health", self.origin);
        let start = Instant::now();
        while !http::get(&health).await.is_ok_and(|answer| answer.status == 200) {
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none(), "the emulator ended: {ended:?}");
            assert!(start.elapsed() < START_LIMIT, "no emulator after {START_LIMIT:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Where the API of this webhook URL is reached, whose host name resolves nowhere.
    pub(crate) fn api(&self, webhook_url: &str) -> String {
        let host = webhook_url.strip_prefix("http://").unwrap();
        let (id, _) = host.split_once(".execute-api.").unwrap();
        format!("{}/_aws/execute-api/{id}/$default", self.origin)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // SIGTERM, upon which it ends its functions.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let start = Instant::now();
        while matches!(self.process.try_wait(), Ok(None)) && start.elapsed() < STOP_LIMIT {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
        if thread::panicking() {
            show_log(&self.log);
        }
    }
}

/// The ARN of a role in the emulator's one account.
pub(crate) fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::000000000000:role/{name}")
}

#[expect(clippy::print_stderr, reason = "it stands below the failed assertion")]
fn show_log(log: &Path) {
    eprintln!("\nThe emulator's log:\n{}", fs::read_to_string(log).unwrap_or_default());
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
