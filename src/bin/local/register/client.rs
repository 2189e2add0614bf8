//! The client of a platform's API, which does what the platform's table says.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use order_alerts::platform::Platform;
use order_alerts::platform::register::{Register, Version};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use url::Url;

use crate::register::credentials;
use crate::register::listing::first_text;
use crate::register::registration::{Creation, Registration};
use crate::register::remote::Remote;
use crate::register::shop::located;
use crate::register::values::Values;
use crate::terminal::Failure;

/// The options of `register` that say how the API is reached.
#[derive(clap::Args)]
pub(crate) struct ApiOptions {
    /// How long to wait for a response.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// The shop: its name or address, as the list below says.
    #[arg(long, conflicts_with = "api")]
    shop: Option<String>,
    /// The version of the API, for a platform that has several.
    #[arg(long, value_name = "VERSION", conflicts_with = "api")]
    api_version: Option<String>,
}

/// The API of a platform, with its credentials.
pub(crate) struct Client<'a> {
    pub(crate) remote: Remote,
    pub(crate) table: &'a Register,
    pub(crate) values: Values,
    pub(super) headers: HeaderMap,
    /// In tests, the server in place of the shop's host.
    pub(super) local: Option<Url>,
    /// Whether the server sees the credentials in the query only.
    pub(super) in_query: AtomicBool,
}

impl<'a> Client<'a> {
    /// Asks for the credentials, after the options are checked.
    pub(crate) async fn new(
        platform: &Platform,
        table: &'a Register,
        options: &ApiOptions,
        registers: bool,
    ) -> Result<Self, Failure> {
        let mut values = Values::default();
        let mut local = None;
        match (&table.shop, &options.shop) {
            (Some(shop), Some(text)) => {
                let located = located(text, shop)?;
                values.put("shop", located.shop);
                local = located.local;
            }
            (Some(shop), None) => {
                return Err(format!("{} needs --shop, {}", platform.name, shop.is).into());
            }
            (None, Some(_)) => return Err(format!("{} needs no --shop", platform.name).into()),
            (None, None) => {}
        }
        match (&table.version, &options.api_version) {
            (Some(known), given) => values.put("version", version(known, given.as_deref())?),
            (None, Some(_)) => {
                return Err(format!("{} needs no --api-version", platform.name).into());
            }
            (None, None) => {}
        }
        let api = values.url(&table.api)?;
        values.put("api", api.as_str());
        let hidden = credentials::ask(platform, table, registers, &mut values)?;
        let api = local.as_ref().unwrap_or(&api);
        let remote = Remote::new(api, Duration::from_secs(options.timeout), hidden)?;
        let json = HeaderValue::from_static("application/json");
        let (headers, in_query) = (HeaderMap::from_iter([(ACCEPT, json)]), AtomicBool::new(false));
        let mut client = Self { remote, table, values, headers, local, in_query };
        client.exchange().await?;
        client.fill_headers()?;
        Ok(client)
    }

    pub(crate) fn host(&self) -> &str {
        &self.remote.host
    }

    /// The events, divided into the batches that one request takes.
    pub(crate) fn batches<'e>(&self, events: &'e [String]) -> Vec<&'e [String]> {
        let size = if self.table.create.has("events") { events.len().max(1) } else { 1 };
        events.chunks(size).collect()
    }

    /// Registers one batch of events.
    pub(crate) async fn create(
        &self,
        address: &Url,
        events: &[String],
    ) -> Result<Creation, Failure> {
        let values = self.about(address.as_str(), events);
        let answer = self.send(&self.table.create, "POST", "{api}", &values).await?;
        let status = answer.status.as_u16();
        let outcome = self.outcome(&self.table.create, &answer);
        if let (Err(error), Some(already)) = (&outcome, &self.table.already)
            && (answer.status.as_str() == already || error.to_string().contains(already))
        {
            return Ok(Creation::AlreadyRegistered);
        }
        outcome?;
        if let Some(expected) = self.table.expect.filter(|expected| *expected != status) {
            let advice = format!(
                "{expected} was expected: if {status} also means success, give --expect {status}"
            );
            return Err(self.remote.refused(&answer, None, &advice));
        }
        let Some(place) = &self.table.new_key else { return Ok(Creation::New(None)) };
        let key = first_text(&self.remote.json(&answer)?, place).filter(|key| !key.is_empty());
        Ok(Creation::New(key.map(SecretString::from)))
    }

    /// Makes a registration work again, and gives it the key to sign with if the platform takes one.
    ///
    /// Returns false if there is nothing to do, or no request for it.
    pub(crate) async fn update(&self, registration: &Registration) -> Result<bool, Failure> {
        let Some(update) = &self.table.update else { return Ok(false) };
        let is_needed = registration.inactive.is_some() || update.has(Register::SIGNING_KEY);
        if !is_needed || (registration.id.is_none() && !self.table.only_one) {
            return Ok(false);
        }
        let values = self.about(&registration.address, &registration.events);
        let values = values.with("id", registration.id.as_deref().unwrap_or_default());
        let answer = self.send(update, "PUT", "{api}/{id}", &values).await?;
        self.outcome(update, &answer).map(|()| true)
    }

    pub(crate) async fn remove(&self, id: &str) -> Result<(), Failure> {
        let values = self.values.with("id", id);
        let request = &self.table.remove;
        let answer = self.send(request, "DELETE", "{api}/{id}", &values).await?;
        match answer.status {
            StatusCode::NOT_FOUND if request.method.is_none() => Ok(()),
            _ => self.outcome(request, &answer),
        }
    }

    /// The values of a request about these events at this address.
    fn about(&self, address: &str, events: &[String]) -> Values {
        let called = |event: &String| self.table.called.get(event).unwrap_or(event).clone();
        self.values.with("url", address).with_events(events.iter().map(called).collect())
    }

    /// Exchanges the credentials for a token, unless there is one.
    async fn exchange(&mut self) -> Result<(), Failure> {
        let Some(token) = &self.table.token else { return Ok(()) };
        if self.values.get("token").is_some() {
            return Ok(());
        }
        let answer = self.send(&token.exchange, "POST", "{api}", &self.values).await?;
        if !answer.status.is_success() {
            return Err(self.remote.refused(&answer, None, &token.advice));
        }
        let text = first_text(&self.remote.json(&answer)?, &token.at)
            .ok_or_else(|| format!("{} answered without an access token", self.host()))?;
        self.remote.hide(text.as_str().into());
        self.values.put("token", text);
        Ok(())
    }

    /// The headers of the table, with the credentials that there are.
    fn fill_headers(&mut self) -> Result<(), Failure> {
        for (name, text) in &self.table.headers {
            let Some(text) = self.values.header(text) else { continue };
            if let Some((_, basic)) = text.split_once("Basic ") {
                self.remote.hide(basic.into());
            }
            let wrong = "a credential has a character that a header cannot have: is it complete, and on one line?";
            let mut value = HeaderValue::try_from(text).map_err(|_| wrong)?;
            value.set_sensitive(true);
            self.headers.insert(HeaderName::try_from(name)?, value);
        }
        Ok(())
    }
}

fn version(known: &Version, given: Option<&str>) -> Result<String, Failure> {
    let version = given.unwrap_or(&known.default);
    let is_name = version.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if version < known.first.as_str() || !is_name {
        let (first, default) = (&known.first, &known.default);
        return Err(format!("--api-version must be {first} or later, such as {default}").into());
    }
    Ok(version.to_owned())
}
