//! The operations of SQS, from a request's JSON to the answer's.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{ACCOUNT, AwsError, only_members};
use crate::sqs::message;
use crate::sqs::queues::{Queue, QueuedMessage, Queues, Unchangeable};
use crate::sqs::receipt::Receipt;

pub(super) async fn perform(
    queues: &Queues,
    operation: &str,
    call: &Value,
) -> Result<Value, AwsError> {
    match operation {
        "SendMessage" => send(queues, call),
        "ReceiveMessage" => receive(queues, call).await,
        "DeleteMessage" => {
            only_members(call, &["QueueUrl", "ReceiptHandle"])?;
            delete(queues, queue(call)?, call)
        }
        "ChangeMessageVisibility" => {
            only_members(call, &["QueueUrl", "ReceiptHandle", "VisibilityTimeout"])?;
            change_visibility(queues, queue(call)?, call)
        }
        "DeleteMessageBatch" => batch(call, operation, |queue, entry| {
            only_members(entry, &["Id", "ReceiptHandle"])?;
            delete(queues, queue, entry)
        }),
        "ChangeMessageVisibilityBatch" => batch(call, operation, |queue, entry| {
            only_members(entry, &["Id", "ReceiptHandle", "VisibilityTimeout"])?;
            change_visibility(queues, queue, entry)
        }),
        "GetQueueAttributes" => attributes(queues, call),
        _ => Err(AwsError::new(
            "AccessDeniedException",
            format!("the function is not authorized to perform: sqs:{operation}"),
        )
        .with_status(403)),
    }
}

