//! What the tools print.

use std::error::Error;
use std::io::{self, Write as _};
use std::net::SocketAddr;

use icu_properties::CodePointSetData;
use icu_properties::props::BidiControl;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::aws_lambda_events::encodings::Body;
use order_alerts::order::Kind;
use order_alerts::platform::Platform;
use order_alerts::rules::UnreadableRule;
use reqwest::StatusCode;
use serde_json::Value;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use url::Url;

use crate::program::PROGRAM;
use crate::settings::Settings;

/// An error as a sentence for the operator.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// Prints lines, without control characters.
///
/// An error is ignored: it means that the reader has closed the pipe.
macro_rules! say {
    ($($text:tt)*) => {
        for line in format!($($text)*).split('\n') {
            writeln!(io::stdout(), "{}", printable(line)).ok();
        }
    };
}

/// A text on one line, without the characters that a terminal obeys.
///
/// A text from outside could else change the terminal's colours, title or clipboard, rewrite what was
/// printed before, or change the order in which a line is read.
pub(crate) fn printable(text: &str) -> String {
    let is_obeyed = |c: char| c.is_control() || CodePointSetData::new::<BidiControl>().contains(c);
    let text = text.trim_end_matches(['\r', '\n']).replace("\r\n", " ");
    text.replace(['\n', '\r', '\t', '\u{2028}', '\u{2029}'], " ").replace(is_obeyed, "")
}

/// Writes the log of the function and of the local stack to standard error. It says why a request or a
/// message was refused.
pub(crate) fn log() {
    let targets = Targets::new()
        .with_target("order_alerts", LevelFilter::INFO)
        .with_target("local", LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer()
        .compact()
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .with_writer(io::stderr);
    tracing_subscriber::registry().with(lines.with_filter(targets)).init();
}

/// Where the local stack listens, and which requests it serves.
pub(crate) fn welcome(address: SocketAddr, settings: &Settings, is_real_slack: bool) {
    say!("order-alerts listens on http://{address} (Ctrl-C stops it)");
    say!("");
    say!(
        "  GET  /                      the channel, samples, and what can go wrong: open it in a browser"
    );
    say!("  POST /webhook               an order of your own system (generic)");
    let others = Platform::names().count() - 1;
    say!(
        "  POST /webhook/PLATFORM      a webhook of one of {others} platforms (docs/platforms.md)"
    );
    say!("  GET  /health");
    say!("");
    let seconds = settings.digest_seconds();
    say!("New and changed orders wait for a digest: {seconds} s here, and 60 s once deployed.");
    say!("DIGEST_SECONDS sets it.");
    say!("");
    if is_real_slack {
        say!("SLACK_WEBHOOK_URL is set: messages are posted to the real Slack.");
        say!(
            "The sample keys are not accepted then. `{} send` knows the keys of this stack.",
            *PROGRAM
        );
        say!("");
    }
}

/// Prints one line.
pub(crate) fn line(text: &str) {
    say!("{}", printable(text));
}

/// Prints a line to standard error: something that the operator should know before going on.
pub(crate) fn warning(text: &str) {
    complain(text);
}

/// The response of a deployment or of the local stack.
pub(crate) fn sent(url: &Url, status: StatusCode, body: &str) {
    line(&format!("{url} → {} {body}", status.as_u16()));
}

/// The usual port could not be used, and why.
pub(crate) fn another_port(usual: u16, refused: &io::Error, address: SocketAddr) {
    let why = match refused.kind() {
        io::ErrorKind::AddrInUse => "is in use".to_owned(),
        _ => format!("cannot be used ({refused})"),
    };
    say!("Port {usual} {why}. Send with --to http://{address}/webhook/PLATFORM");
    say!("");
}

/// A setting that is ignored.
pub(crate) fn ignored_setting(name: &str, value: &str, instead: &str) {
    complain(&format!("{name}={value} is ignored: {instead}"));
}

/// The lines of a setting that cannot be read.
pub(crate) fn passed_over(setting: &str, unreadable: &[UnreadableRule]) {
    for line in unreadable {
        let (number, why) = (line.line, line.sentence());
        complain(&format!("line {number} of {setting} is passed over: {why}"));
    }
}

/// The name of the setting that says how events of a kind are shown.
pub(crate) fn setting(kind: Kind) -> &'static str {
    match kind {
        Kind::Created => "SHOW_CREATED",
        Kind::Modified => "SHOW_MODIFIED",
        Kind::Cancelled => "SHOW_CANCELLED",
        Kind::Overdue => "EXPECT",
    }
}

