//! The queue and its dead-letter queue in SQS.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ::url::Url;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
};
use aws_types::SdkConfig;
use tokio::time::timeout_at;

use crate::infra::aws::{ServiceError, timeouts};
use crate::infra::concurrent::concurrently;
use crate::infra::deadline::Deadline;
use crate::infra::http_client::HttpClient;
use crate::queue::batch::Record;
use crate::queue::url::QueueUrl;

pub mod backoff;
pub mod batch;
pub mod digest_window;
pub mod envelope;
pub mod url;

const SERVICE: &str = "SQS";
/// For one try of a call. A sender waits for a send and for one retry of it.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
/// For one call, its retry included.
const TIMEOUT: Duration = Duration::from_millis(2_100);
/// A receive that waits for this long asks all of the queue's servers, and not a few:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html>.
pub const LONG_POLL: Duration = Duration::from_secs(1);
/// The most messages that SQS takes or returns in one call.
pub const MAX_BATCH: usize = 10;
/// Acknowledging five hundred messages takes fifty calls.
const CONCURRENT_CALLS: usize = 8;

/// The queue that the function sends to and receives from, and its dead-letter queue.
#[derive(Debug)]
pub struct Queue {
    client: Client,
    http: Arc<HttpClient>,
    pub url: QueueUrl,
    dead_letters: QueueUrl,
}

impl Queue {
    /// Calls go over `http`, as all calls of `aws` do.
    pub fn new(
        aws: &SdkConfig,
        http: &Arc<HttpClient>,
        url: QueueUrl,
        dead_letters: QueueUrl,
    ) -> Self {
        let config = aws_sdk_sqs::config::Builder::from(aws)
            .timeout_config(timeouts(ATTEMPT_TIMEOUT, TIMEOUT))
            .build();
        let client = Client::from_conf(config);
        Self { client, http: Arc::clone(http), url, dead_letters }
    }

    /// Opens the connection that the first webhook will need.
    pub async fn connect(&self) {
        if let Ok(address) = Url::parse(self.url.as_str()) {
            self.http.connect(address).await;
        }
    }

    /// Sends a message that becomes visible after `delay` (at most 900 seconds).
    pub async fn send(
        &self,
        body: &str,
        delay: Duration,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let seconds = i32::try_from(delay.as_secs()).unwrap_or(i32::MAX);
        let send = self.client.send_message().queue_url(self.url.as_str()).message_body(body);
        let response = timeout_at(deadline.due(), send.delay_seconds(seconds).send()).await;
        response.map_or_else(|_| Err(ServiceError::timeout(SERVICE)), done)
    }

    /// Sends a message to the dead-letter queue, with the reason as an attribute.
    pub async fn dead_letter(
        &self,
        body: &str,
        reason: &str,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        // Given no time at all, the call would be made and not waited for.
        if deadline.left().is_zero() {
            return Err(ServiceError::timeout(SERVICE));
        }
        let reason = MessageAttributeValue::builder().data_type("String").string_value(reason);
        let reason = reason.build().ok().map(|reason| HashMap::from([("reason".into(), reason)]));
        let send = self.client.send_message().queue_url(self.dead_letters.as_str());
        let send = send.message_body(body).set_message_attributes(reason).send();
        let response = timeout_at(deadline.due(), send).await;
        response.map_or_else(|_| Err(ServiceError::timeout(SERVICE)), done)
    }

    /// Receives at most ten messages, which are then hidden from other receivers. If there is none, it
    /// waits for one, for as many whole seconds.
    pub async fn receive(&self, wait: Duration) -> Result<Vec<Record>, ServiceError> {
        let most = i32::try_from(MAX_BATCH).unwrap_or(1);
        // A retry of a receive whose response was lost would leave the first one's messages in flight.
        let timeout = wait + ATTEMPT_TIMEOUT;
        let wait = i32::try_from(wait.as_secs()).unwrap_or(0);
        let timeout = aws_sdk_sqs::config::Builder::default()
            .timeout_config(timeouts(timeout, timeout))
            .retry_config(RetryConfig::disabled());
        let receive = self
            .client
            .receive_message()
            .queue_url(self.url.as_str())
            .max_number_of_messages(most)
            .wait_time_seconds(wait)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
        let response = receive.customize().config_override(timeout).send().await;
        let response = response.map_err(|error| ServiceError::new(SERVICE, &error))?;
        Ok(response.messages.unwrap_or_default().into_iter().filter_map(record).collect())
    }

