//! One start of a program, and its first invocations.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;
use tokio::process::Command;
use tokio::time::sleep;

use crate::world::{Delivery, Function, Network, World};

/// Invocations after the first one.
const WARM: u32 = 30;
/// Longer than a consumer waits for its next turn to post.
const LULL: Duration = Duration::from_millis(2_500);

/// What takes webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Program {
    Floor,
    Direct,
    Queue,
    Python,
}

/// In milliseconds and megabytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// From the start until it asks for an event.
    pub(crate) init: f64,
    /// From the start until Slack, or the queue, has the order.
    pub(crate) delivered: f64,
    /// Processor time of the start and the first invocation.
    pub(crate) cold_cpu: f64,
    /// A later invocation, without the time for which the service held its answer back.
    pub(crate) warm: f64,
    pub(crate) warm_cpu: f64,
    pub(crate) memory: f64,
}

impl Program {
    pub(crate) const ALL: [Self; 4] = [Self::Floor, Self::Direct, Self::Queue, Self::Python];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Direct => "order-alerts, to Slack",
            Self::Queue => "order-alerts, to the queue",
            Self::Python => "Python",
        }
    }

    fn delivery(self) -> Delivery {
        if self == Self::Queue { Delivery::Queue } else { Delivery::Direct }
    }

    /// `roots` is for the program that has no roots compiled in.
    fn command(self, roots: &Path) -> Command {
        match self {
            Self::Floor => Command::new(path("FLOOR")),
            Self::Direct | Self::Queue => Command::new(path("BOOTSTRAP")),
            Self::Python => {
                let mut command = Command::new("env");
                command.arg(format!("ROOTS={}", roots.display()));
                command.arg(path("PEER").join("bin/python"));
                command.args(["-B", "-m", "awslambdaric", "handler.handle"]);
                command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/peer"));
                command
            }
        }
    }
}

/// What the Makefile says in this variable.
pub(crate) fn path(variable: &str) -> PathBuf {
    PathBuf::from(env::var_os(variable).unwrap_or_else(|| panic!("the Makefile sets {variable}")))
}

/// The roots that Python's packages bring along, and the one of these services.
fn roots(world: &World) -> NamedTempFile {
    let python = fs::read_dir(path("PEER").join("lib")).expect("the Makefile installs it");
    let packages = python.filter_map(|python| Some(python.ok()?.path().join("site-packages")));
    let mut files = packages.map(|packages| packages.join("certifi/cacert.pem"));
    let public = files.find_map(|file| fs::read(file).ok());
    let own = fs::read(world.root_file()).expect("the root is stored");
    let mut roots = NamedTempFile::new().expect("there is room for a file");
    let written = roots.write_all(&public.expect("Python's packages have roots"));
    written.and_then(|()| roots.write_all(&own)).expect("there is room for the roots");
    roots
}

/// Starts a program for one webhook that waits already, and for more of them.
pub(crate) async fn sample(program: Program, network: Network) -> Sample {
    let world = World::start(network).await;
    let delivery = program.delivery();
    let (webhook, roots) = (world.webhook(), roots(&world));
    let start = Instant::now();
    let function = world.run(program.command(roots.path()), delivery).await;
    let ready = async {
        function.lambda.ready().await;
        start.elapsed()
    };
    let (init, _) = tokio::join!(ready, function.accept(webhook));
    let cold_cpu = cpu_time(&function);
    let first = world.take_goal(delivery).first.expect("the order was delivered");
    let mut warm = Duration::ZERO;
    for _ in 0..WARM {
        warm += function.accept(world.webhook()).await;
    }
    let held = world.take_goal(delivery).held;
    let warm_cpu = cpu_time(&function).saturating_sub(cold_cpu);
    let memory = memory(&function);
    // The next program must not start while this one ends.
    function.process.stop().await;
    Sample {
        init: milliseconds(init),
        delivered: milliseconds(first - start),
        cold_cpu: milliseconds(cold_cpu),
        warm: milliseconds(warm.saturating_sub(held) / WARM),
        warm_cpu: milliseconds(warm_cpu / WARM),
        memory,
    }
}

/// How long one order takes from the queue to Slack, in milliseconds.
pub(crate) struct Consumed {
    pub(crate) first: f64,
    /// The next time, when the last post is long ago.
    pub(crate) next: f64,
    /// Until that invocation is over.
    pub(crate) busy: f64,
}

/// Two orders, with a lull between them.
pub(crate) async fn consumer(network: Network) -> Consumed {
    let world = World::start(network).await;
    let binary = path("BOOTSTRAP");
    world.fill_queue(&binary, 2).await;
    let function = world.run(Command::new(&binary), Delivery::Queue).await;
    function.lambda.ready().await;
    let consume = async || {
        world.take_traffic();
        let start = Instant::now();
        function.consume(&world.queue, 1).await;
        let busy = start.elapsed();
        let [slack, ..] = world.take_traffic();
        let posted = slack.first.expect("the order was posted") - start;
        [posted, busy].map(milliseconds)
    };
    let [first, _] = consume().await;
    sleep(LULL).await;
    let [next, busy] = consume().await;
    Consumed { first, next, busy }
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// The time that all threads of the process have had a processor for.
///
/// <https://docs.kernel.org/scheduler/sched-stats.html>
pub(crate) fn cpu_time(function: &Function) -> Duration {
    let threads = format!("/proc/{}/task", function.process.process_id());
    let threads = fs::read_dir(threads).expect("the process runs on Linux");
    let nanoseconds = threads.filter_map(|thread| {
        let stat = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        stat.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

#[expect(clippy::cast_precision_loss, reason = "no process has so much memory")]
fn memory(function: &Function) -> f64 {
    function.process.peak_memory_kib() as f64 * 1_024.0 / 1e6
}
