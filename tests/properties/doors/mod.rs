//! The doors of the function: where bytes come in that others wrote.
//!
//! Each takes any bytes and panics when a promise is broken. `cargo test` sends the files of
//! `fuzz/corpus/` through them, and `make fuzz` makes up more: `fuzz/README.md`.

use jiff::Timestamp;
use order_alerts::platform::{Auth, Platform};
use order_alerts::secret::signing_key::SigningKey;

pub(crate) mod messages;
pub(crate) mod rules;

mod envelope;
mod event;
mod function;
mod request;

mod signature;
mod slack;
mod webhook;

/// What takes the bytes.
type Door = fn(&[u8]);

/// The doors by their names.
pub(crate) const ALL: [(&str, Door); 6] = [
    ("event", event::enter),
    ("webhook", webhook::enter),
    ("signature", signature::enter),
    ("envelope", envelope::enter),
    ("rules", rules::enter),
    ("slack", slack::enter),
];

/// Sends bytes through the door of this name.
pub(crate) fn enter(name: &str, bytes: &[u8]) {
    let (_, door) = ALL.into_iter().find(|(known, _)| *known == name).expect("it is a door");
    door(bytes);
}

const KEY: &str = "the test key of every property";
/// As it is registered with the platforms that sign it.
const ADDRESS: &str = "https://orders.example/webhook";

/// The time by the function's clock.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_767_225_600).expect("it is in the calendar")
}

/// A key as the platform writes it. Public keys are those of the samples.
pub(crate) fn key(auth: &Auth) -> SigningKey {
    SigningKey::parse(&SigningKey::written(KEY, auth), auth).expect("it is long enough")
}

/// The platform of this name; of any other text, one that depends on its bytes alone.
fn platform(name: &[u8]) -> &'static Platform {
    let names: Vec<_> = Platform::names().collect();
    let sum: usize = name.iter().map(|byte| usize::from(*byte)).sum();
    let known = names.iter().find(|known| known.as_bytes() == name);
    Platform::find(known.unwrap_or(&names[sum % names.len()])).expect("it is one of the names")
}
