//! Sends the requests of a table, and explains answers that are no success.

use std::sync::atomic::Ordering::Relaxed;

use order_alerts::platform::register::{Method, Request, Text};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{RequestBuilder, StatusCode};
use url::Url;

use crate::register::client::Client;
use crate::register::remote::{Answer, sentence};
use crate::register::values::Values;
use crate::terminal;
use crate::terminal::Failure;

impl Client<'_> {
    /// Sends a request of the table, whose method and address have defaults.
    pub(crate) async fn send(
        &self,
        request: &Request,
        method: Method,
        url: &str,
        values: &Values,
    ) -> Result<Answer, Failure> {
        let method = request.method.unwrap_or(method);
        let default = Text(url.to_owned());
        let mut url = values.url(request.url.as_ref().unwrap_or(&default))?;
        if let Some(local) = &self.local {
            (url.set_scheme(local.scheme()).ok(), url.set_host(local.host_str())?);
            url.set_port(local.port()).map_err(|()| "--shop has no port")?;
        }
        let send =
            async || self.remote.send(self.built(request, method, url.clone(), values)).await;
        let mut answer = send().await?;
        if self.saw_no_credentials(&answer) && !self.in_query.swap(true, Relaxed) {
            let host = self.host();
            terminal::warning(&format!(
                "{host} does not see the header Authorization. So the credentials are sent in the query, which \
                 the shop's server may log."
            ));
            answer = send().await?;
        }
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            return Err(self.limited(&answer));
        }
        Ok(answer)
    }

    /// Why the answer is no success, with advice.
    pub(crate) fn refusal(&self, answer: &Answer) -> Option<Failure> {
        let errors = || {
            let body = self.remote.json(answer).unwrap_or_default();
            let mut places = self.table.errors.as_slice().iter();
            places.find_map(|place| body.pointer(&place.to_string()).and_then(sentence))
        };
        let said = if answer.status.is_success() { Some(errors()?) } else { None };
        Some(self.remote.refused(answer, said, &self.advice(answer)))
    }

    fn advice(&self, answer: &Answer) -> String {
        let is_denied = matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if self.saw_no_credentials(answer) {
            return "the shop's server drops the credentials, in the header and in the query: let it pass on the \
                    header Authorization"
                .to_owned();
        }
        let mut optional = self.table.ask.iter().filter(|question| question.optional);
        if let Some(missing) = optional.find(|question| !self.values.has(&question.variable))
            && is_denied
        {
            return format!("{} is not set: the request had no credential", missing.variable);
        }
        let is_status = |text: &str| text.parse::<u16>().is_ok();
        let mut texts = self.table.advice.iter().filter(|(text, _)| !is_status(text));
        let of_text = texts.find(|(text, _)| answer.body.contains(text.as_str()));
        let of_status = self.table.advice.get(answer.status.as_str());
        let variables: Vec<_> = self.table.ask.iter().map(|ask| ask.variable.as_str()).collect();
        match of_text.map(|(_, advice)| advice).or(of_status) {
            Some(advice) => advice.clone(),
            None if is_denied && !variables.is_empty() => {
                format!("check {}", variables.join(" and "))
            }
            None => String::new(),
        }
    }

    /// Whether the server took the request for that of a visitor.
    fn saw_no_credentials(&self, answer: &Answer) -> bool {
        let when = self.table.in_query.as_ref().map(|in_query| &in_query.when);
        answer.status == StatusCode::UNAUTHORIZED
            && when.is_some_and(|when| answer.body.contains(when.as_str()))
    }

    fn built(
        &self,
        request: &Request,
        method: Method,
        mut url: Url,
        values: &Values,
    ) -> RequestBuilder {
        let mut headers = self.headers.clone();
        if let Some(in_query) = self.table.in_query.as_ref().filter(|_| self.in_query.load(Relaxed))
        {
            headers.remove(AUTHORIZATION);
            for (name, text) in &in_query.parameters {
                let value = values.text(text).unwrap_or_default();
                url.query_pairs_mut().append_pair(name, &value);
            }
        }
        let (content_type, body) = match (&request.body, &request.form) {
            (Some(body), _) => ("application/json", Some(values.json(&body.0).to_string())),
            (None, Some(form)) => ("application/x-www-form-urlencoded", Some(values.form(form))),
            (None, None) => ("", None),
        };
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        if body.is_some() {
            headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
        }
        let builder = self.remote.request(verb(method), url).headers(headers);
        match body {
            Some(body) => builder.body(body),
            None => builder,
        }
    }

    /// The answer 429, which may say when the next call is allowed.
    fn limited(&self, answer: &Answer) -> Failure {
        let seconds = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let seconds: Option<f32> = seconds.and_then(|text| text.parse().ok());
        let when = seconds.map_or("in a moment".to_owned(), |seconds| {
            format!("in {} s", seconds.ceil().max(1.0))
        });
        let host = self.host();
        format!("{host} limits the calls: try again {when} (what was registered so far is kept)")
            .into()
    }
}

fn verb(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}
