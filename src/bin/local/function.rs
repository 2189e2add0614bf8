//! The local stack: the real function with in-memory edges behind a web server on loopback.

use std::env;
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use order_alerts::app::Wiring;
use order_alerts::config::{Config, ConfigError};
use order_alerts::handlers::{App, Invoked, Served};
use order_alerts::infra::http_client::Exchange;
use order_alerts::infra::metrics::Metrics;
use order_alerts::infra::transport::Transport;
use order_alerts::ledger::Ledger;
use order_alerts::secret::Secret;
use order_alerts::secret::cache::Secrets;
use order_alerts::slack::url::SlackUrl;
use order_alerts::slack::{Inbox, Slack};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::{Failure, samples, serve, terminal};

const LOCAL: Invoked<'static> = Invoked { request_id: "local", function_arn: None };

/// Where messages go to instead of the inbox.
const REAL_SLACK: &str = "SLACK_WEBHOOK_URL";

/// Stands in the secret while the inbox takes the messages.
const NOWHERE: &str = "https://hooks.slack.com/services/in-memory";

/// Starts the stack, sends it one sample, and serves until the process is stopped.
pub(crate) async fn run() -> Result<(), Failure> {
    terminal::log();
    let listener = serve::listen().await?;
    let address = listener.local_addr()?;
    let function = Arc::new(Function::new(address)?);
    terminal::welcome(address, function.messages().await.is_some());
    if address.port() != serve::PORT {
        terminal::port_taken(serve::PORT, address);
    }
    let answer = function.invoke(&function.sample(samples::FIRST)?).await?;
    terminal::answer(&format!("events/{}.json", samples::FIRST), &answer);
    serve::serve(listener, function).await?;
    Ok(())
}

/// The function and what stands for its channel.
pub(crate) struct Function {
    app: App,
    /// What a platform signs that signs the address.
    public_url: String,
    /// None when the messages go to the real Slack.
    inbox: Option<Inbox>,
    channel: Mutex<Channel>,
}

/// What the channel shows, oldest first.
#[derive(Default)]
struct Channel {
    messages: Vec<Value>,
    /// How many of them came from the inbox.
    from_inbox: usize,
}

impl Function {
    fn new(address: SocketAddr) -> Result<Self, Failure> {
        let mut config = config()?;
        // Square alone signs it, and its samples and `send` need no setting then.
        let square = || format!("http://{address}/webhook/square");
        let public_url = config.public_url.get_or_insert_with(square).clone();
        let inbox = Inbox::default();
        let real_slack = env::var(REAL_SLACK).ok();
        let (slack_url, slack) = match &real_slack {
            Some(url) => {
                SlackUrl::parse(url.trim(), config.slack_origin.as_ref())
                    .map_err(|error| format!("{REAL_SLACK}: {error}"))?;
                (url.as_str(), Slack::Webhooks(Arc::new(Exchange::over(Transport::new(None)?))))
            }
            None => (NOWHERE, Slack::Inbox(inbox.clone())),
        };
        let secrets = Secrets::fixed(Secret::parse(&samples::secret(slack_url))?);
        // Whatever is sent twice here is meant to be shown twice.
        let (ledger, metrics) = (Ledger::none(), Metrics::default());
        let app = App::new(Wiring { config, secrets, slack, queue: None, ledger, metrics });
        let inbox = real_slack.is_none().then_some(inbox);
        Ok(Self { app, public_url, inbox, channel: Mutex::default() })
    }

    /// A sample event of this moment, as the platform would send it here.
    pub(crate) fn sample(&self, name: &str) -> Result<Value, Failure> {
        samples::event(name, &self.public_url)
    }

    /// Serves one Lambda event and shows what reached the channel.
    pub(crate) async fn invoke(&self, event: &Value) -> Result<ApiGatewayV2httpResponse, Failure> {
        let now = Timestamp::now();
        let deadline = now + SignedDuration::from_secs(30);
        let served = self.app.handle(&event.to_string(), LOCAL, now, deadline).await?;
        let Served::Webhook(answer) = served else {
            return Err("the local stack serves webhooks only".into());
        };
        if let Some(inbox) = &self.inbox {
            let mut channel = self.channel.lock().await;
            for message in inbox.messages().iter().skip(channel.from_inbox) {
                channel.show(serde_json::to_value(message)?);
                channel.from_inbox += 1;
            }
        }
        Ok(*answer)
    }

    /// Shows a message that somebody posted.
    pub(crate) async fn post(&self, message: Value) {
        self.channel.lock().await.show(message);
    }

    /// What the channel shows; none when it is the real Slack that shows it.
    pub(crate) async fn messages(&self) -> Option<Vec<Value>> {
        self.inbox.as_ref()?;
        Some(self.channel.lock().await.messages.clone())
    }
}

impl Channel {
    fn show(&mut self, message: Value) {
        terminal::message(&message);
        self.messages.push(message);
    }
}

/// The deployed function's settings; those that it cannot do without have a value here.
pub(crate) fn config() -> Result<Config, ConfigError> {
    Config::from_env(|name| match name {
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
    })
}
