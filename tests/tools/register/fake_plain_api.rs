//! An order system of one's own, with an API to register webhooks.

use std::sync::{Arc, Mutex};

use order_alerts_fakes::{Reply, Request, Server};
use serde_json::{Value, json};

use crate::register::header;

pub(crate) const TOKEN: &str = "in-house-token-0123456789";

pub(crate) struct FakePlainApi {
    pub(crate) server: Server,
    system: Arc<Mutex<System>>,
}

/// What sort of API it is.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Sort {
    /// It lists, and accepts the same address again.
    Listing,
    /// It lists, and accepts one event with each address.
    OneByOne,
    /// It lists, and accepts an address once.
    Unique,
    /// It supports one method only, and accepts an address once.
    WriteOnly,
}

struct System {
    sort: Sort,
    hooks: Vec<Value>,
    made: usize,
}

impl FakePlainApi {
    pub(crate) async fn start(sort: Sort) -> Self {
        let system = Arc::new(Mutex::new(System { sort, hooks: Vec::new(), made: 0 }));
        let server = Server::start({
            let system = system.clone();
            move |request| {
                let reply = system.lock().unwrap().answer(&request);
                async { reply }
            }
        })
        .await;
        Self { server, system }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/api/webhooks", self.server.origin())
    }

    /// What was registered, as it was posted.
    pub(crate) fn hooks(&self) -> Vec<Value> {
        let mut hooks = self.system.lock().unwrap().hooks.clone();
        for hook in &mut hooks {
            hook.as_object_mut().unwrap().remove("id");
        }
        hooks
    }
}

impl System {
    fn answer(&mut self, request: &Request) -> Reply {
        let Some(rest) = request.uri().path().strip_prefix("/api/webhooks") else {
            return reply(404, &json!({"detail": "There is nothing here."}));
        };
        if header(request, "authorization") != format!("Bearer {TOKEN}") {
            return reply(401, &json!({"error": {"message": "The token is unknown."}}));
        }
        match (request.method().as_str(), rest.strip_prefix('/')) {
            ("POST", None) => self.create(request),
            ("GET", None) if self.sort != Sort::WriteOnly => {
                reply(200, &json!({"total": self.hooks.len(), "webhooks": self.hooks}))
            }
            ("DELETE", Some(id)) if self.sort != Sort::WriteOnly => {
                let before = self.hooks.len();
                self.hooks.retain(|hook| hook["id"] != id);
                let status = if self.hooks.len() < before { 204 } else { 404 };
                Reply::new(status, &[], "")
            }
            _ => Reply::new(405, &[("allow", "POST")], ""),
        }
    }

    fn create(&mut self, request: &Request) -> Reply {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let (url, is_for_something) = if self.sort == Sort::OneByOne {
            (&body["destination"], body["scope"].is_string())
        } else {
            let events = body["events"].as_array();
            (&body["url"], events.is_some_and(|events| !events.is_empty()))
        };
        let is_right = header(request, "content-type") == "application/json"
            && url.as_str().is_some_and(|url| url.starts_with("https://"))
            && is_for_something;
        if !is_right {
            return reply(
                422,
                &json!({"errors": {"url": ["must be https"], "events": ["are needed"]}}),
            );
        }
        let is_known = self.hooks.iter().any(|hook| hook["url"] == body["url"]);
        if is_known && matches!(self.sort, Sort::Unique | Sort::WriteOnly) {
            return reply(409, &json!({"detail": "The address is registered already."}));
        }
        let mut hook = body;
        self.made += 1;
        hook["id"] = json!(format!("wh_{}", self.made));
        self.hooks.push(hook.clone());
        reply(201, &hook)
    }
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply::new(status, &[("content-type", "application/json")], body.to_string())
}
