//! A circuit breaker: <https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker>.

use std::sync::atomic::{AtomicUsize, Ordering};

/// This many failures in a row open the circuit.
const MAX_FAILURES: usize = 3;

/// Counts the failures in a row of one service.
#[derive(Debug, Default)]
pub(super) struct CircuitBreaker {
    failures: AtomicUsize,
}

impl CircuitBreaker {
    /// Whether the service failed so often that it is not called any more.
    pub(super) fn is_open(&self) -> bool {
        self.failures.load(Ordering::Relaxed) >= MAX_FAILURES
    }

    pub(super) fn succeeded(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    /// Counts a failure; whether it is the first in a row.
    pub(super) fn failed(&self) -> bool {
        self.failures.fetch_add(1, Ordering::Relaxed) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_in_a_row_open_the_circuit() {
        let circuit = CircuitBreaker::default();
        assert!(circuit.failed());
        assert!(!circuit.failed());
        circuit.succeeded();
        assert_eq!([circuit.failed(), circuit.failed(), circuit.is_open()], [true, false, false]);
        circuit.failed();
        assert!(circuit.is_open());
    }
}
