//! What becomes of a queue message, from what became of its events.

use std::time::Duration;

use crate::infra::deadline::rounded_up;
use crate::order::OrderEvent;
use crate::queue::batch::Record;
use crate::queue::envelope::{EnvelopeError, pack};
use crate::slack::retry::{RetryAfter, back_off};

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is left to do: it was told, now or before, or need not be.
    Done,
    /// It is worth another try.
    Retry(RetryAfter),
    /// Slack takes it in no form, as the text says.
    Rejected(String),
}

/// What can never work is set aside when it was received so often.
const LAST_RECEIVE: u32 = 3;
/// As often a message is left to whoever gathers for its digest.
const HAND_OVERS: u32 = 2;
/// As often a message waits exactly as it is told.
const OFTEN: u32 = 20;

/// A queue message's end, or its next beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// It is done with.
    Delete,
    /// It is seen again after this time.
    RetryAfter(Duration),
    /// What can never work goes to the dead-letter queue, and then the message is done with.
    DeadLetter { bodies: Vec<String>, reason: String },
}

/// Settles the messages of one invocation.
///
/// What failed together comes back together, so that it can be told in one message.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    seed: u32,
}

impl RetryPolicy {
    /// Invocations back off differently, so that they do not come together again.
    pub fn of_invocation(request_id: &str) -> Self {
        let mix = |seed: u32, byte: u8| seed.wrapping_mul(31).wrapping_add(byte.into());
        Self { seed: request_id.bytes().fold(0, mix) }
    }

    /// The disposition of a message whose events came to these outcomes.
    pub fn of_events(
        self,
        record: &Record,
        events: &[OrderEvent],
        outcomes: &[Outcome],
    ) -> Disposition {
        let waits = outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Retry(wait) => Some(self.time(record, *wait)),
            Outcome::Done | Outcome::Rejected(_) => None,
        });
        if let Some(longest) = waits.max() {
            return Disposition::RetryAfter(longest);
        }
        let mut refused = Vec::new();
        let mut reason = "";
        for (event, outcome) in events.iter().zip(outcomes) {
            if let Outcome::Rejected(why) = outcome {
                refused.push(event.clone());
                reason = why;
            }
        }
        if refused.is_empty() {
            return Disposition::Delete;
        }
        self.in_the_end(record, || pack(&refused), reason)
    }

    /// The disposition of a message with an alarm that came to this outcome.
    pub fn of_alarm(self, record: &Record, outcome: &Outcome) -> Disposition {
        match outcome {
            Outcome::Done => Disposition::Delete,
            Outcome::Retry(wait) => Disposition::RetryAfter(self.time(record, *wait)),
            Outcome::Rejected(why) => self.in_the_end(record, || vec![record.body.clone()], why),
        }
    }

    /// The disposition of a message that could not be read.
    pub fn of_unread(self, record: &Record, error: EnvelopeError) -> Disposition {
        match error {
            // The deployment that wrote it will be back, or its successor.
            EnvelopeError::Newer => Disposition::RetryAfter(self.time(record, RetryAfter::BackOff)),
            EnvelopeError::Unreadable => {
                self.in_the_end(record, || vec![record.body.clone()], &error.to_string())
            }
        }
    }

    /// Buried at the last receive, and tried again before: the fault may be ours, or a passing one.
    fn in_the_end(
        self,
        record: &Record,
        bodies: impl FnOnce() -> Vec<String>,
        reason: &str,
    ) -> Disposition {
        if record.receive_count < LAST_RECEIVE {
            return Disposition::RetryAfter(self.time(record, RetryAfter::BackOff));
        }
        Disposition::DeadLetter { bodies: bodies(), reason: reason.to_owned() }
    }

    /// How long a message stays out of sight; SQS counts in whole seconds.
    ///
    /// SQS gives a message up after a thousand receive_count: one that comes back often comes back less
    /// and less often, whatever it waits for.
    pub fn time(self, record: &Record, wait: RetryAfter) -> Duration {
        let back_off = |receive_count| rounded_up(back_off(receive_count, self.seed));
        let time = match wait {
            RetryAfter::BackOff => back_off(record.receive_count),
            RetryAfter::Immediately => Duration::ZERO,
            RetryAfter::NextDigest(_) if record.receive_count <= HAND_OVERS => Duration::ZERO,
            RetryAfter::Exactly(time) | RetryAfter::NextDigest(time) => rounded_up(time),
        };
        match record.receive_count.checked_sub(OFTEN) {
            Some(more @ 1..) => time.max(back_off(more)),
            _ => time,
        }
    }
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
    fn retry_policy() -> RetryPolicy {
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
        retry_policy().of_events(&record, unpack(&record.body).unwrap().orders(), outcomes)
    }

    fn refused() -> Outcome {
        Outcome::Rejected("Slack answered 400".to_owned())
    }

    #[test]
    fn a_message_is_done_with_when_all_its_events_are() {
        assert_eq!(disposition(1, &[Outcome::Done, Outcome::Done]), Disposition::Delete);
    }

    #[test]
    fn a_message_comes_back_when_the_last_of_its_events_is_worth_it() {
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
        assert_eq!(disposition(3, &[refused(), exactly(5_000)]), back(5));
    }

    #[test]
    fn what_another_digest_may_gather_is_left_to_it_twice() {
        let handed_over = |receive_count| {
            let wait = RetryAfter::NextDigest(Duration::from_secs(40));
            disposition(receive_count, &[Outcome::Retry(wait), Outcome::Done])
        };
        assert_eq!(handed_over(2), Disposition::RetryAfter(Duration::ZERO));
        assert_eq!(handed_over(3), Disposition::RetryAfter(Duration::from_secs(40)));
    }

    #[test]
    fn what_comes_back_often_comes_back_less_often() {
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
    fn what_slack_never_takes_is_buried_alone_at_the_third_receive() {
        assert_eq!(
            disposition(1, &[refused(), Outcome::Done]),
            Disposition::RetryAfter(Duration::from_secs(15))
        );
        assert_eq!(
            disposition(2, &[refused(), Outcome::Done]),
            Disposition::RetryAfter(Duration::from_secs(30))
        );
        let Disposition::DeadLetter { bodies, reason } =
            disposition(3, &[refused(), Outcome::Done])
        else {
            panic!("it is tried for ever");
        };
        assert_eq!(reason, "Slack answered 400");
        assert_eq!(bodies.len(), 1);
        assert_eq!(unpack(&bodies[0]).unwrap().orders().len(), 1, "the other event was shown");
    }

    #[test]
    fn what_cannot_be_read_is_buried_as_it_is() {
        let unread = |receive_count| {
            retry_policy().of_unread(&record(receive_count), EnvelopeError::Unreadable)
        };
        assert_eq!(unread(2), Disposition::RetryAfter(Duration::from_secs(30)));
        let reason = "the message is not one of this function's".to_owned();
        assert_eq!(unread(3), Disposition::DeadLetter { bodies: vec![record(3).body], reason });
    }

    #[test]
    fn what_a_newer_version_wrote_is_never_buried() {
        let disposition = retry_policy().of_unread(&record(999), EnvelopeError::Newer);
        assert_eq!(disposition, Disposition::RetryAfter(Duration::from_mins(15)));
    }
}
