//! `send`: a webhook, signed and posted as its platform would.

use std::env;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use order_alerts::platform::Platform;
use order_alerts::signature::SigningKey;
use order_alerts::transport::Transport;
use url::{Host, Url};

use crate::{Failure, samples, server, show, webhook};

/// Sign a webhook as its platform would, and post it to a deployment or to the local stack
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo run -- send shopify events/shopify-cancelled.json
  cargo run -- send shopify order.json -H 'x-shopify-topic: orders/cancelled' --to https://…/webhook/shopify

The local stack takes its sample keys. For a deployment, put the platform's signing key into the environment \
variable SIGNING_KEY (read -rs SIGNING_KEY; export SIGNING_KEY): as an argument it would stay in the history.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    webhook: webhook::Input,
    /// The webhook's address [default: that of the local stack].
    #[arg(long, value_name = "URL")]
    to: Option<Url>,
}

/// Longer than any answer of the function takes.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let platform = samples::platform(&arguments.webhook.platform)?;
    let url = match &arguments.to {
        Some(url) => url.clone(),
        None => format!("http://127.0.0.1:{}/webhook/{}", server::PORT, platform.id).parse()?,
    };
    let mut webhook = arguments.webhook.webhook()?;
    webhook.set(vec![("host".to_owned(), url.authority().to_owned())]);
    let registered = env::var("PUBLIC_URL").unwrap_or_else(|_| url.to_string());
    let key = match &arguments.to {
        Some(_) => key(platform, &url)?,
        None => samples::key(platform)?,
    };
    webhook.sign(platform, &key, Some(&registered), Timestamp::now())?;

    let more_roots = env::var_os("SSL_CERT_FILE").map(std::path::PathBuf::from);
    let client = Transport::new(more_roots.as_deref())?.client(SystemTime::now());
    let mut request = client.post(url.clone()).timeout(TIMEOUT).body(webhook.body);
    for (name, value) in &webhook.headers {
        request = request.header(name, value);
    }
    let response = request.send().await.map_err(|error| unanswered(&url, &error))?;
    let status = response.status();
    show::sent(&url, status, &response.text().await?);
    if status.is_success() { Ok(()) } else { Err(format!("it was not taken: {status}").into()) }
}

fn key(platform: &Platform, url: &Url) -> Result<SigningKey, Failure> {
    match env::var("SIGNING_KEY") {
        Ok(text) => Ok(SigningKey::parse(text.trim(), &platform.auth)
            .map_err(|error| format!("SIGNING_KEY cannot be used: {error}"))?),
        Err(_) if is_loopback(url) => samples::key(platform),
        Err(_) => Err("set SIGNING_KEY to the platform's signing key".into()),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    }
}

fn unanswered(url: &Url, error: &reqwest::Error) -> Failure {
    if error.is_connect() && is_loopback(url) {
        return format!(
            "nobody listens on {}: start the local stack with `cargo run`",
            url.authority()
        )
        .into();
    }
    format!("{} did not answer", url.authority()).into()
}
