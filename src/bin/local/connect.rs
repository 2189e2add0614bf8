//! `connect`: what a deployed stack must know, put into its secret.
//!
//! Keys and addresses are read unseen from the terminal, or from standard input. They are never
//! arguments and never printed, so that no history and no screen holds them.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fmt};

use aws_config::BehaviorVersion;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use order_alerts::aws;
use order_alerts::exchange::Exchange;
use order_alerts::message;
use order_alerts::platform::Platform;
use order_alerts::signature::SigningKey;
use order_alerts::slack::Slack;
use order_alerts::slack_url::SlackUrl;
use order_alerts::transport::Transport;
use serde_json::{Value, json};

use crate::{Failure, samples, show, stack};

/// Connect a deployed stack to its Slack channel, or to a platform
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo run -- connect slack
  cargo run -- connect shopify --stack my-stack

`connect slack` asks for the address of a Slack incoming webhook, posts a hello and stores the address in the \
stack's secret. `connect PLATFORM` prints the address to give to the platform, says where its signing key is, asks \
for the key and stores it beside the others. Whatever else the secret holds stays as it is.

It finds AWS credentials and region where the AWS CLI finds them. What it asks for is not echoed; it may also come \
on standard input.")]
pub(crate) struct Arguments {
    /// slack, or a platform such as shopify.
    what: String,
    /// The stack's name.
    #[arg(long, value_name = "NAME", default_value = "order-alerts")]
    stack: String,
    /// The secret's name or ARN [default: that of the stack].
    #[arg(long, value_name = "NAME")]
    secret: Option<String>,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let more_roots = env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let exchange = Arc::new(Exchange::over(Transport::new(more_roots.as_deref())?));
    // A mistyped platform is told before anybody is asked for a key.
    let platform = match arguments.what.as_str() {
        "slack" => None,
        name => Some(samples::platform(name).map_err(|error| format!("{error}, or slack"))?),
    };
    let vault = Vault::open(&exchange, arguments).await?;
    match platform {
        None => connect_slack(&vault, exchange).await,
        Some(platform) => connect_platform(&vault, platform).await,
    }
}

async fn connect_slack(vault: &Vault, exchange: Arc<Exchange>) -> Result<(), Failure> {
    let config = stack::config()?;
    show::line(
        "Create an incoming webhook for the channel at https://api.slack.com/apps (Incoming Webhooks).",
    );
    let text = ask("Its address (you will not see it):")?;
    let url = SlackUrl::parse(&text, config.slack_origin.as_ref())
        .map_err(|error| format!("the address is refused: {error}"))?;

    let mut secret = vault.read().await?;
    let hello = message::hello(&vault.stack, config.language);
    let slack = Slack::Webhooks(exchange);
    slack.post(&url, &hello, Duration::from_secs(10)).await?;
    secret["slack_webhook_url"] = json!(url.expose());
    vault.write(&secret).await?;
    show::line(&format!("A hello is in the channel, and its address in the secret {}.", vault.id));
    show::line("The function uses it within five minutes.");
    Ok(())
}

async fn connect_platform(vault: &Vault, platform: &Platform) -> Result<(), Failure> {
    let mut secret = vault.read().await?;
    show::line(&format!("Webhook address   {}", vault.webhook_address(platform)));
    show::line(&format!("Where it goes     {}", platform.setup.webhook));
    show::line(&format!("Where the key is  {}", platform.setup.key));
    let text = ask("The signing key (you will not see it; Enter alone stores nothing):")?;
    if text.is_empty() {
        show::line("Nothing was stored.");
        return Ok(());
    }
    SigningKey::parse(&text, &platform.auth)
        .map_err(|error| format!("the key is refused: {error}"))?;

    let keys = keys_of(&mut secret, platform)?;
    if keys.iter().any(|key| key.as_str() == Some(&text)) {
        show::line("The secret holds this key already.");
        return Ok(());
    }
    keys.push(json!(text));
    let count = keys.len();
    vault.write(&secret).await?;
    let keys = if count == 1 { "one key".to_owned() } else { format!("{count} keys") };
    show::line(&format!("The secret {} holds {keys} of {} now.", vault.id, platform.name));
    show::line("Webhooks that are signed with it are believed at once.");
    Ok(())
}

