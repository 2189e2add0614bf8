//! A payload that a visitor tries: signed as the platform would sign it, sent, and explained.

use std::sync::Arc;

use order_alerts::platform::Platform;
use serde_json::{Map, Value, json};

use crate::explain::{Reading, capitalized};
use crate::preview::{Preview, Signing, preview};
use crate::samples;
use crate::stack::Stack;
use crate::terminal;
use crate::terminal::Failure;
use crate::webhook_file::{self, Webhook};

/// The status of a body that is too large.
const TOO_LARGE: i64 = 413;

impl Stack {
    /// Sends the payload that the page gives; returns the function's answer, and how the webhook was
    /// read. The error says what cannot be used.
    pub(crate) async fn attempt(
        self: &Arc<Self>,
        fields: &Map<String, Value>,
    ) -> Result<Value, Failure> {
        let (platform, webhook) = webhook(fields)?;
        let now = (self.clock)();
        let config = self.settings().checked()?;
        let signing = Signing { keys: self.keys.clone(), public_url: &self.public_url, now };
        let read = preview(platform, webhook.clone(), &config, &signing);
        let event = webhook.signed_event(platform, &self.keys, &self.public_url, now)?;
        let answer = self.webhook(&event).await?;
        terminal::response(&format!("POST /webhook/{}", platform.id), &answer.response);

        let (reading, messages) = match read {
            // The function has not looked into it.
            _ if answer.response.status_code == TOO_LARGE => {
                (reading_of(None, Some("the body is larger than Lambda takes.")), Vec::new())
            }
            Ok((reading, Preview::Messages(messages))) => {
                (reading_of(reading.as_ref(), None), messages)
            }
            Ok((reading, Preview::Nothing(why))) => {
                (reading_of(reading.as_ref(), Some(&why)), Vec::new())
            }
            // The function's answer refuses it too.
            Err(error) => (reading_of(None, Some(&sentence(error.as_ref()))), Vec::new()),
        };
        let mut tried = answer.json();
        tried["reading"] = reading;
        tried["messages"] = messages.into();
        Ok(tried)
    }
}

fn webhook(fields: &Map<String, Value>) -> Result<(&'static Platform, Webhook), Failure> {
    let text = |name: &str| match fields.get(name) {
        None => Ok(""),
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(_) => Err(format!("{name} must be a text")),
    };
    let platform = samples::platform(text("platform")?)?;
    let body = text("body")?.trim();
    if body.is_empty() {
        return Err("paste the webhook's body".into());
    }
    let mut webhook = Webhook::parse(body.as_bytes())?;
    let lines = text("headers")?.lines().filter(|line| !line.trim().is_empty());
    let headers = lines.map(|line| {
        let (name, value) =
            webhook_file::header(line).map_err(|why| format!("the header `{line}`: {why}"))?;
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(format!("`{name}` is not the name of a header"));
        }
        Ok((name, value))
    });
    webhook.set(headers.collect::<Result<_, String>>()?);
    Ok((platform, webhook))
}

fn reading_of(reading: Option<&Reading>, why: Option<&str>) -> Value {
    match reading {
        Some(reading) => reading.json(why),
        None => json!({
            "event": "", "rule": "", "found": [], "missing": [], "hidden": [], "never_read": [], "decided": [],
            "why_no_message": why.map(capitalized),
        }),
    }
}

/// An error with its causes, as a sentence.
fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    format!("{}.", text.trim_end_matches('.'))
}
