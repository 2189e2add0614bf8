//! The local stack.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use order_alerts_fakes::{Bootstrap, FakeSlack, RuntimeApi};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::{run, tool};

struct Stack {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// What it printed until it was ready.
    output: String,
    address: String,
}

impl Stack {
    async fn start(command: &mut Command) -> Self {
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut stack = Self { process, lines, output: String::new(), address: String::new() };
        stack.output = stack.read_until("200 {\"status\":\"accepted\"}").await;
        let address = stack.output.split("http://").nth(1).unwrap();
        stack.address = address.split(' ').next().unwrap().to_owned();
        stack
    }

    async fn read_until(&mut self, end: &str) -> String {
        let mut output = String::new();
        while !output.contains(end) {
            let line = timeout(Duration::from_secs(30), self.lines.next_line()).await;
            output += &line.unwrap().unwrap().expect("it goes on");
            output += "\n";
        }
        output
    }

    /// Head and body of the response.
    async fn request(&self, head: &str, body: &str) -> (String, String) {
        self.request_with(head, &[("host", &self.address)], body).await
    }

    /// The same, with all headers.
    async fn request_with(
        &self,
        head: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let headers = headers.concat();
        let length = body.len();
        let request = format!(
            "{head} HTTP/1.1\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        // A server that refuses a body may close before it has read it.
        stream.write_all(request.as_bytes()).await.ok();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).await.ok();
        let response = String::from_utf8(response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    async fn state(&self) -> Value {
        let (_, body) = self.request("GET /local/state", "").await;
        serde_json::from_str(&body).unwrap()
    }
}

#[tokio::test]
async fn it_shows_the_sample_message() {
    let stack = Stack::start(tool(&[]).env("LANGUAGE", "en_GB:en")).await;
    let (_, message) = stack.output.split_once("┌─ Slack\n").unwrap();
    insta::assert_snapshot!(message);
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
async fn every_sample_is_a_message_on_the_page() {
    let stack = Stack::start(tool(&[]).env("SHOW_CREATED", "each")).await;
    let (head, page) = stack.request("GET /", "").await;
    assert!(head.contains("content-type: text/html"), "{head}");
    assert!(page.contains("/local/state"));

    let samples = stack.state().await["samples"].as_array().unwrap().clone();
    for name in &samples {
        let path = format!("POST /local/samples/{}", name.as_str().unwrap());
        let (head, _) = stack.request(&path, "").await;
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{name}: {head}");
    }
    let messages = stack.state().await["messages"].as_array().unwrap().clone();
    // Health checks and pings post nothing; one sample is of two orders, and the first was sent at the
    // start as well.
    assert_eq!(messages.len(), samples.len() - 2 + 1 + 1);
    assert!(messages.iter().all(|message| message["blocks"].as_array().unwrap().len() > 1));
    let (head, _) = stack.request("POST /local/samples/nothing", "").await;
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
}

#[tokio::test]
async fn it_serves_the_fakes_to_a_function_that_runs_separately() {
    let stack = Stack::start(&mut tool(&[])).await;
    let environment =
        include_str!("../../src/bin/local/lambda.env").replace("127.0.0.1:3000", &stack.address);
    let variables: Vec<_> = environment.lines().filter_map(|line| line.split_once('=')).collect();
    let lambda = RuntimeApi::start().await;
    let _function = Bootstrap::start(env!("CARGO_BIN_EXE_order-alerts"), &lambda, &variables);
    let sample = include_str!("../../events/woocommerce-cancelled.json");
    let answer = lambda.invoke(sample).await.answer();
    assert_eq!(answer["statusCode"], 200, "{answer}");
    let shown = stack.state().await["messages"][1]["text"].as_str().unwrap().to_owned();
    assert!(shown.starts_with("🚫 Order #815 cancelled"), "{shown}");
}

#[tokio::test]
async fn it_posts_to_the_real_slack_on_request() {
    let channel = FakeSlack::start().await;
    let stack = stack_of(&channel).await;
    assert_eq!(channel.messages().len(), 1);
    assert_eq!(stack.state().await["messages"], Value::Null);
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
async fn many_webhooks_can_be_sent_to_it() {
    let mut stack = Stack::start(&mut tool(&[])).await;
    let url = format!("http://{}/webhook", stack.address);
    let body = r#"{"event_type":"order_cancelled","order_id":"A-{number}"}"#;
    for rate in [&[][..], &["--rate", "100"]] {
        let arguments = [&["send", "generic", "-", "--to", &url, "--count", "20"], rate].concat();
        let (succeeded, output, errors) = run(&mut tool(&arguments), body).await;
        assert!(succeeded, "{errors}");
        assert!(output.starts_with(&format!("{url} → 20 × 200; half within ")), "{output}");
        let shown = stack.read_until("Order A-20 cancelled").await;
        for number in 1..20 {
            assert_eq!(shown.matches(&format!("Order A-{number} cancelled")).count(), 1, "{shown}");
        }
    }

    let mut send = tool(&["send", "generic", "-", "--to", &url, "--count", "2"]);
    let (succeeded, output, errors) =
        run(send.env("SIGNING_KEY", "another key of this test"), body).await;
    assert!(!succeeded);
    assert!(output.contains(" → 2 × 401; "), "{output}");
    assert_eq!(errors, "error: not all webhooks were accepted\n");
}

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
    let host = ("host", stack.address.as_str());
    for foreign in [
        &[("host", "evil.example")][..],
        &[("host", "evil.example:3000")],
        &[host, ("origin", "http://evil.example")],
        &[host, ("sec-fetch-site", "cross-site")],
        &[host, ("sec-fetch-site", "same-site")],
    ] {
        for request in
            ["POST /local/samples/shopify-cancelled", "POST /services/x", "POST /webhook"]
        {
            let (head, body) = stack.request_with(request, foreign, r#"{"text":"forged"}"#).await;
            assert!(head.starts_with("HTTP/1.1 403 Forbidden"), "{request} {foreign:?}: {head}");
            assert!(body.contains("127.0.0.1") || body.contains("another site"), "{body}");
        }
    }
    // By a name that resolves to this machine later, a page could read all answers.
    for request in ["GET /local/state", "GET /"] {
        let (head, _) = stack.request_with(request, &[("host", "evil.example:3000")], "").await;
        assert!(head.starts_with("HTTP/1.1 403 Forbidden"), "{request}: {head}");
    }
    assert_eq!(channel.messages().len(), 1, "only that of the start");
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
    assert_eq!(stack.state().await["posted"], 3);
}

#[tokio::test]
async fn the_page_runs_its_own_script_alone_and_in_no_frame() {
    let stack = Stack::start(&mut tool(&[])).await;
    let (head, page) = stack.request("GET /", "").await;
    assert!(head.contains("x-frame-options: DENY"), "{head}");
    assert!(head.contains("x-content-type-options: nosniff"), "{head}");
    let policy = head.lines().find_map(|line| line.strip_prefix("content-security-policy: "));
    let policy = policy.unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for (element, directive) in [("script", "script-src"), ("style", "style-src")] {
        let (_, rest) = page.split_once(&format!("<{element}>")).unwrap();
        let (inside, _) = rest.split_once(&format!("</{element}>")).unwrap();
        let hash = STANDARD.encode(Sha256::digest(inside));
        assert!(policy.contains(&format!("{directive} 'sha256-{hash}'")), "{element}: {policy}");
        assert_eq!(page.matches(&format!("<{element}")).count(), 1, "the policy names one");
    }
    // What the policy would forbid.
    assert!(!page.contains(" style=") && !page.contains(" onclick="), "{page}");
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
    assert_eq!(channel.messages().len(), 2);
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

#[tokio::test]
async fn no_message_commands_the_terminal() {
    let mut stack = Stack::start(&mut tool(&[])).await;
    let text = r#"{"text":"\u001b]52;c;ZXZpbA==\u0007 \u001b[31m\u009b2J \u007f\r"}"#;
    let blocks = r#"{"text":"x","blocks":[{"type":"section","text":{"type":"plain_text","text":"\u001b]0;evil\u0007 end"}}]}"#;
    for message in [text, blocks] {
        let (head, _) = stack.request("POST /services/x", message).await;
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    }
    let mut shown = stack.read_until("]0;evil end").await;
    // C1 controls by their bytes, in the path of a request.
    stack.request("POST /\u{9b}31m", "").await;
    shown += &stack.read_until("31m → ").await;
    assert!(
        shown.chars().all(|character| character == '\n' || !character.is_control()),
        "{shown:?}"
    );
}

#[tokio::test]
async fn the_channel_takes_messages_alone_and_keeps_the_last_200() {
    let stack = Stack::start(&mut tool(&[])).await;
    for nothing in ["null", "[]", "1", r#""text""#, "", "{"] {
        let (head, _) = stack.request("POST /services/x", nothing).await;
        assert!(head.starts_with("HTTP/1.1 400 Bad Request"), "{nothing}: {head}");
    }
    let large = format!(r#"{{"text":"{}"}}"#, "x".repeat(2 * 1024 * 1024));
    let (head, _) = stack.request("POST /services/x", &large).await;
    assert!(head.starts_with("HTTP/1.1 413"), "{head}");
    assert_eq!(stack.state().await["posted"], 1, "only that of the start");

    for number in 1..=250 {
        stack.request("POST /services/x", &format!(r#"{{"text":"{number}"}}"#)).await;
    }
    let state = stack.state().await;
    let messages = state["messages"].as_array().unwrap();
    assert_eq!((messages.len(), &state["posted"]), (200, &251.into()));
    assert_eq!((&messages[0]["text"], &messages[199]["text"]), (&"51".into(), &"250".into()));
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
