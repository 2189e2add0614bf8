//! The event source mapping at work: pollers on one side, sandboxes on the other.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::event_source::batch::Batch;
use crate::recorded::Recorded;
use crate::runtime_api::{Invocation, Outcome, RuntimeApi};
use crate::server::lock;
use crate::sqs::{FakeSqs, Queue, Queues};

/// Lambda starts with so many, and they run ahead of the function.
const POLLERS: usize = 5;

const BATCH_SIZE: usize = 10;

/// The longest wait of SQS.
const LONG_POLL: Duration = Duration::from_secs(20);

/// Polls the queue and invokes the function until it is dropped.
///
/// Each poller receives a batch and then waits for a sandbox, so there are never more invocations
/// at once than sandboxes, and some messages are in flight before the function knows of them.
#[derive(Debug)]
pub struct EventSourceMapping {
    sandboxes: Arc<Sandboxes>,
    invocations: watch::Sender<Recorded<Invoked>>,
    _pollers: JoinSet<()>,
}

/// What the mapping invokes.
pub enum Target {
    /// A sandbox with a process of its own.
    Sandbox(RuntimeApi),
    /// The function in this process; the caller restarts it when it has ended.
    Here(Box<dyn Fn(String) -> Invoking + Send + Sync>),
}

/// An invocation with an event, to its end.
pub type Invoking = Pin<Box<dyn Future<Output = Invocation> + Send>>;

impl From<RuntimeApi> for Target {
    fn from(sandbox: RuntimeApi) -> Self {
        Self::Sandbox(sandbox)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sandbox(sandbox) => sandbox.fmt(formatter),
            Self::Here(_) => formatter.write_str("Here"),
        }
    }
}

impl Target {
    async fn invoke(&self, event: String) -> Invocation {
        match self {
            Self::Sandbox(sandbox) => sandbox.invoke(event).await,
            Self::Here(serve) => serve(event).await,
        }
    }
}

/// One invocation that the mapping made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Invoked {
    pub request_id: String,
    /// The index of the sandbox.
    pub sandbox: usize,
    pub message_ids: Vec<String>,
    pub outcome: Outcome,
    /// The messages that were not deleted.
    pub failed: Vec<String>,
    pub took: Duration,
}

impl EventSourceMapping {
    /// With at most as many invocations at once as there are sandboxes.
    pub fn start(sqs: &FakeSqs, sandboxes: Vec<impl Into<Target>>) -> Self {
        let sandboxes = sandboxes.into_iter().map(Into::into).collect();
        let sandboxes = Arc::new(Sandboxes::new(sandboxes));
        let invocations = watch::Sender::default();
        let mut pollers = JoinSet::new();
        for _ in 0..POLLERS {
            pollers.spawn(poll(sqs.queues(), sandboxes.clone(), invocations.clone()));
        }
        Self { sandboxes, invocations, _pollers: pollers }
    }

    /// Puts another sandbox in the place of one whose process has ended.
    ///
    /// A sandbox gets no further invocation after it timed out or its process ended.
    ///
    /// # Panics
    /// If there never was a sandbox with this index.
    pub fn replace(&self, index: usize, sandbox: impl Into<Target>) {
        self.sandboxes.replace(index, sandbox.into());
    }

    /// The invocations that have ended, in the order of their ends.
    pub fn invocations(&self) -> Vec<Invoked> {
        self.invocations.borrow().to_vec()
    }

    /// Keeps only the last so many.
    pub fn remember(&self, most: usize) {
        self.invocations.send_modify(|invocations| invocations.keep_last(most));
    }

    /// Waits until the invocations that have ended are as wanted.
    ///
    /// # Panics
    /// If they are not within the limit.
    pub async fn wait_until(&self, is_so: impl Fn(&[Invoked]) -> bool, limit: Duration) {
        let mut invocations = self.invocations.subscribe();
        let waited =
            timeout(limit, invocations.wait_for(|ended| is_so(&ended.to_vec()))).await.is_ok();
        assert!(waited, "after {limit:?} these have ended: {:#?}", self.invocations());
    }
}

async fn poll(
    queues: Arc<Queues>,
    sandboxes: Arc<Sandboxes>,
    invocations: watch::Sender<Recorded<Invoked>>,
) {
    loop {
        let messages =
            queues.receive(Queue::Main, BATCH_SIZE, queues.visibility_timeout(), LONG_POLL).await;
        let Some(batch) = Batch::new(queues.clone(), messages) else { continue };
        let message_ids = batch.message_ids();
        let (index, sandbox) = sandboxes.take().await;
        let Invocation { request_id, outcome, took, .. } =
            sandbox.invoke(batch.event().to_string()).await;
        let failed = batch.acknowledge(&outcome);
        sandboxes.release(index, sandbox, &outcome);
        invocations.send_modify(|ended| {
            let sandbox = index;
            ended.push(Invoked { request_id, sandbox, message_ids, outcome, failed, took });
        });
    }
}

