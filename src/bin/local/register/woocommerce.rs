//! WooCommerce's REST API: <https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks>.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use order_alerts::platform::Platform;
use order_alerts::secret::signing_key::SigningKey;
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;

use crate::net;
use crate::register::registration::{Creation, Registration};
use crate::register::remote::{Answer, Remote, credential};
use crate::terminal::Failure;

/// The environment variables with the REST API's key.
pub(crate) const KEY: &str = "WOOCOMMERCE_KEY";
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
    basic: SecretString,
    platform: &'static Platform,
    signing_key: Option<SecretString>,
}

impl WooCommerce {
    pub(crate) fn new(
        platform: &'static Platform,
        shop: &str,
        timeout: Duration,
    ) -> Result<Self, Failure> {
        let wrong = "--shop must be the shop's address, such as https://tea-house.example";
        let shop = Url::parse(shop).map_err(|_| wrong)?;
        net::check_safe(&shop, "--shop")?;
        let mut endpoint = shop;
        endpoint.set_query(None);
        endpoint.set_fragment(None);
        let path = format!("{}/wp-json/wc/v3/webhooks", endpoint.path().trim_end_matches('/'));
        endpoint.set_path(&path);

        let (key, secret) = (credential(KEY)?, credential(SECRET)?);
        let pair = format!("{}:{}", key.expose_secret(), secret.expose_secret());
        let basic = SecretString::from(BASE64_STANDARD.encode(pair));
        let signing_key = credential(SIGNING_KEY).ok();
        let hidden = [basic.clone(), key, secret].into_iter().chain(signing_key.clone()).collect();
        let remote = Remote::new(&endpoint, timeout, hidden)?;
        Ok(Self { remote, endpoint, basic, platform, signing_key })
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
            "secret": self.signing_key()?,
            "status": "active",
        });
        self.call(Method::POST, self.endpoint.clone(), Some(webhook), StatusCode::CREATED).await?;
        Ok(Creation::New)
    }

    /// Sets it active and replaces its signing key, which cannot be read and may be another one.
    pub(crate) async fn reactivate(&self, id: &str) -> Result<(), Failure> {
        let webhook = json!({"status": "active", "secret": self.signing_key()?});
        self.call(Method::PUT, self.one(id)?, Some(webhook), StatusCode::OK).await?;
        Ok(())
    }

    pub(crate) async fn remove(&self, id: &str) -> Result<(), Failure> {
        let mut url = self.one(id)?;
        url.query_pairs_mut().append_pair("force", "true");
        self.call(Method::DELETE, url, None, StatusCode::OK).await?;
        Ok(())
    }

    /// The key with which the shop is to sign.
    ///
    /// Refuses a key that WooCommerce would change, or that `connect` would not accept.
    pub(crate) fn signing_key(&self) -> Result<&str, Failure> {
        let advice = "set SIGNING_KEY to the key with which the shop is to sign: a long random text, the same \
                      that `connect woocommerce` stores";
        let key = self.signing_key.as_ref().ok_or(advice)?.expose_secret();
        SigningKey::parse(key, &self.platform.auth)
            .map_err(|error| format!("SIGNING_KEY cannot be used: {error}"))?;
        if key.contains('&') {
            return Err(
                "SIGNING_KEY cannot be used: WooCommerce takes `&` for the start of an HTML entity and \
                 signs with another text"
                    .into(),
            );
        }
        Ok(key)
    }

    async fn call(
        &self,
        method: Method,
        url: Url,
        body: Option<Value>,
        expected: StatusCode,
    ) -> Result<Answer, Failure> {
        let basic = format!("Basic {}", self.basic.expose_secret());
        let request = self.remote.request(method, url).header("authorization", basic);
        let answer = self.remote.send(with_json(request, body)).await?;
        let advice = match answer.status {
            status if status == expected => return Ok(answer),
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

    fn one(&self, id: &str) -> Result<Url, Failure> {
        let mut url = self.endpoint.clone();
        url.path_segments_mut().map_err(|()| "the shop's address cannot hold a path")?.push(id);
        Ok(url)
    }

    fn unreadable(&self) -> Failure {
        format!("{} answered without a list of webhooks", self.remote.host).into()
    }
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

fn with_json(request: RequestBuilder, body: Option<Value>) -> RequestBuilder {
    match body {
        None => request,
        Some(body) => request.header("content-type", "application/json").body(body.to_string()),
    }
}
