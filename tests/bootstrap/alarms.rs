//! Alarms of CloudWatch, on their way into the channel.

use order_alerts_fakes::{AwsFault, FakeSlack, Fault, Outcome};
use serde_json::{Value, json};

use crate::journey::{cancellation, headline};
use crate::world::{Way, World, secret};

const BROKEN: AwsFault = AwsFault::Error { kind: "InternalFailure", status: 500 };

/// The event of an alarm of the stack that was `before` for two hours and is `now` since then.
fn alarm(name: &str, before: &str, now: &str) -> Value {
    json!({
        "source": "aws.cloudwatch",
        "alarmArn": format!("arn:aws:cloudwatch:eu-central-1:123456789012:alarm:order-alerts-{name}"),
        "accountId": "123456789012",
        "region": "eu-central-1",
        "time": "2026-01-01T02:00:00.000+0000",
        "alarmData": {
            "alarmName": format!("order-alerts-{name}"),
            "state": {
                "value": now, "reason": "made up", "timestamp": "2026-01-01T02:00:00.000+0000",
                "reasonData": json!({"recentDatapoints": [3, 1, 0], "threshold": 1}).to_string(),
            },
            "previousState": {"value": before, "timestamp": "2026-01-01T00:00:00.000+0000"},
            "configuration": {"description": "No orders.", "metrics": []},
        },
    })
}

async fn tell(world: &World, alarm: &Value) {
    let outcome = world.lambda.invoke(alarm.to_string()).await.outcome;
    assert!(matches!(outcome, Outcome::Answered(Value::Null)), "{outcome:?}");
}

#[tokio::test]
async fn an_alarm_and_its_end_reach_the_channel() {
    for way in [Way::Queue, Way::Remembered] {
        let world = World::by(way, &[]).await;
        tell(&world, &alarm("no-orders", "OK", "ALARM")).await;
        tell(&world, &alarm("no-orders", "ALARM", "OK")).await;
        if way == Way::Queue {
            world.consume_the_rest().await;
        }
        let told = world.headlines();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("🚨"), "{told:?}");
        assert!(told[1].starts_with("✅") && told[1].contains("2 h"), "{told:?}");
    }
}

#[tokio::test]
async fn an_alarm_goes_to_the_monitoring_channel_if_there_is_one() {
    let slack = FakeSlack::start().await;
    let mut parts: Value = serde_json::from_str(&secret(&slack.hook_url())).unwrap();
    parts["slack_monitoring_webhook_url"] = slack.other_hook_url().into();
    let world = World::from_parts(Way::Queue, slack, &parts.to_string(), &[]).await;
    world.lambda.ready().await;
    tell(&world, &alarm("errors", "OK", "ALARM")).await;
    world.accept([cancellation(7)]).await;
    world.consume_the_rest().await;
    let channels: Vec<_> =
        world.slack.messages().iter().map(|post| (post.hook.clone(), headline(post))).collect();
    for (channel, headline) in &channels {
        let is_alarm = headline.starts_with("🚨");
        assert_eq!(*channel == world.slack.other_hook_url(), is_alarm, "{channels:?}");
    }
    assert_eq!(channels.len(), 2, "{channels:?}");
}

#[tokio::test]
async fn an_alarm_that_comes_twice_is_told_once() {
    let world = World::queued(&[]).await;
    for _ in 0..2 {
        tell(&world, &alarm("dead-letters", "OK", "ALARM")).await;
    }
    world.consume_the_rest().await;
    assert_eq!(world.headlines().len(), 1);
}

#[tokio::test]
async fn an_alarm_waits_while_slack_is_down() {
    let world = World::queued(&[]).await;
    world.slack.down(Fault::answer(503, ""));
    tell(&world, &alarm("slack-refuses", "OK", "ALARM")).await;
    world.consume().await;
    world.slack.up();
    world.consume_the_rest().await;
    let told = world.headlines();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(world.sqs.dead_letters(), []);
}

#[tokio::test]
async fn an_alarm_that_cannot_be_handed_over_is_tried_again_by_lambda() {
    let queued = World::queued(&[]).await;
    queued.sqs.fail_with("SendMessage", BROKEN);
    let error = queued.send_refused(&alarm("errors", "OK", "ALARM").to_string()).await;
    assert_eq!(error, "the alarm cannot be stored");

    let direct = World::start().await;
    direct.slack.down(Fault::answer(503, ""));
    let error = direct.send_refused(&alarm("errors", "OK", "ALARM").to_string()).await;
    assert_eq!(error, "the alarm cannot be posted now");
}

#[tokio::test]
async fn an_alarm_that_slack_refuses_is_told_in_plain_text_or_is_a_dead_letter() {
    let world = World::queued(&[]).await;
    world.slack.script([Fault::answer(400, "invalid_blocks")]);
    tell(&world, &alarm("errors", "OK", "ALARM")).await;
    world.consume_the_rest().await;
    assert!(world.the_message().contains("🚨"));

    world.slack.dislike("🚨");
    tell(&world, &alarm("throttles", "OK", "ALARM")).await;
    for _ in 0..3 {
        world.consume_the_rest().await;
    }
    assert_eq!(world.headlines().len(), 1);
    let [dead] = &world.sqs.dead_letters()[..] else { panic!("it is lost") };
    assert!(dead.body.contains("order-alerts-throttles"), "{}", dead.body);
}

#[tokio::test]
async fn alarms_of_others_are_not_believed() {
    let world = World::queued(&[]).await;
    let own = alarm("errors", "OK", "ALARM").to_string();
    for (old, new) in [("123456789012", "210987654321"), ("eu-central-1", "us-east-1")] {
        let of_another: Value = serde_json::from_str(&own.replace(old, new)).unwrap();
        tell(&world, &of_another).await;
    }
    assert_eq!(world.sqs.messages(), []);
    world.function.logged("\"AlarmsIgnored\"").await;
}

#[tokio::test]
async fn a_stack_that_is_well_from_the_beginning_says_nothing() {
    let world = World::queued(&[]).await;
    tell(&world, &alarm("errors", "INSUFFICIENT_DATA", "OK")).await;
    assert_eq!(world.sqs.messages(), []);
    let mut of_others = alarm("errors", "INSUFFICIENT_DATA", "OK");
    of_others["alarmData"]["alarmName"] = json!("kettle");
    tell(&world, &of_others).await;
    assert_eq!(world.sqs.messages().len(), 1, "what is not ours is shown as it is");
}
