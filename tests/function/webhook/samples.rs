//! What every platform brings along: samples that prove themselves, the messages that they become,
//! and what people must be told of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use order_alerts::config::{Customer, Language};
use order_alerts::handlers::invocation::Invocation;
use order_alerts::infra::transport::Transport;
use order_alerts::message::{self, Remarks, Style};
use order_alerts::order::{Kind, OrderEvent};
use order_alerts::platform::Platform;
use order_alerts::secret::signing_key::SigningKey;
use order_alerts::webhook::parse::{Parsed, parse};
use order_alerts::webhook::request::{Body, Request};
use order_alerts::webhook::route::is_ping;
use order_alerts::webhook::signature::verify;
use order_alerts_fakes::FakeSlack;

/// Where the samples of a platform that signs its address are registered.
const PUBLIC_URL: &str = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/webhook/square";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Names and requests of the samples that come to a platform's address.
fn samples(platform: &Platform) -> Vec<(String, Request)> {
    let files = fs::read_dir(file("events")).unwrap().map(|entry| entry.unwrap().path());
    let samples = files.map(|path| {
        let event = fs::read_to_string(&path).unwrap();
        let Ok(Invocation::Webhook(request)) = Invocation::parse(&event) else {
            panic!("{} is no webhook", path.display());
        };
        (path.file_stem().unwrap().to_string_lossy().into_owned(), request)
    });
    let address = |path: &str| match path {
        "/webhook" => Some("generic"),
        path => path.strip_prefix("/webhook/"),
    } == Some(platform.id);
    let mut samples: Vec<_> = samples.filter(|(_, request)| address(&request.path)).collect();
    samples.sort_by(|(one, _), (other, _)| one.cmp(other));
    samples
}

/// What a sample tells at the moment in which it was signed; nothing for a mere ping.
fn told(platform: &Platform, name: &str, request: &Request) -> Vec<OrderEvent> {
    let Body::Bytes(body) = &request.body else { panic!("{name} has no body") };
    if is_ping(platform, &request.headers, body) {
        return Vec::new();
    }
    let key = format!("sample key of the local stack: {}", platform.id);
    let keys = [SigningKey::parse(&key, &platform.auth).unwrap()];
    let now = request.arrived_at.unwrap();
    let auth = &platform.auth;
    let webhook = verify(auth, &request.headers, body, &keys, Some(PUBLIC_URL), now)
        .unwrap_or_else(|rejection| panic!("{name}: {rejection}"));
    match parse(platform, &webhook, Customer::Initials, now).unwrap() {
        Parsed::Events(events) => events,
        Parsed::Ignored { event_type } => panic!("{name} is ignored: {event_type:?}"),
    }
}

/// The message as Slack shows it.
async fn shown(event: &OrderEvent, language: Language) -> String {
    let slack = FakeSlack::start().await;
    let message = message::about(event, &Style { language, mention: None }, Remarks::default());
    let client = Transport::new(None).unwrap().client(SystemTime::now());
    let body = serde_json::to_vec(&message).unwrap();
    let post = client.post(slack.hook_url()).header("content-type", "application/json").body(body);
    assert_eq!(post.send().await.unwrap().status(), 200, "{:?}", slack.refused());
    slack.messages().remove(0).rendered()
}

fn platforms() -> impl Iterator<Item = &'static Platform> {
    Platform::names().map(|name| Platform::find(name).unwrap())
}

#[tokio::test]
async fn samples_become_these_messages() {
    for platform in platforms() {
        let mut messages = Vec::new();
        for (name, request) in samples(platform) {
            for event in told(platform, &name, &request) {
                for language in [Language::English, Language::Korean] {
                    let message = shown(&event, language).await;
                    messages.push(format!("[{name}, {language:?}]\n{message}"));
                }
            }
        }
        insta::assert_snapshot!(platform.id, messages.join("\n\n"));
    }
}

#[test]
fn every_platform_has_a_sample_of_a_cancellation() {
    for platform in platforms() {
        let samples = samples(platform);
        let events = samples.iter().flat_map(|(name, request)| told(platform, name, request));
        let mut events = events.collect::<Vec<_>>().into_iter();
        assert!(events.any(|event| event.kind == Kind::Cancelled), "{}", platform.id);
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
        assert!(platform.name.starts_with(char::is_uppercase), "{}", platform.id);
    }
}

#[test]
fn every_platform_has_its_row_in_the_docs() {
    let page = fs::read_to_string(file("docs/platforms.md")).unwrap();
    for platform in platforms() {
        let path = match platform.id {
            "generic" => "/webhook".to_owned(),
            id => format!("/webhook/{id}"),
        };
        let row = page.lines().filter(|line| line.starts_with(&format!("| `{path}` |")));
        let row: Vec<_> = row.flat_map(|row| row.trim_matches('|').split(" | ")).collect();
        let [_, sender, key] = row[..] else { panic!("{}: {row:?}", platform.id) };
        assert!(platform.id == "generic" || sender.contains(&platform.name), "{sender}");
        assert!(!key.trim().is_empty(), "{}", platform.id);
    }
}

#[test]
fn a_sample_proves_itself_only_for_a_while_where_the_time_is_signed() {
    let later: Timestamp = "2026-01-01T01:00:00Z".parse().unwrap();
    let stale = platforms().filter(|platform| {
        let (_, request) = samples(platform).remove(0);
        let Body::Bytes(body) = &request.body else { panic!("no body") };
        let key = format!("sample key of the local stack: {}", platform.id);
        let keys = [SigningKey::parse(&key, &platform.auth).unwrap()];
        let headers = &request.headers;
        verify(&platform.auth, headers, body, &keys, Some(PUBLIC_URL), later).is_err()
    });
    let stale: Vec<_> = stale.map(|platform| platform.id).collect();
    assert_eq!(stale, ["bigcommerce", "generic", "standard"]);
}
