//! Secrets Manager and Slack, as far as a function that runs elsewhere on this machine needs them:
//! under `cargo lambda watch`, say. See `lambda.env`.

use hyper::header::HOST;
use hyper::{HeaderMap, Method};
use serde_json::{Value, json};

use crate::samples;

/// What is asked of a stand-in.
pub(crate) enum Asked {
    /// The answer of Secrets Manager: the sample keys, and this stack for Slack.
    Secret(Value),
    /// A post to an incoming webhook.
    Post,
}

/// What a request asks, unless it is the function's own business.
pub(crate) fn asked(method: &Method, path: &str, headers: &HeaderMap) -> Option<Asked> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if *method != Method::POST {
        return None;
    }
    if path.starts_with("/services/") {
        return Some(Asked::Post);
    }
    let is_read = header("x-amz-target") == Some("secretsmanager.GetSecretValue");
    let host = header(HOST.as_str())?;
    (path == "/" && is_read).then(|| {
        let secret = samples::secret(&format!("http://{host}/services/local"));
        Asked::Secret(json!({"Name": "local", "SecretString": secret}))
    })
}
