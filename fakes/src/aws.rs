//! What the fakes of AWS services share: reading calls, refusing them, failing on request.

mod fault;
mod service;

use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::time::timeout;

pub use fault::AwsFault;
pub(crate) use service::Service;

use crate::aws::fault::Faults;
use crate::aws::service::{CONTENT_TYPE, query_code};
use crate::recorded::Recorded;
use crate::server::{PATIENCE, Reply, Request, lock};

pub(crate) const REGION: &str = "eu-central-1";
pub(crate) const ACCOUNT: &str = "123456789012";

/// Every operation of a service, as the operation of a fault.
pub const EVERY_OPERATION: &str = "*";

/// The front desk of a fake: keeps the calls and inflicts the faults.
#[derive(Debug)]
pub(crate) struct Desk {
    service: Service,
    calls: watch::Sender<Recorded<(String, Value)>>,
    faults: Mutex<Faults>,
    in_work: AtomicUsize,
    most_in_work: AtomicUsize,
}

/// A refusal as AWS words it.
#[derive(Debug)]
pub(crate) struct AwsError {
    kind: String,
    message: String,
    status: u16,
    /// Further members of the body, after the type and the message.
    details: Map<String, Value>,
}

impl Desk {
    pub(crate) fn new(service: Service) -> Self {
        Self {
            service,
            calls: watch::Sender::default(),
            faults: Mutex::default(),
            in_work: AtomicUsize::new(0),
            most_in_work: AtomicUsize::new(0),
        }
    }

    /// Answers with what `operation` makes of the call's name and its request.
    pub(crate) async fn answer<Operation>(
        &self,
        request: &Request,
        operation: impl FnOnce(String, Value) -> Operation,
    ) -> Reply
    where
        Operation: Future<Output = Result<Value, AwsError>>,
    {
        let _in_work = InWork::enter(self);
        let (name, call) = match self.service.read(request) {
            Ok(call) => call,
            Err(refusal) => return self.service.refuse(refusal),
        };
        self.calls.send_modify(|calls| calls.push((name.clone(), call.clone())));
        let (before, after) = lock(&self.faults).next(&name).around();
        if let Some(instead) = before.suffer(self.service).await {
            return instead;
        }
        let done = match operation(name, call).await {
            Ok(answer) => Reply::new(200, &[CONTENT_TYPE], answer.to_string()),
            Err(refusal) => self.service.refuse(refusal),
        };
        after.suffer(self.service).await.unwrap_or(done)
    }

    /// The calls so far, whatever became of them.
    pub(crate) fn calls(&self) -> Vec<(String, Value)> {
        self.calls.borrow().to_vec()
    }

    /// Keeps only the last so many calls.
    pub(crate) fn remember(&self, most: usize) {
        self.calls.send_modify(|calls| calls.keep_last(most));
    }

    /// Waits until this operation was called, whatever becomes of the call.
    ///
    /// # Panics
    /// If it is not within 120 seconds.
    pub(crate) async fn called(&self, operation: &str) {
        let mut calls = self.calls.subscribe();
        let is_there =
            |calls: &Recorded<(String, Value)>| calls.iter().any(|(name, _)| name == operation);
        let called = timeout(PATIENCE, calls.wait_for(is_there)).await;
        assert!(called.is_ok(), "{operation} was not called");
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.most_in_work.load(Ordering::SeqCst)
    }

    pub(crate) fn script(&self, operation: &str, faults: impl IntoIterator<Item = AwsFault>) {
        lock(&self.faults).script(operation, faults);
    }

    pub(crate) fn fail_with(&self, operation: &str, fault: AwsFault) {
        lock(&self.faults).fail_with(operation, fault);
    }

    pub(crate) fn recover(&self) {
        *lock(&self.faults) = Faults::default();
    }
}

impl AwsError {
    /// With status 400.
    pub(crate) fn new(kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind: kind.into(), message: message.into(), status: 400, details: Map::new() }
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn with_detail(mut self, name: &str, value: Value) -> Self {
        self.details.insert(name.to_owned(), value);
        self
    }

    /// How an entry of a batch fails.
    pub(crate) fn batch_entry(&self, id: &str) -> Value {
        let code = query_code(&self.kind);
        json!({"Id": id, "SenderFault": true, "Code": code, "Message": self.message})
    }
}

/// Refuses members that AWS has but the fake would silently ignore.
pub(crate) fn only_members(call: &Value, modelled: &[&str]) -> Result<(), AwsError> {
    let names = call.as_object().into_iter().flat_map(Map::keys);
    match names.into_iter().find(|name| !modelled.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            Err(AwsError::new("ValidationException", format!("{name} is not modelled by the fake")))
        }
    }
}

/// Counts a request while it is worked on, even if its client hangs up.
struct InWork<'desk>(&'desk Desk);

impl<'desk> InWork<'desk> {
    fn enter(desk: &'desk Desk) -> Self {
        let at_once = desk.in_work.fetch_add(1, Ordering::SeqCst) + 1;
        desk.most_in_work.fetch_max(at_once, Ordering::SeqCst);
        Self(desk)
    }
}

impl Drop for InWork<'_> {
    fn drop(&mut self) {
        self.0.in_work.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::client::{Answer, send};

    /// Calls an operation as the SDK does; without an answer the status is 0.
    pub(crate) async fn call(origin: &str, target: &str, request: &Value) -> (u16, Value) {
        let service = if target.starts_with("AmazonSQS.") { "sqs" } else { "dynamodb" };
        match signed_for(service, origin, target, &request.to_string()).await {
            Ok(answer) => (answer.status, serde_json::from_str(&answer.body).unwrap_or_default()),
            Err(_) => (0, Value::Null),
        }
    }

    pub(crate) async fn signed_for(
        service: &str,
        origin: &str,
        target: &str,
        body: &str,
    ) -> std::io::Result<Answer> {
        let signature = format!(
            "AWS4-HMAC-SHA256 Credential=key/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        let headers = [CONTENT_TYPE, ("x-amz-target", target), ("authorization", &signature)];
        send(origin, "POST", "/", &headers, body.as_bytes()).await
    }
}
