//! A WooCommerce shop's REST API, as its `class-wc-rest-webhooks-v1-controller.php` has it.

#![expect(clippy::result_large_err, reason = "a refusal is the reply itself")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use order_alerts_fakes::{Reply, Request, Server};
use serde_json::{Value, json};

use crate::register::header;

pub(crate) const KEY: &str = "ck_0123456789abcdef";
pub(crate) const SECRET: &str = "cs_fedcba9876543210";

pub(crate) struct FakeWooCommerce {
    pub(crate) server: Server,
    shop: Arc<Mutex<Shop>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) topic: String,
    pub(crate) address: String,
    pub(crate) status: String,
    pub(crate) secret: String,
}

#[derive(Default)]
struct Shop {
    /// The position names it; a removed one leaves a gap.
    hooks: Vec<Option<Hook>>,
    is_read_only: bool,
    /// The server drops the header Authorization, and perhaps the query too.
    drops: Option<Drops>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Drops {
    Header,
    HeaderAndQuery,
}

impl FakeWooCommerce {
    pub(crate) async fn start() -> Self {
        let shop = Arc::new(Mutex::new(Shop::default()));
        let server = Server::start({
            let shop = shop.clone();
            move |request| {
                let reply = shop.lock().unwrap().answer(&request);
                async { reply.unwrap_or_else(|refusal| refusal) }
            }
        })
        .await;
        Self { server, shop }
    }

    pub(crate) fn add(&self, topic: &str, address: &str, status: &str) {
        let hook = Hook {
            topic: topic.to_owned(),
            address: address.to_owned(),
            status: status.to_owned(),
            secret: "an older one".to_owned(),
        };
        self.shop.lock().unwrap().hooks.push(Some(hook));
    }

    pub(crate) fn hooks(&self) -> Vec<Hook> {
        self.shop.lock().unwrap().hooks.iter().flatten().cloned().collect()
    }

    pub(crate) fn drop_credentials(&self, drops: Drops) {
        self.shop.lock().unwrap().drops = Some(drops);
    }

    pub(crate) fn make_read_only(&self) {
        self.shop.lock().unwrap().is_read_only = true;
    }
}

impl Shop {
    fn answer(&mut self, request: &Request) -> Result<Reply, Reply> {
        let Some(rest) = request.uri().path().strip_prefix("/wp-json/wc/v3/webhooks") else {
            return Err(refusal(
                404,
                "rest_no_route",
                "No route was found matching the URL and request method.",
            ));
        };
        self.verify(request)?;
        let query: HashMap<_, _> = request
            .uri()
            .query()
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .collect();
        let id = rest.strip_prefix('/');
        match (request.method().as_str(), id) {
            ("GET", None) => self.list(&query),
            ("POST", None) => self.create(&body(request)?),
            ("PUT", Some(id)) => self.update(id, &body(request)?),
            ("DELETE", Some(_)) if query.get("force") != Some(&"true") => Err(refusal(
                501,
                "woocommerce_rest_trash_not_supported",
                "Webhooks do not support trashing.",
            )),
            ("DELETE", Some(id)) => {
                let position = self.position(id)?;
                let hook = self.hooks[position].take().unwrap();
                Ok(reply(200, &description(position, &hook)))
            }
            _ => Err(refusal(
                404,
                "rest_no_route",
                "No route was found matching the URL and request method.",
            )),
        }
    }

    fn verify(&self, request: &Request) -> Result<(), Reply> {
        let code = "woocommerce_rest_authentication_error";
        let basic = header(request, "authorization").strip_prefix("Basic ");
        let pair = match self.drops {
            None => basic.map(|basic| BASE64_STANDARD.decode(basic).unwrap_or_default()),
            Some(Drops::Header) => in_query(request),
            Some(Drops::HeaderAndQuery) => None,
        };
        let Some(pair) = pair else {
            return Err(refusal(
                401,
                "woocommerce_rest_cannot_view",
                "Sorry, you cannot list resources.",
            ));
        };
        match String::from_utf8_lossy(&pair).split_once(':') {
            Some((KEY, SECRET)) if self.is_read_only && request.method() != "GET" => {
                Err(refusal(401, code, "The API key provided does not have write permissions."))
            }
            Some((KEY, SECRET)) => Ok(()),
            Some((KEY, _)) => Err(refusal(401, code, "Consumer secret is invalid.")),
            _ => Err(refusal(401, code, "Consumer key is invalid.")),
        }
    }

