//! The daily summary: each event is recorded once, and a day becomes one message.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use order_alerts::summary::schedule::{Hour, Period, Schedule};
use order_alerts_fakes::{AwsFault, EVERY_OPERATION, FakeSlack, Fault, Webhook};
use serde_json::{Value, json};

use crate::support::webhooks::named;
use crate::support::world::{Way, World};

/// Half a day from now, so that no period ends while a test runs.
fn hour() -> i8 {
    (Timestamp::now().to_zoned(TimeZone::UTC).hour() + 12) % 24
}

async fn summing_up(settings: &[(&str, &str)]) -> World {
    World::queued(&[&[("SUMMARY_HOUR", hour().to_string().as_str())], settings].concat()).await
}

fn schedule() -> Schedule {
    Schedule::new(Hour::new(hour()).unwrap(), TimeZone::UTC)
}

async fn tick(world: &World) {
    let tick = json!({"source": "aws.events", "detail-type": "Scheduled Event"}).to_string();
    assert_eq!(world.lambda.invoke(tick).await.answer(), Value::Null);
}

fn order(event_type: &str, number: u32, fields: &Value) -> Webhook {
    let mut body = json!({"event_type": event_type, "order_id": number});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    named(&format!("{event_type}-{number}"), &body)
}

fn created(number: u32) -> Webhook {
    order("order_created", number, &json!({"total": "23.50", "currency": "USD"}))
}

fn cancelled(number: u32) -> Webhook {
    let reason = json!({"total": "23.50", "currency": "USD", "reason": "customer"});
    order("order_cancelled", number, &reason)
}

/// What is recorded.
fn records(world: &World) -> Vec<Value> {
    let items = world.ledger.expected().into_iter().filter(|(key, _)| key.starts_with("hour#"));
    let record = |item: Value| serde_json::from_str(item["record"].as_str().unwrap()).unwrap();
    items.map(|(_, item)| record(item)).collect()
}

fn kinds(world: &World) -> Vec<String> {
    let mut kinds: Vec<_> =
        records(world).iter().map(|one| one["what"].as_str().unwrap().to_owned()).collect();
    kinds.sort();
    kinds
}

/// Records an event as if it had been posted within this period.
fn record(world: &World, key: &str, at: Timestamp, fields: &Value) {
    let mut record = json!({
        "key": key, "what": "created", "received_at": at.to_string(), "took": "PT2S",
        "platform": "generic", "total": {"amount": {"exact": "23.50"}, "currency": "USD"},
        "reason": null,
    });
    record.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let hour = format!("hour#{}", at.as_second() / 3600);
    world.ledger.put_expected(&hour, key, &json!({"record": record.to_string()}));
}

/// Summaries were sent up to this moment, and events recorded since long ago.
fn summed_up_until(world: &World, until: Timestamp, recorded_since: Timestamp) {
    let progress = json!({
        "until": until.to_string(), "recorded_since": recorded_since.to_string(),
    });
    let item = json!({"summary": progress.to_string()});
    world.ledger.put_expected("summary", "summary", &item);
}

const LONG_AGO: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The day that is due, of which the last summary knows nothing.
fn due(world: &World) -> Period {
    let now = Timestamp::now();
    let period = schedule().last(now);
    summed_up_until(world, period.began, now - LONG_AGO);
    period
}

fn texts(world: &World) -> Vec<String> {
    world.slack.messages().iter().map(|message| message.text().to_owned()).collect()
}

#[tokio::test]
async fn orders_are_recorded_as_they_were_sent_and_how_long_they_took() {
    let world = summing_up(&[("SHOW_CREATED", "each")]).await;
    world.accept([created(1), cancelled(2)]).await;
    world.consume_the_rest().await;
    let mut records = records(&world);
    records.sort_by_key(|record| record["what"].to_string());
    let [cancelled, created] = &records[..] else { panic!("{records:#?}") };
    assert_eq!((&created["what"], &cancelled["what"]), (&json!("created"), &json!("cancelled")));
    let amount = json!({"amount": {"exact": "23.50"}, "currency": "USD"});
    assert_eq!((&created["total"], &cancelled["total"]), (&amount, &amount));
    assert_eq!((&created["reason"], &cancelled["reason"]), (&Value::Null, &json!("customer")));
    for record in &records {
        assert!(record["took"].as_str().unwrap().starts_with("PT"), "{record}");
    }
}

