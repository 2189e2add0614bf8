//! Instructions and sizes of the release build, compared with those in `measured.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::callgrind::{Event, instructions};
use crate::conditions::conditions;
use crate::measured::Measured;
use crate::world::{Delivery, Network, World};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/measured.toml");
/// Warm invocations with a webhook; their mean is one number.
const WARM: usize = 20;
/// Records in a large batch.
const MANY: usize = 100;

/// What is measured, and what slows its clock down.
pub(crate) struct Subject {
    pub(crate) binary: PathBuf,
    pub(crate) clock: PathBuf,
}

/// Why the recorded numbers cannot be compared with any of this machine; empty if they can.
pub(crate) fn other_conditions() -> Vec<String> {
    recorded().other_conditions(&conditions())
}

/// Measures, and returns all numbers and those that left their tolerance. What seems to deviate is
/// measured once more: a machine that has too much else to do makes the function's calls time out.
pub(crate) async fn compare(subject: &Subject) -> (Measured, Vec<String>) {
    let first = measure(subject).await;
    let deviations = recorded().deviations(&first);
    if deviations.is_empty() {
        return (first, deviations);
    }
    let second = measure(subject).await;
    let deviations = recorded().deviations(&second);
    (second, deviations)
}

/// Measures, and records the numbers.
pub(crate) async fn record(subject: &Subject) -> Measured {
    let now = measure(subject).await;
    let text = toml::to_string(&now).expect("the numbers are plain");
    let text = format!("# `make instructions WRITE=1` writes this file.\n\n{text}");
    fs::write(FILE, text).expect("the file can be written");
    now
}

pub(crate) fn recorded() -> Measured {
    let text = fs::read_to_string(FILE).unwrap_or_default();
    toml::from_str(&text).unwrap_or_default()
}

async fn measure(subject: &Subject) -> Measured {
    let binary = fs::read(&subject.binary).expect("the release is built");
    let sizes = [("binary", binary.len()), ("zip", zipped(&binary).expect("memory is enough"))];
    let (direct_and_queue, consumer) = tokio::join!(webhooks(subject), batches(subject));
    let counts = direct_and_queue.into_iter().chain(consumer);
    Measured {
        conditions: conditions(),
        thousand_instructions: counts.map(|(name, count)| (name, (count + 500) / 1_000)).collect(),
        kilobytes: sizes.map(|(name, size)| (name.to_owned(), (size as u64 + 500) / 1_000)).into(),
    }
}

/// From a webhook to Slack, and from a webhook to the queue.
async fn webhooks(subject: &Subject) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for (name, delivery) in [("direct", Delivery::Direct), ("queue", Delivery::Queue)] {
        let events = [const { Event::Webhook }; WARM + 1];
        let cold = subject.count(delivery, &events[..1]).await;
        let warm = subject.count(delivery, &events).await;
        counts.insert(format!("{name}-cold"), cold);
        counts.insert(format!("{name}-warm"), (warm - cold) / WARM as u64);
    }
    counts
}

/// From the queue to Slack.
async fn batches(subject: &Subject) -> BTreeMap<String, u64> {
    let count = |events| subject.count(Delivery::Queue, events);
    let (cold, warm, many) = tokio::join!(
        count(&[Event::Batch(1)]),
        count(&[Event::Batch(1), Event::Batch(1)]),
        count(&[Event::Batch(1), Event::Batch(MANY)]),
    );
    [
        ("consumer-cold", cold),
        ("consumer-warm", warm - cold),
        ("consumer-batch-of-100", many - cold),
    ]
    .map(|(name, count)| (name.to_owned(), count))
    .into()
}

impl Subject {
    /// The instructions for a start and these events, in a world of their own.
    async fn count(&self, delivery: Delivery, events: &[Event]) -> u64 {
        let world = World::start(Network::Immediate).await;
        let messages = events.iter().map(Event::messages).sum();
        world.fill_queue(&self.binary, messages).await;
        instructions(&world, &self.binary, &self.clock, delivery, events).await
    }
}

/// The bytes of the binary in a zip file.
pub(crate) fn zipped(binary: &[u8]) -> io::Result<usize> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(binary)?;
    Ok(encoder.finish()?.len())
}
