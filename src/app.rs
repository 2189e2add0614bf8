//! What the stories are wired to: the settings and the edges.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;

use crate::config::Config;
use crate::infra::deadline::Deadline;
use crate::infra::metrics::Metrics;
use crate::ledger::Ledger;
use crate::queue::Queue;
use crate::secret::cache::Secrets;
use crate::slack::Slack;

/// The settings of one deployment and the outside world as it reaches it.
#[derive(Debug)]
pub struct Wiring {
    pub config: Config,
    pub secrets: Secrets,
    pub slack: Slack,
    /// None with direct delivery.
    pub queue: Option<Queue>,
    pub ledger: Ledger,
    pub metrics: Metrics,
}

/// A cold start must not hang on a slow service; what is not warm by then warms up later.
const PREWARM: Duration = Duration::from_secs(2);

impl Wiring {
    /// Reads the secret and connects to Slack and the queue, before the first event is there. Never
    /// fatal.
    pub async fn prewarm(&self, now: Timestamp) {
        if self.config.slack_origin.is_some() {
            tracing::warn!("SLACK_ORIGIN is set: nothing reaches the real Slack");
        }
        let secret = self.secrets.current(Deadline::within(PREWARM, now));
        let slack = timeout(PREWARM, self.slack.connect(self.config.slack_origin.as_ref()));
        let queue = timeout(PREWARM, async {
            if let Some(queue) = &self.queue {
                queue.connect().await;
            }
        });
        let (secret, _, _) = tokio::join!(secret, slack, queue);
        if let Err(error) = secret {
            tracing::error!(%error, "the secret cannot be read yet");
        }
    }
}
