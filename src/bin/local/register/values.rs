//! What the names in a request stand for, and the request's parts with it in their places.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use order_alerts::platform::register::Text;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::terminal::Failure;

/// The list of all events of a request: a whole text.
const EVENTS: &str = "{events}";
/// What stands for a part of an address, and not for one step of its path.
const ADDRESSES: [&str; 2] = ["api", "shop"];
/// All that is encoded in one step of a path: <https://www.rfc-editor.org/rfc/rfc3986#section-2.3>.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The scheme whose credentials are base64.
const BASIC: &str = "Basic ";

#[derive(Clone, Default)]
pub(crate) struct Values {
    texts: BTreeMap<String, SecretString>,
    events: Vec<String>,
}

impl Values {
    pub(crate) fn put(&mut self, name: &str, text: impl Into<SecretString>) {
        self.texts.insert(name.to_owned(), text.into());
    }

    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.texts.get(name).map(|text| text.expose_secret().to_owned())
    }

    pub(crate) fn with(&self, name: &str, text: &str) -> Self {
        let mut values = self.clone();
        values.put(name, text);
        values
    }

    /// The same, for a request about these events.
    pub(crate) fn with_events(&self, events: Vec<String>) -> Self {
        let mut values = self.with("event", events.first().map_or("", String::as_str));
        values.events = events;
        values
    }

    /// The text, if something stands for each of its names.
    pub(crate) fn text(&self, text: &Text) -> Option<String> {
        text.filled(|name| self.get(name))
    }

    /// The same as a header has it: `Basic user:password` is encoded.
    pub(crate) fn header(&self, text: &Text) -> Option<String> {
        let text = self.text(text)?;
        Some(match text.strip_prefix(BASIC) {
            Some(pair) => format!("{BASIC}{}", BASE64_STANDARD.encode(pair)),
            None => text,
        })
    }

    /// The address. A parameter of its query is left out if nothing stands for a name in it.
    pub(crate) fn url(&self, text: &Text) -> Result<Url, Failure> {
        let (path, query) = text.0.split_once('?').unwrap_or((&text.0, ""));
        let path = Text(path.to_owned()).filled(|name| match self.get(name)? {
            value if ADDRESSES.contains(&name) => Some(value),
            value => Some(utf8_percent_encode(&value, RESERVED).to_string()),
        });
        let mut url: Url = path.ok_or("a part of the API's address is missing")?.parse()?;
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            if let Some(value) = self.text(&Text(value.to_owned())) {
                url.query_pairs_mut().append_pair(name, &value);
            }
        }
        Ok(url)
    }

    /// The document. A text is `null` if nothing stands for a name in it.
    pub(crate) fn json(&self, template: &Value) -> Value {
        match template {
            Value::String(text) if text == EVENTS => self.events.as_slice().into(),
            Value::String(text) => self.text(&Text(text.clone())).into(),
            Value::Array(list) => list.iter().map(|value| self.json(value)).collect(),
            Value::Object(object) => {
                object.iter().map(|(name, value)| (name.clone(), self.json(value))).collect()
            }
            other => other.clone(),
        }
    }

    /// The form. A field with all events is there once for each.
    pub(crate) fn form(&self, fields: &BTreeMap<String, Text>) -> String {
        let mut form = Serializer::new(String::new());
        for (name, text) in fields {
            if text.0 == EVENTS {
                form.extend_pairs(self.events.iter().map(|event| (name, event)));
            } else if let Some(value) = self.text(text) {
                form.append_pair(name, &value);
            }
        }
        form.finish()
    }
}
