//! The summary of a day that is made up, by the stack's own schedule.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::channel::Channel;
use crate::world::World;

/// A tick comes once a minute.
const SOON: Duration = Duration::from_secs(90);
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// At the hour that is farthest from now, so that no day ends while the test runs.
pub(crate) fn parameter() -> String {
    format!("SummaryHour={}", hour())
}

fn hour() -> i8 {
    (Timestamp::now().to_zoned(TimeZone::UTC).hour() + 12) % 24
}

/// When the last day ended.
fn ended() -> Timestamp {
    let now = Timestamp::now().to_zoned(TimeZone::UTC);
    let today = now.date().at(hour(), 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let a_day = SignedDuration::from_hours(24);
    if today > now.timestamp() { today - a_day } else { today }
}

pub(crate) async fn a_made_day_is_summed_up_to_the_digit(world: &World) {
    let channel = Channel::from_now(&world.slack);
    let table = world.name_of("ExpectTable").await;
    let (day, week) = (SignedDuration::from_hours(24), SignedDuration::from_hours(7 * 24));
    let afternoon = ended() - SignedDuration::from_hours(3);
    for record in [
        record("1", "created", afternoon, ("100.10", "USD"), None),
        record("2", "created", afternoon, ("5000", "KRW"), None),
        record("3", "created", afternoon, ("0.20", "USD"), None),
        record("4", "created", afternoon, ("1", "USD"), None),
        record("5", "cancelled", afternoon, ("20.05", "USD"), Some("customer")),
        record("6", "created", afternoon - week, ("7", "USD"), None),
        record("7", "created", afternoon - day, ("999", "USD"), None),
    ] {
        world.put_item(&table, &record).await;
    }
    the_last_day_is_due(world, &table).await;

    let summary = summary(&channel).await;
    for part in [
        "4 orders, 1 cancelled",
        "New orders: 4 (+300 %",
        "USD 101.30",
        "KRW 5,000",
        "before: 1 order, none cancelled · USD 7.00",
        "Cancelled: 1 (25.0 % of the new orders) · USD 20.05",
        "Reasons: customer request 1",
    ] {
        assert!(summary.contains(part), "{part}: {summary}");
    }
}

/// Events are recorded since long ago, and the summary of the day before the last was sent.
pub(crate) async fn the_last_day_is_due(world: &World, table: &str) {
    let (day, long_ago) = (SignedDuration::from_hours(24), SignedDuration::from_hours(14 * 24));
    let progress = json!({
        "until": (ended() - day).to_string(), "recorded_since": (ended() - long_ago).to_string(),
    });
    let progress = json!({
        "pk": {"S": "summary"}, "sk": {"S": "summary"}, "summary": {"S": progress.to_string()},
    });
    world.put_item(table, &progress).await;
}

/// As the function writes it.
fn record(
    key: &str,
    what: &str,
    received_at: Timestamp,
    (amount, currency): (&str, &str),
    reason: Option<&str>,
) -> Value {
    let record = json!({
        "key": key, "what": what, "received_at": received_at.to_string(), "took": "PT2S",
        "platform": "shopify", "reason": reason,
        "total": {"amount": {"exact": amount}, "currency": currency},
    });
    let hour = received_at.as_second().div_euclid(60 * 60);
    json!({
        "pk": {"S": format!("hour#{hour}")}, "sk": {"S": key}, "record": {"S": record.to_string()},
        "expires": {"N": (Timestamp::now().as_second() + 24 * 60 * 60).to_string()},
    })
}

async fn summary(channel: &Channel<'_>) -> String {
    let began = Instant::now();
    loop {
        let messages = channel.messages();
        let texts = messages.iter().map(|message| message.text().to_owned());
        if let Some(summary) = texts.into_iter().find(|text| text.starts_with("📊")) {
            return summary;
        }
        assert!(began.elapsed() < SOON, "there is no summary");
        sleep(LOOK_AGAIN).await;
    }
}
