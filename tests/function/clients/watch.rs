//! What orders wait for, in an emulated `DynamoDB` and with a clock that the test sets.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use order_alerts::infra::deadline::Deadline;
use order_alerts::infra::http_client::HttpClient;
use order_alerts::infra::transport::Transport;
use order_alerts::order::OrderEvent;
use order_alerts::queue::Queue;
use order_alerts::queue::envelope::unpack;
use order_alerts::queue::url::QueueUrl;
use order_alerts::rules::expectation::Expectations;
use order_alerts::watch::Watch;
use order_alerts::watch::waits::Warning;
use order_alerts_fakes::{AwsFault, FakeDynamoDb, FakeSqs};
use serde_json::json;

use crate::support::aws::sdk_config;

struct Watching {
    table: FakeDynamoDb,
    sqs: FakeSqs,
    watch: Watch,
    queue: Queue,
    expectations: Expectations,
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + minutes * 60).unwrap()
}

/// The time that an invocation of this minute has.
fn during(minutes: i64) -> Deadline {
    Deadline::within(Duration::from_secs(25), at(minutes))
}

fn event(number: u32, kind: &str, status: &str, minute: i64) -> OrderEvent {
    let event = json!({
        "platform": "generic", "platform_name": "Order system", "kind": kind,
        "id": number.to_string(), "items": [], "more_items": 0, "is_test": false, "reopens": false,
        "status": status, "body_hash": format!("{number} {kind} {status} {minute}"),
        "occurred_at": at(minute).to_string(), "received_at": at(minute).to_string(),
    });
    serde_json::from_value(event).unwrap()
}

fn created(number: u32, minute: i64) -> OrderEvent {
    event(number, "created", "placed", minute)
}

impl Watching {
    async fn for_(expect: &str) -> Self {
        let (table, sqs) = (FakeDynamoDb::start().await, FakeSqs::start().await);
        let aws = sdk_config("AWS_ENDPOINT_URL_DYNAMODB", table.origin());
        let watch = Watch::in_table(&aws, table.expect_table_name());
        let http = Arc::new(HttpClient::over(Transport::new(None).unwrap()));
        let aws = sdk_config("AWS_ENDPOINT_URL_SQS", sqs.origin());
        let url = |url: String| QueueUrl::parse(&url).unwrap();
        let queue = Queue::new(&aws, &http, url(sqs.queue_url()), url(sqs.dead_letter_queue_url()));
        let (expectations, unreadable) = Expectations::parse(expect);
        assert_eq!(unreadable, []);
        Self { table, sqs, watch, queue, expectations }
    }

    async fn observe(&self, event: &OrderEvent) {
        let deadline = Deadline::within(Duration::from_secs(3), event.received_at);
        self.watch.observe(&self.expectations, &self.queue, event, deadline).await.unwrap();
    }

    async fn sweep(&self, minute: i64) -> usize {
        self.watch.sweep(&self.queue, during(minute)).await.unwrap()
    }

    /// The overdue orders in the queue, and for how many seconds they were hidden when they were sent.
    fn given(&self) -> BTreeSet<(String, u64)> {
        let messages = self.sqs.messages().into_iter();
        let given = messages.flat_map(|message| {
            let seconds = message.delay.as_secs();
            let events = unpack(&message.body).unwrap().orders().to_vec();
            events.into_iter().map(move |event| (event.id.unwrap().to_string(), seconds))
        });
        given.collect()
    }
}

fn order(number: u32, seconds: u64) -> (String, u64) {
    (number.to_string(), seconds)
}

#[tokio::test]
async fn the_queue_gets_what_is_due_soon_with_the_delay_until_then() {
    let watching = Watching::for_("created -> accepted in 10 min").await;
    watching.observe(&created(1, 0)).await;
    for minute in 0..=8 {
        assert_eq!(watching.sweep(minute).await, 0, "minute {minute}");
    }
    assert_eq!(watching.sweep(9).await, 1);
    assert_eq!(watching.given(), [order(1, 60)].into());
    assert_eq!(watching.sweep(10).await, 0, "it is in the queue");
}

#[tokio::test]
async fn what_is_due_at_once_needs_no_sweep() {
    let watching = Watching::for_("created -> accepted in 1 min").await;
    watching.observe(&created(1, 0)).await;
    assert_eq!(watching.given(), [order(1, 60)].into());
    assert_eq!(watching.sweep(0).await, 0);
}

