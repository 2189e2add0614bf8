//! Messages that can never work are copied to the dead-letter queue, with the reason.

use crate::app::App;
use crate::delivery::outcome::RetryAfter;
use crate::handlers::disposition::{Disposition, RetryPolicy};
use crate::handlers::queue::message::QueuedMessage;
use crate::infra::aws::ServiceError;
use crate::infra::concurrent::concurrently;
use crate::infra::deadline::Deadline;
use crate::infra::metrics::Metric;
use crate::queue::Queue;

/// Dead letters are sent one by one, but several at a time.
const CONCURRENT_DEAD_LETTERS: usize = 8;

/// Copies dead letters; then their messages can be deleted. What cannot be copied is retried.
pub(super) async fn dead_letter(
    app: &App,
    queue: &Queue,
    messages: &[QueuedMessage],
    dispositions: Vec<Disposition>,
    retry_policy: RetryPolicy,
    deadline: Deadline,
) -> Vec<Disposition> {
    let messages = messages.iter().zip(dispositions).collect();
    concurrently(messages, CONCURRENT_DEAD_LETTERS, |(message, disposition)| async move {
        let Disposition::DeadLetter { bodies, reason } = disposition else { return disposition };
        let message_id = &message.record.id;
        match copy(queue, &bodies, &reason, deadline).await {
            Ok(()) => {
                tracing::error!(message_id, reason, "dead-lettered");
                app.metrics.count(Metric::DeadLettered);
                Disposition::Delete
            }
            Err(error) => {
                tracing::error!(message_id, %error, "dead-letter queue unavailable: retrying");
                let wait = retry_policy.wait(&message.record, RetryAfter::BackOff);
                Disposition::RetryAfter(wait)
            }
        }
    })
    .await
}

async fn copy(
    queue: &Queue,
    bodies: &[String],
    reason: &str,
    deadline: Deadline,
) -> Result<(), ServiceError> {
    for body in bodies {
        queue.dead_letter(body, reason, deadline).await?;
    }
    Ok(())
}
