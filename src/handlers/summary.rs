//! Once a day the last one is summed up.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::timeout_at;

use crate::app::App;
use crate::infra::aws::ServiceError;
use crate::infra::deadline::Deadline;
use crate::infra::dynamodb::SERVICE;
use crate::infra::metrics::Metric;
use crate::notice::Notice;
use crate::queue::Queue;
use crate::queue::envelope::pack_notice;
use crate::summary::schedule::Schedule;
use crate::summary::table::{Progress, Records};
use crate::summary::{Day, Summary};

/// The last orders of a day may wait for their digest. This much later they are posted and recorded.
const SETTLED: SignedDuration = SignedDuration::from_mins(1);

/// Sums up the last day, if that is not done. What fails is logged and counted, and the next tick tries
/// it again.
pub async fn tick(app: &App, deadline: Deadline) {
    let (Some(schedule), Some(records), Some(queue)) =
        (&app.config.summary, &app.records, &app.queue)
    else {
        return;
    };
    let summarized = timeout_at(deadline.due(), summarize(app, schedule, records, queue, deadline));
    let summarized = summarized.await.unwrap_or_else(|_| Err(ServiceError::timeout(SERVICE)));
    if let Err(error) = summarized {
        tracing::error!(%error, "the day cannot be summed up: trying again in a minute");
        app.metrics.count(Metric::ExpectUnavailable);
    }
}

async fn summarize(
    app: &App,
    schedule: &Schedule,
    records: &Records,
    queue: &Queue,
    deadline: Deadline,
) -> Result<(), ServiceError> {
    let now = deadline.now();
    let period = schedule.last(now - app.config.digest_windows.longest_delay() - SETTLED);
    let until = period.ended;
    let Some(progress) = records.progress().await? else {
        // A new table knows nothing of the last day.
        return records.set_progress(&Progress { until, recorded_since: now }).await;
    };
    if progress.until >= until {
        return Ok(());
    }
    let recorded_since = progress.recorded_since;
    let week_before = schedule.week_before(&period);
    let summary = Summary {
        day: records.day(&period).await?,
        week_before: if recorded_since <= week_before.began {
            Some(records.day(&week_before).await?).filter(|day| day.created.orders > 0)
        } else {
            None
        },
        recorded_since: Some(recorded_since).filter(|since| *since > period.began),
        waiting: queue.waiting().await.ok(),
        made_at: now,
        period,
    };
    let Day { created, cancelled, .. } = &summary.day;
    let (orders, cancelled) = (created.orders, cancelled.orders);
    queue.send(&pack_notice(&Notice::from(summary)), Duration::ZERO, deadline).await?;
    tracing::info!(orders, cancelled, "summed up the last day");
    records.set_progress(&Progress { until, ..progress }).await
}
