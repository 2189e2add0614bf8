//! The two conditions that the function puts on a write.

use serde_json::{Map, Value};

use crate::aws::AwsError;
use crate::dynamodb::item::{invalid, value_from_wire};

pub(super) const CONDITION: &str = "ConditionExpression";
pub(super) const NAMES: &str = "ExpressionAttributeNames";
pub(super) const VALUES: &str = "ExpressionAttributeValues";

/// The attribute that decides and what it must be, which is `None` if it must not be there.
///
/// A write without a condition is refused too, since the function must never write blindly.
pub(super) fn read(call: &Value) -> Result<(&str, Option<Value>), AwsError> {
    let condition = &call[CONDITION];
    let Some((name, value)) = condition.as_str().and_then(placeholders) else {
        return Err(invalid(format!("the condition {condition} is not modelled by the fake")));
    };
    let Some(attribute) = call[NAMES][name].as_str() else {
        return Err(undefined("name used in the document path", "name", name));
    };
    let expected = value.map(|value| match &call[VALUES][value] {
        Value::Null => Err(undefined("value used in expression", "value", value)),
        given => value_from_wire(given),
    });
    let expected = expected.transpose()?;
    all_used(call, NAMES, Some(name))?;
    all_used(call, VALUES, value)?;
    Ok((attribute, expected))
}

/// Those of `attribute_not_exists(#name)` or `#name = :value`.
fn placeholders(condition: &str) -> Option<(&str, Option<&str>)> {
    let (name, value) = match condition.strip_prefix("attribute_not_exists(") {
        Some(rest) => (rest.strip_suffix(')')?, None),
        None => condition.split_once(" = ").map(|(name, value)| (name, Some(value)))?,
    };
    let is_one = |text: &str, sign: char| {
        let word = text.strip_prefix(sign).unwrap_or_default();
        let is_inside = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'_';
        !word.is_empty() && word.bytes().all(is_inside)
    };
    (is_one(name, '#') && value.is_none_or(|value| is_one(value, ':'))).then_some((name, value))
}

fn undefined(used: &str, kind: &str, key: &str) -> AwsError {
    invalid(format!(
        "Invalid {CONDITION}: An expression attribute {used} is not defined; attribute {kind}: {key}"
    ))
}

fn all_used(call: &Value, given: &str, used: Option<&str>) -> Result<(), AwsError> {
    let mut keys = call[given].as_object().into_iter().flat_map(Map::keys);
    let Some(key) = keys.find(|key| Some(key.as_str()) != used) else { return Ok(()) };
    Err(invalid(format!("Value provided in {given} unused in expressions: keys: {{{key}}}")))
}
