//! The settings and clients of one deployment.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;

use crate::config::{Config, Delivery, UnreadableSetting};
use crate::infra::aws::{self, MissingVariable};
use crate::infra::deadline::Deadline;
use crate::infra::http_client::HttpClient;
use crate::infra::metrics::{Metric, Metrics};
use crate::ledger::Ledger;
use crate::queue::Queue;
use crate::secret::cache::SecretCache;
use crate::slack::Slack;
use crate::summary::table::Records;
use crate::watch::Watch;

/// Shared by every invocation of one sandbox.
#[derive(Debug)]
pub struct App {
    pub config: Config,
    pub secrets: SecretCache,
    pub slack: Slack,
    /// `None` with direct delivery.
    pub queue: Option<Queue>,
    pub ledger: Ledger,
    /// `None` where no step is expected.
    pub watch: Option<Watch>,
    /// `None` without a daily summary.
    pub records: Option<Records>,
    pub metrics: Metrics,
}

/// A cold start must not hang on a slow service; what is not connected by then connects later.
const PREWARM: Duration = Duration::from_secs(2);

impl App {
    /// Slack and AWS as `config` names them, all over `http`; `variable` looks up the environment
    /// variables of the AWS SDK. Logs and counts the settings and rules that are left out.
    pub fn new(
        config: Config,
        http: &Arc<HttpClient>,
        variable: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Result<Self, MissingVariable> {
        let metrics = Metrics::of(config.function_name.clone());
        // The count is written when the first invocation ends.
        for UnreadableSetting { name, expected, instead } in &config.unreadable {
            tracing::error!(variable = name, expected, instead, "unreadable setting: left out");
            metrics.count(Metric::SettingsUnreadable);
        }
        for rule in &config.unreadable_rules {
            let (line, word, reason) = (rule.line, &rule.word, rule.sentence());
            tracing::warn!(line, word, reason, "unreadable rule: passed over");
            metrics.count(Metric::RulesUnreadable);
        }
        for line in &config.unreadable_expectations {
            let (word, reason, line) = (&line.word, line.sentence(), line.line);
            tracing::warn!(line, word, reason, "unreadable expectation: passed over");
            metrics.count(Metric::RulesUnreadable);
        }
        let aws = aws::sdk_config(http, variable)?;
        let queue = match &config.delivery {
            Delivery::Queue { url, dead_letters } => {
                Some(Queue::new(&aws, http, url.clone(), dead_letters.clone()))
            }
            Delivery::Direct => None,
        };
        let ledger = match &config.ledger_table {
            Some(name) => Ledger::in_table(&aws, name),
            None => Ledger::none(),
        };
        let watch = config.expect_table.as_ref().filter(|_| !config.expectations.is_empty());
        let records = config.expect_table.as_ref().filter(|_| config.summary.is_some());
        Ok(Self {
            records: records.map(|name| Records::in_table(&aws, name)),
            watch: watch.map(|name| Watch::in_table(&aws, name)),
            secrets: SecretCache::new(&aws, &config.secret_id, config.slack_origin.clone()),
            slack: Slack::new(Arc::clone(http)),
            queue,
            ledger,
            metrics,
            config,
        })
    }

    /// Reads the secret and connects to Slack and the queue, before the first event arrives. Never
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
            tracing::error!(%error, "secret not readable at start: retrying at the first event");
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use lambda_http::http::{Response, StatusCode};
    use serde_json::{Value, json};

    use super::*;
    use crate::infra::http_client::{Answering, Body};

    /// Direct delivery with this secret; `slack` answers what is posted.
    pub(crate) fn in_memory(
        secret: &Value,
        slack: impl Fn(Vec<u8>) -> Answering + Send + Sync + 'static,
    ) -> App {
        let stored = json!({"Name": "test", "SecretString": secret.to_string()}).to_string();
        let http = HttpClient::Handler(Box::new(move |request| {
            if request.headers().contains_key("x-amz-target") {
                return answer(&stored);
            }
            slack(request.into_body())
        }));
        let variable = |name: &str| match name {
            "DELIVERY" => Some("direct".to_owned()),
            "SECRET_ID" | "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => {
                Some("test".to_owned())
            }
            _ => None,
        };
        App::new(Config::from_env(variable).unwrap(), &Arc::new(http), variable).unwrap()
    }

    /// 200 with this body.
    pub(crate) fn answer(body: &str) -> Answering {
        answer_with(200, body)
    }

    pub(crate) fn answer_with(status: u16, body: &str) -> Answering {
        let body = Body { bytes: body.as_bytes().to_vec(), is_whole: true };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        Box::pin(async { Ok(response) })
    }
}
