//! What can go wrong on the way to an AWS service and back.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::sleep;

use crate::aws::{AwsError, EVERY_OPERATION, Service};
use crate::server::{PATIENCE, Reply};

/// What happens to one arriving call.
#[derive(Clone, Debug)]
pub enum AwsFault {
    Pass,
    /// An AWS error of this type and status; nothing else happens.
    Error {
        kind: &'static str,
        status: u16,
    },
    /// Handled as usual, but later: not at all if the caller has hung up by then.
    Slow(Duration),
    Hang,
    Reset,
    /// The operation is performed, then the answer has this fault.
    DoneThen(Box<AwsFault>),
}

impl AwsFault {
    /// An AWS error; services throttle and refuse with 400, and break down with 500.
    pub fn error(kind: &'static str, status: u16) -> Self {
        Self::Error { kind, status }
    }

    /// The same, but after the operation has happened.
    #[must_use]
    pub fn done_then(self) -> Self {
        Self::DoneThen(Box::new(self))
    }

    /// The fault of the call, and the fault of its answer.
    pub(super) fn around(self) -> (Self, Self) {
        let Self::DoneThen(mut after) = self else { return (self, Self::Pass) };
        while let Self::DoneThen(innermost) = *after {
            after = innermost;
        }
        (Self::Pass, *after)
    }

    /// The reply in place of the real one, if there is to be another.
    pub(super) async fn suffer(self, service: Service) -> Option<Reply> {
        match self {
            Self::Pass | Self::DoneThen(_) => None,
            Self::Error { kind, status } => {
                let error = AwsError::new(kind, "scripted by the test").with_status(status);
                Some(service.refuse(error))
            }
            Self::Slow(delay) => {
                sleep(delay.min(PATIENCE)).await;
                None
            }
            Self::Hang => {
                sleep(PATIENCE).await;
                Some(Reply::Reset)
            }
            Self::Reset => Some(Reply::Reset),
        }
    }
}

/// The faults to come, by operation.
#[derive(Debug, Default)]
pub(super) struct Faults {
    scripted: HashMap<String, VecDeque<AwsFault>>,
    lasting: HashMap<String, AwsFault>,
}

impl Faults {
    pub(super) fn script(&mut self, operation: &str, faults: impl IntoIterator<Item = AwsFault>) {
        self.scripted.entry(operation.to_owned()).or_default().extend(faults);
    }

    pub(super) fn fail_with(&mut self, operation: &str, fault: AwsFault) {
        self.lasting.insert(operation.to_owned(), fault);
    }

    /// Scripts come before what lasts, and an operation's own before what is for all.
    pub(super) fn next(&mut self, operation: &str) -> AwsFault {
        let names = [operation, EVERY_OPERATION];
        names
            .iter()
            .find_map(|name| self.scripted.get_mut(*name)?.pop_front())
            .or_else(|| names.iter().find_map(|name| self.lasting.get(*name).cloned()))
            .unwrap_or(AwsFault::Pass)
    }
}
