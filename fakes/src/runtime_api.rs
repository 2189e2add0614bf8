//! The Lambda Runtime API of one sandbox.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};

use crate::server::{PATIENCE, Reply, Request, Server, lock};

const FUNCTION_ARN: &str = "arn:aws:lambda:eu-central-1:123456789012:function:order-alerts";

/// Of all sandboxes together: as in Lambda no two invocations share a request id.
static INVOCATIONS: AtomicU64 = AtomicU64::new(0);

/// Hands invocations to one process, one after another as it asks for them.
///
/// As in Lambda another process, say after a crash, has a Runtime API of its own.
#[derive(Debug)]
pub struct RuntimeApi {
    server: Server,
    sandbox: Arc<Sandbox>,
    timeout: Duration,
}

#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Invocation {
    pub request_id: String,
    pub outcome: Outcome,
    /// From the moment the function got the event, or from the call if it never did.
    pub took: Duration,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    Answered(Value),
    /// The handler's own error, or an answer that is not JSON.
    Failed(Value),
    InitFailed(Value),
    /// The deadline passed; Lambda would kill the sandbox now.
    TimedOut,
    /// The process ended without an answer.
    Exited,
}

impl RuntimeApi {
    /// With a function timeout of 30 seconds.
    pub async fn start() -> Self {
        Self::with_timeout(Duration::from_secs(30)).await
    }

    pub async fn with_timeout(timeout: Duration) -> Self {
        let (offers, offered) = mpsc::unbounded_channel();
        let sandbox = Arc::new(Sandbox {
            offers,
            offered: tokio::sync::Mutex::new(offered),
            unanswered: Mutex::default(),
            phase: watch::Sender::new(Phase::Init),
            asked: watch::Sender::new(0),
        });
        let server = Server::start({
            let sandbox = sandbox.clone();
            move |request| {
                let sandbox = sandbox.clone();
                async move { sandbox.answer(&request, timeout).await }
            }
        })
        .await;
        Self { server, sandbox, timeout }
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub fn authority(&self) -> String {
        self.server.authority()
    }

    /// Waits until the function asks for its first event, or never will.
    ///
    /// # Panics
    /// If neither happens within 120 seconds.
    pub async fn ready(&self) {
        let mut phase = self.sandbox.phase.subscribe();
        let reached = timeout(PATIENCE, phase.wait_for(|phase| *phase != Phase::Init)).await;
        assert!(reached.is_ok(), "the function never asked for an event");
    }

    /// Waits until the function has asked for so many events: it is done with all but the last.
    ///
    /// # Panics
    /// If it has not within 120 seconds.
    pub async fn asked(&self, times: usize) {
        let mut asked = self.sandbox.asked.subscribe();
        let reached = timeout(PATIENCE, asked.wait_for(|asked| *asked >= times)).await;
        assert!(reached.is_ok(), "the function asked for {} events", *self.sandbox.asked.borrow());
    }

    /// Invokes the function with the JSON in `event`; concurrent calls queue up.
    pub async fn invoke(&self, event: impl Into<Bytes>) -> Invocation {
        let number = INVOCATIONS.fetch_add(1, Ordering::SeqCst);
        let request_id = format!("00000000-0000-4000-8000-{number:012x}");
        let (answer, answered) = oneshot::channel();
        let (taken, was_taken) = oneshot::channel();
        let offer = Offer { request_id: request_id.clone(), event: event.into(), answer, taken };
        let mut phase = self.sandbox.phase.subscribe();
        // The sandbox has the receiver too, so the offer cannot fail.
        let _ = self.sandbox.offers.send(offer);

        let mut started = Instant::now();
        let outcome = tokio::select! {
            biased;
            Ok(outcome) = answered => outcome,
            Ok(phase) = phase.wait_for(Phase::is_over) => match &*phase {
                Phase::InitFailed(error) => Outcome::InitFailed(error.clone()),
                _ => Outcome::Exited,
            },
            () = async {
                if let Ok(Ok(at)) = timeout(PATIENCE, was_taken).await {
                    started = at;
                    sleep(self.timeout).await;
                }
            } => Outcome::TimedOut,
        };
        lock(&self.sandbox.unanswered).remove(&request_id);
        Invocation { request_id, outcome, took: started.elapsed() }
    }

    pub(crate) fn sandbox(&self) -> Arc<Sandbox> {
        self.sandbox.clone()
    }
}

impl Invocation {
    /// One that a test served itself.
    pub fn new(request_id: String, outcome: Outcome, took: Duration) -> Self {
        Self { request_id, outcome, took }
    }

