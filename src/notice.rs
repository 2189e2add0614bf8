//! What goes to the monitoring channel.
//!
//! Every kind of notice takes the same way: to the queue ([`crate::handlers`]), from there to Slack
//! ([`crate::delivery::notices`]). It says by what it is known, since when it is so, and what the log
//! calls it; its message is in [`crate::message::notice`].

use std::iter;

use jiff::Timestamp;

use crate::alarm::Alarm;
use crate::order::one_line::OneLine;
use crate::store::StoreEvent;
use crate::summary::Summary;

/// One message for the monitoring channel.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    Alarm(Box<Alarm>),
    Store(Box<StoreEvent>),
    /// Of one day.
    Summary(Box<Summary>),
}

impl Notice {
    /// What it is, for the log and the ledger's keys.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Alarm(_) => "alarm",
            Self::Store(_) => "store",
            Self::Summary(_) => "summary",
        }
    }

    /// What it is about, for the log: the alarm's name, the shop, or the day.
    pub fn name(&self) -> &str {
        match self {
            Self::Alarm(alarm) => alarm.name.as_str(),
            Self::Store(event) => {
                event.shop.as_ref().map_or(event.platform.as_str(), OneLine::as_str)
            }
            Self::Summary(_) => "the last day",
        }
    }

    /// Identifies it, the same at every delivery. `None` where nothing distinguishes it from others.
    pub fn key(&self) -> Option<Vec<String>> {
        let own = match self {
            Self::Alarm(alarm) => alarm.key()?,
            Self::Store(event) => event.key(),
            Self::Summary(summary) => summary.key(),
        };
        Some(iter::once(self.kind().to_owned()).chain(own).collect())
    }

    /// Since when it is so. Notices are posted in this order.
    pub fn since(&self) -> Option<Timestamp> {
        match self {
            Self::Alarm(alarm) => alarm.since,
            Self::Store(event) => Some(event.time()),
            Self::Summary(summary) => Some(summary.period.ended),
        }
    }

    /// From when on it could have been posted. Much later than that, it says that it is late.
    pub fn known_at(&self) -> Option<Timestamp> {
        match self {
            Self::Alarm(alarm) => alarm.since,
            Self::Store(event) => Some(event.received_at),
            Self::Summary(summary) => Some(summary.made_at),
        }
    }
}

impl From<Alarm> for Notice {
    fn from(alarm: Alarm) -> Self {
        Self::Alarm(Box::new(alarm))
    }
}

impl From<StoreEvent> for Notice {
    fn from(event: StoreEvent) -> Self {
        Self::Store(Box::new(event))
    }
}

impl From<Summary> for Notice {
    fn from(summary: Summary) -> Self {
        Self::Summary(Box::new(summary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::event;

    #[test]
    fn the_log_names_the_shop_or_else_its_platform() {
        assert_eq!(Notice::from(event()).name(), "Tea House");
        assert_eq!(Notice::from(StoreEvent { shop: None, ..event() }).name(), "ubereats");
    }
}
