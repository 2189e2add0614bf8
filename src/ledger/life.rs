//! What the ledger knows of an order's life: is it a draft, and which events say no more than its
//! creation.
//!
//! Platforms send one or more updates with a new order, in any order
//! (<https://github.com/Shopify/shopify-app-js/issues/603>,
//! <https://github.com/woocommerce/woocommerce/issues/19764>). They are the echo of its creation.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::order::{Change, Kind, OrderEvent};

/// The last stage of an order that the ledger knows of.
///
/// The names in the table never change: deployed tables hold them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    pub stage: Stage,
    /// When the order came to this stage, by the sender's clock.
    pub since: Timestamp,
    /// When the event about it was received.
    pub received_at: Timestamp,
    /// The order's status then.
    pub status: Option<String>,
    /// The body of the event.
    pub body_hash: String,
}

/// A stage of an order's life. A cancellation is none: it is the item's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The customer has not placed it yet, and the channel has not seen it.
    Draft,
    /// The channel has seen it as a new order.
    Created,
    Deleted,
    Restored,
}

/// An update this much later than the creation may still be its echo.
const ECHO: SignedDuration = SignedDuration::from_secs(10);
/// An echo is received this soon after the creation. A sender that gives all events of an order the same
/// time must not lose the later ones.
const ECHO_RECEIVED: SignedDuration = SignedDuration::from_mins(2);
/// A second creation of an order this soon after the first is a change. Later the number may be in
/// use again, as in a kitchen that counts from 1 every day.
const CREATED_ONCE: SignedDuration = SignedDuration::from_hours(1);

impl Life {
    /// The stage that the channel sees the order in after this event, if the event is about one.
    pub fn after(known: Option<&Self>, event: &OrderEvent) -> Option<Self> {
        let stage = match (event.kind, event.change) {
            (Kind::Created, _) if event.is_draft => Stage::Draft,
            (Kind::Created, _) => Stage::Created,
            (Kind::Modified, Some(Change::Deleted)) => Stage::Deleted,
            (Kind::Modified, Some(Change::Restored)) => Stage::Restored,
            _ if known.is_some_and(|life| life.is_undone_by(event)) => Stage::Restored,
            (Kind::Modified | Kind::Cancelled | Kind::Overdue, _) => return None,
        };
        Some(Self::of(stage, event))
    }

    /// The stage that an event has brought the order to.
    pub fn of(stage: Stage, event: &OrderEvent) -> Self {
        Self {
            stage,
            since: event.time(),
            received_at: event.received_at,
            status: event.status.as_ref().map(ToString::to_string),
            body_hash: event.body_hash.clone(),
        }
    }

    /// Whether an update says no more than the creation did.
    pub fn has_echo(&self, event: &OrderEvent) -> bool {
        let is_update =
            event.kind == Kind::Modified && event.change.is_none() || event.kind == Kind::Created;
        let is_received_soon =
            event.received_at.duration_since(self.received_at).abs() <= ECHO_RECEIVED;
        let has_same_status = event
            .status
            .as_ref()
            .is_none_or(|status| Some(status.as_str()) == self.status.as_deref());
        let is_same = event.body_hash == self.body_hash
            || event.time() <= self.since
            || event.time() <= self.since + ECHO && has_same_status;
        self.stage == Stage::Created && is_update && is_received_soon && is_same
    }

    /// Whether the channel has seen the order as a new one a short time before this event.
    pub fn is_created_before(&self, event: &OrderEvent) -> bool {
        let age = event.received_at.duration_since(self.received_at);
        self.stage == Stage::Created && age <= CREATED_ONCE
    }

    /// Whether the order is a draft, and this event says that it has been placed.
    pub fn is_placed_by(&self, event: &OrderEvent) -> bool {
        let is_alive = match (event.kind, event.change) {
            (Kind::Created, _) => !event.is_draft,
            (Kind::Modified, change) => change != Some(Change::Deleted),
            (Kind::Cancelled | Kind::Overdue, _) => false,
        };
        self.stage == Stage::Draft && is_alive
    }

    /// Whether the channel has seen the order deleted, or restored, already.
    pub fn is_repeated_by(&self, event: &OrderEvent) -> bool {
        let has = |change| event.kind == Kind::Modified && event.change == Some(change);
        match self.stage {
            Stage::Deleted => has(Change::Deleted),
            Stage::Restored => has(Change::Restored),
            Stage::Draft | Stage::Created => false,
        }
    }

    /// Whether the order was deleted, and this change is a later one: it must have been restored.
    pub fn is_undone_by(&self, event: &OrderEvent) -> bool {
        let is_change = event.kind == Kind::Modified && event.change != Some(Change::Deleted);
        let is_surely_later = event.occurred_at.is_some_and(|at| at > self.since);
        self.stage == Stage::Deleted && is_change && is_surely_later
    }

    /// What distinguishes an order's second deletion from its first, which may have the same body:
    /// when it was created or restored in between. For a restored order it is when it was deleted.
    pub fn distinguishes(&self, event: &OrderEvent) -> Option<Timestamp> {
        let opposites: &[_] = match (event.kind, event.change) {
            (Kind::Modified, Some(Change::Deleted)) => &[Stage::Created, Stage::Restored],
            (Kind::Modified, Some(Change::Restored)) => &[Stage::Deleted],
            _ => return None,
        };
        opposites.contains(&self.stage).then_some(self.since)
    }
}

#[cfg(test)]
mod tests;
