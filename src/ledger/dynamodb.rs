//! The ledger's table in DynamoDB: items are read, and written if they have not changed.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use aws_types::SdkConfig;
use jiff::Timestamp;

use crate::infra::aws::ServiceError;
use crate::infra::dynamodb::{Attributes, SERVICE, client, number, text};
use crate::ledger::item::{Item, State};

/// One table.
#[derive(Debug)]
pub(super) struct Table {
    client: Client,
    name: String,
}

/// What an item must be for a write.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expected {
    Version(i64),
    /// There is no item.
    None,
    /// There is none, or one of at most this version.
    NoneAfter(i64),
}

/// The item as it was read.
impl From<Option<i64>> for Expected {
    fn from(version: Option<i64>) -> Self {
        version.map_or(Self::None, Self::Version)
    }
}

/// What became of a conditional write.
#[derive(Debug)]
pub(super) enum Put {
    Written,
    /// Another invocation changed the item; this is what it is now.
    Found(Option<Item>),
}

impl Table {
    pub(super) fn new(aws: &SdkConfig, name: &str) -> Self {
        Self { client: client(aws), name: name.to_owned() }
    }

    pub(super) async fn read(&self, key: &str) -> Result<Option<Item>, ServiceError> {
        let get = self.client.get_item().table_name(&self.name).consistent_read(true);
        let response = get.key(PK, text(key)).send().await;
        let response = response.map_err(|error| ServiceError::new(SERVICE, &error))?;
        response.item().map(read).transpose()
    }

    /// Writes an item if it still is what is expected.
    pub(super) async fn put(
        &self,
        key: &str,
        expected: Expected,
        new: &Item,
    ) -> Result<Put, ServiceError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(attributes(key, new)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = match expected {
            Expected::None => put
                .condition_expression("attribute_not_exists(#pk)")
                .expression_attribute_names("#pk", PK),
            Expected::Version(version) => put
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", VERSION)
                .expression_attribute_values(":version", number(version)),
            Expected::NoneAfter(version) => put
                .condition_expression("attribute_not_exists(#version) OR #version <= :version")
                .expression_attribute_names("#version", VERSION)
                .expression_attribute_values(":version", number(version)),
        };
        let Err(error) = put.send().await else { return Ok(Put::Written) };
        let Some(PutItemError::ConditionalCheckFailedException(changed)) = error.as_service_error()
        else {
            return Err(ServiceError::new(SERVICE, &error));
        };
        let Some(found) = changed.item() else { return Ok(Put::Found(None)) };
        let found = read(found)?;
        // The SDK retries a call whose response was lost; then the item is already this one.
        let is_new = (&found.owner, found.version) == (&new.owner, new.version);
        Ok(if is_new { Put::Written } else { Put::Found(Some(found)) })
    }
}

const PK: &str = "pk";
const VERSION: &str = "version";
/// The table's time to live, in seconds since 1970 (template.yaml).
const EXPIRES: &str = "expires";

fn attributes(key: &str, item: &Item) -> Attributes {
    let leased_until = item.leased_until.map_or(0, Timestamp::as_millisecond);
    let mut attributes = Attributes::from([
        (PK.to_owned(), text(key)),
        (VERSION.to_owned(), number(item.version)),
        ("state".to_owned(), text(item.state.stored())),
        ("owner".to_owned(), text(&item.owner)),
        ("leased_until".to_owned(), number(leased_until)),
        (EXPIRES.to_owned(), number(item.expires.as_second())),
    ]);
    if let Some(since) = item.since {
        attributes.insert("since".to_owned(), text(&since.to_string()));
    }
    if let Some(suspect_since) = item.suspect_since {
        attributes.insert("suspect_since".to_owned(), text(&suspect_since.to_string()));
        attributes.insert("rejections".to_owned(), number(item.rejections.into()));
    }
    if let Some(life) = item.life.as_ref().and_then(|life| serde_json::to_string(life).ok()) {
        attributes.insert("life".to_owned(), text(&life));
    }
    if let Some(body_hash) = &item.body_hash {
        attributes.insert("body_hash".to_owned(), text(body_hash));
    }
    attributes
}

fn read(attributes: &Attributes) -> Result<Item, ServiceError> {
    item(attributes).ok_or(ServiceError::unreadable(SERVICE))
}

fn item(attributes: &Attributes) -> Option<Item> {
    let text = |name: &str| attributes.get(name)?.as_s().ok();
    let number = |name: &str| attributes.get(name)?.as_n().ok()?.parse::<i64>().ok();
    let leased_until = number("leased_until")?;
    Some(Item {
        version: number(VERSION)?,
        state: State::from_stored(text("state")?)?,
        since: text("since").and_then(|since| since.parse().ok()),
        body_hash: text("body_hash").cloned(),
        owner: text("owner")?.clone(),
        leased_until: Timestamp::from_millisecond(leased_until).ok().filter(|_| leased_until > 0),
        // Items of earlier deployments have neither, and no life.
        suspect_since: text("suspect_since").and_then(|since| since.parse().ok()),
        rejections: number("rejections").and_then(|count| count.try_into().ok()).unwrap_or(0),
        life: text("life").and_then(|life| serde_json::from_str(life).ok()),
        expires: Timestamp::from_second(number(EXPIRES)?).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_read_as_it_was_written() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let whole = Item {
            version: 3,
            state: State::Cancelled,
            since: Some(at("2026-01-01T00:12:00.123456Z")),
            body_hash: Some("00ff".to_owned()),
            owner: "request/1".to_owned(),
            leased_until: Some(at("2026-01-01T00:13:00.250Z")),
            suspect_since: Some(at("2026-01-01T00:10:00Z")),
            rejections: 2,
            life: None,
            expires: at("2026-01-08T00:12:00Z"),
        };
        let bare = Item {
            since: None,
            body_hash: None,
            leased_until: None,
            suspect_since: None,
            rejections: 0,
            ..whole.clone()
        };
        for written in [whole, bare] {
            assert_eq!(item(&attributes("key", &written)), Some(written));
        }
    }

    #[test]
    fn an_item_without_its_attributes_is_unreadable() {
        let strange = Attributes::from([(PK.to_owned(), text("key"))]);
        assert_eq!(item(&strange), None);
    }

    #[test]
    fn the_table_forgets_by_the_attribute_that_is_written() {
        let ttl = format!("TimeToLiveSpecification: {{AttributeName: {EXPIRES}, Enabled: true}}");
        assert!(include_str!("../../template.yaml").contains(&ttl));
    }
}
