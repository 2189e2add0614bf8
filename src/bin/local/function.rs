//! The real function with fake services in memory.

use std::env;
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use order_alerts::app::App;
use order_alerts::config::Config;
use order_alerts::handlers::{InvocationContext, InvocationResponse, handle};
use order_alerts::infra::http_client::HttpClient;
use order_alerts::infra::transport::Transport;
use order_alerts::slack::Slack;
use order_alerts::slack::url::SlackUrl;
use serde_json::Value;

use crate::fake_services::{self, Channel, Posts};
use crate::keys::Keys;
use crate::terminal::Failure;
use crate::{public_url, samples, terminal};

const LOCAL: InvocationContext<'static> =
    InvocationContext { request_id: "local", function_arn: None };

/// The environment variable with a real Slack URL, to which messages then go.
const REAL_SLACK: &str = "SLACK_WEBHOOK_URL";

/// The Slack URL in the secret while the messages stay in memory.
const IN_MEMORY: &str = "https://hooks.slack.com/services/in-memory";

/// The function and its channel.
pub(crate) struct Function {
    app: App,
    /// The address that is registered at the platforms, which some of them sign.
    public_url: String,
    keys: Keys,
    channel: Channel,
    /// Whether messages are posted to the real Slack.
    is_real_slack: bool,
}

impl Function {
    pub(crate) fn new(address: SocketAddr) -> Result<Self, Failure> {
        let mut config = config()?;
        // Only Square signs it. With this default, its samples and `send` need no setting.
        let square = || format!("http://{address}/webhook/square");
        let public_url = public_url::or_ignored().unwrap_or_else(square);
        config.public_url = Some(public_url.clone());
        let real_slack = env::var(REAL_SLACK).ok();
        if let Some(url) = &real_slack {
            SlackUrl::parse(url.trim(), config.slack_origin.as_ref())
                .map_err(|error| format!("{REAL_SLACK}: {error}"))?;
        }
        let keys = if real_slack.is_some() { Keys::generate()? } else { Keys::Sample };
        keys.store(address.port())?;
        let channel = Channel::default();
        let secret = keys.secret(real_slack.as_deref().unwrap_or(IN_MEMORY));
        let http = Arc::new(fake_services::in_memory(channel.clone(), secret));
        // The region becomes part of a host name, and an endpoint must be a URL.
        let variable =
            |name: &str| (!name.starts_with("AWS_ENDPOINT_URL")).then(|| "in-memory".to_owned());
        let mut app = App::new(config, &http, variable)?;
        if real_slack.is_some() {
            app.slack = Slack::new(Arc::new(HttpClient::over(Transport::new(None)?)));
        }
        Ok(Self { app, public_url, keys, channel, is_real_slack: real_slack.is_some() })
    }

    /// A sample event with the current time, as the platform would send it here.
    pub(crate) fn sample(&self, name: &str) -> Result<Value, Failure> {
        samples::event(name, &self.public_url, &self.keys)
    }

    /// Serves one Lambda event.
    pub(crate) async fn invoke(&self, event: &Value) -> Result<ApiGatewayV2httpResponse, Failure> {
        let now = Timestamp::now();
        let deadline = now + SignedDuration::from_secs(30);
        match handle(&self.app, &event.to_string(), LOCAL, now, deadline).await? {
            InvocationResponse::Webhook(response) => Ok(*response),
            _ => Err("the local stack serves webhooks only".into()),
        }
    }

    /// The channel in memory, for this function and for one under `cargo lambda watch`.
    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// What the channel shows. `None` if the messages are posted to the real Slack.
    pub(crate) fn posts(&self) -> Option<Posts> {
        (!self.is_real_slack).then(|| self.channel.posts())
    }
}

/// The deployed function's settings. Those that it requires have a fixed value here.
///
/// The deployed function leaves out a setting that it cannot read. Here it is an error: a person is
/// at the terminal and can correct it.
pub(crate) fn config() -> Result<Config, Failure> {
    let config = Config::from_env(|name| match name {
        "SECRET_ID" => Some("in memory".to_owned()),
        "DELIVERY" => Some("direct".to_owned()),
        // Each command reads it where a platform signs it.
        "PUBLIC_URL" => None,
        // Many desktops set this variable to a list for gettext, such as `en_GB:en`.
        "LANGUAGE" => env::var(name).ok().filter(|value| {
            let is_known = matches!(value.as_str(), "" | "en" | "ko");
            if !is_known {
                terminal::ignored_setting(
                    name,
                    value,
                    "it is neither en nor ko, so English is used",
                );
            }
            is_known
        }),
        name => env::var(name).ok(),
    })?;
    let wrong: Vec<_> = config.unreadable.iter().map(ToString::to_string).collect();
    if wrong.is_empty() { Ok(config) } else { Err(wrong.join("; ").into()) }
}
