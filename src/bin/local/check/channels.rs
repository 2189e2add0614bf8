//! The channels that RULES and EXPECT name.

use std::sync::Arc;

use order_alerts::config::Config;
use order_alerts::rules::ChannelName;
use order_alerts::secret::{Channel, Secret};

use crate::check::{Arguments, list};
use crate::program::PROGRAM;
use crate::stack_secret::StackSecret;
use crate::terminal::Failure;
use crate::{net, terminal};

/// Prints the channels, and what the secret has for them if a stack is given.
pub(super) async fn print(config: &Config, arguments: &Arguments) -> Result<(), Failure> {
    let channels: Vec<_> = config.channels().into_iter().collect();
    if channels.is_empty() {
        return Ok(());
    }
    terminal::line("");
    let Some(stack) = arguments.stack() else {
        let store = |name: &&ChannelName| format!("{name}: `{}`", connect(name, ""));
        let store: Vec<_> = channels.iter().map(store).collect();
        list("Channels that the lines name, and the command that stores the URL of each:", &store);
        return Ok(());
    };
    let http = Arc::new(net::http_client()?);
    let stack_secret = StackSecret::open(&http, &stack).await?;
    let text = stack_secret.read().await?.value.to_string();
    let secret = Secret::parse(&text, config.slack_origin.as_ref())?;
    let given = arguments.given();
    let state = |name: &&ChannelName| {
        let channel = Channel::Named((*name).clone());
        match secret.slack_url(&channel) {
            _ if !secret.has_own_url(&channel) => format!(
                "{name} has no URL, so its messages go to the orders' channel: `{}` stores one",
                connect(name, &given)
            ),
            Ok(_) => format!("{name} has a URL"),
            Err(error) => format!(
                "{name} has a URL that is refused: {error}; `{}` stores another",
                connect(name, &given)
            ),
        }
    };
    let states: Vec<_> = channels.iter().map(state).collect();
    list(&format!("Channels that the lines name, in the secret {}:", stack_secret.id), &states);
    Ok(())
}

/// The command that stores a channel's URL.
fn connect(name: &ChannelName, given: &str) -> String {
    format!("{} connect slack --channel {name}{given}", *PROGRAM)
}