/// The sandboxes by index, and a queue of those that wait for an invocation.
#[derive(Debug)]
struct Sandboxes {
    current: Mutex<Vec<Arc<Target>>>,
    free: mpsc::UnboundedSender<(usize, Arc<Target>)>,
    queue: tokio::sync::Mutex<mpsc::UnboundedReceiver<(usize, Arc<Target>)>>,
}

impl Sandboxes {
    fn new(sandboxes: Vec<Target>) -> Self {
        let (free, queue) = mpsc::unbounded_channel();
        let current: Vec<_> = sandboxes.into_iter().map(Arc::new).collect();
        for sandbox in current.iter().cloned().enumerate() {
            // This struct has the receiver too, so this cannot fail; nor can it elsewhere.
            let _ = free.send(sandbox);
        }
        Self { current: Mutex::new(current), free, queue: tokio::sync::Mutex::new(queue) }
    }

    /// The next free sandbox; one that was replaced while it waited is skipped.
    async fn take(&self) -> (usize, Arc<Target>) {
        let mut queue = self.queue.lock().await;
        loop {
            let (index, sandbox) = queue.recv().await.expect("this struct has the sender too");
            if self.is_current(index, &sandbox) {
                return (index, sandbox);
            }
        }
    }

    fn release(&self, index: usize, sandbox: Arc<Target>, outcome: &Outcome) {
        let is_alive = matches!(outcome, Outcome::Answered(_) | Outcome::Failed(_))
            || matches!(&*sandbox, Target::Here(_));
        if is_alive && self.is_current(index, &sandbox) {
            let _ = self.free.send((index, sandbox));
        }
    }

    fn replace(&self, index: usize, sandbox: Target) {
        let sandbox = Arc::new(sandbox);
        lock(&self.current)[index] = sandbox.clone();
        let _ = self.free.send((index, sandbox));
    }

    fn is_current(&self, index: usize, sandbox: &Arc<Target>) -> bool {
        Arc::ptr_eq(&lock(&self.current)[index], sandbox)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use serde_json::{Value, json};
    use tokio::task::JoinHandle;

    use super::*;
    use crate::client::{connect, send};
    use crate::sqs::VISIBILITY_TIMEOUT;

    const LIMIT: Duration = Duration::from_secs(10);

    /// A function that answers every event with `answer`.
    fn function(api: &RuntimeApi, answer: Value) -> JoinHandle<Infallible> {
        let origin = format!("http://{}", api.authority());
        tokio::spawn(async move {
            let runtime = "/2018-06-01/runtime/invocation";
            loop {
                let next = send(&origin, "GET", &format!("{runtime}/next"), &[], b"").await;
                let head = next.unwrap().head;
                let (_, id) = head.split_once("lambda-runtime-aws-request-id: ").unwrap();
                let path = format!("{runtime}/{}/response", id.lines().next().unwrap());
                send(&origin, "POST", &path, &[], answer.to_string().as_bytes()).await.unwrap();
            }
        })
    }

    #[tokio::test]
    async fn messages_run_ahead_of_a_busy_function() {
        let sqs = FakeSqs::start().await;
        for number in 0..60 {
            sqs.send(&number.to_string());
        }
        let mapping = EventSourceMapping::start(&sqs, vec![RuntimeApi::start().await]);
        let flying = |messages: &[crate::QueuedMessage]| {
            messages.iter().filter(|message| message.in_flight).count() == 50
        };
        sqs.wait_until(flying, LIMIT).await;
        assert!(mapping.invocations().is_empty());
    }

    #[tokio::test]
    async fn a_sandbox_that_ended_is_left_alone_until_it_is_replaced() {
        let sqs = FakeSqs::start().await;
        let sandbox = RuntimeApi::start().await;
        sandbox.sandbox().process_exited();
        let mapping = EventSourceMapping::start(&sqs, vec![sandbox]);
        let failed = sqs.send("1");
        mapping.wait_until(|ended| ended.len() == 1, LIMIT).await;
        assert_eq!(mapping.invocations()[0].outcome, Outcome::Exited);
        assert_eq!(mapping.invocations()[0].failed, [failed]);
        let fresh = RuntimeApi::start().await;
        let function = function(&fresh, json!(null));
        sqs.advance(VISIBILITY_TIMEOUT);
        mapping.replace(0, fresh);
        sqs.wait_until(<[_]>::is_empty, LIMIT).await;
        function.abort();
    }

    #[tokio::test]
    async fn a_dropped_mapping_polls_no_more_and_ends_its_sandboxes() {
        let sqs = FakeSqs::start().await;
        let sandbox = RuntimeApi::start().await;
        let origin = format!("http://{}", sandbox.authority());
        let mut stream = connect(&origin).await;
        let mapping = EventSourceMapping::start(&sqs, vec![sandbox]);
        drop(mapping);
        assert_eq!(tokio::io::AsyncReadExt::read(&mut stream, &mut [0]).await.unwrap_or(0), 0);
        sqs.send("1");
        assert!(sqs.batch(10).is_some());
    }
}
