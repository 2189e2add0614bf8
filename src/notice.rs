//! What goes to the monitoring channel.
//!
//! Every kind of notice takes the same way: to the queue ([`crate::handlers`]), from there to Slack
//! ([`crate::delivery::notices`]). It says by what it is known, since when it is so, and what the log
//! calls it; its message is in [`crate::message::notice`].

use std::iter;

use jiff::Timestamp;

use crate::alarm::Alarm;

/// One message for the monitoring channel.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    Alarm(Box<Alarm>),
}

impl Notice {
    /// What it is, for the log and the ledger's keys.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Alarm(_) => "alarm",
        }
    }

    /// What it is about, for the log: the alarm's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Alarm(alarm) => alarm.name.as_str(),
        }
    }

    /// Identifies it, the same at every delivery. `None` where nothing distinguishes it from others.
    pub fn key(&self) -> Option<Vec<String>> {
        let own = match self {
            Self::Alarm(alarm) => alarm.key()?,
        };
        Some(iter::once(self.kind().to_owned()).chain(own).collect())
    }

    /// Since when it is so. Notices are posted in this order.
    pub fn since(&self) -> Option<Timestamp> {
        match self {
            Self::Alarm(alarm) => alarm.since,
        }
    }

    /// From when on it could have been posted. Much later than that, it says that it is late.
    pub fn known_at(&self) -> Option<Timestamp> {
        match self {
            Self::Alarm(alarm) => alarm.since,
        }
    }
}

impl From<Alarm> for Notice {
    fn from(alarm: Alarm) -> Self {
        Self::Alarm(Box::new(alarm))
    }
}
