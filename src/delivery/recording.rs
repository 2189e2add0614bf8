//! What is delivered is recorded for the daily summary.

use std::time::Duration;

use tokio::time::timeout_at;

use crate::app::App;
use crate::delivery::ledger_session::CONCURRENT_CALLS;
use crate::infra::aws::ServiceError;
use crate::infra::concurrent::concurrently;
use crate::infra::deadline::Deadline;
use crate::infra::dynamodb::SERVICE;
use crate::infra::metrics::Metric;
use crate::summary::record::Record;

/// The next message waits no longer for this.
const TIME_TO_RECORD: Duration = Duration::from_secs(1);

/// Records events. What cannot be recorded now is not counted.
pub(super) async fn record_all(app: &App, records: Vec<Record>, deadline: Deadline) {
    let Some(table) = app.records.as_ref().filter(|_| !records.is_empty()) else { return };
    let due = deadline.at_most(TIME_TO_RECORD).due();
    let put = async |record: Record| {
        let put = timeout_at(due, table.put(&record)).await;
        put.unwrap_or_else(|_| Err(ServiceError::timeout(SERVICE)))
    };
    let put = concurrently(records, CONCURRENT_CALLS, put).await;
    let failed: Vec<_> = put.into_iter().filter_map(Result::err).collect();
    if let Some(error) = failed.first() {
        let orders = failed.len();
        tracing::error!(%error, orders, "not recorded: the daily summary will not count them");
        app.metrics.count(Metric::ExpectUnavailable);
    }
}
