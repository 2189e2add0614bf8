//! WooCommerce's REST API: <https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks>.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use order_alerts::platform::Platform;
use order_alerts::secret::signing_key::SigningKey;
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use crate::register::registration::{Creation, Registration};
use crate::register::remote::{Answer, Remote};
use crate::terminal::Failure;
use crate::{net, prompt, terminal};

/// The environment variables with the REST API's key.
const KEY: &str = "WOOCOMMERCE_KEY";
const SECRET: &str = "WOOCOMMERCE_SECRET";
/// The environment variable with the signing key, as for `send`.
const SIGNING_KEY: &str = "SIGNING_KEY";

/// The largest page size that the API allows.
const PAGE: &str = "100";
/// More pages than the webhooks of a shop can fill.
const MAX_PAGES: u32 = 100;

/// One shop.
pub(crate) struct WooCommerce {
    pub(crate) remote: Remote,
    endpoint: Url,
    key: SecretString,
    secret: SecretString,
    /// Both, as the header of Basic authentication has them.
    basic: SecretString,
    /// Whether the shop sees the credentials in the query only.
    in_query: AtomicBool,
    signing_key: Option<SecretString>,
}

impl WooCommerce {
    /// Asks for the credentials, and for the signing key if webhooks are to be registered.
    pub(crate) fn new(
        platform: &'static Platform,
        shop: &str,
        timeout: Duration,
        registers: bool,
    ) -> Result<Self, Failure> {
        let endpoint = endpoint(shop)?;
        let key = prompt::credential(KEY, "The consumer key of the REST API")?;
        let secret = prompt::credential(SECRET, "The consumer secret")?;
        let signing_key = registers.then(|| signing_key(platform)).transpose()?;
        let pair = format!("{}:{}", key.expose_secret(), secret.expose_secret());
        let basic = SecretString::from(BASE64_STANDARD.encode(pair));
        let hidden = [basic.clone(), key.clone(), secret.clone()];
        let hidden = hidden.into_iter().chain(signing_key.clone()).collect();
        let remote = Remote::new(&endpoint, timeout, hidden)?;
        let in_query = AtomicBool::new(false);
        Ok(Self { remote, endpoint, key, secret, basic, in_query, signing_key })
    }

    pub(crate) async fn list(&self) -> Result<Vec<Registration>, Failure> {
        let mut found = Vec::new();
        for page in 1..=MAX_PAGES {
            let mut url = self.endpoint.clone();
            url.query_pairs_mut()
                .append_pair("per_page", PAGE)
                .append_pair("page", &page.to_string());
            let answer = self.call(Method::GET, url, None, StatusCode::OK).await?;
            let webhooks = self.remote.json(&answer)?;
            let webhooks = webhooks.as_array().ok_or_else(|| self.unreadable())?;
            found.extend(webhooks.iter().map(registration));
            let pages = answer.headers.get("x-wp-totalpages").and_then(|value| value.to_str().ok());
            let pages: u32 = pages.and_then(|pages| pages.parse().ok()).unwrap_or(1);
            if page >= pages {
                break;
            }
        }
        Ok(found)
    }

    pub(crate) async fn create(&self, address: &Url, event: &str) -> Result<Creation, Failure> {
        let webhook = json!({
            "name": format!("order-alerts {event}"),
            "topic": event,
            "delivery_url": address.as_str(),
            "secret": self.signing_key(),
            "status": "active",
        });
        self.call(Method::POST, self.endpoint.clone(), Some(webhook), StatusCode::CREATED).await?;
        Ok(Creation::New)
    }

    /// Sets it active and replaces its signing key, which cannot be read and may be another one.
    pub(crate) async fn reactivate(&self, id: &str) -> Result<(), Failure> {
        let webhook = json!({"status": "active", "secret": self.signing_key()});
        self.call(Method::PUT, self.one(id)?, Some(webhook), StatusCode::OK).await?;
        Ok(())
    }

    pub(crate) async fn remove(&self, id: &str) -> Result<(), Failure> {
        let mut url = self.one(id)?;
        url.query_pairs_mut().append_pair("force", "true");
        self.call(Method::DELETE, url, None, StatusCode::OK).await?;
        Ok(())
    }

    fn signing_key(&self) -> Option<&str> {
        self.signing_key.as_ref().map(ExposeSecret::expose_secret)
    }

