//! A message of the queue, and what became of what it carries.

use crate::delivery::jobs::Incoming;
use crate::delivery::outcome::{Outcome, RetryAfter};
use crate::handlers::disposition::{Disposition, RetryPolicy};
use crate::notice::Notice;
use crate::order::OrderEvent;
use crate::queue::batch::Record;
use crate::queue::envelope::{Content, EnvelopeError, unpack};

/// An event is seldom longer. Hundreds of long messages, which others wrote, must not fill the memory.
const LARGE_EVENT_BYTES: usize = 10_000;

/// A received message.
pub(super) struct QueuedMessage {
    pub(super) record: Record,
    content: Result<Content, EnvelopeError>,
    /// One for each event, or one for the notice. What was not tried is worth another try.
    pub(super) outcomes: Vec<Outcome>,
}

impl QueuedMessage {
    pub(super) fn decode(record: Record) -> Self {
        let content = unpack(&record.body);
        if let Err(error) = &content {
            let Record { id, receive_count, .. } = &record;
            tracing::error!(message_id = id, receive_count, %error, "undecodable queue message");
        }
        let count = match &content {
            Ok(Content::Orders(events) | Content::Unobserved(events)) => events.len(),
            Ok(Content::Notice(_)) => 1,
            Ok(Content::Nothing) | Err(_) => 0,
        };
        let outcomes = vec![Outcome::Retry(RetryAfter::Immediately); count];
        Self { record, content, outcomes }
    }

    pub(super) fn notice(&self) -> Option<&Notice> {
        match &self.content {
            Ok(Content::Notice(notice)) => Some(notice),
            Ok(Content::Orders(_) | Content::Unobserved(_) | Content::Nothing) | Err(_) => None,
        }
    }

    /// The events in it whose waits are to be begun or ended.
    pub(super) fn unobserved(&self) -> &[OrderEvent] {
        match &self.content {
            Ok(Content::Unobserved(events)) => events,
            Ok(Content::Orders(_) | Content::Notice(_) | Content::Nothing) | Err(_) => &[],
        }
    }

    /// The orders' events in it, if it could be decoded.
    pub(super) fn events(&self) -> &[OrderEvent] {
        self.content.as_ref().map_or(&[], Content::orders)
    }

    /// The same, for their delivery.
    pub(super) fn incoming(&self) -> impl Iterator<Item = Incoming<'_>> {
        let is_retry = self.record.receive_count > 1;
        self.events().iter().map(move |event| Incoming { event, is_retry })
    }

    /// How much of an invocation it takes up, in events.
    pub(super) fn size(&self) -> usize {
        self.events().len().max(1).max(self.record.body.len() / LARGE_EVENT_BYTES)
    }

    pub(super) fn disposition(&self, retry_policy: RetryPolicy) -> Disposition {
        let Self { record, content, outcomes } = self;
        match content {
            Ok(content) => retry_policy.of_content(record, content, outcomes),
            Err(error) => retry_policy.of_undecodable(record, *error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::event;
    use crate::queue::envelope::pack;

    #[test]
    fn a_message_is_as_large_as_its_events_or_its_text() {
        let size = |body: String| {
            let (id, receipt_handle) = (String::new(), String::new());
            QueuedMessage::decode(Record { id, receipt_handle, body, receive_count: 1 }).size()
        };
        assert_eq!(size(pack(&[event(), event()]).remove(0)), 2);
        assert_eq!(size("nonsense".to_owned()), 1);
        assert_eq!(size("x".repeat(1_000_000)), 100);
    }
}
