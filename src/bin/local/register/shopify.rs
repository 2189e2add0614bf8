//! Shopify's Admin API, in GraphQL: <https://shopify.dev/docs/api/admin-graphql>.

use std::time::Duration;

use order_alerts::platform::Platform;
use reqwest::header::RETRY_AFTER;
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;

use self::credentials::Credentials;
use crate::register::registration::{Creation, Registration, event_types};
use crate::register::remote::{Answer, Remote, advised, sentence};
use crate::terminal::Failure;

mod credentials;
mod shop;

/// A stable version of the API, see <https://shopify.dev/docs/api/usage/versioning>. Shopify supports
/// a version for a year. After that it answers as the oldest version that it still supports.
pub(crate) const VERSION: &str = "2026-10";
/// The first version in which the address is called `uri` and not `callbackUrl`.
const FIRST_VERSION: &str = "2025-10";

const PAGE: usize = 100;
/// More pages than the subscriptions of one app can fill.
const MAX_PAGES: usize = 100;

const NO_SCOPE: &str = "the app needs the scope read_orders, and access to protected customer data: an app with custom \
                        distribution, which is for one shop, has it without a review";
const NO_REVIEW: &str = "give the app custom distribution in the Dev Dashboard, which is for one shop and needs no \
                         review, or ask for access to protected customer data in its settings";
const NO_TOKEN: &str = "the token must be of an app that this shop installed";

/// One shop, as seen by one of its apps.
pub(crate) struct Shopify {
    pub(crate) remote: Remote,
    endpoint: Url,
    token: SecretString,
    platform: &'static Platform,
}

impl Shopify {
    pub(crate) async fn new(
        platform: &'static Platform,
        shop: &str,
        version: &str,
        timeout: Duration,
    ) -> Result<Self, Failure> {
        let is_dated = version.len() == VERSION.len() && version.as_bytes()[4] == b'-';
        if version != "unstable" && (!is_dated || version < FIRST_VERSION) {
            return Err(format!(
                "--api-version must be {FIRST_VERSION} or later, such as {VERSION}"
            )
            .into());
        }
        let endpoint = shop::url(shop)?.join(&format!("/admin/api/{version}/graphql.json"))?;
        let credentials = Credentials::ask()?;
        let mut remote = Remote::new(&endpoint, timeout, credentials.secrets())?;
        let token = credentials.token(&remote, &endpoint).await?;
        remote.hide(token.clone());
        Ok(Self { remote, endpoint, token, platform })
    }

