//! Whether the answer to a call came in time.
//!
//! A busy machine is a fault that no plan has: the call times out, or nearly so.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::calls::Call;
use crate::faults::Service;
use crate::network::{Network, WITHIN_POST_TIMEOUT, WITHIN_TIMEOUT};

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
        !self.is_answered || self.came.elapsed() > limit
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
