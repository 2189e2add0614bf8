//! `connect`: stores a Slack URL or a signing key in the secret of a deployed stack.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use order_alerts::infra::http_client::HttpClient;
use order_alerts::message;
use order_alerts::platform::{Auth, Platform};
use order_alerts::secret::Channel;
use order_alerts::secret::signing_key::SigningKey;
use order_alerts::slack::url::SlackUrl;
use order_alerts::slack::{Slack, reply};

use crate::program::PROGRAM;
use crate::prompt::{ask, is_interactive};
use crate::settings::Settings;
use crate::stack_secret::{self, StackSecret};
use crate::terminal::Failure;
use crate::{net, samples, terminal};

mod channels;
pub(crate) mod keys;
mod slack_app;

/// Connect a deployed stack to its Slack channel, or to a platform
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo run -- connect slack
  cargo run -- connect slack --monitoring
  cargo run -- connect slack --channel managers
  cargo run -- connect shopify --stack my-stack
  cargo run -- connect doordash --random

`connect slack` asks for the URL of a Slack incoming webhook, says how it was read, posts a hello and stores the URL \
in the stack's secret. On a terminal it first prints a link that creates the Slack app, and says where the URL then \
is. With --monitoring, the URL is that of a second channel, for alarms and the state of shops. With \
--channel, it is that of a channel that a line of RULES or EXPECT names, as in `refunded -> to managers`.

`connect PLATFORM` prints the address to register at the platform, says where its signing key is, asks for the key \
and adds it to the keys in the secret. Everything else in the secret stays unchanged. A key that another platform \
has is refused. With --random, connect makes the key and prints it once, so that you can enter it at the platform.

AWS credentials and region are found as the AWS CLI finds them. Input is not echoed; it may also come from standard \
input. The variables HTTPS_PROXY, NO_PROXY, AWS_CA_BUNDLE and SSL_CERT_FILE are heeded.")]
pub(crate) struct Arguments {
    /// slack, or a platform such as shopify.
    what: String,
    /// With slack: connect the channel for alarms and the state of shops instead of the one for orders.
    #[arg(long)]
    monitoring: bool,
    /// With slack: connect the channel that RULES or EXPECT calls so.
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// With a platform whose key you choose: make a random key, and print it.
    #[arg(long)]
    random: bool,
    #[command(flatten)]
    stack: stack_secret::Stack,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let http = Arc::new(net::http_client()?);
    // A mistyped platform is reported before the operator is asked for a key.
    let platform = match arguments.what.as_str() {
        "slack" if arguments.random => return Err("--random goes with a platform".into()),
        "slack" if arguments.monitoring && arguments.channel.is_some() => {
            return Err("--monitoring and --channel are two channels: connect one at a time".into());
        }
        "slack" => None,
        _ if arguments.monitoring => return Err("--monitoring goes with slack".into()),
        _ if arguments.channel.is_some() => return Err("--channel goes with slack".into()),
        name => Some(samples::platform(name).map_err(|error| format!("{error}, or slack"))?),
    };
    if let Some(platform) = platform.filter(|_| arguments.random) {
        check_key_is_chosen(platform)?;
    }
    let channel = arguments.channel()?;
    let secret = StackSecret::open(&http, &arguments.stack).await?;
    // What cannot be read is reported now, and not after the operator has looked for a key.
    secret.read().await?;
    match platform {
        None => connect_slack(&secret, http, &channel).await,
        Some(platform) => connect_platform(&secret, platform, arguments.random).await,
    }
}

impl Arguments {
    /// The channel to connect.
    fn channel(&self) -> Result<Channel, Failure> {
        match &self.channel {
            None if self.monitoring => Ok(Channel::Monitoring),
            None => Ok(Channel::Orders),
            Some(name) => channels::named(name).map(Channel::Named),
        }
    }
}

