//! `cargo run`: the function on this machine, with nothing but Rust.
//!
//! The real [`App`] behind a web server on loopback. Its Slack is an inbox in memory, its secret
//! holds sample keys, and a sample event is sent at the start so that there is something to see.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use order_alerts::app::App;
use order_alerts::config::{Config, ConfigError};
use order_alerts::secret::Secret;
use order_alerts::secrets::Secrets;
use order_alerts::slack::{Inbox, Slack};
use order_alerts::wiring::Wiring;
use tokio::sync::Mutex;

mod server;
mod show;

/// What `events/` is signed with. The keys open nothing but this local stack.
const SAMPLE_SECRET: &str = include_str!("sample-secret.json");
const SAMPLE_EVENT: &str = include_str!("../../../events/shopify-cancelled.json");

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            show::error(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let listener = server::listen().await?;
    let function = Arc::new(Function::new()?);
    show::welcome(listener.local_addr()?);
    let answer = function.invoke(SAMPLE_EVENT).await?;
    show::answer("events/shopify-cancelled.json", &answer);
    server::serve(listener, function).await?;
    Ok(())
}

/// The function and the inbox that stands for its channel.
struct Function {
    app: App,
    inbox: Inbox,
    /// How many messages of the inbox are on the screen.
    shown: Mutex<usize>,
}

impl Function {
    fn new() -> Result<Self, Box<dyn Error>> {
        let inbox = Inbox::default();
        let app = App::new(Wiring {
            config: config()?,
            secrets: Secrets::fixed(Secret::parse(SAMPLE_SECRET)?),
            slack: Slack::Inbox(inbox.clone()),
        });
        Ok(Self { app, inbox, shown: Mutex::new(0) })
    }

    /// Serves one Lambda event and shows what reached the channel.
    async fn invoke(&self, event: &str) -> Result<ApiGatewayV2httpResponse, Box<dyn Error>> {
        let now = Timestamp::now();
        let answer = self.app.handle(event, now, now + SignedDuration::from_secs(30)).await?;
        let mut shown = self.shown.lock().await;
        let messages = self.inbox.messages();
        messages[*shown..].iter().for_each(show::message);
        *shown = messages.len();
        Ok(answer)
    }
}

/// The deployed function's settings can be tried out here; those that it cannot do without have a
/// value.
fn config() -> Result<Config, ConfigError> {
    Config::from_env(|name| match name {
        "SECRET_ID" => Some("sample-secret.json".to_owned()),
        "DELIVERY" => Some("direct".to_owned()),
        // On many desktops this is a list of gettext's, such as `en_GB:en`.
        "LANGUAGE" => {
            std::env::var(name).ok().filter(|value| matches!(value.as_str(), "en" | "ko"))
        }
        name => std::env::var(name).ok(),
    })
}
