//! What the local stack prints.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the terminal is where it speaks")]

use std::error::Error;
use std::net::SocketAddr;

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::aws_lambda_events::encodings::Body;
use order_alerts::line::Line;
use order_alerts::order::Kind;
use order_alerts::platform::Platform;
use reqwest::StatusCode;
use serde_json::Value;
use url::Url;

/// Where the function listens, and what can be done there.
pub(crate) fn welcome(address: SocketAddr, has_inbox: bool) {
    println!("order-alerts listens on http://{address} (Ctrl-C ends it)");
    println!();
    let channel = if has_inbox { "the channel, and samples to send" } else { "samples to send" };
    println!("  GET  /                      {channel}: open it in a browser");
    for platform in Platform::names() {
        println!("  POST /webhook/{platform}");
    }
    println!("  GET  /health");
    println!();
    if !has_inbox {
        println!("SLACK_WEBHOOK_URL is set: messages go to the real Slack.");
        println!();
    }
}

/// One line.
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// What a deployment, or the local stack, answered.
pub(crate) fn sent(url: &Url, status: StatusCode, body: &str) {
    println!("{url} → {} {body}", status.as_u16());
}

/// Why a webhook becomes no message.
pub(crate) fn ignored(platform: &Platform, event_type: Option<&Line>) {
    match event_type {
        Some(event_type) => println!(
            "No message: `{event_type}` of {} is nothing that the channel hears of.",
            platform.name
        ),
        None => println!("No message: nothing says what happened. A header is given with -H."),
    }
}

/// Why an event becomes no message.
pub(crate) fn switched_off(kind: Kind) {
    let kind = match kind {
        Kind::Created => "SHOW_CREATED",
        Kind::Modified => "SHOW_MODIFIED",
        Kind::Cancelled => "SHOW_CANCELLED",
    };
    println!("No message: {kind} is off.");
}

/// A message as it goes over the wire.
pub(crate) fn json(message: &Value) {
    println!("{message:#}");
}

/// What was asked, and what the function answered.
pub(crate) fn answer(what: &str, answer: &ApiGatewayV2httpResponse) {
    let body = match &answer.body {
        Some(Body::Text(text)) => text,
        _ => "",
    };
    println!("{what} → {} {body}", answer.status_code);
    println!();
}

/// A message as the channel reads it.
pub(crate) fn message(message: &Value) {
    println!("  ┌─ Slack");
    let text = message["text"].as_str().unwrap_or_default();
    let blocks = message["blocks"].as_array().map_or(&[][..], Vec::as_slice);
    let texts = blocks.iter().map(|block| {
        let inside = if block["text"].is_null() { &block["elements"][0] } else { &block["text"] };
        inside["text"].as_str().unwrap_or_default()
    });
    let whole = blocks.is_empty().then_some(text);
    for line in texts.chain(whole).flat_map(str::lines) {
        println!("  │ {}", readable(line));
    }
    println!("  └─");
}

/// What went wrong, with its causes.
pub(crate) fn error(error: &dyn Error) {
    eprint!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprint!(": {error}");
        cause = error.source();
    }
    eprintln!();
}

/// Slack's markup as people see it: a link as its label and address, a time as its fallback.
fn readable(markup: &str) -> String {
    let mut text = String::new();
    let mut rest = markup;
    while let Some((before, after)) = rest.split_once('<') {
        let (inside, behind) = after.split_once('>').unwrap_or((after, ""));
        text.push_str(before);
        let construct = match inside.split_once('|') {
            Some((date, fallback)) if date.starts_with('!') => fallback.to_owned(),
            Some((address, label)) => format!("{label} ({address})"),
            None => format!("@{}", inside.trim_start_matches(['!', '@'])),
        };
        text.push_str(&construct);
        rest = behind;
    }
    text.push_str(rest);
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn markup_reads_as_slack_shows_it() {
        let markup = "<!date^1767225600^{time}|2026-01-01 00:00 UTC> · a &lt;b&gt; &amp;lt; · \
                      <https://tea.example/?a=1&amp;b=2|Open the order> <!here>";
        assert_eq!(
            readable(markup),
            "2026-01-01 00:00 UTC · a <b> &lt; · \
             Open the order (https://tea.example/?a=1&b=2) @here"
        );
    }
}
