//! The files of `events/`, given to the function as they are.

use std::fs;
use std::path::{Path, PathBuf};

use order_alerts::platform::Platform;
use order_alerts_fakes::FakeSlack;
use serde_json::{Value, json};

use crate::support::world::{Way, World};

/// Where the samples of a platform that signs its address are registered.
const PUBLIC_URL: (&str, &str) =
    ("PUBLIC_URL", "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/webhook/square");

pub(crate) fn samples() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |file: &PathBuf| serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    files
        .iter()
        .map(|file| (file.file_stem().unwrap().to_string_lossy().into_owned(), read(file)))
        .collect()
}

#[tokio::test]
async fn every_sample_gives_what_its_name_says() {
    let slack = FakeSlack::start().await;
    let key = |platform| format!("sample key of the local stack: {platform}");
    let keys: Value = Platform::names().map(|name| (name.to_owned(), json!(key(name)))).collect();
    let secret = json!({"slack_webhook_url": slack.hook_url(), "signing_keys": keys}).to_string();
    let world = World::from_parts(Way::Direct, slack, &secret, &[PUBLIC_URL]).await;
    let mut outcomes = Vec::new();
    for (name, event) in samples() {
        let before = world.slack.messages().len();
        let status = world.send_event(event).await.status;
        let messages = world.slack.messages().split_off(before);
        let headlines = messages.iter().map(|message| {
            assert_eq!((&message.warnings, &message.mentions), (&vec![], &vec![]), "{name}");
            message.rendered().lines().next().unwrap().to_owned()
        });
        outcomes.push(format!("{name}: {status} {}", headlines.collect::<Vec<_>>().join(" | ")));
    }
    // The signed time of Standard Webhooks samples, which BigCommerce's are, is over.
    assert_eq!(
        outcomes,
        [
            "bigcommerce-cancelled: 401 ",
            "bigcommerce-created: 401 ",
            "cafe24-cancelled-bulk: 200 🚫 Order 20260101-0000043 cancelled | 🚫 Order 20260101-0000044 cancelled",
            "cafe24-cancelled: 200 🚫 Order 20260101-0000042 cancelled · KRW 41,000",
            "cafe24-created: 200 🛒 New order 20260101-0000042 · KRW 41,000",
            "deliveroo-cancelled: 200 🚫 Order 0042 cancelled · GBP 26.50",
            "deliveroo-created: 200 🛒 New order 0042 · GBP 26.50",
            "doordash-cancelled: 200 🚫 Order tea-2026-0042 cancelled · USD 34.50",
            "doordash-modified: 200 ✏️ Order tea-2026-0042 changed · USD 34.50",
            "generic-cancelled: 401 ",
            "generic-created: 401 ",
            "health: 200 ",
            "shopify-cancelled: 200 🚫 Order #1042 cancelled · USD 86.50",
            "shopify-created: 200 🛒 New order #1042 · USD 86.50",
            "square-cancelled: 200 🚫 Order oTeAhOuSe0042sample cancelled",
            "square-created: 200 🛒 New order oTeAhOuSe0042sample",
            "standard-cancelled: 401 ",
            "ubereats-cancelled: 200 🚫 Order 7d1f9a34-50cc-4c2e-a8a1-0f3f3f8f7a10 cancelled",
            "ubereats-created: 200 🛒 New order 7d1f9a34-50cc-4c2e-a8a1-0f3f3f8f7a10",
            "woocommerce-cancelled: 200 🚫 Order 815 cancelled · KRW 128,000",
            "woocommerce-ping: 200 ",
        ]
    );
}
