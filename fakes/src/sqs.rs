//! AWS SQS with one standard queue and its dead-letter queue, speaking AWS JSON 1.0.

mod message;
mod operations;
pub(crate) mod queues;
mod receipt;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

pub(crate) use message::system_attributes;
pub use queues::QueuedMessage;
#[cfg(test)]
pub(crate) use queues::VISIBILITY_TIMEOUT;
pub(crate) use queues::{Queue, Queues, Received};

use crate::aws::{ACCOUNT, AwsFault, Desk, REGION, Service};
use crate::server::Server;

/// Time in it is Tokio's, which a test may have paused, but for [`FakeSqs::advance`].
#[derive(Debug)]
pub struct FakeSqs {
    server: Server,
    desk: Arc<Desk>,
    queues: Arc<Queues>,
}

impl FakeSqs {
    /// With empty queues.
    pub async fn start() -> Self {
        let fake = Self::in_memory();
        Self { server: fake.server.listen().await, ..fake }
    }

    /// The same, for calls in memory alone.
    pub fn in_memory() -> Self {
        let desk = Arc::new(Desk::new(Service::Sqs));
        let queues = Arc::new(Queues::new());
        let server = Server::in_memory({
            let (desk, queues) = (desk.clone(), queues.clone());
            move |request| {
                let (desk, queues) = (desk.clone(), queues.clone());
                async move {
                    let perform = |operation: String, call: Value| async move {
                        operations::perform(&queues, &operation, &call).await
                    };
                    desk.answer(&request, perform).await
                }
            }
        });
        Self { server, desk, queues }
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The endpoint for the SDK, as in `AWS_ENDPOINT_URL_SQS`.
    pub fn origin(&self) -> String {
        self.server.origin()
    }

    pub fn queue_url(&self) -> String {
        self.url(Queue::Main)
    }

    pub fn dead_letter_queue_url(&self) -> String {
        self.url(Queue::DeadLetters)
    }

    pub fn queue_arn(&self) -> String {
        Queue::Main.arn()
    }

    /// The messages of the queue in the order they were sent.
    pub fn messages(&self) -> Vec<QueuedMessage> {
        self.queues.messages(Queue::Main)
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.queues.count(Queue::Main)
    }

    /// The messages that were received too often.
    pub fn dead_letters(&self) -> Vec<QueuedMessage> {
        self.queues.messages(Queue::DeadLetters)
    }

    /// Puts any text into the queue and returns the message's id.
    pub fn send(&self, body: &str) -> String {
        self.queues.send(Queue::Main, body, Map::new(), Duration::ZERO)
    }

    /// Makes a message in flight visible at once, so that it is delivered twice.
    ///
    /// # Panics
    /// If no such message is in flight.
    #[track_caller]
    pub fn deliver_again(&self, id: &str) {
        assert!(self.queues.deliver_again(id), "{id} is not in flight: {:#?}", self.messages());
    }

    /// The same, if the message is in flight.
    pub fn try_deliver_again(&self, id: &str) -> bool {
        self.queues.deliver_again(id)
    }

    /// Waits until the queue's messages are as wanted.
    ///
    /// # Panics
    /// If they are not within the limit.
    pub async fn wait_until(&self, is_so: impl Fn(&[QueuedMessage]) -> bool, limit: Duration) {
        let is_so = self.queues.wait_until(Queue::Main, is_so, limit).await;
        assert!(is_so, "after {limit:?} the queue has {:#?}", self.messages());
    }

    /// Lets time pass for delays and visibility timeouts, and wakes long polls.
    pub fn advance(&self, by: Duration) {
        self.queues.advance(by);
    }

    /// After how many receives a message becomes a dead letter, instead of 1000.
    pub fn set_max_receive_count(&self, count: u64) {
        self.queues.set_max_receive_count(count);
    }

    /// For how long a receiver that names no time of its own hides a message, instead of 3 minutes.
    pub fn set_visibility_timeout(&self, timeout: Duration) {
        self.queues.set_visibility_timeout(timeout);
    }

    /// How many bytes the bodies of all messages may have together. Beyond that, a send is refused.
    pub fn set_capacity(&self, bytes: usize) {
        self.queues.set_capacity(bytes);
    }

    /// Moves the dead letters back to the queue; returns their ids, which stay the same.
    pub fn redrive(&self) -> Vec<String> {
        self.queues.redrive()
    }

    /// Keeps only the last so many calls.
    pub fn remember(&self, most: usize) {
        self.desk.remember(most);
    }

    /// Operations and their requests so far, whatever became of them.
    pub fn calls(&self) -> Vec<(String, Value)> {
        self.desk.calls()
    }

    /// Waits until this operation was called, whatever becomes of the call.
    ///
    /// # Panics
    /// If it is not within 120 seconds.
    pub async fn called(&self, operation: &str) {
        self.desk.called(operation).await;
    }

    /// What happens to the next calls of this operation, or of [`crate::EVERY_OPERATION`].
    pub fn script(&self, operation: &str, faults: impl IntoIterator<Item = AwsFault>) {
        self.desk.script(operation, faults);
    }

    /// What happens to all calls of this operation that have no script.
    pub fn fail_with(&self, operation: &str, fault: AwsFault) {
        self.desk.fail_with(operation, fault);
    }

    /// Forgets all faults, the scripted ones too.
    pub fn recover(&self) {
        self.desk.recover();
    }

    /// For a reader that is no client: Lambda's event source mapping.
    pub(crate) fn queues(&self) -> Arc<Queues> {
        self.queues.clone()
    }

    fn url(&self, queue: Queue) -> String {
        format!("{}/{ACCOUNT}/{}", self.origin(), queue.name())
    }
}

impl Queue {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Main => "order-alerts",
            Self::DeadLetters => "order-alerts-dead-letters",
        }
    }

    pub(crate) fn arn(self) -> String {
        format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", self.name())
    }
}

#[cfg(test)]
mod tests;
