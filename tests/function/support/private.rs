//! All that a deployment writes, sends and answers, and what of it may have what is private.

use std::collections::BTreeMap;

use order_alerts::platform::Platform;
use order_alerts_fakes::{FakeSlack, Invocation, Outcome, Webhook};
use serde_json::{Value, json};

use crate::support::leaks::Private;
use crate::support::world::{Way, World, key, secret};

/// Where something may get to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Log,
    /// What a sender or Lambda reads.
    Answer,
    /// Messages and dead letters, and calls that failed.
    Queue,
    /// Every table, and calls that failed.
    Table,
    Slack,
}

use Place::{Queue, Slack};

/// The one table of what may be where: its name, the places, and when. What has no row may be nowhere.
const PERMITTED: [(&str, &[Place]); 2] = [
    // With `CUSTOMER=full`, in what Slack shows and in the messages of the queues that Slack is to show.
    (NAME, &[Queue, Slack]),
    // It is copied to the dead-letter queue as it is.
    (UNREADABLE, &[Queue]),
];

/// The customer's name.
pub(crate) const NAME: &str = "the customer's name";
/// A message in the queue that is none of the function's.
pub(crate) const UNREADABLE: &str = "a message that cannot be read";

/// The customer of [`private_order`](crate::support::webhooks::private_order), and what tests put elsewhere.
const TEXTS: [(&str, &str); 11] = [
    (NAME, "Canaryfirst Canarylast"),
    ("the customer's e-mail", "canary@example.com"),
    ("the customer's phone", "+1-555-CANARY"),
    ("the customer's address", "1 Canary Street"),
    ("the customer's note", "canary: the key is under the mat"),
    ("the customer's IP address", "192.0.2.99-canary"),
    ("the order's token", "canary-token"),
    ("the order's page for the customer", "verify?key=canary"),
    ("what is wrong in the secret or in a body", "canary secret"),
    ("a page that is not Slack's", "canary page"),
    (UNREADABLE, "canary message"),
];

/// The channels, by their names in their URLs.
const CHANNELS: [&str; 3] = ["FIRST", "OTHER", "KITCHEN"];

impl World {
    /// With channels, keys of every kind, and a log that has every line.
    pub(crate) async fn full(way: Way, settings: &[(&str, &str)]) -> Self {
        let slack = FakeSlack::start().await;
        let mut secret: Value = serde_json::from_str(&secret(&slack.hook_url())).unwrap();
        secret["slack_monitoring_webhook_url"] = json!(slack.other_hook_url());
        secret["channels"] = json!({"kitchen": slack.named_hook_url("KITCHEN")});
        secret["generic_signing_key"] = json!(generated_key());
        let settings = [&[("LOG_LEVEL", "TRACE")], settings].concat();
        let world = Self::from_parts(way, slack, &secret.to_string(), &settings).await;
        world.lambda.ready().await;
        world
    }

    /// What is private is only where the table permits it; `permitted` are its rows that hold in this world.
    /// The function has ended.
    ///
    /// `sent` are webhooks whose credentials must not get out, and `answers` are all that the function gave.
    #[track_caller]
    pub(crate) fn assert_private(&self, permitted: &[&str], sent: &[Webhook], answers: &[String]) {
        let outputs = self.outputs(answers);
        let rows = PERMITTED.iter().filter(|(name, _)| permitted.contains(name));
        let rows: BTreeMap<_, _> = rows.copied().collect();
        for private in self.private(sent) {
            let places = rows.get(private.name.as_str()).copied().unwrap_or_default();
            let found: Vec<_> = outputs
                .iter()
                .filter_map(|(place, output)| Some((place, private.find(output)?, output)))
                .collect();
            let elsewhere = found.iter().find(|(place, ..)| !places.contains(place));
            assert!(elsewhere.is_none(), "{}: {elsewhere:?}", private.name);
            // The search finds what is there.
            let is_found = |place: &Place| found.iter().any(|(at, ..)| *at == place);
            let is_there = places.is_empty() || places.iter().any(is_found);
            assert!(is_there, "{} is not in {places:?}", private.name);
        }
    }

    /// All that may get out nowhere, or only somewhere.
    fn private(&self, sent: &[Webhook]) -> Vec<Private> {
        let mut all: Vec<_> = TEXTS.map(|(name, text)| Private::new(name, text)).into();
        for channel in CHANNELS {
            let url = self.slack.named_hook_url(channel);
            let parts = url.rsplit('/').take(3).zip(["token", "id", "workspace"]);
            all.extend(parts.map(|(part, of)| Private::new(&format!("{channel}'s {of}"), part)));
        }
        for platform in Platform::names() {
            let stored = key(platform);
            let secret_part = stored.rsplit(':').next().unwrap_or_default();
            all.push(Private::new(&format!("{platform}'s key"), secret_part.trim()));
            let text = format!("the test key of {platform}");
            all.push(Private::new(&format!("the text of {platform}'s key"), &text));
        }
        for (name, text) in [
            ("the key that the stack made", generated_key()),
            ("the function's own key at AWS", "fake-secret-access-key".to_owned()),
            ("its session", "fake-session-token".to_owned()),
        ] {
            all.push(Private::new(name, &text));
        }
        let signatures = sent.iter().flat_map(signatures);
        all.extend(signatures.map(|text| Private::new("a signature", &text)));
        all
    }

    fn outputs(&self, answers: &[String]) -> Vec<(Place, String)> {
        let calls = |calls: Vec<(String, Value)>| {
            calls.into_iter().map(|(operation, call)| format!("{operation} {call}"))
        };
        let letters = self.sqs.messages().into_iter().chain(self.sqs.dead_letters());
        let letters = letters.map(|it| format!("{} {:?}", it.body, it.attributes));
        let items = self.ledger.items().into_iter().chain(self.ledger.expected());
        let items = items.map(|(key, item)| format!("{key} {item}"));
        let messages = self.slack.messages().into_iter().map(|it| it.payload.to_string());
        let refused = self.slack.refused().into_iter();
        let refused = refused.map(|it| String::from_utf8_lossy(&it.body).into_owned());
        let mut all = Vec::new();
        let mut add =
            |place, texts: Vec<String>| all.extend(texts.into_iter().map(|it| (place, it)));
        add(Place::Log, self.function.logs());
        add(Place::Answer, answers.to_vec());
        add(Queue, calls(self.sqs.calls()).chain(letters).collect());
        add(Place::Table, calls(self.ledger.calls()).chain(items).collect());
        add(Slack, messages.chain(refused).collect());
        all
    }
}

/// What the template has Secrets Manager make.
pub(crate) fn generated_key() -> String {
    "generated".repeat(4)
}

/// What Lambda hears of an invocation.
pub(crate) fn text_of_outcome(invocation: &Invocation) -> String {
    match &invocation.outcome {
        Outcome::Answered(value) | Outcome::Failed(value) | Outcome::InitFailed(value) => {
            value.to_string()
        }
        other => format!("{other:?}"),
    }
}

/// The credentials in a webhook's headers.
fn signatures(webhook: &Webhook) -> Vec<String> {
    let event = webhook.event();
    let headers = event["headers"].as_object().unwrap();
    let is_credential = |name: &str| {
        ["hmac", "signature", "authorization", "api-key"].iter().any(|part| name.contains(part))
    };
    let credentials = headers.iter().filter(|(name, _)| is_credential(name));
    let texts = credentials.filter_map(|(_, value)| value.as_str());
    texts.map(|text| text.trim_start_matches("v1,").to_owned()).filter(|it| it.len() > 8).collect()
}
