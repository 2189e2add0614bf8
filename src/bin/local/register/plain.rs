//! An API as simple as they come: a JSON document is posted, and a list can perhaps be read.

use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use crate::register::api::{Listing, Made, Registration};
use crate::register::remote::{Remote, credential};
use crate::{Failure, net};

/// The variable that holds the credential.
pub(crate) const TOKEN: &str = "API_TOKEN";

/// Stands for the credential in a header.
const TOKEN_HERE: &str = "{token}";
/// A text that holds this holds the webhook's address there.
const URL_HERE: &str = "{url}";
/// A text that is this becomes the list of events.
const EVENTS_HERE: &str = "{events}";
/// A text that holds this holds one event there: each has a request of its own.
const EVENT_HERE: &str = "{event}";

/// How the API is spoken to.
#[derive(clap::Args)]
#[command(next_help_heading = "A plain JSON API")]
pub(crate) struct Options {
    /// Where the API takes webhooks, with its path.
    #[arg(long, value_name = "URL")]
    pub(crate) api: Option<Url>,
    /// The method that registers.
    #[arg(long, default_value = "POST", requires = "api")]
    method: Method,
    /// What is sent: JSON with {url} and {events}, or with {event} for a request for each event.
    #[arg(
        long,
        value_name = "JSON",
        default_value = r#"{"url":"{url}","events":"{events}"}"#,
        requires = "api"
    )]
    body: String,
    /// The status that says that it was registered.
    #[arg(long, value_name = "STATUS", default_value = "201", requires = "api")]
    expect: StatusCode,
    /// The header that holds the credential; {token} stands for what `API_TOKEN` holds.
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
    portion: Portion,
    expected: StatusCode,
    credential: Option<(HeaderName, HeaderValue)>,
}

/// The events that one request registers, as the template of its body has it.
#[derive(Clone, Copy, PartialEq)]
enum Portion {
    All,
    One,
    /// It does not name them, so that one request is all there can be.
    Unnamed,
}

impl Plain {
    pub(crate) fn new(
        endpoint: &Url,
        options: &Options,
        timeout: Duration,
    ) -> Result<Self, Failure> {
        net::check_safe(endpoint, "--api")?;
        let body: Value = serde_json::from_str(&options.body)
            .map_err(|error| format!("--body is not JSON (the quotes belong to it): {error}"))?;
        if !options.body.contains(URL_HERE) {
            return Err(format!("--body must say where the address goes: {URL_HERE}").into());
        }
        let portion = Portion::of(&body)?;
        let token = credential(TOKEN).ok();
        let credential = match &token {
            Some(token) => Some(header(&options.credential, token)?),
            None => None,
        };
        Ok(Self {
            remote: Remote::new(endpoint, timeout, token.into_iter().collect())?,
            endpoint: endpoint.clone(),
            method: options.method.clone(),
            body,
            portion,
            expected: options.expect,
            credential,
        })
    }

    /// Refuses events that the requests would not name.
    pub(crate) fn check(&self, events: &[String]) -> Result<(), Failure> {
        if self.portion == Portion::Unnamed && events.len() != 1 {
            return Err(format!(
                "--body must say where the events go: {EVENTS_HERE} for all of them, or {EVENT_HERE} for a \
                 request for each (without either, give the one --event that is registered)"
            )
            .into());
        }
        Ok(())
    }

    /// How many events one request takes, of so many.
    pub(crate) fn portion(&self, all: usize) -> usize {
        match self.portion {
            Portion::All => all.max(1),
            Portion::One | Portion::Unnamed => 1,
        }
    }

