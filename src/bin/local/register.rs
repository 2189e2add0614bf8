//! `register`: registers the webhook's address with a platform that has an API for it.
//!
//! Credentials are asked for, or come from the environment. They are never arguments and are never
//! printed. What is already registered for the same address and event is kept, so a second run changes
//! nothing.

use order_alerts::platform::Platform;
use url::Url;

use self::api::{Api, ApiOptions};
use self::registration::{Creation, Listing, Registration, event_types};
use self::remote::Remote;
use crate::terminal::Failure;
use crate::{samples, stack_secret, terminal};

mod address;
mod api;
mod plain;
mod registration;
mod remote;
mod shopify;
mod woocommerce;

/// Register the webhook's address with a platform that has an API for it
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cargo run -- register shopify --shop tea-house.myshopify.com
  cargo run -- register woocommerce --shop https://tea-house.example --event order.created
  cargo run -- register generic --api https://orders.example/api/webhooks --stack my-stack
  cargo run -- register shopify --shop tea-house.myshopify.com --list
  cargo run -- register shopify --shop tea-house.myshopify.com --remove

What is already registered for the same address and the same event is kept. --list shows all webhooks that the \
platform lists, and --remove removes those of this address.

The address is that of the stack, or --url. `register` asks for the credentials and does not echo them. A script may \
put them into these environment variables, or into the lines of standard input in this order:
  Shopify       SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET, of an app of your own in Shopify's Dev Dashboard that has \
the scope read_orders and is installed in the shop; or SHOPIFY_ACCESS_TOKEN, the Admin API token (shpat_…) of an \
older app
  WooCommerce   WOOCOMMERCE_KEY and WOOCOMMERCE_SECRET, a key of the REST API with Read/Write; and SIGNING_KEY, \
with which the shop is to sign
  with --api    API_TOKEN, if the API needs one

The variables HTTPS_PROXY, NO_PROXY, AWS_CA_BUNDLE and SSL_CERT_FILE are heeded.")]
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
}

pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let platform = samples::platform(&arguments.platform)?;
    let registers = !arguments.list && !arguments.remove;
    // Wrong arguments are reported before a credential is asked for or a request is sent.
    let events = if registers { wanted(platform, arguments)? } else { Vec::new() };
    if let Some(url) = &arguments.url {
        address::check(url, platform)?;
    }
    let api = Api::of(platform, &arguments.api, registers).await?;
    if registers {
        api.check(&events)?;
    }
    let address = address::of_webhook(platform, arguments.url.as_ref(), &arguments.stack).await?;
    if arguments.list {
        list(&api, platform, &address).await
    } else if arguments.remove {
        remove(&api, platform, &address).await
    } else {
        register(&api, platform, arguments, &address, &events).await
    }
}

async fn register(
    api: &Api,
    platform: &'static Platform,
    arguments: &Arguments,
    address: &Url,
    events: &[String],
) -> Result<(), Failure> {
    terminal::line(&format!("{address} at {}:", api.host()));
    ensure(api, platform, address, events).await?;
    terminal::line("");
    terminal::line(&format!("Next              {}", next_step(platform, arguments)));
    terminal::line(&format!("Where the key is  {}", api.key(platform)));
    Ok(())
}

/// Makes the platform send each of these events to the address, once.
async fn ensure(
    api: &Api,
    platform: &Platform,
    address: &Url,
    events: &[String],
) -> Result<(), Failure> {
    let known: Vec<_> =
        event_types(platform).into_iter().chain(events.iter().map(String::as_str)).collect();
    let (found, is_listed) = match api.list(address, &known).await? {
        Listing::Registered(found) => (found, true),
        Listing::Unavailable(why) => {
            terminal::line(&format!("  What is already registered is not known: {why}."));
            (Vec::new(), false)
        }
    };
    let own: Vec<_> = found.iter().filter(|found| found.is_at(address)).collect();
    let missing = keep(api, &own, events).await?;
    let mut has_others = !own.is_empty();
    for batch in api.batches(&missing) {
        let names = batch.join(", ");
        let host = api.host();
        match api.create(address, batch).await.map_err(|error| format!("{names}: {error}"))? {
            Creation::New => {
                has_others = true;
                terminal::line(&format!("  {names}: registered"));
            }
            Creation::AlreadyRegistered if api.is_plain() && !is_listed => {
                terminal::line(&format!(
                    "  {names}: {host} already has this address, and does not say for which events"
                ));
            }
            Creation::AlreadyRegistered if api.is_plain() && has_others => {
                return Err(format!(
                    "{names}: {host} has this address for other events and takes it only once: use --remove first"
                )
                .into());
            }
            Creation::AlreadyRegistered => {
                terminal::line(&format!("  {names}: already registered at {host}"));
            }
        }
    }
    Ok(())
}

