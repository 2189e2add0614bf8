//! The steps that must follow: an event begins and ends waits, and each minute brings what is overdue.

use std::time::Duration;

use tokio::time::timeout_at;

use crate::app::App;
use crate::infra::aws::ServiceError;
use crate::infra::concurrent::concurrently;
use crate::infra::deadline::Deadline;
use crate::infra::dynamodb::SERVICE;
use crate::infra::metrics::Metric;
use crate::order::OrderEvent;
use crate::queue::Queue;
use crate::queue::envelope::pack_unobserved;

/// A sender waits no longer for this: then the queue does it.
const TIME_TO_OBSERVE: Duration = Duration::from_secs(1);
/// A table that did not answer is asked again after this time.
const ASK_AGAIN: Duration = Duration::from_secs(5);
pub(super) const CONCURRENT_CALLS: usize = 8;

/// Gives the queue what is overdue soon. A sweep that fails is logged and counted; the next one goes on
/// where it ended.
pub async fn tick(app: &App, deadline: Deadline) {
    let Some((watch, queue)) = app.watch.as_ref().zip(app.queue.as_ref()) else { return };
    match watch.sweep(queue, deadline).await {
        Ok(0) => {}
        Ok(waits) => tracing::info!(waits, "overdue soon: given to the queue"),
        Err(error) => unavailable(app, &error),
    }
}

/// Begins and ends the waits of orders. What cannot be done now is left to the queue.
pub(super) async fn observe_all(
    app: &App,
    queue: &Queue,
    events: &[OrderEvent],
    deadline: Deadline,
) -> Result<(), ServiceError> {
    let expectations = &app.config.expectations;
    let concerned =
        events.iter().filter(|event| app.watch.is_some() && expectations.concern(event));
    let in_time = deadline.at_most(TIME_TO_OBSERVE);
    let one = async |event| match observe(app, queue, event, in_time).await {
        Ok(()) => None,
        Err(_) => Some(event.clone()),
    };
    let left = concurrently(concerned.collect(), CONCURRENT_CALLS, one).await;
    let left: Vec<_> = left.into_iter().flatten().collect();
    for message in pack_unobserved(&left) {
        queue.send(&message, ASK_AGAIN, deadline).await?;
    }
    Ok(())
}

/// Begins and ends the waits of an order.
pub(super) async fn observe(
    app: &App,
    queue: &Queue,
    event: &OrderEvent,
    deadline: Deadline,
) -> Result<(), ServiceError> {
    let Some(watch) = &app.watch else { return Ok(()) };
    let observed = watch.observe(&app.config.expectations, queue, event, deadline);
    let observed = timeout_at(deadline.due(), observed).await;
    let observed = observed.unwrap_or_else(|_| Err(ServiceError::timeout(SERVICE)));
    observed.inspect_err(|error| unavailable(app, error))
}

fn unavailable(app: &App, error: &ServiceError) {
    tracing::error!(%error, "what orders wait for cannot be read or written: trying again");
    app.metrics.count(Metric::ExpectUnavailable);
}
