//! An order event: what happened to an order, the same for every platform.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::field::{self, DisplayValue};
use url::Url;

use crate::order::money::Money;
use crate::order::one_line::OneLine;
use crate::order::overdue::Overdue;

pub mod money;
pub mod one_line;
pub mod overdue;

/// One thing that happened to one order: all that Slack may show of it, and nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct OrderEvent {
    /// The platform's name in the webhook path, such as `shopify`.
    pub platform: String,
    /// The platform's name for people, such as `Shopify`.
    pub platform_name: String,
    pub kind: Kind,
    /// What exactly changed, where the platform says it.
    pub change: Option<Change>,
    /// The order is not placed yet. Its first event after that is shown as the new order.
    #[serde(default, skip_serializing_if = "is_default")]
    pub is_draft: bool,
    /// The platform's id of the order, by which the ledger knows it.
    pub id: Option<OneLine>,
    /// The order's number for people, such as `#1001`.
    pub number: Option<OneLine>,
    pub shop: Option<OneLine>,
    pub total: Option<Money>,
    pub reason: Option<OneLine>,
    /// The order's status in the platform's words, such as `on-hold`.
    pub status: Option<OneLine>,
    /// Whether anything was paid, where the payload says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<bool>,
    /// As much of the customer's name as the settings allow.
    pub customer: Option<OneLine>,
    pub items: Vec<Item>,
    /// How many items the order has besides those in `items`.
    pub more_items: usize,
    /// The order's page in the shop's admin.
    pub link: Option<Url>,
    /// How many orders the webhook names besides those that are events of their own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub more_orders: usize,
    /// When the order is to be ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When it happened by the sender's clock.
    pub occurred_at: Option<Timestamp>,
    /// When the webhook came in, by the function's clock.
    pub received_at: Timestamp,
    /// The platform marks the webhook as a test.
    pub is_test: bool,
    /// The mark is in a header alone, which no signature covers.
    #[serde(default, skip_serializing_if = "is_default")]
    pub is_test_by_header: bool,
    /// The event reopens the order, if that was cancelled.
    pub reopens: bool,
    /// The sender's id of this event, the same at every attempt. Present only if it is signed, so
    /// that no other sender can choose it.
    pub delivery_id: Option<OneLine>,
    /// The SHA-256 of the webhook's body, in hex.
    pub body_hash: String,
    /// Of the kind [`Kind::Overdue`]: the step that did not come in time. All else is that of the event
    /// that the wait began with, or of the step that came late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue: Option<Box<Overdue>>,
}

impl OrderEvent {
    /// The order's name for people and logs: its number, else its id.
    pub fn name(&self) -> Option<&OneLine> {
        self.number.as_ref().or(self.id.as_ref())
    }

    /// Whether it is shown each time that it is sent, and no other event depends on it: a test.
    ///
    /// A mark that is not signed does not count: see
    /// [`is_marked_by_header`](Self::is_marked_by_header).
    pub fn is_never_remembered(&self) -> bool {
        self.is_test && !self.is_test_by_header && self.kind != Kind::Overdue
    }

