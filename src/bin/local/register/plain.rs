//! The table of a plain JSON API, made from options.

use order_alerts::platform::register::Register;
use reqwest::header::HeaderName;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;

use crate::net;
use crate::terminal::Failure;

/// The environment variable with the credential.
const TOKEN: &str = "API_TOKEN";

/// The options that describe the API's requests.
#[derive(clap::Args)]
#[command(next_help_heading = "A plain JSON API")]
#[group(requires = "api")]
pub(crate) struct PlainOptions {
    /// The address at which the API registers webhooks, with its path.
    #[arg(long, value_name = "URL")]
    pub(crate) api: Option<Url>,
    /// The HTTP method of the request that registers.
    #[arg(long, default_value = "POST")]
    method: Method,
    /// The body of the request: JSON with {url} and {events}, or with {event} for one request per event.
    #[arg(long, value_name = "JSON", default_value = r#"{"url":"{url}","events":"{events}"}"#)]
    body: String,
    /// The status of a successful registration.
    #[arg(long, value_name = "STATUS", default_value = "201")]
    expect: StatusCode,
    /// The header with the credential; {token} is replaced by `API_TOKEN`.
    #[arg(long, value_name = "NAME: VALUE", default_value = "Authorization: Bearer {token}")]
    credential: String,
}

impl PlainOptions {
    /// The table of the API at this address, for these events.
    pub(crate) fn table(&self, api: &Url, events: &[String]) -> Result<Register, Failure> {
        net::check_safe(api, "--api")?;
        let body: Value = serde_json::from_str(&self.body)
            .map_err(|error| format!("--body is not JSON (keep its quotes): {error}"))?;
        if !self.body.contains("{url}") {
            return Err("--body must say where the address goes: {url}".into());
        }
        let mut list = api.clone();
        list.set_query(None);
        let query = api.query().map_or_else(String::new, |query| format!("?{query}"));
        let one = format!("{}/{{id}}{query}", list.as_str().trim_end_matches('/'));
        let denied = "is API_TOKEN right, and the header of --credential?";
        let table: Register = serde_json::from_value(json!({
            "api": api,
            "headers": self.header()?,
            "ask": [{"variable": TOKEN, "what": "The credential of the API", "optional": true}],
            "create": {"method": self.method.as_str(), "body": body.to_string()},
            "expect": self.expect.as_u16(),
            "already": "409",
            "listed": {"id": "/id", "address": place(&body, &["{url}"]), "events": place(&body, &["{events}", "{event}"])},
            "remove": {"url": one},
            "advice": {"401": denied, "403": denied},
        }))?;
        match (table.create.has("events"), table.create.has("event")) {
            (true, true) => {
                Err("--body must have one of {events} and {event}, not both".into())
            }
            (false, false) if events.len() > 1 => Err(
                "--body must say where the events go: {events} for all of them, or {event} for one request per event \
                 (without either, give exactly one --event)"
                    .into(),
            ),
            _ => Ok(table),
        }
    }

    /// The header, with the credential's variable in its place.
    fn header(&self) -> Result<Value, Failure> {
        let wrong = "--credential must be a header such as 'X-Api-Key: {token}': {token} is replaced by \
                     API_TOKEN, which stays out of the shell's history";
        let (name, value) = self.credential.split_once(':').ok_or(wrong)?;
        if !value.contains("{token}") {
            return Err(wrong.into());
        }
        let name = HeaderName::try_from(name.trim()).map_err(|_| wrong)?;
        let value = value.trim().replace("{token}", &format!("{{{TOKEN}}}"));
        Ok(json!({name.as_str(): value}))
    }
}

/// The place in the template of a body that has one of these texts. A list of webhooks most likely has it
/// there too.
fn place(template: &Value, texts: &[&str]) -> Option<String> {
    match template {
        Value::String(text) => texts.contains(&text.as_str()).then(String::new),
        Value::Array(list) => list.iter().find_map(|value| place(value, texts)),
        Value::Object(object) => object.iter().find_map(|(name, value)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            Some(format!("/{name}{}", place(value, texts)?))
        }),
        _ => None,
    }
}
