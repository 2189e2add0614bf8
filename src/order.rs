//! An order event: what happened to an order, the same for every platform.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::field::{self, DisplayValue};
use url::Url;

use crate::order::money::Money;
use crate::order::one_line::OneLine;

pub mod money;
pub mod one_line;

/// One thing that happened to one order: all that Slack may show of it, and nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderEvent {
    /// The platform's name in the webhook path, such as `shopify`.
    pub platform: String,
    /// The platform's name for people, such as `Shopify`.
    pub platform_name: String,
    pub kind: Kind,
    /// What exactly changed, where the platform says it.
    pub change: Option<Change>,
    /// The platform's id of the order, by which the ledger knows it.
    pub id: Option<OneLine>,
    /// The order's number for people, such as `#1001`.
    pub number: Option<OneLine>,
    pub shop: Option<OneLine>,
    pub total: Option<Money>,
    pub reason: Option<OneLine>,
    /// The order's status in the platform's words, such as `on-hold`.
    pub status: Option<OneLine>,
    /// As much of the customer's name as the settings allow.
    pub customer: Option<OneLine>,
    pub items: Vec<Item>,
    /// How many items the order has besides those in `items`.
    pub more_items: usize,
    /// The order's page in the shop's admin.
    pub link: Option<Url>,
    /// When it happened by the sender's clock.
    pub occurred_at: Option<Timestamp>,
    /// When the webhook came in, by the function's clock.
    pub received_at: Timestamp,
    /// The platform marks the webhook as a test.
    pub is_test: bool,
    /// The event reopens the order, if that was cancelled.
    pub reopens: bool,
    /// The sender's id of this event, the same at every attempt. Present only if it is signed, so
    /// that no other sender can choose it.
    pub delivery_id: Option<OneLine>,
    /// The SHA-256 of the webhook's body, in hex.
    pub body_hash: String,
}

impl OrderEvent {
    /// The order's name for people and logs: its number, else its id.
    pub fn name(&self) -> Option<&OneLine> {
        self.number.as_ref().or(self.id.as_ref())
    }

    /// The same name as a field of a log line.
    pub fn name_field(&self) -> Option<DisplayValue<&OneLine>> {
        self.name().map(field::display)
    }

    /// A change of a cancelled order, as the channel sees it: the order is open again.
    #[must_use]
    pub fn reopened(self) -> Self {
        Self { kind: Kind::Modified, change: Some(Change::Reopened), ..self }
    }

    /// When it happened; when the webhook came in, if the sender does not say.
    pub fn time(&self) -> Timestamp {
        self.occurred_at.unwrap_or(self.received_at)
    }
}

/// The kinds of events that the channel is notified of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Created,
    Modified,
    Cancelled,
}

/// What a modification was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    Paid,
    Edited,
    Fulfilled,
    PartiallyFulfilled,
    Returned,
    Exchanged,
    Refunded,
    Restored,
    /// The order was cancelled before.
    Reopened,
    /// The order's record was removed, which is not a cancellation.
    Deleted,
}

impl Change {
    /// Its name in platform files and in the ledger's keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Edited => "edited",
            Self::Fulfilled => "fulfilled",
            Self::PartiallyFulfilled => "partially-fulfilled",
            Self::Returned => "returned",
            Self::Exchanged => "exchanged",
            Self::Refunded => "refunded",
            Self::Restored => "restored",
            Self::Reopened => "reopened",
            Self::Deleted => "deleted",
        }
    }
}

/// One item of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub title: OneLine,
    /// The sender's digits, such as `2` or `0.5`.
    pub quantity: Option<OneLine>,
}
