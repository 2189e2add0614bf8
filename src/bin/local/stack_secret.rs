//! The secret of a deployed stack, and the webhook address in its tag.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use order_alerts::infra::http_client::HttpClient;
use order_alerts::platform::Platform;
use order_alerts::secret::unwrapped;
use serde_json::Value;

use crate::terminal::Failure;
use crate::{credentials, net};

/// The arguments that name a stack.
#[derive(clap::Args)]
pub(crate) struct Stack {
    /// The stack's name.
    #[arg(long, value_name = "NAME", default_value = Self::DEFAULT)]
    pub(crate) stack: String,
    /// The secret's name or ARN [default: that of the stack].
    #[arg(long, value_name = "NAME")]
    pub(crate) secret: Option<String>,
}

impl Stack {
    /// The name that the template is deployed under.
    pub(crate) const DEFAULT: &str = "order-alerts";
}

/// The stack's secret in Secrets Manager.
pub(crate) struct StackSecret {
    client: Client,
    pub(crate) id: String,
    pub(crate) stack: String,
    /// From the secret's tag. A secret that the template did not create has none.
    webhook_url: Option<String>,
}

/// What the secret has at one moment.
pub(crate) struct Stored {
    pub(crate) value: Value,
    version: Option<String>,
}

/// The tag in which the template stores the webhook's address.
const WEBHOOK_TAG: &str = "order-alerts:webhook-url";

impl StackSecret {
    pub(crate) async fn open(http: &Arc<HttpClient>, which: &Stack) -> Result<Self, Failure> {
        let id = which.secret.clone().unwrap_or_else(|| format!("{}/secret", which.stack));
        let aws = credentials::load(http).await?;
        let client = Client::new(&aws);
        let described = client.describe_secret().secret_id(&id).send().await;
        let described = described.map_err(|error| refused("read", &id, &error))?;
        if described.deleted_date().is_some() {
            return Err(scheduled_for_deletion(&id));
        }
        let tag = |name: &str| {
            let tag = described.tags().iter().find(|tag| tag.key() == Some(name));
            tag.and_then(|tag| tag.value()).map(str::to_owned)
        };
        let stack = tag("aws:cloudformation:stack-name").unwrap_or_else(|| which.stack.clone());
        Ok(Self { webhook_url: tag(WEBHOOK_TAG), client, id, stack })
    }

    /// The address for the webhooks of a platform.
    pub(crate) fn webhook_address(&self, platform: &Platform) -> Option<String> {
        self.webhook_url.as_deref().map(|base| address(base, platform))
    }

    pub(crate) async fn read(&self) -> Result<Stored, Failure> {
        let answer = self.get().await?;
        let text = answer.secret_string().unwrap_or_default();
        let value = unwrapped(text.into());
        if !value.is_object() {
            return Err(format!(
                "the secret {} is not a JSON object: correct it in the AWS console",
                self.id
            )
            .into());
        }
        Ok(Stored { value, version: answer.version_id })
    }

    /// Writes back what was read and changed.
    ///
    /// Refuses if another user changed the secret since: the write would undo that. Secrets Manager has
    /// no conditional write, so read at the last moment.
    pub(crate) async fn replace(&self, stored: &Stored) -> Result<(), Failure> {
        if self.get().await?.version_id != stored.version {
            return Err(format!(
                "the secret {} was changed by another user meanwhile: run the command again",
                self.id
            )
            .into());
        }
        let request = self.client.put_secret_value().secret_id(&self.id);
        let answer = request.secret_string(stored.value.to_string()).send().await;
        answer.map(|_| ()).map_err(|error| refused("changed", &self.id, &error))
    }

    async fn get(&self) -> Result<GetSecretValueOutput, Failure> {
        let answer = self.client.get_secret_value().secret_id(&self.id).send().await;
        answer.map_err(|error| refused("read", &self.id, &error))
    }
}

/// The address of one platform, under the address of the stack.
pub(crate) fn address(base: &str, platform: &Platform) -> String {
    match platform.id {
        "generic" => base.to_owned(),
        id => format!("{base}/{id}"),
    }
}

/// The error of AWS, without any part of the request.
fn refused<E, R>(done: &str, id: &str, error: &SdkError<E, R>) -> Failure
where
    E: ProvideErrorMetadata + fmt::Debug,
    R: fmt::Debug,
{
    let why = match error {
        SdkError::ServiceError(refusal) => match (refusal.err().code(), refusal.err().message()) {
            (Some("ResourceNotFoundException"), _) => {
                "this account and region have no secret of this name (--stack, --secret, AWS_REGION)"
                    .to_owned()
            }
            (Some("InvalidRequestException"), Some(message)) if message.contains("deletion") => {
                return scheduled_for_deletion(id);
            }
            (code, _) => format!("AWS answered {}", code.unwrap_or("with an unknown error")),
        },
        // The request was refused before it was sent, as one over plain http to another machine.
        SdkError::DispatchFailure(failure) if failure.is_user() => {
            let cause = failure.as_connector_error().and_then(Error::source);
            cause.map_or_else(|| "the request cannot be sent".to_owned(), ToString::to_string)
        }
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => {
            format!("AWS cannot be reached{}", net::proxy_hint())
        }
        _ => "there are no usable AWS credentials".to_owned(),
    };
    format!("the secret {id} cannot be {done}: {why}").into()
}

/// A secret that was deleted in the console can be restored for some days:
/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_restore-secret.html>.
fn scheduled_for_deletion(id: &str) -> Failure {
    format!(
        "the secret {id} is scheduled for deletion: restore it with `aws secretsmanager restore-secret \
         --secret-id {id}`"
    )
    .into()
}
