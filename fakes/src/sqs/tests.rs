use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::aws::tests::call;

async fn ask(sqs: &FakeSqs, operation: &str, members: Value) -> (u16, Value) {
    let mut request = members;
    if request.get("QueueUrl").is_none() {
        request["QueueUrl"] = json!(sqs.queue_url());
    }
    call(&sqs.origin(), &format!("AmazonSQS.{operation}"), &request).await
}

#[track_caller]
fn assert_refused((status, body): (u16, Value), kind: &str) {
    assert_eq!(
        (status, body["__type"].as_str()),
        (400, Some(format!("com.amazonaws.sqs#{kind}").as_str())),
        "{body}"
    );
}

/// Receives one message that must be there.
async fn receive(sqs: &FakeSqs) -> Value {
    let (_, answer) = ask(sqs, "ReceiveMessage", json!({})).await;
    assert_eq!(answer["Messages"].as_array().map(Vec::len), Some(1), "{answer}");
    answer["Messages"][0].clone()
}

#[tokio::test]
async fn a_message_arrives_with_what_was_asked_for() {
    let sqs = FakeSqs::start().await;
    let kind = json!({"DataType": "String", "StringValue": "order"});
    let (status, sent) = ask(
        &sqs,
        "SendMessage",
        json!({"MessageBody": "hello", "MessageAttributes": {"kind": kind, "other": kind}}),
    )
    .await;
    assert_eq!(status, 200);
    let asked = json!({
        "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
        "MessageAttributeNames": ["kin.*"],
    });
    let (_, mut answer) = ask(&sqs, "ReceiveMessage", asked).await;
    answer["Messages"][0].as_object_mut().unwrap().remove("ReceiptHandle").unwrap();
    let expected = json!({
        "MessageId": sent["MessageId"],
        "Body": "hello",
        "Attributes": {"ApproximateReceiveCount": "1"},
        "MessageAttributes": {"kind": kind},
    });
    assert_eq!(answer, json!({"Messages": [expected]}));
    assert_eq!(ask(&sqs, "ReceiveMessage", json!({})).await, (200, json!({})));
}

#[tokio::test]
async fn visibility_ends_with_the_clock_of_the_fake() {
    let sqs = FakeSqs::start().await;
    let id = sqs.send("1");
    receive(&sqs).await;
    sqs.advance(VISIBILITY_TIMEOUT.checked_sub(Duration::from_mins(1)).unwrap());
    let message = &sqs.messages()[0];
    assert!(message.in_flight && message.visible_in <= Duration::from_mins(1), "{message:?}");
    assert_eq!((&message.id, message.receives), (&id, 1));
    sqs.advance(Duration::from_mins(1));
    assert_eq!(
        (sqs.messages()[0].in_flight, sqs.messages()[0].visible_in),
        (false, Duration::ZERO)
    );
    receive(&sqs).await;
}

#[tokio::test]
async fn a_long_poll_wakes_for_a_delay_that_ends() {
    let sqs = FakeSqs::start().await;
    ask(&sqs, "SendMessage", json!({"MessageBody": "1", "DelaySeconds": 1})).await;
    assert_eq!(ask(&sqs, "ReceiveMessage", json!({})).await.1, json!({}));
    let (_, answer) = ask(&sqs, "ReceiveMessage", json!({"WaitTimeSeconds": 20})).await;
    assert_eq!(answer["Messages"][0]["Body"], "1");
}

#[tokio::test]
async fn only_the_newest_receipt_deletes() {
    let sqs = FakeSqs::start().await;
    let id = sqs.send("1");
    let stale = receive(&sqs).await["ReceiptHandle"].clone();
    sqs.deliver_again(&id);
    let newest = receive(&sqs).await["ReceiptHandle"].clone();
    let deletion = ask(&sqs, "DeleteMessage", json!({"ReceiptHandle": stale})).await;
    assert_eq!((deletion, sqs.messages().len()), ((200, json!({})), 1));
    sqs.advance(VISIBILITY_TIMEOUT);
    let deletion = ask(&sqs, "DeleteMessage", json!({"ReceiptHandle": newest})).await;
    assert_eq!((deletion, sqs.messages().len()), ((200, json!({})), 0));
    let other_queue = json!({"ReceiptHandle": newest, "QueueUrl": sqs.dead_letter_queue_url()});
    assert_refused(ask(&sqs, "DeleteMessage", other_queue).await, "ReceiptHandleIsInvalid");
}

