//! The text of `docs/performance.md`.

use std::fmt::{self, Write};
use std::fs;
use std::thread::available_parallelism;

use crate::batches::Batches;
use crate::conditions::first_line;
use crate::costs::zipped;
use crate::digests::Digest;
use crate::report::{Others, Samples, Value, readings};
use crate::sample::{Consumed, Program, path};
use crate::targets::table;
use crate::world::{AWS, Network, ROUND_TRIP, SLACK};

pub(crate) fn text(samples: &Samples, others: &Others) -> Result<String, fmt::Error> {
    let mut text = String::from(INTRODUCTION);
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor =
        cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let cores = available_parallelism().map_or(0, usize::from);
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system = system.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    writeln!(
        text,
        "Measured on {} with {cores} cores of an {}, {}, {}.\n",
        first_line("date", &["+%-d %B %Y"]),
        processor.unwrap_or("unknown processor"),
        system.unwrap_or("an unknown system").trim_matches('"'),
        first_line("rustc", &["--version"]).split(" (").next().unwrap_or_default(),
    )?;
    writeln!(text, "## Targets\n\n{}", table(&readings(samples, &others.measured)))?;
    writeln!(text, "{}", include_str!("reasons.md"))?;
    for (network, title) in [
        (Network::Delayed, "With the delays of a network"),
        (Network::Immediate, "Without delays"),
        (Network::Closing, "Without delays, when each connection is closed after its answer"),
    ] {
        writeln!(text, "## {title}\n")?;
        if network == Network::Delayed {
            writeln!(
                text,
                "To connect takes two round trips of {} ms, Slack answers in {} ms, and each service of AWS in \
                 {} ms.\n",
                ROUND_TRIP.as_millis(),
                SLACK.as_millis(),
                AWS.as_millis()
            )?;
        }
        text.push_str(&programs(samples, network));
        text.push('\n');
    }
    let Consumed { first, next, busy } = others.consumed;
    writeln!(
        text,
        "## From the queue to Slack\n\nWith the delays above, Slack has an order {first:.0} ms after Lambda hands it to\n\
         the function for the first time, and {next:.0} ms after it the next time. That invocation is over after {busy:.0} ms.\n"
    )?;
    writeln!(text, "{BATCHES}\n{}", batch_table(&others.batches))?;
    writeln!(text, "{DIGESTS}\n{}", digest_table(&others.digests))?;
    write!(text, "## Sizes\n\n{}", sizes())?;
    Ok(text)
}

fn programs(samples: &Samples, network: Network) -> String {
    let columns: [(&str, Value); 6] = [
        ("init, ms", |sample| sample.init),
        ("start → delivered, ms", |sample| sample.delivered),
        ("cold CPU, ms", |sample| sample.cold_cpu),
        ("warm, ms", |sample| sample.warm),
        ("warm CPU, ms", |sample| sample.warm_cpu),
        ("memory, MB", |sample| sample.memory),
    ];
    let heads = columns.map(|(head, _)| head).join(" | ");
    let mut text = format!("| | {heads} |\n|---|{}\n", "---|".repeat(columns.len()));
    for program in Program::ALL {
        let cells = columns.map(|(_, value)| {
            let number = samples.median(network, program, value);
            let ratio = samples.ratio(network, [program, Program::Floor], value);
            format!("{number:.2} ({ratio:.2})")
        });
        let _ = writeln!(text, "| {} | {} |", program.name(), cells.join(" | "));
    }
    text
}

fn batch_table(batches: &[Batches]) -> String {
    let mut text = String::from(
        "| orders | messages in Slack | CPU an order, ms | requests an order | bytes an order |\n|---|---|---|---|---|\n",
    );
    for Batches { orders, messages, cpu, requests, bytes } in batches {
        let _ = writeln!(text, "| {orders} | {messages} | {cpu:.2} | {requests:.2} | {bytes:.0} |");
    }
    text
}

fn digest_table(digests: &[Digest]) -> String {
    let mut text =
        String::from("| orders | messages | CPU, ms | CPU an order, µs |\n|---|---|---|---|\n");
    for Digest { orders, messages, cpu } in digests {
        let each = cpu * 1e3 / f64::from(u32::try_from(*orders).unwrap_or(u32::MAX));
        let _ = writeln!(text, "| {orders} | {messages} | {cpu:.2} | {each:.1} |");
    }
    text
}

fn sizes() -> String {
    let mut text = String::from("| | binary, MB | zip, MB |\n|---|---|---|\n");
    for (name, variable) in [("floor", "FLOOR"), ("order-alerts", "BOOTSTRAP")] {
        let binary = fs::read(path(variable)).expect("it is built");
        let zip = zipped(&binary).expect("memory is enough");
        let [binary, zip] = [binary.len(), zip].map(megabytes);
        let _ = writeln!(text, "| {name} | {binary:.2} | {zip:.2} |");
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "no binary is so large")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

const INTRODUCTION: &str = "\
# Performance

`make bench` measures this, and writes this page. `make instructions` counts instructions and compares them with
[`bench/measured.toml`](../bench/measured.toml); `make test` includes it.

Four programs take the same signed cancellations of orders, in a sandbox that is emulated on this machine: Lambda's
Runtime API, Secrets Manager, SQS, DynamoDB and Slack are fakes, behind TLS where the real services are.

* **floor**: a bare program that does only what cannot be left out: read the secret, verify one signature, post one
  message, over connections that it opens at its start. It has no SDK, no retries and no logs.
* **order-alerts, to Slack**: the release build with direct delivery.
* **order-alerts, to the queue**: the release build with queue delivery, up to the answer of SQS.
* **Python**: a handler with boto3 and requests on awslambdaric.

Each round starts every program once, in turn, sends one order that waits already and thirty more. A number is the
median of the rounds. In brackets stands the median of the ratios to the floor, each of one round. Times of another
machine differ, and the ratios less.

* **init**: from the start of the process until it asks for an event.
* **start → delivered**: from the start until Slack, or the queue, has the first order.
* **cold CPU**: processor time of the start and the first order.
* **warm**, **warm CPU**: time and processor time of each further order; the time is what the function adds to that of
  the service.
* **memory**: the most that the process had.

";

const BATCHES: &str = "\
## Many orders at once

What one warm function needs for orders that wait in the queue together, without delays. Requests and bytes are those to
and from Slack, SQS and DynamoDB; bytes are those of the bodies.
";

const DIGESTS: &str = "\
Of that, so much is to group new orders and to write their messages, in this program itself:
";
