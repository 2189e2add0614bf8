//! The AWS SDK on the function's [`HttpClient`], configured from Lambda's environment.
//!
//! No profile files and no metadata service: inside Lambda everything is in the environment, and a
//! look elsewhere costs time at a cold start.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use lambda_http::http::Request;
use url::{Host, Url};

use crate::infra::http_client::{HttpClient, NoResponse};

/// The operation that a request to Secrets Manager asks for begins with this:
/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonParameters.html>.
const SECRETS_MANAGER: &str = "secretsmanager.";

/// Before the second attempt of a call, which is the last.
const BACK_OFF: Duration = Duration::from_millis(50);

/// An environment variable that the SDK needs and that is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not set")]
pub struct MissingVariable(&'static str);

/// The configuration of every AWS client. A call has two attempts.
///
/// `variable` looks up an environment variable: `AWS_REGION`, the credentials, and
/// `AWS_ENDPOINT_URL` or `AWS_ENDPOINT_URL_<SERVICE>` for another endpoint than AWS's own.
pub fn sdk_config(
    http: &Arc<HttpClient>,
    variable: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
) -> Result<SdkConfig, MissingVariable> {
    let required =
        |name| variable(name).filter(|value| !value.is_empty()).ok_or(MissingVariable(name));
    let credentials = Credentials::new(
        required("AWS_ACCESS_KEY_ID")?,
        required("AWS_SECRET_ACCESS_KEY")?,
        variable("AWS_SESSION_TOKEN"),
        None,
        "environment",
    );
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(required("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::standard().with_max_attempts(2).with_initial_backoff(BACK_OFF))
        .http_client(http_client(http));
    config.set_endpoint_url(variable("AWS_ENDPOINT_URL"));
    Ok(config.service_config(Endpoints(variable)).build())
}

/// The secret would be sent unencrypted, so the request was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its endpoint is an http:// address of another machine, which would see the secret")]
pub struct Unencrypted;

/// Whether the call was not made, because the secret would have been sent unencrypted.
pub fn is_unencrypted<E, R>(error: &SdkError<E, R>) -> bool {
    let SdkError::DispatchFailure(failure) = error else {
        return false;
    };
    let source = failure.as_connector_error().and_then(Error::source);
    source.is_some_and(<dyn Error>::is::<Unencrypted>)
}

/// The timeouts of one attempt and of the whole call.
pub fn timeouts(attempt: Duration, call: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(attempt).operation_timeout(call).build()
}

/// A failed call to an AWS service. Unlike the SDK's own message, this one quotes nothing of the
/// request or the response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{service} {what}")]
pub struct ServiceError {
    service: &'static str,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum What {
    #[error("refused: {0}")]
    Refused(String),
    #[error("did not answer in time")]
    Timeout,
    #[error("is not asked: {Unencrypted}")]
    Unencrypted,
    #[error("cannot be reached")]
    Unreachable,
    #[error("gave an unreadable answer")]
    Unreadable,
}

impl ServiceError {
    /// What went wrong with a call to `service`.
    pub fn new<E: ProvideErrorMetadata>(
        service: &'static str,
        error: &SdkError<E, HttpResponse>,
    ) -> Self {
        let what = match error {
            SdkError::TimeoutError(_) => What::Timeout,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => What::Timeout,
            error if is_unencrypted(error) => What::Unencrypted,
            SdkError::ServiceError(refusal) => {
                What::Refused(refusal.err().code().unwrap_or("an unknown error").to_owned())
            }
            SdkError::ResponseError(_) => What::Unreadable,
            _ => What::Unreachable,
        };
        Self { service, what }
    }

    /// The service did not answer before the deadline.
    pub fn timeout(service: &'static str) -> Self {
        Self { service, what: What::Timeout }
    }

    /// The service's response cannot be understood.
    pub fn unreadable(service: &'static str) -> Self {
        Self { service, what: What::Unreadable }
    }

    pub fn is_timeout(&self) -> bool {
        self.what == What::Timeout
    }
}

/// The function's HTTP client, as the SDK takes one.
pub fn http_client(http: &Arc<HttpClient>) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Connector(Arc::clone(http)));
    http_client_fn(move |_, _| connector.clone())
}

/// Finds `AWS_ENDPOINT_URL_<SERVICE>`.
struct Endpoints<F>(F);

impl<F> fmt::Debug for Endpoints<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Endpoints")
    }
}

