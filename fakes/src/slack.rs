//! Slack's incoming webhooks: as strict as Slack, and stricter where its documentation is silent.

mod block_kit;
mod fault;
mod hooks;
mod message;
mod mrkdwn;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::recorded::Recorded;
use crate::server::{PATIENCE, Reply, Request, Server, header, lock};
pub use fault::Fault;
use fault::{HTML, rate_limited};
use hooks::{Hooks, Rate};
use message::{Message, Refusal};
use mrkdwn::Reading;

/// A workspace with two incoming webhooks.
#[derive(Debug)]
pub struct FakeSlack {
    server: Server,
    workspace: Arc<Workspace>,
}

/// A message Slack accepted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Posted {
    /// The URL it was posted to.
    pub hook: String,
    pub payload: Value,
    /// Who would be notified, as written: `<!here>`, or `@here` where Slack finds names by itself.
    pub mentions: Vec<String>,
    /// Targets of the links in texts; a button's address is not among them.
    pub links: Vec<String>,
    /// What Slack accepts but a reviewer would not.
    pub warnings: Vec<String>,
    pub at: Instant,
    shown: Vec<String>,
}

/// A post Slack answered with an error of its own accord, not because of a [`Fault`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Refused {
    pub hook: String,
    pub body: Bytes,
    pub status: u16,
    pub word: String,
    /// What Slack would not have said.
    pub reason: String,
    pub at: Instant,
}

impl FakeSlack {
    pub async fn start() -> Self {
        Self::open(Rate { interval: Duration::ZERO, burst: 1 }).listen().await
    }

    /// Each hook refuses what exceeds `per_second`, after `burst` messages at once.
    pub async fn with_rate(per_second: f64, burst: u32) -> Self {
        Self::in_memory(per_second, burst).listen().await
    }

    /// The same, for calls in memory alone.
    pub fn in_memory(per_second: f64, burst: u32) -> Self {
        Self::open(Rate { interval: Duration::from_secs_f64(per_second.recip()), burst })
    }

    async fn listen(self) -> Self {
        Self { server: self.server.listen().await, ..self }
    }

    fn open(rate: Rate) -> Self {
        let workspace = Arc::new(Workspace {
            posted: watch::Sender::default(),
            desk: Mutex::new(Desk {
                hooks: Hooks::new(rate),
                script: VecDeque::new(),
                outage: None,
                outages: HashMap::new(),
                rejected_text: None,
                refused: Recorded::default(),
                arrivals: Recorded::default(),
            }),
        });
        let server = Server::in_memory({
            let workspace = workspace.clone();
            move |request| {
                let workspace = workspace.clone();
                async move { workspace.answer(&request).await }
            }
        });
        Self { server, workspace }
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    pub fn origin(&self) -> String {
        self.server.origin()
    }

    pub fn hook_url(&self) -> String {
        self.origin() + &hooks::path("FIRST")
    }

    /// A second hook, for a rotation or another channel.
    pub fn other_hook_url(&self) -> String {
        self.origin() + &hooks::path("OTHER")
    }

    /// A further hook, for a channel of this name, in capital letters and digits.
    pub fn named_hook_url(&self, name: &str) -> String {
        self.origin() + &lock(&self.workspace.desk).hooks.add(name)
    }

    /// From now on the hook answers nothing but this, as in `404 no_service`.
    pub fn disable(&self, hook_url: &str, status: u16, word: &str) {
        let path = hook_url.strip_prefix(&self.origin()).unwrap_or(hook_url);
        lock(&self.workspace.desk).hooks.disable(path, status, word);
    }

    /// From now on every message with this word in it is rejected, in every form, with `400
    /// invalid_blocks`, as when Slack rejects something that its documentation allows.
    pub fn reject(&self, word: &str) {
        lock(&self.workspace.desk).rejected_text = Some(word.to_owned());
    }

    /// Accepts again every message that keeps to the rules.
    pub fn accept_everything(&self) {
        lock(&self.workspace.desk).rejected_text = None;
    }

    /// Queues one fault for each of the next posts; those after the last pass.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.workspace.desk).script.extend(faults);
    }

    /// From now on every post meets this fault, until Slack is [`up`](Self::up) again.
    pub fn down(&self, fault: Fault) {
        lock(&self.workspace.desk).outage = Some(fault);
    }

    /// The same for the posts to one hook.
    pub fn down_at(&self, hook_url: &str, fault: Fault) {
        let path = hook_url.strip_prefix(&self.origin()).unwrap_or(hook_url).to_owned();
        lock(&self.workspace.desk).outages.insert(path, fault);
    }

