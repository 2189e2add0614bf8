//! The names and values that a request gives to its expressions.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::aws::AwsError;
use crate::dynamodb::attribute::{Attribute, invalid};

/// Each must be used somewhere, and each use must have been given.
#[derive(Debug)]
pub(super) struct Placeholders {
    names: BTreeMap<String, String>,
    values: BTreeMap<String, Attribute>,
    used: RefCell<BTreeSet<String>>,
}

impl Placeholders {
    /// # Errors
    /// If there are any but no expression to use them in.
    pub(super) fn read(call: &Value, has_expression: bool) -> Result<Self, AwsError> {
        let names = members(call, "ExpressionAttributeNames", '#', has_expression)?
            .into_iter()
            .map(|(key, name)| match name.as_str() {
                Some(name) if !name.is_empty() => Ok((key.clone(), name.to_owned())),
                _ => Err(invalid(&format!(
                    "ExpressionAttributeNames contains invalid value: for key {key}"
                ))),
            })
            .collect::<Result<_, _>>()?;
        let values = members(call, "ExpressionAttributeValues", ':', has_expression)?
            .into_iter()
            .map(|(key, value)| Ok((key.clone(), Attribute::from_wire(value)?)))
            .collect::<Result<_, AwsError>>()?;
        Ok(Self { names, values, used: RefCell::default() })
    }

    pub(super) fn name(&self, key: &str, expression: &str) -> Result<String, AwsError> {
        self.used.borrow_mut().insert(key.to_owned());
        self.names.get(key).cloned().ok_or_else(|| {
            invalid(&format!(
                "Invalid {expression}: An expression attribute name used in the document path is not defined; attribute name: {key}"
            ))
        })
    }

    pub(super) fn value(&self, key: &str, expression: &str) -> Result<Attribute, AwsError> {
        self.used.borrow_mut().insert(key.to_owned());
        self.values.get(key).cloned().ok_or_else(|| {
            invalid(&format!(
                "Invalid {expression}: An expression attribute value used in expression is not defined; attribute value: {key}"
            ))
        })
    }

    /// To be asked once all expressions are read.
    pub(super) fn all_used(&self) -> Result<(), AwsError> {
        let used = self.used.borrow();
        let unused = |keys: Vec<&String>| {
            let unused: Vec<_> = keys.into_iter().filter(|key| !used.contains(*key)).collect();
            unused.iter().map(|key| key.as_str()).collect::<Vec<_>>().join(", ")
        };
        for (given, unused) in [
            ("ExpressionAttributeNames", unused(self.names.keys().collect())),
            ("ExpressionAttributeValues", unused(self.values.keys().collect())),
        ] {
            if !unused.is_empty() {
                let message =
                    format!("Value provided in {given} unused in expressions: keys: {{{unused}}}");
                return Err(invalid(&message));
            }
        }
        Ok(())
    }
}

fn members<'call>(
    call: &'call Value,
    given: &str,
    sign: char,
    has_expression: bool,
) -> Result<Vec<(&'call String, &'call Value)>, AwsError> {
    let members = match &call[given] {
        Value::Null => return Ok(Vec::new()),
        Value::Object(members) => members,
        _ => return Err(AwsError::new("SerializationException", format!("{given} is not a map"))),
    };
    if !has_expression {
        return Err(invalid(&format!("{given} can only be specified when using expressions")));
    }
    if members.is_empty() {
        return Err(invalid(&format!("{given} must not be empty")));
    }
    let is_key = |key: &str| {
        key.strip_prefix(sign).is_some_and(|rest| {
            !rest.is_empty()
                && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
    };
    match members.keys().find(|key| !is_key(key)) {
        None => Ok(members.iter().collect()),
        Some(key) => {
            Err(invalid(&format!("{given} contains invalid key: Syntax error; key: \"{key}\"")))
        }
    }
}
