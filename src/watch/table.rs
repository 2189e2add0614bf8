//! The table of expectations in `DynamoDB`: what each order waits for, and what is due in each minute.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use aws_types::SdkConfig;
use jiff::{SignedDuration, Timestamp};

use crate::infra::aws::ServiceError;
use crate::infra::dynamodb::{Attributes, SERVICE, client, number, text};
use crate::watch::waits::Waits;

/// What is due is kept so much longer: a queue keeps its messages no longer either.
const KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);

const PK: &str = "pk";
const SK: &str = "sk";
const VERSION: &str = "version";
const WAITS: &str = "waits";
const MESSAGE: &str = "message";
const DUE: &str = "due";
const MINUTE: &str = "minute";
/// The table's time to live, in seconds since 1970 (template.yaml).
const EXPIRES: &str = "expires";
/// The item of which there is one in the table.
const CURSOR: &str = "cursor";

/// One table.
#[derive(Debug)]
pub(super) struct Table {
    client: Client,
    name: String,
}

/// The waits of an order, as they were read; version 0 is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stored {
    pub(super) version: i64,
    pub(super) waits: Waits,
}

/// What became of a conditional write.
pub(super) enum Put {
    Written,
    /// Another invocation changed the item; this is what it is now.
    Found(Stored),
}

/// A message of a minute, and when it is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) minute: i64,
    /// Which wait it is of.
    pub(super) wait: String,
    pub(super) at: Timestamp,
    /// The queue message.
    pub(super) message: String,
}

impl Table {
    pub(super) fn new(aws: &SdkConfig, name: &str) -> Self {
        Self { client: client(aws), name: name.to_owned() }
    }

    /// The waits of an order.
    pub(super) async fn waits(&self, order: &str) -> Result<Stored, ServiceError> {
        match self.read(order, WAITS).await? {
            Some(attributes) => stored(&attributes),
            None => Ok(Stored::default()),
        }
    }

    /// Writes the waits of an order, if they still are as they were read.
    pub(super) async fn put_waits(
        &self,
        order: &str,
        found: i64,
        waits: &Waits,
        now: Timestamp,
    ) -> Result<Put, ServiceError> {
        let expires = waits.last_due().unwrap_or(now).max(now) + KEPT;
        let text_of = serde_json::to_string(waits).expect("waits have only text keys");
        let item = Attributes::from([
            (PK.to_owned(), text(order)),
            (SK.to_owned(), text(WAITS)),
            (VERSION.to_owned(), number(found + 1)),
            (WAITS.to_owned(), text(&text_of)),
            (EXPIRES.to_owned(), number(expires.as_second())),
        ]);
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = if found == 0 {
            put.condition_expression("attribute_not_exists(#pk)")
                .expression_attribute_names("#pk", PK)
        } else {
            put.condition_expression("#version = :version")
                .expression_attribute_names("#version", VERSION)
                .expression_attribute_values(":version", number(found))
        };
        let Err(error) = put.send().await else { return Ok(Put::Written) };
        let Some(PutItemError::ConditionalCheckFailedException(changed)) = error.as_service_error()
        else {
            return Err(ServiceError::new(SERVICE, &error));
        };
        let found = changed.item().map_or_else(|| Ok(Stored::default()), stored)?;
        // The SDK retries a call whose response was lost; then the item is already this one.
        Ok(if found.waits == *waits { Put::Written } else { Put::Found(found) })
    }

    /// Keeps a message for the minute that it is due in.
    pub(super) async fn put_due(&self, due: &Due) -> Result<(), ServiceError> {
        let item = Attributes::from([
            (PK.to_owned(), text(&minute_key(due.minute))),
            (SK.to_owned(), text(&due.wait)),
            (DUE.to_owned(), number(due.at.as_millisecond())),
            (MESSAGE.to_owned(), text(&due.message)),
            (EXPIRES.to_owned(), number((due.at + KEPT).as_second())),
        ]);
        self.put(item).await
    }

    /// The messages of a minute, at most as many as one call returns (a megabyte).
    pub(super) async fn due(&self, minute: i64) -> Result<Vec<Due>, ServiceError> {
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("#pk = :pk")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_values(":pk", text(&minute_key(minute)));
        let response = query.send().await.map_err(|error| ServiceError::new(SERVICE, &error))?;
        let due = |attributes: &Attributes| {
            Some(Due {
                minute,
                wait: attributes.get(SK)?.as_s().ok()?.clone(),
                at: Timestamp::from_millisecond(integer(attributes, DUE)?).ok()?,
                message: attributes.get(MESSAGE)?.as_s().ok()?.clone(),
            })
        };
        let read = |attributes| due(attributes).ok_or(ServiceError::unreadable(SERVICE));
        response.items().iter().map(read).collect()
    }

    /// Forgets a message of a minute, if it is there.
    pub(super) async fn delete_due(&self, minute: i64, wait: &str) -> Result<(), ServiceError> {
        let delete = self.client.delete_item().table_name(&self.name);
        let delete = delete.key(PK, text(&minute_key(minute))).key(SK, text(wait));
        delete.send().await.map(drop).map_err(|error| ServiceError::new(SERVICE, &error))
    }

    /// Up to which minute all messages are in the queue.
    pub(super) async fn cursor(&self) -> Result<Option<i64>, ServiceError> {
        let item = self.read(CURSOR, CURSOR).await?;
        Ok(item.and_then(|attributes| integer(&attributes, MINUTE)))
    }

    pub(super) async fn set_cursor(&self, minute: i64) -> Result<(), ServiceError> {
        let item = Attributes::from([
            (PK.to_owned(), text(CURSOR)),
            (SK.to_owned(), text(CURSOR)),
            (MINUTE.to_owned(), number(minute)),
        ]);
        self.put(item).await
    }

    async fn read(&self, pk: &str, sk: &str) -> Result<Option<Attributes>, ServiceError> {
        let get = self.client.get_item().table_name(&self.name).consistent_read(true);
        let response = get.key(PK, text(pk)).key(SK, text(sk)).send().await;
        Ok(response.map_err(|error| ServiceError::new(SERVICE, &error))?.item)
    }

    async fn put(&self, item: Attributes) -> Result<(), ServiceError> {
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
        put.send().await.map(drop).map_err(|error| ServiceError::new(SERVICE, &error))
    }
}

/// What is due in one minute is in one partition.
fn minute_key(minute: i64) -> String {
    format!("due#{minute}")
}

fn stored(attributes: &Attributes) -> Result<Stored, ServiceError> {
    let stored = || {
        let waits = attributes.get(WAITS)?.as_s().ok()?;
        let waits = serde_json::from_str(waits).ok()?;
        Some(Stored { version: integer(attributes, VERSION)?, waits })
    };
    stored().ok_or(ServiceError::unreadable(SERVICE))
}

fn integer(attributes: &Attributes, name: &str) -> Option<i64> {
    attributes.get(name)?.as_n().ok()?.parse().ok()
}
