//! What becomes of a queue message, from what became of its events.

use std::time::Duration;

use crate::order::OrderEvent;
use crate::queue::batch::Record;
use crate::queue::envelope::{EnvelopeError, pack};
use crate::slack::retry::{Wait, back_off, rounded_up};

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is left to do: it was told, now or before, or need not be.
    Settled,
    /// It is worth another try.
    Later(Wait),
    /// Slack takes it in no form, as the text says.
    Refused(String),
}

/// What can never work is set aside when it was received so often.
const LAST_RECEIVE: u32 = 3;
/// As often a message is left to whoever gathers for its digest.
const HAND_OVERS: u32 = 2;
/// As often a message waits exactly as it is told.
const OFTEN: u32 = 20;

/// A queue message's end, or its next beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is done with.
    Done,
    /// It is seen again after this time.
    Back(Duration),
    /// What can never work goes to the dead-letter queue, and then the message is done with.
    Buried { bodies: Vec<String>, reason: String },
}

/// Settles the messages of one invocation.
///
/// What failed together comes back together, so that it can be told in one message.
#[derive(Clone, Copy, Debug)]
pub struct Settlement {
    seed: u32,
}

impl Settlement {
    /// Invocations back off differently, so that they do not come together again.
    pub fn of_invocation(request_id: &str) -> Self {
        let mix = |seed: u32, byte: u8| seed.wrapping_mul(31).wrapping_add(byte.into());
        Self { seed: request_id.bytes().fold(0, mix) }
    }

