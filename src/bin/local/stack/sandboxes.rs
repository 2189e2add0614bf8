//! The function's sandboxes: each serves one invocation at a time and can be killed at any moment.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use order_alerts::app::App;
use order_alerts::config::Config;
use order_alerts::handlers::{InvocationContext, handle};
use order_alerts::infra::aws::MissingVariable;
use order_alerts::infra::http_client::HttpClient;
use order_alerts_fakes::Outcome;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::stack::network::Network;
use crate::terminal::Failure;

/// The timeout of the template.
const TIMEOUT: Duration = Duration::from_secs(30);
/// So many idle ones are kept for the next invocations.
const MAX_IDLE: usize = 8;

/// One sandbox.
pub(crate) struct Sandbox {
    pub(crate) app: App,
    /// The id of the invocation that it serves.
    invocation: Arc<Mutex<String>>,
    crash: Notify,
}

impl Sandbox {
    pub(crate) fn new(network: &Arc<Network>, config: Config) -> Result<Self, MissingVariable> {
        let invocation = Arc::new(Mutex::new(String::new()));
        let (on, of) = (Arc::clone(network), Arc::clone(&invocation));
        let http = Arc::new(HttpClient::Handler(Box::new(move |request| {
            Box::pin(Arc::clone(&on).carry(lock(&of).clone(), request))
        })));
        let variables = Arc::clone(network);
        let app = App::new(config, &http, move |name| variables.outside.variable(name))?;
        Ok(Self { app, invocation, crash: Notify::new() })
    }

    /// Serves one event, to the end of the invocation or of the sandbox.
    async fn serve(&self, event: &str, request_id: &str, now: Timestamp) -> Outcome {
        request_id.clone_into(&mut lock(&self.invocation));
        let context = InvocationContext { request_id, function_arn: None };
        let handled = handle(&self.app, event, context, now, now + TIMEOUT);
        let handled = timeout(TIMEOUT, AssertUnwindSafe(handled).catch_unwind());
        tokio::select! {
            biased;
            () = self.crash.notified() => Outcome::Exited,
            outcome = handled => match outcome {
                Err(_) => Outcome::TimedOut,
                Ok(Err(_)) => Outcome::Failed("the function panicked".into()),
                Ok(Ok(Err(error))) => Outcome::Failed(error.to_string().into()),
                Ok(Ok(Ok(response))) => {
                    serde_json::to_value(response).map_or(Outcome::Exited, Outcome::Answered)
                }
            },
        }
    }
}

/// All sandboxes.
#[derive(Default)]
pub(crate) struct Sandboxes {
    /// The next is the one that has just become idle: it knows best what Slack takes.
    idle: Mutex<Vec<Arc<Sandbox>>>,
    running: Mutex<Vec<Arc<Sandbox>>>,
    /// Grows when the idle ones are ended: those that run then are not used again.
    generation: Mutex<u64>,
}

impl Sandboxes {
    /// One that is idle, or a new one.
    pub(crate) fn take(
        &self,
        new: impl FnOnce() -> Result<Sandbox, Failure>,
    ) -> Result<Arc<Sandbox>, Failure> {
        let idle = lock(&self.idle).pop();
        idle.map_or_else(|| new().map(Arc::new), Ok)
    }

    /// Has a sandbox serve an event.
    pub(crate) async fn serve(
        &self,
        sandbox: Arc<Sandbox>,
        event: &str,
        request_id: &str,
        now: Timestamp,
    ) -> Outcome {
        let generation = *lock(&self.generation);
        lock(&self.running).push(Arc::clone(&sandbox));
        let outcome = sandbox.serve(event, request_id, now).await;
        lock(&self.running).retain(|running| !Arc::ptr_eq(running, &sandbox));
        let is_alive = matches!(outcome, Outcome::Answered(_) | Outcome::Failed(_));
        let mut idle = lock(&self.idle);
        if is_alive && *lock(&self.generation) == generation && idle.len() < MAX_IDLE {
            idle.push(sandbox);
        }
        outcome
    }

    /// Ends those that are idle, and lets the others end their invocations.
    pub(crate) fn renew(&self) {
        *lock(&self.generation) += 1;
        lock(&self.idle).clear();
    }

    /// How many serve an event.
    #[cfg(test)]
    pub(crate) fn running(&self) -> usize {
        lock(&self.running).len()
    }

    /// Ends all, in the middle of what they do.
    pub(crate) fn kill(&self) {
        self.renew();
        lock(&self.running).iter().for_each(|sandbox| sandbox.crash.notify_one());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
