//! Items as they travel and as plain JSON, in which a number has one spelling.

use serde_json::{Map, Value, json};

use crate::aws::AwsError;

pub(super) type Item = Map<String, Value>;

pub(super) fn from_wire(item: &Value) -> Result<Item, AwsError> {
    let members = item.as_object().into_iter().flatten();
    members.map(|(name, value)| Ok((name.clone(), value_from_wire(value)?))).collect()
}

pub(super) fn to_wire(item: &Item) -> Value {
    let value_to_wire = |value: &Value| match value {
        Value::String(text) => json!({"S": text}),
        number => json!({"N": number.to_string()}),
    };
    item.iter().map(|(name, value)| (name.clone(), value_to_wire(value))).collect()
}

pub(super) fn value_from_wire(value: &Value) -> Result<Value, AwsError> {
    let plain = match (&value["S"], &value["N"]) {
        (Value::String(text), Value::Null) => Some(json!(text)),
        (Value::Null, Value::String(digits)) => digits.parse::<i64>().ok().map(Value::from),
        _ => None,
    };
    plain.ok_or_else(|| invalid(format!("the value {value} is not modelled by the fake")))
}

pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationException", message)
}
