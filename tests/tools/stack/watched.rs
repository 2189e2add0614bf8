//! The fakes, as a function under `cargo lambda watch` uses them.

use order_alerts_fakes::{Bootstrap, RuntimeApi};

use super::*;
use crate::tool;

impl Stack {
    /// The path of the fake Slack's URL, from the secret.
    async fn hook(&self) -> String {
        let headers =
            [("host", self.address.as_str()), ("x-amz-target", "secretsmanager.GetSecretValue")];
        let (_, answer) = self.request_with("POST /", &headers, "{}").await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let secret: Value = serde_json::from_str(answer["SecretString"].as_str().unwrap()).unwrap();
        let url = secret["slack_webhook_url"].as_str().unwrap();
        url.strip_prefix(&format!("http://{}", self.address)).unwrap().to_owned()
    }

    /// Posts to the fake Slack; the status.
    async fn post(&self, body: &str) -> u16 {
        let head = format!("POST {}", self.hook().await);
        let headers = [("host", self.address.as_str()), ("content-type", "application/json")];
        let (head, _) = self.request_with(&head, &headers, body).await;
        head["HTTP/1.1 ".len()..][..3].parse().unwrap()
    }
}

#[tokio::test]
async fn it_serves_the_fakes_to_a_function_that_runs_separately() {
    let stack = Stack::start(&mut tool(&[])).await;
    let environment =
        include_str!("../../../src/bin/local/lambda.env").replace("127.0.0.1:3000", &stack.address);
    let variables: Vec<_> = environment.lines().filter_map(|line| line.split_once('=')).collect();
    let lambda = RuntimeApi::start().await;
    let _function = Bootstrap::start(env!("CARGO_BIN_EXE_order-alerts"), &lambda, &variables);
    let sample = include_str!("../../../events/woocommerce-cancelled.json");
    let answer = lambda.invoke(sample).await.answer();
    assert_eq!(answer["statusCode"], 200, "{answer}");
    stack.until_shown("🚫 Order #815 cancelled").await;
}

#[tokio::test]
async fn no_message_commands_the_terminal() {
    let mut stack = Stack::start(&mut tool(&[])).await;
    let text = r#"{"text":"\u001b]52;c;ZXZpbA==\u0007 \u001b[31m\u009b2J \u007f\r"}"#;
    let blocks = r#"{"text":"x","blocks":[{"type":"section","text":{"type":"plain_text","text":"\u001b]0;evil\u0007 end"}}]}"#;
    for message in [text, blocks] {
        assert_eq!(stack.post(message).await, 200);
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
async fn the_channel_takes_messages_alone_and_says_why() {
    let mut stack = Stack::start(&mut tool(&[])).await;
    stack.settled().await;
    // No more than Slack takes at once.
    for nothing in ["null", "[]", "", "{"] {
        assert_eq!(stack.post(nothing).await, 400, "{nothing}");
    }
    let large = format!(r#"{{"text":"{}"}}"#, "x".repeat(2 * 1024 * 1024));
    assert_eq!(stack.post(&large).await, 413);
    assert_eq!(stack.state().await["numbers"]["posts"], 1, "only that of the start");
    let mut log = BufReader::new(stack.process.stderr.take().unwrap()).lines();
    loop {
        let line = timeout(LIMIT, log.next_line()).await.unwrap().unwrap().expect("it goes on");
        if line.contains("Slack refused a message status=400 word=\"invalid_payload\"") {
            break;
        }
    }
}
