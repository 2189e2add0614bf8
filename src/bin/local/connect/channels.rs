//! The Slack URLs in the JSON of the secret.

use order_alerts::rules::ChannelName;
use order_alerts::secret::{Channel, unwrapped};
use order_alerts::slack::url::SlackUrl;
use serde_json::{Value, json};

use crate::terminal::Failure;

/// The channel that rules call so.
pub(super) fn named(text: &str) -> Result<ChannelName, Failure> {
    let Some(name) = ChannelName::parse(text.trim()) else {
        return Err(format!(
            "`{text}` is no name of a channel: give at most {} letters from a to z, digits, `-` and `_`",
            ChannelName::MAX_BYTES
        )
        .into());
    };
    if name.is_orders() {
        return Err(
            "`orders` is the orders' own channel: `connect slack` without --channel connects it"
                .into(),
        );
    }
    Ok(name)
}

/// Sets the URL of a channel. All others stay as they are.
pub(super) fn store(secret: &mut Value, channel: &Channel, url: &SlackUrl) -> Result<(), Failure> {
    let url = json!(url.expose());
    match channel {
        Channel::Orders => secret["slack_webhook_url"] = url,
        Channel::Monitoring => secret["slack_monitoring_webhook_url"] = url,
        Channel::Named(name) => {
            let wrong = "`channels` in the secret is malformed: correct it in the AWS console";
            let channels = &mut secret["channels"];
            *channels = unwrapped(channels.take());
            if channels.is_null() || channels.as_str().is_some_and(|text| text.trim().is_empty()) {
                *channels = json!({});
            }
            let channels = channels.as_object_mut().ok_or(wrong)?;
            // A person may have written the name in another way.
            channels.retain(|known, _| ChannelName::parse(known.trim()).as_ref() != Some(name));
            channels.insert(name.to_string(), url);
        }
    }
    Ok(())
}
