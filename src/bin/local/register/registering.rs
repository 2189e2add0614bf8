//! Registers what is not registered yet, and says where the signing key is.

use order_alerts::platform::Platform;
use order_alerts::secret::signing_key::SigningKey;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::connect::keys;
use crate::program::PROGRAM;
use crate::register::client::Client;
use crate::register::registration::{Creation, Listing, Registration};
use crate::stack_secret::{Stack, StackSecret};
use crate::terminal;
use crate::terminal::Failure;

/// Makes the platform send each of these events to the address, once.
///
/// A signing key that the platform makes is stored in the secret of the stack, if there is one.
pub(super) async fn register(
    client: &Client<'_>,
    platform: &Platform,
    address: &Url,
    (stack, secret): (&Stack, Option<&StackSecret>),
    events: &[String],
) -> Result<(), Failure> {
    if let (Some(secret), Some(_)) = (secret, &client.table.new_key) {
        // A key that cannot be stored would be lost.
        secret.read().await?;
    }
    terminal::line(&format!("{address} at {}:", client.host()));
    let has_told_key = ensure(client, platform, address, secret, events).await?;
    terminal::line("");
    if platform.auth.signs_its_address() {
        terminal::line(&format!("The address       is the stack's parameter PublicUrl: {address}"));
    }
    if has_told_key {
        return Ok(());
    }
    terminal::line(&format!("Next              {}", next_step(platform, &stack.stack)));
    let key = client.table.key.as_ref().unwrap_or(&platform.setup.key);
    terminal::line(&format!("Where the key is  {key}"));
    Ok(())
}

async fn ensure(
    client: &Client<'_>,
    platform: &Platform,
    address: &Url,
    secret: Option<&StackSecret>,
    events: &[String],
) -> Result<bool, Failure> {
    let (found, is_listed) = match client.list(address).await? {
        Listing::Registered(found) => (found, true),
        Listing::Unavailable(why) => {
            terminal::line(&format!("  What is already registered is not known: {why}."));
            (Vec::new(), false)
        }
    };
    let (own, others): (Vec<_>, Vec<_>) = found.iter().partition(|found| found.is_at(address));
    let host = client.host();
    let missing = match (own.first(), others.first()) {
        (None, Some(other)) if client.table.only_one => {
            let other = super::described(other, address);
            return Err(format!(
                "{host} has one webhook alone, which a new one would replace: remove it there first ({})",
                other.trim()
            )
            .into());
        }
        // The new one replaces it, and must have its events too.
        (Some(one), _)
            if client.table.only_one && !events.iter().all(|event| one.is_for(event)) =>
        {
            let others = events.iter().filter(|event| !one.is_for(event));
            one.events.iter().chain(others).cloned().collect()
        }
        _ => keep(client, &own, events).await?,
    };
    let (mut has_others, mut has_told_key) = (!own.is_empty(), false);
    for batch in client.batches(&missing) {
        let names = batch.join(", ");
        match client.create(address, batch).await.map_err(|error| format!("{names}: {error}"))? {
            Creation::New(key) => {
                has_others = true;
                terminal::line(&format!("  {names}: registered"));
                if let Some(key) = key {
                    store(platform, &key, secret).await?;
                    has_told_key = true;
                }
            }
            Creation::AlreadyRegistered if client.is_guessed() && !is_listed => {
                terminal::line(&format!(
                    "  {names}: {host} already has this address, and does not say for which events"
                ));
            }
            Creation::AlreadyRegistered if client.is_guessed() && has_others => {
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
    Ok(has_told_key)
}

/// Keeps the registrations of these events, and returns the events that have none.
async fn keep(
    client: &Client<'_>,
    own: &[&Registration],
    events: &[String],
) -> Result<Vec<String>, Failure> {
    let mut missing = events.to_vec();
    // An active registration is preferred to one that must be made active again.
    let mut own = own.to_vec();
    own.sort_by_key(|own| own.inactive.is_some());
    for own in own {
        let kept: Vec<_> = missing.extract_if(.., |event| own.is_for(event)).collect();
        if kept.is_empty() {
            continue;
        }
        let names = kept.join(", ");
        let updated = client.update(own).await.map_err(|error| format!("{names}: {error}"))?;
        let how = match &own.inactive {
            Some(status) if updated => format!("was {status}, is active again"),
            Some(status) => format!("kept, and is {status}: make it active there"),
            None if updated => "kept, and signs with SIGNING_KEY".to_owned(),
            None => "kept".to_owned(),
        };
        terminal::line(&format!("  {names}: {how}"));
    }
    Ok(missing)
}

/// Stores a key that the platform made, or prints it where there is no stack to store it in.
async fn store(
    platform: &Platform,
    key: &SecretString,
    secret: Option<&StackSecret>,
) -> Result<(), Failure> {
    let Some(secret) = secret else {
        terminal::line("  Its signing key, which is not shown again:");
        terminal::line(key.expose_secret());
        return Ok(());
    };
    let lost = |error: Failure| {
        format!(
            "the signing key of the webhook was not stored: {error}. Use --remove, and register again"
        )
    };
    let text = key.expose_secret();
    let parsed = SigningKey::parse(text, &platform.auth).map_err(|error| lost(error.into()))?;
    keys::add(secret, platform, &parsed, text).await.map_err(lost)?;
    terminal::line(&format!("  Its signing key is in the secret {}.", secret.id));
    Ok(())
}

/// What remains to be done, so that the function and the sender have the same key.
fn next_step(platform: &Platform, stack: &str) -> String {
    match (platform.id, stack) {
        ("generic", _) => "give your order system the signing key".to_owned(),
        (id, Stack::DEFAULT) => format!("{} connect {id}", *PROGRAM),
        (id, stack) => format!("{} connect {id} --stack {stack}", *PROGRAM),
    }
}
