//! The API in front of the function, with the throttle of template.yaml.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// `ThrottleRate` of template.yaml, as the time for one webhook.
const INTERVAL: Duration = Duration::from_millis(10);
/// Its `ThrottleBurst`.
const BURST: u32 = 500;
/// How many processes take webhooks at once. Lambda would start as many as it needs, and this
/// machine has few cores: here a webhook waits for one, and its answer takes longer.
const AT_ONCE: usize = 8;

pub(crate) struct Gateway {
    /// When it would be idle if it let webhooks in one interval after another.
    idle_at: Mutex<Option<Instant>>,
    processes: Semaphore,
}

impl Gateway {
    pub(crate) fn new() -> Self {
        Self { idle_at: Mutex::default(), processes: Semaphore::new(AT_ONCE) }
    }

    /// Admits a webhook when a process is free, or not at all.
    pub(crate) async fn admit(&self) -> Option<SemaphorePermit<'_>> {
        if !self.has_room() {
            return None;
        }
        Some(self.processes.acquire().await.expect("it is never closed"))
    }

    fn has_room(&self) -> bool {
        let mut idle_at = self.idle_at.lock().expect("no holder of the lock panics");
        let now = Instant::now();
        let begins = idle_at.map_or(now, |idle_at| idle_at.max(now));
        let has_room = begins < now + INTERVAL * BURST;
        if has_room {
            *idle_at = Some(begins + INTERVAL);
        }
        has_room
    }
}