    /// What is registered, if the address that registers also lists.
    ///
    /// A text of a registration is one of its events if it is one of `events`.
    pub(crate) async fn list(&self, ours: &Url, events: &[&str]) -> Result<Listing, Failure> {
        let answer = self.remote.ask(self.request(Method::GET, self.endpoint.clone())).await?;
        let status = answer.status;
        if matches!(status.as_u16(), 404 | 405 | 501) {
            return Ok(Listing::Unlisted(format!(
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
                let found = items.iter().map(|item| self.registration(item, ours, events));
                Ok(Listing::Registered(found.collect()))
            }
            None => Ok(Listing::Unlisted("a GET there holds no list".to_owned())),
        }
    }

    pub(crate) async fn create(&self, address: &Url, events: &[String]) -> Result<Made, Failure> {
        let body = filled(&self.body, address.as_str(), events).to_string();
        let request = self.request(self.method.clone(), self.endpoint.clone());
        let request = request.header("content-type", "application/json").body(body);
        let answer = self.remote.ask(request).await?;
        match answer.status {
            status if status == self.expected => Ok(Made::New),
            StatusCode::CONFLICT => Ok(Made::WasThere),
            status if status.is_success() => {
                let (status, expected) = (status.as_u16(), self.expected.as_u16());
                let advice = format!(
                    "{expected} was expected: if {status} says so too, give --expect {status}"
                );
                Err(self.remote.refused(&answer, &advice))
            }
            status => Err(self.remote.refused(&answer, self.advice(status))),
        }
    }

    pub(crate) async fn remove(&self, id: &str) -> Result<(), Failure> {
        let mut url = self.endpoint.clone();
        url.path_segments_mut().map_err(|()| "--api cannot hold a path")?.pop_if_empty().push(id);
        let answer = self.remote.ask(self.request(Method::DELETE, url)).await?;
        match answer.status {
            status if status.is_success() || status == StatusCode::NOT_FOUND => Ok(()),
            status => Err(self.remote.refused(&answer, self.advice(status))),
        }
    }

    /// What can be told of an item whose form nobody has said.
    fn registration(&self, item: &Value, ours: &Url, known: &[&str]) -> Registration {
        let values: Vec<&Value> = match item {
            Value::Object(object) => object.values().collect(),
            other => vec![other],
        };
        let texts = || values.iter().filter_map(|value| value.as_str());
        let address = texts().find(|text| *text == ours.as_str());
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
            // One of these would name the whole list, or what is above it.
            id: id.filter(|id| !matches!(id.as_str(), "" | "." | "..")),
            address: address.unwrap_or_default().to_owned(),
            events: events.into_iter().map(str::to_owned).collect(),
            asleep: None,
        }
    }

    /// The text that stands where the template of the body has `{event}`.
    fn event_of<'item>(&self, item: &'item Value) -> Option<&'item str> {
        self.body.as_object()?.iter().find_map(|(name, template)| {
            let (before, after) = template.as_str()?.split_once(EVENT_HERE)?;
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
                "API_TOKEN is not set: nothing was said of who asks"
            }
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, Some(_)) => {
                "is API_TOKEN right, and the header of --credential?"
            }
            _ => "",
        }
    }
}

impl Portion {
    fn of(template: &Value) -> Result<Self, Failure> {
        let of_all = holds(template, &|text| text == EVENTS_HERE);
        let of_one = holds(template, &|text| text.contains(EVENT_HERE));
        match (of_all, of_one) {
            (true, true) => {
                Err(format!("--body must have one of {EVENTS_HERE} and {EVENT_HERE}, not both")
                    .into())
            }
            (true, false) => Ok(Self::All),
            (false, true) => Ok(Self::One),
            (false, false) => Ok(Self::Unnamed),
        }
    }
}

/// Whether one of the texts in it is such a one.
fn holds(value: &Value, is_such: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is_such(text),
        Value::Array(list) => list.iter().any(|value| holds(value, is_such)),
        Value::Object(object) => object.values().any(|value| holds(value, is_such)),
        _ => false,
    }
}

/// The header, with the credential in its place.
fn header(template: &str, token: &SecretString) -> Result<(HeaderName, HeaderValue), Failure> {
    let wrong = "--credential must be a header such as 'X-Api-Key: {token}': {token} stands for what \
                 API_TOKEN holds, so that no history holds it";
    let (name, value) = template.split_once(':').ok_or(wrong)?;
    if !value.contains(TOKEN_HERE) {
        return Err(wrong.into());
    }
    let name = HeaderName::try_from(name.trim()).map_err(|_| wrong)?;
    let value = value.trim().replace(TOKEN_HERE, token.expose_secret());
    let mut value =
        HeaderValue::try_from(value).map_err(|_| "API_TOKEN holds what no header can")?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// The template with address and events in their places.
fn filled(template: &Value, address: &str, events: &[String]) -> Value {
    match template {
        Value::String(text) if text == EVENTS_HERE => events.into(),
        Value::String(text) => {
            let event = events.first().map_or("", String::as_str);
            text.replace(EVENT_HERE, event).replace(URL_HERE, address).into()
        }
        Value::Array(list) => list.iter().map(|value| filled(value, address, events)).collect(),
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| (name.clone(), filled(value, address, events)))
            .collect(),
        other => other.clone(),
    }
}

/// A list, or the one that an object holds.
fn the_list(answer: &Value) -> Option<&Vec<Value>> {
    match answer {
        Value::Array(list) => Some(list),
        Value::Object(object) => object.values().find_map(Value::as_array),
        _ => None,
    }
}