/// Keeps the registrations of these events, and returns the events that have none.
async fn keep(api: &Api, own: &[&Registration], events: &[String]) -> Result<Vec<String>, Failure> {
    let mut missing = events.to_vec();
    // An active registration is preferred to one that must be reactivated.
    let mut own = own.to_vec();
    own.sort_by_key(|own| own.inactive.is_some());
    for own in own {
        let kept: Vec<_> = missing.extract_if(.., |event| own.is_for(event)).collect();
        if kept.is_empty() {
            continue;
        }
        let names = kept.join(", ");
        let updated = api.reactivate(own).await.map_err(|error| format!("{names}: {error}"))?;
        let inactive = own.inactive.as_deref().and_then(|status| api.remote().line(status));
        let how = match inactive {
            Some(status) if updated => format!("was {status}, is active again"),
            _ if updated => "kept, and signs with SIGNING_KEY".to_owned(),
            _ => "kept".to_owned(),
        };
        terminal::line(&format!("  {names}: {how}"));
    }
    Ok(missing)
}

async fn list(api: &Api, platform: &Platform, address: &Url) -> Result<(), Failure> {
    let found = listed(api, platform, address).await?;
    let own = found.iter().filter(|found| found.is_at(address)).count();
    terminal::line(&format!("{} has {}, {own} at {address}", api.host(), webhooks(found.len())));
    for registration in &found {
        terminal::line(&described(api.remote(), registration, registration.is_at(address)));
    }
    if let Some(not_listed) = api.not_listed() {
        terminal::line(not_listed);
    }
    Ok(())
}

async fn remove(api: &Api, platform: &Platform, address: &Url) -> Result<(), Failure> {
    let found = listed(api, platform, address).await?;
    let own: Vec<_> = found.iter().filter(|found| found.is_at(address)).collect();
    terminal::line(&format!("{} has {} at {address}", api.host(), webhooks(own.len())));
    for registration in own {
        let names = registration.names(api.remote());
        let id = registration.id.as_deref().ok_or_else(|| {
            format!("{names}: {} does not name its id: remove it there", api.host())
        })?;
        api.remove(id).await.map_err(|error| format!("{names}: {error}"))?;
        terminal::line(&format!("  {names}: removed"));
    }
    Ok(())
}

async fn listed(
    api: &Api,
    platform: &Platform,
    address: &Url,
) -> Result<Vec<Registration>, Failure> {
    let known = event_types(platform);
    match api.list(address, &known).await? {
        Listing::Registered(found) => Ok(found),
        Listing::Unavailable(why) => {
            Err(format!("{} does not list what is registered: {why}", api.host()).into())
        }
    }
}

/// A line of the list.
///
/// Of another address only the host is shown, because the rest may be a credential.
fn described(remote: &Remote, registration: &Registration, is_own: bool) -> String {
    let line = |text: &str| remote.line(text).map_or_else(String::new, |line| line.to_string());
    let events = registration.names(remote);
    let status = registration.inactive.as_ref().map(|status| format!(" ({})", line(status)));
    let status = status.unwrap_or_default();
    if is_own {
        return format!("  own    {events:<24} {}{status}", line(&registration.address));
    }
    let host = Url::parse(&registration.address).ok();
    let host = host.as_ref().and_then(Url::host_str).unwrap_or("no web address");
    format!("  other  {events:<24} {}{status}", line(host))
}

/// The events to register, each once: those given, or those of the platform's file.
fn wanted(platform: &Platform, arguments: &Arguments) -> Result<Vec<String>, Failure> {
    let given = &arguments.events;
    let mut events = Vec::new();
    for event in if given.is_empty() { &platform.setup.events } else { given } {
        let known = event_types(platform);
        if !arguments.api.is_plain() && !known.contains(&event.as_str()) {
            return Err(format!(
                "`{event}` is not in src/platform/{}.toml, which has {}",
                platform.id,
                known.join(", ")
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

/// What remains to be done, so that the function and the sender have the same key.
fn next_step(platform: &Platform, arguments: &Arguments) -> String {
    match (platform.id, arguments.stack.stack.as_str()) {
        ("generic", _) => "give your order system the signing key".to_owned(),
        (id, "order-alerts") => format!("cargo run -- connect {id}"),
        (id, stack) => format!("cargo run -- connect {id} --stack {stack}"),
    }
}

fn webhooks(count: usize) -> String {
    match count {
        0 => "no webhook".to_owned(),
        1 => "1 webhook".to_owned(),
        count => format!("{count} webhooks"),
    }
}
