//! A Shopify shop's Admin API, as <https://shopify.dev/docs/api/admin-graphql/2026-10> has it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use order_alerts_fakes::{Reply, Request, Server};
use serde_json::{Value, json};

use crate::register::header;

pub(crate) const TOKEN: &str = "shpat_0123456789abcdef";
pub(crate) const CLIENT_ID: &str = "the-client-id-of-the-tests";
pub(crate) const CLIENT_SECRET: &str = "the client secret of the tests";

/// Those of orders, and one that an order webhook is not.
const TOPICS: [&str; 9] = [
    "ORDERS_CREATE",
    "ORDERS_UPDATED",
    "ORDERS_EDITED",
    "ORDERS_PAID",
    "ORDERS_FULFILLED",
    "ORDERS_PARTIALLY_FULFILLED",
    "ORDERS_CANCELLED",
    "ORDERS_DELETE",
    "PRODUCTS_UPDATE",
];

pub(crate) struct FakeShopify {
    pub(crate) server: Server,
    shop: Arc<Mutex<Shop>>,
}

#[derive(Default)]
struct Shop {
    /// Topic and address; the position names it.
    subscriptions: Vec<Option<(String, String)>>,
    /// The answer to whatever mutates.
    objection: Option<Value>,
}

impl FakeShopify {
    pub(crate) async fn start() -> Self {
        let shop = Arc::new(Mutex::new(Shop::default()));
        let server = Server::start({
            let shop = shop.clone();
            move |request| {
                let reply = shop.lock().unwrap().answer(&request);
                async { reply }
            }
        })
        .await;
        Self { server, shop }
    }

    pub(crate) fn subscribe(&self, topic: &str, address: &str) {
        let subscription = Some((topic.to_owned(), address.to_owned()));
        self.shop.lock().unwrap().subscriptions.push(subscription);
    }

    pub(crate) fn subscriptions(&self) -> Vec<(String, String)> {
        self.shop.lock().unwrap().subscriptions.iter().flatten().cloned().collect()
    }

    pub(crate) fn object(&self, answer: Value) {
        self.shop.lock().unwrap().objection = Some(answer);
    }
}

impl Shop {
    fn answer(&mut self, request: &Request) -> Reply {
        if request.uri() == "/admin/oauth/access_token" && request.method() == "POST" {
            return exchange(request);
        }
        if request.uri() != "/admin/api/2026-10/graphql.json" || request.method() != "POST" {
            return reply(404, &json!({"errors": "Not Found"}));
        }
        if header(request, "x-shopify-access-token") != TOKEN {
            let error =
                "[API] Invalid API key or access token (unrecognized login or wrong password)";
            return reply(401, &json!({"errors": error}));
        }
        let asked: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let (Some(query), "application/json") =
            (asked["query"].as_str(), header(request, "content-type"))
        else {
            let error = json!({"query": "Required parameter missing or invalid"});
            return reply(400, &json!({"errors": error}));
        };
        let variables = &asked["variables"];
        let data = if query.starts_with("query") && query.contains("webhookSubscriptions(") {
            self.list(variables)
        } else if let Some(objection) = &self.objection {
            return reply(200, objection);
        } else if query.contains("webhookSubscriptionCreate(") {
            self.create(variables)
        } else if query.contains("webhookSubscriptionDelete(") {
            Ok(self.delete(&variables["id"]))
        } else {
            Err("Field doesn't exist on type 'Mutation'".to_owned())
        };
        match data {
            Ok(data) => reply(200, &json!({"data": data})),
            Err(error) => reply(200, &json!({"errors": [{"message": error}]})),
        }
    }

