//! Which channel an event goes to.

use std::collections::BTreeSet;

use crate::app::App;
use crate::infra::deadline::Deadline;
use crate::infra::metrics::Metric;
use crate::order::OrderEvent;
use crate::rules::ChannelName;
use crate::secret::Channel;

/// The channels that `RULES` and `EXPECT` name, as far as the secret has them.
pub struct Routing<'a> {
    app: &'a App,
    /// What is named and the secret has no URL for.
    missing: BTreeSet<&'a ChannelName>,
}

impl<'a> Routing<'a> {
    /// Reads the secret, if any channel is named.
    pub async fn new(app: &'a App, deadline: Deadline) -> Self {
        let mut routing = Self { app, missing: app.config.channels() };
        if !routing.missing.is_empty()
            && let Ok(secret) = app.secrets.current(deadline).await
        {
            routing.missing.retain(|name| !secret.has_own_url(&Channel::Named((*name).clone())));
        }
        // The operator may have connected the channel a moment ago.
        if !routing.missing.is_empty()
            && let Some(secret) = app.secrets.refreshed(deadline).await
        {
            routing.missing.retain(|name| !secret.has_own_url(&Channel::Named((*name).clone())));
        }
        routing
    }

    /// The channel of an event; that of the orders in place of one that the secret lacks.
    pub fn channel(&self, event: &OrderEvent) -> Channel {
        match self.app.config.decide(event).channel {
            Some(name) if !self.missing.contains(name) => Channel::Named(name.clone()),
            _ => Channel::Orders,
        }
    }

    /// Warns of the channels that some of the events should have gone to.
    pub(super) fn note_missing<'e>(&self, events: impl Iterator<Item = &'e OrderEvent>) {
        if self.missing.is_empty() {
            return;
        }
        let wanted = events.filter_map(|event| self.app.config.decide(event).channel);
        let missing: BTreeSet<_> = wanted.filter(|name| self.missing.contains(name)).collect();
        for name in missing {
            let channel = name.as_str();
            tracing::warn!(
                channel,
                "the secret has no URL for a channel that RULES or EXPECT names (`connect slack --channel` \
                 stores one): posting to the orders' channel"
            );
            self.app.metrics.count(Metric::ChannelMissing);
        }
    }
}