    pub fn up(&self) {
        let mut desk = lock(&self.workspace.desk);
        desk.outage = None;
        desk.outages.clear();
    }

    /// The accepted messages so far, in order.
    pub fn messages(&self) -> Vec<Posted> {
        self.workspace.posted.borrow().to_vec()
    }

    /// The last of them.
    pub fn latest(&self) -> Option<Posted> {
        self.workspace.posted.borrow().last().cloned()
    }

    pub fn refused(&self) -> Vec<Refused> {
        lock(&self.workspace.desk).refused.to_vec()
    }

    /// When each request arrived, whatever became of it.
    pub fn arrivals(&self) -> Vec<Instant> {
        lock(&self.workspace.desk).arrivals.to_vec()
    }

    pub fn all_requests(&self) -> usize {
        lock(&self.workspace.desk).arrivals.len()
    }

    /// Keeps only the last so many messages, refusals and arrivals.
    pub fn remember(&self, most: usize) {
        self.workspace.posted.send_modify(|posted| posted.keep_last(most));
        let mut desk = lock(&self.workspace.desk);
        desk.refused.keep_last(most);
        desk.arrivals.keep_last(most);
    }

    /// The accepted messages, once there are at least `count`.
    ///
    /// # Panics
    /// If there are fewer when `limit` is over.
    pub async fn wait_for(&self, count: usize, limit: Duration) -> Vec<Posted> {
        let mut posted = self.workspace.posted.subscribe();
        let arrived = timeout(limit.min(PATIENCE), posted.wait_for(|all| all.len() >= count)).await;
        assert!(
            arrived.is_ok(),
            "{} of {count} messages after {limit:?}; refused: {:#?}",
            self.messages().len(),
            self.refused(),
        );
        self.messages()
    }
}

impl Posted {
    /// The top-level text, which notifications and screen readers get.
    pub fn text(&self) -> &str {
        self.payload["text"].as_str().unwrap_or_default()
    }

    /// The name of the hook that it was posted to, such as that of [`FakeSlack::named_hook_url`].
    pub fn hook_name(&self) -> &str {
        hooks::name(&self.hook)
    }

    /// All a reader sees in the channel, one text a line, with entities decoded.
    pub fn rendered(&self) -> String {
        self.shown.join("\n")
    }
}

#[derive(Debug)]
struct Workspace {
    posted: watch::Sender<Recorded<Posted>>,
    desk: Mutex<Desk>,
}

#[derive(Debug)]
struct Desk {
    hooks: Hooks,
    script: VecDeque<Fault>,
    /// Goes before the script, which waits.
    outage: Option<Fault>,
    /// The same for single hooks, by their paths.
    outages: HashMap<String, Fault>,
    rejected_text: Option<String>,
    refused: Recorded<Refused>,
    arrivals: Recorded<Instant>,
}

impl Workspace {
    async fn answer(&self, request: &Request) -> Reply {
        let fault = {
            let mut desk = lock(&self.desk);
            desk.arrivals.push(Instant::now());
            let outage = desk.outage.as_ref().or_else(|| desk.outages.get(request.uri().path()));
            outage.cloned().or_else(|| desk.script.pop_front()).unwrap_or(Fault::Pass)
        };
        match fault {
            Fault::Pass => self.post(request, Fault::Pass),
            Fault::Slow(delay) => {
                sleep(delay.min(PATIENCE)).await;
                self.post(request, Fault::Pass)
            }
            Fault::PostedThen(fault) => self.post(request, *fault),
            instead => instead.reply(),
        }
    }

    fn post(&self, request: &Request, then: Fault) -> Reply {
        let at = Instant::now();
        let hook = url_of(request);
        let admitted = lock(&self.desk).hooks.admit(request, at);
        let judged = admitted.and_then(|()| judge(request));
        match judged.and_then(|judged| self.check_text(judged)) {
            Ok((payload, Message { reading, shown })) => {
                let Reading { mentions, links, warnings } = reading;
                let posted = Posted { hook, payload, mentions, links, warnings, at, shown };
                self.posted.send_modify(|all| all.push(posted));
                then.reply()
            }
            Err(Refusal { status, word, reason, retry_after }) => {
                let reply = match retry_after {
                    Some(seconds) => rate_limited(Some(&seconds.to_string())),
                    None => Reply::new(status, &[HTML], word.clone()),
                };
                let body = request.body().clone();
                lock(&self.desk).refused.push(Refused { hook, body, status, word, reason, at });
                reply
            }
        }
    }

