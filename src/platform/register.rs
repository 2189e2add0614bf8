//! How a platform's API registers webhooks, as its file says. Only the local tool reads it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{OneOrMany, Place};
use crate::json::Pointer;

pub(super) use self::check::RegisterMistake;

mod check;

/// The API with which webhooks are registered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Its address, which other addresses call `{api}`.
    pub api: Text,
    /// What `{shop}` stands for, if something does.
    pub shop: Option<Shop>,
    /// What `{version}` stands for, if something does.
    pub version: Option<Version>,
    /// The headers of every request. One without its credential is left out.
    #[serde(default)]
    pub headers: BTreeMap<String, Text>,
    /// The credentials that the operator is asked for.
    #[serde(default)]
    pub ask: Vec<Question>,
    /// What `{token}` stands for, if the credentials are exchanged for one.
    pub token: Option<Token>,
    /// Credentials in the query, for servers that drop the header `authorization`.
    pub in_query: Option<InQuery>,
    /// What the API calls an event, where the webhooks call it otherwise.
    #[serde(default)]
    pub called: BTreeMap<String, String>,
    pub create: Request,
    /// The status of a success, if not every 2xx is one.
    pub expect: Option<u16>,
    /// The status, or words of it, of an answer that says that the webhook is already there.
    pub already: Option<String>,
    /// The place of the signing key in the answer to a creation, if the platform makes one then.
    pub new_key: Option<Pointer>,
    /// Where the key is that signs these webhooks, if it is elsewhere than `[setup]` says.
    pub key: Option<String>,
    /// There is one webhook, and a creation replaces it.
    #[serde(default)]
    pub only_one: bool,
    #[serde(default)]
    pub list: Request,
    #[serde(default)]
    pub listed: Listed,
    /// The request that makes a webhook active again.
    pub update: Option<Request>,
    #[serde(default)]
    pub remove: Request,
    /// The places where an answer with the status 200 has errors.
    #[serde(default)]
    pub errors: OneOrMany<Pointer>,
    /// What to do about an answer with this status, or with this text in it.
    #[serde(default)]
    pub advice: BTreeMap<String, String>,
}

/// A text with `{name}` in it, for each of which something stands when it is sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Text(pub String);

/// A JSON document whose texts have `{name}` in them.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Body(pub Value);

/// What `--shop` may be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shop {
    /// In words, with an example.
    pub is: String,
    /// Addresses that have the shop's name as `{shop}`.
    #[serde(default, rename = "in")]
    pub addresses: OneOrMany<String>,
    /// The shop is a site of its own: its address, up to one of these parts of a path.
    #[serde(default)]
    pub site_before: Vec<String>,
}

/// A version of the API.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    pub default: String,
    /// The oldest that knows these requests. Their order is that of their texts.
    pub first: String,
}

/// A credential that the operator enters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The environment variable that may have it, which is also its name in texts.
    pub variable: String,
    /// What it is and where it is found, for people.
    pub what: String,
    #[serde(default)]
    pub optional: bool,
    /// Texts that must not be in it, and the sentence that refuses each.
    #[serde(default)]
    pub refused: BTreeMap<String, String>,
}

/// A token that credentials are exchanged for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The request that exchanges them.
    pub exchange: Request,
    /// Its place in the answer.
    pub at: Pointer,
    /// The environment variable of a token that is used in place of an exchange.
    pub variable: String,
    /// What a token begins with: one that is entered as the first credential is used as it is.
    #[serde(default)]
    pub begins: Vec<String>,
    /// What to do if the exchange is refused.
    pub advice: String,
}

/// Parameters with credentials, for when the server drops the header `authorization`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InQuery {
    /// The text in a 401 that says that there were no credentials.
    pub when: String,
    pub parameters: BTreeMap<String, Text>,
}

/// A request to the API.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: Option<String>,
    pub url: Option<Text>,
    pub body: Option<Body>,
    pub form: Option<BTreeMap<String, Text>>,
    /// A place that holds something after a success, if the status does not say it.
    pub result: Option<Pointer>,
}

/// Where the webhooks are in a list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The place of the list. The other places are in each of its elements.
    pub at: Option<Pointer>,
    pub id: Option<Pointer>,
    pub address: Option<Pointer>,
    /// Where its events are; a `*` is every element of a list.
    pub events: Option<Pointer>,
    /// The place and the text of one that is active.
    #[serde(default)]
    pub active: BTreeMap<Pointer, String>,
    /// The place of what `{cursor}` stands for on the next page.
    pub next: Option<Pointer>,
    /// The place of the number of pages.
    pub pages: Option<Place>,
    /// A sentence about webhooks that are not in the list.
    pub lacks: Option<String>,
}

impl Register {
    /// The variable with the key that the platform is to sign with, where the operator chooses it.
    pub const SIGNING_KEY: &str = "SIGNING_KEY";
}

impl Request {
    /// Whether this name is in its address, body or form.
    pub fn has(&self, name: &str) -> bool {
        self.names().iter().any(|known| known == name)
    }

    fn names(&self) -> Vec<String> {
        let mut names = self.url.as_ref().map(Text::names).unwrap_or_default();
        names.extend(self.form.iter().flat_map(BTreeMap::values).flat_map(Text::names));
        // No name is torn apart by JSON's own braces and escapes.
        let body = self.body.iter().map(|Body(body)| Text(body.to_string()));
        names.extend(body.flat_map(|body| body.names()));
        names
    }
}

impl Text {
    /// The text with what stands for each name, or `None` if nothing stands for one of them. Braces
    /// around anything but a name are plain text.
    pub fn filled(&self, mut value: impl FnMut(&str) -> Option<String>) -> Option<String> {
        let mut parts = self.0.split('{');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let is_in_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            match part.split_once('}') {
                Some((name, rest)) if !name.is_empty() && name.chars().all(is_in_a_name) => {
                    filled += &(value(name)? + rest);
                }
                _ => filled.extend(["{", part]),
            }
        }
        Some(filled)
    }

    fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.filled(|name| {
            names.push(name.to_owned());
            Some(String::new())
        });
        names
    }
}

impl TryFrom<String> for Body {
    type Error = serde_json::Error;

    fn try_from(text: String) -> Result<Self, serde_json::Error> {
        serde_json::from_str(&text).map(Self)
    }
}

#[cfg(test)]
mod tests;
