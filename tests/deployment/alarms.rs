//! Alarms of the stack, from a metric to the channel and to the e-mail address.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::channel::Channel;
use crate::cloudwatch::{Alarm, home};
use crate::world::{ALARM_EMAIL, STACK, Stack, World};

/// A single message takes seconds.
const SOON: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The account and the region of the alarm, and others in their place.
const OTHERS: [(&str, &str); 2] = [("000000000000", "210987654321"), ("us-east-1", "eu-central-1")];

pub(crate) async fn an_alarm_and_its_end_reach_the_channel(world: &World, stack: &Stack) {
    let channel = Channel::from_now(&world.slack);
    let fresh = Alarm::now(world).await;
    assert_eq!(fresh.state(), "INSUFFICIENT_DATA", "{fresh:?}");
    let well = fresh.turned(world, "OK", 0).await;
    invoke_with(world, stack, &well.event_after(&fresh).to_string()).await;
    assert_eq!(channel.requests(), 0, "all was well from the beginning");

    let raised = well.turned(world, "ALARM", 1).await;
    let event = raised.event_after(&well).to_string();
    for (own, other) in OTHERS {
        invoke_with(world, stack, &event.replace(own, other)).await;
    }
    assert_eq!(channel.requests(), 0, "an alarm of another account is posted");
    let shown = shown(world, stack, &event).await;
    assert!(shown.starts_with("🚨 Orders may be shown twice\n"), "{shown}");
    assert!(shown.contains("Order alerts still come,"), "{shown}");
    assert!(shown.contains(&format!("Alarm: {STACK}-ledger")), "{shown}");

    let ended = raised.turned(world, "OK", 0).await;
    let lasted = ended.since().duration_since(raised.since()).as_secs();
    let shown = self::shown(world, stack, &ended.event_after(&raised).to_string()).await;
    let headline = format!("✅ Alarm over after {lasted} s: duplicates are recognized again\n");
    assert!(shown.starts_with(&headline), "{headline}{shown}");
}

/// Each alarm calls the function of its own account and region, which lets CloudWatch in.
pub(crate) async fn alarms_invoke_the_function(world: &World, stack: &Stack) {
    let alarm = Alarm::now(world).await;
    let function = json!({"FunctionName": stack.function});
    let configuration = world.tools.aws("lambda", "get_function_configuration", &function).await;
    let arn = configuration["FunctionArn"].as_str().unwrap();
    assert_eq!(alarm.actions().map(|actions| actions[0].clone()), [arn, arn]);
    assert_eq!(home(arn), home(alarm.arn()));

    let policy = world.tools.aws("lambda", "get_policy", &function).await;
    let cloudwatch = "lambda.alarms.cloudwatch.amazonaws.com";
    lets_in(&policy["Policy"], cloudwatch, "lambda:InvokeFunction", &alarm);
}

pub(crate) async fn alarms_are_mailed_too(world: &World) {
    let alarm = Alarm::now(world).await;
    let [raised, ended] = alarm.actions().map(|actions| actions[1].clone());
    assert_eq!(raised, ended);
    let topic = json!({"TopicArn": raised});

    let topic_itself = world.tools.aws("sns", "get_topic_attributes", &topic).await;
    let policy = &topic_itself["Attributes"]["Policy"];
    lets_in(policy, "cloudwatch.amazonaws.com", "sns:Publish", &alarm);

    let readers = world.tools.aws("sns", "list_subscriptions_by_topic", &topic).await;
    let [reader] = &readers["Subscriptions"].as_array().unwrap()[..] else { panic!("{readers}") };
    assert_eq!([&reader["Protocol"], &reader["Endpoint"]], ["email", ALARM_EMAIL]);
}

pub(crate) async fn the_dashboard_is_about_the_function(world: &World, stack: &Stack) {
    let page = format!("?region=us-east-1#dashboards/dashboard/{STACK}");
    assert!(stack.dashboard_url.ends_with(&page), "{}", stack.dashboard_url);
    let name = json!({"DashboardName": STACK});
    let dashboard = world.tools.aws("cloudwatch", "get_dashboard", &name).await;
    let body = json_in(&dashboard["DashboardBody"]);
    let metric = &body["widgets"][0]["properties"]["metrics"][0];
    assert_eq!([&metric[1], &metric[3]], ["OrdersCreated", &stack.function], "{body:#}");
}

/// Alarms, dashboards and topics; the stack was all that there was.
pub(crate) async fn are_gone(world: &World) {
    let everything = json!({});
    for (service, operation, list) in [
        ("cloudwatch", "describe_alarms", "MetricAlarms"),
        ("cloudwatch", "list_dashboards", "DashboardEntries"),
        ("sns", "list_topics", "Topics"),
    ] {
        let left = world.tools.aws(service, operation, &everything).await;
        assert_eq!(left[list], json!([]));
    }
}

/// What the channel shows of an event that CloudWatch sends, without waiting for the function.
async fn shown(world: &World, stack: &Stack, event: &str) -> String {
    let channel = Channel::from_now(&world.slack);
    let call = json!({"FunctionName": stack.function, "InvocationType": "Event", "Payload": event});
    let answer = world.tools.aws("lambda", "invoke", &call).await;
    assert_eq!(answer["StatusCode"], 202, "{answer}");
    let start = Instant::now();
    while channel.messages().is_empty() {
        assert!(start.elapsed() < SOON, "no message after {SOON:?}: {event}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    stack.queues.run_empty(SOON).await;
    channel.only_message()
}

/// Returns once the function is done with the event, and the queue with what it may have put there.
async fn invoke_with(world: &World, stack: &Stack, event: &str) {
    world.invoke(stack, event).await;
    stack.queues.run_empty(SOON).await;
}

/// The policy has a statement by which the alarms of this stack may do this through `service`.
#[track_caller]
fn lets_in(policy: &Value, service: &str, action: &str, alarm: &Alarm) {
    let policy = json_in(policy);
    let statements = policy["Statement"].as_array().unwrap();
    let is_theirs = |statement: &&Value| {
        statement["Principal"]["Service"] == service && statement["Action"] == action
    };
    let statement = statements.iter().find(is_theirs);
    let condition = &statement.unwrap_or_else(|| panic!("{service} in {policy:#}"))["Condition"];
    let (_, account) = home(alarm.arn());
    let (all, _) = alarm.arn().split_once(STACK).unwrap();
    for part in [account, &format!("{all}{STACK}-*")] {
        assert!(condition.to_string().contains(&format!("\"{part}\"")), "{part} in {condition:#}");
    }
}

/// The JSON in a text of an answer.
#[track_caller]
fn json_in(text: &Value) -> Value {
    serde_json::from_str(text.as_str().unwrap()).unwrap()
}