#[tokio::test]
async fn visibility_changes_only_in_flight_and_never_beyond_twelve_hours() {
    let sqs = FakeSqs::start().await;
    sqs.send("1");
    let handle = receive(&sqs).await["ReceiptHandle"].clone();
    let change = async |seconds: u32| {
        let members = json!({"ReceiptHandle": handle, "VisibilityTimeout": seconds});
        ask(&sqs, "ChangeMessageVisibility", members).await
    };
    assert_eq!(change(600).await, (200, json!({})));
    sqs.advance(Duration::from_secs(599));
    assert!(sqs.messages()[0].in_flight);
    assert_refused(change(43_200).await, "InvalidParameterValue");
    assert_eq!(change(0).await, (200, json!({})));
    assert_refused(change(600).await, "MessageNotInflight");
    receive(&sqs).await;
    assert_refused(change(600).await, "MessageNotInflight");
}

#[tokio::test]
async fn entries_of_a_batch_fail_alone() {
    let sqs = FakeSqs::start().await;
    sqs.send("1");
    let handle = receive(&sqs).await["ReceiptHandle"].clone();
    let entry = |id: &str, handle: &Value| json!({"Id": id, "ReceiptHandle": handle, "VisibilityTimeout": 0});
    let entries = [entry("a", &handle), entry("b", &handle), entry("c", &json!("?"))];
    let (status, answer) =
        ask(&sqs, "ChangeMessageVisibilityBatch", json!({"Entries": entries})).await;
    assert_eq!((status, &answer["Successful"]), (200, &json!([{"Id": "a"}])));
    let codes: Vec<_> =
        answer["Failed"].as_array().unwrap().iter().map(|one| &one["Code"]).collect();
    assert_eq!(codes, ["AWS.SimpleQueueService.MessageNotInflight", "ReceiptHandleIsInvalid"]);
    let entry = json!({"Id": "a", "ReceiptHandle": handle});
    ask(&sqs, "DeleteMessageBatch", json!({"Entries": [entry]})).await;
    assert_eq!(sqs.messages(), []);
}

#[tokio::test]
async fn what_aws_refuses_is_refused() {
    let sqs = FakeSqs::start().await;
    let entry = |id: &str| json!({"Id": id, "ReceiptHandle": "?"});
    let eleven: Vec<_> = (0..11).map(|id| entry(&id.to_string())).collect();
    for (operation, members, kind) in [
        (
            "SendMessage",
            json!({"MessageBody": "1", "QueueUrl": "http://127.0.0.1/1/other"}),
            "QueueDoesNotExist",
        ),
        ("SendMessage", json!({"MessageBody": "\u{b}"}), "InvalidMessageContents"),
        ("SendMessage", json!({"MessageBody": "\u{ffff}"}), "InvalidMessageContents"),
        ("SendMessage", json!({"MessageBody": ""}), "InvalidParameterValue"),
        ("SendMessage", json!({"MessageBody": "1".repeat(1_048_577)}), "InvalidParameterValue"),
        ("SendMessage", json!({"MessageBody": "1", "DelaySeconds": 901}), "InvalidParameterValue"),
        ("SendMessage", json!({}), "MissingParameter"),
        ("ReceiveMessage", json!({"MaxNumberOfMessages": 0}), "InvalidParameterValue"),
        ("ReceiveMessage", json!({"MaxNumberOfMessages": 11}), "InvalidParameterValue"),
        ("ReceiveMessage", json!({"WaitTimeSeconds": 21}), "InvalidParameterValue"),
        ("ReceiveMessage", json!({"VisibilityTimeout": 43_201}), "InvalidParameterValue"),
        ("DeleteMessage", json!({"ReceiptHandle": "?"}), "ReceiptHandleIsInvalid"),
        ("DeleteMessageBatch", json!({"Entries": []}), "EmptyBatchRequest"),
        ("DeleteMessageBatch", json!({"Entries": eleven}), "TooManyEntriesInBatchRequest"),
        (
            "DeleteMessageBatch",
            json!({"Entries": [entry("a"), entry("a")]}),
            "BatchEntryIdsNotDistinct",
        ),
        ("DeleteMessageBatch", json!({"Entries": [entry("a.b")]}), "InvalidBatchEntryId"),
    ] {
        assert_refused(ask(&sqs, operation, members).await, kind);
    }
    assert_eq!(ask(&sqs, "PurgeQueue", json!({})).await.0, 403);
    assert_eq!(sqs.messages(), []);
    let largest = json!({"MessageBody": "1".repeat(1_048_576)});
    assert_eq!(ask(&sqs, "SendMessage", largest).await.0, 200);
}