#[tokio::test]
async fn nothing_is_forgotten_while_no_sweep_came() {
    let watching = Watching::for_("created -> accepted in 10 min").await;
    watching.sweep(0).await;
    for number in 1..=30 {
        watching.observe(&created(number, i64::from(number) / 3)).await;
    }
    // For a day nothing ran.
    assert_eq!(watching.sweep(24 * 60).await, 30, "pages are small");
    assert_eq!(watching.given().len(), 30);
    assert!(watching.given().iter().all(|(_, seconds)| *seconds == 0));
}

#[tokio::test]
async fn a_sweep_that_was_cut_short_is_gone_on_with() {
    let watching = Watching::for_("created -> accepted in 10 min").await;
    watching.sweep(0).await;
    watching.observe(&created(1, 5)).await;
    watching.sqs.script(
        "SendMessage",
        [AwsFault::error("InternalError", 500), AwsFault::error("InternalError", 500)],
    );
    assert!(watching.watch.sweep(&watching.queue, during(15)).await.is_err());
    assert_eq!(watching.given(), [].into());
    assert_eq!(watching.sweep(16).await, 1);
}

#[tokio::test]
async fn a_message_that_is_not_deleted_is_given_again() {
    let watching = Watching::for_("created -> accepted in 10 min").await;
    watching.observe(&created(1, 0)).await;
    let fault = || AwsFault::error("InternalServerError", 500);
    watching.table.script("DeleteItem", [fault(), fault()]);
    assert!(watching.watch.sweep(&watching.queue, during(9)).await.is_err());
    assert_eq!(watching.sweep(10).await, 1);
    assert_eq!(watching.sqs.messages().len(), 2, "the ledger knows that they are the same");
}

#[tokio::test]
async fn a_clock_that_is_behind_puts_nothing_where_no_one_looks() {
    let watching = Watching::for_("created -> accepted in 4 min").await;
    // Another sandbox is two minutes ahead.
    watching.sweep(2).await;
    watching.sweep(5).await;
    watching.observe(&created(1, 0)).await;
    assert_eq!(watching.sweep(6).await, 1);
}

#[tokio::test]
async fn a_step_takes_its_warning_out_of_the_table() {
    let watching = Watching::for_("created -> accepted in 10 min").await;
    watching.observe(&created(1, 0)).await;
    assert_eq!(watching.table.expected().len(), 2);
    watching.observe(&event(1, "modified", "accepted", 3)).await;
    let left: Vec<_> = watching.table.expected().into_keys().collect();
    assert_eq!(left, ["order#generic##1 waits"]);
    assert_eq!(watching.sweep(9).await, 0);
}

#[tokio::test]
async fn a_step_after_its_time_is_given_to_the_queue_each_time_that_it_is_sent() {
    let watching = Watching::for_("created -> accepted in 10 min").await;
    watching.observe(&created(1, 0)).await;
    let accepted = event(1, "modified", "accepted", 12);
    for _ in 0..2 {
        watching.observe(&accepted).await;
    }
    assert_eq!(watching.sqs.messages().len(), 2);
    let overdue = event(1, "created", "placed", 0);
    let warning = watching.watch.ask(&overdue, false, at(12)).await.unwrap();
    assert_eq!(warning, Warning::IsOver);
}

#[tokio::test]
async fn two_events_of_an_order_at_once_are_both_known() {
    let watching =
        Watching::for_("created -> accepted in 10 min; created -> ready in 20 min").await;
    watching.observe(&created(1, 0)).await;
    watching.table.fail_with("PutItem", AwsFault::Slow(Duration::from_millis(100)));
    let (accepted, ready) = (event(1, "modified", "accepted", 3), event(1, "modified", "ready", 3));
    tokio::join!(watching.observe(&accepted), watching.observe(&ready));
    watching.table.recover();
    assert_eq!(watching.table.expected().len(), 1, "both warnings are gone");
    assert_eq!(watching.sweep(30).await, 0);
}

#[tokio::test]
async fn a_write_whose_response_was_lost_is_done_once() {
    let watching = Watching::for_("created -> accepted in 10 min").await;
    watching.observe(&created(1, 0)).await;
    watching.table.script("PutItem", [AwsFault::Reset.done_then()]);
    watching.observe(&event(1, "modified", "accepted", 3)).await;
    let waits = watching.table.expected();
    assert_eq!(waits["order#generic##1 waits"]["version"], 2);
}

#[tokio::test]
async fn items_expire_long_after_their_time() {
    let watching = Watching::for_("created -> accepted in 10 min").await;
    watching.observe(&created(1, 0)).await;
    let fourteen_days = at(10) + SignedDuration::from_hours(14 * 24);
    for (key, item) in watching.table.expected() {
        assert_eq!(item["expires"], fourteen_days.as_second(), "{key}");
    }
}
