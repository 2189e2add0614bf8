//! `connect`: stores a Slack URL or a signing key in the secret of a deployed stack.
//!
//! Both are read from the terminal without echo, or from standard input. They are never arguments
//! and never printed, so they stay out of the shell's history and off the screen.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use order_alerts::infra::http_client::HttpClient;
use order_alerts::message;
use order_alerts::platform::Platform;
use order_alerts::secret::signing_key::SigningKey;
use order_alerts::slack::Slack;
use order_alerts::slack::url::SlackUrl;
use serde_json::{Value, json};

use crate::stack_secret::{self, StackSecret};
use crate::terminal::Failure;
use crate::{function, net, samples, terminal};

/// Connect a deployed stack to its Slack channel, or to a platform
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo run -- connect slack
  cargo run -- connect slack --monitoring
  cargo run -- connect shopify --stack my-stack

`connect slack` asks for the URL of a Slack incoming webhook, posts a hello and stores the URL in the stack's \
secret. With --monitoring, the URL is that of a second channel, for alarms.

`connect PLATFORM` prints the address to register at the platform, says where its signing key is, asks for the key \
and adds it to the keys in the secret. Everything else in the secret stays unchanged.

AWS credentials and region are found as the AWS CLI finds them. Input is not echoed; it may also come from standard \
input.")]
pub(crate) struct Arguments {
    /// slack, or a platform such as shopify.
    what: String,
    /// With slack: connect the channel for alarms instead of the one for orders.
    #[arg(long)]
    monitoring: bool,
    #[command(flatten)]
    stack: stack_secret::Stack,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let http = Arc::new(HttpClient::over(net::transport()?));
    // A mistyped platform is reported before the operator is asked for a key.
    let platform = match arguments.what.as_str() {
        "slack" => None,
        _ if arguments.monitoring => return Err("--monitoring goes with slack".into()),
        name => Some(samples::platform(name).map_err(|error| format!("{error}, or slack"))?),
    };
    let secret = StackSecret::open(&http, &arguments.stack).await?;
    match platform {
        None if arguments.monitoring => {
            connect_slack(&secret, http, "slack_monitoring_webhook_url").await
        }
        None => connect_slack(&secret, http, "slack_webhook_url").await,
        Some(platform) => connect_platform(&secret, platform).await,
    }
}

/// Stores the URL of a channel under this name in the secret.
async fn connect_slack(
    stack_secret: &StackSecret,
    http: Arc<HttpClient>,
    name: &str,
) -> Result<(), Failure> {
    let config = function::config()?;
    terminal::line(
        "Create an incoming webhook for the channel at https://api.slack.com/apps (Incoming Webhooks).",
    );
    let text = ask("Its URL (not echoed):")?;
    let url = SlackUrl::parse(&text, config.slack_origin.as_ref())
        .map_err(|error| format!("the URL is refused: {error}"))?;

    let mut secret = stack_secret.read().await?;
    let hello = message::hello(&stack_secret.stack, config.language);
    let slack = Slack::new(http);
    slack.post(&url, &hello, Duration::from_secs(10), Timestamp::now()).await?;
    secret[name] = json!(url.expose());
    stack_secret.write(&secret).await?;
    terminal::line(&format!(
        "A hello was posted to the channel, and its URL is in the secret {}.",
        stack_secret.id
    ));
    terminal::line("The function uses it within five minutes.");
    Ok(())
}

async fn connect_platform(stack_secret: &StackSecret, platform: &Platform) -> Result<(), Failure> {
    let mut secret = stack_secret.read().await?;
    let address = stack_secret
        .webhook_address(platform)
        .unwrap_or_else(|| stack_secret::address("<the stack's output WebhookUrl>", platform));
    terminal::line(&format!("Webhook address   {address}"));
    terminal::line(&format!("Where it goes     {}", platform.setup.webhook));
    terminal::line(&format!("Where the key is  {}", platform.setup.key));
    let text = ask("The signing key (not echoed; Enter alone stores nothing):")?;
    if text.is_empty() {
        terminal::line("Nothing was stored.");
        return Ok(());
    }
    SigningKey::parse(&text, &platform.auth)
        .map_err(|error| format!("the key is refused: {error}"))?;

    let keys = keys_of(&mut secret, platform)?;
    if keys.iter().any(|key| key.as_str() == Some(&text)) {
        terminal::line("The secret already has this key.");
        return Ok(());
    }
    keys.push(json!(text));
    let count = keys.len();
    stack_secret.write(&secret).await?;
    let keys = if count == 1 { "one key".to_owned() } else { format!("{count} keys") };
    terminal::line(&format!("The secret {} now has {keys} of {}.", stack_secret.id, platform.name));
    terminal::line("Webhooks that are signed with it are verified from now on.");
    Ok(())
}

/// The platform's list of keys in the secret. A single text becomes a list.
fn keys_of<'a>(secret: &'a mut Value, platform: &Platform) -> Result<&'a mut Vec<Value>, Failure> {
    let wrong = "`signing_keys` in the secret is malformed: correct it in the AWS console";
    let object = secret.as_object_mut().ok_or(wrong)?;
    let all = object.entry("signing_keys").or_insert_with(|| json!({}));
    let entry = all.as_object_mut().ok_or(wrong)?.entry(platform.id).or_insert_with(|| json!([]));
    if entry.is_string() {
        *entry = json!([entry.take()]);
    }
    entry.as_array_mut().ok_or_else(|| wrong.into())
}

/// A value from the terminal, without echo, or the first line of standard input.
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
