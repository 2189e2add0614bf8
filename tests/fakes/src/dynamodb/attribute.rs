//! Attribute values: as they travel, as they compare, as plain JSON.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Map, Number, Value, json};

use crate::aws::AwsError;

/// The types of AWS that JSON has too; numbers are whole.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Attribute {
    Text(String),
    Number(i128),
    Truth(bool),
    Null,
    List(Vec<Attribute>),
    Map(Item),
}

pub(super) type Item = BTreeMap<String, Attribute>;

/// AWS keeps 38 digits.
const NUMBERS: u128 = 10_u128.pow(38);

impl Attribute {
    /// From the JSON in which a type's letters name the value.
    pub(super) fn from_wire(value: &Value) -> Result<Self, AwsError> {
        let members = value.as_object().map(Map::iter).map(Iterator::collect::<Vec<_>>);
        match members.as_deref() {
            Some([(kind, value)]) => Self::from_member(kind, value),
            Some([]) | None => Err(invalid(
                "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
            )),
            Some(_) => Err(invalid(
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
            )),
        }
    }

    pub(super) fn to_wire(&self) -> Value {
        match self {
            Self::Text(text) => json!({"S": text}),
            Self::Number(number) => json!({"N": number.to_string()}),
            Self::Truth(truth) => json!({"BOOL": truth}),
            Self::Null => json!({"NULL": true}),
            Self::List(list) => json!({"L": list.iter().map(Self::to_wire).collect::<Vec<_>>()}),
            Self::Map(map) => json!({"M": item_to_wire(map)}),
        }
    }

    /// # Panics
    /// If a number is not whole.
    pub(super) fn from_plain(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Truth(*truth),
            Value::Number(number) => {
                Self::Number(number.as_i128().expect("numbers in the table are whole"))
            }
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(list) => Self::List(list.iter().map(Self::from_plain).collect()),
            Value::Object(map) => Self::Map(item_from_plain(map)),
        }
    }

    /// Numbers beyond 64 bits, which plain JSON has not, become text.
    pub(super) fn to_plain(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Number(number) => Number::from_i128(*number)
                .map_or_else(|| Value::String(number.to_string()), Value::Number),
            Self::Truth(truth) => json!(truth),
            Self::Null => Value::Null,
            Self::List(list) => list.iter().map(Self::to_plain).collect(),
            Self::Map(map) => item_to_plain(map),
        }
    }

    /// Only text and numbers have an order, and only among themselves.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => Some(one.as_bytes().cmp(other.as_bytes())),
            (Self::Number(one), Self::Number(other)) => Some(one.cmp(other)),
            _ => None,
        }
    }

    /// The type in the letters of the wire.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "S",
            Self::Number(_) => "N",
            Self::Truth(_) => "BOOL",
            Self::Null => "NULL",
            Self::List(_) => "L",
            Self::Map(_) => "M",
        }
    }

    /// About as many bytes as AWS counts.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Number(number) => number.to_string().len().div_ceil(2) + 1,
            Self::Truth(_) | Self::Null => 1,
            Self::List(list) => 3 + list.iter().map(|element| element.size() + 1).sum::<usize>(),
            Self::Map(map) => 3 + item_size(map) + map.len(),
        }
    }

    fn from_member(kind: &str, value: &Value) -> Result<Self, AwsError> {
        match (kind, value) {
            ("S", Value::String(text)) => Ok(Self::Text(text.clone())),
            ("N", Value::String(digits)) => number(digits).map(Self::Number),
            ("BOOL", Value::Bool(truth)) => Ok(Self::Truth(*truth)),
            ("NULL", Value::Bool(true)) => Ok(Self::Null),
            ("L", Value::Array(list)) => {
                list.iter().map(Self::from_wire).collect::<Result<_, _>>().map(Self::List)
            }
            ("M", map @ Value::Object(_)) => item_from_wire(map).map(Self::Map),
            ("B" | "SS" | "NS" | "BS", _) => {
                Err(invalid(&format!("the type {kind} is not modelled by the fake")))
            }
            _ => Err(AwsError::new("SerializationException", format!("no value of type {kind}"))),
        }
    }
}

pub(super) fn item_from_wire(value: &Value) -> Result<Item, AwsError> {
    let Some(members) = value.as_object() else {
        return Err(AwsError::new("SerializationException", "an item is not a map"));
    };
    let read = |(name, value): (&String, &Value)| Ok((name.clone(), Attribute::from_wire(value)?));
    members.iter().map(read).collect()
}

pub(super) fn item_to_wire(item: &Item) -> Value {
    item.iter().map(|(name, value)| (name.clone(), value.to_wire())).collect::<Map<_, _>>().into()
}

pub(super) fn item_from_plain(members: &Map<String, Value>) -> Item {
    members.iter().map(|(name, value)| (name.clone(), Attribute::from_plain(value))).collect()
}

pub(super) fn item_to_plain(item: &Item) -> Value {
    item.iter().map(|(name, value)| (name.clone(), value.to_plain())).collect::<Map<_, _>>().into()
}

pub(super) fn item_size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value.size()).sum()
}

/// `None` beyond the digits that AWS keeps.
pub(super) fn in_range(number: i128) -> Option<i128> {
    (number.unsigned_abs() < NUMBERS).then_some(number)
}

fn number(digits: &str) -> Result<i128, AwsError> {
    if let Some(number) = digits.parse().ok().and_then(in_range) {
        return Ok(number);
    }
    let is_decimal = digits.parse::<f64>().is_ok_and(f64::is_finite);
    Err(invalid(&if is_decimal {
        format!("the number {digits} is not modelled by the fake, which has 38 digits and no point")
    } else {
        format!("The parameter cannot be converted to a numeric value: {digits}")
    }))
}

pub(super) fn invalid(message: &str) -> AwsError {
    AwsError::new("ValidationException", message)
}
