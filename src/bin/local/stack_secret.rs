//! The secret of a deployed stack, and the webhook address in its tag.

use std::fmt;
use std::sync::Arc;

use aws_config::BehaviorVersion;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use order_alerts::infra::aws;
use order_alerts::infra::http_client::HttpClient;
use order_alerts::platform::Platform;
use serde_json::Value;

use crate::terminal::Failure;

/// The arguments that name a stack.
#[derive(clap::Args)]
pub(crate) struct Stack {
    /// The stack's name.
    #[arg(long, value_name = "NAME", default_value = "order-alerts")]
    pub(crate) stack: String,
    /// The secret's name or ARN [default: that of the stack].
    #[arg(long, value_name = "NAME")]
    pub(crate) secret: Option<String>,
}

/// The stack's secret in Secrets Manager.
pub(crate) struct StackSecret {
    client: Client,
    pub(crate) id: String,
    pub(crate) stack: String,
    /// From the secret's tag. A secret that the template did not create has none.
    webhook_url: Option<String>,
}

/// The tag in which the template stores the webhook's address.
const WEBHOOK_TAG: &str = "order-alerts:webhook-url";

impl StackSecret {
    pub(crate) async fn open(http: &Arc<HttpClient>, which: &Stack) -> Result<Self, Failure> {
        let id = which.secret.clone().unwrap_or_else(|| format!("{}/secret", which.stack));
        // The operator's own configuration, with profiles and single sign-on.
        let aws = aws_config::defaults(BehaviorVersion::latest());
        let aws = aws.http_client(aws::http_client(http)).load().await;
        if aws.region().is_none() {
            return Err("AWS needs a region: set AWS_REGION".into());
        }
        let client = Client::new(&aws);
        let described = client.describe_secret().secret_id(&id).send().await;
        let described = described.map_err(|error| refused("read", &id, &error))?;
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

    pub(crate) async fn read(&self) -> Result<Value, Failure> {
        let answer = self.client.get_secret_value().secret_id(&self.id).send().await;
        let answer = answer.map_err(|error| refused("read", &self.id, &error))?;
        let secret = answer.secret_string().and_then(|text| serde_json::from_str(text).ok());
        let secret: Option<Value> = secret.filter(Value::is_object);
        secret.ok_or_else(|| {
            format!("the secret {} is not a JSON object: correct it in the AWS console", self.id)
                .into()
        })
    }

    pub(crate) async fn write(&self, secret: &Value) -> Result<(), Failure> {
        let request = self.client.put_secret_value().secret_id(&self.id);
        let answer = request.secret_string(secret.to_string()).send().await;
        answer.map(|_| ()).map_err(|error| refused("changed", &self.id, &error))
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
        SdkError::ServiceError(refusal) => match refusal.err().code() {
            Some("ResourceNotFoundException") => {
                "this account and region have no secret of this name (--stack, --secret, AWS_REGION)"
                    .to_owned()
            }
            code => format!("AWS answered {}", code.unwrap_or("with an unknown error")),
        },
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => {
            "AWS cannot be reached".to_owned()
        }
        _ => "there are no usable AWS credentials".to_owned(),
    };
    format!("the secret {id} cannot be {done}: {why}").into()
}
