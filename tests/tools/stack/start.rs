//! How it starts, and what it takes from other programs.

use order_alerts::platform::Platform;
use order_alerts_fakes::FakeSlack;

use super::*;
use crate::{run, tool};

#[tokio::test]
async fn it_shows_the_sample_message() {
    let mut stack = Stack::start(tool(&[]).env("LANGUAGE", "en_GB:en")).await;
    let shown = stack.read_until("  └─").await;
    let (_, message) = shown.split_once("┌─ Slack\n").unwrap();
    insta::assert_snapshot!(message);
    assert!(stack.output.contains("New and changed orders wait for a digest: 10 s here"));
}

#[tokio::test]
async fn it_serves_requests_as_api_gateway_does() {
    let stack = Stack::start(&mut tool(&[])).await;
    let (head, body) = stack.request("POST /webhook", "{}").await;
    assert!(head.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{head}");
    assert!(head.contains("content-type: application/problem+json"), "{head}");
    assert!(body.contains("not proven"), "{body}");
    let (head, _) = stack.request("GET /health", "").await;
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
}

#[tokio::test]
async fn it_posts_to_the_real_slack_on_request() {
    let channel = FakeSlack::start().await;
    let mut command = tool(&[]);
    command.env("SLACK_WEBHOOK_URL", channel.hook_url()).env("SLACK_ORIGIN", channel.origin());
    let stack = Stack::start(&mut command).await;
    channel.wait_for(1, LIMIT).await;
    let state = stack.settled().await;
    assert_eq!((&state["is_real_slack"], &state["numbers"]["posts"]), (&true.into(), &1.into()));

    // All but Slack stays here.
    stack.ask("POST /local/samples/shopify-cancelled", &Value::Null).await;
    let state = stack.settled().await;
    assert_eq!((&state["numbers"]["left_out"], channel.messages().len()), (&1.into(), 1));
}

#[tokio::test]
async fn it_logs_why_a_webhook_is_refused() {
    let mut command = tool(&[]);
    command.env("LANGUAGE", "fr");
    let mut stack = Stack::start(&mut command).await;
    let errors = stack.process.stderr.take().unwrap();
    let (_, body) = stack.request("POST /webhook", "{}").await;
    assert!(!body.contains("missing"), "the sender does not see the reason: {body}");
    let mut lines = BufReader::new(errors).lines();
    let ignored = lines.next_line().await.unwrap().unwrap();
    assert!(ignored.starts_with("LANGUAGE=fr is ignored"), "{ignored}");
    let mut log = String::new();
    while !log.contains("missing header `webhook-id` or `svix-id`") {
        let line = timeout(Duration::from_secs(10), lines.next_line()).await;
        log += &line.unwrap().unwrap().expect("it goes on");
    }
}

#[tokio::test]
async fn a_wrong_slack_address_or_setting_is_refused_in_a_sentence() {
    for (name, value, sentence) in [
        (
            "SLACK_WEBHOOK_URL",
            "https://example.com",
            "SLACK_WEBHOOK_URL: it is an address of another service than Slack",
        ),
        ("CUSTOMER", "all", "CUSTOMER must be `hidden`, `initials` or `full`"),
        ("DIGEST_SECONDS", "0", "DIGEST_SECONDS must be a whole number from 1 to 900"),
    ] {
        let (succeeded, _, errors) = run(tool(&[]).env(name, value), "").await;
        assert!(!succeeded);
        assert!(errors.starts_with(&format!("error: {sentence}")), "{errors}");
    }
}

#[tokio::test]
async fn a_webhook_can_be_sent_to_it() {
    let mut stack = Stack::start(&mut tool(&[])).await;
    let url = format!("http://{}/webhook/woocommerce", stack.address);
    let body = r#"{"id":7,"number":"7","status":"cancelled"}"#;
    let topic = "X-WC-Webhook-Topic: order.updated";
    let mut send = tool(&["send", "woocommerce", "-", "-H", topic, "--to", &url]);
    let (succeeded, output, errors) = run(&mut send, body).await;
    assert!(succeeded, "{errors}");
    assert_eq!(output, format!("{url} → 200 {{\"status\":\"accepted\"}}\n"));
    assert!(stack.read_until("Order #7 cancelled").await.contains("🚫"));

    let mut send = tool(&["send", "woocommerce", "-", "-H", topic, "--to", &url]);
    let (succeeded, output, _) =
        run(send.env("SIGNING_KEY", "another key of this test"), body).await;
    assert!(!succeeded);
    assert!(output.contains(" → 401 "), "{output}");
}

#[tokio::test]
async fn a_sample_of_every_platform_can_be_sent_to_it() {
    let stack = Stack::start(&mut tool(&[])).await;
    for platform in Platform::names().filter_map(Platform::find) {
        let url = format!("http://{}{}", stack.address, platform.path());
        let (succeeded, output, errors) =
            run(&mut tool(&["send", platform.id, "--to", &url]), "").await;
        assert!(succeeded, "{}: {output}{errors}", platform.id);
        assert!(output.contains(" → 200 "), "{output}");
    }
    let accepted = stack.settled().await["numbers"]["accepted"].clone();
    assert_eq!(accepted, Platform::names().count() + 1, "and the sample of the start");
}

#[tokio::test]
async fn many_webhooks_can_be_sent_to_it() {
    let stack = Stack::start(&mut tool(&[])).await;
    let url = format!("http://{}/webhook", stack.address);
    for (letter, rate) in [("A", &[][..]), ("B", &["--rate", "100"])] {
        let body =
            format!(r#"{{"event_type":"order_cancelled","order_id":"{letter}-{{number}}"}}"#);
        let arguments = [&["send", "generic", "-", "--to", &url, "--count", "20"], rate].concat();
        let (succeeded, output, errors) = run(&mut tool(&arguments), &body).await;
        assert!(succeeded, "{errors}");
        assert!(output.starts_with(&format!("{url} → 20 × 200; half within ")), "{output}");
        let shown = texts(&stack.settled().await);
        for number in 1..=20 {
            let name = format!("{letter}-{number}");
            let words = shown.split([' ', ',', '\n']);
            assert_eq!(words.filter(|word| *word == name).count(), 1, "{name}: {shown}");
        }
    }

    let body = r#"{"event_type":"order_cancelled","order_id":"A-{number}"}"#;
    let mut send = tool(&["send", "generic", "-", "--to", &url, "--count", "2"]);
    let (succeeded, output, errors) =
        run(send.env("SIGNING_KEY", "another key of this test"), body).await;
    assert!(!succeeded);
    assert!(output.contains(" → 2 × 401; "), "{output}");
    assert_eq!(errors, "error: not all webhooks were accepted\n");
}

#[tokio::test]
async fn another_port_is_named_with_its_reason() {
    // Two at once: at most one of them listens on the usual port.
    let stacks = [Stack::start(&mut tool(&[])).await, Stack::start(&mut tool(&[])).await];
    for Stack { address, output, .. } in &stacks {
        let is_usual = address.ends_with(":3000");
        let advice = format!("Send with --to http://{address}/webhook/PLATFORM");
        assert_eq!(
            output.contains("Port 3000 ") && output.contains(&advice),
            !is_usual,
            "{output}"
        );
    }
}