    fn list(&self, query: &HashMap<&str, &str>) -> Result<Reply, Reply> {
        let number = |name, default| match query.get(name) {
            None => Some(default),
            Some(text) => text.parse().ok(),
        };
        let size: usize = number("per_page", 10).unwrap_or(0);
        let page: usize = number("page", 1).unwrap_or(0);
        if !(1..=100).contains(&size) || page == 0 {
            return Err(refusal(400, "rest_invalid_param", "Invalid parameter(s): per_page"));
        }
        let all: Vec<_> = self
            .hooks
            .iter()
            .enumerate()
            .filter_map(|(position, hook)| Some(description(position, hook.as_ref()?)))
            .collect();
        let pages = all.len().div_ceil(size);
        let shown: Vec<_> = all.iter().skip((page - 1) * size).take(size).collect();
        let (total, pages) = (all.len().to_string(), pages.to_string());
        let headers = [JSON, ("x-wp-total", &total), ("x-wp-totalpages", &pages)];
        Ok(Reply::new(200, &headers, json!(shown).to_string()))
    }

    fn create(&mut self, body: &Value) -> Result<Reply, Reply> {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let topics = ["order.created", "order.updated", "order.deleted", "order.restored"];
        if !topics.contains(&text("topic").as_str()) {
            let said = "Webhook topic is required and must be valid.";
            return Err(refusal(400, "woocommerce_rest_shop_webhook_invalid_topic", said));
        }
        if !text("delivery_url").starts_with("http") {
            let said =
                "Webhook delivery URL must be a valid URL starting with http:// or https://.";
            return Err(refusal(400, "woocommerce_rest_shop_webhook_invalid_delivery_url", said));
        }
        let hook = Hook {
            topic: text("topic"),
            address: text("delivery_url"),
            status: "active".to_owned(),
            secret: text("secret"),
        };
        self.hooks.push(Some(hook.clone()));
        Ok(reply(201, &description(self.hooks.len() - 1, &hook)))
    }

    fn update(&mut self, id: &str, body: &Value) -> Result<Reply, Reply> {
        let position = self.position(id)?;
        let hook = self.hooks[position].as_mut().unwrap();
        if let Some(status) = body["status"].as_str() {
            status.clone_into(&mut hook.status);
        }
        if let Some(secret) = body["secret"].as_str() {
            secret.clone_into(&mut hook.secret);
        }
        Ok(reply(200, &description(position, hook)))
    }

    fn position(&self, id: &str) -> Result<usize, Reply> {
        let position = id.parse().ok().and_then(|id: usize| id.checked_sub(FIRST_ID));
        let known =
            position.filter(|position| self.hooks.get(*position).is_some_and(Option::is_some));
        known.ok_or_else(|| refusal(404, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID."))
    }
}

/// The credentials in the query, which WooCommerce takes over https.
fn in_query(request: &Request) -> Option<Vec<u8>> {
    let query = request.uri().query()?;
    let value =
        |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    Some(format!("{}:{}", value("consumer_key")?, value("consumer_secret")?).into_bytes())
}

const FIRST_ID: usize = 142;
const JSON: (&str, &str) = ("content-type", "application/json; charset=UTF-8");

fn body(request: &Request) -> Result<Value, Reply> {
    let body = serde_json::from_slice(request.body()).ok();
    body.filter(|_| header(request, "content-type") == "application/json")
        .ok_or_else(|| refusal(400, "rest_invalid_json", "Invalid JSON body passed."))
}

/// Without the secret, which the API never shows.
fn description(position: usize, hook: &Hook) -> Value {
    json!({
        "id": position + FIRST_ID,
        "name": "a webhook",
        "status": hook.status,
        "topic": hook.topic,
        "resource": "order",
        "hooks": ["woocommerce_new_order"],
        "delivery_url": hook.address,
    })
}

fn refusal(status: u16, code: &str, message: &str) -> Reply {
    reply(status, &json!({"code": code, "message": message, "data": {"status": status}}))
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply::new(status, &[JSON], body.to_string())
}
