//! CloudWatch metrics, written to the log in the embedded metric format (EMF).
//!
//! `metrics_cloudwatch_embedded` does not fit: it has one set of dimensions in a document, drops
//! the values of a metric after the hundredth, and counts in a global recorder, which several
//! functions in one test would share.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use self::emf::documents;

mod emf;

/// What is counted. A metric has no dimension with many values, such as an order's number: each
/// value would be a metric of its own, and paid for. The names here are those in CloudWatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Metric {
    /// Order events that were accepted from platforms, whatever their mode.
    EventsAccepted,
    /// Shops' changes of state that were accepted. They are no order events.
    StoreEvents,
    /// New orders, whatever their mode, each once: when the ledger first has the event, or when it is
    /// delivered if there is no ledger. The next two are counted in the same way.
    OrdersCreated,
    OrdersModified,
    OrdersCancelled,
    /// Cancellations of orders that were never paid. They do not count as `OrdersCancelled`.
    OrdersCancelledUnpaid,
    /// Requests without anything that could be a credential: a stranger's.
    WebhooksUnsigned,
    /// Webhooks with a credential that were not verified, or that came to a path of no platform.
    WebhooksRejected,
    /// Verified webhooks that are ignored.
    WebhooksIgnored,
    /// Verified webhooks that cannot be read, and bodies that are too large to be verified.
    WebhooksUnreadable,
    /// Webhooks that were answered with 503: there was no key, no secret, no queue or no Slack.
    WebhooksNotTaken,
    /// Events that were received again after they were delivered.
    Duplicates,
    /// Events that were delivered again because the outcome of the first time is in doubt.
    PossibleDuplicate,
    /// Events that were received again with the same delivery id and a different payload.
    PayloadMismatch,
    /// Webhooks that were signed with an older key than the platform's first one.
    OldKeyUsed,
    /// Messages that were posted to Slack.
    MessagesPosted,
    /// Order events that were delivered in a digest; several may be of one order.
    EventsDigested,
    /// Posts that failed, that Slack's rate limit put off for too long, or for which there was no usable
    /// webhook URL.
    SlackRefused,
    /// Posts that Slack answered with a 2xx whose body is not `ok`.
    SlackUnexpectedReply,
    /// Posts that Slack answered with a rate limit.
    SlackRateLimited,
    /// Channels that the rules name and the secret has no URL for, once in each invocation with an event
    /// for one.
    ChannelMissing,
    /// Messages that were dead-lettered.
    DeadLettered,
    /// The time from the webhook's arrival to the post to Slack.
    SecondsToSlack,
    /// Calls to the ledger that failed.
    LedgerUnavailable,
    /// Messages that a step was overdue, each once.
    StepsOverdue,
    /// Calls to the table of expectations that failed.
    ExpectUnavailable,
    /// Reads of the secret that failed, whether or not an older value was used.
    SecretUnavailable,
    /// Alarms of another account or region.
    AlarmsIgnored,
    /// Settings that are left out because they cannot be read, once in each sandbox.
    SettingsUnreadable,
    /// Lines of `RULES` that are passed over because they cannot be read, once in each sandbox.
    RulesUnreadable,
}

impl Metric {
    fn unit(self) -> &'static str {
        match self {
            Self::SecondsToSlack => "Seconds",
            _ => "Count",
        }
    }
}

/// A metric, and its platform; `None` for one of the whole function.
type Key = (Option<String>, Metric);

/// The counts of one invocation, written when it ends.
#[derive(Debug, Default)]
pub struct Metrics {
    /// The function's name; if it has none, nothing is counted.
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

    /// Adds `count`, for a platform or for the whole function.
    pub fn add(&self, metric: Metric, platform: Option<&str>, count: u32) {
        if count == 0 {
            return;
        }
        self.change(metric, platform, |values| {
            let sum = values.first().copied().unwrap_or_default() + f64::from(count);
            *values = vec![sum];
        });
    }

    /// Adds the time that something took.
    pub fn time(&self, metric: Metric, time: Duration) {
        self.change(metric, None, |values| values.push(time.as_secs_f64()));
    }

    fn change(&self, metric: Metric, platform: Option<&str>, change: impl FnOnce(&mut Vec<f64>)) {
        if self.function.is_some() {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            change(counts.entry((platform.map(str::to_owned), metric)).or_default());
        }
    }

    /// Writes the counts since the last call to standard output, which is the log.
    ///
    /// `now` is the function's own clock: CloudWatch drops metrics with a time too far away.
    #[expect(clippy::missing_panics_doc, reason = "a document is always JSON")]
    pub fn write(&self, now: Timestamp) {
        let Some(function) = &self.function else {
            return;
        };
        let counts =
            std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner));
        let mut lines = Vec::new();
        for document in documents(function, &counts, now) {
            serde_json::to_writer(&mut lines, &document).expect("its keys are strings");
            lines.push(b'\n');
        }
        // If standard output is closed, there is no place left to report that to.
        io::stdout().write_all(&lines).ok();
    }
}
