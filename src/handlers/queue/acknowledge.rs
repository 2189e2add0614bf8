//! Every message is deleted, or becomes visible again after its time.

use tokio::time::timeout_at;

use crate::handlers::disposition::Disposition;
use crate::handlers::queue::message::QueuedMessage;
use crate::infra::deadline::Deadline;
use crate::queue::Queue;
use crate::queue::batch::{BatchItemFailure, BatchResponse};

/// Acknowledges all messages, of which the first `from_lambda` came with the batch.
///
/// Lambda deletes its own by the response. It would fail the whole batch for an id that it does not
/// know, so the response names only those.
pub(super) async fn acknowledge(
    queue: &Queue,
    messages: &[QueuedMessage],
    dispositions: &[Disposition],
    from_lambda: usize,
    deadline: Deadline,
) -> BatchResponse {
    let mut response = BatchResponse::default();
    let (mut deleted, mut retried) = (Vec::new(), Vec::new());
    for (position, (message, disposition)) in messages.iter().zip(dispositions).enumerate() {
        let record = &message.record;
        let is_from_lambda = position < from_lambda;
        match disposition {
            Disposition::RetryAfter(wait) => {
                retried.push((record.receipt_handle.clone(), *wait));
                if is_from_lambda {
                    let item_identifier = record.id.clone();
                    response.batch_item_failures.push(BatchItemFailure { item_identifier });
                }
            }
            Disposition::Delete | Disposition::DeadLetter { .. } if is_from_lambda => {}
            Disposition::Delete | Disposition::DeadLetter { .. } => {
                deleted.push(record.receipt_handle.clone());
            }
        }
    }
    let calls = async { tokio::join!(queue.delete(deleted), queue.retry_after(retried)) };
    if timeout_at(deadline.due(), calls).await.is_err() {
        tracing::warn!(
            "queue acknowledgements timed out; messages reappear after the visibility timeout"
        );
    }
    response
}
