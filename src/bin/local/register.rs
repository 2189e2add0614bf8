//! `register`: registers the webhook's address with a platform that has an API for it.
//!
//! Credentials are asked for, or come from the environment. They are never arguments and are never
//! printed. What is already registered for the same address and event is kept, so a second run changes
//! nothing.

use order_alerts::platform::Platform;
use url::Url;

use self::client::{ApiOptions, Client};
use self::plain::PlainOptions;
use self::registration::{Listing, Registration, event_types};
use crate::terminal::Failure;
use crate::{samples, stack_secret, terminal};

mod address;
mod calls;
mod client;
mod credentials;
mod help;
mod listing;
mod plain;
mod registering;
mod registration;
mod remote;
mod shop;
mod values;

/// Register the webhook's address with a platform that has an API for it
#[derive(clap::Args)]
#[command(after_help = help::text())]
pub(crate) struct Arguments {
    /// The platform that sends the webhooks, such as shopify.
    platform: String,
    /// An event to register; repeat it for more [default: `events` in the platform's file].
    #[arg(long = "event", value_name = "EVENT")]
    events: Vec<String>,
    /// Show what is registered; change nothing.
    #[arg(long, conflicts_with_all = ["remove", "events"])]
    list: bool,
    /// Remove what is registered for this address, for every event.
    #[arg(long, conflicts_with = "events")]
    remove: bool,
    /// The webhook's address [default: that of the stack].
    #[arg(long, value_name = "URL", conflicts_with_all = ["stack", "secret"])]
    url: Option<Url>,
    #[command(flatten)]
    stack: stack_secret::Stack,
    #[command(flatten)]
    api: ApiOptions,
    #[command(flatten)]
    plain: PlainOptions,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let platform = samples::platform(&arguments.platform)?;
    let registers = !arguments.list && !arguments.remove;
    // Wrong arguments are reported before a credential is asked for or a request is sent.
    let events = if registers { wanted(platform, arguments)? } else { Vec::new() };
    if let Some(url) = &arguments.url {
        address::check(url, platform)?;
    }
    let of_options;
    let table = if let Some(api) = &arguments.plain.api {
        of_options = arguments.plain.table(api, &events)?;
        &of_options
    } else {
        let none = "give --api, the address at which the sender's API registers webhooks";
        platform.register.as_ref().ok_or(none)?
    };
    let client = Client::new(platform, table, &arguments.api, registers).await?;
    let url = arguments.url.as_ref();
    let (address, secret) = address::of_webhook(platform, url, &arguments.stack).await?;
    if arguments.list {
        list(&client, &address).await
    } else if arguments.remove {
        remove(&client, &address).await
    } else {
        let stack = (&arguments.stack, secret.as_ref());
        registering::register(&client, platform, &address, stack, &events).await
    }
}

async fn list(client: &Client<'_>, address: &Url) -> Result<(), Failure> {
    let found = listed(client, address).await?;
    let own = found.iter().filter(|found| found.is_at(address)).count();
    terminal::line(&format!("{} has {}, {own} at {address}", client.host(), webhooks(found.len())));
    for registration in &found {
        terminal::line(&described(registration, address));
    }
    if let Some(lacks) = &client.table.listed.lacks {
        terminal::line(lacks);
    }
    Ok(())
}

async fn remove(client: &Client<'_>, address: &Url) -> Result<(), Failure> {
    let found = listed(client, address).await?;
    let own: Vec<_> = found.iter().filter(|found| found.is_at(address)).collect();
    terminal::line(&format!("{} has {} at {address}", client.host(), webhooks(own.len())));
    for registration in own {
        let names = registration.names();
        let id = registration.id.as_deref().or(client.table.only_one.then_some(""));
        let id = id.ok_or_else(|| {
            format!("{names}: {} does not name its id: remove it there", client.host())
        })?;
        client.remove(id).await.map_err(|error| format!("{names}: {error}"))?;
        terminal::line(&format!("  {names}: removed"));
    }
    Ok(())
}

async fn listed(client: &Client<'_>, address: &Url) -> Result<Vec<Registration>, Failure> {
    match client.list(address).await? {
        Listing::Registered(found) => Ok(found),
        Listing::Unavailable(why) => {
            Err(format!("{} does not list what is registered: {why}", client.host()).into())
        }
    }
}

/// A line of the list.
fn described(registration: &Registration, own: &Url) -> String {
    let (whose, place) = if registration.is_at(own) {
        ("own", own.to_string())
    } else {
        ("other", registration.host())
    };
    let status = registration.inactive.as_ref().map(|status| format!(" ({status})"));
    let (events, status) = (registration.names(), status.unwrap_or_default());
    format!("  {whose:<6} {events:<24} {place}{status}")
}

/// The events to register, each once: those given, or those of the platform's file.
fn wanted(platform: &Platform, arguments: &Arguments) -> Result<Vec<String>, Failure> {
    let given = &arguments.events;
    let mut events = Vec::new();
    for event in if given.is_empty() { &platform.setup.events } else { given } {
        let is_known = platform.setup.events.contains(event)
            || platform.rules.iter().any(|rule| rule.is_for(event));
        if arguments.plain.api.is_none() && !is_known {
            return Err(format!(
                "`{event}` is not in src/platform/{}.toml, which has {}",
                platform.id,
                event_types(platform).join(", ")
            )
            .into());
        }
        if !events.contains(event) {
            events.push(event.clone());
        }
    }
    if events.is_empty() {
        return Err(format!("name the events of {} with --event", platform.name).into());
    }
    Ok(events)
}

fn webhooks(count: usize) -> String {
    match count {
        0 => "no webhook".to_owned(),
        1 => "1 webhook".to_owned(),
        count => format!("{count} webhooks"),
    }
}