    /// The app's own subscriptions. Shopify lists no others.
    pub(crate) async fn list(&self) -> Result<Vec<Registration>, Failure> {
        let query = "query($first: Int!, $after: String) { webhookSubscriptions(first: $first, after: $after) \
                     { nodes { id topic uri } pageInfo { hasNextPage endCursor } } }";
        let mut found = Vec::new();
        let mut after = Value::Null;
        for _ in 0..MAX_PAGES {
            let data = self.call(query, &json!({"first": PAGE, "after": after})).await?;
            let page = &data["webhookSubscriptions"];
            let nodes = page["nodes"].as_array().ok_or_else(|| self.unreadable())?;
            found.extend(nodes.iter().map(|node| self.registration(node)));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] != true || after.is_null() {
                break;
            }
        }
        Ok(found)
    }

    pub(crate) async fn create(&self, address: &Url, event: &str) -> Result<Creation, Failure> {
        let query = "mutation($topic: WebhookSubscriptionTopic!, $webhook: WebhookSubscriptionInput!) \
                     { webhookSubscriptionCreate(topic: $topic, webhookSubscription: $webhook) \
                     { webhookSubscription { id } userErrors { field message } } }";
        let webhook = json!({"uri": address.as_str(), "format": "JSON"});
        let data = self.call(query, &json!({"topic": topic(event), "webhook": webhook})).await?;
        let created = &data["webhookSubscriptionCreate"];
        match user_errors(created) {
            Some(error) if error.contains("already been taken") => Ok(Creation::AlreadyRegistered),
            Some(error) => Err(self.objected(&error)),
            None if created["webhookSubscription"]["id"].is_string() => Ok(Creation::New),
            None => Err(self.unreadable()),
        }
    }

    pub(crate) async fn remove(&self, id: &str) -> Result<(), Failure> {
        let query = "mutation($id: ID!) { webhookSubscriptionDelete(id: $id) \
                     { deletedWebhookSubscriptionId userErrors { field message } } }";
        let data = self.call(query, &json!({"id": id})).await?;
        let deleted = &data["webhookSubscriptionDelete"];
        match user_errors(deleted) {
            Some(error) => Err(self.objected(&error)),
            None if deleted["deletedWebhookSubscriptionId"] == id => Ok(()),
            None => Err(self.unreadable()),
        }
    }

    /// The `data` of a response. GraphQL reports most errors with a 200.
    async fn call(&self, query: &str, variables: &Value) -> Result<Value, Failure> {
        let body = json!({"query": query, "variables": variables}).to_string();
        let request = self
            .remote
            .request(Method::POST, self.endpoint.clone())
            .header("x-shopify-access-token", self.token.expose_secret())
            .header("content-type", "application/json");
        let answer = self.remote.send(request.body(body)).await?;
        match answer.status {
            StatusCode::OK => self.data(&answer),
            StatusCode::UNAUTHORIZED => Err(self.remote.refused(&answer, NO_TOKEN)),
            StatusCode::FORBIDDEN => Err(self.remote.refused(&answer, NO_SCOPE)),
            StatusCode::NOT_FOUND => {
                let advice = "is this the right shop, and does this version of the API exist?";
                Err(self.remote.refused(&answer, advice))
            }
            StatusCode::TOO_MANY_REQUESTS => {
                let seconds = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                let seconds: Option<f32> = seconds.and_then(|text| text.parse().ok());
                Err(self.throttled(seconds))
            }
            _ => Err(self.remote.refused(&answer, "")),
        }
    }

    fn data(&self, answer: &Answer) -> Result<Value, Failure> {
        let mut whole = self.remote.json(answer)?;
        let codes: Vec<_> = whole["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| &error["extensions"]["code"])
            .collect();
        if codes.iter().any(|code| *code == "THROTTLED") {
            return Err(self.throttled(None));
        }
        if codes.iter().any(|code| *code == "ACCESS_DENIED") {
            return Err(self.remote.refused(answer, NO_SCOPE));
        }
        if !whole["errors"].is_null() {
            return Err(self.remote.refused(answer, ""));
        }
        match whole["data"].take() {
            Value::Object(data) => Ok(Value::Object(data)),
            _ => Err(self.unreadable()),
        }
    }

    fn throttled(&self, seconds: Option<f32>) -> Failure {
        let when = seconds.map_or("in a moment".to_owned(), |seconds| {
            format!("in {} s", seconds.ceil().max(1.0))
        });
        format!(
            "{} limits the app's calls: try again {when} (what was registered so far is kept)",
            self.remote.host
        )
        .into()
    }

    fn objected(&self, error: &str) -> Failure {
        let line = self.remote.line(error);
        let said = line.map_or_else(|| "without a reason".to_owned(), |line| line.to_string());
        let is_protected = error.contains("protected customer data");
        let advice = if is_protected { NO_REVIEW } else { "" };
        advised(format!("{} refused it: {said}", self.remote.host), advice)
    }

    fn unreadable(&self) -> Failure {
        format!("{} answered without the result: check with --list", self.remote.host).into()
    }

    fn registration(&self, node: &Value) -> Registration {
        let text = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
        let named = |known: &&str| topic(known) == text("topic");
        let event = event_types(self.platform)
            .into_iter()
            .find(named)
            .map_or_else(|| text("topic"), str::to_owned);
        Registration {
            id: node["id"].as_str().map(str::to_owned),
            address: text("uri"),
            events: vec![event],
            inactive: None,
        }
    }
}

/// `orders/create` as GraphQL writes it.
fn topic(event: &str) -> String {
    event.replace('/', "_").to_ascii_uppercase()
}

fn user_errors(payload: &Value) -> Option<String> {
    sentence(&payload["userErrors"])
}
