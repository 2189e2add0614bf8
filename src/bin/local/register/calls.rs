//! Sends the requests of a table, and explains answers that are no success.

use std::sync::atomic::Ordering::Relaxed;

use order_alerts::platform::register::{Request, Text};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode};
use url::{Position, Url};

use crate::register::client::Client;
use crate::register::listing::{all, first_text};
use crate::register::remote::{Answer, sentence};
use crate::register::values::Values;
use crate::terminal;
use crate::terminal::Failure;

impl Client<'_> {
    /// Sends a request of the table, whose method and address have defaults.
    pub(crate) async fn send(
        &self,
        request: &Request,
        method: &str,
        url: &str,
        values: &Values,
    ) -> Result<Answer, Failure> {
        let method = Method::try_from(request.method.as_deref().unwrap_or(method))?;
        let default = Text(url.to_owned());
        let mut url = values.url(request.url.as_ref().unwrap_or(&default))?;
        if let Some(local) = &self.local {
            let path = url[Position::BeforePath..].to_owned();
            url = local.join(&path)?;
        }
        let send =
            async || self.remote.send(self.built(request, &method, url.clone(), values)).await;
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

    /// Explains an answer that is no success.
    pub(crate) fn outcome(&self, request: &Request, answer: &Answer) -> Result<(), Failure> {
        if !answer.status.is_success() {
            return Err(self.remote.refused(answer, None, &self.advice(answer)));
        }
        let body = self.remote.json(answer).unwrap_or_default();
        let mut places = self.table.errors.as_slice().iter();
        let errors = places.find_map(|place| sentence(all(&body, place.steps()).first()?));
        if errors.is_some() {
            return Err(self.remote.refused(answer, errors, &self.advice(answer)));
        }
        match &request.result {
            Some(place) if first_text(&body, place).is_none() => {
                Err(format!("{} answered without the result: check with --list", self.host())
                    .into())
            }
            _ => Ok(()),
        }
    }

    fn advice(&self, answer: &Answer) -> String {
        let is_denied = matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if self.saw_no_credentials(answer) {
            return "the shop's server drops the credentials, in the header and in the query: let it pass on the \
                    header Authorization"
                .to_owned();
        }
        let mut optional = self.table.ask.iter().filter(|question| question.optional);
        if let Some(missing) =
            optional.find(|question| self.values.get(&question.variable).is_none())
            && is_denied
        {
            return format!("{} is not set: the request had no credential", missing.variable);
        }
        let is_status = |text: &str| text.parse::<u16>().is_ok();
        let mut texts = self.table.advice.iter().filter(|(text, _)| !is_status(text));
        let of_text = texts.find(|(text, _)| answer.body.contains(text.as_str()));
        let of_status = self.table.advice.get(answer.status.as_str());
        of_text.map(|(_, advice)| advice).or(of_status).cloned().unwrap_or_default()
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
        method: &Method,
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
            (Some(body), _) => ("application/json", values.json(&body.0).to_string()),
            (None, Some(form)) => ("application/x-www-form-urlencoded", values.form(form)),
            (None, None) => return self.remote.request(method.clone(), url).headers(headers),
        };
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
        self.remote.request(method.clone(), url).headers(headers).body(body)
    }

    /// The answer 429, which may say when the next call is allowed.
    fn limited(&self, answer: &Answer) -> Failure {
        let seconds: Option<f32> = answer.header("retry-after").and_then(|text| text.parse().ok());
        let when = seconds.map_or("in a moment".to_owned(), |seconds| {
            format!("in {} s", seconds.ceil().max(1.0))
        });
        let host = self.host();
        format!("{host} limits the calls: try again {when} (what was registered so far is kept)")
            .into()
    }
}
