//! What is counted for CloudWatch: lines of the log in its embedded metric format.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use self::emf::documents;

mod emf;

/// What is counted. No order's number is ever part of it: each dimension's value is a metric of its
/// own, and is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Order events that were taken from platforms, shown or not.
    EventsAccepted,
    /// New orders, each once, shown or not: when the ledger first hears of one, or, without the ledger,
    /// when it is told. So the other two.
    OrdersCreated,
    OrdersModified,
    OrdersCancelled,
    /// Requests that were not proven genuine.
    WebhooksRejected,
    /// Genuine webhooks that are no news.
    WebhooksIgnored,
    /// Genuine webhooks that cannot be read.
    WebhooksUnreadable,
    /// Webhooks that were answered with 503, for want of a key, the secret, the queue or Slack.
    WebhooksNotTaken,
    /// Events that came again after they were told.
    Duplicates,
    /// Events that were told though they may have been told before.
    PossibleDuplicate,
    /// Events that came again under the same name with other content.
    PayloadMismatch,
    /// Webhooks that were signed with another than the platform's first key.
    OldKeyUsed,
    /// Messages that Slack took.
    MessagesPosted,
    /// Order events, several of an order among them, that were told in a digest.
    EventsDigested,
    /// Posts that failed, or that Slack's rate limit put off for longer than there was time, or for
    /// which there was no good address.
    SlackRefused,
    /// Posts that met Slack's rate limit.
    SlackRateLimited,
    /// Messages that were put into the dead-letter queue.
    DeadLettered,
    /// From the webhook to Slack.
    SecondsToSlack,
    /// Calls to the ledger that failed.
    LedgerUnavailable,
    /// Times that the secret could not be read, whether or not an older value served.
    SecretUnavailable,
    /// Alarms of another account or region.
    AlarmsIgnored,
}

impl Metric {
    /// Its name in CloudWatch.
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    fn unit(self) -> &'static str {
        match self {
            Self::SecondsToSlack => "Seconds",
            _ => "Count",
        }
    }
}

/// A metric, and the platform that it is of, if it is of one.
type Key = (Option<String>, Metric);

/// The counts of one invocation, written when it ends.
#[derive(Debug, Default)]
pub struct Metrics {
    /// The function's name; without one nothing is counted.
    function: Option<String>,
    counts: Mutex<BTreeMap<Key, Vec<f64>>>,
}

impl Metrics {
    /// Counts for the function of this name, if there is one.
    pub fn of(function: Option<String>) -> Self {
        Self { function, counts: Mutex::default() }
    }

    /// Counts one for the whole function.
    pub fn count(&self, metric: Metric) {
        self.add(metric, None, 1);
    }

    /// Counts one for a platform.
    pub fn count_for(&self, metric: Metric, platform: &str) {
        self.add(metric, Some(platform), 1);
    }

    /// Counts so many, for a platform or for the whole function.
    pub fn add(&self, metric: Metric, platform: Option<&str>, count: u32) {
        if count == 0 {
            return;
        }
        self.change(metric, platform, |values| {
            let sum = values.first().copied().unwrap_or_default() + f64::from(count);
            *values = vec![sum];
        });
    }

    /// Takes note of how long something took.
    pub fn time(&self, metric: Metric, time: Duration) {
        self.change(metric, None, |values| values.push(time.as_secs_f64()));
    }

    fn change(&self, metric: Metric, platform: Option<&str>, change: impl FnOnce(&mut Vec<f64>)) {
        if self.function.is_some() {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            change(counts.entry((platform.map(str::to_owned), metric)).or_default());
        }
    }

    /// Writes what was counted since the last time to standard output, which is the log.
    ///
    /// `now` is our own clock: CloudWatch drops what a sender's clock puts too far away.
    pub fn write(&self, now: Timestamp) {
        let Some(function) = &self.function else {
            return;
        };
        let counts =
            std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner));
        for document in documents(function, &counts, now) {
            // Whoever reads the log is gone, if nobody does.
            writeln!(io::stdout(), "{document}").ok();
        }
    }
}