    fn check_text(&self, judged: (Value, Message)) -> Result<(Value, Message), Refusal> {
        match &lock(&self.desk).rejected_text {
            Some(word) if judged.0.to_string().contains(word) => {
                Err(Refusal::new(400, "invalid_blocks", format!("{word} is rejected")))
            }
            _ => Ok(judged),
        }
    }
}

fn judge(request: &Request) -> Result<(Value, Message), Refusal> {
    let invalid = |reason: String| Refusal::new(400, "invalid_payload", reason);
    if request.method() != Method::POST {
        return Err(invalid(format!("method {}", request.method())));
    }
    let content_type = header(request, "content-type");
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(invalid(format!("content type {content_type:?}")));
    }
    let payload: Value =
        serde_json::from_slice(request.body()).map_err(|error| invalid(error.to_string()))?;
    let object = payload.as_object().ok_or_else(|| invalid("not an object".to_owned()))?;
    let message = message::judge(object)?;
    Ok((payload, message))
}

fn url_of(request: &Request) -> String {
    format!("http://{}{}", header(request, "host"), request.uri())
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::client::{Answer, send};

    const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");
    const ORDER: &[u8] = br#"{"text":"New order"}"#;

    async fn post(slack: &FakeSlack, url: &str, body: &[u8]) -> io::Result<Answer> {
        send(&slack.origin(), "POST", url.strip_prefix(&slack.origin()).unwrap(), &[JSON], body)
            .await
    }

    async fn post_order(slack: &FakeSlack) -> (u16, String) {
        let answer = post(slack, &slack.hook_url(), ORDER).await.unwrap();
        (answer.status, answer.body)
    }

    #[tokio::test]
    async fn only_a_json_object_posted_as_json_is_a_message() {
        let slack = FakeSlack::start().await;
        let path = slack.hook_url().split_off(slack.origin().len());
        let form = ("content-type", "application/x-www-form-urlencoded");
        for (method, content_type, body) in [
            ("GET", JSON, ORDER),
            ("PUT", JSON, ORDER),
            ("POST", form, ORDER),
            ("POST", JSON, b"[]"),
            ("POST", JSON, b"{\"text\":\"\\ud800\"}"),
            ("POST", JSON, b"{\"text\":\"\xff\"}"),
            ("POST", JSON, b""),
        ] {
            let answer = send(&slack.origin(), method, &path, &[content_type], body).await.unwrap();
            assert_eq!((answer.status, answer.body.as_str()), (400, "invalid_payload"));
        }
        assert_eq!(
            (slack.messages().len(), slack.refused().len(), slack.all_requests()),
            (0, 7, 7)
        );
    }

    #[tokio::test]
    async fn only_the_two_hooks_exist() {
        let slack = FakeSlack::start().await;
        let hook = slack.hook_url();
        for (url, status, word) in [
            (hook.replace("FIRST0FIRST0", "FIRST0FIRST1"), 403, "invalid_token"),
            (hook.replace("T0FAKE", "X0FAKE"), 404, "no_service"),
            (hook.replace("B0FIRST", "b0first"), 404, "no_service"),
            (hook.replace("services", "triggers"), 404, "no_service"),
            (format!("{hook}/"), 404, "no_service"),
            (format!("{hook}?a=b"), 404, "no_service"),
        ] {
            let answer = post(&slack, &url, ORDER).await.unwrap();
            assert_eq!((answer.status, answer.body.as_str()), (status, word), "{url}");
        }
    }

    #[tokio::test]
    async fn only_the_last_messages_and_refusals_are_remembered_on_request() {
        let slack = FakeSlack::start().await;
        slack.remember(2);
        for _ in 0..5 {
            post_order(&slack).await;
            post(&slack, &slack.hook_url(), b"[]").await.unwrap();
        }
        assert_eq!(
            (slack.messages().len(), slack.refused().len(), slack.all_requests()),
            (2, 2, 2)
        );
    }

    #[tokio::test]
    async fn a_hook_over_its_rate_says_when_to_come_back() {
        let slack = FakeSlack::with_rate(0.1, 2).await;
        assert_eq!((post_order(&slack).await.0, post_order(&slack).await.0), (200, 200));
        let limited = post(&slack, &slack.hook_url(), ORDER).await.unwrap();
        assert_eq!(limited.status, 429);
        assert!(limited.head.contains("retry-after: 10"), "{}", limited.head);
        assert_eq!(limited.body, r#"{"error":"rate_limited","ok":false,"retry_after":10}"#);
        assert_eq!(post(&slack, &slack.other_hook_url(), ORDER).await.unwrap().status, 200);
    }
}
