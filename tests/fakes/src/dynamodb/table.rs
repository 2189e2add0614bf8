//! The table and its operations, each from a request's JSON to the answer's.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::aws::{AwsError, only_members};
use crate::dynamodb::attribute::{
    Attribute, Item, invalid, item_from_plain, item_from_wire, item_size, item_to_plain,
    item_to_wire,
};
use crate::dynamodb::condition::Condition;
use crate::dynamodb::placeholders::Placeholders;
use crate::dynamodb::update::Update;

pub(super) const NAME: &str = "order-alerts-ledger";

const KEY: &str = "pk";
const MOST_KEY_BYTES: usize = 2048;
const MOST_ITEM_BYTES: usize = 400 * 1024;

/// Items by their keys; each item holds its key too.
#[derive(Debug, Default)]
pub(super) struct Table {
    items: BTreeMap<String, Item>,
}

impl Table {
    pub(super) fn perform(&mut self, operation: &str, call: &Value) -> Result<Value, AwsError> {
        match operation {
            "GetItem" => self.get(call),
            "PutItem" => self.put(call),
            "UpdateItem" => self.update(call),
            _ => Err(AwsError::new(
                "AccessDeniedException",
                format!("the function is not authorized to perform: dynamodb:{operation}"),
            )),
        }
    }

    pub(super) fn plain_items(&self) -> BTreeMap<String, Value> {
        let plain = |(key, item): (&String, &Item)| {
            let mut item = item.clone();
            item.remove(KEY);
            (key.clone(), item_to_plain(&item))
        };
        self.items.iter().map(plain).collect()
    }

    pub(super) fn put_plain(&mut self, key: &str, item: &Value) {
        let mut item = item_from_plain(item.as_object().expect("an item is a JSON object"));
        item.insert(KEY.to_owned(), Attribute::Text(key.to_owned()));
        self.items.insert(key.to_owned(), item);
    }

    fn get(&self, call: &Value) -> Result<Value, AwsError> {
        only_members(call, &["TableName", "Key", "ConsistentRead"])?;
        let key = schema_key(call)?;
        is_this_table(call)?;
        Ok(match self.items.get(&key) {
            Some(item) => json!({"Item": item_to_wire(item)}),
            None => json!({}),
        })
    }

    fn put(&mut self, call: &Value) -> Result<Value, AwsError> {
        only_members(call, &[&["Item"], &COMMON[..]].concat())?;
        let placeholders = Placeholders::read(call, !call["ConditionExpression"].is_null())?;
        let condition = condition(call, &placeholders)?;
        placeholders.all_used()?;
        let returns = one_of(call, "ReturnValues", &["NONE", "ALL_OLD"])?;
        let item = item_from_wire(&call["Item"])?;
        let key = item_key(&item)?;
        if item_size(&item) > MOST_ITEM_BYTES {
            return Err(invalid("Item size has exceeded the maximum allowed size"));
        }
        is_this_table(call)?;
        self.check(call, condition.as_ref(), &key)?;
        let old = self.items.insert(key, item);
        Ok(attributes(old.as_ref().filter(|_| returns == "ALL_OLD")))
    }

    fn update(&mut self, call: &Value) -> Result<Value, AwsError> {
        only_members(call, &[&["Key", "UpdateExpression"], &COMMON[..]].concat())?;
        let has_expression =
            !call["ConditionExpression"].is_null() || !call["UpdateExpression"].is_null();
        let placeholders = Placeholders::read(call, has_expression)?;
        let update = match text(call, "UpdateExpression")? {
            Some(text) => Update::parse(text, &placeholders)?,
            None => Update::default(),
        };
        let condition = condition(call, &placeholders)?;
        placeholders.all_used()?;
        let returns = one_of(call, "ReturnValues", &["NONE", "ALL_OLD", "ALL_NEW"])?;
        let key = schema_key(call)?;
        if update.targets().any(|target| target == KEY) {
            return Err(invalid(&format!(
                "One or more parameter values were invalid: Cannot update attribute {KEY}. This attribute is part of the key"
            )));
        }
        is_this_table(call)?;
        self.check(call, condition.as_ref(), &key)?;
        let old = self.items.get(&key).cloned();
        let mut new = update.apply(old.as_ref().unwrap_or(&Item::new()))?;
        new.insert(KEY.to_owned(), Attribute::Text(key.clone()));
        if item_size(&new) > MOST_ITEM_BYTES {
            return Err(invalid("Item size to update has exceeded the maximum allowed size"));
        }
        let answer = match returns {
            "ALL_OLD" => attributes(old.as_ref()),
            "ALL_NEW" => attributes(Some(&new)),
            _ => attributes(None),
        };
        self.items.insert(key, new);
        Ok(answer)
    }

