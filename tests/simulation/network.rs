//! The network between a sandbox and the services: every call, its faults and its history.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lambda_http::http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use order_alerts::infra::http_client::{Body, NoResponse};
use tokio::time::{Instant, sleep};

use crate::call_latency::PendingCall;
use crate::calls::Call;
use crate::faults::{Fault, Plan, Service};
use crate::gates::{Gates, Passed};
use crate::history::{Accepted, Line, Log};
use crate::message;
use crate::sandbox::Sandbox;
use crate::world::{Outside, Stage};

/// A call to DynamoDB times out after 400 ms, and one to another service later.
pub(crate) const WITHIN_TIMEOUT: Duration = Duration::from_millis(350);
/// The last post of an invocation times out after three seconds, and others later.
pub(crate) const WITHIN_POST_TIMEOUT: Duration = Duration::from_millis(2_500);

/// All calls of one world.
pub(crate) struct Network {
    pub(crate) outside: Outside,
    pub(crate) stage: Stage,
    pub(crate) plan: Plan,
    pub(crate) gates: Option<Arc<Gates>>,
    pub(crate) began: Instant,
    /// Keeps all requests and answers, for the history of a broken invariant.
    pub(crate) is_verbose: bool,
    calls: AtomicUsize,
    /// How many calls a service is at work on, whether or not a caller still waits for them.
    in_progress: AtomicUsize,
    pub(crate) log: Mutex<Log>,
}

impl Network {
    pub(crate) fn new(outside: Outside, stage: Stage, plan: Plan, is_verbose: bool) -> Self {
        Self {
            outside,
            stage,
            plan,
            gates: None,
            began: Instant::now(),
            is_verbose,
            calls: AtomicUsize::new(0),
            in_progress: AtomicUsize::new(0),
            log: Mutex::default(),
        }
    }

    /// How many calls there were so far.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.in_progress.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn log<T>(&self, change: impl FnOnce(&mut Log) -> T) -> T {
        change(&mut self.log.lock().expect("no line of the log panics"))
    }

    pub(crate) fn note(&self, invocation: &str, what: impl FnOnce() -> (String, String)) {
        if self.is_verbose {
            let (what, text) = what();
            let (at, invocation) = (self.began.elapsed(), invocation.to_owned());
            self.log(|log| log.history.push(Line { at, invocation, what, text }));
        }
    }

    fn service(&self, request: &Request<Vec<u8>>) -> Service {
        let authority = request.uri().authority().map_or("", |authority| authority.as_str());
        [Service::Sqs, Service::DynamoDb, Service::SecretsManager, Service::Slack]
            .into_iter()
            .find(|service| self.outside.server(*service).authority() == authority)
            .expect("the function calls no other service")
    }
}

