//! A table and its operations, each from a request's JSON to the answer's.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::aws::{AwsError, only_members};
use crate::dynamodb::condition::{self, CONDITION, NAMES, VALUES};
use crate::dynamodb::item::{Item, from_wire, invalid, to_wire};

const KEY: &str = "pk";
const SORT_KEY: &str = "sk";
/// The table's time to live.
const EXPIRES: &str = "expires";
const MOST_KEY_BYTES: usize = 2048;
const MOST_SORT_KEY_BYTES: usize = 1024;
const SHOW_OLD: &str = "ReturnValuesOnConditionCheckFailure";
/// A page of the fake is small, so that a caller who forgets the rest is found out.
const PAGE: usize = 10;

/// A key and, in a table that has them, a sort key.
type Key = (String, String);

/// Items by their keys; each item has its keys too.
#[derive(Debug)]
pub(super) struct Table {
    has_sort_key: bool,
    items: BTreeMap<Key, Item>,
    most: usize,
}

impl Table {
    pub(super) fn new(has_sort_key: bool) -> Self {
        Self { has_sort_key, items: BTreeMap::new(), most: usize::MAX }
    }

    /// The operations that the function's role has for the table.
    pub(super) fn perform(&mut self, operation: &str, call: &Value) -> Result<Value, AwsError> {
        match operation {
            "GetItem" => self.get(call),
            "PutItem" => self.put(call),
            "Query" if self.has_sort_key => self.query(call),
            "DeleteItem" if self.has_sort_key => self.delete(call),
            _ => Err(AwsError::new(
                "AccessDeniedException",
                format!("the function is not authorized to perform: dynamodb:{operation}"),
            )),
        }
    }

    pub(super) fn plain_items(&self) -> BTreeMap<String, Value> {
        let plain = |((key, sort_key), mut item): (Key, Item)| {
            item.remove(KEY);
            item.remove(SORT_KEY);
            let name = if self.has_sort_key { format!("{key} {sort_key}") } else { key };
            (name, Value::Object(item))
        };
        self.items.clone().into_iter().map(plain).collect()
    }

    pub(super) fn has(&self, start: &str) -> bool {
        let first = self.items.range((start.to_owned(), String::new())..).next();
        first.is_some_and(|((key, _), _)| key.starts_with(start))
    }

    pub(super) fn put_plain(&mut self, (key, sort_key): (&str, &str), item: &Value) {
        let mut item = item.as_object().expect("an item is a JSON object").clone();
        let is_modelled = |value: &Value| value.is_string() || value.is_i64();
        assert!(item.values().all(is_modelled), "texts and whole numbers only: {item:?}");
        item.insert(KEY.to_owned(), json!(key));
        if self.has_sort_key {
            item.insert(SORT_KEY.to_owned(), json!(sort_key));
        }
        self.items.insert((key.to_owned(), sort_key.to_owned()), item);
    }

    pub(super) fn wire_items(&self) -> Vec<Value> {
        self.items.values().map(to_wire).collect()
    }

    pub(super) fn put_wire(&mut self, item: &Value) {
        let item = from_wire(item).expect("an item has texts and whole numbers only");
        let key = item[KEY].as_str().expect("an item has a key").to_owned();
        self.items.insert((key, String::new()), item);
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
        if call["ConsistentRead"] != true {
            return Err(invalid("a read that is not consistent is not modelled by the fake"));
        }
        let key = self.only_key(&call["Key"])?;
        let item = self.items.get(&key);
        Ok(item.map_or_else(|| json!({}), |item| json!({"Item": to_wire(item)})))
    }

    fn put(&mut self, call: &Value) -> Result<Value, AwsError> {
        only_members(call, &["TableName", "Item", CONDITION, NAMES, VALUES, SHOW_OLD])?;
        // The ledger's items are never written blindly.
        let is_blind = self.has_sort_key && call[CONDITION].is_null();
        let condition = if is_blind { None } else { Some(condition::read(call)?) };
        let item = from_wire(&call["Item"])?;
        let key = self.key_of(&item)?;
        let old = self.items.get(&key);
        if condition.is_none_or(|condition| condition.holds(old)) {
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

    /// The items of one key, by their sort keys.
    fn query(&self, call: &Value) -> Result<Value, AwsError> {
        const BY_KEY: &str = "KeyConditionExpression";
        let known = ["TableName", "ConsistentRead", BY_KEY, NAMES, VALUES, "ExclusiveStartKey"];
        only_members(call, &known)?;
        let is_modelled = call["ConsistentRead"] == true
            && call[BY_KEY] == "#pk = :pk"
            && call[NAMES] == json!({"#pk": KEY});
        let Some(key) = call[VALUES][":pk"]["S"].as_str().filter(|_| is_modelled) else {
            return Err(invalid("this query is not modelled by the fake"));
        };
        let after = match &call["ExclusiveStartKey"] {
            Value::Null => String::new(),
            start => self.only_key(start)?.1,
        };
        let found = self.items.range((key.to_owned(), after.clone())..);
        let found = found.take_while(|((of, _), _)| of == key);
        let mut found = found.filter(|((_, sort_key), _)| *sort_key > after);
        let page: Vec<_> = found.by_ref().take(PAGE).collect();
        let items: Vec<_> = page.iter().map(|(_, item)| to_wire(item)).collect();
        let mut answer = json!({"Count": items.len(), "ScannedCount": items.len(), "Items": items});
        if found.next().is_some()
            && let Some(((key, sort_key), _)) = page.last()
        {
            answer["LastEvaluatedKey"] = json!({KEY: {"S": key}, SORT_KEY: {"S": sort_key}});
        }
        Ok(answer)
    }

    fn delete(&mut self, call: &Value) -> Result<Value, AwsError> {
        only_members(call, &["TableName", "Key"])?;
        let key = self.only_key(&call["Key"])?;
        self.items.remove(&key);
        Ok(json!({}))
    }

    fn only_key(&self, given: &Value) -> Result<Key, AwsError> {
        only_members(given, if self.has_sort_key { &[KEY, SORT_KEY] } else { &[KEY] })?;
        self.key_of(&from_wire(given)?)
    }

    fn key_of(&self, item: &Item) -> Result<Key, AwsError> {
        let text = |name: &str, most: usize| match item.get(name) {
            Some(Value::String(text)) if (1..=most).contains(&text.len()) => Ok(text.clone()),
            _ => Err(invalid(format!("{name} must be a text of 1 to {most} bytes"))),
        };
        let sort_key =
            if self.has_sort_key { text(SORT_KEY, MOST_SORT_KEY_BYTES)? } else { String::new() };
        Ok((text(KEY, MOST_KEY_BYTES)?, sort_key))
    }
}
