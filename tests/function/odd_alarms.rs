//! Alarms whose events lack what CloudWatch documents, or have it in another shape.

use serde_json::{Value, json};

use crate::support::world::World;

const ARN: &str = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:kettle";

/// The event of an alarm of the shop's own, changed at this place.
fn with(place: &str, value: impl Into<Value>) -> Value {
    let mut event = json!({
        "source": "aws.cloudwatch",
        "alarmArn": ARN,
        "accountId": "123456789012",
        "time": "2026-01-01T00:00:00.000+0000",
        "region": "eu-central-1",
        "alarmData": {
            "alarmName": "kettle",
            "state": {
                "value": "ALARM",
                "reason": "Threshold Crossed",
                "timestamp": "2026-01-01T00:00:00.000+0000",
            },
            "previousState": {"value": "OK", "timestamp": "2025-12-31T23:00:00.000+0000"},
            "configuration": {"description": "the kettle is cold", "metrics": []},
        },
    });
    let (parent, name) = place.rsplit_once('/').unwrap();
    event.pointer_mut(parent).unwrap()[name] = value.into();
    event
}

/// What cannot be read counts as absent, and the rest is shown.
#[tokio::test]
async fn an_alarm_is_shown_whatever_its_event_lacks() {
    let world = World::queued(&[]).await;
    let places = [
        "/accountId",
        "/time",
        "/region",
        "/alarmData",
        "/alarmData/alarmName",
        "/alarmData/state",
        "/alarmData/state/value",
        "/alarmData/state/reason",
        "/alarmData/state/reasonData",
        "/alarmData/state/timestamp",
        "/alarmData/previousState",
        "/alarmData/previousState/value",
        "/alarmData/configuration",
        "/alarmData/configuration/description",
        "/alarmData/configuration/metrics",
        "/alarmData/configuration/alarmRule",
        "/alarmData/alarmContributor",
    ];
    let odd =
        [json!(null), json!({}), json!([]), json!([[1]]), json!(1), json!("\u{0}\n{"), json!("")];
    for place in places {
        for value in &odd {
            let event = with(place, value.clone());
            let invocation = world.lambda.invoke(event.to_string()).await;
            assert_eq!(invocation.answer(), Value::Null, "{event}");
            let waiting = world.sqs.messages();
            assert_eq!(waiting.len(), 1, "{event}");
            assert!(waiting[0].body.contains("kettle"), "{}", waiting[0].body);
            world.take_envelope();
        }
    }
    world.assert_no_panic();
}

#[tokio::test]
async fn what_is_left_of_an_alarm_is_a_message() {
    let world = World::queued(&[]).await;
    let bare = json!({"source": "aws.cloudwatch", "alarmArn": ARN});
    let events =
        [bare, with("/alarmData", json!({})), with("/alarmData/state/reason", "x".repeat(500_000))];
    for event in &events {
        assert_eq!(world.lambda.invoke(event.to_string()).await.answer(), Value::Null, "{event}");
    }
    world.consume_the_rest().await;
    let shown = world.shown();
    assert!(shown.matches("kettle").count() >= events.len(), "{shown}");
    let warnings: Vec<_> =
        world.slack.messages().iter().flat_map(|it| it.warnings.clone()).collect();
    assert_eq!(warnings, Vec::<String>::new());
    world.assert_queues_are_empty();
}

#[tokio::test]
async fn an_alarm_that_does_not_say_whose_it_is_fails_the_invocation() {
    let world = World::queued(&[]).await;
    for arn in [json!(""), json!(" \u{200b}"), json!({}), json!([ARN])] {
        let error = world.send_refused(&with("/alarmArn", arn.clone()).to_string()).await;
        assert_eq!(error, "the alarm's event has no alarmArn", "{arn}");
    }
    for arn in ["kettle", "arn:aws:cloudwatch", "arn:aws:cloudwatch:::alarm:kettle"] {
        let mut event = with("/alarmArn", arn);
        event.as_object_mut().unwrap().remove("accountId");
        let error = world.send_refused(&event.to_string()).await;
        assert_eq!(
            error, "the alarm's event does not say of which account and region it is",
            "{arn}"
        );
    }
    assert_eq!(world.sqs.messages(), []);
}

/// Metric math has an expression in place of the metric, and a composite alarm has a rule.
#[tokio::test]
async fn an_alarm_on_metric_math_or_on_other_alarms_is_shown() {
    let world = World::queued(&[]).await;
    let math = json!([
        {"id": "c", "metricStat": {"metric": {"name": "Cold"}, "period": 60}, "returnData": false},
        {"id": "rate", "expression": "100 * c / o", "label": "Share of cold tea", "returnData": true},
    ]);
    let rule = format!("ALARM(\"{ARN}-2\") OR ALARM(lid)");
    for (place, value, shown) in [
        ("/alarmData/configuration/metrics", math, "Share of cold tea"),
        ("/alarmData/configuration/alarmRule", json!(rule), "kettle-2"),
    ] {
        let mut event = with(place, value);
        // Another change of its state.
        event["alarmArn"] = json!(format!("{ARN}-{}", shown.len()));
        assert_eq!(world.lambda.invoke(event.to_string()).await.answer(), Value::Null, "{event}");
        world.consume_the_rest().await;
        let message = world.slack.latest().unwrap().rendered();
        assert!(message.contains(shown), "{message}");
    }
}
