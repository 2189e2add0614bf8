//! A load: what is sent, what goes wrong meanwhile, and the figures of the run.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use order_alerts::queue::envelope::{pack, unpack};
use order_alerts_fakes::{FakeSqs, Fault, Outcome};
use serde_json::json;
use tokio::runtime::Builder;
use tokio::time::{interval_at, sleep, sleep_until};

use crate::faults::Plan;
use crate::invariants::{Figures, Violation, check_invariants};
use crate::senders::{Event, Responses, send};
use crate::world::{Settings, Stage, World, channel_url};

/// After so much time without an invocation no received message is still on its way to one.
const QUIET: Duration = Duration::from_millis(500);

/// After the last fault: until then the leases of killed sandboxes have expired.
pub(crate) const RECOVERY: Duration = Duration::from_secs(40);

/// The schedule's minutes begin at any second.
const FIRST_TICK: Duration = Duration::from_secs(17);

/// So long a kill waits for a busy sandbox.
const KILL_WITHIN: Duration = Duration::from_secs(2);

/// The outage of a channel that rules name.
#[derive(Clone, Debug)]
pub(crate) struct ChannelOutage {
    pub(crate) channel: &'static str,
    pub(crate) during: Range<Duration>,
    pub(crate) fault: Fault,
}

/// One run; the same load runs in the same way every time, if it is simulated.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) name: String,
    pub(crate) stage: Stage,
    pub(crate) settings: Settings,
    pub(crate) seed: u64,
    pub(crate) events: Vec<Event>,
    pub(crate) plan: Plan,
    /// Slack answers 503 to everything.
    pub(crate) outage: Option<Range<Duration>>,
    /// One channel answers nothing but this for a while.
    pub(crate) channel_outage: Option<ChannelOutage>,
    /// When a sandbox that is serving an event is killed.
    pub(crate) kills: Vec<Duration>,
    /// When the consumers of the queue start.
    pub(crate) fed_from: Duration,
    /// Until then, the events wait in queue messages of this size, as those of a webhook with a list
    /// of orders do.
    pub(crate) per_message: Option<usize>,
    /// While expectations are watched over, no tick comes during this time.
    pub(crate) no_ticks: Option<Range<Duration>>,
    /// By how much the clocks of sandboxes differ from the world's at most.
    pub(crate) skew: Duration,
    /// When all faults have ended, so that what is sent afterwards is shown in time. A load without
    /// faults is checked from its start.
    pub(crate) well_from: Option<Duration>,
    /// What is in the queue then has been there for too long.
    pub(crate) limit: Duration,
    pub(crate) is_verbose: bool,
}

impl Load {
    pub(crate) fn new(name: &str, events: Vec<Event>, limit: Duration) -> Self {
        Self {
            name: name.to_owned(),
            stage: Stage::Simulated,
            settings: &[],
            seed: 1,
            events,
            plan: Plan::Nothing,
            outage: None,
            channel_outage: None,
            kills: Vec::new(),
            fed_from: Duration::ZERO,
            per_message: None,
            no_ticks: None,
            skew: Duration::ZERO,
            well_from: None,
            limit,
            is_verbose: false,
        }
    }

    /// With the real bootstrap. No second run is like the first, so this one keeps its history.
    pub(crate) fn of_processes(name: &str, events: Vec<Event>, limit: Duration) -> Self {
        let stage = Stage::Processes;
        Self { stage, is_verbose: true, ..Self::new(name, events, limit) }
    }

    /// Runs in a world of its own, until everything is delivered or the limit is over.
    pub(crate) fn run(&self) -> Result<Figures, Box<Violation>> {
        // The SDK draws its back-off from this.
        fastrand::seed(self.seed);
        let is_simulated = self.stage == Stage::Simulated;
        let runtime = Builder::new_current_thread().enable_all().start_paused(is_simulated).build();
        runtime.expect("a runtime can be built").block_on(async {
            let Self { stage, settings, skew, .. } = *self;
            let plan = self.plan.clone();
            let world = World::start(stage, settings, plan, skew, self.is_verbose).await;
            let responses = Arc::new(Responses::default());
            let outage = tokio::spawn(outage(Arc::clone(&world), self.outage.clone()));
            let of_channel = channel_outage(Arc::clone(&world), self.channel_outage.clone());
            let of_channel = tokio::spawn(of_channel);
            let ticks = tokio::spawn(tick(Arc::clone(&world), self.no_ticks.clone()));
            let kills = tokio::spawn(kill(Arc::clone(&world), self.kills.clone(), self.seed));
            let sent = send(&world, &self.events, &responses);
            let fed = async {
                sleep_until(world.network.began + self.fed_from).await;
                if let Some(size) = self.per_message {
                    repack(&world.network.outside.sqs, size);
                }
                world.feed()
            };
            let ((), _feeding) = tokio::join!(sent, fed);
            kills.await.expect("no kill panics");
            match self.stage {
                Stage::Simulated => self.wait(&world).await,
                Stage::Processes => self.wait_in_real_time(&world).await,
            }
            outage.abort();
            of_channel.abort();
            ticks.abort();
            world.end().await;
            let well_from = self.well_from.or(self.is_well().then_some(Duration::ZERO));
            check_invariants(&world, &self.events, &responses, well_from)
        })
    }