/// Carries one request of a sandbox to a fake, with the fault that the plan has for it.
pub(crate) async fn exchange(
    network: Arc<Network>,
    sandbox: Arc<Sandbox>,
    request: Request<Vec<u8>>,
) -> Result<Response<Body>, NoResponse> {
    let (invocation, place) = sandbox.count_call();
    if let Some(gates) = &network.gates {
        match gates.pass(&invocation, place).await {
            // Too long for the caller.
            Passed::After(waited) if waited > WITHIN_TIMEOUT => {
                network.log(|log| log.killed.push(invocation.clone()));
            }
            Passed::After(_) => {}
            Passed::Dead => return sandbox.die().await,
        }
    }
    let number = network.calls.fetch_add(1, Ordering::Relaxed);
    let service = network.service(&request);
    let at = network.began.elapsed();
    let post = (service == Service::Slack).then(|| {
        network.log(|log| {
            log.arrivals.push(at);
            log.arrivals.len() - 1
        })
    });
    let mut call = Call::of(&invocation, &request, at);
    let message = match service {
        Service::Slack => String::from_utf8_lossy(request.body()),
        _ => "".into(),
    };
    let has_blocks = message.contains(r#""blocks":"#);
    let fault = network.plan.fault(number, at, service, post, &call.key, &message);
    let fault = fault.filter(|fault| *fault != Fault::NoBlocks || has_blocks);
    drop(message);
    call.is_failed = fault.is_some_and(fails_call);
    // A busy machine is a fault too, and no plan has it.
    let is_disturbed = fault.is_some() || network.stage == Stage::Processes;
    network.log(|log| {
        log.note_call(service, &call);
        if is_disturbed {
            log.disturbed.insert(invocation.clone());
        }
    });
    let operation = request.headers().get("x-amz-target").and_then(|name| name.to_str().ok());
    let operation = operation.and_then(|name| name.rsplit('.').next()).unwrap_or("post").to_owned();
    network.note(&invocation, || {
        let what = format!("#{number} {service:?} {operation} {fault:?}");
        (what, String::from_utf8_lossy(request.body()).into_owned())
    });
    let pending_call = PendingCall::new(&network, number, service, call);

    sleep(latency(service) / 2).await;
    let sent = SentCall {
        network: Arc::clone(&network),
        number,
        invocation: invocation.clone(),
        service,
        fault,
    };
    let answer = match fault {
        Some(Fault::CrashBefore) => sandbox.die().await,
        Some(Fault::Refused) => Err(NoResponse::NOT_CONNECTED),
        Some(Fault::Hang) => pending().await,
        Some(Fault::Status(status)) => Ok(refusal(service, status)),
        Some(Fault::RateLimited(seconds)) => Ok(rate_limit(seconds)),
        Some(Fault::Rejected) => {
            network.log(|log| log.rejected += 1);
            Ok(response(400, HeaderMap::new(), "invalid_payload"))
        }
        Some(Fault::NoBlocks) => Ok(response(400, HeaderMap::new(), "invalid_blocks")),
        _ => {
            // Once it has left the sandbox the call is performed, even if the sandbox is killed.
            let performed = tokio::spawn(sent.perform(request));
            let answer = performed.await.expect("a fake does not panic");
            match fault {
                Some(Fault::CrashAfter) => sandbox.die().await,
                Some(Fault::Lost) => Err(NoResponse::BROKEN),
                Some(Fault::DoneThenStatus(status)) => Ok(refusal(service, status)),
                Some(Fault::Truncated) => answer.map(|answer| {
                    answer.map(|body| {
                        let bytes = body.bytes.into_iter().take(1).collect();
                        Body { bytes, is_whole: false }
                    })
                }),
                Some(Fault::Late(late)) => {
                    sleep(late).await;
                    answer
                }
                _ => answer,
            }
        }
    };
    sleep(latency(service) / 2).await;
    network.note(&invocation, || match &answer {
        Ok(answer) => {
            let text = String::from_utf8_lossy(&answer.body().bytes).into_owned();
            (format!("#{number} answered {}", answer.status()), text)
        }
        Err(error) => (format!("#{number} {error}"), String::new()),
    });
    if service == Service::Slack && matches!(&answer, Ok(answer) if answer.status() == 429) {
        network.log(|log| log.rate_limited += 1);
    }
    pending_call.answered();
    answer
}

/// A call that has left the sandbox.
struct SentCall {
    network: Arc<Network>,
    number: usize,
    invocation: String,
    service: Service,
    fault: Option<Fault>,
}

impl SentCall {
    async fn perform(self, request: Request<Vec<u8>>) -> Result<Response<Body>, NoResponse> {
        let network = Arc::clone(&self.network);
        network.in_progress.fetch_add(1, Ordering::Relaxed);
        let answer = self.arrive(request).await;
        network.in_progress.fetch_sub(1, Ordering::Relaxed);
        answer
    }

    async fn arrive(self, request: Request<Vec<u8>>) -> Result<Response<Body>, NoResponse> {
        if let Some(Fault::Slow(slow)) = self.fault {
            sleep(slow).await;
        }
        let Self { network, number, invocation, service, fault } = self;
        let answer = network.outside.server(service).call(request.map(Into::into)).await;
        let answer = answer.ok_or(NoResponse::BROKEN)?;
        if service == Service::Slack && answer.status().is_success() {
            let posted = network.outside.slack.latest().expect("Slack accepted one");
            let at = network.began.elapsed();
            let is_in_doubt = fault.is_some_and(leaves_post_in_doubt);
            let shown = posted.rendered();
            let says_repeat = shown.contains("This may be a repeat");
            let (orders, overdue) = (message::read(&shown), message::overdue(&shown));
            network.note(&invocation, || ("shown in the channel".to_owned(), shown));
            network.log(|log| {
                let is_in_doubt = is_in_doubt || log.given_up.contains(&number);
                let hook = posted.hook;
                log.accepted.push(Accepted {
                    number,
                    at,
                    invocation,
                    is_in_doubt,
                    says_repeat,
                    orders,
                    overdue,
                    hook,
                });
            });
        }
        Ok(answer.map(|bytes| Body { bytes: bytes.to_vec(), is_whole: true }))
    }
}

/// Whether a slow call fails is known when its answer comes.
fn fails_call(fault: Fault) -> bool {
    !matches!(fault, Fault::Slow(_) | Fault::Late(_))
}

fn leaves_post_in_doubt(fault: Fault) -> bool {
    // Of a truncated answer the status arrived, and nothing else counts.
    fails_call(fault) && fault != Fault::Truncated
}

fn latency(service: Service) -> Duration {
    Duration::from_millis(match service {
        Service::DynamoDb => 6,
        Service::Sqs => 12,
        Service::SecretsManager => 40,
        Service::Slack => 160,
    })
}

fn refusal(service: Service, status: u16) -> Response<Body> {
    let body = match (service, status) {
        (Service::Slack, 404) => "no_service",
        (Service::Slack, _) => "",
        (_, 400) => r#"{"__type":"x#ThrottlingException","message":"made up"}"#,
        _ => r#"{"__type":"x#InternalServerError","message":"made up"}"#,
    };
    response(status, HeaderMap::new(), body)
}

fn rate_limit(seconds: u64) -> Response<Body> {
    let wait = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from(seconds))]);
    response(429, wait, "rate_limited")
}

fn response(status: u16, headers: HeaderMap, body: &str) -> Response<Body> {
    let mut response = Response::new(Body { bytes: body.into(), is_whole: true });
    *response.status_mut() = StatusCode::from_u16(status).expect("it is a real status");
    *response.headers_mut() = headers;
    response
}
