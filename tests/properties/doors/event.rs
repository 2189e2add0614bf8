//! An event of Lambda: what it is, and what the function says of it.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;

use jiff::Timestamp;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::aws_lambda_events::encodings::Body;
use order_alerts::handlers::InvocationResponse;
use order_alerts::handlers::invocation::Invocation;
use order_alerts::platform::Platform;
use order_alerts::queue::batch::BatchResponse;
use order_alerts::webhook::response::{Answer, Refusal, response};
use serde_json::Value;

use super::function::{Services, serve};
use super::now;

/// The event as JSON. Of what is no text, Lambda makes no event.
pub(super) fn enter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // A deeper event, or one with a larger number, is read all the same.
    let event = serde_json::from_str(text).unwrap_or(Value::Null);
    let Ok(invocation) = Invocation::parse(text) else { return };
    assert!(event.is_null() || has_markers(&event, &invocation), "{event}");
    let services = Services::new();
    // A sample is signed at the time of its arrival.
    let arrived_at = event.pointer("/requestContext/timeEpoch").and_then(Value::as_i64);
    let arrived_at = arrived_at.and_then(|time| Timestamp::from_millisecond(time).ok());
    match serve(&services, text, arrived_at.unwrap_or_else(now)) {
        Ok(InvocationResponse::Webhook(answer)) => is_an_answer(&answer, &services),
        Ok(InvocationResponse::Batch(failures)) => is_of_the_batch(&failures, &event),
        Ok(InvocationResponse::Nothing(())) => {}
        Err(_) => assert_eq!(services.sqs.count(), 0, "what failed is not handed on"),
    }
    assert!(services.slack.refused().is_empty(), "{:?}", services.slack.refused());
    for posted in services.slack.messages() {
        assert!(posted.mentions.is_empty() && posted.warnings.is_empty(), "{posted:?}");
    }
}

fn has_markers(event: &Value, invocation: &Invocation) -> bool {
    let source = event["source"].as_str().unwrap_or_default();
    let records = event["Records"].as_array();
    match invocation {
        Invocation::Webhook(_) => event["requestContext"]["http"].is_object(),
        Invocation::Batch(batch) => {
            let is_sqs = |record: &Value| record["eventSource"] == "aws:sqs";
            records.is_some_and(|all| all.iter().all(is_sqs) && all.len() == batch.records.len())
        }
        Invocation::Alarm(_) => source == "aws.cloudwatch" && !event["alarmArn"].is_null(),
        Invocation::Tick => source == "aws.events" && event["detail-type"] == "Scheduled Event",
    }
}

/// Every answer that there is.
static ANSWERS: LazyLock<Vec<(i64, Option<Body>)>> = LazyLock::new(|| {
    let bodies = Platform::names().filter_map(Platform::find);
    let bodies = bodies.filter_map(|platform| Some(Answer::Fixed(platform.reply.body.as_deref()?)));
    let answers = [Answer::Accepted, Answer::Ignored, Answer::Silent, Answer::Healthy];
    let answers = answers.into_iter().chain(bodies).map(Ok);
    let refusals = [
        Refusal::NotFound,
        Refusal::MethodNotAllowed { allow: "POST" },
        Refusal::TooLarge,
        Refusal::UnsupportedMediaType,
        Refusal::Unreadable,
        Refusal::Unauthorized,
        Refusal::Forbidden,
        Refusal::Unavailable { retry_after: Duration::from_secs(1) },
    ];
    let all = answers
        .chain(refusals.map(Err))
        .flat_map(|outcome| ["POST", "HEAD"].map(|method| response(method, outcome)));
    all.map(|response| (response.status_code, response.body)).collect()
});

fn is_an_answer(answer: &ApiGatewayV2httpResponse, services: &Services) {
    let (status, body) = (answer.status_code, &answer.body);
    assert!(ANSWERS.iter().any(|known| *known == (status, body.clone())), "{answer:?}");
    let header = |name| answer.headers.get(name).and_then(|value| value.to_str().ok());
    assert_eq!(header("allow").is_some(), status == 405);
    let retry_after = header("retry-after").map(|seconds| seconds.parse::<u32>().unwrap());
    assert!(retry_after.is_none_or(|seconds| (1..=900).contains(&seconds)));
    assert_eq!(retry_after.is_some(), status == 503);
    assert!(status == 200 || services.sqs.count() == 0, "it will be sent again");
}

/// Lambda retries a whole batch for one unknown id.
fn is_of_the_batch(response: &BatchResponse, event: &Value) {
    let records = event["Records"].as_array().map_or(&[][..], Vec::as_slice);
    let ids: BTreeSet<_> =
        records.iter().filter_map(|record| record["messageId"].as_str()).collect();
    for failure in &response.batch_item_failures {
        assert!(event.is_null() || ids.contains(failure.item_identifier.as_str()));
    }
}
