//! One sandbox of the function, which serves one invocation at a time and can be killed at any moment.

use std::future::pending;
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use order_alerts::app::App;
use order_alerts_fakes::Outcome;
use tokio::sync::{Notify, OnceCell};

use crate::process::Process;
use crate::simulated;
use crate::world::{Stage, World};

pub(crate) struct Sandbox {
    function: Function,
    /// The invocation that it serves, and how many calls it made.
    current: Mutex<(String, usize)>,
    /// By how much its clock is ahead of the world's.
    skew: SignedDuration,
    crash: Notify,
}

/// The function, from its first invocation on.
enum Function {
    Simulated(Box<OnceCell<App>>),
    Process(Box<OnceCell<Process>>),
}

impl Sandbox {
    /// The one that is started for the invocation of this number.
    pub(crate) fn new(world: &World, number: usize) -> Self {
        let skew = SignedDuration::try_from(world.skew).expect("clocks differ by little");
        let skew = if number.is_multiple_of(2) { skew } else { -skew };
        let function = match world.network.stage {
            Stage::Simulated => Function::Simulated(Box::default()),
            Stage::Processes => Function::Process(Box::default()),
        };
        Self { function, current: Mutex::default(), skew, crash: Notify::new() }
    }

    /// Serves one event, to the end of the invocation or of the sandbox.
    pub(crate) async fn invoke(
        self: &Arc<Self>,
        world: &World,
        event: &str,
        request_id: &str,
    ) -> Outcome {
        *self.current.lock().expect("no holder of the lock panics") = (request_id.to_owned(), 0);
        let outcome = tokio::select! {
            biased;
            () = self.crash.notified() => Outcome::Exited,
            outcome = self.serve(world, event, request_id) => outcome,
        };
        if !is_alive_after(&outcome) {
            self.end(world).await;
        }
        outcome
    }

    async fn serve(self: &Arc<Self>, world: &World, event: &str, request_id: &str) -> Outcome {
        let network = &world.network;
        match &self.function {
            Function::Simulated(app) => {
                let start = || simulated::start(network, self, world.now() + self.skew);
                let app = app.get_or_init(start).await;
                simulated::serve(app, event, request_id, world.now() + self.skew).await
            }
            Function::Process(process) => {
                let process = process.get_or_init(|| Process::start(network, self)).await;
                process.serve(event, request_id).await
            }
        }
    }

    /// Ends it, and keeps what it logged about the ledger.
    pub(crate) async fn end(&self, world: &World) {
        if let Function::Process(process) = &self.function
            && let Some(process) = process.get()
        {
            process.kill().await;
            let logged = process.without_ledger();
            world.network.log(|log| log.logged_without_ledger.extend(logged));
        }
    }

    /// Ends it, and with it its invocation.
    pub(crate) fn kill(&self) {
        self.crash.notify_one();
    }

    /// Ends it in the middle of a call.
    pub(crate) async fn die<T>(&self) -> T {
        self.kill();
        pending().await
    }

    /// The invocation that makes the call, and the call's place in it, counted from 0.
    pub(crate) fn count_call(&self) -> (String, usize) {
        let mut current = self.current.lock().expect("no holder of the lock panics");
        current.1 += 1;
        (current.0.clone(), current.1 - 1)
    }
}

/// Whether a sandbox whose invocation ended like this can serve another.
pub(crate) fn is_alive_after(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Answered(_) | Outcome::Failed(_))
}
