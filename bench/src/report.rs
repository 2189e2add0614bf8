//! Measures everything for `docs/performance.md`.

use std::collections::BTreeMap;
use std::fs;

use crate::batches::{Batches, SIZES, batches};
use crate::costs::recorded;
use crate::digests::{self, Digest, digest};
use crate::measured::Measured;
use crate::page;
use crate::sample::{Consumed, Program, Sample, consumer, sample};
use crate::statistics::{median, paired_ratio};
use crate::targets::Reading;
use crate::world::Network;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md");
const ROUNDS: usize = 9;
const NETWORKS: [Network; 3] = [Network::Delayed, Network::Immediate, Network::Closing];

/// One of the numbers of a sample.
pub(crate) type Value = fn(&Sample) -> f64;

/// The samples of each program, in the order of the rounds.
#[derive(Default)]
pub(crate) struct Samples(BTreeMap<(Network, Program), Vec<Sample>>);

impl Samples {
    pub(crate) fn median(&self, network: Network, program: Program, value: Value) -> f64 {
        median(self.values(network, program, value))
    }

    pub(crate) fn ratio(&self, network: Network, [program, to]: [Program; 2], value: Value) -> f64 {
        paired_ratio(self.values(network, program, value), self.values(network, to, value))
    }

    fn values(
        &self,
        network: Network,
        program: Program,
        value: Value,
    ) -> impl Iterator<Item = f64> {
        self.0.get(&(network, program)).into_iter().flatten().map(value)
    }
}

/// What the samples do not say.
pub(crate) struct Others {
    pub(crate) consumed: Consumed,
    pub(crate) batches: Vec<Batches>,
    pub(crate) digests: Vec<Digest>,
    pub(crate) measured: Measured,
}

pub(crate) async fn write() {
    let mut samples = Samples::default();
    // In turn, so that what else the machine does falls on all of them, and each of them goes first in turn.
    let mut programs = Program::ALL;
    for _ in 0..ROUNDS {
        programs.rotate_left(1);
        for network in NETWORKS {
            for program in programs {
                let sample = sample(program, network).await;
                samples.0.entry((network, program)).or_default().push(sample);
            }
        }
    }
    let mut consumers = Vec::new();
    for _ in 0..ROUNDS {
        consumers.push(consumer(Network::Delayed).await);
    }
    let middle = |value: fn(&Consumed) -> f64| median(consumers.iter().map(value));
    let consumed = Consumed {
        first: middle(|times| times.first),
        next: middle(|times| times.next),
        busy: middle(|times| times.busy),
    };
    let mut all = Vec::new();
    for orders in SIZES {
        all.push(batches(orders).await);
    }
    let digests = digests::SIZES.map(digest).into();
    let others = Others { consumed, batches: all, digests, measured: recorded() };
    let text = page::text(&samples, &others).expect("a text can be written");
    fs::write(FILE, text).expect("the file can be written");
}

/// What the targets are compared with, in their order.
pub(crate) fn readings(samples: &Samples, measured: &Measured) -> Vec<Reading> {
    use Network::{Closing, Delayed, Immediate};
    use Program::{Direct, Floor, Python};
    let floor = |network, value| samples.ratio(network, [Direct, Floor], value);
    let python = |network, value| samples.ratio(network, [Python, Direct], value);
    let thousand = |name: &str| {
        measured.thousand_instructions.get(name).map_or(f64::NAN, |number| thousands(*number))
    };
    let zip = measured.kilobytes.get("zip").map_or(f64::NAN, |number| thousands(*number));
    vec![
        Reading::at_most(
            "start → Slack, with delays: times the floor",
            1.2,
            floor(Delayed, |s| s.delivered),
        ),
        Reading::at_most(
            "start → Slack, without delays: times the floor",
            1.5,
            floor(Immediate, |s| s.delivered),
        ),
        Reading::at_most("cold CPU: times the floor", 1.5, floor(Delayed, |s| s.cold_cpu)),
        Reading::at_most(
            "warm time above Slack's own: times the floor",
            2.0,
            floor(Delayed, |s| s.warm),
        ),
        Reading::at_most(
            "warm CPU, kept connection: times the floor",
            2.5,
            floor(Delayed, |s| s.warm_cpu),
        ),
        Reading::at_most(
            "warm CPU, closed connection: times the floor",
            1.6,
            floor(Closing, |s| s.warm_cpu),
        ),
        Reading::at_most("memory: times the floor", 1.8, floor(Delayed, |s| s.memory)),
        Reading::at_least("init: Python takes times ours", 35.0, python(Delayed, |s| s.init)),
        Reading::at_least(
            "start → Slack: Python takes times ours",
            38.0,
            python(Delayed, |s| s.delivered),
        ),
        Reading::at_least(
            "cold CPU: Python takes times ours",
            80.0,
            python(Delayed, |s| s.cold_cpu),
        ),
        Reading::at_least(
            "warm time above Slack's own: Python takes times ours",
            4.0,
            python(Delayed, |s| s.warm),
        ),
        Reading::at_least(
            "warm CPU, kept connection: Python takes times ours",
            6.0,
            python(Delayed, |s| s.warm_cpu),
        ),
        Reading::at_least(
            "warm CPU, closed connection: Python takes times ours",
            28.0,
            python(Closing, |s| s.warm_cpu),
        ),
        Reading::at_least("memory: Python takes times ours", 8.0, python(Delayed, |s| s.memory)),
        Reading::at_most(
            "instructions of a cold start with one order, millions",
            9.0,
            thousand("direct-cold"),
        ),
        Reading::at_most("instructions of a warm order, millions", 0.45, thousand("direct-warm")),
        Reading::at_most("zip file, MB", 2.2, zip),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "these numbers are far below 2^52")]
fn thousands(number: u64) -> f64 {
    number as f64 / 1e3
}
