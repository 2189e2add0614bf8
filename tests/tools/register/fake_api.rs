//! An API that registers webhooks, in the shapes of one platform.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use order_alerts_fakes::{Reply, Request, Server};
use serde_json::{Value, json};

use crate::register::header;

/// What a platform's documentation says of its API.
pub(crate) struct Shapes {
    pub(crate) platform: &'static str,
    pub(crate) shop: Option<&'static str>,
    pub(crate) host: &'static str,
    pub(crate) path: &'static str,
    /// Headers that a request must have.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// The environment with which the tool is run.
    pub(crate) environment: &'static [(&'static str, &'static str)],
    /// The answer to wrong credentials.
    pub(crate) refusal: fn() -> (u16, Value),
    /// The address and the events in the body of a creation.
    pub(crate) read: fn(&Value) -> Option<Wanted>,
    /// The status and the body of the answer to a creation.
    pub(crate) created: fn(&Hook) -> (u16, Value),
    pub(crate) listed: fn(&Hook) -> Value,
    pub(crate) list: fn(Page) -> Value,
    pub(crate) paging: Paging,
    /// How a webhook is made active again: the method, and whether the body does it.
    pub(crate) activates: Option<Activation>,
    /// The path of one webhook.
    pub(crate) one: fn(&str) -> String,
    /// The key that the body of a creation gives the platform to sign with.
    pub(crate) given_key: Option<&'static str>,
    /// What the answer of a platform with one webhook is when there is none.
    pub(crate) none: Option<fn() -> (u16, Value)>,
}

type Wanted = (String, Vec<String>);
type Activation = (&'static str, fn(&Value) -> bool);

pub(crate) enum Paging {
    None,
    /// The parameter with the number of the page.
    Number(&'static str),
    /// The parameter with the id of the last webhook before the page.
    After(&'static str),
}

/// A page of the list.
pub(crate) struct Page {
    pub(crate) items: Vec<Value>,
    pub(crate) number: usize,
    pub(crate) pages: usize,
    /// The id of the last webhook on the page, if there are more.
    pub(crate) cursor: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hook {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) events: Vec<String>,
    /// Made by the platform, or given to it.
    pub(crate) key: String,
    pub(crate) is_active: bool,
}

pub(crate) struct FakeApi {
    pub(crate) server: Arc<Server>,
    hooks: Arc<Mutex<Vec<Hook>>>,
}

/// Fewer than there are, so that every list has pages.
const PAGE_SIZE: usize = 2;

impl FakeApi {
    pub(crate) async fn start(shapes: &'static Shapes) -> Self {
        let hooks = Arc::new(Mutex::new(Vec::new()));
        let server = Server::start({
            let hooks = hooks.clone();
            move |request| {
                let (status, body) = answer(shapes, &mut hooks.lock().unwrap(), &request);
                let json = [("content-type", "application/json")];
                let body = if status == 204 { String::new() } else { body.to_string() };
                async move { Reply::new(status, &json, body) }
            }
        })
        .await;
        Self { server: Arc::new(server), hooks }
    }

    pub(crate) fn add(&self, url: &str, event: &str) {
        let mut hooks = self.hooks.lock().unwrap();
        let hook = made(hooks.len(), url.to_owned(), vec![event.to_owned()]);
        hooks.push(hook);
    }

    pub(crate) fn hooks(&self) -> Vec<Hook> {
        self.hooks.lock().unwrap().clone()
    }

    pub(crate) fn switch_off(&self, url: &str) {
        for hook in self.hooks.lock().unwrap().iter_mut().filter(|hook| hook.url == url) {
            hook.is_active = false;
        }
    }
}

fn made(count: usize, url: String, events: Vec<String>) -> Hook {
    // An id that is a number is a text too.
    let id = (count + 101).to_string();
    Hook { key: format!("{:064x}", count + 0xABC), id, url, events, is_active: true }
}

fn answer(shapes: &Shapes, hooks: &mut Vec<Hook>, request: &Request) -> (u16, Value) {
    let not_found = (404, json!({"message": "There is nothing here."}));
    if header(request, "host") != shapes.host {
        return not_found;
    }
    if shapes.headers.iter().any(|(name, value)| header(request, name) != *value) {
        return (shapes.refusal)();
    }
    let path = request.uri().path();
    let one = hooks.iter().position(|hook| (shapes.one)(&hook.id) == path);
    let body = body(request);
    match (request.method().as_str(), one) {
        ("GET", None) if path == shapes.path => list(shapes, hooks, request),
        ("POST", None) if path == shapes.path => {
            let Some((url, events)) = body.as_ref().and_then(shapes.read) else {
                return (422, json!({"message": "The body is not as documented."}));
            };
            if shapes.none.is_some() {
                hooks.clear();
            }
            let mut hook = made(hooks.len(), url, events);
            if let Some(place) = shapes.given_key {
                let key = body.as_ref().and_then(|body| body.pointer(place));
                key.and_then(Value::as_str).unwrap_or_default().clone_into(&mut hook.key);
            }
            hooks.push(hook.clone());
            (shapes.created)(&hook)
        }
        ("DELETE", Some(position)) => {
            hooks.remove(position);
            (204, Value::Null)
        }
        ("DELETE", None) if path == shapes.path && shapes.none.is_some() => {
            hooks.clear();
            (204, Value::Null)
        }
        (method, Some(position)) => match (shapes.activates, body) {
            (Some((known, activates)), Some(body)) if known == method && activates(&body) => {
                hooks[position].is_active = true;
                (200, (shapes.listed)(&hooks[position]))
            }
            _ => (422, json!({"message": "The body is not as documented."})),
        },
        _ => not_found,
    }
}

fn list(shapes: &Shapes, hooks: &[Hook], request: &Request) -> (u16, Value) {
    if let (Some(none), true) = (shapes.none, hooks.is_empty()) {
        return none();
    }
    let query = request.uri().query().unwrap_or_default();
    let query: HashMap<_, _> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let (start, size) = match shapes.paging {
        Paging::None => (0, usize::MAX),
        Paging::Number(name) => {
            let number: usize = query.get(name).and_then(|text| text.parse().ok()).unwrap_or(1);
            ((number - 1) * PAGE_SIZE, PAGE_SIZE)
        }
        Paging::After(name) => {
            let after = query.get(name).map(|id| hooks.iter().position(|hook| hook.id == *id));
            match after {
                None => (0, PAGE_SIZE),
                Some(Some(position)) => (position + 1, PAGE_SIZE),
                Some(None) => return (400, json!({"message": "No such id."})),
            }
        }
    };
    let shown: Vec<_> = hooks.iter().skip(start).take(size).collect();
    let is_last = start.saturating_add(size) >= hooks.len();
    let page = Page {
        items: shown.iter().map(|hook| (shapes.listed)(hook)).collect(),
        number: start / PAGE_SIZE + 1,
        pages: hooks.len().div_ceil(PAGE_SIZE),
        cursor: shown.last().filter(|_| !is_last).map(|hook| hook.id.clone()),
    };
    (200, (shapes.list)(page))
}

/// The body, if its content type is right: of a form, each field as a list.
fn body(request: &Request) -> Option<Value> {
    let content_type = header(request, "content-type");
    if content_type == "application/x-www-form-urlencoded" {
        let mut form = json!({});
        for (name, value) in url::form_urlencoded::parse(request.body()) {
            let fields = form.as_object_mut()?;
            fields.entry(name).or_insert(json!([])).as_array_mut()?.push(json!(value));
        }
        return Some(form);
    }
    serde_json::from_slice(request.body()).ok().filter(|_| content_type.contains("json"))
}
