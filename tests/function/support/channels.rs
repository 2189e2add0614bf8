//! Slack's channels, by the names that the rules give them.

use order_alerts_fakes::FakeSlack;
use serde_json::{Value, json};

use crate::support::assertions::headline;
use crate::support::wishes::channel_of;
use crate::support::world::{Way, World, secret};

impl World {
    /// With these settings, and a Slack with these channels in addition to that of the orders.
    pub(crate) async fn with_channels<'a>(
        way: Way,
        settings: &[(&str, &str)],
        channels: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let slack = FakeSlack::start().await;
        let mut secret: Value = serde_json::from_str(&secret(&slack.hook_url())).unwrap();
        for name in channels {
            secret["channels"][name] = json!(slack.named_hook_url(&name.to_uppercase()));
        }
        let world = Self::from_parts(way, slack, &secret.to_string(), settings).await;
        world.lambda.ready().await;
        world
    }

    /// With another channel for monitoring, at this address.
    pub(crate) async fn with_monitoring(
        way: Way,
        address: impl FnOnce(&FakeSlack) -> String,
    ) -> Self {
        let slack = FakeSlack::start().await;
        let mut secret: Value = serde_json::from_str(&secret(&slack.hook_url())).unwrap();
        secret["slack_monitoring_webhook_url"] = address(&slack).into();
        let world = Self::from_parts(way, slack, &secret.to_string(), &[]).await;
        world.lambda.ready().await;
        world
    }

    /// The headlines in one channel.
    pub(crate) fn shown_in(&self, channel: &str) -> Vec<String> {
        let messages = self.slack.messages().into_iter();
        messages.filter(|message| channel_of(message) == channel).map(|it| headline(&it)).collect()
    }
}
