//! Sends a request to a platform's API and explains errors in one sentence.

use std::error::Error;
use std::iter::successors;
use std::time::Duration;

use order_alerts::order::one_line::OneLine;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::net;
use crate::terminal::Failure;

/// Larger than any list of webhooks.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// A connection that failed has sent nothing, so it may be retried.
const TRIES: usize = 3;

/// The host of an API, and the credentials that must never be printed.
pub(crate) struct Remote {
    /// Name and port, as they are printed.
    pub(crate) host: String,
    client: Client,
    timeout: Duration,
    hidden: Vec<SecretString>,
}

/// A response that is not a redirect.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Remote {
    pub(crate) fn new(
        url: &Url,
        timeout: Duration,
        hidden: Vec<SecretString>,
    ) -> Result<Self, Failure> {
        let client = net::client(url)?;
        Ok(Self { host: url.authority().to_owned(), client, timeout, hidden })
    }

    /// Keeps another credential out of everything that is printed.
    pub(crate) fn hide(&mut self, secret: SecretString) {
        self.hidden.push(secret);
    }

    pub(crate) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.request(method, url).timeout(self.timeout)
    }

    /// Sends it and reads the whole response. Redirects are not followed: the credentials are for
    /// this host only.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        let request = request.build()?;
        let (url, method) = (request.url().clone(), request.method().clone());
        let mut tries = 1;
        let response = loop {
            let copy = request.try_clone().ok_or("the request cannot be repeated")?;
            match self.client.execute(copy).await {
                Err(error) if error.is_connect() && error.is_timeout() && tries < TRIES => {
                    tries += 1;
                }
                done => break done.map_err(|error| self.no_response(&method, &error))?,
            }
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read(response).await.map_err(|error| self.no_response(&method, &error))?;
        let answer = Answer { status, headers, body };
        if status.is_redirection() { Err(self.redirected(&url, &answer)) } else { Ok(answer) }
    }

    /// The host's answer as an error, with advice. What it says is found in its body, if it is not given.
    pub(crate) fn refused(&self, answer: &Answer, said: Option<String>, advice: &str) -> Failure {
        let status = answer.status.as_u16();
        let said = match said.or_else(|| answer.sentence()).and_then(|text| self.line(&text)) {
            Some(said) => format!("{} answered {status}: {said}", self.host),
            None => format!("{} answered {status}", self.host),
        };
        match advice {
            "" => said.into(),
            advice => format!("{said} ({advice})").into(),
        }
    }

    /// A text from the host, on one line and without our credentials.
    pub(crate) fn line(&self, text: &str) -> Option<OneLine> {
        let hidden = self.hidden.iter().map(ExposeSecret::expose_secret);
        let text = hidden.fold(text.to_owned(), |text, secret| text.replace(secret, "***"));
        OneLine::parse(&text)
    }

    /// The answer as JSON.
    pub(crate) fn json(&self, answer: &Answer) -> Result<Value, Failure> {
        serde_json::from_str(&answer.body).map_err(|_| {
            let status = answer.status.as_u16();
            let host = &self.host;
            format!("{host} answered {status} without JSON: is this the address of its API?").into()
        })
    }

    fn redirected(&self, url: &Url, answer: &Answer) -> Failure {
        let target = answer.header("location").and_then(|target| url.join(target).ok());
        let origin = |target: Url| format!("{}://{}", target.scheme(), target.authority());
        let points = target.map_or("nowhere".to_owned(), origin);
        let why = "redirects are not followed, give the right address";
        let status = answer.status.as_u16();
        format!("{} answered {status} and points to {points}: {why}", self.host).into()
    }

    fn no_response(&self, method: &Method, error: &reqwest::Error) -> Failure {
        let host = &self.host;
        if error.is_connect() {
            let why = if error.is_timeout() { "no connection in time" } else { &innermost(error) };
            return format!("{host} cannot be reached: {why}{}", net::proxy_hint()).into();
        }
        let what = if error.is_timeout() {
            format!("{host} did not answer within {} s", self.timeout.as_secs())
        } else {
            format!("{host} closed the connection before its answer was complete")
        };
        match *method {
            Method::GET => what.into(),
            _ => format!("{what}; the outcome is unknown: check with --list").into(),
        }
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The message in the body, at the places where APIs usually put it.
    fn sentence(&self) -> Option<String> {
        let Ok(body) = serde_json::from_str::<Value>(&self.body) else {
            // An HTML page has no short message.
            return (!self.body.trim_start().starts_with('<')).then(|| self.body.clone());
        };
        let places = ["/message", "/error/message", "/error_description", "/detail", "/errors"];
        let places = places.iter().chain(&["/error", "/title"]);
        places.filter_map(|place| body.pointer(place)).find_map(sentence)
    }
}

/// A text, the texts of a list, or those of an object: its message, or all under their names.
pub(crate) fn sentence(value: &Value) -> Option<String> {
    let texts: Vec<String> = match value {
        Value::String(text) if !text.trim().is_empty() => vec![text.clone()],
        Value::Array(list) => list.iter().filter_map(sentence).collect(),
        Value::Object(object) => {
            let message = ["message", "detail"].iter().find_map(|name| object.get(*name));
            let named = |(name, value)| Some(format!("{name}: {}", sentence(value)?));
            let all = || object.iter().filter_map(named).collect();
            message.and_then(sentence).map_or_else(all, |message| vec![message])
        }
        _ => Vec::new(),
    };
    (!texts.is_empty()).then(|| texts.join("; "))
}

async fn read(mut response: Response) -> Result<String, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BYTES {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// The last cause in the chain. It names what happened, such as a refused connection.
fn innermost(error: &reqwest::Error) -> String {
    let causes = successors(error.source(), |cause: &&dyn Error| (*cause).source());
    causes.last().map_or_else(|| error.to_string(), ToString::to_string)
}
