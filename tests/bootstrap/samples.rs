//! The files of `events/`, given to the function as they are.

use std::fs;
use std::path::{Path, PathBuf};

use order_alerts_fakes::FakeSlack;
use serde_json::{Value, json};

use crate::world::{Way, World};

fn samples() -> Vec<(String, Value)> {
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
    let platforms = ["generic", "shopify", "standard", "woocommerce"];
    let keys: Value =
        platforms.map(|name| (name.to_owned(), json!(key(name)))).into_iter().collect();
    let secret = json!({"slack_webhook_url": slack.hook_url(), "signing_keys": keys}).to_string();
    let world = World::from_parts(Way::Direct, slack, &secret, &[]).await;
    let mut outcomes = Vec::new();
    for (name, event) in samples() {
        let before = world.slack.messages().len();
        let status = world.send_event(event).await.status;
        let headline = world.slack.messages().get(before).map(|message| {
            assert_eq!((&message.warnings, &message.mentions), (&vec![], &vec![]), "{name}");
            message.rendered().lines().next().unwrap().to_owned()
        });
        outcomes.push(format!("{name}: {status} {}", headline.unwrap_or_default()));
    }
    // The signed time of a Standard Webhooks sample is over.
    assert_eq!(
        outcomes,
        [
            "generic-cancelled: 401 ",
            "generic-created: 401 ",
            "health: 200 ",
            "shopify-cancelled: 200 🚫 Order #1042 cancelled · USD 86.50",
            "shopify-created: 200 🛒 New order #1042 · USD 86.50",
            "standard-cancelled: 401 ",
            "woocommerce-cancelled: 200 🚫 Order 815 cancelled · KRW 128,000",
            "woocommerce-ping: 200 ",
        ]
    );
}
