//! What happened to an order, in the project's own words.

use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use crate::line::Line;
use crate::money::Money;

/// One thing that happened to one order: all that Slack may show of it, and nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderEvent {
    /// The platform's name in the webhook path, such as `shopify`.
    pub platform: String,
    /// The platform's name for people, such as `Shopify`.
    pub platform_name: String,
    pub kind: Kind,
    /// What exactly changed, where the platform says it.
    pub change: Option<Change>,
    /// The platform's key of the order; absent when the sender left it out.
    pub id: Option<Line>,
    /// What people call the order, such as `#1001`.
    pub number: Option<Line>,
    pub shop: Option<Line>,
    pub total: Option<Money>,
    pub reason: Option<Line>,
    /// The order's state in the platform's words, such as `on-hold`.
    pub status: Option<Line>,
    /// As much of the customer's name as the settings allow.
    pub customer: Option<Line>,
    pub items: Vec<Item>,
    /// How many more lines the order has than `items` holds.
    pub more_items: usize,
    /// The order's page in the shop's admin.
    pub link: Option<Url>,
    /// When it happened by the sender's clock.
    pub occurred_at: Option<Timestamp>,
    /// When the webhook came in by ours.
    pub received_at: Timestamp,
    /// The platform marks the webhook as a test.
    pub is_test: bool,
}

impl OrderEvent {
    /// The order's name for people and logs: its number, else its key.
    pub fn name(&self) -> Option<&Line> {
        self.number.as_ref().or(self.id.as_ref())
    }
}

/// The three things a channel hears about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Created,
    Modified,
    Cancelled,
}

/// What a modification was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    Paid,
    Edited,
    Fulfilled,
    PartiallyFulfilled,
    Restored,
    /// The order's record was removed; that is no cancellation.
    Deleted,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub title: Line,
    /// The sender's digits, such as `2` or `0.5`.
    pub quantity: Option<Line>,
}