    /// Whether nothing goes wrong from the start, so that all must be shown in time.
    fn is_well(&self) -> bool {
        let has_no_faults = matches!(self.plan, Plan::Nothing)
            && self.outage.is_none()
            && self.channel_outage.is_none()
            && self.kills.is_empty()
            && self.no_ticks.is_none()
            && self.fed_from.is_zero();
        has_no_faults && self.stage == Stage::Simulated
    }

    /// Waits until nothing is in progress, and calls that were cut off have no effect any more.
    async fn wait(&self, world: &World) {
        let mut since = None;
        while world.network.began.elapsed() < self.limit {
            let now = world.network.began.elapsed();
            since = if world.is_at_rest() { since.or(Some(now)) } else { None };
            if since.is_some_and(|since| now > since + Duration::from_secs(10)) {
                return;
            }
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// Waits for the same, and skips the waits of messages and leases.
    async fn wait_in_real_time(&self, world: &World) {
        let mut quiet = (Duration::ZERO, 0);
        while world.network.began.elapsed() < self.limit {
            let now = world.network.began.elapsed();
            if !world.is_idle() || world.invocations() != quiet.1 {
                quiet = (now, world.invocations());
            } else if now > quiet.0 + QUIET {
                if world.network.outside.sqs.count() == 0 {
                    return;
                }
                world.cut_waits_short();
                quiet = (now, world.invocations());
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Puts the visible events into messages of this size.
fn repack(sqs: &FakeSqs, size: usize) {
    let mut events = Vec::new();
    while let Some(batch) = sqs.batch(10) {
        let records = batch.event()["Records"].take();
        for record in records.as_array().into_iter().flatten() {
            let content = unpack(record["body"].as_str().unwrap_or_default());
            let content = content.expect("only the function writes into its queue");
            events.extend_from_slice(content.orders());
        }
        batch.acknowledge(&Outcome::Answered(json!({"batchItemFailures": []})));
    }
    for body in events.chunks(size).flat_map(pack) {
        sqs.send(&body);
    }
}

async fn kill(world: Arc<World>, moments: Vec<Duration>, seed: u64) {
    let mut chance = Rng::with_seed(seed);
    for moment in moments {
        sleep_until(world.network.began + moment).await;
        let is_over = || world.network.began.elapsed() > moment + KILL_WITHIN;
        while !is_over() && !world.kill_any(&mut chance) {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Invokes the function once a minute, where any step is expected.
async fn tick(world: Arc<World>, pause: Option<Range<Duration>>) {
    if !world.network.outside.settings.iter().any(|(name, _)| *name == "EXPECT") {
        return;
    }
    let event = json!({"source": "aws.events", "detail-type": "Scheduled Event"}).to_string();
    let mut minutes = interval_at(world.network.began + FIRST_TICK, Duration::from_mins(1));
    loop {
        minutes.tick().await;
        let now = world.network.began.elapsed();
        if pause.as_ref().is_none_or(|pause| !pause.contains(&now)) {
            let (world, event) = (Arc::clone(&world), event.clone());
            tokio::spawn(async move { world.invoke(&event).await });
        }
    }
}

async fn outage(world: Arc<World>, outage: Option<Range<Duration>>) {
    if let Some(Range { start, end }) = outage {
        let slack = &world.network.outside.slack;
        sleep_until(world.network.began + start).await;
        slack.down(Fault::answer(503, ""));
        sleep_until(world.network.began + end).await;
        slack.up();
    }
}

async fn channel_outage(world: Arc<World>, outage: Option<ChannelOutage>) {
    if let Some(ChannelOutage { channel, during, fault }) = outage {
        let slack = &world.network.outside.slack;
        sleep_until(world.network.began + during.start).await;
        slack.down_at(&channel_url(slack, channel), fault);
        sleep_until(world.network.began + during.end).await;
        slack.up();
    }
}

impl Figures {
    /// From the last event that was sent to the last order that was shown for the first time.
    pub(crate) fn delay(&self) -> Duration {
        let last = self.shown.values().filter_map(|times| times.iter().min()).max();
        last.map_or(Duration::ZERO, |last| last.saturating_sub(self.last_sent))
    }

    /// The longest wait of 99 of 100 senders.
    pub(crate) fn wait(&self) -> Duration {
        let mut waits = self.waits.clone();
        waits.sort();
        waits.get(waits.len() * 99 / 100).copied().unwrap_or_default()
    }

    /// The most posts that arrived within any second.
    pub(crate) fn peak(&self) -> usize {
        let within = |from: &Duration| {
            let second = *from..*from + Duration::from_secs(1);
            self.arrivals.iter().filter(|at| second.contains(*at)).count()
        };
        self.arrivals.iter().map(within).max().unwrap_or(0)
    }

    /// How many times orders are shown beyond their events.
    pub(crate) fn repeated(&self) -> usize {
        let beyond =
            |(order, times): (&u32, &Vec<_>)| times.len().saturating_sub(self.events[order]);
        self.shown.iter().map(beyond).sum()
    }
}