    /// Whether only a header says that it is a test, which no signature covers: the platform's own test, or
    /// a copy of a real webhook. It is shown once at most, and changes nothing of its order.
    pub fn is_marked_by_header(&self) -> bool {
        self.is_test && self.is_test_by_header && self.kind != Kind::Overdue
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

    /// A change of an order that was deleted, as the channel sees it: it is there again.
    #[must_use]
    pub fn restored(self) -> Self {
        Self { kind: Kind::Modified, change: Some(Change::Restored), ..self }
    }

    /// The first event of an order that was a draft, as the channel sees it: a new order.
    #[must_use]
    pub fn created(self) -> Self {
        Self { kind: Kind::Created, change: None, ..self }
    }

    /// A draft, or the first event after it, as if the order was placed with it.
    #[must_use]
    pub fn placed(self) -> Self {
        Self { is_draft: false, ..self.created() }
    }

    /// The second creation of an order, as the channel sees it: a change.
    #[must_use]
    pub fn changed(self) -> Self {
        Self { kind: Kind::Modified, change: None, ..self }
    }

    /// The message that a step did not come in time, or came late. It is due at `received_at`.
    #[must_use]
    pub fn with_overdue(self, overdue: Overdue, received_at: Timestamp) -> Self {
        // What is stored for days is small.
        const SHOWN: usize = 5;
        let more = self.items.len().saturating_sub(SHOWN);
        Self {
            kind: Kind::Overdue,
            change: None,
            reason: None,
            items: self.items.into_iter().take(SHOWN).collect(),
            more_items: self.more_items + more,
            occurred_at: Some(overdue.came.unwrap_or(overdue.began)),
            received_at,
            reopens: false,
            delivery_id: None,
            overdue: Some(Box::new(overdue)),
            ..self
        }
    }

    /// What happened here, and the order as it was at the other event wherever that says it.
    #[must_use]
    pub fn with_order_of(self, other: Self) -> Self {
        let has_items = !other.items.is_empty() || other.more_items > 0;
        let (items, more_items) =
            if has_items { (other.items, other.more_items) } else { (self.items, self.more_items) };
        Self {
            number: other.number.or(self.number),
            total: other.total.or(self.total),
            status: other.status.or(self.status),
            paid: other.paid.or(self.paid),
            customer: other.customer.or(self.customer),
            link: other.link.or(self.link),
            due_at: other.due_at.or(self.due_at),
            items,
            more_items,
            ..self
        }
    }

    /// Whether the event is a change whose platform does not say of what.
    pub fn is_plain_change(&self) -> bool {
        self.kind == Kind::Modified && self.change.is_none()
    }

    /// Whether no step of the order is to follow.
    pub fn ends_order(&self) -> bool {
        self.kind == Kind::Cancelled || self.change == Some(Change::Deleted)
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
    /// A step did not come in time, or came late: no webhook says that.
    Overdue,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What a modification was; the last two are of cancellations.
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
    PartiallyRefunded,
    /// The money did not reach the customer, and has to be sent in another way.
    RefundFailed,
    Restored,
    /// The order was cancelled before.
    Reopened,
    /// The order's record was removed, which is not a cancellation.
    Deleted,
    /// The customer asks for it, and the shop has to decide.
    CancellationRequested,
    ReturnRequested,
    ExchangeRequested,
    /// Some of its parts were cancelled.
    PartlyCancelled,
    /// The shop could not fulfil the order.
    FulfillmentFailed,
    /// The customer's bank takes the payment back, and the shop may object.
    Disputed,
    DisputeWon,
    DisputeLost,
    /// The order was cancelled before it was paid, most often by a timer of the shop.
    Unpaid,
    /// The fulfillment was cancelled. Such an order may stay open until it is refunded.
    Fulfillment,
}

impl Change {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::Paid,
        Self::Edited,
        Self::Fulfilled,
        Self::PartiallyFulfilled,
        Self::Returned,
        Self::Exchanged,
        Self::Refunded,
        Self::PartiallyRefunded,
        Self::RefundFailed,
        Self::Restored,
        Self::Reopened,
        Self::Deleted,
        Self::CancellationRequested,
        Self::ReturnRequested,
        Self::ExchangeRequested,
        Self::PartlyCancelled,
        Self::FulfillmentFailed,
        Self::Disputed,
        Self::DisputeWon,
        Self::DisputeLost,
        Self::Unpaid,
        Self::Fulfillment,
    ];

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
            Self::PartiallyRefunded => "partially-refunded",
            Self::RefundFailed => "refund-failed",
            Self::Restored => "restored",
            Self::Reopened => "reopened",
            Self::Deleted => "deleted",
            Self::CancellationRequested => "cancellation-requested",
            Self::ReturnRequested => "return-requested",
            Self::ExchangeRequested => "exchange-requested",
            Self::PartlyCancelled => "partly-cancelled",
            Self::FulfillmentFailed => "fulfillment-failed",
            Self::Disputed => "disputed",
            Self::DisputeWon => "dispute-won",
            Self::DisputeLost => "dispute-lost",
            Self::Unpaid => "unpaid",
            Self::Fulfillment => "fulfillment",
        }
    }

    /// Whether it says more about a cancellation. All others say what a modification was.
    pub fn is_of_cancellation(self) -> bool {
        matches!(self, Self::Unpaid | Self::Fulfillment)
    }
}

/// One item of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub title: OneLine,
    /// The sender's digits, such as `2` or `0.5`.
    pub quantity: Option<OneLine>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::event;

    #[test]
    fn each_change_has_the_name_by_which_it_is_stored() {
        for change in Change::ALL {
            assert_eq!(serde_json::to_value(change).unwrap(), change.name());
        }
    }

    #[test]
    fn whether_it_was_paid_comes_from_the_other_event_where_that_says_it() {
        let joined = |ours, theirs| {
            let other = OrderEvent { paid: theirs, ..event() };
            OrderEvent { paid: ours, ..event() }.with_order_of(other).paid
        };
        assert_eq!(joined(Some(false), Some(true)), Some(true));
        assert_eq!(joined(Some(false), None), Some(false));
        assert_eq!(joined(None, Some(false)), Some(false));
    }
}
