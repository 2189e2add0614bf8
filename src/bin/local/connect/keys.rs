//! The signing keys in the JSON of the secret.

use order_alerts::platform::Platform;
use order_alerts::secret::signing_key::SigningKey;
use order_alerts::secret::{Secret, unwrapped};
use serde_json::{Value, json};

use crate::stack_secret::StackSecret;
use crate::terminal::Failure;

/// 160 bits. Their forty digits are the longest key that Lemon Squeezy takes:
/// <https://docs.lemonsqueezy.com/help/webhooks/signing-requests>.
const RANDOM_KEY_BYTES: usize = 20;

/// A key that cannot be guessed, in hexadecimal.
pub(super) fn random() -> Result<String, Failure> {
    let mut bytes = [0; RANDOM_KEY_BYTES];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut bytes).map_err(|_| "the system has no random numbers")?;
    Ok(hex::encode(bytes))
}

/// Adds the key to those of the platform and counts them. `None` if the secret has it already.
pub(crate) async fn add(
    stack_secret: &StackSecret,
    platform: &Platform,
    key: &SigningKey,
    text: &str,
) -> Result<Option<usize>, Failure> {
    let mut stored = stack_secret.read().await?;
    let secret = Secret::parse(&stored.value.to_string(), None)?;
    let (same, others): (Vec<_>, Vec<_>) =
        secret.platforms_with(key).partition(|known| known.id == platform.id);
    if let [other, ..] = others[..] {
        return Err(format!(
            "the key is refused: {} has the same one. A webhook of one could then be sent again as the \
             other's, so each platform needs its own key",
            other.name
        )
        .into());
    }
    if !same.is_empty() {
        return Ok(None);
    }
    let list = list_mut(&mut stored.value, platform)?;
    list.push(json!(text));
    let count = list.len();
    stack_secret.replace(&stored).await?;
    Ok(Some(count))
}

/// The platform's list of keys in the secret. A single key becomes a list.
fn list_mut<'a>(secret: &'a mut Value, platform: &Platform) -> Result<&'a mut Vec<Value>, Failure> {
    let wrong = "`signing_keys` in the secret is malformed: correct it in the AWS console";
    let all = secret.as_object_mut().ok_or(wrong)?.entry("signing_keys").or_insert(Value::Null);
    *all = unwrapped(all.take());
    if is_blank(all) {
        *all = json!({});
    }
    let entry = all.as_object_mut().ok_or(wrong)?.entry(platform.id).or_insert(Value::Null);
    *entry = unwrapped(entry.take());
    if is_blank(entry) {
        *entry = json!([]);
    } else if entry.is_string() || entry.is_object() {
        *entry = json!([entry.take()]);
    }
    entry.as_array_mut().ok_or_else(|| wrong.into())
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}
