//! The page, and the stream that feeds it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::tool;

/// A page that is open.
struct Page(BufReader<TcpStream>);

impl Page {
    async fn open(stack: &Stack) -> Self {
        let mut stream = TcpStream::connect(&stack.address).await.unwrap();
        let request = format!("GET /local/stream HTTP/1.1\r\nhost: {}\r\n\r\n", stack.address);
        stream.write_all(request.as_bytes()).await.unwrap();
        Self(BufReader::new(stream))
    }

    /// The next event's name and data.
    async fn next(&mut self) -> (String, Value) {
        let name = self.line("event: ").await;
        let data = self.line("data: ").await;
        (name, serde_json::from_str(&data).unwrap())
    }

    /// The next event of this name.
    async fn next_of(&mut self, name: &str) -> Value {
        loop {
            let (next, data) = self.next().await;
            if next == name {
                return data;
            }
        }
    }

    async fn line(&mut self, start: &str) -> String {
        loop {
            let mut line = String::new();
            timeout(LIMIT, self.0.read_line(&mut line)).await.unwrap().unwrap();
            if let Some(rest) = line.strip_prefix(start) {
                return rest.trim_end().to_owned();
            }
        }
    }
}

#[tokio::test]
async fn a_stream_begins_with_the_state_and_goes_on_with_what_changes() {
    let stack = Stack::start(&mut tool(&[])).await;
    stack.settled().await;
    let mut page = Page::open(&stack).await;
    let (name, state) = page.next().await;
    assert_eq!((name.as_str(), &state), ("state", &stack.state().await.with_time_of(&state)));
    assert_eq!(state["messages"].as_array().unwrap().len(), 1);

    stack.ask("POST /local/samples/standard-cancelled", &Value::Null).await;
    let message = page.next_of("message").await;
    assert_eq!((&message["number"], &message["channel"]), (&json!(2), &json!("orders")));
    assert_eq!(message["events"], json!([2]));
    loop {
        let numbers = page.next_of("numbers").await;
        check_sum(&numbers);
        if numbers["shown"] == 2 {
            break;
        }
    }
    stack.ask("POST /local/settings", &json!({"language": "ko"})).await;
    assert_eq!(page.next_of("settings").await["language"], "ko");
    stack.ask("POST /local/settings", &json!({"rules": "refundd -> each"})).await;
    assert_eq!(page.next_of("settings").await["unreadable_rules"].as_array().unwrap().len(), 1);
    stack.ask("POST /local/weather", &json!({"slack": "slow"})).await;
    assert_eq!(page.next_of("weather").await, json!({"slack": "slow", "twice": false}));
}

trait WithTime {
    /// The state at the time of another one.
    fn with_time_of(self, other: &Value) -> Value;
}

impl WithTime for Value {
    fn with_time_of(mut self, other: &Value) -> Value {
        self["numbers"]["at"] = other["numbers"]["at"].clone();
        self
    }
}

#[tokio::test]
async fn the_sum_holds_at_every_number_of_a_storm() {
    let stack = Stack::start(&mut tool(&[])).await;
    let mut page = Page::open(&stack).await;
    stack.ask("POST /local/storm", &json!({"count": 60, "seconds": 2})).await;
    let (mut count, began) = (0, Instant::now());
    loop {
        let numbers = page.next_of("numbers").await;
        check_sum(&numbers);
        count += 1;
        if numbers["shown"] == 61 {
            break;
        }
    }
    let most = began.elapsed().as_millis() / 250 + 2;
    assert!(count <= most, "{count} in {:?}", began.elapsed());
}

#[tokio::test]
async fn the_page_runs_its_own_script_alone_and_in_no_frame() {
    let stack = Stack::start(&mut tool(&[])).await;
    let (head, page) = stack.request("GET /", "").await;
    assert!(head.contains("content-type: text/html"), "{head}");
    assert!(head.contains("x-frame-options: DENY"), "{head}");
    assert!(head.contains("x-content-type-options: nosniff"), "{head}");
    assert!(page.contains("/local/stream"));
    let policy = head.lines().find_map(|line| line.strip_prefix("content-security-policy: "));
    let policy = policy.unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for (element, directive) in [("script", "script-src"), ("style", "style-src")] {
        let (_, rest) = page.split_once(&format!("<{element}>")).unwrap();
        let (inside, _) = rest.split_once(&format!("</{element}>")).unwrap();
        assert!(!inside.is_empty(), "{element}");
        let hash = STANDARD.encode(Sha256::digest(inside));
        assert!(policy.contains(&format!("{directive} 'sha256-{hash}'")), "{element}: {policy}");
        assert_eq!(page.matches(&format!("<{element}")).count(), 1, "the policy names one");
    }
    // What the policy would forbid.
    assert!(!page.contains(" style=") && !page.contains(" onclick="), "{page}");
}
