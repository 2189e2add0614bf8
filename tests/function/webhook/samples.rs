//! The samples of `events/`: every platform's are verified, and become these messages.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use lambda_http::http;
use order_alerts::config::{Customer, Language};
use order_alerts::handlers::invocation::Invocation;
use order_alerts::infra::http_client::HttpClient;
use order_alerts::infra::transport::Transport;
use order_alerts::message::{self, Remarks, Style};
use order_alerts::order::Kind;
use order_alerts::platform::{Auth, Platform, RuleKind, Signed};
use order_alerts::secret::signing_key::SigningKey;
use order_alerts::slack::block_kit::Message;
use order_alerts::webhook::parse::{Parsed, parse};
use order_alerts::webhook::request::{Body, Headers, Request};
use order_alerts::webhook::route::is_ping;
use order_alerts::webhook::sign::sign;
use order_alerts::webhook::signature::{Rejection, verify};
use order_alerts_fakes::FakeSlack;
use serde_json::Value;

use crate::support::world::{World, key};

/// Where the samples of a platform that signs its address are registered.
const PUBLIC_URL: &str = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/webhook/square";

/// A file of `events/` that is a webhook of a platform.
struct Sample {
    name: String,
    event: Value,
    platform: &'static Platform,
    headers: Headers,
    body: Vec<u8>,
    arrived_at: Timestamp,
}

impl Sample {
    /// None if it is no webhook of a platform, as a health check is none.
    fn read(path: &Path) -> Option<Self> {
        let event: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let Ok(Invocation::Webhook(request)) = Invocation::parse(&event.to_string()) else {
            panic!("{} is no webhook", path.display());
        };
        let Request { path: address, headers, body, arrived_at, .. } = request;
        let platform = match address.as_str() {
            "/webhook" => "generic",
            address => address.strip_prefix("/webhook/")?.split('/').next()?,
        };
        let Body::Bytes(body) = body else { panic!("{} has no body", path.display()) };
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let (platform, arrived_at) = (Platform::find(platform).unwrap(), arrived_at.unwrap());
        Some(Self { name, event, platform, headers, body, arrived_at })
    }

    /// What it is parsed into at this time; no events for a mere ping.
    fn parsed(&self, now: Timestamp) -> Result<Parsed, Rejection> {
        let Self { platform, headers, body, .. } = self;
        if is_ping(platform, headers, body) {
            return Ok(Parsed::Events(Vec::new()));
        }
        let keys = [SigningKey::parse(&sample_key(platform), &platform.auth).unwrap()];
        let webhook = verify(
            &platform.auth,
            headers,
            body,
            &keys,
            &platform.addresses(Some(PUBLIC_URL)),
            now,
        )?;
        Ok(parse(platform, &webhook, Customer::Initials, now).unwrap())
    }

    /// The messages that it becomes.
    fn messages(&self, language: Language) -> Vec<Message> {
        let (style, none) = (Style::of(language), Remarks::default());
        match self.parsed(self.arrived_at).unwrap() {
            Parsed::Events(events) => {
                events.iter().map(|event| message::about(event, &style, none)).collect()
            }
            Parsed::Store(event) => vec![message::store::about(&event, language, none)],
            Parsed::Ignored { event_type } => panic!("{} is ignored: {event_type:?}", self.name),
        }
    }

    /// The event as its platform would send it now, with the key of these tests.
    fn signed_now(mut self) -> Value {
        let Self { platform, headers, body, .. } = &self;
        let key = SigningKey::parse(&key(platform.id), &platform.auth).unwrap();
        let id = headers.get("x-deliveroo-sequence-guid").unwrap_or("msg_1");
        let (none, now) = (Headers::default(), Timestamp::now());
        let proof = sign(&platform.auth, &none, body, &key, &platform.address(PUBLIC_URL), id, now)
            .unwrap();
        for (name, value) in proof {
            match name.strip_prefix('?') {
                Some(name) => self.event["rawQueryString"] = format!("{name}={value}").into(),
                None => self.event["headers"][name] = value.into(),
            }
        }
        self.event
    }
}

/// The key with which the local stack signs the samples of a platform.
fn sample_key(platform: &Platform) -> String {
    SigningKey::written(&order_alerts_fakes::sample_key(platform.id), &platform.auth)
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn samples() -> Vec<Sample> {
    let files = fs::read_dir(file("events")).unwrap().map(|entry| entry.unwrap().path());
    let mut samples: Vec<_> = files.filter_map(|path| Sample::read(&path)).collect();
    samples.sort_by(|one, other| one.name.cmp(&other.name));
    samples
}

fn samples_of(platform: &Platform) -> impl Iterator<Item = Sample> {
    samples().into_iter().filter(|sample| sample.platform.id == platform.id)
}

fn platforms() -> impl Iterator<Item = &'static Platform> {
    Platform::names().map(|name| Platform::find(name).unwrap())
}

