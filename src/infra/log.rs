//! The log: one JSON object on each line, for CloudWatch.

use std::fmt;
use std::io::{self, Write};
use std::panic::PanicHookInfo;

use jiff::Timestamp;
use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// Sends the log to standard output as JSON lines down to this level, and panics to the log.
///
/// Of other crates only errors are logged: in detail they would log requests and responses.
pub fn init(level: LevelFilter) {
    let ours = Targets::new()
        .with_target("order_alerts", level)
        // It warns of each attempt that fails; the function logs a call that fails in the end.
        .with_target("aws_smithy_runtime", LevelFilter::OFF)
        .with_default(LevelFilter::ERROR);
    // If standard output is closed, there is no place left to report that to.
    let lines = JsonLines(|line: &[u8]| io::stdout().write_all(line).unwrap_or(()));
    tracing_subscriber::registry().with(ours).with(lines).init();
    std::panic::set_hook(Box::new(log_panic));
}

/// Logs the place only: a panic's message may quote a sender's data.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(|place| (place.file(), place.line()));
    let (file, line) = place.unwrap_or(("unknown", 0));
    tracing::error!(file, line, "panicked");
}

/// Gives each event to the function as a line: the time, the level, the event's fields, and as `span`
/// those of the span that it is in.
///
/// `tracing-subscriber` has such a layer too. It reads the span's JSON again for each line, and a warm
/// order takes 4 % more instructions with it.
struct JsonLines<W>(W);

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&[u8]) + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Object::default();
            attributes.record(&mut fields);
            fields.add("name", span.name());
            span.extensions_mut().insert(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Object::default();
        line.add("timestamp", &format_args!("{:.6}", Timestamp::now()));
        line.add("level", event.metadata().level().as_str());
        event.record(&mut line);
        if let Some(span) = context.event_span(event)
            && let Some(fields) = span.extensions().get::<Object>()
        {
            line.name("span");
            line.0.extend_from_slice(&fields.0);
            line.0.push(b'}');
        }
        line.0.extend_from_slice(b"}\n");
        (self.0)(&line.0);
    }
}

/// A JSON object as text, without its last bracket.
#[derive(Default)]
struct Object(Vec<u8>);

impl Object {
    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        self.value(name);
        self.0.push(b':');
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) {
        serde_json::to_writer(&mut self.0, value).expect("it is a text or a number");
    }

    fn add(&mut self, name: &str, value: &(impl Serialize + ?Sized)) {
        self.name(name);
        self.value(value);
    }
}

impl Visit for Object {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field.name(), &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field.name(), &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field.name(), &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field.name(), &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field.name(), &format_args!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_line_has_the_fields_of_its_event_and_of_its_span() {
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&log);
        let layer = JsonLines(move |line: &[u8]| lines.lock().unwrap().extend_from_slice(line));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let _span = tracing::info_span!("invocation", request_id = "id \"1\"").entered();
            let none: Option<&str> = None;
            tracing::warn!(events = 2, none, share = 0.5, late = true, error = %"no\nanswer", "not \"sent\"");
        });
        let log = String::from_utf8(log.lock().unwrap().clone()).unwrap();
        let mut line: Value = serde_json::from_str(log.strip_suffix('\n').unwrap()).unwrap();
        let time = line["timestamp"].take();
        assert!(time.as_str().unwrap().parse::<Timestamp>().is_ok(), "{time}");
        let expected = json!({
            "timestamp": null, "level": "WARN", "message": "not \"sent\"", "events": 2, "share": 0.5,
            "late": true, "error": "no\nanswer", "span": {"request_id": "id \"1\"", "name": "invocation"},
        });
        assert_eq!(line, expected);
    }
}
