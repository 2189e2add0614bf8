//! What becomes of a queue message: delete it, retry it after a time, or dead-letter it. Pure.

use std::time::Duration;

use crate::delivery::outcome::{Outcome, RetryAfter};
use crate::infra::deadline::rounded_up;
use crate::order::OrderEvent;
use crate::queue::backoff::back_off;
use crate::queue::batch::Record;
use crate::queue::envelope::{Content, EnvelopeError, pack};

/// What cannot be decoded is dead-lettered at this receive count.
const MAX_RECEIVES: u32 = 3;
/// Above this receive count every wait is at least the back-off: SQS itself dead-letters a message
/// that was received a thousand times (template.yaml).
const BACK_OFF_AFTER: u32 = 20;

/// Up to these receive counts, what could not be observed is tried again after these waits: for a quarter
/// of an hour, and then for hours.
const OBSERVE_OFTEN: u32 = 90;
const OFTEN: Duration = Duration::from_secs(10);
const OBSERVE_SOON: u32 = 600;
const SOON: Duration = Duration::from_secs(30);

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    Delete,
    /// It becomes visible again after this time.
    RetryAfter(Duration),
    /// These bodies go to the dead-letter queue, and then the message is deleted.
    DeadLetter {
        bodies: Vec<String>,
        reason: String,
    },
}

/// Decides about the messages of one invocation.
///
/// What failed together is retried together, so that it can be posted in one message.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    seed: u32,
}

impl RetryPolicy {
    /// Invocations back off differently, so that they do not all come back together.
    pub fn of_invocation(request_id: &str) -> Self {
        let mix = |seed: u32, byte: u8| seed.wrapping_mul(31).wrapping_add(byte.into());
        Self { seed: request_id.bytes().fold(0, mix) }
    }

    /// For a message whose events, or whose notice, had these outcomes.
    pub fn of_content(
        self,
        record: &Record,
        content: &Content,
        outcomes: &[Outcome],
    ) -> Disposition {
        let waits = outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Retry(_) if matches!(content, Content::Unobserved(_)) => {
                Some(self.wait_to_observe(record))
            }
            Outcome::Retry(retry_after) => Some(self.wait(record, *retry_after)),
            Outcome::Done | Outcome::Rejected(_) => None,
        });
        if let Some(longest) = waits.max() {
            return Disposition::RetryAfter(longest);
        }
        let mut reasons = outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Rejected(reason) => Some(reason),
            Outcome::Done | Outcome::Retry(_) => None,
        });
        let Some(reason) = reasons.next() else { return Disposition::Delete };
        let bodies = || match content {
            Content::Orders(events) => pack(&rejected(events, outcomes)),
            Content::Notice(_) | Content::Unobserved(_) | Content::Nothing => {
                vec![record.body.clone()]
            }
        };
        Disposition::DeadLetter { bodies: bodies(), reason: reason.clone() }
    }

    /// For a message that could not be decoded.
    pub fn of_undecodable(self, record: &Record, error: EnvelopeError) -> Disposition {
        match error {
            // The deployment that wrote it, or a later one, can read it again.
            EnvelopeError::Newer => Disposition::RetryAfter(self.wait(record, RetryAfter::BackOff)),
            EnvelopeError::Unreadable if record.receive_count < MAX_RECEIVES => {
                Disposition::RetryAfter(self.wait(record, RetryAfter::BackOff))
            }
            EnvelopeError::Unreadable => {
                let bodies = vec![record.body.clone()];
                Disposition::DeadLetter { bodies, reason: error.to_string() }
            }
        }
    }

    /// How long a message waits; SQS counts in whole seconds.
    pub fn wait(self, record: &Record, retry_after: RetryAfter) -> Duration {
        let back_off = |receive_count| rounded_up(back_off(receive_count, self.seed));
        let wait = match retry_after {
            RetryAfter::BackOff => back_off(record.receive_count),
            RetryAfter::Immediately => Duration::ZERO,
            RetryAfter::Exactly(wait) => rounded_up(wait),
        };
        match record.receive_count.checked_sub(BACK_OFF_AFTER) {
            Some(more @ 1..) => wait.max(back_off(more)),
            _ => wait,
        }
    }
}

impl RetryPolicy {
    /// How long an event waits whose waits could not be begun or ended: the warnings that depend on it
    /// wait longer.
    fn wait_to_observe(self, record: &Record) -> Duration {
        match record.receive_count {
            ..OBSERVE_OFTEN => OFTEN,
            OBSERVE_OFTEN..OBSERVE_SOON => SOON,
            count => rounded_up(back_off(count - OBSERVE_SOON, self.seed)).max(SOON),
        }
    }
}

