//! What can go wrong on the way to Slack and back.

use std::time::Duration;

use bytes::Bytes;
use hyper::Response;
use serde_json::json;

use crate::server::Reply;

pub(super) const HTML: (&str, &str) = ("content-type", "text/html");

/// What happens to one arriving post.
#[derive(Clone, Debug)]
pub enum Fault {
    Pass,
    /// Answered in place of Slack, by an edge or an outage; nothing is posted.
    Answer {
        status: u16,
        body: String,
        headers: Vec<(String, String)>,
    },
    /// Status 429 with this `Retry-After`, or without one.
    RateLimited(Option<&'static str>),
    Redirect(String),
    Reset,
    /// A 200 whose body breaks off.
    Truncated,
    /// Handled as usual, but later: not at all if the sender has hung up by then.
    Slow(Duration),
    Hang,
    /// The message is posted, then the answer has this fault.
    PostedThen(Box<Fault>),
}

impl Fault {
    /// An HTML answer without further headers.
    pub fn answer(status: u16, body: &str) -> Self {
        Self::Answer { status, body: body.to_owned(), headers: Vec::new() }
    }

    /// The same, but after the message was posted.
    #[must_use]
    pub fn posted_then(self) -> Self {
        Self::PostedThen(Box::new(self))
    }

    pub(super) fn reply(self) -> Reply {
        match self {
            Self::Pass => Reply::new(200, &[HTML], "ok"),
            Self::Answer { status, body, headers } => {
                let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                Reply::new(status, &[HTML].into_iter().chain(headers).collect::<Vec<_>>(), body)
            }
            Self::RateLimited(retry_after) => rate_limited(retry_after),
            Self::Redirect(location) => Reply::new(302, &[HTML, ("location", &location)], ""),
            Self::Reset => Reply::Reset,
            Self::Truncated => Reply::Truncated(Response::new(Bytes::from_static(b"o"))),
            Self::Slow(delay) => Self::Pass.reply().after(delay),
            Self::Hang => Reply::Silent,
            Self::PostedThen(fault) => fault.reply(),
        }
    }
}

/// Slack's only answer in JSON.
pub(super) fn rate_limited(retry_after: Option<&str>) -> Reply {
    let seconds: u64 = retry_after.and_then(|value| value.parse().ok()).unwrap_or(1);
    let body = json!({"retry_after": seconds, "ok": false, "error": "rate_limited"}).to_string();
    let mut headers = vec![("content-type", "application/json; charset=utf-8")];
    headers.extend(retry_after.map(|value| ("retry-after", value)));
    Reply::new(429, &headers, body)
}