#[tokio::test]
async fn a_webhook_that_is_sent_twice_is_recorded_once() {
    let world = summing_up(&[("SHOW_CREATED", "each")]).await;
    for _ in 0..2 {
        world.accept([created(1), cancelled(2)]).await;
        world.consume_the_rest().await;
    }
    assert_eq!(kinds(&world), ["cancelled", "created"]);
}

#[tokio::test]
async fn without_the_ledger_it_is_recorded_once_as_well() {
    let world = summing_up(&[("SHOW_CREATED", "each"), ("LEDGER_TABLE", "")]).await;
    world.accept([created(1)]).await;
    world.consume_the_rest().await;
    let first = records(&world);
    world.accept([created(1)]).await;
    world.consume_the_rest().await;
    assert_eq!(world.slack.messages().len(), 2);
    assert_eq!((kinds(&world), records(&world)), (vec!["created".to_owned()], first));
}

#[tokio::test]
async fn an_order_that_slack_did_not_take_is_recorded_when_it_does() {
    let world = summing_up(&[("SHOW_CREATED", "each")]).await;
    world.slack.down(Fault::answer(500, "rollup_error"));
    world.accept([created(1)]).await;
    world.consume().await;
    assert_eq!(kinds(&world), [""; 0]);
    world.slack.up();
    world.consume_the_rest().await;
    assert_eq!(kinds(&world), ["created"]);
}

#[tokio::test]
async fn what_is_switched_off_is_recorded_and_took_no_time() {
    let world = summing_up(&[("SHOW_CREATED", "off")]).await;
    world.accept([created(1)]).await;
    world.consume_the_rest().await;
    assert_eq!(texts(&world), [""; 0]);
    assert_eq!(records(&world)[0]["took"], Value::Null);
}

#[tokio::test]
async fn the_orders_of_a_digest_are_recorded_one_by_one() {
    let world = summing_up(&[]).await;
    world.accept((1..=12).map(created)).await;
    world.consume_the_rest().await;
    assert_eq!(kinds(&world), ["created"; 12]);
}

#[tokio::test]
async fn tests_and_changes_are_not_recorded() {
    let world = summing_up(&[]).await;
    let test = order("order_created", 1, &json!({"test": true}));
    world.accept([test, order("order_modified", 2, &json!({"status": "paid"}))]).await;
    world.consume_the_rest().await;
    assert_eq!(kinds(&world), [""; 0]);
}

/// An event of order 7, so many minutes after a time that is an hour ago.
fn of_order_7(event_type: &str, minute: i64, total: &str) -> Webhook {
    let hour_ago = Timestamp::now() - SignedDuration::from_hours(1);
    let status = if event_type == "order_cancelled" { "cancelled" } else { "processing" };
    let body = json!({
        "event_type": event_type, "order_id": 7, "total": total, "currency": "USD", "status": status,
        "occurred_at": (hour_ago + SignedDuration::from_mins(minute)).to_string(),
    });
    named(&format!("{event_type}-{minute}-{total}"), &body)
}

#[tokio::test]
async fn an_order_that_is_cancelled_before_its_digest_is_an_order_all_the_same() {
    let world = summing_up(&[]).await;
    world
        .accept([of_order_7("order_created", 1, "5"), of_order_7("order_cancelled", 2, "5")])
        .await;
    world.consume().await;
    world.consume_the_rest().await;
    assert_eq!(world.slack.messages().len(), 1, "the cancellation alone");
    assert_eq!(kinds(&world), ["cancelled", "created"]);
}

#[tokio::test]
async fn an_event_is_recorded_as_what_the_channel_takes_it_for() {
    let events = [
        of_order_7("order_created", 1, "5"),
        of_order_7("order_created", 2, "6"),
        of_order_7("order_cancelled", 3, "6"),
        of_order_7("order_cancelled", 4, "7"),
        of_order_7("order_created", 3, "8"),
        of_order_7("order_modified", 5, "6"),
        of_order_7("order_cancelled", 6, "6"),
    ];
    let each = [("SHOW_CREATED", "each"), ("SHOW_MODIFIED", "each")];
    let world = summing_up(&each).await;
    for event in events {
        world.accept([event]).await;
        world.consume_the_rest().await;
    }
    let headlines = world.headlines();
    assert!(headlines[3].starts_with("♻️"), "{headlines:?}");
    assert_eq!(kinds(&world), ["cancelled", "cancelled", "created"]);
}

