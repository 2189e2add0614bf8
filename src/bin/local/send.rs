//! `send`: signs a webhook as its platform would, and posts it.

use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use order_alerts::platform::Platform;
use order_alerts::secret::signing_key::SigningKey;
use order_alerts::webhook::sign::SignError;
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::interval;
use url::Url;

use self::tally::Tally;
use crate::keys::Keys;
use crate::net::is_loopback;
use crate::terminal::Failure;
use crate::webhook_file::Webhook;
use crate::{net, program, prompt, public_url, samples, serve, terminal, webhook_file};

mod tally;

/// Sign a webhook as its platform would, and post it to a deployment or to the local stack
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo run -- send shopify
  cargo run -- send shopify order.json -H 'x-shopify-topic: orders/cancelled' --to https://…/webhook/shopify
  cargo run -- send generic order.json --count 1000 --rate 100    # with \"order_id\": \"A-{number}\" in it

The local stack accepts sample keys. For a deployment, `send` asks for the platform's signing key and does not echo \
it. A script may put the key into the environment variable SIGNING_KEY, or, unless that is the body, into standard input.

If the platform signs its address, as Square does, PUBLIC_URL is the registered address [default: that of --to]. \
The variables HTTPS_PROXY, NO_PROXY, AWS_CA_BUNDLE and SSL_CERT_FILE are heeded.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    webhook: webhook_file::Input,
    /// The webhook's address [default: that of the local stack].
    #[arg(long, value_name = "URL")]
    to: Option<Url>,
    /// How many to send, each with its own signature; {number} in the body becomes 1, 2, 3 and so on.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    count: Option<u32>,
    /// How many per second, without waiting for responses [default: one after the other].
    #[arg(long, value_name = "NUMBER", requires = "count", value_parser = clap::value_parser!(u32).range(1..=1000))]
    rate: Option<u32>,
}

/// Longer than the function ever takes to respond.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let platform = samples::platform(&arguments.webhook.platform)?;
    let webhook = arguments.webhook.webhook()?;
    let sender = Sender::new(platform, arguments)?;
    let Some(count) = arguments.count else {
        let (status, body) = sender.send(webhook).await?;
        terminal::sent(&sender.url, status, &body);
        let is_accepted = status.is_success();
        return if is_accepted { Ok(()) } else { Err(format!("not accepted: {status}").into()) };
    };
    let mut tally = Tally::default();
    match arguments.rate {
        None => {
            for number in 1..=count {
                tally.add(sender.send_timed(numbered(&webhook, number)).await);
            }
        }
        Some(rate) => {
            let mut answers = FuturesUnordered::new();
            let mut ticks = interval(Duration::from_secs(1) / rate);
            let mut number = 0;
            while number < count || !answers.is_empty() {
                tokio::select! {
                    _ = ticks.tick(), if number < count => {
                        number += 1;
                        answers.push(sender.send_timed(numbered(&webhook, number)));
                    }
                    Some(answer) = answers.next() => tally.add(answer),
                }
            }
        }
    }
    terminal::line(&format!("{} → {tally}", sender.url));
    if tally.are_all_accepted() { Ok(()) } else { Err("not all webhooks were accepted".into()) }
}

/// The webhook with its number in place of every `{number}`.
fn numbered(webhook: &Webhook, number: u32) -> Webhook {
    let body = String::from_utf8_lossy(&webhook.body).replace("{number}", &number.to_string());
    Webhook { body: body.into_bytes(), ..webhook.clone() }
}

/// Signs and posts webhooks of one platform.
struct Sender {
    platform: &'static Platform,
    key: SigningKey,
    url: Url,
    /// The address that is registered at the platform, which some platforms sign.
    registered: String,
    client: reqwest::Client,
}

impl Sender {
    fn new(platform: &'static Platform, arguments: &Arguments) -> Result<Self, Failure> {
        let url = match &arguments.to {
            Some(url) => {
                net::check_safe(url, "--to")?;
                url.clone()
            }
            None => format!("http://127.0.0.1:{}{}", serve::PORT, platform.path()).parse()?,
        };
        let registered = public_url::of(platform)?.unwrap_or_else(|| url.to_string());
        let client = net::client(&url)?;
        let key = match &arguments.to {
            Some(_) => key(platform, &url, arguments.webhook.body.as_deref())?,
            None => local_key(platform, &url)?,
        };
        Ok(Self { platform, key, url, registered, client })
    }

    async fn send(&self, mut webhook: Webhook) -> Result<(StatusCode, String), Failure> {
        webhook.set(vec![("host".to_owned(), self.url.authority().to_owned())]);
        webhook.sign(self.platform, &self.key, &self.registered, Timestamp::now())?;
        let mut url = self.url.clone();
        url.set_path(&format!("{}{}", url.path(), webhook.path_suffix(self.platform)));
        let query = webhook.query();
        if !query.is_empty() {
            url.set_query(Some(&query));
        }
        let headers = webhook.real_headers();
        let mut request = self.client.post(url).timeout(TIMEOUT).body(webhook.body);
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(|error| no_response(&self.url, &error))?;
        Ok((response.status(), response.text().await?))
    }

    async fn send_timed(&self, webhook: Webhook) -> (Option<StatusCode>, Duration) {
        let began = Instant::now();
        let answer = self.send(webhook).await.ok();
        (answer.map(|(status, _)| status), began.elapsed())
    }
}

/// The platform's signing key: that of `SIGNING_KEY`, the sample key for this machine, or the one that
/// the operator enters.
fn key(platform: &Platform, url: &Url, body: Option<&Path>) -> Result<SigningKey, Failure> {
    const NAME: &str = "SIGNING_KEY";
    if platform.auth.has_public_keys() && !is_loopback(url) {
        return Err(webhook_file::cannot_be_signed(platform, &SignError::PrivateKey));
    }
    let key = match prompt::variable_if_set(NAME) {
        Some(text) => SecretString::from(text),
        None if is_loopback(url) => return local_key(platform, url),
        None if body == Some(Path::new("-")) => {
            return Err(format!(
                "set {NAME}: standard input is the webhook's body, so the key cannot be asked for"
            )
            .into());
        }
        None => prompt::credential(NAME, &format!("The signing key of {}", platform.name))?,
    };
    let key = SigningKey::parse(key.expose_secret(), &platform.auth);
    key.map_err(|error| format!("the signing key cannot be used: {error}").into())
}

/// The key that the local stack at this address accepts.
fn local_key(platform: &Platform, url: &Url) -> Result<SigningKey, Failure> {
    Keys::stored(url.port_or_known_default().unwrap_or_default())?.key(platform)
}

fn no_response(url: &Url, error: &reqwest::Error) -> Failure {
    if error.is_connect() && is_loopback(url) {
        let is_usual = url.port_or_known_default() == Some(serve::PORT);
        let start = format!(": start the local stack with `{}`", program::without_command());
        let advice = if is_usual { start } else { String::new() };
        return format!("no server listens on {}{advice}", url.authority()).into();
    }
    let hint = if error.is_connect() { net::proxy_hint() } else { String::new() };
    format!("{} did not answer{hint}", url.authority()).into()
}
