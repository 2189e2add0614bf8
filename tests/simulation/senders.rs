//! Senders of webhooks, which retry until they get a 2xx.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use order_alerts_fakes::Webhook;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::message::Kind;
use crate::world::{KEY, World};

/// After no answer, or an error of the gateway.
const RETRY_AFTER: Duration = Duration::from_secs(5);
const MAX_TRIES: usize = 100;

/// One webhook of a shop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    /// Every event has its own; those that are sent several times have the same.
    pub(crate) id: usize,
    pub(crate) order: u32,
    pub(crate) kind: Kind,
    /// When it is sent, counted from the start of the world.
    pub(crate) at: Duration,
    /// When it happened, which is the same however often it is sent.
    pub(crate) happened: Duration,
}

/// The answers to the senders.
#[derive(Default)]
pub(crate) struct Responses {
    answered: Mutex<Vec<(usize, Duration)>>,
    waits: Mutex<Vec<Duration>>,
    refused: AtomicUsize,
}

impl Responses {
    /// The events that were answered with a 2xx, and when.
    pub(crate) fn answered(&self) -> Vec<(usize, Duration)> {
        self.answered.lock().expect("no holder of the lock panics").clone()
    }

    /// How long the senders waited for each of these answers.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.waits.lock().expect("no holder of the lock panics").clone()
    }

    /// How many other answers there were.
    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }
}

/// So many cancellations of as many orders, evenly spread over the time.
pub(crate) fn cancellations(count: u32, over: Duration) -> Vec<Event> {
    let event = |order: u32| {
        let at = over * order / count;
        Event { id: order as usize, order, kind: Kind::Cancelled, at, happened: at }
    };
    (0..count).map(event).collect()
}

/// Slack rejects every message that names one of these orders.
pub(crate) const POISON: u32 = 900_000;
/// Their names begin with this, and no others do.
pub(crate) const POISONOUS: &str = "A-9";

pub(crate) fn is_poison(order: u32) -> bool {
    order >= POISON
}

/// Makes some orders ones that Slack always rejects.
pub(crate) fn poisoned(mut events: Vec<Event>, every: u32) -> Vec<Event> {
    for event in events.iter_mut().filter(|event| event.order % every == every / 2) {
        event.order += POISON;
    }
    events
}

/// One cancellation every five minutes: Slack accepts them, whatever else it rejects.
pub(crate) fn with_traffic(mut events: Vec<Event>, minutes: u64) -> Vec<Event> {
    let (first, id) = (events.len(), 500_000);
    for (count, minute) in (0..minutes).step_by(5).enumerate() {
        let order = id + u32::try_from(count).expect("there are few");
        let at = Duration::from_secs(30 + minute * 60);
        events.push(Event { id: first + count, order, kind: Kind::Cancelled, at, happened: at });
    }
    events
}

/// Orders that are cancelled, reopened, and cancelled again, each some time after the other.
pub(crate) fn reopened(count: u32, over: Duration, pause: Range<u64>, seed: u64) -> Vec<Event> {
    let mut chance = Rng::with_seed(seed);
    let mut events = Vec::new();
    for order in 0..count {
        let mut at = over.mul_f64(chance.f64());
        let all = [Kind::Cancelled, Kind::Reopened, Kind::Cancelled, Kind::Reopened];
        for kind in all.into_iter().take(chance.usize(2..=4)) {
            events.push(Event { id: events.len(), order, kind, at, happened: at });
            at += Duration::from_secs(chance.u64(pause.clone()));
        }
    }
    events.sort_by_key(|event| event.at);
    events
}

/// Every event several times, in any order.
pub(crate) fn repeated(events: &[Event], times: usize, seed: u64) -> Vec<Event> {
    let mut moments: Vec<_> =
        (0..times).flat_map(|_| events.iter().map(|event| event.at)).collect();
    moments.sort();
    let mut all: Vec<_> = (0..times).flat_map(|_| events.iter().copied()).collect();
    Rng::with_seed(seed).shuffle(&mut all);
    for (event, at) in all.iter_mut().zip(moments) {
        event.at = at;
    }
    all
}

