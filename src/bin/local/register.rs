//! `register`: the function's address, made known to a platform that has an API for it.
//!
//! Credentials come from the environment, are never arguments and are never printed. Whatever is
//! registered already for the same address and event is kept, so that doing it twice changes nothing.

use order_alerts::platform::Platform;
use url::Url;

pub(crate) use self::api::Registration;
pub(crate) use self::remote::Remote;

use self::api::{Api, Listing, Made};
use crate::{Failure, samples, stack_secret, terminal};

mod address;
mod api;
mod plain;
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

What is registered already, for the same address and the same event, is kept. --list shows what the platform \
knows, and --remove takes away what it has for this address.

The address is that of the stack, or --url. Credentials are read from the environment, as an argument would \
stay in the history (read -rs API_TOKEN; export API_TOKEN):
  Shopify       SHOPIFY_ACCESS_TOKEN, the Admin API token of an app with the scope read_orders
  WooCommerce   WOOCOMMERCE_KEY and WOOCOMMERCE_SECRET, a key of the REST API with Read/Write; and SIGNING_KEY, \
which the shop shall sign with
  with --api    API_TOKEN, if the API asks for one")]
pub(crate) struct Arguments {
    /// The platform that sends the webhooks, such as shopify.
    platform: String,
    /// An event to register for; repeat it for more [default: those that `connect` names].
    #[arg(long = "event", value_name = "EVENT")]
    events: Vec<String>,
    /// Show what is registered, and change nothing.
    #[arg(long, conflicts_with_all = ["remove", "events"])]
    list: bool,
    /// Remove what is registered for this address, whatever the event.
    #[arg(long, conflicts_with = "events")]
    remove: bool,
    /// The webhook's address [default: that of the stack].
    #[arg(long, value_name = "URL", conflicts_with_all = ["stack", "secret"])]
    url: Option<Url>,
    #[command(flatten)]
    stack: stack_secret::Stack,
    /// How long an answer may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// The shop: NAME.myshopify.com, or the address of a WooCommerce shop.
    #[arg(long, conflicts_with = "api", help_heading = "Shopify and WooCommerce")]
    shop: Option<String>,
    /// The version of Shopify's API.
    #[arg(
        long,
        value_name = "VERSION",
        default_value = shopify::VERSION,
        help_heading = "Shopify and WooCommerce"
    )]
    api_version: String,
    #[command(flatten)]
    plain: plain::Options,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let platform = samples::platform(&arguments.platform)?;
    let api = Api::of(platform, arguments)?;
    if !arguments.list && !arguments.remove {
        return register(&api, platform, arguments).await;
    }
    let address = address::of_webhook(platform, arguments).await?;
    if arguments.list {
        list(&api, platform, &address).await
    } else {
        remove(&api, platform, &address).await
    }
}

async fn register(
    api: &Api,
    platform: &'static Platform,
    arguments: &Arguments,
) -> Result<(), Failure> {
    // What is missing or wrong here is told before anybody is asked.
    let events = wanted(api, platform, &arguments.events)?;
    api.check(&events)?;
    let address = address::of_webhook(platform, arguments).await?;
    terminal::line(&format!("{address} at {}:", api.host()));
    ensure(api, platform, &address, &events).await?;
    terminal::line("");
    terminal::line(&format!("Next              {}", next_step(platform, arguments)));
    terminal::line(&format!("Where the key is  {}", api.key(platform)));
    Ok(())
}

/// Sees to it that the platform sends these events to the address, each of them once.
async fn ensure(
    api: &Api,
    platform: &Platform,
    address: &Url,
    events: &[String],
) -> Result<(), Failure> {
    let known: Vec<_> =
        api::event_types(platform).chain(events.iter().map(String::as_str)).collect();
    let (found, is_listed) = match api.list(address, &known).await? {
        Listing::Registered(found) => (found, true),
        Listing::Unlisted(why) => {
            terminal::line(&format!("  What is registered already cannot be seen: {why}."));
            (Vec::new(), false)
        }
    };
    let ours: Vec<_> = found.iter().filter(|found| found.is_at(address)).collect();
    let missing = keep(api, &ours, events).await?;
    let mut has_others = !ours.is_empty();
    for portion in api.portions(&missing) {
        let names = portion.join(", ");
        let host = api.host();
        match api.create(address, portion).await.map_err(|error| format!("{names}: {error}"))? {
            Made::New => {
                has_others = true;
                terminal::line(&format!("  {names}: registered"));
            }
            Made::WasThere if api.is_plain() && !is_listed => terminal::line(&format!(
                "  {names}: {host} has this address already, and does not say for what"
            )),
            Made::WasThere if api.is_plain() && has_others => {
                return Err(format!(
                    "{names}: {host} has this address for other events, and takes it once: --remove it first"
                )
                .into());
            }
            Made::WasThere => terminal::line(&format!("  {names}: {host} has it already")),
        }
    }
    Ok(())
}

