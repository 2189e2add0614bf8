//! A store event: a shop that goes offline, is paused or is open again, the same for every platform.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::order::one_line::OneLine;

/// One change of a shop's state: all that Slack may show of it, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreEvent {
    /// The platform's name in the webhook path, such as `ubereats`.
    pub platform: String,
    /// The platform's name for people, such as `Uber Eats`.
    pub platform_name: String,
    pub state: StoreState,
    pub shop: Option<OneLine>,
    pub reason: Option<OneLine>,
    /// When the state began by the sender's clock.
    pub occurred_at: Option<Timestamp>,
    /// When the webhook came in, by the function's clock.
    pub received_at: Timestamp,
    /// The platform marks the webhook as a test.
    pub is_test: bool,
    /// The sender's id of this event, the same at every attempt. Present only if it is signed, so
    /// that no other sender can choose it.
    pub delivery_id: Option<OneLine>,
    /// The SHA-256 of the webhook's body, in hex.
    pub body_hash: String,
}

/// Whether customers can order at a shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreState {
    Offline,
    /// It takes no orders for a while.
    Paused,
    Online,
}

impl StoreEvent {
    /// When the state began; when the webhook came in, if the sender does not say.
    pub fn time(&self) -> Timestamp {
        self.occurred_at.unwrap_or(self.received_at)
    }

    /// Identifies this change of state, the same at every delivery of its webhook: by the delivery id,
    /// or else by the body.
    pub fn key(&self) -> Vec<String> {
        let platform = self.platform.clone();
        match &self.delivery_id {
            Some(delivery) => {
                let shop = self.shop.as_ref().map(OneLine::to_string).unwrap_or_default();
                vec![platform, shop, delivery.to_string()]
            }
            None => vec![platform, self.state.name().to_owned(), self.body_hash.clone()],
        }
    }
}

impl StoreState {
    /// Its name in platform files, in the log and in the ledger's keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Paused => "paused",
            Self::Online => "online",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A shop of Uber Eats that is offline.
    pub(crate) fn event() -> StoreEvent {
        StoreEvent {
            platform: "ubereats".to_owned(),
            platform_name: "Uber Eats".to_owned(),
            state: StoreState::Offline,
            shop: OneLine::parse("Tea House"),
            reason: OneLine::parse("INVISIBLE"),
            occurred_at: "2026-01-01T00:12:00Z".parse().ok(),
            received_at: "2026-01-01T00:12:05Z".parse().unwrap(),
            is_test: false,
            delivery_id: OneLine::parse("msg_1"),
            body_hash: "00ff".to_owned(),
        }
    }

    #[test]
    fn a_state_is_stored_by_its_name() {
        for state in [StoreState::Offline, StoreState::Paused, StoreState::Online] {
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
        }
    }

    #[test]
    fn the_delivery_id_identifies_the_event_and_otherwise_the_body_does() {
        let other_body = || StoreEvent { body_hash: "other".to_owned(), ..event() };
        assert_eq!(other_body().key(), event().key());
        let next = StoreEvent { delivery_id: OneLine::parse("msg_2"), ..event() };
        assert_ne!(next.key(), event().key());

        let unnamed = |event| StoreEvent { delivery_id: None, ..event };
        assert_ne!(unnamed(other_body()).key(), unnamed(event()).key());
        let replayed = StoreEvent { shop: OneLine::parse("evil.example"), ..unnamed(event()) };
        assert_eq!(replayed.key(), unnamed(event()).key(), "a header may be a stranger's");
    }
}
