//! The records in `DynamoDB`, in the table of expectations: each hour is one partition.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_types::SdkConfig;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::infra::aws::ServiceError;
use crate::infra::dynamodb::{Attributes, SERVICE, client, number, text};
use crate::summary::Day;
use crate::summary::aggregate::Aggregate;
use crate::summary::record::Record;
use crate::summary::schedule::{Period, hour_of};

/// A record is read again with the period of a week later.
const KEPT: SignedDuration = SignedDuration::from_hours(9 * 24);

const PK: &str = "pk";
const SK: &str = "sk";
const RECORD: &str = "record";
/// The table's time to live, in seconds since 1970 (template.yaml).
const EXPIRES: &str = "expires";
/// The item of which there is one in the table.
const SUMMARY: &str = "summary";

/// One table.
#[derive(Debug)]
pub struct Records {
    client: Client,
    name: String,
}

/// How far the summaries are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The end of the last period whose summary the queue has.
    pub until: Timestamp,
    /// Since when events are recorded.
    pub recorded_since: Timestamp,
}

impl Records {
    /// Keeps its items in the table of this name.
    pub fn in_table(aws: &SdkConfig, name: &str) -> Self {
        Self { client: client(aws), name: name.to_owned() }
    }

    /// Records an event, unless that is done.
    pub async fn put(&self, record: &Record) -> Result<(), ServiceError> {
        let item = Attributes::from([
            (PK.to_owned(), text(&hour_key(hour_of(record.received_at)))),
            (SK.to_owned(), text(&record.key)),
            (RECORD.to_owned(), text(&stored(record))),
            (EXPIRES.to_owned(), number((record.received_at + KEPT).as_second())),
        ]);
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#pk)")
            .expression_attribute_names("#pk", PK);
        let Err(error) = put.send().await else { return Ok(()) };
        let is_done = PutItemError::is_conditional_check_failed_exception;
        if error.as_service_error().is_some_and(is_done) {
            return Ok(());
        }
        Err(ServiceError::new(SERVICE, &error))
    }

    /// The numbers of a period. What cannot be read is of a later deployment, and is left out.
    pub async fn day(&self, period: &Period) -> Result<Day, ServiceError> {
        let mut day = Aggregate::default();
        for hour in period.hours() {
            let query = self
                .client
                .query()
                .table_name(&self.name)
                .consistent_read(true)
                .key_condition_expression("#pk = :pk")
                .expression_attribute_names("#pk", PK)
                .expression_attribute_values(":pk", text(&hour_key(hour)));
            let mut start = None;
            loop {
                let page = query.clone().set_exclusive_start_key(start).send().await;
                let page = page.map_err(|error| ServiceError::new(SERVICE, &error))?;
                let records = page.items().iter().filter_map(|item| read(item, RECORD).ok());
                let records = records.filter(|record: &Record| period.has(record.received_at));
                records.for_each(|record| day.add(record));
                start = page.last_evaluated_key;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(day.finish())
    }

    /// `None` in a new table.
    pub async fn progress(&self) -> Result<Option<Progress>, ServiceError> {
        let get = self.client.get_item().table_name(&self.name).consistent_read(true);
        let response = get.key(PK, text(SUMMARY)).key(SK, text(SUMMARY)).send().await;
        let response = response.map_err(|error| ServiceError::new(SERVICE, &error))?;
        response.item().map(|attributes| read(attributes, SUMMARY)).transpose()
    }

    pub async fn set_progress(&self, progress: &Progress) -> Result<(), ServiceError> {
        let item = Attributes::from([
            (PK.to_owned(), text(SUMMARY)),
            (SK.to_owned(), text(SUMMARY)),
            (SUMMARY.to_owned(), text(&stored(progress))),
        ]);
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
        put.send().await.map(drop).map_err(|error| ServiceError::new(SERVICE, &error))
    }
}

fn hour_key(hour: i64) -> String {
    format!("hour#{hour}")
}

fn stored(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("what is stored has only text keys")
}

fn read<T: DeserializeOwned>(attributes: &Attributes, name: &str) -> Result<T, ServiceError> {
    let value = attributes.get(name).and_then(|value| value.as_s().ok());
    let value = value.and_then(|value| serde_json::from_str(value).ok());
    value.ok_or(ServiceError::unreadable(SERVICE))
}
