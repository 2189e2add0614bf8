//! The log: one JSON object a line, for CloudWatch.

use std::panic::PanicHookInfo;

use tracing::level_filters::LevelFilter;

/// Sends the log to standard output as JSON lines, and panics to the log.
pub fn init() {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(LevelFilter::INFO)
        .init();
    std::panic::set_hook(Box::new(log_panic));
}

/// The place only: a panic's message may quote what a sender sent.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(|place| (place.file(), place.line()));
    let (file, line) = place.unwrap_or(("unknown", 0));
    tracing::error!(file, line, "panicked");
}
