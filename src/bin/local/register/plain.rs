//! A plain JSON API: one request registers a webhook, and a GET may list them.

use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use crate::register::registration::{Creation, Listing, Registration};
use crate::register::remote::Remote;
use crate::terminal::Failure;
use crate::{net, prompt};

/// The environment variable with the credential.
const TOKEN: &str = "API_TOKEN";

/// The placeholder for the credential, in a header.
const TOKEN_PLACEHOLDER: &str = "{token}";
/// The placeholder for the webhook's address, inside a text.
const URL_PLACEHOLDER: &str = "{url}";
/// The placeholder for the list of events: a whole text.
const EVENTS_PLACEHOLDER: &str = "{events}";
/// The placeholder for one event, inside a text. Each event then has its own request.
const EVENT_PLACEHOLDER: &str = "{event}";

/// The options that describe the API's requests.
#[derive(clap::Args)]
#[command(next_help_heading = "A plain JSON API")]
pub(crate) struct PlainOptions {
    /// The address at which the API registers webhooks, with its path.
    #[arg(long, value_name = "URL")]
    pub(crate) api: Option<Url>,
    /// The HTTP method of the request that registers.
    #[arg(long, default_value = "POST", requires = "api")]
    method: Method,
    /// The body of the request: JSON with {url} and {events}, or with {event} for one request per event.
    #[arg(
        long,
        value_name = "JSON",
        default_value = r#"{"url":"{url}","events":"{events}"}"#,
        requires = "api"
    )]
    body: String,
    /// The status of a successful registration.
    #[arg(long, value_name = "STATUS", default_value = "201", requires = "api")]
    expect: StatusCode,
    /// The header with the credential; {token} is replaced by `API_TOKEN`.
    #[arg(
        long,
        value_name = "NAME: VALUE",
        default_value = "Authorization: Bearer {token}",
        requires = "api"
    )]
    credential: String,
}

/// One platform's API.
pub(crate) struct Plain {
    pub(crate) remote: Remote,
    endpoint: Url,
    method: Method,
    body: Value,
    batch: Batch,
    expected: StatusCode,
    credential: Option<(HeaderName, HeaderValue)>,
}

/// How many events one request registers, by the placeholders in its body.
#[derive(Clone, Copy, PartialEq)]
enum Batch {
    All,
    One,
    /// The body names no events, so there can be only one request.
    Unnamed,
}

impl Plain {
    pub(crate) fn new(
        endpoint: &Url,
        options: &PlainOptions,
        timeout: Duration,
    ) -> Result<Self, Failure> {
        net::check_safe(endpoint, "--api")?;
        let body: Value = serde_json::from_str(&options.body)
            .map_err(|error| format!("--body is not JSON (keep its quotes): {error}"))?;
        if !options.body.contains(URL_PLACEHOLDER) {
            return Err(format!("--body must say where the address goes: {URL_PLACEHOLDER}").into());
        }
        let batch = Batch::of(&body)?;
        let what = "The credential of the API, or Enter alone if it needs none";
        let token = prompt::variable_or_ask(TOKEN, what)?;
        let credential = match &token {
            Some(token) => Some(header(&options.credential, token)?),
            None => None,
        };
        Ok(Self {
            remote: Remote::new(endpoint, timeout, token.into_iter().collect())?,
            endpoint: endpoint.clone(),
            method: options.method.clone(),
            body,
            batch,
            expected: options.expect,
            credential,
        })
    }

    /// Refuses events that no request would name.
    pub(crate) fn check(&self, events: &[String]) -> Result<(), Failure> {
        if self.batch == Batch::Unnamed && events.len() != 1 {
            return Err(format!(
                "--body must say where the events go: {EVENTS_PLACEHOLDER} for all of them, or {EVENT_PLACEHOLDER} for one \
                 request per event (without either, give exactly one --event)"
            )
            .into());
        }
        Ok(())
    }

    /// How many of `all` events one request takes.
    pub(crate) fn batch_size(&self, all: usize) -> usize {
        match self.batch {
            Batch::All => all.max(1),
            Batch::One | Batch::Unnamed => 1,
        }
    }

    /// The registrations, if a GET at the same address lists them.
    ///
    /// A text of a registration counts as its event if it is one of `events`.
    pub(crate) async fn list(&self, address: &Url, events: &[&str]) -> Result<Listing, Failure> {
        let answer = self.remote.send(self.request(Method::GET, self.endpoint.clone())).await?;
        let status = answer.status;
        if matches!(status.as_u16(), 404 | 405 | 501) {
            return Ok(Listing::Unavailable(format!(
                "a GET there is answered with {}",
                status.as_u16()
            )));
        }
        if status != StatusCode::OK {
            return Err(self.remote.refused(&answer, self.advice(status)));
        }
        let known = self.remote.json(&answer).ok();
        match known.as_ref().and_then(the_list) {
            Some(items) => {
                let found = items.iter().map(|item| self.registration(item, address, events));
                Ok(Listing::Registered(found.collect()))
            }
            None => Ok(Listing::Unavailable("the response to a GET there has no list".to_owned())),
        }
    }