#[tokio::test]
async fn a_sender_that_gives_every_event_the_same_id_has_each_recorded() {
    let world = summing_up(&[]).await;
    for number in 1..=2 {
        let body = json!({"event_type": "order_cancelled", "order_id": number});
        world.accept([named("always-the-same", &body)]).await;
        world.consume_the_rest().await;
    }
    assert_eq!(kinds(&world), ["cancelled", "cancelled"]);
}

#[tokio::test]
async fn an_overdue_step_is_recorded() {
    let expect = [("EXPECT", "created -> accepted in 4 min"), ("SHOW_CREATED", "off")];
    let world = summing_up(&expect).await;
    let long_ago = Timestamp::now() - SignedDuration::from_mins(10);
    let fields = json!({"occurred_at": long_ago.to_string()});
    world.accept([order("order_created", 1, &fields)]).await;
    world.consume_the_rest().await;
    assert_eq!(kinds(&world), ["created", "overdue"]);
}

#[tokio::test]
async fn a_table_that_does_not_answer_keeps_no_order_from_its_channel() {
    let world = summing_up(&[("SHOW_CREATED", "each")]).await;
    world.accept([created(1)]).await;
    world.ledger.fail_with(EVERY_OPERATION, AwsFault::error("InternalServerError", 500));
    world.consume_the_rest().await;
    assert_eq!(world.slack.messages().len(), 1);
    world.assert_queues_are_empty();
    world.function.logged("not recorded: the daily summary will not count them").await;
}

#[tokio::test]
async fn without_a_summary_no_table_is_asked() {
    let world = World::queued(&[("SHOW_CREATED", "each")]).await;
    world.accept([created(1)]).await;
    world.consume_the_rest().await;
    tick(&world).await;
    let table = world.ledger.expect_table_name();
    let calls = world.ledger.calls();
    assert!(calls.iter().all(|(_, call)| call["TableName"] != table), "{calls:#?}");
}

