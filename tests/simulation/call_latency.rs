//! Whether the answer to a call came in time, as far as the network can see.
//!
//! A busy machine is a fault that no plan knows of: whoever called gives up, or nearly so.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::calls::Asked;
use crate::faults::Service;
use crate::network::{Network, UNNOTICED, UNNOTICED_BY_A_POST};

/// A call; dropped before it is [`heard`](Self::heard), nobody waited for its answer.
pub(crate) struct Hearing {
    network: Arc<Network>,
    number: usize,
    service: Service,
    asked: Asked,
    came: Instant,
    is_heard: bool,
}

impl Hearing {
    pub(crate) fn new(
        network: &Arc<Network>,
        number: usize,
        service: Service,
        asked: Asked,
    ) -> Self {
        let (network, came) = (Arc::clone(network), Instant::now());
        Self { network, number, service, asked, came, is_heard: false }
    }

    /// There is an answer for somebody who still waits.
    pub(crate) fn heard(mut self) {
        self.is_heard = true;
    }

    fn is_late(&self, patience: Duration) -> bool {
        !self.is_heard || self.came.elapsed() > patience
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        match self.service {
            Service::DynamoDb | Service::Sqs if !self.asked.is_lost && self.is_late(UNNOTICED) => {
                self.asked.is_lost = true;
                self.network.log(|log| log.note_call(self.service, &self.asked));
            }
            Service::Slack if self.is_late(UNNOTICED_BY_A_POST) => {
                self.network.log(|log| log.make_unclear(self.number));
            }
            _ => {}
        }
    }
}
