//! The local stack: the real function with in-memory edges behind a web server on loopback.

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

use crate::fake_services::{self, Channel};
use crate::{Failure, samples, serve, terminal};

const LOCAL: InvocationContext<'static> =
    InvocationContext { request_id: "local", function_arn: None };

/// Where messages go instead of the channel in memory.
const REAL_SLACK: &str = "SLACK_WEBHOOK_URL";

/// In the secret while the messages stay in memory.
const IN_MEMORY: &str = "https://hooks.slack.com/services/in-memory";

/// Starts the stack, sends it one sample, and serves until the process is stopped.
pub(crate) async fn run() -> Result<(), Failure> {
    terminal::log();
    let listener = serve::listen().await?;
    let address = listener.local_addr()?;
    let function = Arc::new(Function::new(address)?);
    terminal::welcome(address, function.messages().is_some());
    if address.port() != serve::PORT {
        terminal::port_taken(serve::PORT, address);
    }
    let answer = function.invoke(&function.sample(samples::FIRST)?).await?;
    terminal::answer(&format!("events/{}.json", samples::FIRST), &answer);
    serve::serve(listener, function).await?;
    Ok(())
}

/// The function and its channel.
pub(crate) struct Function {
    app: App,
    /// What a platform signs that signs the address.
    public_url: String,
    channel: Channel,
    /// The messages go to the real Slack, which shows them.
    is_elsewhere: bool,
}

impl Function {
    fn new(address: SocketAddr) -> Result<Self, Failure> {
        let mut config = config()?;
        // Square alone signs it, and its samples and `send` need no setting then.
        let square = || format!("http://{address}/webhook/square");
        let public_url = config.public_url.get_or_insert_with(square).clone();
        let real_slack = env::var(REAL_SLACK).ok();
        if let Some(url) = &real_slack {
            SlackUrl::parse(url.trim(), config.slack_origin.as_ref())
                .map_err(|error| format!("{REAL_SLACK}: {error}"))?;
        }
        let channel = Channel::default();
        let slack_url = real_slack.clone().unwrap_or_else(|| IN_MEMORY.to_owned());
        let http = Arc::new(fake_services::in_memory(channel.clone(), slack_url));
        // A region is part of a host name, and an endpoint of this name would be no URL.
        let variable =
            |name: &str| (!name.starts_with("AWS_ENDPOINT_URL")).then(|| "in-memory".to_owned());
        let mut app = App::new(config, &http, variable)?;
        if real_slack.is_some() {
            app.slack = Slack::new(Arc::new(HttpClient::over(Transport::new(None)?)));
        }
        Ok(Self { app, public_url, channel, is_elsewhere: real_slack.is_some() })
    }

    /// A sample event of this moment, as the platform would send it here.
    pub(crate) fn sample(&self, name: &str) -> Result<Value, Failure> {
        samples::event(name, &self.public_url)
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

    /// Where messages are shown, by this function and by others.
    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// What the channel shows; none when it is the real Slack that shows it.
    pub(crate) fn messages(&self) -> Option<Vec<Value>> {
        (!self.is_elsewhere).then(|| self.channel.messages())
    }
}

/// The deployed function's settings; those that it cannot do without have a value here.
///
/// The deployed function leaves out a setting that it cannot read. Here it is an error: a person is
/// at the terminal and can correct it.
pub(crate) fn config() -> Result<Config, Failure> {
    let config = Config::from_env(|name| match name {
        "SECRET_ID" => Some("in memory".to_owned()),
        "DELIVERY" => Some("direct".to_owned()),
        // On many desktops this is a list of gettext's, such as `en_GB:en`.
        "LANGUAGE" => env::var(name).ok().filter(|value| {
            let is_ours = matches!(value.as_str(), "" | "en" | "ko");
            if !is_ours {
                terminal::passed_over(name, value, "it is neither en nor ko, so English is spoken");
            }
            is_ours
        }),
        name => env::var(name).ok(),
    })?;
    let wrong: Vec<_> = config.unreadable.iter().map(ToString::to_string).collect();
    if wrong.is_empty() { Ok(config) } else { Err(wrong.join("; ").into()) }
}
