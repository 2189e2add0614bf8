//! The queue between the function and Lambda: batches, waits, and the ledger's leases.

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use order_alerts_fakes::{FakeDynamoDb, FakeSqs, Invocation, Outcome, QueuedMessage, RuntimeApi};
use serde_json::{Value, json};

use crate::support::world::World;

/// The queue's visibility timeout.
pub(crate) const VISIBILITY_TIMEOUT: Duration = Duration::from_mins(3);

/// Slack's rate: one post a second.
pub(crate) const GAP: Duration = Duration::from_secs(1);

/// Two consumers without a ledger together keep to it.
pub(crate) const GAP_WITHOUT_LEDGER: Duration = Duration::from_secs(2);

/// Nothing that works takes so long.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// The longest time after which a message is retried.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// Longer than any message is hidden.
pub(crate) const LONGEST_ABSENCE: Duration = Duration::from_mins(16);

impl World {
    /// Invokes the function with what is visible in the queue, ten messages at most, as Lambda does.
    pub(crate) async fn consume(&self) -> Invocation {
        consume(&self.sqs, &self.lambda).await.expect("a message is visible")
    }

    /// Consumes everything that is in the queue, whenever it was due.
    pub(crate) async fn consume_the_rest(&self) {
        self.sqs.advance(LONGEST_ABSENCE);
        while consume(&self.sqs, &self.lambda).await.is_some() {}
    }

    /// Deletes the one message of the queue, and returns its body.
    pub(crate) fn take_envelope(&self) -> Value {
        let batch = self.sqs.batch(10).unwrap();
        let event = batch.event();
        batch.acknowledge(&Outcome::Answered(Value::Null));
        assert_eq!(self.sqs.messages(), []);
        serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap()
    }

    /// The one message that is left in the queue.
    #[track_caller]
    pub(crate) fn the_waiting(&self) -> QueuedMessage {
        let mut messages = self.sqs.messages();
        assert_eq!(messages.len(), 1, "{messages:#?}");
        messages.remove(0)
    }

    /// The one dead letter's body, and why it is one.
    #[track_caller]
    pub(crate) fn the_dead_letter(&self) -> (String, String) {
        let letters = self.sqs.dead_letters();
        let [letter] = &letters[..] else { panic!("{letters:#?}") };
        let reason = letter.attributes["reason"]["StringValue"].as_str().unwrap().to_owned();
        (letter.body.clone(), reason)
    }

    #[track_caller]
    pub(crate) fn assert_queues_are_empty(&self) {
        assert_eq!((self.sqs.messages(), self.sqs.dead_letters()), (vec![], vec![]));
    }
}

/// Invokes a sandbox with what is visible in the queue, if there is anything.
pub(crate) async fn consume(sqs: &FakeSqs, lambda: &RuntimeApi) -> Option<Invocation> {
    let batch = sqs.batch(10)?;
    let invocation = lambda.invoke(batch.event().to_string()).await;
    batch.acknowledge(&invocation.outcome);
    Some(invocation)
}

/// The ids of the messages that Lambda must keep.
#[track_caller]
pub(crate) fn failures(invocation: &Invocation) -> Vec<String> {
    let Outcome::Answered(answer) = &invocation.outcome else { panic!("{invocation:?}") };
    let failures = answer["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
pub(crate) fn assert_no_failures(invocation: &Invocation) {
    assert_eq!(failures(invocation), Vec::<String>::new());
}

/// Receives everything so often, as functions do that crash at once.
pub(crate) fn receive_in_vain(sqs: &FakeSqs, times: usize) {
    for _ in 0..times {
        drop(sqs.batch(10).expect("a message is visible"));
        sqs.advance(VISIBILITY_TIMEOUT);
    }
}

/// The visibility timeouts, in seconds, that the function has set so far.
pub(crate) fn waits(sqs: &FakeSqs) -> Vec<u64> {
    let calls = sqs.calls().into_iter();
    let changes = calls.filter(|(operation, _)| operation == "ChangeMessageVisibilityBatch");
    let entries = changes.flat_map(|(_, call)| call["Entries"].as_array().unwrap().clone());
    entries.map(|entry| entry["VisibilityTimeout"].as_u64().unwrap()).collect()
}

/// The message was hidden a moment ago, for a time within `seconds`.
#[track_caller]
pub(crate) fn assert_retried_after(message: &QueuedMessage, seconds: RangeInclusive<u64>) {
    let (least, most) = seconds.into_inner();
    // The function pauses after that, so some of the time is over.
    let pause = Duration::from_secs(4);
    let left = message.visible_in;
    let is_so = left + pause > Duration::from_secs(least) && left <= Duration::from_secs(most);
    assert!(is_so, "{least} to {most} seconds: {message:#?}");
}

/// Changes all items of the ledger, as time or another deployment would.
pub(crate) fn change_items(ledger: &FakeDynamoDb, change: impl Fn(&mut Value)) {
    for (key, mut item) in ledger.items() {
        change(&mut item);
        ledger.put(&key, &item);
    }
}

/// Lets every lease expire.
pub(crate) fn end_leases(ledger: &FakeDynamoDb) {
    let over = Timestamp::now().as_millisecond() - 1;
    change_items(ledger, |item| {
        if item["leased_until"] != 0 {
            item["leased_until"] = json!(over);
        }
    });
}

/// Has the effect of two rejections over two hours on every event that Slack rejected.
pub(crate) fn age_rejections(ledger: &FakeDynamoDb) {
    let since = Timestamp::now() - SignedDuration::from_hours(2);
    change_items(ledger, |item| {
        if item.get("suspect_since").is_some() {
            item["suspect_since"] = json!(since.to_string());
            item["rejections"] = json!(2);
        }
    });
}

/// When the last lease of an event or an order expires, in Unix milliseconds; zero when there is none.
pub(crate) fn end_of_lease(ledger: &FakeDynamoDb) -> i64 {
    let mut items = ledger.items();
    items.retain(|key, _| !key.starts_with("turn#"));
    items.values().filter_map(|item| item["leased_until"].as_i64()).max().unwrap_or_default()
}

/// `wait` from now is over a second after the end of a lease, in whole seconds.
#[track_caller]
pub(crate) fn assert_ends_after_lease(wait: Duration, end_of_lease: i64) {
    let wait = i64::try_from(wait.as_millis()).unwrap();
    let after = Timestamp::now().as_millisecond() + wait - end_of_lease;
    assert!((1_000..4_000).contains(&after), "{after} ms after the end of the lease");
}