/// How many messages there are; no other attribute is modelled.
fn attributes(queues: &Queues, call: &Value) -> Result<Value, AwsError> {
    only_members(call, &["QueueUrl", "AttributeNames"])?;
    let messages = queues.messages(queue(call)?);
    let names = call["AttributeNames"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let count = |name: &str| {
        let is_asked = |message: &&QueuedMessage| match name {
            "ApproximateNumberOfMessages" => message.visible_in.is_zero(),
            "ApproximateNumberOfMessagesDelayed" => {
                !message.visible_in.is_zero() && !message.in_flight
            }
            _ => message.in_flight,
        };
        match name {
            "ApproximateNumberOfMessages"
            | "ApproximateNumberOfMessagesDelayed"
            | "ApproximateNumberOfMessagesNotVisible" => {
                Ok((name.to_owned(), json!(messages.iter().filter(is_asked).count().to_string())))
            }
            _ => Err(AwsError::new("InvalidAttributeName", format!("Unknown Attribute {name}."))),
        }
    };
    let counts = names.map(count).collect::<Result<serde_json::Map<_, _>, _>>()?;
    Ok(json!({"Attributes": counts}))
}

fn send(queues: &Queues, call: &Value) -> Result<Value, AwsError> {
    only_members(call, &["QueueUrl", "MessageBody", "DelaySeconds", "MessageAttributes"])?;
    let queue = queue(call)?;
    let body = text(call, "MessageBody")?;
    let attributes = message::attributes(call)?;
    message::check(body, &attributes)?;
    let delay = seconds(call, "DelaySeconds", 0..=900)?.unwrap_or_default();
    if !queues.has_room(body.len()) {
        // SQS has no such limit.
        return Err(AwsError::new("OverLimit", "The fake's memory is full.").with_status(403));
    }
    Ok(json!({"MessageId": queues.send(queue, body, attributes, delay)}))
}

async fn receive(queues: &Queues, call: &Value) -> Result<Value, AwsError> {
    only_members(
        call,
        &[
            "QueueUrl",
            "AttributeNames",
            "MessageSystemAttributeNames",
            "MessageAttributeNames",
            "MaxNumberOfMessages",
            "VisibilityTimeout",
            "WaitTimeSeconds",
        ],
    )?;
    let queue = queue(call)?;
    let most = number(call, "MaxNumberOfMessages", 1..=10)?.unwrap_or(1);
    let most = usize::try_from(most).expect("at most ten messages are received");
    let visibility = seconds(call, "VisibilityTimeout", 0..=43_200)?;
    let visibility = visibility.unwrap_or_else(|| queues.visibility_timeout());
    let wait = seconds(call, "WaitTimeSeconds", 0..=20)?.unwrap_or_default();
    let asked = message::Asked::read(call)?;
    let received = queues.receive(queue, most, visibility, wait).await;
    if received.is_empty() {
        return Ok(json!({}));
    }
    Ok(json!({"Messages": received.iter().map(|one| asked.show(queue, one)).collect::<Vec<_>>()}))
}

fn delete(queues: &Queues, queue: Queue, call: &Value) -> Result<Value, AwsError> {
    queues.delete(queue, &receipt(queue, call)?);
    Ok(json!({}))
}

fn change_visibility(queues: &Queues, queue: Queue, call: &Value) -> Result<Value, AwsError> {
    let receipt = receipt(queue, call)?;
    let Some(visibility) = seconds(call, "VisibilityTimeout", 0..=43_200)? else {
        return Err(missing("VisibilityTimeout"));
    };
    match queues.change_visibility(queue, &receipt, visibility) {
        Ok(()) => Ok(json!({})),
        Err(Unchangeable::NotInFlight) => {
            Err(AwsError::new("MessageNotInflight", "The specified message isn't in flight."))
        }
        Err(Unchangeable::BeyondTwelveHours) => Err(invalid(
            visibility.as_secs(),
            "VisibilityTimeout",
            "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
        )),
    }
}

/// Does `one` to each entry, of which some may fail alone.
fn batch(
    call: &Value,
    operation: &str,
    one: impl Fn(Queue, &Value) -> Result<Value, AwsError>,
) -> Result<Value, AwsError> {
    only_members(call, &["QueueUrl", "Entries"])?;
    let queue = queue(call)?;
    let Some(entries) = call["Entries"].as_array() else { return Err(missing("Entries")) };
    if entries.is_empty() {
        let message =
            format!("There should be at least one {operation}RequestEntry in the request.");
        return Err(AwsError::new("EmptyBatchRequest", message));
    }
    if entries.len() > 10 {
        let count = entries.len();
        let message =
            format!("Maximum number of entries per request are 10. You have sent {count}.");
        return Err(AwsError::new("TooManyEntriesInBatchRequest", message));
    }
    let ids = entries.iter().map(entry_id).collect::<Result<Vec<_>, _>>()?;
    if let Some(id) = (1..ids.len()).find_map(|at| ids[..at].contains(&ids[at]).then_some(ids[at]))
    {
        return Err(AwsError::new("BatchEntryIdsNotDistinct", format!("Id {id} repeated.")));
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, entry) in ids.into_iter().zip(entries) {
        match one(queue, entry) {
            Ok(_) => successful.push(json!({"Id": id})),
            Err(error) => failed.push(error.batch_entry(id)),
        }
    }
    Ok(json!({"Successful": successful, "Failed": failed}))
}

fn entry_id(entry: &Value) -> Result<&str, AwsError> {
    let id = text(entry, "Id")?;
    let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_');
    if (1..=80).contains(&id.len()) && id.bytes().all(is_plain) {
        return Ok(id);
    }
    Err(AwsError::new(
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
    ))
}

/// AWS goes by the path of the URL as well.
fn queue(call: &Value) -> Result<Queue, AwsError> {
    let url = text(call, "QueueUrl")?;
    let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    [Queue::Main, Queue::DeadLetters]
        .into_iter()
        .find(|queue| path.is_some_and(|(_, path)| path == format!("{ACCOUNT}/{}", queue.name())))
        .ok_or_else(|| AwsError::new("QueueDoesNotExist", "The specified queue does not exist."))
}

fn receipt(queue: Queue, call: &Value) -> Result<Receipt, AwsError> {
    let handle = text(call, "ReceiptHandle")?;
    Receipt::parse(queue, handle).ok_or_else(|| {
        let message =
            format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
        AwsError::new("ReceiptHandleIsInvalid", message)
    })
}

fn text<'call>(call: &'call Value, name: &str) -> Result<&'call str, AwsError> {
    match &call[name] {
        Value::String(text) => Ok(text),
        Value::Null => Err(missing(name)),
        _ => Err(AwsError::new("SerializationException", format!("{name} is not a string"))),
    }
}

fn seconds(
    call: &Value,
    name: &str,
    range: RangeInclusive<u64>,
) -> Result<Option<Duration>, AwsError> {
    Ok(number(call, name, range)?.map(Duration::from_secs))
}

fn number(call: &Value, name: &str, range: RangeInclusive<u64>) -> Result<Option<u64>, AwsError> {
    if call[name].is_null() {
        return Ok(None);
    }
    let Value::Number(number) = &call[name] else {
        return Err(AwsError::new("SerializationException", format!("{name} is not a number")));
    };
    if let Some(number) = number.as_u64().filter(|number| range.contains(number)) {
        return Ok(Some(number));
    }
    let (least, most) = range.into_inner();
    let reason = format!("Must be between {least} and {most}, if provided");
    Err(invalid(number, name, &reason))
}

fn invalid(value: impl std::fmt::Display, name: &str, reason: &str) -> AwsError {
    let message = format!("Value {value} for parameter {name} is invalid. Reason: {reason}.");
    AwsError::new("InvalidParameterValue", message)
}

fn missing(name: &str) -> AwsError {
    let message = format!("The request must contain the parameter {name}.");
    AwsError::new("MissingParameter", message)
}