/// A message as it is sent to Slack.
pub(crate) fn json(message: &Value) {
    say!("{message:#}");
}

/// A request, and the function's response.
pub(crate) fn response(request: &str, response: &ApiGatewayV2httpResponse) {
    line(&format!("{request} → {} {}", response.status_code, body_text(response)));
    say!("");
}

/// The response's body, if it is a text.
pub(crate) fn body_text(response: &ApiGatewayV2httpResponse) -> &str {
    match &response.body {
        Some(Body::Text(text)) => text,
        _ => "",
    }
}

/// A message as the channel shows it.
pub(crate) fn message(message: &Value) {
    framed("Slack", message);
}

/// The same, where the channel is not that of all orders.
pub(crate) fn message_in(channel: &str, message: &Value) {
    framed(&format!("Slack, #{channel}"), message);
}

fn framed(title: &str, message: &Value) {
    say!("  ┌─ {title}");
    let text = message["text"].as_str().unwrap_or_default();
    let blocks = message["blocks"].as_array().map_or(&[][..], Vec::as_slice);
    let texts = blocks.iter().map(|block| {
        let inside = if block["text"].is_null() { &block["elements"][0] } else { &block["text"] };
        inside["text"].as_str().unwrap_or_default()
    });
    let whole = blocks.is_empty().then_some(text);
    for line in texts.chain(whole).flat_map(str::lines) {
        say!("  │ {}", printable(&readable(line)));
    }
    say!("  └─");
}

/// An error, with its causes.
pub(crate) fn error(error: &dyn Error) {
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    complain(&text);
}

fn complain(text: &str) {
    writeln!(io::stderr(), "{}", printable(text)).ok();
}

/// Slack's markup as plain text: a link as its label and address, a time as its fallback.
fn readable(markup: &str) -> String {
    let mut text = String::new();
    let mut rest = markup;
    while let Some((before, after)) = rest.split_once('<') {
        let (inside, behind) = after.split_once('>').unwrap_or((after, ""));
        text.push_str(before);
        let construct = match inside.split_once('|') {
            Some((date, fallback)) if date.starts_with('!') => fallback.to_owned(),
            Some((address, label)) => format!("{label} ({address})"),
            None => match inside.trim_start_matches(['!', '@']).split_once('^') {
                Some((_, group)) => format!("@{group}"),
                None => format!("@{}", inside.trim_start_matches(['!', '@'])),
            },
        };
        text.push_str(&construct);
        rest = behind;
    }
    text.push_str(rest);
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::{printable, readable};

    #[test]
    fn a_text_from_outside_cannot_control_the_terminal() {
        assert_eq!(
            printable("a\u{1b}]0;b\u{7}\r\nc\td\u{9b}31m\u{202e}e\u{7f}\n"),
            "a]0;b c d31me"
        );
        assert_eq!(printable("  우전 녹차 🚫  "), "  우전 녹차 🚫  ");
    }

    #[test]
    fn markup_reads_as_slack_shows_it() {
        let markup = "<!date^1767225600^{time}|2026-01-01 00:00 UTC> · a &lt;b&gt; &amp;lt; · \
                      <https://tea.example/?a=1&amp;b=2|Open the order> <!here> <!subteam^S012AB3CD>";
        assert_eq!(
            readable(markup),
            "2026-01-01 00:00 UTC · a <b> &lt; · \
             Open the order (https://tea.example/?a=1&b=2) @here @S012AB3CD"
        );
    }
}
