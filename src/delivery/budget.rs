//! The invocation that a delivery is part of.

use std::time::Duration;

use crate::infra::deadline::Deadline;

/// The name and the time of one invocation.
#[derive(Clone, Copy, Debug)]
pub struct Budget<'a> {
    /// The owner of its leases.
    pub request_id: &'a str,
    pub deadline: Deadline,
    /// Kept back of its time for what follows the delivery.
    pub reserve: Duration,
}
