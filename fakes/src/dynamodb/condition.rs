//! The three conditions that the function puts on a write.

use serde_json::{Map, Value};

use crate::aws::AwsError;
use crate::dynamodb::item::{Item, invalid, value_from_wire};

pub(super) const CONDITION: &str = "ConditionExpression";
pub(super) const NAMES: &str = "ExpressionAttributeNames";
pub(super) const VALUES: &str = "ExpressionAttributeValues";

/// What the old item must be for the write to happen.
#[derive(Debug)]
pub(super) struct Condition<'a> {
    attribute: &'a str,
    expected: Expected,
}

/// What the attribute that decides must be.
#[derive(Debug)]
enum Expected {
    Absent,
    Equal(Value),
    AbsentOrAtMost(Value),
}

impl Condition<'_> {
    pub(super) fn holds(&self, old: Option<&Item>) -> bool {
        let actual = old.and_then(|old| old.get(self.attribute));
        match (&self.expected, actual) {
            (Expected::Absent | Expected::AbsentOrAtMost(_), None) => true,
            (Expected::Absent, Some(_)) | (Expected::Equal(_), None) => false,
            (Expected::Equal(expected), Some(actual)) => actual == expected,
            // What is no number is not compared.
            (Expected::AbsentOrAtMost(most), Some(actual)) => {
                actual.as_i64().zip(most.as_i64()).is_some_and(|(actual, most)| actual <= most)
            }
        }
    }
}

/// Reads the condition of a write. One without any is refused too, since the function must never
/// write blindly.
pub(super) fn read(call: &Value) -> Result<Condition<'_>, AwsError> {
    let condition = call[CONDITION].as_str().unwrap_or_default();
    let (form, name, value) = form(condition).ok_or_else(|| {
        invalid(format!("the condition {condition:?} is not modelled by the fake"))
    })?;
    let Some(attribute) = call[NAMES][name].as_str() else {
        return Err(undefined("name used in the document path", "name", name));
    };
    let given = |value: &str| match &call[VALUES][value] {
        Value::Null => Err(undefined("value used in expression", "value", value)),
        given => value_from_wire(given),
    };
    let expected = match (form, value) {
        (Form::Equal, Some(value)) => Expected::Equal(given(value)?),
        (Form::AbsentOrAtMost, Some(value)) => Expected::AbsentOrAtMost(given(value)?),
        _ => Expected::Absent,
    };
    all_used(call, NAMES, Some(name))?;
    all_used(call, VALUES, value)?;
    Ok(Condition { attribute, expected })
}

#[derive(Clone, Copy)]
enum Form {
    Absent,
    Equal,
    AbsentOrAtMost,
}

/// The form of a condition, and its placeholders: `attribute_not_exists(#name)`, `#name = :value`, or
/// `attribute_not_exists(#name) OR #name <= :value`.
fn form(condition: &str) -> Option<(Form, &str, Option<&str>)> {
    let is_one = |text: &str, sign: char| {
        let word = text.strip_prefix(sign).unwrap_or_default();
        let is_inside = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'_';
        !word.is_empty() && word.bytes().all(is_inside)
    };
    let (form, name, value) = match condition.strip_prefix("attribute_not_exists(") {
        None => {
            let (name, value) = condition.split_once(" = ")?;
            (Form::Equal, name, Some(value))
        }
        Some(rest) => {
            let (name, rest) = rest.split_once(')')?;
            match rest.strip_prefix(" OR ") {
                Some(rest) => {
                    let (same, value) =
                        rest.split_once(" <= ").filter(|(same, _)| *same == name)?;
                    (Form::AbsentOrAtMost, same, Some(value))
                }
                None => rest.is_empty().then_some((Form::Absent, name, None))?,
            }
        }
    };
    let is_whole = is_one(name, '#') && value.is_none_or(|value| is_one(value, ':'));
    is_whole.then_some((form, name, value))
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
