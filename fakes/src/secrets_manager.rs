//! AWS Secrets Manager with one secret, speaking AWS JSON 1.1.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::server::{Reply, Request, Server, header, lock};

const NAME: &str = "order-alerts";
const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:order-alerts-AbCdEf";

#[derive(Debug)]
pub struct FakeSecretsManager {
    server: Server,
    vault: Arc<Mutex<Vault>>,
}

/// What is wrong with every read until [`FakeSecretsManager::recover`].
#[derive(Clone, Debug)]
pub enum SecretsFault {
    /// An AWS error of this type: a 500 if it is `InternalServiceError`, a 400 otherwise.
    Error(&'static str),
    /// The right answer, but late.
    Slow(Duration),
    /// A 200 without JSON.
    Garbage,
    /// The connection is reset.
    Refuse,
    Hang,
}

impl FakeSecretsManager {
    pub async fn start(secret_string: &str) -> Self {
        let fake = Self::in_memory(secret_string);
        Self { server: fake.server.listen().await, ..fake }
    }

    /// The same, for calls in memory alone.
    pub fn in_memory(secret_string: &str) -> Self {
        let vault = Arc::new(Mutex::new(Vault {
            content: json!({"SecretString": secret_string}),
            version: 1,
            fault: None,
            reads: 0,
            next: None,
            is_deleted: false,
        }));
        let server = Server::in_memory({
            let vault = vault.clone();
            move |request| {
                let reply = lock(&vault).answer(&request);
                async { reply }
            }
        });
        Self { server, vault }
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The endpoint for the SDK, as in `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
    pub fn origin(&self) -> String {
        self.server.origin()
    }

    /// The one secret there is; its name would do as well.
    pub fn secret_arn(&self) -> &'static str {
        ARN
    }

    /// Rotates the secret.
    pub fn set(&self, secret_string: &str) {
        lock(&self.vault).rotate(json!({"SecretString": secret_string}));
    }

    /// Rotates to a secret that has no string.
    pub fn set_binary(&self, secret_binary: &[u8]) {
        lock(&self.vault).rotate(json!({"SecretBinary": BASE64_STANDARD.encode(secret_binary)}));
    }

    /// Another user changes the secret right after this many more reads.
    pub fn change_after(&self, reads: usize, secret_string: &str) {
        let mut vault = lock(&self.vault);
        let due = vault.reads + reads;
        vault.next = Some((due, json!({"SecretString": secret_string})));
    }

    /// Deletes the secret as the console does: it can be restored for some days, and not be read.
    pub fn schedule_deletion(&self) {
        lock(&self.vault).is_deleted = true;
    }

    pub fn fail_with(&self, fault: SecretsFault) {
        lock(&self.vault).fault = Some(fault);
    }

    pub fn recover(&self) {
        lock(&self.vault).fault = None;
    }

    /// The secret's text as it is now.
    pub fn secret_string(&self) -> String {
        lock(&self.vault).content["SecretString"].as_str().unwrap_or_default().to_owned()
    }

    /// Calls of `GetSecretValue` so far, answered or not.
    pub fn reads(&self) -> usize {
        lock(&self.vault).reads
    }
}

#[derive(Debug)]
struct Vault {
    content: Value,
    version: u64,
    fault: Option<SecretsFault>,
    reads: usize,
    /// The content from this count of reads on.
    next: Option<(usize, Value)>,
    is_deleted: bool,
}

impl Vault {
    fn rotate(&mut self, content: Value) {
        self.content = content;
        self.version += 1;
    }

    fn answer(&mut self, request: &Request) -> Reply {
        match header(request, "x-amz-target") {
            "secretsmanager.GetSecretValue" => self.answer_read(request),
            "secretsmanager.DescribeSecret" => match question(request) {
                Ok(_) => {
                    let description = description(self.is_deleted);
                    Reply::new(200, &[CONTENT_TYPE], description.to_string())
                }
                Err(refusal) => refusal,
            },
            "secretsmanager.PutSecretValue" => match question(request) {
                Ok(question) => self.write(&question),
                Err(refusal) => refusal,
            },
            _ => error("UnknownOperationException", "the operation is not modelled"),
        }
    }

    fn answer_read(&mut self, request: &Request) -> Reply {
        self.reads += 1;
        let reply = match self.fault {
            None => self.read(request),
            Some(SecretsFault::Error(kind)) => error(kind, "scripted by the test"),
            Some(SecretsFault::Slow(delay)) => self.read(request).after(delay),
            Some(SecretsFault::Garbage) => Reply::new(200, &[CONTENT_TYPE], "<html>"),
            Some(SecretsFault::Refuse) => Reply::Reset,
            Some(SecretsFault::Hang) => Reply::Silent,
        };
        if let Some((_, content)) = self.next.take_if(|(due, _)| *due <= self.reads) {
            self.rotate(content);
        }
        reply
    }

    fn read(&self, request: &Request) -> Reply {
        match question(request) {
            Ok(_) if self.is_deleted => deleted(),
            Ok(_) => Reply::new(200, &[CONTENT_TYPE], self.secret().to_string()),
            Err(refusal) => refusal,
        }
    }

    fn write(&mut self, question: &Value) -> Reply {
        // A retried write must not become two versions, so AWS wants a token of 32 to 64 characters.
        let token = question["ClientRequestToken"].as_str().unwrap_or_default();
        let Some(text) = question["SecretString"].as_str() else {
            return error("InvalidParameterException", "SecretString is missing");
        };
        if self.is_deleted {
            return deleted();
        }
        if !(32..=64).contains(&token.len()) {
            return error("InvalidParameterException", "ClientRequestToken is not a UUID");
        }
        self.rotate(json!({"SecretString": text}));
        Reply::new(200, &[CONTENT_TYPE], self.secret().to_string())
    }

    fn secret(&self) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut secret = json!({
            "ARN": ARN,
            "Name": NAME,
            "VersionId": format!("00000000-0000-4000-8000-{:012x}", self.version),
            "VersionStages": ["AWSCURRENT"],
            "CreatedDate": now.as_secs_f64(),
        });
        for (name, value) in self.content.as_object().into_iter().flatten() {
            secret[name] = value.clone();
        }
        secret
    }
}

/// With the tags that CloudFormation and the template set.
fn description(is_deleted: bool) -> Value {
    let tag = |key: &str, value: &str| json!({"Key": key, "Value": value});
    let mut description = json!({
        "ARN": ARN,
        "Name": NAME,
        "Tags": [
            tag("aws:cloudformation:stack-name", "order-alerts"),
            tag("order-alerts:webhook-url", "https://abcdef1234.execute-api.eu-central-1.amazonaws.com/webhook"),
        ],
    });
    if is_deleted {
        description["DeletedDate"] = json!(1_767_225_600.0);
    }
    description
}

fn deleted() -> Reply {
    let message =
        "You can't perform this operation on the secret because it was marked for deletion.";
    error("InvalidRequestException", message)
}

/// The members of a well-formed request for the one secret.
#[expect(clippy::result_large_err, reason = "a refusal is the reply itself")]
fn question(request: &Request) -> Result<Value, Reply> {
    let signature = header(request, "authorization");
    let is_signed = signature.starts_with("AWS4-HMAC-SHA256 Credential=")
        && signature.contains("/secretsmanager/aws4_request")
        && signature.contains("Signature=");
    if !is_signed {
        return Err(error("MissingAuthenticationTokenException", "Missing Authentication Token"));
    }
    if request.method() != "POST" || header(request, "content-type") != CONTENT_TYPE.1 {
        return Err(error("SerializationException", "not an AWS JSON 1.1 request"));
    }
    let Ok(question) = serde_json::from_slice::<Value>(request.body()) else {
        return Err(error("SerializationException", "not JSON"));
    };
    match question["SecretId"].as_str() {
        Some(NAME | ARN) => Ok(question),
        Some(_) => Err(error(
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        )),
        None => Err(error("InvalidParameterException", "SecretId is missing")),
    }
}

const CONTENT_TYPE: (&str, &str) = ("content-type", "application/x-amz-json-1.1");

fn error(kind: &str, message: &str) -> Reply {
    let status = if kind == "InternalServiceError" { 500 } else { 400 };
    Reply::new(status, &[CONTENT_TYPE], json!({"__type": kind, "Message": message}).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::send;

    const SIGNED: (&str, &str) = (
        "authorization",
        "AWS4-HMAC-SHA256 Credential=key/20260101/eu-central-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=0",
    );
    const UNSIGNED: (&str, &str) = ("authorization", "Bearer 0");

    async fn read(secrets: &FakeSecretsManager, signature: (&str, &str), id: &str) -> (u16, Value) {
        let target = ("x-amz-target", "secretsmanager.GetSecretValue");
        let body = json!({"SecretId": id}).to_string();
        let headers = [CONTENT_TYPE, target, signature];
        let answer = send(&secrets.origin(), "POST", "/", &headers, body.as_bytes()).await.unwrap();
        (answer.status, serde_json::from_str(&answer.body).unwrap_or_default())
    }

    #[tokio::test]
    async fn a_wrong_question_is_refused_in_the_words_of_aws() {
        let secrets = FakeSecretsManager::start("secret").await;
        for (signature, id, kind) in [
            (UNSIGNED, "order-alerts", "MissingAuthenticationTokenException"),
            (SIGNED, "order-alert", "ResourceNotFoundException"),
        ] {
            let (status, body) = read(&secrets, signature, id).await;
            assert_eq!((status, &body["__type"]), (400, &json!(kind)));
        }
        let other = [CONTENT_TYPE, SIGNED, ("x-amz-target", "secretsmanager.PutSecretValue")];
        assert_eq!(send(&secrets.origin(), "POST", "/", &other, b"{}").await.unwrap().status, 400);
        assert_eq!(secrets.reads(), 2);
    }
}