    async fn call(
        &self,
        method: Method,
        url: Url,
        body: Option<Value>,
        expected: StatusCode,
    ) -> Result<Answer, Failure> {
        let mut answer = self.remote.send(self.request(&method, &url, body.as_ref())).await?;
        if !self.in_query.load(Relaxed) && self.saw_no_credentials(&answer) {
            let host = &self.remote.host;
            terminal::warning(&format!(
                "{host} does not see the header Authorization. So the credentials are sent in the query, \
                 which the shop's server may log."
            ));
            self.in_query.store(true, Relaxed);
            answer = self.remote.send(self.request(&method, &url, body.as_ref())).await?;
        }
        let advice = match answer.status {
            status if status == expected => return Ok(answer),
            StatusCode::UNAUTHORIZED if self.saw_no_credentials(&answer) => {
                "the shop's server drops the credentials, in the header and in the query: let it pass on the \
                 header Authorization"
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                "the key needs Read/Write, and its user must manage the shop: WooCommerce → Settings → \
                 Advanced → REST API"
            }
            StatusCode::NOT_FOUND => {
                "is this the shop's address? In WordPress, Settings → Permalinks must not be Plain"
            }
            _ => "",
        };
        Err(self.remote.refused(&answer, advice))
    }

    /// Some servers drop the header of Basic authentication. WooCommerce then takes the credentials in
    /// the query, over https: <https://woocommerce.github.io/woocommerce-rest-api-docs/#authentication-over-https>.
    fn request(&self, method: &Method, url: &Url, body: Option<&Value>) -> RequestBuilder {
        let mut url = url.clone();
        if self.in_query.load(Relaxed) {
            url.query_pairs_mut()
                .append_pair("consumer_key", self.key.expose_secret())
                .append_pair("consumer_secret", self.secret.expose_secret());
            return with_json(self.remote.request(method.clone(), url), body);
        }
        let basic = format!("Basic {}", self.basic.expose_secret());
        let request = self.remote.request(method.clone(), url).header("authorization", basic);
        with_json(request, body)
    }

    /// Whether the shop took the request for that of a visitor. Of a wrong key it says so.
    fn saw_no_credentials(&self, answer: &Answer) -> bool {
        let body = self.remote.json(answer).unwrap_or_default();
        let is_about_the_key = body["code"] == "woocommerce_rest_authentication_error";
        answer.status == StatusCode::UNAUTHORIZED && body["code"].is_string() && !is_about_the_key
    }

    fn one(&self, id: &str) -> Result<Url, Failure> {
        let mut url = self.endpoint.clone();
        url.path_segments_mut().map_err(|()| "the shop's address cannot hold a path")?.push(id);
        Ok(url)
    }

    fn unreadable(&self) -> Failure {
        format!("{} answered without a list of webhooks", self.remote.host).into()
    }
}

/// The address of the API, from the shop's address or one of its admin's.
fn endpoint(shop: &str) -> Result<Url, Failure> {
    let wrong = "--shop must be the shop's address, such as https://tea-house.example";
    let shop = shop.trim();
    let shop = if shop.contains("://") { shop.to_owned() } else { format!("https://{shop}") };
    let mut url = Url::parse(&shop).map_err(|_| wrong)?;
    net::check_safe(&url, "--shop")?;
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path();
    let home = ["/wp-admin", "/wp-login.php", "/wp-json"].iter().find_map(|part| path.find(part));
    let home = path[..home.unwrap_or(path.len())].trim_end_matches('/');
    let path = format!("{home}/wp-json/wc/v3/webhooks");
    url.set_path(&path);
    Ok(url)
}

/// The key with which the shop is to sign.
///
/// Refuses a key that WooCommerce would change, or that `connect` would not accept.
fn signing_key(platform: &Platform) -> Result<SecretString, Failure> {
    let key = prompt::credential(SIGNING_KEY, "The signing key that `connect woocommerce` stores")?;
    SigningKey::parse(key.expose_secret(), &platform.auth)
        .map_err(|error| format!("the signing key cannot be used: {error}"))?;
    if key.expose_secret().contains('&') {
        return Err(
            "the signing key cannot be used: WooCommerce takes `&` for the start of an HTML entity and \
             signs with another text"
                .into(),
        );
    }
    Ok(key)
}

/// A webhook as the API lists it, without its secret.
fn registration(webhook: &Value) -> Registration {
    let text = |name: &str| webhook[name].as_str().unwrap_or_default().to_owned();
    let status = text("status");
    Registration {
        id: webhook["id"].as_u64().map(|id| id.to_string()),
        address: text("delivery_url"),
        events: vec![text("topic")],
        inactive: (status != "active").then_some(status),
    }
}

fn with_json(request: RequestBuilder, body: Option<&Value>) -> RequestBuilder {
    match body {
        None => request,
        Some(body) => request.header("content-type", "application/json").body(body.to_string()),
    }
}