/// Keeps what serves these events already, and says which of them nothing serves.
async fn keep(
    api: &Api,
    ours: &[&Registration],
    events: &[String],
) -> Result<Vec<String>, Failure> {
    let mut missing = events.to_vec();
    // One that is awake is kept before one that would have to be woken.
    let mut ours = ours.to_vec();
    ours.sort_by_key(|ours| ours.asleep.is_some());
    for ours in ours {
        let kept: Vec<_> = missing.extract_if(.., |event| ours.is_for(event)).collect();
        if kept.is_empty() {
            continue;
        }
        let names = kept.join(", ");
        let renewed = api.renew(ours).await.map_err(|error| format!("{names}: {error}"))?;
        let asleep = ours.asleep.as_deref().and_then(|asleep| api.remote().line(asleep));
        let how = match asleep {
            Some(asleep) if renewed => format!("was {asleep}, is active again"),
            _ if renewed => "kept, and signs with SIGNING_KEY".to_owned(),
            _ => "kept".to_owned(),
        };
        terminal::line(&format!("  {names}: {how}"));
    }
    Ok(missing)
}

async fn list(api: &Api, platform: &Platform, address: &Url) -> Result<(), Failure> {
    let found = listed(api, platform, address).await?;
    let ours = found.iter().filter(|found| found.is_at(address)).count();
    terminal::line(&format!("{} has {}, {ours} at {address}", api.host(), webhooks(found.len())));
    for registration in &found {
        terminal::registration(api.remote(), registration, registration.is_at(address));
    }
    if let Some(unseen) = api.unseen() {
        terminal::line(unseen);
    }
    Ok(())
}

async fn remove(api: &Api, platform: &Platform, address: &Url) -> Result<(), Failure> {
    let found = listed(api, platform, address).await?;
    let ours: Vec<_> = found.iter().filter(|found| found.is_at(address)).collect();
    terminal::line(&format!("{} has {} at {address}", api.host(), webhooks(ours.len())));
    for registration in ours {
        let names = registration.names(api.remote());
        let id = registration.id.as_deref().ok_or_else(|| {
            format!("{names}: {} does not say its id: remove it there", api.host())
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
    let known: Vec<_> = api::event_types(platform).collect();
    match api.list(address, &known).await? {
        Listing::Registered(found) => Ok(found),
        Listing::Unlisted(why) => {
            Err(format!("{} does not say what is registered: {why}", api.host()).into())
        }
    }
}

fn wanted(api: &Api, platform: &Platform, given: &[String]) -> Result<Vec<String>, Failure> {
    let mut events = Vec::new();
    for event in if given.is_empty() { &platform.setup.events } else { given } {
        let mut known = api::event_types(platform);
        if !api.is_plain() && !known.any(|known| known == event) {
            let known: Vec<_> = api::event_types(platform).collect();
            return Err(format!(
                "`{event}` of {} is nothing that the channel hears of; there are {}",
                platform.name,
                known.join(", ")
            )
            .into());
        }
        if !events.contains(event) {
            events.push(event.clone());
        }
    }
    if events.is_empty() {
        return Err(format!("say with --event what {} calls its events", platform.name).into());
    }
    Ok(events)
}

/// How the function comes to know the key, or the sender.
fn next_step(platform: &Platform, arguments: &Arguments) -> String {
    match (platform.id, arguments.stack.stack.as_str()) {
        ("generic", _) => "give your order system the key to sign with".to_owned(),
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
