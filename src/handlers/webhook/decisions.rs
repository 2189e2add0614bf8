//! Why an order is shown as it is, in the log at the level `DEBUG`.

use tracing::{Level, field};

use crate::config::{Config, Decision};
use crate::order::OrderEvent;
use crate::rules::ChannelName;

/// Logs what the settings and the rules say about each event. A line of `RULES` that decides is named by
/// its number.
pub(super) fn log_decisions(config: &Config, events: &[OrderEvent]) {
    if !tracing::enabled!(Level::DEBUG) {
        return;
    }
    for event in events {
        let Decision { mode, mention, channel, by } = config.decide(event);
        tracing::debug!(
            platform = event.platform,
            order = event.name_field(),
            kind = ?event.kind,
            change = event.change.map(field::debug),
            mode = ?mode,
            mode_by_line = by.mode,
            mentions = mention.is_some(),
            mention_by_line = by.mention,
            channel = channel.map(ChannelName::as_str),
            channel_by_line = by.channel,
            "decided"
        );
    }
}
