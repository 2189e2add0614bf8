//! The page on which the local channel can be seen, and samples sent.

use serde_json::{Value, json};

use crate::samples;

/// The page itself; it asks for [`state`] again and again.
pub(crate) const HTML: &str = include_str!("page.html");

/// What the page shows: the messages as they go to Slack, and the samples.
pub(crate) fn state(messages: Option<&[Value]>) -> Value {
    json!({"messages": messages, "samples": samples::names().collect::<Vec<_>>()})
}
