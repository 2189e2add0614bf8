//! The ten wishes of docs/rules.md, each with the rules that stand there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use order_alerts::order::Change;
use order_alerts::rules::{ChannelName, Rules};

use crate::support::queue::assert_no_failures;
use crate::support::wishes::{self, PAGE, WISHES};
use crate::support::world::{Way, World, key};

/// The longest window, so that none ends while the test runs.
const DIGEST_SECONDS: u64 = 900;

/// Sends the orders of a wish to a function with its rules, and compares what is shown.
async fn grant(number: usize) {
    let rules = wishes::rules(number);
    let (parsed, unreadable) = Rules::parse(rules);
    assert_eq!(unreadable, []);
    let channels: Vec<_> = parsed.channels().map(ChannelName::as_str).collect();
    let window = DIGEST_SECONDS.to_string();
    let settings = [("RULES", rules), ("MENTION", "here"), ("DIGEST_SECONDS", &window)];
    let world = World::with_channels(Way::Queue, &settings, channels.iter().copied()).await;
    let wish = WISHES[number - 1](key);
    world.accept(wish.webhooks).await;

    assert_no_failures(&world.consume().await);
    let at_once = world.slack.messages().len();
    world.consume_the_rest().await;
    world.assert_queues_are_empty();

    let messages = world.slack.messages();
    let mut shown: Vec<_> = (0..)
        .zip(&messages)
        .map(|(position, message)| {
            let mode = if position < at_once { "each" } else { "digest" };
            wishes::shown(mode, message)
        })
        .collect();
    let mut wanted = wish.shown;
    shown.sort();
    wanted.sort();
    assert_eq!(shown, wanted, "{rules}");
}

#[tokio::test]
async fn a_paid_order_is_shown_at_once_and_a_new_one_later() {
    grant(1).await;
}

#[tokio::test]
async fn refunds_go_to_the_channel_of_the_bookkeepers() {
    grant(2).await;
}

#[tokio::test]
async fn large_orders_are_shown_at_once_and_with_a_mention() {
    grant(3).await;
}

#[tokio::test]
async fn an_abandoned_checkout_is_never_shown() {
    grant(4).await;
}

#[tokio::test]
async fn the_orders_of_one_shop_go_to_the_channel_of_its_kitchen() {
    grant(5).await;
}

#[tokio::test]
async fn a_platform_has_its_own_channel_and_its_cancellations_go_elsewhere() {
    grant(6).await;
}

#[tokio::test]
async fn no_changes_are_shown_but_refunds_and_returns() {
    grant(7).await;
}

#[tokio::test]
async fn an_order_on_hold_mentions_the_person_who_releases_it() {
    grant(8).await;
}

#[tokio::test]
async fn small_cancellations_wait_and_large_ones_go_to_the_managers() {
    grant(9).await;
}

#[tokio::test]
async fn test_orders_go_to_the_channel_for_tests() {
    grant(10).await;
}

/// So the page shows each word in use.
#[test]
fn the_wishes_have_every_word() {
    let rules: Vec<_> = (1..=WISHES.len()).map(wishes::rules).collect();
    let words = rules.join(" ").replace([',', ':'], " ");
    let words: Vec<_> = words.split_whitespace().collect();
    let left = ["any", "created", "modified", "cancelled", "paid", "refunded", "returned"];
    let conditions = ["unpaid", "test", "from", "under", "platform", "shop", "status"];
    let actions = ["each", "digest", "off", "mention", "to", "orders"];
    let people = ["here", "channel", "everyone", "user", "group", "nobody"];
    let all = left.iter().chain(&conditions).chain(&actions).chain(&people);
    let missing: Vec<_> = all.filter(|word| !words.contains(word)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_page_has_every_change() {
    let words = Change::ALL.map(Change::name).into_iter();
    let missing: Vec<_> = words.filter(|word| !PAGE.contains(&format!("`{word}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The files of the platforms say which changes they have.
#[test]
fn the_page_names_the_platforms_that_have_a_change() {
    let changes = |file: &toml::Table| -> BTreeSet<String> {
        let events = file["event"].as_array().unwrap().iter();
        let changes = events.filter_map(|event| event.get("change"));
        changes.map(|change| change.as_str().unwrap().to_owned()).collect()
    };
    let mut known = BTreeMap::<_, BTreeSet<_>>::new();
    for file in fs::read_dir("src/platform").unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|extension| extension == "toml") {
            let file: toml::Table = fs::read_to_string(file).unwrap().parse().unwrap();
            let name = file["name"].as_str().unwrap();
            for change in changes(&file) {
                known.entry(change).or_default().insert(name.to_owned());
            }
        }
    }
    known.remove("unpaid");
    let (_, table) = PAGE.split_once("\n| change | platforms |\n|---|---|\n").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let rows = table.lines().map(|line| line.trim_matches(['|', ' ']).split_once(" | ").unwrap());
    let said: BTreeMap<_, BTreeSet<_>> = rows
        .flat_map(|(changes, platforms)| {
            let platforms: BTreeSet<_> = platforms.split(", ").map(str::to_owned).collect();
            changes
                .split(", ")
                .map(move |change| (change.trim_matches('`').to_owned(), platforms.clone()))
        })
        .collect();
    assert_eq!(said, known);
}
