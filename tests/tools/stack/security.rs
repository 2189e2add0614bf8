//! Which requests it serves, and with which keys.

use order_alerts_fakes::FakeSlack;

use super::*;
use crate::{run, tool};

/// A stack that posts to this channel as it would post to the real Slack.
async fn stack_of(channel: &FakeSlack) -> Stack {
    let mut command = tool(&[]);
    command.env("SLACK_WEBHOOK_URL", channel.hook_url()).env("SLACK_ORIGIN", channel.origin());
    Stack::start(&mut command).await
}

#[tokio::test]
async fn a_page_of_another_site_reaches_nothing() {
    let channel = FakeSlack::start().await;
    let stack = stack_of(&channel).await;
    channel.wait_for(1, LIMIT).await;
    let host = ("host", stack.address.as_str());
    for foreign in [
        &[("host", "evil.example")][..],
        &[("host", "evil.example:3000")],
        &[host, ("origin", "http://evil.example")],
        &[host, ("sec-fetch-site", "cross-site")],
        &[host, ("sec-fetch-site", "same-site")],
    ] {
        for request in [
            "POST /local/samples/standard-cancelled",
            "POST /services/x",
            "POST /webhook",
            "POST /local/kill",
        ] {
            let (head, body) = stack.request_with(request, foreign, r#"{"text":"forged"}"#).await;
            assert!(head.starts_with("HTTP/1.1 403 Forbidden"), "{request} {foreign:?}: {head}");
            assert!(body.contains("127.0.0.1") || body.contains("another site"), "{body}");
        }
    }
    // By a name that resolves to this machine later, a page could read all answers.
    for request in ["GET /local/state", "GET /local/stream", "GET /"] {
        let (head, _) = stack.request_with(request, &[("host", "evil.example:3000")], "").await;
        assert!(head.starts_with("HTTP/1.1 403 Forbidden"), "{request}: {head}");
    }
    assert_eq!(stack.settled().await["numbers"]["accepted"], 1, "only that of the start");
    assert_eq!(channel.messages().len(), 1);
}

#[tokio::test]
async fn the_own_page_and_programs_without_a_browser_are_served() {
    let stack = Stack::start(&mut tool(&[])).await;
    let (_, port) = stack.address.split_once(':').unwrap();
    let localhost = format!("localhost:{port}");
    let origin = format!("http://{localhost}");
    for headers in [
        &[("host", localhost.as_str()), ("origin", &origin), ("sec-fetch-site", "same-origin")][..],
        &[("host", &stack.address)],
    ] {
        let sample = "POST /local/samples/generic-cancelled";
        let (head, _) = stack.request_with(sample, headers, "").await;
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{headers:?}: {head}");
    }
    assert_eq!(stack.state().await["numbers"]["accepted"], 3);
}

#[tokio::test]
async fn the_sample_keys_open_no_stack_that_posts_to_the_real_slack() {
    let channel = FakeSlack::start().await;
    let stack = stack_of(&channel).await;
    let url = format!("http://{}/webhook", stack.address);
    let body = r#"{"event_type":"order_cancelled","order_id":"A-1"}"#;
    let send = ["send", "generic", "-", "--to", &url];

    let mut forged = tool(&send);
    forged.env("SIGNING_KEY", order_alerts_fakes::sample_key("generic"));
    let (succeeded, output, _) = run(&mut forged, body).await;
    assert!(!succeeded && output.contains(" → 401 "), "{output}");

    // Its own keys are served to no other program over HTTP.
    let headers =
        [("host", stack.address.as_str()), ("x-amz-target", "secretsmanager.GetSecretValue")];
    let (_, answer) = stack.request_with("POST /", &headers, "{}").await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let secret: Value = serde_json::from_str(answer["SecretString"].as_str().unwrap()).unwrap();
    assert_eq!(secret["signing_keys"]["generic"][0], order_alerts_fakes::sample_key("generic"));
    assert!(!secret["slack_webhook_url"].as_str().unwrap().contains(&channel.hook_url()));

    let (succeeded, output, errors) = run(&mut tool(&send), body).await;
    assert!(succeeded, "{output}{errors}");
    channel.wait_for(2, LIMIT).await;
}

/// Everyone has the private key that the samples of such platforms are signed with.
#[tokio::test]
async fn a_stack_that_posts_to_the_real_slack_has_no_sample_of_a_public_key() {
    let channel = FakeSlack::start().await;
    let stack = stack_of(&channel).await;
    let url = format!("http://{}/webhook/adobe", stack.address);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/events/adobe-cancelled.json");
    let (_, _, errors) = run(&mut tool(&["send", "adobe", file, "--to", &url]), "").await;
    assert_eq!(
        errors,
        "error: a local stack that posts to the real Slack takes no webhooks of Adobe Commerce: everyone knows the \
         private key that the samples are signed with\n"
    );

    // The sample as it is, with its signature.
    let event: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let name = "x-adobe-commerce-webhook-signature";
    let headers =
        [("host", stack.address.as_str()), (name, event["headers"][name].as_str().unwrap())];
    let body = event["body"].as_str().unwrap();
    let (head, _) = stack.request_with("POST /webhook/adobe", &headers, body).await;
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_keys_of_a_stack_can_be_read_by_its_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let channel = FakeSlack::start().await;
    let stack = stack_of(&channel).await;
    let (_, port) = stack.address.split_once(':').unwrap();
    let tool = std::path::Path::new(env!("CARGO_BIN_EXE_local"));
    let file = tool.with_file_name(format!("local-stack-{port}.key"));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}
