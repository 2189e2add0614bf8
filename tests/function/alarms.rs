//! Alarms of CloudWatch, on their way into the channel.

use order_alerts_fakes::{AwsFault, FakeSlack, Fault, Outcome};
use serde_json::{Value, json};

use crate::support::assertions::headline;
use crate::support::queue::{LONGEST_ABSENCE, age_rejections};
use crate::support::webhooks::cancellation;
use crate::support::world::{Way, World};

const BROKEN: AwsFault = AwsFault::Error { kind: "InternalFailure", status: 500 };

/// The event of an alarm of the stack that was `before` for two hours and is `now` since then.
pub(crate) fn alarm(name: &str, before: &str, now: &str) -> Value {
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

pub(crate) async fn invoke(world: &World, alarm: &Value) {
    let outcome = world.lambda.invoke(alarm.to_string()).await.outcome;
    assert!(matches!(outcome, Outcome::Answered(Value::Null)), "{outcome:?}");
}

#[tokio::test]
async fn an_alarm_and_its_end_reach_the_channel() {
    for way in [Way::Queue, Way::DirectWithLedger] {
        let world = World::by(way, &[]).await;
        invoke(&world, &alarm("no-orders", "OK", "ALARM")).await;
        invoke(&world, &alarm("no-orders", "ALARM", "OK")).await;
        if way == Way::Queue {
            world.consume_the_rest().await;
        }
        let headlines = world.headlines();
        assert_eq!(headlines.len(), 2, "{headlines:?}");
        assert!(headlines[0].starts_with("🚨"), "{headlines:?}");
        assert!(headlines[1].starts_with("✅") && headlines[1].contains("2 h"), "{headlines:?}");
    }
}

#[tokio::test]
async fn an_alarm_goes_to_the_monitoring_channel_if_there_is_one() {
    let world = World::with_monitoring(Way::Queue, FakeSlack::other_hook_url).await;
    invoke(&world, &alarm("errors", "OK", "ALARM")).await;
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
async fn an_alarm_event_sent_twice_is_posted_once() {
    let world = World::queued(&[]).await;
    for _ in 0..2 {
        invoke(&world, &alarm("dead-letters", "OK", "ALARM")).await;
    }
    world.consume_the_rest().await;
    assert_eq!(world.headlines().len(), 1);
}

#[tokio::test]
async fn each_contributor_of_an_alarm_is_posted_once() {
    let world = World::queued(&[]).await;
    for table in ["orders", "teas", "orders"] {
        let mut event = alarm("writes", "OK", "ALARM");
        event["alarmData"]["alarmContributor"] =
            json!({"id": format!("id-of-{table}"), "attributes": {"TableName": table}});
        invoke(&world, &event).await;
    }
    world.consume_the_rest().await;
    let messages = world.slack.messages();
    let text = |table| format!("Contributor: TableName: {table}");
    for table in ["orders", "teas"] {
        let about = messages.iter().filter(|post| post.text().contains(&text(table)));
        assert_eq!(about.count(), 1, "{table}");
    }
    assert_eq!(messages.len(), 2);
}

#[tokio::test]
async fn an_alarm_waits_while_slack_is_down() {
    let world = World::queued(&[]).await;
    world.slack.down(Fault::answer(503, ""));
    invoke(&world, &alarm("slack-refuses", "OK", "ALARM")).await;
    world.consume().await;
    world.slack.up();
    world.consume_the_rest().await;
    let headlines = world.headlines();
    assert_eq!(headlines.len(), 1, "{headlines:?}");
    assert_eq!(world.sqs.dead_letters(), []);
}

#[tokio::test]
async fn an_alarm_that_cannot_be_queued_or_posted_is_retried_by_lambda() {
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
async fn an_alarm_that_slack_rejects_is_posted_as_plain_text_or_dead_lettered() {
    let world = World::queued(&[]).await;
    world.slack.script([Fault::answer(400, "invalid_blocks")]);
    invoke(&world, &alarm("errors", "OK", "ALARM")).await;
    world.consume_the_rest().await;
    assert!(world.the_message().contains("🚨"));

    world.slack.reject("🚨");
    invoke(&world, &alarm("throttles", "OK", "ALARM")).await;
    world.sqs.advance(LONGEST_ABSENCE);
    world.consume().await;
    assert_eq!(world.sqs.dead_letters().len(), 0);
    age_rejections(&world.ledger);
    world.consume_the_rest().await;
    assert_eq!(world.headlines().len(), 1);
    let [dead] = &world.sqs.dead_letters()[..] else { panic!("it is lost") };
    assert!(dead.body.contains("order-alerts-throttles"), "{}", dead.body);
}

#[tokio::test]
async fn an_alarm_of_another_account_or_region_is_ignored() {
    let world = World::queued(&[]).await;
    let own = alarm("errors", "OK", "ALARM").to_string();
    for (old, new) in [("123456789012", "210987654321"), ("eu-central-1", "us-east-1")] {
        let of_another: Value = serde_json::from_str(&own.replace(old, new)).unwrap();
        invoke(&world, &of_another).await;
    }
    assert_eq!(world.sqs.messages(), []);
    world.function.logged("\"AlarmsIgnored\"").await;
}

#[tokio::test]
async fn an_alarm_that_is_ok_from_the_beginning_is_not_posted() {
    let world = World::queued(&[]).await;
    invoke(&world, &alarm("errors", "INSUFFICIENT_DATA", "OK")).await;
    assert_eq!(world.sqs.messages(), []);
    let mut of_others = alarm("errors", "INSUFFICIENT_DATA", "OK");
    of_others["alarmData"]["alarmName"] = json!("kettle");
    invoke(&world, &of_others).await;
    assert_eq!(world.sqs.messages().len(), 1, "an alarm of another name is always posted");
}

#[tokio::test]
async fn an_alarm_whose_own_channel_is_gone_goes_to_the_channel_of_the_orders() {
    let gone = |slack: &FakeSlack| slack.hook_url().replace("B0FIRST", "B0GONE");
    let wrong = |_: &FakeSlack| "https://chat.example/services/T0/B0/x".to_owned();
    for world in [
        World::with_monitoring(Way::Queue, gone).await,
        World::with_monitoring(Way::Queue, wrong).await,
    ] {
        for name in ["errors", "throttles"] {
            invoke(&world, &alarm(name, "OK", "ALARM")).await;
        }
        world.consume_the_rest().await;
        let hooks: Vec<_> = world.slack.messages().into_iter().map(|post| post.hook).collect();
        assert_eq!(hooks, [world.slack.hook_url(), world.slack.hook_url()]);
        world.function.logged("the URL for monitoring is refused").await;
        let logs = world.function.logs().concat();
        assert!(!logs.contains("\"SlackRefused\""), "{logs}");
    }
}

#[tokio::test]
async fn while_an_alarm_is_rate_limited_its_channel_gets_no_other_message() {
    let posts = async |world: World| {
        for name in ["errors", "throttles"] {
            invoke(&world, &alarm(name, "OK", "ALARM")).await;
        }
        world.accept([cancellation(7)]).await;
        world.slack.script([Fault::RateLimited(Some("120"))]);
        world.consume().await;
        let waits: Vec<_> = world.sqs.messages().iter().map(|left| left.visible_in).collect();
        assert!(waits.iter().all(|wait| wait.as_secs() >= 115), "{waits:?}");
        world.function.logged("\"SlackRefused\"").await;
        (world.slack.arrivals().len(), world.headlines().len(), waits.len())
    };
    assert_eq!(posts(World::queued(&[]).await).await, (1, 0, 3));
    let apart = World::with_monitoring(Way::Queue, FakeSlack::other_hook_url).await;
    assert_eq!(posts(apart).await, (2, 1, 2), "the orders have a channel of their own");
}

#[tokio::test]
async fn alarms_are_posted_in_the_order_of_their_state_changes() {
    let world = World::queued(&[]).await;
    let mut later = alarm("no-orders", "ALARM", "OK");
    later["alarmData"]["state"]["timestamp"] = json!("2026-01-01T03:00:00.000+0000");
    for change in [later, alarm("no-orders", "OK", "ALARM")] {
        invoke(&world, &change).await;
    }
    world.consume().await;
    let headlines = world.headlines();
    assert!(headlines[0].starts_with("🚨") && headlines[1].starts_with("✅"), "{headlines:?}");
}