    /// About how many messages it has: visible, delayed, and received but not deleted.
    pub async fn waiting(&self) -> Result<u64, ServiceError> {
        const COUNTS: [QueueAttributeName; 3] = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let ask = self.client.get_queue_attributes().queue_url(self.url.as_str());
        let response = ask.set_attribute_names(Some(COUNTS.to_vec())).send().await;
        let response = response.map_err(|error| ServiceError::new(SERVICE, &error))?;
        let attributes = response.attributes.unwrap_or_default();
        let counts = COUNTS.iter().map(|name| attributes.get(name)?.parse::<u64>().ok());
        counts.sum::<Option<u64>>().ok_or(ServiceError::unreadable(SERVICE))
    }

    /// Deletes messages. One that cannot be deleted is received again, and is a duplicate then.
    pub async fn delete(&self, receipts: Vec<String>) {
        let calls = receipts.chunks(MAX_BATCH).map(<[_]>::to_vec).collect::<Vec<_>>();
        concurrently(calls, CONCURRENT_CALLS, |receipts| self.delete_some(receipts)).await;
    }

    async fn delete_some(&self, receipts: Vec<String>) {
        let entries = receipts.into_iter().enumerate().filter_map(|(id, receipt_handle)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(id.to_string());
            entry.receipt_handle(receipt_handle).build().ok()
        });
        let delete = self.client.delete_message_batch().queue_url(self.url.as_str());
        let response = delete.set_entries(Some(entries.collect())).send().await;
        log_failures(
            "messages could not be deleted",
            response.map(|response| response.failed.len()),
        );
    }

    /// Makes messages visible again, each after its time. One that cannot be changed becomes visible
    /// after the queue's own visibility timeout.
    pub async fn retry_after(&self, messages: Vec<(String, Duration)>) {
        let calls = messages.chunks(MAX_BATCH).map(<[_]>::to_vec).collect::<Vec<_>>();
        concurrently(calls, CONCURRENT_CALLS, |messages| self.change_some(messages)).await;
    }

    async fn change_some(&self, messages: Vec<(String, Duration)>) {
        let entries =
            messages.into_iter().enumerate().filter_map(|(id, (receipt_handle, wait))| {
                let seconds = i32::try_from(wait.as_secs()).ok()?;
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id.to_string());
                entry.receipt_handle(receipt_handle).visibility_timeout(seconds).build().ok()
            });
        let change = self.client.change_message_visibility_batch().queue_url(self.url.as_str());
        let response = change.set_entries(Some(entries.collect())).send().await;
        log_failures(
            "visibility timeouts could not be changed",
            response.map(|response| response.failed.len()),
        );
    }
}

fn done<T, E: ProvideErrorMetadata>(response: Result<T, SdkError<E>>) -> Result<(), ServiceError> {
    response.map(drop).map_err(|error| ServiceError::new(SERVICE, &error))
}

fn log_failures<E: ProvideErrorMetadata>(what: &str, failed: Result<usize, SdkError<E>>) {
    match failed {
        Ok(0) => {}
        Ok(count) => tracing::warn!(count, "{what}"),
        Err(error) => {
            let error = ServiceError::new(SERVICE, &error);
            tracing::warn!(%error, "{what}");
        }
    }
}

/// A received message; SQS leaves out none of its parts.
fn record(message: Message) -> Option<Record> {
    let receive_count = message.attributes.as_ref().and_then(|attributes| {
        attributes.get(&MessageSystemAttributeName::ApproximateReceiveCount)?.parse().ok()
    });
    Some(Record {
        id: message.message_id?,
        receipt_handle: message.receipt_handle?,
        body: message.body.unwrap_or_default(),
        receive_count: receive_count.unwrap_or(1),
    })
}
