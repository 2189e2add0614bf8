//! Two invocations, of which one waits for the other before chosen calls.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// The first stops before one of its calls until the second has come to one of its own, and there
/// the second stops until the first has ended: by itself, or because it is killed there.
pub(crate) struct Gates {
    pub(crate) first: (String, usize),
    pub(crate) second: (String, usize),
    pub(crate) first_dies: bool,
    reached: Mutex<Reached>,
    changed: Notify,
}

/// How a gate was passed.
pub(crate) enum Passed {
    After(Duration),
    /// Not at all.
    Dead,
}

#[derive(Clone, Copy, Default)]
struct Reached {
    first: Progress,
    second: Progress,
}

/// How far one of them has come.
#[derive(Clone, Copy, Default)]
struct Progress {
    stood: bool,
    ended: bool,
}

impl Gates {
    pub(crate) fn new(first: (String, usize), second: (String, usize), first_dies: bool) -> Self {
        Self { first, second, first_dies, reached: Mutex::default(), changed: Notify::new() }
    }

    /// Comes to the call at this place and waits there if it must.
    pub(crate) async fn pass(&self, invocation: &str, place: usize) -> Passed {
        let came = Instant::now();
        if (invocation, place) == (&self.first.0, self.first.1) {
            self.change(|reached| reached.first.stood = true);
            self.until(|Reached { second, .. }| second.stood || second.ended).await;
            if self.first_dies {
                return Passed::Dead;
            }
        } else if (invocation, place) == (&self.second.0, self.second.1) {
            self.change(|reached| reached.second.stood = true);
            self.until(|reached| reached.first.ended).await;
        }
        Passed::After(came.elapsed())
    }

    pub(crate) fn ended(&self, invocation: &str) {
        self.change(|reached| {
            reached.first.ended |= invocation == self.first.0;
            reached.second.ended |= invocation == self.second.0;
        });
    }

    /// Waits until the first stands before its call, or has ended without one; whether it stands.
    pub(crate) async fn first_stands(&self) -> bool {
        self.until(|Reached { first, .. }| first.stood || first.ended).await.first.stood
    }

    /// Whether the second came to its call.
    pub(crate) fn second_stood(&self) -> bool {
        self.look().second.stood
    }

    async fn until(&self, is_so: impl Fn(&Reached) -> bool) -> Reached {
        loop {
            let changed = self.changed.notified();
            let reached = self.look();
            if is_so(&reached) {
                return reached;
            }
            changed.await;
        }
    }

    fn change(&self, change: impl FnOnce(&mut Reached)) {
        change(&mut self.reached.lock().expect("no holder of the lock panics"));
        self.changed.notify_waiters();
    }

    fn look(&self) -> Reached {
        *self.reached.lock().expect("no holder of the lock panics")
    }
}
