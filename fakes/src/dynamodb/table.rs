//! The table and its operations, each from a request's JSON to the answer's.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::aws::{AwsError, only_members};
use crate::dynamodb::condition::{self, CONDITION, NAMES, VALUES};
use crate::dynamodb::item::{Item, from_wire, invalid, to_wire};

pub(super) const NAME: &str = "order-alerts-ledger";

const KEY: &str = "pk";
/// The table's time to live.
const EXPIRES: &str = "expires";
const MOST_KEY_BYTES: usize = 2048;
const SHOW_OLD: &str = "ReturnValuesOnConditionCheckFailure";

/// Items by their keys; each item has its key too.
#[derive(Debug)]
pub(super) struct Table {
    items: BTreeMap<String, Item>,
    most: usize,
}

impl Default for Table {
    fn default() -> Self {
        Self { items: BTreeMap::new(), most: usize::MAX }
    }
}

impl Table {
    pub(super) fn perform(&mut self, operation: &str, call: &Value) -> Result<Value, AwsError> {
        match operation {
            "GetItem" | "PutItem" if call["TableName"] != NAME => {
                Err(AwsError::new("ResourceNotFoundException", "Requested resource not found"))
            }
            "GetItem" => self.get(call),
            "PutItem" => self.put(call),
            _ => Err(AwsError::new(
                "AccessDeniedException",
                format!("the function is not authorized to perform: dynamodb:{operation}"),
            )),
        }
    }

    pub(super) fn plain_items(&self) -> BTreeMap<String, Value> {
        let mut items = self.items.clone();
        for item in items.values_mut() {
            item.remove(KEY);
        }
        items.into_iter().map(|(key, item)| (key, Value::Object(item))).collect()
    }

    pub(super) fn put_plain(&mut self, key: &str, item: &Value) {
        let mut item = item.as_object().expect("an item is a JSON object").clone();
        let is_modelled = |value: &Value| value.is_string() || value.is_i64();
        assert!(item.values().all(is_modelled), "texts and whole numbers only: {item:?}");
        item.insert(KEY.to_owned(), json!(key));
        self.items.insert(key.to_owned(), item);
    }

    pub(super) fn keep_at_most(&mut self, items: usize) {
        self.most = items;
        self.forget();
    }

    /// Deletes the items that expire first, a tenth more than necessary: not again at the next write.
    fn forget(&mut self) {
        if self.items.len() <= self.most {
            return;
        }
        let expires = |item: &Item| item.get(EXPIRES).and_then(Value::as_i64).unwrap_or_default();
        let mut keys: Vec<_> =
            self.items.iter().map(|(key, item)| (expires(item), key.clone())).collect();
        keys.sort_unstable();
        let kept = self.most - self.most / 10;
        for (_, key) in keys.iter().take(keys.len() - kept) {
            self.items.remove(key);
        }
    }

    /// Shows every write so far, so a read that does not ask for that is refused.
    fn get(&self, call: &Value) -> Result<Value, AwsError> {
        only_members(call, &["TableName", "Key", "ConsistentRead"])?;
        only_members(&call["Key"], &[KEY])?;
        if call["ConsistentRead"] != true {
            return Err(invalid("a read that is not consistent is not modelled by the fake"));
        }
        let key = key_of(&from_wire(&call["Key"])?)?;
        let item = self.items.get(&key);
        Ok(item.map_or_else(|| json!({}), |item| json!({"Item": to_wire(item)})))
    }

    fn put(&mut self, call: &Value) -> Result<Value, AwsError> {
        only_members(call, &["TableName", "Item", CONDITION, NAMES, VALUES, SHOW_OLD])?;
        let condition = condition::read(call)?;
        let item = from_wire(&call["Item"])?;
        let key = key_of(&item)?;
        let old = self.items.get(&key);
        if condition.holds(old) {
            self.items.insert(key, item);
            self.forget();
            return Ok(json!({}));
        }
        let error =
            AwsError::new("ConditionalCheckFailedException", "The conditional request failed");
        Err(match old.filter(|_| call[SHOW_OLD] == "ALL_OLD") {
            Some(old) => error.with_detail("Item", to_wire(old)),
            None => error,
        })
    }
}

fn key_of(item: &Item) -> Result<String, AwsError> {
    match item.get(KEY) {
        Some(Value::String(key)) if (1..=MOST_KEY_BYTES).contains(&key.len()) => Ok(key.clone()),
        _ => Err(invalid(format!("{KEY} must be a text of 1 to {MOST_KEY_BYTES} bytes"))),
    }
}
