//! Orders on their way: what senders send, and what the channel was told in the end.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use order_alerts_fakes::{FakeDynamoDb, FakeSqs, Invocation, Outcome, Posted, RuntimeApi, Webhook};
use serde_json::{Value, json};

use crate::support::world::{World, key, now};

/// Longer than anything takes that works.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);
/// Longer than a message stays away, whatever became of it.
pub(crate) const LONGEST_ABSENCE: Duration = Duration::from_mins(16);

/// An event of one's own order system, with the name that the sender gives it.
pub(crate) fn named(id: &str, body: &Value) -> Webhook {
    Webhook::post("/webhook").body(body.to_string()).signed_standard(&key("generic"), id, now())
}

/// News of this type about the order of this number, which comes to as many thousand won.
pub(crate) fn news(event_type: &str, number: u32) -> Webhook {
    let order = json!({
        "event_type": event_type, "order_id": number, "order_number": format!("#{number}"),
        "total": number * 1_000, "currency": "KRW",
    });
    named(&format!("{event_type}-{number}"), &order)
}

pub(crate) fn cancellation(number: u32) -> Webhook {
    news("order_cancelled", number)
}

pub(crate) fn creation(number: u32) -> Webhook {
    news("order_created", number)
}

pub(crate) fn woocommerce(topic: &str, order: &Value) -> Webhook {
    Webhook::post("/webhook/woocommerce")
        .header("x-wc-webhook-topic", topic)
        .header("x-wc-webhook-source", "https://tea.example/")
        .body(order.to_string())
        .signed_woocommerce(&key("woocommerce"))
}

pub(crate) fn standard(id: &str, body: &Value) -> Webhook {
    Webhook::post("/webhook/standard").body(body.to_string()).signed_standard(
        &key("standard"),
        id,
        now(),
    )
}

impl World {
    /// Sends webhooks, one after the other, and each is taken.
    pub(crate) async fn accept(&self, webhooks: impl IntoIterator<Item = Webhook>) {
        for webhook in webhooks {
            let answer = self.send(&webhook).await;
            assert_eq!(answer.status, 200, "{}: {:#?}", answer.body, self.function.logs());
        }
    }

    /// Lets the function have all that waits in the queue, whenever it was due.
    pub(crate) async fn consume_the_rest(&self) {
        self.sqs.advance(LONGEST_ABSENCE);
        while consume(&self.sqs, &self.lambda).await.is_some() {}
    }

    /// Takes the one message out of the queue.
    pub(crate) fn take_envelope(&self) -> Value {
        let batch = self.sqs.batch(10).unwrap();
        let event = batch.event();
        batch.settle(&Outcome::Answered(Value::Null));
        assert_eq!(self.sqs.messages(), []);
        serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap()
    }

    /// The headline of each message, in the order of the posts.
    pub(crate) fn headlines(&self) -> Vec<String> {
        self.slack.messages().iter().map(headline).collect()
    }
}

/// Hands a sandbox what is visible in the queue, if there is anything.
pub(crate) async fn consume(sqs: &FakeSqs, lambda: &RuntimeApi) -> Option<Invocation> {
    let batch = sqs.batch(10)?;
    let invocation = lambda.invoke(batch.event().to_string()).await;
    batch.settle(&invocation.outcome);
    Some(invocation)
}

pub(crate) fn headline(message: &Posted) -> String {
    message.rendered().lines().next().unwrap_or_default().to_owned()
}

/// The numbers of the orders that a message names, whether in its text or in its blocks.
pub(crate) fn numbers(message: &Posted) -> BTreeSet<u32> {
    let shown = format!("{}\n{}", message.text(), message.rendered());
    let digits = |rest: &str| rest.split(|c: char| !c.is_ascii_digit()).next().map(str::to_owned);
    shown.split('#').skip(1).filter_map(|rest| digits(rest)?.parse().ok()).collect()
}

/// The numbers that all messages name, again for every further message that names one.
pub(crate) fn all_numbers(messages: &[Posted]) -> Vec<u32> {
    let mut all: Vec<_> = messages.iter().flat_map(numbers).collect();
    all.sort_unstable();
    all
}

/// Changes all items of the ledger, as time or another deployment would.
pub(crate) fn change_items(ledger: &FakeDynamoDb, change: impl Fn(&mut Value)) {
    for (key, mut item) in ledger.items() {
        change(&mut item);
        ledger.put(&key, &item);
    }
}

/// Lets every lease end without a word of its owner.
pub(crate) fn end_leases(ledger: &FakeDynamoDb) {
    let over = Timestamp::now().as_millisecond() - 1;
    change_items(ledger, |item| {
        if item["leased_until"] != 0 {
            item["leased_until"] = json!(over);
        }
    });
}

/// When the last lease ends, in Unix milliseconds; zero when there is none.
pub(crate) fn end_of_lease(ledger: &FakeDynamoDb) -> i64 {
    let items = ledger.items();
    items.values().filter_map(|item| item["leased_until"].as_i64()).max().unwrap_or_default()
}

/// Holds when `wait` from now is over a second after the end of a lease, in whole seconds.
#[track_caller]
pub(crate) fn assert_ends_after_lease(wait: Duration, end_of_lease: i64) {
    let wait = i64::try_from(wait.as_millis()).unwrap();
    let after = Timestamp::now().as_millisecond() + wait - end_of_lease;
    assert!((1_000..4_000).contains(&after), "{after} ms after the end of the lease");
}
