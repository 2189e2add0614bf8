//! The page that shows the local channel and sends samples.

use serde_json::{Value, json};

use crate::samples;

/// The page itself. It asks for [`state`] once a second.
pub(crate) const HTML: &str = include_str!("page.html");

/// What the page shows: the messages as they are sent to Slack, and the names of the samples.
pub(crate) fn state(messages: Option<&[Value]>) -> Value {
    json!({"messages": messages, "samples": samples::names().collect::<Vec<_>>()})
}