/// Events of all kinds, of some orders several: created, then changed or cancelled later.
pub(crate) fn mixed(count: usize, over: Duration, seed: u64) -> Vec<Event> {
    let mut chance = Rng::with_seed(seed);
    let mut events = Vec::new();
    let mut order = 0;
    while events.len() < count {
        let at = over.mul_f64(chance.f64());
        let later = |chance: &mut Rng| at + Duration::from_secs(chance.u64(1..120));
        let kinds: &[Kind] = match chance.u8(..10) {
            0..5 => &[Kind::Cancelled],
            5..7 => &[Kind::Created],
            7 => &[Kind::Created, Kind::Modified],
            8 => &[Kind::Created, Kind::Cancelled],
            _ => &[Kind::Modified],
        };
        for (place, kind) in kinds.iter().take(count - events.len()).enumerate() {
            let at = if place == 0 { at } else { later(&mut chance) };
            events.push(Event { id: events.len(), order, kind: *kind, at, happened: at });
        }
        order += 1;
    }
    events.sort_by_key(|event| event.at);
    events
}

/// New orders, of which some are accepted or cancelled in time, some late, and some never. Some webhooks
/// come minutes after their event, and so that of the step may come first.
pub(crate) fn awaited(count: u32, over: Duration, seed: u64) -> Vec<Event> {
    let mut chance = Rng::with_seed(seed);
    let mut events = Vec::new();
    for order in 0..count {
        let happened = over.mul_f64(chance.f64());
        let end = match chance.u8(..10) {
            0..2 => None,
            2..6 => Some((Kind::Modified, chance.u64(20..230))),
            6..8 => Some((Kind::Modified, chance.u64(300..900))),
            8 => Some((Kind::Cancelled, chance.u64(20..230))),
            _ => Some((Kind::Cancelled, chance.u64(300..900))),
        };
        let end = end.map(|(kind, after)| (kind, happened + Duration::from_secs(after)));
        for (kind, happened) in [(Kind::Created, happened)].into_iter().chain(end) {
            let late = if chance.u8(..8) == 0 { chance.u64(60..600) } else { chance.u64(0..3) };
            let at = happened + Duration::from_secs(late);
            events.push(Event { id: events.len(), order, kind, at, happened });
        }
    }
    events.sort_by_key(|event| event.at);
    events
}

/// Sends all events and waits until each was answered with a 2xx or tried too often.
pub(crate) async fn send(world: &Arc<World>, events: &[Event], responses: &Arc<Responses>) {
    let mut senders = JoinSet::new();
    for event in events.iter().copied() {
        let (world, responses) = (Arc::clone(world), Arc::clone(responses));
        senders.spawn(async move { send_one(&world, event, &responses).await });
    }
    senders.join_all().await;
}

async fn send_one(world: &World, event: Event, responses: &Responses) {
    sleep_until(world.network.began + event.at).await;
    for _ in 0..MAX_TRIES {
        let sent = Instant::now();
        let answer = world.answer(&webhook(world, event)).await;
        if answer["statusCode"].as_i64().is_some_and(|status| (200..300).contains(&status)) {
            let at = (event.id, world.network.began.elapsed());
            responses.answered.lock().expect("no holder of the lock panics").push(at);
            responses.waits.lock().expect("no holder of the lock panics").push(sent.elapsed());
            return;
        }
        responses.refused.fetch_add(1, Ordering::Relaxed);
        let is_unavailable = answer["statusCode"] == 503;
        let wait = answer["headers"]["retry-after"].as_str().and_then(|wait| wait.parse().ok());
        assert!(!is_unavailable || wait.is_some(), "a 503 says when to retry");
        // The throttle would admit a sender that keeps its time always, or never.
        let is_throttled = answer["statusCode"] == 429;
        let jitter = Duration::from_millis(if is_throttled { fastrand::u64(..1_000) } else { 0 });
        sleep(wait.map_or(RETRY_AFTER + jitter, Duration::from_secs)).await;
    }
}

/// The event as it arrives now.
fn webhook(world: &World, event: Event) -> String {
    let name = name(event.order);
    let occurred_at = world.began + event.happened;
    // Lines of many lengths fill messages differently.
    let reason = "because ".repeat(event.order as usize % 9);
    let kind = match event.kind {
        Kind::Cancelled => "order_cancelled",
        Kind::Created => "order_created",
        Kind::Modified | Kind::Reopened => "order_modified",
    };
    let status = matches!(event.kind, Kind::Modified | Kind::Reopened).then_some("processing");
    let body = json!({
        "event_type": kind,
        "order_id": name,
        "total": "12500",
        "currency": "KRW",
        "reason": reason,
        "status": status,
        "occurred_at": occurred_at.to_string(),
    });
    let now = world.now();
    Webhook::post("/webhook")
        .body(body.to_string())
        .signed_standard(KEY, &format!("event-{}", event.id), now.as_second())
        .time_epoch(now.as_millisecond())
        .event()
        .to_string()
}

/// The name of an order in webhooks, the queue and the channel; nothing else looks like it.
pub(crate) fn name(order: u32) -> String {
    format!("A-{order:06}")
}
