//! The signing keys in the JSON of the secret.

use order_alerts::platform::Platform;
use serde_json::{Value, json};

use crate::stack_secret::unwrap_json;
use crate::terminal::Failure;

/// As long as the output of SHA-256.
const RANDOM_KEY_BYTES: usize = 32;

/// A key that cannot be guessed, in hexadecimal.
pub(super) fn random() -> Result<String, Failure> {
    let mut bytes = [0; RANDOM_KEY_BYTES];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut bytes).map_err(|_| "the system has no random numbers")?;
    Ok(hex::encode(bytes))
}

/// The name of another platform that has this key in the secret.
pub(super) fn other_platform_with(
    secret: &Value,
    platform: &Platform,
    key: &String,
) -> Option<&'static str> {
    let others = Platform::names().filter(|name| *name != platform.id);
    let other = others.into_iter().find(|name| of(secret, name).contains(key))?;
    Platform::find(other).map(|other| other.name.as_str())
}

/// The keys of a platform in the secret, with the key that the stack made for `generic`.
pub(super) fn of(secret: &Value, platform: &str) -> Vec<String> {
    let mut all = secret["signing_keys"].clone();
    unwrap_json(&mut all);
    let own_key = (platform == "generic").then(|| secret["generic_signing_key"].clone());
    let entries = all.get(platform).cloned().into_iter().chain(own_key);
    let texts = entries.flat_map(|mut entry| {
        unwrap_json(&mut entry);
        match entry {
            Value::Array(list) => list,
            one => vec![one],
        }
    });
    texts.filter_map(|text| text.as_str().map(|text| text.trim().to_owned())).collect()
}

/// The platform's list of keys in the secret. A single text becomes a list.
pub(super) fn list_mut<'a>(
    secret: &'a mut Value,
    platform: &Platform,
) -> Result<&'a mut Vec<Value>, Failure> {
    let wrong = "`signing_keys` in the secret is malformed: correct it in the AWS console";
    let all = secret.as_object_mut().ok_or(wrong)?.entry("signing_keys").or_insert(Value::Null);
    unwrap_json(all);
    if is_blank(all) {
        *all = json!({});
    }
    let entry = all.as_object_mut().ok_or(wrong)?.entry(platform.id).or_insert(Value::Null);
    unwrap_json(entry);
    if is_blank(entry) {
        *entry = json!([]);
    } else if entry.is_string() {
        *entry = json!([entry.take()]);
    }
    entry.as_array_mut().ok_or_else(|| wrong.into())
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}