    /// The fate of a message whose events came to these outcomes.
    pub fn of_events(self, record: &Record, events: &[OrderEvent], outcomes: &[Outcome]) -> Fate {
        let waits = outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Later(wait) => Some(self.time(record, *wait)),
            Outcome::Settled | Outcome::Refused(_) => None,
        });
        if let Some(longest) = waits.max() {
            return Fate::Back(longest);
        }
        let mut refused = Vec::new();
        let mut reason = "";
        for (event, outcome) in events.iter().zip(outcomes) {
            if let Outcome::Refused(why) = outcome {
                refused.push(event.clone());
                reason = why;
            }
        }
        if refused.is_empty() {
            return Fate::Done;
        }
        self.in_the_end(record, || pack(&refused), reason)
    }

    /// The fate of a message with an alarm that came to this outcome.
    pub fn of_alarm(self, record: &Record, outcome: &Outcome) -> Fate {
        match outcome {
            Outcome::Settled => Fate::Done,
            Outcome::Later(wait) => Fate::Back(self.time(record, *wait)),
            Outcome::Refused(why) => self.in_the_end(record, || vec![record.body.clone()], why),
        }
    }

    /// The fate of a message that could not be read.
    pub fn of_unread(self, record: &Record, error: EnvelopeError) -> Fate {
        match error {
            // The deployment that wrote it will be back, or its successor.
            EnvelopeError::Newer => Fate::Back(self.time(record, Wait::BackOff)),
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
    ) -> Fate {
        if record.receives < LAST_RECEIVE {
            return Fate::Back(self.time(record, Wait::BackOff));
        }
        Fate::Buried { bodies: bodies(), reason: reason.to_owned() }
    }

    /// How long a message stays out of sight; SQS counts in whole seconds.
    ///
    /// SQS gives a message up after a thousand receives: one that comes back often comes back less
    /// and less often, whatever it waits for.
    pub fn time(self, record: &Record, wait: Wait) -> Duration {
        let back_off = |receives| rounded_up(back_off(receives, self.seed));
        let time = match wait {
            Wait::BackOff => back_off(record.receives),
            Wait::AtOnce => Duration::ZERO,
            Wait::HandOver(_) if record.receives <= HAND_OVERS => Duration::ZERO,
            Wait::Exactly(time) | Wait::HandOver(time) => rounded_up(time),
        };
        match record.receives.checked_sub(OFTEN) {
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
    fn settlement() -> Settlement {
        Settlement::of_invocation("")
    }

    fn record(receives: u32) -> Record {
        let body = EVENTS.replace("EVENT", EVENT);
        Record { id: String::new(), receipt: "receipt".to_owned(), body, receives }
    }

    fn fate(receives: u32, outcomes: &[Outcome; 2]) -> Fate {
        let record = record(receives);
        settlement().of_events(&record, unpack(&record.body).unwrap().orders(), outcomes)
    }

    fn refused() -> Outcome {
        Outcome::Refused("Slack answered 400".to_owned())
    }

    #[test]
    fn a_message_is_done_with_when_all_its_events_are() {
        assert_eq!(fate(1, &[Outcome::Settled, Outcome::Settled]), Fate::Done);
    }

    #[test]
    fn a_message_comes_back_when_the_last_of_its_events_is_worth_it() {
        let exactly = |ms| Outcome::Later(Wait::Exactly(Duration::from_millis(ms)));
        let back = |seconds| Fate::Back(Duration::from_secs(seconds));
        assert_eq!(fate(1, &[exactly(2_000), exactly(3_001)]), back(4), "SQS counts seconds");
        assert_eq!(fate(3, &[Outcome::Settled, Outcome::Later(Wait::BackOff)]), back(60));
        assert_eq!(fate(9, &[Outcome::Settled, Outcome::Later(Wait::AtOnce)]), back(0));
        assert_eq!(fate(3, &[refused(), exactly(5_000)]), back(5));
    }

    #[test]
    fn what_another_digest_may_gather_is_left_to_it_twice() {
        let handed_over = |receives| {
            let wait = Wait::HandOver(Duration::from_secs(40));
            fate(receives, &[Outcome::Later(wait), Outcome::Settled])
        };
        assert_eq!(handed_over(2), Fate::Back(Duration::ZERO));
        assert_eq!(handed_over(3), Fate::Back(Duration::from_secs(40)));
    }

    #[test]
    fn what_comes_back_often_comes_back_less_often() {
        let waited = |receives, wait| fate(receives, &[Outcome::Later(wait), Outcome::Settled]);
        let second = Wait::Exactly(Duration::from_secs(1));
        assert_eq!(waited(20, second), Fate::Back(Duration::from_secs(1)));
        assert_eq!(waited(21, second), Fate::Back(Duration::from_secs(15)));
        assert_eq!(waited(30, Wait::AtOnce), Fate::Back(Duration::from_mins(15)));
        let long = Wait::Exactly(Duration::from_mins(15));
        assert_eq!(waited(21, long), Fate::Back(Duration::from_mins(15)));
    }

    #[test]
    fn what_slack_never_takes_is_buried_alone_at_the_third_receive() {
        assert_eq!(fate(1, &[refused(), Outcome::Settled]), Fate::Back(Duration::from_secs(15)));
        assert_eq!(fate(2, &[refused(), Outcome::Settled]), Fate::Back(Duration::from_secs(30)));
        let Fate::Buried { bodies, reason } = fate(3, &[refused(), Outcome::Settled]) else {
            panic!("it is tried for ever");
        };
        assert_eq!(reason, "Slack answered 400");
        assert_eq!(bodies.len(), 1);
        assert_eq!(unpack(&bodies[0]).unwrap().orders().len(), 1, "the other event was shown");
    }

    #[test]
    fn what_cannot_be_read_is_buried_as_it_is() {
        let unread =
            |receives| settlement().of_unread(&record(receives), EnvelopeError::Unreadable);
        assert_eq!(unread(2), Fate::Back(Duration::from_secs(30)));
        let reason = "the message is not one of this function's".to_owned();
        assert_eq!(unread(3), Fate::Buried { bodies: vec![record(3).body], reason });
    }

    #[test]
    fn what_a_newer_version_wrote_is_never_buried() {
        let fate = settlement().of_unread(&record(999), EnvelopeError::Newer);
        assert_eq!(fate, Fate::Back(Duration::from_mins(15)));
    }
}