/// The message as Slack shows it.
async fn shown(message: &Message) -> String {
    let slack = FakeSlack::start().await;
    let post = http::Request::post(slack.hook_url()).header("content-type", "application/json");
    let post = post.body(serde_json::to_vec(message).unwrap()).unwrap();
    let client = HttpClient::over(Transport::new(None).unwrap());
    let answer = client.send(post, None, 0).await.unwrap();
    assert_eq!(answer.status(), 200, "{:?}", slack.refused());
    let posted = slack.messages().remove(0);
    assert_eq!((&posted.warnings, &posted.mentions), (&vec![], &vec![]));
    posted.rendered()
}

#[tokio::test]
async fn samples_become_these_messages() {
    for platform in platforms() {
        let mut messages = Vec::new();
        for sample in samples_of(platform) {
            let in_korean = sample.messages(Language::Korean);
            for (english, korean) in sample.messages(Language::English).iter().zip(&in_korean) {
                for (language, message) in [("English", english), ("Korean", korean)] {
                    let message = shown(message).await;
                    messages.push(format!("[{}, {language}]\n{message}", sample.name));
                }
            }
        }
        insta::assert_snapshot!(platform.id, messages.join("\n\n"));
    }
}

#[tokio::test]
async fn the_function_accepts_every_sample_that_is_signed_now() {
    let world = World::queued(&[("PUBLIC_URL", PUBLIC_URL)]).await;
    for sample in samples() {
        let (name, platform) = (sample.name.clone(), sample.platform);
        let answer = world.send_event(sample.signed_now()).await;
        let reply = &platform.reply;
        let expected = match (&name[..], &reply.body) {
            ("woocommerce-ping", _) => r#"{"status":"ignored"}"#,
            (_, Some(body)) => body,
            _ if reply.empty => "",
            _ => r#"{"status":"accepted"}"#,
        };
        assert_eq!((answer.status, answer.body.as_str()), (200, expected), "{name}");
    }
}

#[test]
fn a_sample_is_verified_only_for_a_while_where_the_time_is_signed() {
    let later: Timestamp = "2026-01-01T01:00:00Z".parse().unwrap();
    let mut stale: Vec<_> =
        samples().into_iter().filter(|one| one.parsed(later).is_err()).collect();
    stale.dedup_by_key(|sample| sample.platform.id);
    let stale: Vec<_> = stale.iter().map(|sample| sample.platform.id).collect();
    let signs_the_time = |platform: &&Platform| match &platform.auth {
        Auth::Standard(_) => true,
        Auth::Signature(signature) => {
            signature.time.is_some() || signature.signed.iter().any(Signed::has_time)
        }
        Auth::Token(_) => false,
    };
    let timed = platforms().filter(signs_the_time).map(|platform| platform.id);
    assert_eq!(stale, timed.collect::<Vec<_>>());
}

#[test]
fn every_platform_has_a_sample_of_a_cancellation_if_it_has_one() {
    let cancels =
        |platform: &&Platform| platform.rules.iter().any(|rule| rule.kind == RuleKind::Cancelled);
    for platform in platforms().filter(cancels) {
        let is_cancellation = |sample: Sample| match sample.parsed(sample.arrived_at).unwrap() {
            Parsed::Events(events) => events.iter().any(|event| event.kind == Kind::Cancelled),
            _ => false,
        };
        assert!(samples_of(platform).any(is_cancellation), "{}", platform.id);
    }
}

#[test]
fn every_platform_says_in_sentences_what_must_be_done_there() {
    for platform in platforms() {
        for text in [&platform.setup.webhook, &platform.setup.key] {
            let is_a_sentence = text.ends_with('.')
                && text.starts_with(char::is_uppercase)
                && text.split_whitespace().count() > 3;
            assert!(is_a_sentence, "{}: {text}", platform.id);
        }
        let is_name = platform.name.starts_with(char::is_uppercase);
        assert!(is_name || ["ifood", "imweb"].contains(&platform.id), "{}", platform.id);
    }
}

#[test]
fn every_platform_has_its_row_in_the_docs() {
    let page = fs::read_to_string(file("docs/platforms.md")).unwrap();
    for platform in platforms() {
        let path = platform.path();
        let row = page.lines().filter(|line| line.starts_with(&format!("| `{path}` |")));
        let row: Vec<_> = row.flat_map(|row| row.trim_matches('|').split(" | ")).collect();
        let [_, sender, key, formula] = row[..] else { panic!("{}: {row:?}", platform.id) };
        let sources = ["documentation", "vector", "third party", "third party, weak"];
        assert!(sources.contains(&formula.trim()), "{}: {formula}", platform.id);
        assert!(platform.id == "generic" || sender.contains(&platform.name), "{sender}");
        assert!(!key.trim().is_empty(), "{}", platform.id);
    }
}