#[tokio::test]
async fn a_day_becomes_one_message_in_the_monitoring_channel() {
    let hour = hour().to_string();
    let world = World::with_monitoring(Way::Queue, FakeSlack::other_hook_url).await;
    let world = world.restarted(Way::Queue, &[("SUMMARY_HOUR", hour.as_str())]).await;
    let period = due(&world);
    let before = schedule().week_before(&period);
    let second = SignedDuration::from_secs(1);
    // More than one page of an hour, and both ends of the day.
    for number in 0..25 {
        record(&world, &format!("of-{number}"), period.began, &json!({}));
    }
    let last = period.ended - second;
    let won = json!({"amount": {"exact": "50000"}, "currency": "KRW"});
    record(&world, "last", last, &json!({"total": won, "took": "PT6M"}));
    let cancelled = json!({"what": "cancelled", "reason": "customer", "took": "PT3S"});
    record(&world, "cancelled", last, &cancelled);
    record(&world, "unpaid", last, &json!({"what": "cancelled-unpaid"}));
    record(&world, "overdue", last, &json!({"what": "overdue", "took": null}));
    record(&world, "too-early", period.began - second, &json!({}));
    record(&world, "too-late", period.ended, &json!({}));
    for number in 0..20 {
        record(&world, &format!("before-{number}"), before.began, &json!({}));
    }
    record(&world, "before-too-late", before.ended, &json!({}));
    world.sqs.send(r#"{"version":99}"#);

    tick(&world).await;
    tick(&world).await;
    assert_eq!(world.sqs.messages().len(), 2);
    world.consume().await;
    let messages = world.slack.messages();
    let [message] = &messages[..] else { panic!("{messages:#?}") };
    assert_eq!(message.hook, world.slack.other_hook_url());
    let text = message.text();
    let (day, facts) = text.split_once(" · ").unwrap();
    let weekday = period.day.strftime("%A");
    let date = period.day.strftime("%A %-d %B");
    let until = period.until.map(|hour| format!(" until {hour}:00")).unwrap_or_default();
    assert_eq!(day, format!("📊 {date}{until}: 26 orders, 1 cancelled"));
    let expected = [
        format!("New orders: 26 (+30 % on the {weekday} before) · KRW 50,000 + USD 587.50"),
        format!("The {weekday} before: 20 orders, none cancelled · USD 470.00"),
        "Cancelled: 1 (3.8 % of the new orders) · USD 23.50".to_owned(),
        "Reasons: customer request 1".to_owned(),
        "Cancelled, never paid: 1".to_owned(),
        "Steps overdue: 1".to_owned(),
        "Messages took 2 s (half of them), 3 s (95 of 100), 6 min (the slowest); \
         1 took more than 5 min"
            .to_owned(),
        "Waiting in the queue now: 1 message".to_owned(),
    ];
    assert_eq!(facts, expected.join(" · "));
}

#[tokio::test]
async fn two_ticks_that_both_sum_up_a_day_make_one_message() {
    let world = summing_up(&[]).await;
    let period = due(&world);
    record(&world, "one", period.began, &json!({}));
    for _ in 0..2 {
        tick(&world).await;
        // As if the first tick had ended before it could note that.
        due(&world);
    }
    assert_eq!(world.sqs.messages().len(), 2);
    world.consume_the_rest().await;
    assert_eq!(texts(&world).len(), 1);
}

#[tokio::test]
async fn after_an_outage_only_the_last_day_is_summed_up() {
    let world = summing_up(&[]).await;
    let period = due(&world);
    let days_ago = period.began - SignedDuration::from_hours(5 * 24);
    summed_up_until(&world, days_ago, days_ago - LONG_AGO);
    tick(&world).await;
    tick(&world).await;
    world.consume_the_rest().await;
    assert_eq!(texts(&world).len(), 1);
}

#[tokio::test]
async fn a_new_stack_sums_up_nothing_and_then_says_since_when_it_counts() {
    let world = summing_up(&[]).await;
    tick(&world).await;
    tick(&world).await;
    assert_eq!(world.sqs.messages(), []);

    let period = schedule().last(Timestamp::now());
    let since = period.began + SignedDuration::from_hours(3);
    summed_up_until(&world, period.began, since);
    record(&world, "one", since, &json!({}));
    let before = schedule().week_before(&period);
    record(&world, "before", before.began, &json!({}));
    tick(&world).await;
    world.consume_the_rest().await;
    let text = texts(&world).remove(0);
    let counted = format!("Counted only since {}", since.strftime("%Y-%m-%d %H:%M UTC"));
    assert!(text.contains(&counted) && !text.contains("before"), "{text}");
}

#[tokio::test]
async fn a_day_that_cannot_be_summed_up_now_is_summed_up_by_the_next_tick() {
    let world = summing_up(&[]).await;
    due(&world);
    for operation in ["GetItem", "Query"] {
        world.ledger.fail_with(operation, AwsFault::error("InternalServerError", 500));
        tick(&world).await;
        world.ledger.recover();
    }
    world.sqs.fail_with("SendMessage", AwsFault::error("InternalFailure", 500));
    tick(&world).await;
    world.sqs.recover();
    assert_eq!(world.sqs.messages(), []);
    world.sqs.fail_with("GetQueueAttributes", AwsFault::error("InternalFailure", 500));
    tick(&world).await;
    world.consume_the_rest().await;
    assert_eq!(texts(&world).len(), 1);
}

#[tokio::test]
async fn a_setting_that_cannot_be_read_is_left_out_and_logged() {
    let world = summing_up(&[("SUMMARY_TIME_ZONE", "Asia/Soul")]).await;
    world.function.logged("the name of a time zone such as `Europe/Berlin`").await;
    let world = world.restarted(Way::Direct, &[("SUMMARY_HOUR", "22")]).await;
    world.function.logged("empty unless DELIVERY is `queue`").await;
    let world = world.restarted(Way::Queue, &[("SUMMARY_HOUR", "24")]).await;
    world.function.logged("an hour from 0 to 23").await;
}
