//! `connect`: what a deployed stack must know, put into its secret.
//!
//! Keys and addresses are read unseen from the terminal, or from standard input. They are never
//! arguments and never printed, so that no history and no screen holds them.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::time::Duration;

use order_alerts::infra::http_client::HttpClient;
use order_alerts::message;
use order_alerts::platform::Platform;
use order_alerts::secret::signing_key::SigningKey;
use order_alerts::slack::Slack;
use order_alerts::slack::url::SlackUrl;
use serde_json::{Value, json};

use crate::stack_secret::{self, Vault};
use crate::{Failure, function, net, samples, terminal};

/// Connect a deployed stack to its Slack channel, or to a platform
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo run -- connect slack
  cargo run -- connect slack --monitoring
  cargo run -- connect shopify --stack my-stack

`connect slack` asks for the address of a Slack incoming webhook, posts a hello and stores the address in the \
stack's secret. With --monitoring it is another channel's, for the alarms. `connect PLATFORM` prints the address to give to the platform, says where its signing key is, asks \
for the key and stores it beside the others. Whatever else the secret holds stays as it is.

It finds AWS credentials and region where the AWS CLI finds them. What it asks for is not echoed; it may also come \
on standard input.")]
pub(crate) struct Arguments {
    /// slack, or a platform such as shopify.
    what: String,
    /// With slack: connect the channel for alarms, in place of that of the orders.
    #[arg(long)]
    monitoring: bool,
    #[command(flatten)]
    stack: stack_secret::Stack,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let http = Arc::new(HttpClient::over(net::transport()?));
    // A mistyped platform is told before anybody is asked for a key.
    let platform = match arguments.what.as_str() {
        "slack" => None,
        _ if arguments.monitoring => return Err("--monitoring goes with slack".into()),
        name => Some(samples::platform(name).map_err(|error| format!("{error}, or slack"))?),
    };
    let vault = Vault::open(&http, &arguments.stack).await?;
    match platform {
        None if arguments.monitoring => {
            connect_slack(&vault, http, "slack_monitoring_webhook_url").await
        }
        None => connect_slack(&vault, http, "slack_webhook_url").await,
        Some(platform) => connect_platform(&vault, platform).await,
    }
}

/// Stores a channel's address in this part of the secret.
async fn connect_slack(vault: &Vault, http: Arc<HttpClient>, part: &str) -> Result<(), Failure> {
    let config = function::config()?;
    terminal::line(
        "Create an incoming webhook for the channel at https://api.slack.com/apps (Incoming Webhooks).",
    );
    let text = ask("Its address (you will not see it):")?;
    let url = SlackUrl::parse(&text, config.slack_origin.as_ref())
        .map_err(|error| format!("the address is refused: {error}"))?;

    let mut secret = vault.read().await?;
    let hello = message::hello(&vault.stack, config.language);
    let slack = Slack::new(http);
    slack.post(&url, &hello, Duration::from_secs(10)).await?;
    secret[part] = json!(url.expose());
    vault.write(&secret).await?;
    terminal::line(&format!(
        "A hello is in the channel, and its address in the secret {}.",
        vault.id
    ));
    terminal::line("The function uses it within five minutes.");
    Ok(())
}

async fn connect_platform(vault: &Vault, platform: &Platform) -> Result<(), Failure> {
    let mut secret = vault.read().await?;
    let address = vault
        .webhook_address(platform)
        .unwrap_or_else(|| stack_secret::address("<the stack's output WebhookUrl>", platform));
    terminal::line(&format!("Webhook address   {address}"));
    terminal::line(&format!("Where it goes     {}", platform.setup.webhook));
    terminal::line(&format!("Where the key is  {}", platform.setup.key));
    let text = ask("The signing key (you will not see it; Enter alone stores nothing):")?;
    if text.is_empty() {
        terminal::line("Nothing was stored.");
        return Ok(());
    }
    SigningKey::parse(&text, &platform.auth)
        .map_err(|error| format!("the key is refused: {error}"))?;

    let keys = keys_of(&mut secret, platform)?;
    if keys.iter().any(|key| key.as_str() == Some(&text)) {
        terminal::line("The secret holds this key already.");
        return Ok(());
    }
    keys.push(json!(text));
    let count = keys.len();
    vault.write(&secret).await?;
    let keys = if count == 1 { "one key".to_owned() } else { format!("{count} keys") };
    terminal::line(&format!("The secret {} holds {keys} of {} now.", vault.id, platform.name));
    terminal::line("Webhooks that are signed with it are believed at once.");
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
