//! The local stack, as its page and other programs reach it.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{Instant, sleep, timeout};

mod page;
mod product;
mod security;
mod start;
mod watched;

/// Longer than anything that is waited for, but for what is said.
const LIMIT: Duration = Duration::from_secs(30);

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
            let line = timeout(LIMIT, self.lines.next_line()).await;
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

    /// Asks the stack for something, as the page does; its status, and its JSON if it is that.
    async fn ask(&self, request: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (head, body) = self.request(request, &body).await;
        let status = head["HTTP/1.1 ".len()..][..3].parse().unwrap();
        (status, serde_json::from_str(&body).unwrap_or_else(|_| body.into()))
    }

    async fn state(&self) -> Value {
        self.ask("GET /local/state", &Value::Null).await.1
    }

    /// Waits until the numbers are as wanted.
    async fn until(&self, limit: Duration, is_so: impl Fn(&Value) -> bool) -> Value {
        self.until_state(limit, |state| is_so(&state["numbers"])).await
    }

    /// Waits until a message's text contains this.
    async fn until_shown(&self, text: &str) -> Value {
        self.until_state(LIMIT, |state| texts(state).contains(text)).await
    }

    /// Waits until the state is as wanted; the sum holds all the time.
    async fn until_state(&self, limit: Duration, is_so: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + limit;
        loop {
            let state = self.state().await;
            let numbers = &state["numbers"];
            check_sum(numbers);
            if is_so(&state) {
                return state;
            }
            assert!(Instant::now() < deadline, "{numbers:#}\n{}", texts(&state));
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until all that was accepted is shown, or rightly in no message.
    async fn settled(&self) -> Value {
        self.until(LIMIT, |numbers| numbers["waiting"] == 0 && numbers["accepted"] != 0).await
    }
}

#[track_caller]
fn check_sum(numbers: &Value) {
    let count = |name: &str| numbers[name].as_u64().unwrap();
    let sum: u64 = ["shown", "left_out", "waiting", "dead_letters"].into_iter().map(count).sum();
    assert_eq!(count("accepted"), sum, "{numbers}");
}

/// The top-level texts of all messages.
fn texts(state: &Value) -> String {
    let messages = state["messages"].as_array().unwrap();
    let texts = messages.iter().map(|message| message["payload"]["text"].as_str().unwrap());
    texts.collect::<Vec<_>>().join("\n")
}