    fn check(
        &self,
        call: &Value,
        condition: Option<&Condition>,
        key: &str,
    ) -> Result<(), AwsError> {
        let shown = one_of(call, "ReturnValuesOnConditionCheckFailure", &["NONE", "ALL_OLD"])?;
        let item = self.items.get(key);
        if condition.is_none_or(|condition| condition.holds(item.unwrap_or(&Item::new()))) {
            return Ok(());
        }
        let error =
            AwsError::new("ConditionalCheckFailedException", "The conditional request failed");
        Err(match item.filter(|_| shown == "ALL_OLD") {
            Some(item) => error.with_detail("Item", item_to_wire(item)),
            None => error,
        })
    }
}

/// What both operations that write know.
const COMMON: [&str; 6] = [
    "TableName",
    "ConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
];

fn attributes(item: Option<&Item>) -> Value {
    item.map_or_else(|| json!({}), |item| json!({"Attributes": item_to_wire(item)}))
}

fn condition(call: &Value, placeholders: &Placeholders) -> Result<Option<Condition>, AwsError> {
    let text = text(call, "ConditionExpression")?;
    text.map(|text| Condition::parse(text, placeholders)).transpose()
}

fn is_this_table(call: &Value) -> Result<(), AwsError> {
    match text(call, "TableName")? {
        Some(NAME) => Ok(()),
        Some(_) => Err(AwsError::new("ResourceNotFoundException", "Requested resource not found")),
        None => {
            Err(invalid("The parameter 'TableName' is required but was not present in the request"))
        }
    }
}

/// The key of a request that names an item by it.
fn schema_key(call: &Value) -> Result<String, AwsError> {
    let key = item_from_wire(&call["Key"])?;
    match key.get(KEY) {
        Some(Attribute::Text(_)) if key.len() == 1 => item_key(&key),
        _ => Err(invalid("The provided key element does not match the schema")),
    }
}

fn item_key(item: &Item) -> Result<String, AwsError> {
    match item.get(KEY) {
        Some(Attribute::Text(key)) if key.is_empty() => Err(invalid(&format!(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: {KEY}"
        ))),
        Some(Attribute::Text(key)) if key.len() > MOST_KEY_BYTES => Err(invalid(&format!(
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of{MOST_KEY_BYTES} bytes"
        ))),
        Some(Attribute::Text(key)) => Ok(key.clone()),
        Some(other) => Err(invalid(&format!(
            "One or more parameter values were invalid: Type mismatch for key {KEY} expected: S actual: {}",
            other.kind()
        ))),
        None => Err(invalid(&format!(
            "One or more parameter values were invalid: Missing the key {KEY} in the item"
        ))),
    }
}

/// The first if the member is absent.
fn one_of<'call>(
    call: &'call Value,
    member: &str,
    modelled: &[&'call str],
) -> Result<&'call str, AwsError> {
    match text(call, member)? {
        None => Ok(modelled[0]),
        Some(value) if modelled.contains(&value) => Ok(value),
        Some(value) => Err(invalid(&format!("{member} {value} is not modelled by the fake"))),
    }
}

fn text<'call>(call: &'call Value, member: &str) -> Result<Option<&'call str>, AwsError> {
    match &call[member] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(AwsError::new("SerializationException", format!("{member} is not a string"))),
    }
}
