//! The log: one JSON object on each line, for CloudWatch.

use std::panic::PanicHookInfo;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Sends the log to standard output as JSON lines, and panics to the log.
///
/// Of other crates only errors are logged.
pub fn init() {
    let ours = Targets::new()
        .with_target("order_alerts", LevelFilter::INFO)
        // It warns of each attempt that fails; the function logs a call that fails in the end.
        .with_target("aws_smithy_runtime", LevelFilter::OFF)
        .with_default(LevelFilter::ERROR);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false);
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
    std::panic::set_hook(Box::new(log_panic));
}

/// Logs the place only: a panic's message may quote a sender's data.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(|place| (place.file(), place.line()));
    let (file, line) = place.unwrap_or(("unknown", 0));
    tracing::error!(file, line, "panicked");
}