impl<F: Fn(&str) -> Option<String> + Send + Sync> LoadServiceConfig for Endpoints<F> {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().replace([' ', '-'], "_").to_uppercase();
        self.0(&format!("{}_{service}", key.env()))
    }
}

/// Carries the SDK's requests.
#[derive(Debug)]
struct Connector(Arc<HttpClient>);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let http = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(unusable)?;
            if !is_safe(&request) {
                return Err(unusable(Unencrypted));
            }
            // The SDK's requests to these services are small and in memory.
            let request = request.map(|body| body.bytes().unwrap_or_default().to_vec());
            // The SDK has timeouts of its own.
            let answer = http.send(request, None, usize::MAX).await.map_err(failure)?;
            if !answer.body().is_whole {
                return Err(failure(NoResponse::BROKEN));
            }
            let answer = answer.map(|body| SdkBody::from(body.bytes));
            HttpResponse::try_from(answer).map_err(unusable)
        })
    }
}

/// Whether the secret, if it is what the request is about, is sent encrypted or stays on this machine.
fn is_safe<B>(request: &Request<B>) -> bool {
    let target = request.headers().get("x-amz-target");
    let is_secret =
        target.is_some_and(|target| target.as_bytes().starts_with(SECRETS_MANAGER.as_bytes()));
    !is_secret
        || Url::parse(&request.uri().to_string()).is_ok_and(|url| match url.host() {
            _ if url.scheme() == "https" => true,
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        })
}

fn failure(error: NoResponse) -> ConnectorError {
    if error.is_timeout {
        ConnectorError::timeout(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}

fn unusable(error: impl Error + Send + Sync + 'static) -> ConnectorError {
    ConnectorError::user(error.into())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use jiff::Timestamp;

    use super::*;
    use crate::app::tests::answer;
    use crate::infra::deadline::Deadline;
    use crate::secret::cache::SecretCache;

    /// The error of reading the secret at this endpoint, and how many requests were sent.
    async fn read_at(variable: &'static str, endpoint: &str) -> (Option<String>, u32) {
        let requests = Arc::new(AtomicU32::new(0));
        let sent = Arc::clone(&requests);
        let http = Arc::new(HttpClient::Handler(Box::new(move |_| {
            sent.fetch_add(1, Ordering::Relaxed);
            answer(r#"{"SecretString":"{}"}"#)
        })));
        let endpoint = endpoint.to_owned();
        let config = sdk_config(&http, move |name| match name {
            name if name == variable => Some(endpoint.clone()),
            "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
            _ => None,
        });
        let deadline = Deadline::within(Duration::from_secs(4), Timestamp::UNIX_EPOCH);
        let read = SecretCache::new(&config.unwrap(), "secret", None).current(deadline).await;
        (read.err().map(|error| error.to_string()), requests.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn the_secret_is_never_sent_unencrypted() {
        for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER"] {
            for endpoint in [
                "http://secrets.example",
                "http://192.0.2.1:4566",
                "http://127.0.0.1.secrets.example:4566",
                "http://[2001:db8::1]:4566",
                "http://0.0.0.0:4566",
            ] {
                let (error, requests) = read_at(variable, endpoint).await;
                let expected = "Secrets Manager is not asked: its endpoint is an http:// address of \
                                another machine, which would see the secret";
                assert_eq!((error.as_deref(), requests), (Some(expected), 0), "{endpoint}");
            }
            for endpoint in [
                "https://secrets.example",
                "http://127.0.0.1:4566",
                "http://127.9.9.9",
                "http://localhost:4566",
                "http://[::1]:4566",
            ] {
                assert_eq!(read_at(variable, endpoint).await, (None, 1), "{endpoint}");
            }
        }
    }
}