    /// What the function answered.
    ///
    /// # Panics
    /// If it did not answer.
    #[track_caller]
    pub fn answer(self) -> Value {
        match self.outcome {
            Outcome::Answered(answer) => answer,
            other => panic!("invocation {} was not answered: {other:?}", self.request_id),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Sandbox {
    offers: mpsc::UnboundedSender<Offer>,
    offered: tokio::sync::Mutex<mpsc::UnboundedReceiver<Offer>>,
    unanswered: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    phase: watch::Sender<Phase>,
    /// How often it asked for an event.
    asked: watch::Sender<usize>,
}

#[derive(Debug)]
struct Offer {
    request_id: String,
    event: Bytes,
    answer: oneshot::Sender<Outcome>,
    taken: oneshot::Sender<Instant>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Phase {
    Init,
    Ready,
    InitFailed(Value),
    Exited,
}

impl Phase {
    fn is_over(&self) -> bool {
        matches!(self, Self::InitFailed(_) | Self::Exited)
    }
}

impl Sandbox {
    pub(crate) fn process_exited(&self) {
        self.phase.send_if_modified(|phase| {
            let is_news = !phase.is_over();
            if is_news {
                *phase = Phase::Exited;
            }
            is_news
        });
    }

    async fn answer(&self, request: &Request, function_timeout: Duration) -> Reply {
        let Some(path) = request.uri().path().strip_prefix("/2018-06-01/runtime/") else {
            return refusal(404, "NotFound");
        };
        let parts: Vec<_> = path.split('/').collect();
        let content = || {
            serde_json::from_slice(request.body())
                .map_err(|_| Value::from(String::from_utf8_lossy(request.body())))
        };
        match (request.method().as_str(), &parts[..]) {
            ("GET", ["invocation", "next"]) => self.next(function_timeout).await,
            ("POST", ["invocation", id, "response"]) => {
                self.acknowledge(id, content().map_or_else(Outcome::Failed, Outcome::Answered))
            }
            ("POST", ["invocation", id, "error"]) => {
                self.acknowledge(id, Outcome::Failed(content().unwrap_or_else(|text| text)))
            }
            ("POST", ["init", "error"]) => {
                let error = content().unwrap_or_else(|text| text);
                self.phase.send_replace(Phase::InitFailed(error));
                accepted()
            }
            _ => refusal(404, "NotFound"),
        }
    }

    async fn next(&self, function_timeout: Duration) -> Reply {
        self.phase.send_replace(Phase::Ready);
        self.asked.send_modify(|asked| *asked += 1);
        let offer = timeout(PATIENCE, async {
            loop {
                let offer = self.offered.lock().await.recv().await?;
                if !offer.answer.is_closed() {
                    return Some(offer);
                }
            }
        });
        let Ok(Some(Offer { request_id, event, answer, taken })) = offer.await else {
            return Reply::Reset;
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let deadline = (now + function_timeout).as_millis().to_string();
        let reply = Reply::new(
            200,
            &[
                ("content-type", "application/json"),
                ("lambda-runtime-aws-request-id", &request_id),
                ("lambda-runtime-deadline-ms", &deadline),
                ("lambda-runtime-invoked-function-arn", FUNCTION_ARN),
                ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0"),
            ],
            event,
        );
        lock(&self.unanswered).insert(request_id, answer);
        let _ = taken.send(Instant::now());
        reply
    }

    fn acknowledge(&self, request_id: &str, outcome: Outcome) -> Reply {
        match lock(&self.unanswered).remove(request_id).map(|answer| answer.send(outcome)) {
            Some(Ok(())) => accepted(),
            Some(Err(_)) | None => refusal(400, "InvalidRequestID"),
        }
    }
}

fn accepted() -> Reply {
    Reply::new(202, &[("content-type", "application/json")], json!({"status": "OK"}).to_string())
}

fn refusal(status: u16, kind: &str) -> Reply {
    let body = json!({"errorType": kind, "errorMessage": "refused"}).to_string();
    Reply::new(status, &[("content-type", "application/json")], body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Answer, send};

    async fn call(api: &RuntimeApi, method: &str, path: &str, body: &str) -> Answer {
        let path = format!("/2018-06-01/runtime/{path}");
        let origin = format!("http://{}", api.authority());
        send(&origin, method, &path, &[], body.as_bytes()).await.unwrap()
    }

    /// Takes one event and returns its request id.
    async fn take(api: &RuntimeApi) -> (String, String) {
        let answer = call(api, "GET", "invocation/next", "").await;
        let (_, id) = answer.head.split_once("lambda-runtime-aws-request-id: ").unwrap();
        (id.lines().next().unwrap().to_owned(), answer.body)
    }

    #[tokio::test]
    async fn no_two_sandboxes_share_a_request_id() {
        let timeout = Duration::from_millis(20);
        let one = RuntimeApi::with_timeout(timeout).await;
        let other = RuntimeApi::with_timeout(timeout).await;
        let (_, _, (first, _), (second, _)) =
            tokio::join!(one.invoke("1"), other.invoke("2"), take(&one), take(&other));
        assert_ne!(first, second);
    }

    #[tokio::test]
    async fn how_often_it_was_asked_is_known() {
        let api = RuntimeApi::start().await;
        tokio::join!(api.invoke("{}"), async {
            let (id, _) = take(&api).await;
            call(&api, "POST", &format!("invocation/{id}/response"), "{}").await;
        });
        api.asked(1).await;
        let second = timeout(Duration::from_millis(20), api.asked(2)).await;
        assert!(second.is_err(), "it was asked once");
    }

    #[tokio::test]
    async fn errors_of_the_handler_and_of_init_differ() {
        let api = RuntimeApi::start().await;
        let function = async {
            let (id, _) = take(&api).await;
            call(&api, "POST", &format!("invocation/{id}/error"), r#"{"errorType":"E"}"#).await;
        };
        let (failed, ()) = tokio::join!(api.invoke("{}"), function);
        assert_eq!(failed.outcome, Outcome::Failed(json!({"errorType": "E"})));
        call(&api, "POST", "init/error", r#"{"errorType":"I"}"#).await;
        api.sandbox().process_exited();
        assert_eq!(api.invoke("{}").await.outcome, Outcome::InitFailed(json!({"errorType": "I"})));
    }

    #[tokio::test]
    async fn an_answer_after_the_deadline_is_refused() {
        let api = RuntimeApi::with_timeout(Duration::from_millis(20)).await;
        let (invocation, (id, _)) = tokio::join!(api.invoke("{}"), take(&api));
        assert_eq!(invocation.outcome, Outcome::TimedOut);
        assert!(invocation.took >= Duration::from_millis(20));
        let late = call(&api, "POST", &format!("invocation/{id}/response"), "{}").await;
        assert_eq!(late.status, 400);
    }

    #[tokio::test]
    async fn an_unknown_path_or_method_is_refused() {
        let api = RuntimeApi::start().await;
        assert_eq!(call(&api, "POST", "invocation/next", "").await.status, 404);
        assert_eq!(call(&api, "POST", "invocation/unknown/response", "{}").await.status, 400);
    }
}
