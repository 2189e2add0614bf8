//! `preview`: the message that a payload becomes.

use jiff::Timestamp;
use order_alerts::admission::is_ping;
use order_alerts::config::Manner;
use order_alerts::message::{self, Remarks, Style};
use order_alerts::parse::{Parsed, parse};
use order_alerts::signature::authenticate;

use crate::{Failure, samples, show, stack, webhook};

/// Print the Slack message that a webhook becomes, or why it becomes none
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  cargo run -- preview shopify order.json -H 'x-shopify-topic: orders/cancelled'

It needs no signature. The settings are read from the environment, such as LANGUAGE=ko.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    webhook: webhook::Input,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = stack::config()?;
    let platform = samples::platform(&arguments.webhook.platform)?;
    let now = Timestamp::now();
    let mut webhook = arguments.webhook.webhook()?;
    if is_ping(platform, &webhook.headers(), &webhook.body) {
        show::ping(platform);
        return Ok(());
    }
    // Only what is signed is parsed, so it is signed here, with whatever the platform signs.
    let public_url = Some(config.public_url.as_deref().unwrap_or("https://preview.invalid"));
    let key = samples::key(platform)?;
    webhook.sign(platform, &key, public_url, now)?;

    let headers = webhook.headers();
    let genuine = authenticate(&platform.auth, &headers, &webhook.body, &[key], public_url, now)?;
    let events = match parse(platform, &genuine, config.customer, now)? {
        Parsed::Events(events) => events,
        Parsed::Ignored { event_type } => {
            show::ignored(platform, event_type.as_ref());
            return Ok(());
        }
    };
    let style = Style { language: config.language, mention: config.mention };
    for event in &events {
        match config.show.manner(event.kind) {
            Manner::Off => show::switched_off(event.kind),
            Manner::Each | Manner::Digest => {
                let message = message::about(event, &style, Remarks::default());
                let message = serde_json::to_value(message)?;
                show::json(&message);
                show::message(&message);
            }
        }
    }
    Ok(())
}