    pub(crate) async fn create(
        &self,
        address: &Url,
        events: &[String],
    ) -> Result<Creation, Failure> {
        let body = filled(&self.body, address.as_str(), events).to_string();
        let request = self.request(self.method.clone(), self.endpoint.clone());
        let request = request.header("content-type", "application/json").body(body);
        let answer = self.remote.send(request).await?;
        match answer.status {
            status if status == self.expected => Ok(Creation::New),
            StatusCode::CONFLICT => Ok(Creation::AlreadyRegistered),
            status if status.is_success() => {
                let (status, expected) = (status.as_u16(), self.expected.as_u16());
                let advice = format!(
                    "{expected} was expected: if {status} also means success, give --expect {status}"
                );
                Err(self.remote.refused(&answer, &advice))
            }
            status => Err(self.remote.refused(&answer, self.advice(status))),
        }
    }

    pub(crate) async fn remove(&self, id: &str) -> Result<(), Failure> {
        let mut url = self.endpoint.clone();
        url.path_segments_mut().map_err(|()| "--api cannot hold a path")?.pop_if_empty().push(id);
        let answer = self.remote.send(self.request(Method::DELETE, url)).await?;
        match answer.status {
            status if status.is_success() || status == StatusCode::NOT_FOUND => Ok(()),
            status => Err(self.remote.refused(&answer, self.advice(status))),
        }
    }

    /// Reads a registration from an item whose form is not known.
    fn registration(&self, item: &Value, own: &Url, known: &[&str]) -> Registration {
        let values: Vec<&Value> = match item {
            Value::Object(object) => object.values().collect(),
            other => vec![other],
        };
        let texts = || values.iter().filter_map(|value| value.as_str());
        let address = texts().find(|text| *text == own.as_str());
        let address = address.or_else(|| texts().find(|text| text.contains("://")));
        let id = match &item["id"] {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        };
        let lists = values.iter().filter_map(|value| value.as_array());
        let listed = lists.filter(|list| list.iter().all(Value::is_string)).flatten();
        let mut events: Vec<_> = listed.filter_map(Value::as_str).collect();
        events.extend(texts().filter(|text| known.contains(text)));
        if events.is_empty() {
            events.extend(self.event_of(item));
        }
        Registration {
            // As the last part of a path, these would name the whole list or its parent.
            id: id.filter(|id| !matches!(id.as_str(), "" | "." | "..")),
            address: address.unwrap_or_default().to_owned(),
            events: events.into_iter().map(str::to_owned).collect(),
            inactive: None,
        }
    }

    /// The text in the place where the template of the body has `{event}`.
    fn event_of<'item>(&self, item: &'item Value) -> Option<&'item str> {
        self.body.as_object()?.iter().find_map(|(name, template)| {
            let (before, after) = template.as_str()?.split_once(EVENT_PLACEHOLDER)?;
            item[name].as_str()?.strip_prefix(before)?.strip_suffix(after)
        })
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let request = self.remote.request(method, url);
        match &self.credential {
            Some((name, value)) => request.header(name, value),
            None => request,
        }
    }

    fn advice(&self, status: StatusCode) -> &'static str {
        match (status, &self.credential) {
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, None) => {
                "API_TOKEN is not set: the request had no credential"
            }
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, Some(_)) => {
                "is API_TOKEN right, and the header of --credential?"
            }
            _ => "",
        }
    }
}

impl Batch {
    fn of(template: &Value) -> Result<Self, Failure> {
        let of_all = holds(template, &|text| text == EVENTS_PLACEHOLDER);
        let of_one = holds(template, &|text| text.contains(EVENT_PLACEHOLDER));
        match (of_all, of_one) {
            (true, true) => Err(format!(
                "--body must have one of {EVENTS_PLACEHOLDER} and {EVENT_PLACEHOLDER}, not both"
            )
            .into()),
            (true, false) => Ok(Self::All),
            (false, true) => Ok(Self::One),
            (false, false) => Ok(Self::Unnamed),
        }
    }
}

/// Whether one of the texts in it matches.
fn holds(value: &Value, matches: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => matches(text),
        Value::Array(list) => list.iter().any(|value| holds(value, matches)),
        Value::Object(object) => object.values().any(|value| holds(value, matches)),
        _ => false,
    }
}

/// The header, with the credential in its place.
fn header(template: &str, token: &SecretString) -> Result<(HeaderName, HeaderValue), Failure> {
    let wrong = "--credential must be a header such as 'X-Api-Key: {token}': {token} is replaced by \
                 API_TOKEN, which stays out of the shell's history";
    let (name, value) = template.split_once(':').ok_or(wrong)?;
    if !value.contains(TOKEN_PLACEHOLDER) {
        return Err(wrong.into());
    }
    let name = HeaderName::try_from(name.trim()).map_err(|_| wrong)?;
    let value = value.trim().replace(TOKEN_PLACEHOLDER, token.expose_secret());
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| "API_TOKEN has a character that a header cannot have")?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// The template with address and events in their places.
fn filled(template: &Value, address: &str, events: &[String]) -> Value {
    match template {
        Value::String(text) if text == EVENTS_PLACEHOLDER => events.into(),
        Value::String(text) => {
            let event = events.first().map_or("", String::as_str);
            text.replace(EVENT_PLACEHOLDER, event).replace(URL_PLACEHOLDER, address).into()
        }
        Value::Array(list) => list.iter().map(|value| filled(value, address, events)).collect(),
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| (name.clone(), filled(value, address, events)))
            .collect(),
        other => other.clone(),
    }
}

/// The answer itself if it is a list, or the first list in an object.
fn the_list(answer: &Value) -> Option<&Vec<Value>> {
    match answer {
        Value::Array(list) => Some(list),
        Value::Object(object) => object.values().find_map(Value::as_array),
        _ => None,
    }
}
