//! What a message may contain, and which parts of it a receiver requests.

use serde_json::{Map, Value, json};

use crate::aws::AwsError;
use crate::sqs::queues::{Queue, Received};

/// Body and message attributes together.
const MOST_BYTES: usize = 1_048_576;

/// Who sent all messages, as SQS and Lambda name a role.
pub(crate) const SENDER_ID: &str = "AROAORDERALERTSFAKEID:order-alerts";

/// The message attributes of a request, each of a type that SQS knows.
pub(super) fn attributes(call: &Value) -> Result<Map<String, Value>, AwsError> {
    let attributes = match &call["MessageAttributes"] {
        Value::Null => return Ok(Map::new()),
        Value::Object(attributes) => attributes.clone(),
        _ => return Err(AwsError::new("SerializationException", "MessageAttributes is no map")),
    };
    if attributes.len() > 10 {
        let count = attributes.len();
        return Err(invalid(&format!(
            "Number of message attributes [{count}] exceeds the allowed maximum [10]."
        )));
    }
    for (name, attribute) in &attributes {
        let kind = attribute["DataType"].as_str().unwrap_or_default();
        let member = match kind.split('.').next() {
            Some("String" | "Number") => "StringValue",
            Some("Binary") => "BinaryValue",
            _ => {
                return Err(invalid(&format!(
                    "The type of message (user) attribute '{name}' is invalid. You must use only the following supported type prefixes: Binary, Number, String."
                )));
            }
        };
        if attribute[member].as_str().is_none_or(str::is_empty) {
            return Err(invalid(&format!(
                "The message (user) attribute '{name}' must contain a non-empty value of type '{kind}'."
            )));
        }
    }
    Ok(attributes)
}

pub(super) fn check(body: &str, attributes: &Map<String, Value>) -> Result<(), AwsError> {
    let texts = attributes.values().filter_map(|attribute| attribute["StringValue"].as_str());
    if !texts.chain([body]).all(|text| text.chars().all(is_allowed)) {
        return Err(AwsError::new(
            "InvalidMessageContents",
            "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | [#x20 to #xD7FF] | [#xE000 to #xFFFD] | [#x10000 to #x10FFFF].",
        ));
    }
    if body.is_empty() {
        return Err(invalid("Message must not be empty."));
    }
    let weigh = |(name, attribute): (&String, &Value)| {
        let members = attribute.as_object().into_iter().flat_map(Map::values);
        name.len() + members.filter_map(Value::as_str).map(str::len).sum::<usize>()
    };
    if body.len() + attributes.iter().map(weigh).sum::<usize>() > MOST_BYTES {
        return Err(invalid(&format!("Message must be shorter than {MOST_BYTES} bytes.")));
    }
    Ok(())
}

/// The attributes that a receiver wants to see.
#[derive(Debug)]
pub(super) struct Asked {
    system: Vec<String>,
    message: Vec<String>,
}

impl Asked {
    pub(super) fn read(call: &Value) -> Result<Self, AwsError> {
        let mut system = names(call, "AttributeNames")?;
        system.extend(names(call, "MessageSystemAttributeNames")?);
        if let Some(unknown) = system.iter().find(|name| !SYSTEM_NAMES.contains(&name.as_str())) {
            return Err(AwsError::new(
                "InvalidAttributeName",
                format!("Unknown Attribute {unknown}."),
            ));
        }
        Ok(Self { system, message: names(call, "MessageAttributeNames")? })
    }

    pub(super) fn show(&self, queue: Queue, received: &Received) -> Value {
        let mut message = json!({
            "MessageId": received.id,
            "ReceiptHandle": received.receipt.handle(queue),
            "Body": received.body,
        });
        let is_asked =
            |name: &String| self.system.iter().any(|asked| asked == "All" || asked == name);
        let mut system = system_attributes(received);
        system.retain(|name, _| is_asked(name));
        let mut attributes = received.attributes.clone();
        attributes.retain(|name, _| self.message.iter().any(|asked| names_it(asked, name)));
        for (name, attributes) in [("Attributes", system), ("MessageAttributes", attributes)] {
            if !attributes.is_empty() {
                message[name] = Value::Object(attributes);
            }
        }
        message
    }
}

/// All system attributes the fake knows; even numbers are strings.
pub(crate) fn system_attributes(received: &Received) -> Map<String, Value> {
    [
        ("ApproximateReceiveCount", received.receives.to_string()),
        ("SentTimestamp", received.sent.as_millis().to_string()),
        ("SenderId", SENDER_ID.to_owned()),
        ("ApproximateFirstReceiveTimestamp", received.first_receipt.as_millis().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), Value::String(value)))
    .into_iter()
    .collect()
}

const SYSTEM_NAMES: [&str; 10] = [
    "All",
    "ApproximateFirstReceiveTimestamp",
    "ApproximateReceiveCount",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
    "MessageDeduplicationId",
    "MessageGroupId",
    "SenderId",
    "SentTimestamp",
    "SequenceNumber",
];

fn names(call: &Value, member: &str) -> Result<Vec<String>, AwsError> {
    let serialization = || AwsError::new("SerializationException", format!("{member} is no list"));
    match &call[member] {
        Value::Null => Ok(Vec::new()),
        Value::Array(names) => names
            .iter()
            .map(|name| name.as_str().map(str::to_owned).ok_or_else(serialization))
            .collect(),
        _ => Err(serialization()),
    }
}

/// `All`, `.*`, a name, or a prefix as in `order.*`.
fn names_it(asked: &str, name: &str) -> bool {
    asked == "All"
        || asked == name
        || asked.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
}

fn is_allowed(character: char) -> bool {
    matches!(
        character,
        '\u{9}' | '\u{a}' | '\u{d}' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..
    )
}

fn invalid(reason: &str) -> AwsError {
    let message = format!("One or more parameters are invalid. Reason: {reason}");
    AwsError::new("InvalidParameterValue", message)
}