/// The events that Slack rejected; the others of their message were delivered.
fn rejected(events: &[OrderEvent], outcomes: &[Outcome]) -> Vec<OrderEvent> {
    let events = events.iter().zip(outcomes);
    let rejected = events.filter(|(_, outcome)| matches!(outcome, Outcome::Rejected(_)));
    rejected.map(|(event, _)| event.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::envelope::unpack;

    const EVENTS: &str = r#"{"version":1,"events":[EVENT,EVENT]}"#;
    const EVENT: &str = r#"{"platform":"generic","platform_name":"Order system","kind":"created",
        "items":[],"more_items":0,"received_at":"2026-01-01T00:00:00Z","is_test":false,
        "reopens":false,"body_hash":"00"}"#;

    /// Without jitter.
    fn policy() -> RetryPolicy {
        RetryPolicy::of_invocation("")
    }

    fn record(receive_count: u32) -> Record {
        let body = EVENTS.replace("EVENT", EVENT);
        Record {
            id: String::new(),
            receipt_handle: "receipt_handle".to_owned(),
            body,
            receive_count,
        }
    }

    fn disposition(receive_count: u32, outcomes: &[Outcome; 2]) -> Disposition {
        let record = record(receive_count);
        policy().of_content(&record, &unpack(&record.body).unwrap(), outcomes)
    }

    fn rejected() -> Outcome {
        Outcome::Rejected("Slack answered 400".to_owned())
    }

    #[test]
    fn a_message_is_deleted_when_all_its_events_are_done() {
        assert_eq!(disposition(1, &[Outcome::Done, Outcome::Done]), Disposition::Delete);
    }

    #[test]
    fn a_message_waits_as_long_as_the_last_of_its_events() {
        let exactly = |ms| Outcome::Retry(RetryAfter::Exactly(Duration::from_millis(ms)));
        let back = |seconds| Disposition::RetryAfter(Duration::from_secs(seconds));
        assert_eq!(
            disposition(1, &[exactly(2_000), exactly(3_001)]),
            back(4),
            "SQS counts seconds"
        );
        assert_eq!(disposition(3, &[Outcome::Done, Outcome::Retry(RetryAfter::BackOff)]), back(60));
        assert_eq!(
            disposition(9, &[Outcome::Done, Outcome::Retry(RetryAfter::Immediately)]),
            back(0)
        );
        assert_eq!(disposition(3, &[rejected(), exactly(5_000)]), back(5));
    }

    #[test]
    fn a_message_that_was_received_often_waits_at_least_the_back_off() {
        let waited = |receive_count, wait| {
            disposition(receive_count, &[Outcome::Retry(wait), Outcome::Done])
        };
        let second = RetryAfter::Exactly(Duration::from_secs(1));
        assert_eq!(waited(20, second), Disposition::RetryAfter(Duration::from_secs(1)));
        assert_eq!(waited(21, second), Disposition::RetryAfter(Duration::from_secs(15)));
        assert_eq!(
            waited(30, RetryAfter::Immediately),
            Disposition::RetryAfter(Duration::from_mins(15))
        );
        let long = RetryAfter::Exactly(Duration::from_mins(15));
        assert_eq!(waited(21, long), Disposition::RetryAfter(Duration::from_mins(15)));
    }

    #[test]
    fn what_could_not_be_observed_waits_for_a_short_time() {
        let waits = |receive_count| {
            let record = record(receive_count);
            let orders = unpack(&record.body).unwrap().orders().to_vec();
            let failed = Outcome::Retry(RetryAfter::BackOff);
            policy().of_content(&record, &Content::Unobserved(orders), &[failed])
        };
        let seconds = |seconds| Disposition::RetryAfter(Duration::from_secs(seconds));
        assert_eq!([1, 89].map(waits), [seconds(10), seconds(10)]);
        assert_eq!([90, 599, 600, 602].map(waits), [30; 4].map(seconds));
        assert_eq!([603, 604, 700].map(waits), [60, 120, 900].map(seconds));
    }

    #[test]
    fn only_the_rejected_events_are_dead_lettered() {
        let disposition = disposition(1, &[rejected(), Outcome::Done]);
        let Disposition::DeadLetter { bodies, reason } = disposition else {
            panic!("it is retried for ever");
        };
        assert_eq!(reason, "Slack answered 400");
        assert_eq!(bodies.len(), 1);
        assert_eq!(unpack(&bodies[0]).unwrap().orders().len(), 1, "the other event was posted");
    }

    #[test]
    fn an_undecodable_message_is_dead_lettered_as_it_is() {
        let unread = |receive_count| {
            policy().of_undecodable(&record(receive_count), EnvelopeError::Unreadable)
        };
        assert_eq!(unread(2), Disposition::RetryAfter(Duration::from_secs(30)));
        let reason = "the message is not one of this function's".to_owned();
        assert_eq!(unread(3), Disposition::DeadLetter { bodies: vec![record(3).body], reason });
    }

    #[test]
    fn a_message_of_a_newer_version_is_never_dead_lettered() {
        let disposition = policy().of_undecodable(&record(999), EnvelopeError::Newer);
        assert_eq!(disposition, Disposition::RetryAfter(Duration::from_mins(15)));
    }
}