#[tokio::test]
async fn a_message_received_too_often_becomes_a_dead_letter() {
    let sqs = FakeSqs::start().await;
    sqs.set_max_receive_count(2);
    let id = sqs.send("1");
    for _ in 0..2 {
        receive(&sqs).await;
        sqs.advance(VISIBILITY_TIMEOUT);
    }
    assert_eq!((sqs.messages().len(), sqs.dead_letters().len()), (1, 0));
    assert_eq!(ask(&sqs, "ReceiveMessage", json!({})).await.1, json!({}));
    assert_eq!((sqs.messages().len(), sqs.dead_letters().len()), (0, 1));
    assert_eq!(sqs.dead_letters()[0].id, id);
}

#[tokio::test]
async fn a_full_queue_refuses_more_and_keeps_what_it_has() {
    let sqs = FakeSqs::in_memory();
    let sqs = FakeSqs { server: sqs.server.listen().await, ..sqs };
    sqs.set_capacity(10);
    let send = |body: &str| ask(&sqs, "SendMessage", json!({"MessageBody": body}));
    assert_eq!(send("12345").await.0, 200);
    assert_eq!(send("123456").await.0, 403);
    assert_eq!(send("12345").await.0, 200);
    assert_eq!(sqs.count(), 2);
}

#[tokio::test]
async fn redriven_dead_letters_are_received_as_new_messages() {
    let sqs = FakeSqs::start().await;
    let url = sqs.dead_letter_queue_url();
    let (_, sent) = ask(&sqs, "SendMessage", json!({"QueueUrl": url, "MessageBody": "1"})).await;
    assert_eq!(sqs.redrive(), [sent["MessageId"].as_str().unwrap()]);
    assert_eq!(sqs.dead_letters(), []);
    let received = receive(&sqs).await;
    assert_eq!((&received["MessageId"], &received["Body"]), (&sent["MessageId"], &json!("1")));
    assert_eq!(sqs.redrive(), [""; 0]);
}

#[tokio::test]
async fn a_visibility_timeout_of_its_own_holds_for_receivers_that_name_none() {
    let sqs = FakeSqs::start().await;
    sqs.set_visibility_timeout(Duration::from_mins(1));
    sqs.send("1");
    receive(&sqs).await;
    sqs.advance(Duration::from_secs(59));
    assert!(sqs.batch(10).is_none());
    sqs.advance(Duration::from_secs(1));
    assert!(sqs.batch(10).is_some());
}

#[tokio::test]
async fn only_the_last_calls_are_remembered_on_request() {
    let sqs = FakeSqs::start().await;
    sqs.remember(2);
    for body in ["1", "2", "3"] {
        ask(&sqs, "SendMessage", json!({"MessageBody": body})).await;
    }
    let bodies: Vec<_> = sqs.calls().iter().map(|(_, call)| call["MessageBody"].clone()).collect();
    assert_eq!(bodies, ["2", "3"]);
}
