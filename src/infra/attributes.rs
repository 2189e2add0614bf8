//! The attributes of an item in `DynamoDB`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// By their names.
pub type Attributes = HashMap<String, AttributeValue>;

pub fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
