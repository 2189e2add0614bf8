//! The network between the function and the services: in memory, with the weather and an observer.

use std::sync::{Arc, Mutex, PoisonError};

use lambda_http::http::{HeaderMap, Method, Request, Response, header};
use order_alerts::infra::http_client::{Body, NoResponse};
use order_alerts::secret::Channel;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::stack::calls::Call;
use crate::stack::observer::{Answered, Observer};
use crate::stack::outside::{Destination, Outside};
use crate::stack::rejection::Rejections;
use crate::stack::weather::{Limit, Weather, rejected};

/// More than Slack ever answers.
const MAX_ANSWER_BYTES: usize = 4_096;

/// Slack's words are short. A page of a proxy is cut.
const MAX_WORD_CHARS: usize = 60;

/// All that the function reaches.
pub(crate) struct Network {
    pub(crate) outside: Outside,
    pub(crate) observer: Observer,
    pub(crate) rejections: Rejections,
    weather: Mutex<Weather>,
    limit: Mutex<Limit>,
}

impl Network {
    pub(crate) fn new(outside: Outside, observer: Observer) -> Self {
        Self {
            outside,
            observer,
            rejections: Rejections::default(),
            weather: Mutex::default(),
            limit: Mutex::new(Limit::from(Instant::now())),
        }
    }

    pub(crate) fn weather(&self) -> Weather {
        *self.weather.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_weather(&self, weather: Weather) {
        *self.limit.lock().unwrap_or_else(PoisonError::into_inner) = Limit::from(Instant::now());
        *self.weather.lock().unwrap_or_else(PoisonError::into_inner) = weather;
        self.observer.announce("weather", weather.json());
    }

    /// Carries one request of an invocation. Once it has left the function it is served, even if the
    /// function is killed meanwhile.
    pub(crate) async fn carry(
        self: Arc<Self>,
        invocation: String,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Body>, NoResponse> {
        let served = tokio::spawn(async move {
            match self.outside.destination(&request) {
                Destination::Aws(server) => {
                    let call = Call::parse(&request);
                    self.observer.calls(&invocation, &call);
                    let answer = server.call(request.map(Into::into)).await;
                    let answer = answer.ok_or(NoResponse::BROKEN)?;
                    let is_success = answer.status().is_success();
                    self.observer.called(&invocation, call, is_success, answer.body());
                    Ok(answer.map(|bytes| Body { bytes: bytes.to_vec(), is_whole: true }))
                }
                Destination::Slack => {
                    let (channel, payload) = self.read(&request);
                    let sent = self.observer.posts(&invocation, &channel);
                    let answer = self.post(request, &payload).await;
                    if let Ok(answer) = &answer {
                        let answered = answered(answer, channel, payload);
                        self.observer.posted(&invocation, sent, answered);
                    }
                    answer
                }
            }
        });
        served.await.unwrap_or(Err(NoResponse::BROKEN))
    }

    /// Carries a message of another program to the fake Slack.
    pub(crate) async fn post_elsewhere(
        &self,
        path: &str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Response<Body>, NoResponse> {
        let mut request = Request::new(body);
        let Ok(uri) = format!("{}{path}", self.outside.slack.origin()).parse() else {
            return Err(NoResponse::NOT_SENT);
        };
        *request.uri_mut() = uri;
        *request.method_mut() = Method::POST;
        *request.headers_mut() = headers;
        let (channel, payload) = self.read(&request);
        let answer = self.post_to_fake(request).await?;
        self.observer.posted_elsewhere(answered(&answer, channel, payload));
        Ok(answer)
    }

    /// The channel and the message of a post.
    fn read(&self, request: &Request<Vec<u8>>) -> (Channel, Value) {
        let channel = self.outside.channel(&request.uri().to_string());
        (channel, serde_json::from_slice(request.body()).unwrap_or_default())
    }

    async fn post(
        &self,
        request: Request<Vec<u8>>,
        payload: &Value,
    ) -> Result<Response<Body>, NoResponse> {
        if self.rejections.is_rejected(payload) {
            return Ok(rejected());
        }
        let weather = self.weather().slack;
        sleep(weather.delay()).await;
        let answer = {
            let mut limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
            weather.answer(&mut limit, Instant::now())
        };
        if let Some(answer) = answer {
            return Ok(answer);
        }
        match &self.outside.real_slack {
            Some(slack) => slack.http.send(request, None, MAX_ANSWER_BYTES).await,
            None => self.post_to_fake(request).await,
        }
    }

    async fn post_to_fake(&self, request: Request<Vec<u8>>) -> Result<Response<Body>, NoResponse> {
        let slack = &self.outside.slack;
        let answer = slack.server().call(request.map(Into::into)).await;
        let answer = answer.ok_or(NoResponse::BROKEN)?;
        if answer.status().is_client_error()
            && answer.status().as_u16() != 429
            && let Some(refused) = slack.refused().pop()
        {
            let (status, word, reason) = (refused.status, refused.word, refused.reason);
            tracing::warn!(status, word, reason, "Slack refused a message");
        }
        Ok(answer.map(|bytes| Body { bytes: bytes.to_vec(), is_whole: true }))
    }
}

fn answered(answer: &Response<Body>, channel: Channel, payload: Value) -> Answered {
    let retry_after = answer.headers().get(header::RETRY_AFTER);
    Answered {
        channel,
        status: answer.status().as_u16(),
        retry_after: retry_after.and_then(|wait| wait.to_str().ok()?.parse().ok()),
        word: String::from_utf8_lossy(&answer.body().bytes).chars().take(MAX_WORD_CHARS).collect(),
        payload,
    }
}
