//! When a day is summed up, in an emulated `DynamoDB` and with a clock that the test sets.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use order_alerts::app::App;
use order_alerts::config::Config;
use order_alerts::handlers::summary::tick;
use order_alerts::infra::deadline::Deadline;
use order_alerts::infra::http_client::HttpClient;
use order_alerts::infra::transport::Transport;
use order_alerts_fakes::{FakeDynamoDb, FakeSqs};
use serde_json::{Value, json};

struct Days {
    table: FakeDynamoDb,
    sqs: FakeSqs,
    app: App,
}

impl Days {
    async fn ending_at(hour: &str, zone: &str) -> Self {
        let (table, sqs) = (FakeDynamoDb::start().await, FakeSqs::start().await);
        let variables = [
            ("SECRET_ID", "none".to_owned()),
            ("QUEUE_URL", sqs.queue_url()),
            ("DEAD_LETTER_QUEUE_URL", sqs.dead_letter_queue_url()),
            ("EXPECT_TABLE", table.expect_table_name().to_owned()),
            ("SUMMARY_HOUR", hour.to_owned()),
            ("SUMMARY_TIME_ZONE", zone.to_owned()),
            ("DIGEST_SECONDS", "90".to_owned()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "fake".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "fake".to_owned()),
            ("AWS_ENDPOINT_URL_SQS", sqs.origin()),
            ("AWS_ENDPOINT_URL_DYNAMODB", table.origin()),
        ];
        let variable = move |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        };
        let config = Config::from_env(variable.clone()).unwrap();
        let http = Arc::new(HttpClient::over(Transport::new(None).unwrap()));
        let app = App::new(config, &http, variable).unwrap();
        Self { table, sqs, app }
    }

    async fn tick(&self, at: &str) {
        let at = at.parse().unwrap();
        tick(&self.app, Deadline::within(Duration::from_secs(25), at)).await;
    }

    fn record(&self, key: &str, at: &str) {
        let at: Timestamp = at.parse().unwrap();
        let record = json!({
            "key": key, "what": "created", "received_at": at, "took": null, "platform": "generic",
            "total": null, "reason": null,
        });
        let hour = format!("hour#{}", at.as_second() / 3600);
        self.table.put_expected(&hour, key, &json!({"record": record.to_string()}));
    }

    /// The days that were summed up, and how many orders they had.
    fn summed_up(&self) -> Vec<(String, u64)> {
        let messages = self.sqs.messages().into_iter();
        let summaries = messages.map(|message| {
            let Value::Object(mut message) = serde_json::from_str(&message.body).unwrap() else {
                panic!("no object")
            };
            let summary = message.remove("summary").unwrap();
            let day = summary["period"]["day"].as_str().unwrap().to_owned();
            (day, summary["day"]["created"]["orders"].as_u64().unwrap())
        });
        summaries.collect()
    }
}

#[tokio::test]
async fn a_day_is_summed_up_after_its_last_digest() {
    let days = Days::ending_at("22", "UTC").await;
    days.tick("2026-11-27T22:05:00Z").await;
    days.record("one", "2026-11-28T21:59:59Z");
    // The window of 90 seconds, its grace of two, and a minute.
    days.tick("2026-11-28T22:02:31Z").await;
    assert_eq!(days.summed_up(), []);
    days.tick("2026-11-28T22:02:32Z").await;
    assert_eq!(days.summed_up(), [("2026-11-28".to_owned(), 1)]);
}

#[tokio::test]
async fn the_days_of_a_zone_that_is_not_whole_hours_off_have_their_own_orders() {
    let days = Days::ending_at("0", "Asia/Kolkata").await;
    days.tick("2026-11-26T20:00:00Z").await;
    for at in ["2026-11-27T18:29:59Z", "2026-11-27T18:30:00Z", "2026-11-28T18:29:59Z"] {
        days.record(at, at);
    }
    days.tick("2026-11-27T18:40:00Z").await;
    days.tick("2026-11-28T18:40:00Z").await;
    assert_eq!(days.summed_up(), [("2026-11-27".to_owned(), 1), ("2026-11-28".to_owned(), 2)]);
}

#[tokio::test]
async fn when_the_clocks_change_no_order_is_counted_twice_or_left_out() {
    let days = Days::ending_at("0", "Europe/Berlin").await;
    days.tick("2026-10-24T23:00:00Z").await;
    for hour in 22..=48 {
        let at = format!("2026-10-{}T{:02}:30:00Z", 24 + hour / 24, hour % 24);
        days.record(&at, &at);
    }
    for day in ["2026-10-25T23:10:00Z", "2026-10-26T23:10:00Z"] {
        days.tick(day).await;
    }
    assert_eq!(days.summed_up(), [("2026-10-25".to_owned(), 25), ("2026-10-26".to_owned(), 2)]);
}
