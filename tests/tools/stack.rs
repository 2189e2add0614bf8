//! The local stack.

use std::time::Duration;

use order_alerts_fakes::{Bootstrap, FakeSlack, RuntimeApi};
use serde_json::Value;
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
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let length = body.len();
        let request = format!(
            "{head} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
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
    let mut command = tool(&[]);
    command.env("SLACK_WEBHOOK_URL", channel.hook_url()).env("SLACK_ORIGIN", channel.origin());
    let stack = Stack::start(&mut command).await;
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
            "SLACK_WEBHOOK_URL: it is not an address like",
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