    /// Two on a page, however many are asked for, so that every list has pages.
    fn list(&self, variables: &Value) -> Result<Value, String> {
        if !(1..=250).contains(&variables["first"].as_u64().unwrap_or(0)) {
            return Err("you must provide one of first or last".to_owned());
        }
        let start: usize = match &variables["after"] {
            Value::Null => 0,
            cursor => {
                cursor.as_str().and_then(|cursor| cursor.parse().ok()).ok_or("invalid cursor")?
            }
        };
        let all: Vec<_> = self.subscriptions.iter().enumerate().collect();
        let page = &all[start.min(all.len())..(start + 2).min(all.len())];
        let nodes: Vec<_> = page
            .iter()
            .filter_map(|(position, subscription)| {
                let (topic, address) = subscription.as_ref()?;
                Some(json!({"id": gid(*position), "topic": topic, "uri": address}))
            })
            .collect();
        let end = start + page.len();
        let info = json!({"hasNextPage": end < all.len(), "endCursor": end.to_string()});
        Ok(json!({"webhookSubscriptions": {"nodes": nodes, "pageInfo": info}}))
    }

    fn create(&mut self, variables: &Value) -> Result<Value, String> {
        let topic = variables["topic"].as_str().unwrap_or_default();
        let input = variables["webhook"].as_object().ok_or("invalid value for webhook")?;
        if !TOPICS.contains(&topic) {
            return Err(format!("Expected \"{topic}\" to be one of: {}", TOPICS.join(", ")));
        }
        if let Some(unknown) = input.keys().find(|name| !["uri", "format"].contains(&name.as_str()))
        {
            return Err(format!("{unknown} (Field is not defined on WebhookSubscriptionInput)"));
        }
        let address = input["uri"].as_str().unwrap_or_default();
        let error = if !address.starts_with("https://") || input["format"] != "JSON" {
            Some("Address protocol http:// is not supported")
        } else if self.subscriptions.iter().flatten().any(|(t, a)| t == topic && a == address) {
            Some("Address for this topic has already been taken")
        } else {
            None
        };
        let created = if let Some(error) = error {
            json!({
                "webhookSubscription": null,
                "userErrors": [{"field": ["webhookSubscription", "uri"], "message": error}],
            })
        } else {
            self.subscriptions.push(Some((topic.to_owned(), address.to_owned())));
            let id = gid(self.subscriptions.len() - 1);
            json!({"webhookSubscription": {"id": id}, "userErrors": []})
        };
        Ok(json!({"webhookSubscriptionCreate": created}))
    }

    fn delete(&mut self, id: &Value) -> Value {
        let known = (0..self.subscriptions.len())
            .find(|position| self.subscriptions[*position].is_some() && *id == gid(*position));
        let deleted = match known {
            Some(position) => {
                self.subscriptions[position] = None;
                json!({"deletedWebhookSubscriptionId": id, "userErrors": []})
            }
            None => json!({
                "deletedWebhookSubscriptionId": null,
                "userErrors": [{"field": ["id"], "message": "Webhook subscription does not exist"}],
            }),
        };
        json!({"webhookSubscriptionDelete": deleted})
    }
}

/// Client id and secret for a token, as
/// <https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant> has it.
fn exchange(request: &Request) -> Reply {
    let form: HashMap<_, _> = url::form_urlencoded::parse(request.body()).into_owned().collect();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if header(request, "content-type") != "application/x-www-form-urlencoded"
        || field("grant_type") != "client_credentials"
    {
        return reply(400, &json!({"error": "unsupported_grant_type"}));
    }
    if (field("client_id"), field("client_secret")) != (CLIENT_ID, CLIENT_SECRET) {
        let description = "Client authentication failed";
        return reply(400, &json!({"error": "invalid_client", "error_description": description}));
    }
    let token = json!({"access_token": TOKEN, "scope": "read_orders", "expires_in": 86_399});
    reply(200, &token)
}

fn gid(position: usize) -> String {
    format!("gid://shopify/WebhookSubscription/{}", 892_403_750 + position)
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply::new(status, &[("content-type", "application/json; charset=utf-8")], body.to_string())
}