/// Stores the URL of a channel in the secret, when a hello has reached it.
async fn connect_slack(
    stack_secret: &StackSecret,
    http: Arc<HttpClient>,
    channel: &Channel,
) -> Result<(), Failure> {
    let config = Settings::from_env()?.checked()?;
    if is_interactive() {
        for line in slack_app::instructions()? {
            terminal::line(&line);
        }
    }
    let text = ask("The URL of the webhook (not echoed):")?;
    let url = SlackUrl::parse(&text, config.slack_origin.as_ref())
        .map_err(|error| format!("the URL is refused: {error}"))?;
    terminal::line(&format!("Read as  {}", shown(&url)));

    let hello = message::hello(&stack_secret.stack, config.language);
    let slack = Slack::new(http);
    let posted = slack.post(&url, &hello, Duration::from_secs(10), Timestamp::now()).await;
    posted.map_err(|error| match error.failure {
        reply::Failure::NotSent => format!("{error}{}", net::proxy_hint()),
        _ => error.to_string(),
    })?;
    let mut stored = stack_secret.read().await?;
    channels::store(&mut stored.value, channel, &url)?;
    stack_secret.replace(&stored).await?;
    terminal::line(&format!(
        "A hello was posted to the channel, and its URL is in the secret {}.",
        stack_secret.id
    ));
    terminal::line("The function uses it within five minutes.");
    if let Channel::Named(name) = channel {
        terminal::line(&format!("A rule sends orders to it: `refunded -> to {name}`."));
    }
    Ok(())
}

/// The URL as far as it names workspace and app. What follows is the password.
fn shown(url: &SlackUrl) -> String {
    let (start, _) = url.expose().rsplit_once('/').unwrap_or_default();
    format!("{start}/…")
}

async fn connect_platform(
    stack_secret: &StackSecret,
    platform: &Platform,
    is_random: bool,
) -> Result<(), Failure> {
    let address = stack_secret
        .webhook_address(platform)
        .unwrap_or_else(|| stack_secret::address("<the stack's output WebhookUrl>", platform));
    terminal::line(&format!("Webhook address   {address}"));
    terminal::line(&format!("Where it goes     {}", platform.setup.webhook));
    terminal::line(&format!("Where the key is  {}", platform.setup.key));
    let text = if is_random { keys::random()? } else { ask_for_key(platform)? };
    if text.is_empty() {
        terminal::line("Nothing was stored.");
        return Ok(());
    }
    let key = SigningKey::parse(&text, &platform.auth)
        .map_err(|error| format!("the key is refused: {error}"))?;
    if let (Auth::Standard(_), false) = (&platform.auth, is_random) {
        terminal::line(&format!("Read as           {}", key.reading()));
    }

    let Some(count) = keys::add(stack_secret, platform, &key, text.trim()).await? else {
        terminal::line("The secret already has this key.");
        return Ok(());
    };
    let keys = if count == 1 { "one key".to_owned() } else { format!("{count} keys") };
    terminal::line(&format!("The secret {} now has {keys} of {}.", stack_secret.id, platform.name));
    if is_random {
        terminal::line(&format!("Enter this key at {}. It is not shown again:", platform.name));
        terminal::line(&text);
    }
    terminal::line("Webhooks that are signed with it are verified from now on.");
    Ok(())
}

fn ask_for_key(platform: &Platform) -> Result<String, Failure> {
    if platform.setup.key_is_chosen {
        terminal::line(&format!(
            "A random key      {} connect {} --random   makes one for you",
            *PROGRAM, platform.id
        ));
    }
    ask("The signing key (not echoed; Enter alone stores nothing):")
}

fn check_key_is_chosen(platform: &Platform) -> Result<(), Failure> {
    if platform.setup.key_is_chosen {
        return Ok(());
    }
    let platforms = Platform::names().filter_map(Platform::find);
    let chosen = platforms.filter(|other| other.setup.key_is_chosen).map(|other| other.id);
    Err(format!(
        "--random is for a platform whose key you choose ({}): {} makes its own",
        chosen.collect::<Vec<_>>().join(", "),
        platform.name
    )
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_a_slack_url_is_not_shown() {
        for end in ["", "/"] {
            let text = format!("https://hooks.slack.com/services/T0/B0/{}{end}", "x".repeat(24));
            let url = SlackUrl::parse(&text, None).unwrap();
            assert_eq!(shown(&url), "https://hooks.slack.com/services/T0/B0/…");
        }
    }
}
