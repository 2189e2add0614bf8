//! What is kept of an order's event until its day is summed up. Pure.

use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::order::money::Money;
use crate::order::one_line::OneLine;
use crate::order::{Change, Kind, OrderEvent};

/// One event of one order. The names in the table never change: deployed tables hold them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The same for the same event, whenever it is recorded.
    pub key: String,
    pub what: What,
    pub received_at: Timestamp,
    /// From the webhook to the message; `None` if none was posted.
    pub took: Option<SignedDuration>,
    pub platform: String,
    pub total: Option<Money>,
    pub reason: Option<OneLine>,
}

/// What happened to the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    Created,
    Cancelled,
    /// It was cancelled and never paid.
    CancelledUnpaid,
    /// A step did not come in time.
    Overdue,
}

impl Record {
    /// Of an event as the channel sees it; `name` is the same whenever it is the same event. Tests,
    /// drafts, and changes of orders have none.
    pub fn of(event: &OrderEvent, name: &str) -> Option<Self> {
        if event.is_test || event.is_draft {
            return None;
        }
        let has_come = event.overdue.as_ref().is_some_and(|overdue| overdue.came.is_some());
        let what = match (event.kind, event.change) {
            (Kind::Created, _) => What::Created,
            (Kind::Cancelled, Some(Change::Unpaid)) => What::CancelledUnpaid,
            (Kind::Cancelled, _) => What::Cancelled,
            (Kind::Overdue, _) if !has_come => What::Overdue,
            (Kind::Overdue | Kind::Modified, _) => return None,
        };
        let key = digest(&SHA256, name.as_bytes());
        Some(Self {
            key: hex::encode(&key.as_ref()[..16]),
            what,
            received_at: event.received_at,
            took: None,
            platform: event.platform.clone(),
            total: event.total.clone(),
            reason: event.reason.clone(),
        })
    }

    /// The same event, whose message was posted then.
    #[must_use]
    pub fn posted(self, at: Timestamp) -> Self {
        let took = at.duration_since(self.received_at).max(SignedDuration::ZERO);
        Self { took: Some(took), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::event;
    use crate::order::overdue::Overdue;

    fn what(event: &OrderEvent) -> Option<What> {
        Record::of(event, "key").map(|record| record.what)
    }

    #[test]
    fn only_what_counts_is_recorded() {
        let of = |kind, change| OrderEvent { kind, change, ..event() };
        let created = of(Kind::Created, None);
        assert_eq!(what(&created), Some(What::Created));
        assert_eq!(what(&of(Kind::Cancelled, None)), Some(What::Cancelled));
        let fulfillment = of(Kind::Cancelled, Some(Change::Fulfillment));
        assert_eq!(what(&fulfillment), Some(What::Cancelled));
        let unpaid = of(Kind::Cancelled, Some(Change::Unpaid));
        assert_eq!(what(&unpaid), Some(What::CancelledUnpaid));

        for change in [None, Some(Change::Paid), Some(Change::Reopened), Some(Change::Deleted)] {
            assert_eq!(what(&of(Kind::Modified, change)), None);
        }
        assert_eq!(what(&OrderEvent { is_test: true, ..created.clone() }), None);
        assert_eq!(what(&OrderEvent { is_draft: true, ..created }), None);
    }

    #[test]
    fn a_step_is_recorded_when_it_is_overdue_and_not_when_it_comes() {
        let event = event();
        let overdue = |came| Overdue {
            line: "1".to_owned(),
            steps: Vec::new(),
            began: event.received_at,
            due: event.received_at,
            came,
            waited: SignedDuration::ZERO,
        };
        let with = |came| event.clone().with_overdue(overdue(came), event.received_at);
        assert_eq!(what(&with(None)), Some(What::Overdue));
        assert_eq!(what(&with(Some(event.received_at))), None);
    }

    /// Deployed tables hold records: what is written here stays readable.
    #[test]
    fn a_record_stays_as_it_is() {
        let event = event();
        let received_at = event.received_at;
        let record = Record::of(&event, "key").unwrap();
        let record = record.posted(received_at + SignedDuration::from_millis(2500));
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        insta::assert_snapshot!(text);
    }
}