/// The platform's list of keys in the secret; a single text becomes a list.
fn keys_of<'a>(secret: &'a mut Value, platform: &Platform) -> Result<&'a mut Vec<Value>, Failure> {
    let wrong = "`signing_keys` in the secret is not as it should be: mend it in the AWS console";
    let object = secret.as_object_mut().ok_or(wrong)?;
    let all = object.entry("signing_keys").or_insert_with(|| json!({}));
    let entry = all.as_object_mut().ok_or(wrong)?.entry(platform.id).or_insert_with(|| json!([]));
    if entry.is_string() {
        *entry = json!([entry.take()]);
    }
    entry.as_array_mut().ok_or_else(|| wrong.into())
}

/// A value from the terminal, unechoed, or the first line of standard input.
fn ask(prompt: &str) -> io::Result<String> {
    let mut text = if io::stdin().is_terminal() {
        rpassword::prompt_password(format!("{prompt} "))?
    } else {
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        line
    };
    text.truncate(text.trim_end().len());
    Ok(text.trim_start().to_owned())
}

/// The stack's secret in Secrets Manager.
struct Vault {
    client: Client,
    id: String,
    stack: String,
    /// From the secret's own tag; absent on a secret that the template did not make.
    webhook_url: Option<String>,
}

/// The tag in which the template keeps the webhook's address.
const WEBHOOK_TAG: &str = "order-alerts:webhook-url";

impl Vault {
    async fn open(exchange: &Arc<Exchange>, arguments: &Arguments) -> Result<Self, Failure> {
        let id = arguments.secret.clone().unwrap_or_else(|| format!("{}/secret", arguments.stack));
        // The configuration of a person at a terminal: profiles, single sign-on and all.
        let aws = aws_config::defaults(BehaviorVersion::latest());
        let aws = aws.http_client(aws::http_client(exchange)).load().await;
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
        let stack = tag("aws:cloudformation:stack-name").unwrap_or_else(|| arguments.stack.clone());
        Ok(Self { webhook_url: tag(WEBHOOK_TAG), client, id, stack })
    }

    fn webhook_address(&self, platform: &Platform) -> String {
        let base = self.webhook_url.as_deref().unwrap_or("<the stack's output WebhookUrl>");
        match platform.id {
            "generic" => base.to_owned(),
            id => format!("{base}/{id}"),
        }
    }

    async fn read(&self) -> Result<Value, Failure> {
        let answer = self.client.get_secret_value().secret_id(&self.id).send().await;
        let answer = answer.map_err(|error| refused("read", &self.id, &error))?;
        let secret = answer.secret_string().and_then(|text| serde_json::from_str(text).ok());
        let secret: Option<Value> = secret.filter(Value::is_object);
        secret.ok_or_else(|| {
            format!("the secret {} is not a JSON object: mend it in the AWS console", self.id)
                .into()
        })
    }

    async fn write(&self, secret: &Value) -> Result<(), Failure> {
        let request = self.client.put_secret_value().secret_id(&self.id);
        let answer = request.secret_string(secret.to_string()).send().await;
        answer.map(|_| ()).map_err(|error| refused("changed", &self.id, &error))
    }
}

/// What AWS said, without what we said to AWS.
fn refused<E, R>(done: &str, id: &str, error: &SdkError<E, R>) -> Failure
where
    E: ProvideErrorMetadata + fmt::Debug,
    R: fmt::Debug,
{
    let why = match error {
        SdkError::ServiceError(refusal) => match refusal.err().code() {
            Some("ResourceNotFoundException") => {
                "there is none of this name in this account and region (--stack, --secret, AWS_REGION)"
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
