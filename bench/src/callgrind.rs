//! Counts the instructions of a function, from its start until it waits for another event.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::NamedTempFile;
use tokio::process::Command;
use tokio::time::sleep;

use crate::slow_clock::{SlowClock, sleeps};
use crate::world::{Delivery, Function, World};

/// What a function is invoked with.
pub(crate) enum Event {
    Webhook,
    /// So many messages of the queue.
    Batch(usize),
}

impl Event {
    /// How many messages of the queue it takes.
    pub(crate) fn messages(&self) -> usize {
        match self {
            Self::Webhook => 0,
            Self::Batch(messages) => *messages,
        }
    }
}

/// Counts the start of `binary` and these events, one after the other; `clock` is the path of
/// `libfaketime`, whose own work is left out.
pub(crate) async fn instructions(
    world: &World,
    binary: &Path,
    clock: &Path,
    delivery: Delivery,
    events: &[Event],
) -> u64 {
    let counts = NamedTempFile::new().expect("there is room for a file");
    let slow_clock = SlowClock::new();
    let mut command = Command::new("env");
    command
        .args(slow_clock.environment(clock))
        .args(["valgrind", "--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", counts.path().display()))
        .arg(binary);
    let function = world.run(command, delivery).await;
    let process_id = function.process.process_id();
    let invocations = async {
        for event in events {
            match event {
                Event::Webhook => {
                    function.accept(world.webhook()).await;
                }
                Event::Batch(messages) => function.consume(&world.queue, *messages).await,
            }
        }
    };
    tokio::select! {
        () = invocations => {}
        () = slow_clock.run(process_id, world) => {}
    }
    end(&function).await;
    collected(&fs::read_to_string(counts.path()).expect("callgrind has written its counts"))
}

/// Lets the process write its counts once it has nothing to do.
async fn end(function: &Function) {
    let id = function.process.process_id();
    while sleeps(id).is_none() {
        sleep(Duration::from_millis(1)).await;
    }
    let pid = i32::try_from(id).ok().and_then(Pid::from_raw).expect("the process has an id");
    kill_process(pid, Signal::TERM).expect("the process waits for an event");
    function.process.exited().await;
}

/// All that the file of counts has, without the calls of the clock.
///
/// Its lines: <https://valgrind.org/docs/manual/cl-format.html>.
fn collected(counts: &str) -> u64 {
    const CLOCK: &str = "libfaketime";
    let number = |text: &str| text.trim().parse().unwrap_or(0_u64);
    // An object has its name only where it stands first, and its number everywhere.
    let objects =
        || counts.lines().filter_map(|line| line.trim_start_matches('c').strip_prefix("ob="));
    let clock = objects().find(|object| object.contains(CLOCK));
    let clock = clock.and_then(|object| object.split(' ').next()).expect("the clock is slow");
    let is_clock = |object: &str| object.split(' ').next() == Some(clock);
    let (mut total, mut of_clock, mut is_in_clock, mut is_to_clock, mut is_call) =
        (0, 0, false, false, false);
    for line in counts.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            is_in_clock = is_clock(object);
        } else if let Some(object) = line.strip_prefix("cob=") {
            is_to_clock = is_clock(object);
        } else if line.starts_with("calls=") {
            is_call = true;
        } else if let Some(sum) = line.strip_prefix("totals:") {
            total += number(sum);
        } else if is_call {
            // What the call counts, and all that it calls in turn.
            let count = line.split(' ').nth(1).map_or(0, number);
            if is_to_clock && !is_in_clock {
                of_clock += count;
            }
            (is_call, is_to_clock) = (false, false);
        }
    }
    total - of_clock
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calls_of_the_clock_are_left_out() {
        let counts = "version: 1\npositions: line\nevents: Ir\n\n\
                      ob=(1) /function\nfl=(1) main.rs\nfn=(1) main\n16 400\n\
                      cob=(2) /usr/lib/faketime/libfaketime.so.1\ncfn=(2) clock_gettime\n\
                      calls=3 50\n* 70\n\
                      cfn=(4) other\ncalls=1 60\n* 8\n\
                      fn=(4)\n60 8\n\
                      ob=(2)\nfn=(2)\n50 30\n\
                      cob=(3) /lib/libc.so.6\ncfn=(3) read\ncalls=3 90\n* 40\n\
                      ob=(3)\nfn=(3)\n90 40\n\
                      cob=(2)\ncfn=(2)\ncalls=1 50\n* 1\n\
                      totals: 480\n";
        assert_eq!(collected(counts), 480 - 70 - 1);
    }
}
