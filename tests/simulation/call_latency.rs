//! Whether the answer to a call came in time.
//!
//! A slow call is a fault only if its caller no longer waits. Simulated, that is known exactly. A
//! process on a busy machine may have stopped waiting shortly before the answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::calls::Call;
use crate::faults::Service;
use crate::network::{Network, WITHIN_POST_TIMEOUT, WITHIN_TIMEOUT};
use crate::world::Stage;

/// A call without an answer yet. If it is dropped before it is [`answered`](Self::answered), its
/// caller no longer waited.
pub(crate) struct PendingCall {
    network: Arc<Network>,
    number: usize,
    service: Service,
    call: Call,
    came: Instant,
    is_answered: bool,
}

impl PendingCall {
    pub(crate) fn new(network: &Arc<Network>, number: usize, service: Service, call: Call) -> Self {
        let (network, came) = (Arc::clone(network), Instant::now());
        Self { network, number, service, call, came, is_answered: false }
    }

    /// There is an answer, and the caller still waits.
    pub(crate) fn answered(mut self) {
        self.is_answered = true;
    }

    fn is_late(&self, limit: Duration) -> bool {
        let is_real_time = self.network.stage == Stage::Processes;
        !self.is_answered || (is_real_time && self.came.elapsed() > limit)
    }
}

impl Drop for PendingCall {
    fn drop(&mut self) {
        match self.service {
            Service::DynamoDb | Service::Sqs
                if !self.call.is_failed && self.is_late(WITHIN_TIMEOUT) =>
            {
                self.call.is_failed = true;
                self.network.log(|log| log.note_call(self.service, &self.call));
            }
            Service::Slack if self.is_late(WITHIN_POST_TIMEOUT) => {
                self.network.log(|log| log.mark_in_doubt(self.number));
            }
            _ => {}
        }
    }
}
