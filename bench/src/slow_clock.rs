//! The clock of a function under a profiler, which makes everything take a hundred times as long.
//!
//! By the real clock the calls of the function would time out, and it would do something else than it
//! does in Lambda. So its clock is slow, and jumps on when the function only waits for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use tokio::time::sleep;

use crate::world::World;

/// How often the function is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// How far the clock goes on between two looks: in a second of it there is nearly a minute for the
/// function's work.
const STEP: Duration = Duration::from_micros(200);
/// The same when the function does nothing, so that a short wait is soon over.
const IDLE_STEP: Duration = Duration::from_millis(2);
/// How often the function must be found in one sleep before the clock jumps.
const LOOKS: u32 = 30;
/// As long as the longest wait of a function that has nothing else to do, that for its next turn to post.
const JUMP: Duration = Duration::from_millis(2_200);

/// Sets the time of one process through `libfaketime`.
pub(crate) struct SlowClock {
    folder: TempDir,
    start: Duration,
}

impl SlowClock {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("there is room for a folder");
        let start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let clock = Self { folder, start };
        clock.set(Duration::ZERO);
        clock
    }

    /// The environment of the process; `library` is the path of `libfaketime`.
    pub(crate) fn environment(&self, library: &Path) -> [String; 4] {
        [
            format!("LD_PRELOAD={}", library.display()),
            format!("FAKETIME_TIMESTAMP_FILE={}", self.file().display()),
            // Read at every look at the clock, in seconds since the epoch.
            "FAKETIME_NO_CACHE=1".to_owned(),
            "FAKETIME_FMT=%s".to_owned(),
        ]
    }

    /// Lets time pass, and jump on whenever the process waits for nothing else.
    pub(crate) async fn run(&self, process_id: u32, world: &World) {
        let (mut passed, mut looks, mut last) = (Duration::ZERO, 0, None);
        loop {
            sleep(LOOK).await;
            let now = sleeps(process_id).filter(|_| world.is_idle());
            looks = if now.is_some() && now == last { looks + 1 } else { 0 };
            last = now;
            // Once a sleep: it ends by the real clock, and only then the process looks at its own.
            passed += match now {
                Some(_) if looks == LOOKS => JUMP,
                Some(_) => IDLE_STEP,
                None => STEP,
            };
            self.set(passed);
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("now")
    }

    fn set(&self, passed: Duration) {
        let now = self.start + passed;
        let next = self.folder.path().join("next");
        let seconds = format!("{}.{:06}\n", now.as_secs(), now.subsec_micros());
        // The process reads the old time or the new one, and nothing in between.
        let set = fs::write(&next, seconds).and_then(|()| fs::rename(next, self.file()));
        set.expect("there is room for a line");
    }
}

/// How often a process went to sleep so far, if it sleeps now: it waits for an answer, or for time to
/// pass.
pub(crate) fn sleeps(process_id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process_id}/status")).unwrap_or_default();
    let value = |name| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    value("State:")?.starts_with('S').then_some(())?;
    value("voluntary_ctxt_switches:")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_that_waits_for_input_is_asleep() {
        let mut waiting = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        while sleeps(waiting.id()).is_none() {}
        drop(waiting.stdin.take());
        waiting.wait().unwrap();
        assert_eq!(sleeps(waiting.id()), None);
    }
}
