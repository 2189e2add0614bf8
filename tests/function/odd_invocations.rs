//! Events that no service sends, and those of a schedule that say more or less than usual.

use serde_json::{Value, json};

use crate::support::world::World;

#[tokio::test]
async fn an_event_that_is_part_of_one_kind_and_part_of_another_is_never_taken_for_done() {
    let world = World::queued(&[]).await;
    let schedule = json!({"source": "aws.events", "detail-type": "Scheduled Event"});
    let changed = |name: &str, value: Value| {
        let mut event = schedule.clone();
        event[name] = value;
        event
    };
    for event in [
        changed("source", json!("aws.scheduler")),
        changed("source", json!(["aws.events"])),
        changed("source", Value::Null),
        changed("detail-type", json!("Scheduled event")),
        changed("detail-type", json!(["Scheduled Event"])),
        changed("detail-type", Value::Null),
        json!({"source": "aws.events"}),
        json!({"detail-type": "Scheduled Event"}),
        json!({"source": "aws.cloudwatch", "alarmArn": null, "alarmData": {}}),
        json!({"source": "aws.cloudwatch", "alarmData": {"alarmName": "kettle"}}),
        json!({"alarmArn": "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:kettle"}),
        json!({"Records": null}),
        json!({"Records": [null]}),
        json!({"Records": "aws:sqs"}),
        json!({"records": []}),
        json!({"Type": "Notification", "TopicArn": "arn:aws:sns:x", "Message": "{}"}),
        json!({"version": "2.0", "type": "REQUEST", "routeArn": "arn:aws:execute-api:x"}),
        json!("Scheduled Event"),
        json!(true),
    ] {
        let error = world.send_refused(&event.to_string()).await;
        assert_eq!(error, "the event is of no known kind", "{event}");
    }
    // A tick's own fields may be missing, or say anything.
    for event in [
        schedule.clone(),
        changed("detail", Value::Null),
        changed("detail", json!([{"Records": []}])),
        changed("detail", json!("x".repeat(100_000))),
        changed("resources", json!({})),
        changed("time", json!("never")),
        changed("account", json!(210_987_654_321_u64)),
    ] {
        let invocation = world.lambda.invoke(event.to_string()).await;
        assert_eq!(invocation.answer(), Value::Null, "{event}");
    }
    world.assert_no_panic();
    assert_eq!((world.sqs.calls(), world.slack.all_requests()), (vec![], 0));
}
