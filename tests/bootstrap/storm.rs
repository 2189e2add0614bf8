//! Many cancellations at once, by the way they take in the cloud: intake, queue, two consumers.

use std::collections::BTreeSet;
use std::iter;
use std::time::Duration;

use futures_util::future::join_all;
use order_alerts_fakes::{
    Bootstrap, EventSourceMapping, FakeDynamoDb, FakeSlack, Fault, Invoked, Outcome, QueuedMessage,
    Webhook,
};
use serde_json::Value;
use tokio::time::Instant;

use crate::journey::{
    LIMIT, LONGEST_ABSENCE, all_numbers, cancellation, end_leases, end_of_lease, headline, numbers,
};
use crate::world::{Way, World, secret};

const ORDERS: u32 = 200;

/// The world's own sandbox takes the webhooks; two others are fed from the queue.
struct Storm {
    world: World,
    consumers: [Bootstrap; 2],
    mapping: EventSourceMapping,
}

/// Each consumer speaks a language of its own, so that a message tells who posted it.
const LANGUAGES: [&str; 2] = ["en", "ko"];

impl Storm {
    async fn brew() -> Self {
        let slack = FakeSlack::with_rate(1.0, 5).await;
        let secret = secret(&slack.hook_url());
        let world = World::from_parts(Way::Queue, slack, &secret, &[]).await;
        world.lambda.ready().await;
        let [(first, one), (second, other)] = [
            world.another(Way::Queue, &[("LANGUAGE", LANGUAGES[0])]).await,
            world.another(Way::Queue, &[("LANGUAGE", LANGUAGES[1])]).await,
        ];
        let mapping = EventSourceMapping::start(&world.sqs, vec![first, second]);
        Self { world, consumers: [one, other], mapping }
    }

    /// Sends as fast as the function takes it; all is taken.
    async fn send(&self, webhooks: &[Webhook]) {
        let answers = join_all(webhooks.iter().map(|webhook| self.world.send(webhook))).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:#?}");
    }

    /// Waits until nothing is left in the queue.
    async fn is_over(&self) {
        self.world.sqs.wait_until(<[_]>::is_empty, LIMIT).await;
        assert_eq!(self.world.sqs.dead_letters(), []);
    }
}

/// The largest number of requests that came to Slack within one second.
fn most_in_a_second(arrivals: &[Instant]) -> usize {
    let from = |first: &Instant| {
        let within = |other: &&Instant| {
            other.checked_duration_since(*first).is_some_and(|gap| gap < Duration::from_secs(1))
        };
        arrivals.iter().filter(within).count()
    };
    arrivals.iter().map(from).max().unwrap_or_default()
}

#[track_caller]
fn assert_weathered(storm: &Storm) {
    let Storm { world, .. } = storm;
    let messages = world.slack.messages();
    assert_eq!(all_numbers(&messages), (1..=ORDERS).collect::<Vec<_>>());
    let (posts, refused) = (world.slack.all_requests(), world.slack.refused());
    let limited = refused.iter().filter(|refused| refused.status == 429).count();
    let most = most_in_a_second(&world.slack.arrivals());
    assert!(posts <= 20 && limited <= 2 && refused.len() == limited, "{posts} posts: {refused:#?}");
    assert!(most <= 2, "{most} in a second");
}

#[tokio::test]
async fn every_order_of_a_storm_is_named_once_at_the_pace_of_slack() {
    let weather = async |copies: usize| {
        let storm = Storm::brew().await;
        let orders = iter::repeat_n(1..=ORDERS, copies).flatten();
        let mut webhooks: Vec<_> = orders.map(cancellation).collect();
        shuffle(&mut webhooks);
        storm.send(&webhooks).await;
        let World { slack, ledger, sqs, .. } = &storm.world;
        let all: Vec<_> = (1..=ORDERS).collect();
        let is_told = |_: &[Invoked]| {
            all_numbers(&slack.messages()).len() >= all.len() && end_of_lease(ledger) == 0
        };
        storm.mapping.wait_until(is_told, LIMIT).await;
        // Copies that were found leased come again after the lease.
        sqs.advance(LONGEST_ABSENCE);
        storm.is_over().await;
        assert_weathered(&storm);
    };
    tokio::join!(weather(1), weather(3));
}

#[tokio::test]
async fn a_consumer_that_dies_in_a_storm_loses_nothing_and_repeats_one_message_at_most() {
    let storm = Storm::brew().await;
    let World { slack, ledger, sqs, .. } = &storm.world;
    // Slack takes the sixth message, most often the first digest, and its sender dies before it
    // hears of that.
    let passed = iter::repeat_n(Fault::Pass, 5);
    slack.script(passed.chain([Fault::Slow(LIMIT).posted_then()]));
    let webhooks: Vec<_> = (1..=ORDERS).map(cancellation).collect();
    let ((), (last, _substitute)) = tokio::join!(storm.send(&webhooks), async {
        let last = slack.wait_for(6, LIMIT).await.swap_remove(5);
        let victim = usize::from(headline(&last).contains("취소"));
        storm.consumers[victim].stop().await;
        let settings = [("LANGUAGE", LANGUAGES[victim])];
        let (lambda, substitute) = storm.world.another(Way::Queue, &settings).await;
        storm.mapping.replace(victim, lambda);
        (last, substitute)
    });

    let has_died = |ended: &[Invoked]| ended.iter().any(|one| one.outcome == Outcome::Exited);
    storm.mapping.wait_until(has_died, LIMIT).await;
    let ended = storm.mapping.invocations();
    let dead = &ended.iter().find(|one| one.outcome == Outcome::Exited).unwrap().request_id;
    sqs.wait_until(|messages| messages.iter().all(|one| is_held_by(ledger, dead, one)), LIMIT)
        .await;
    end_leases(ledger);
    sqs.advance(LONGEST_ABSENCE);
    storm.is_over().await;

    let named = all_numbers(&slack.messages());
    let distinct: BTreeSet<_> = named.iter().copied().collect();
    assert_eq!(distinct, (1..=ORDERS).collect());
    let is_twice = |two: &&[u32]| two[0] == two[1];
    let repeated: BTreeSet<_> = named.windows(2).filter(is_twice).map(|two| two[0]).collect();
    assert!(repeated.is_subset(&numbers(&last)), "{repeated:?}");
    assert_eq!(named.len(), distinct.len() + repeated.len(), "none is told a third time");
}

/// Whether the order of a queue message was claimed last by this invocation.
fn is_held_by(ledger: &FakeDynamoDb, request_id: &str, message: &QueuedMessage) -> bool {
    let envelope: Value = serde_json::from_str(&message.body).unwrap();
    let order = envelope["events"][0]["id"].as_str().unwrap();
    let item = ledger.item(&format!("order#generic##{order}")).unwrap_or_default();
    item["owner"].as_str().is_some_and(|owner| owner.starts_with(request_id))
}

/// The same order in every run.
fn shuffle<T>(all: &mut [T]) {
    let mut state: usize = 0x2545_F491;
    for last in (1..all.len()).rev() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) & 0xFFFF_FFFF;
        all.swap(last, (state >> 8) % (last + 1));
    }
}
