//! From the former version to this one and back, while orders wait.
//!
//! Slack takes nothing while a version takes the place of the other. So what one has put into the queue and
//! into the ledger, the other must deliver.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use order_alerts_fakes::{Fault, Posted};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use crate::channel::Channel;
use crate::orders::end_of_the_window;
use crate::world::{STACK, Stack, World};
use crate::{connect_posts_a_hello, connect_shows_where_webhooks_go, expect, summary};

/// A digest is pending for as long as an update takes.
const DIGEST_SECONDS: u64 = 45;

/// The orders of the whole test.
const ALL: RangeInclusive<u32> = 101..=121;
const SHOWN_BY_THE_FORMER: RangeInclusive<u32> = 101..=103;
const BEFORE_THE_UPDATE: [RangeInclusive<u32>; 2] = [104..=106, 107..=111];
const BEFORE_THE_ROLLBACK: [RangeInclusive<u32>; 2] = [112..=114, 115..=121];

/// These must be the same for a shop that is connected.
const LASTING: [&str; 6] = ["Api", "DeadLetterQueue", "Function", "Ledger", "Queue", "Secret"];

const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// With room for a busy machine.
const SOON: Duration = Duration::from_mins(1);
/// What Slack answers. Within this minute nothing is tried again: an update of the emulator ends the
/// invocations that run, which AWS would not.
const LIMIT: Fault = Fault::RateLimited(Some("60"));
/// After the minute, and if an invocation was ended all the same, after the queue's visibility timeout.
const RECOVERY: Duration = Duration::from_mins(5);

#[tokio::test]
#[ignore = "it needs the AWS tools: `make deployment` installs them"]
async fn an_update_and_a_rollback_lose_nothing_and_repeat_nothing() {
    let world = World::start("upgrade").await;
    let former = world.former_release();
    let digest = format!("DigestSeconds={DIGEST_SECONDS}");
    let stack = world.deploy(&former, &[&digest]).await;
    connect_posts_a_hello(&world).await;
    connect_shows_where_webhooks_go(&world, &stack.webhook_url).await;
    let channel = Channel::from_now(&world.slack);
    stack.shop.cancels(SHOWN_BY_THE_FORMER).await;
    stack.queues.run_empty(SOON).await;
    channel.names_each_once(SHOWN_BY_THE_FORMER);

    // The update adds a table and a schedule.
    let added = [&digest, expect::PARAMETER, &summary::parameter()];
    let waiting = orders_wait(&world, &stack, BEFORE_THE_UPDATE).await;
    let before = State::of(&world, &stack).await;
    let stack = world.deploy(&world.release, &added).await;
    before.lasts(&State::of(&world, &stack).await);
    assert_eq!(stack.queues.waiting().await, waiting);
    world.slack.up();
    stack.queues.run_empty(RECOVERY).await;
    stack.shop.cancels(*SHOWN_BY_THE_FORMER.start()..=*BEFORE_THE_UPDATE[0].end()).await;
    stack.queues.run_empty(SOON).await;
    channel.names_each_once(*ALL.start()..=*BEFORE_THE_UPDATE[1].end());

    let waiting = orders_wait(&world, &stack, BEFORE_THE_ROLLBACK).await;
    a_day_is_summed_up(&world, &stack).await;
    let before = State::of(&world, &stack).await;
    let stack = world.deploy(&former, &[&digest]).await;
    before.lasts(&State::of(&world, &stack).await);
    assert_eq!(stack.queues.waiting().await, waiting + 1);
    world.slack.up();
    // The former version has no summaries. It leaves one to the version that has.
    stack.queues.run_down_to(1, RECOVERY).await;
    stack.shop.cancels(*SHOWN_BY_THE_FORMER.start()..=*BEFORE_THE_UPDATE[0].end()).await;
    stack.shop.cancels(BEFORE_THE_ROLLBACK[0].clone()).await;
    stack.queues.run_down_to(1, SOON).await;
    channel.names_each_once(ALL);
    assert_eq!(summaries(&channel), 0);

    let stack = world.deploy(&world.release, &added).await;
    stack.queues.run_empty(RECOVERY).await;
    channel.names_each_once(ALL);
    assert_eq!(summaries(&channel), 1);
    assert_eq!(stack.queues.dead_letters().await, 0);
}

/// Slack takes nothing more. Of these orders the first are cancelled and wait for it; the others are new
/// and wait for their digest. Gives how many messages wait.
async fn orders_wait(world: &World, stack: &Stack, orders: [RangeInclusive<u32>; 2]) -> u32 {
    let [cancelled, created] = orders;
    let [limited, digested] = [&cancelled, &created].map(|orders| orders.clone().count());
    a_window_begins().await;
    world.slack.down(LIMIT);
    let channel = Channel::from_now(&world.slack);
    stack.shop.cancels(cancelled).await;
    while channel.requests() == 0 {
        sleep(LOOK_AGAIN).await;
    }
    stack.shop.creates(created).await;
    assert_eq!(stack.queues.delayed().await as usize, digested);
    let waiting = stack.queues.waiting().await;
    assert_eq!(waiting as usize, limited + digested);
    waiting
}

/// Returns while most of a digest's window is still to come.
async fn a_window_begins() {
    let end = end_of_the_window(DIGEST_SECONDS);
    let left = end.duration_since(Instant::now());
    if left < Duration::from_secs(DIGEST_SECONDS * 2 / 3) {
        sleep_until(end).await;
    }
}

/// The schedule makes a summary, which waits for Slack too.
async fn a_day_is_summed_up(world: &World, stack: &Stack) {
    summary::the_last_day_is_due(world, &world.name_of("ExpectTable").await).await;
    let tick = json!({"source": "aws.events", "detail-type": "Scheduled Event"});
    world.invoke(stack, &tick.to_string()).await;
}

fn summaries(channel: &Channel<'_>) -> usize {
    let messages = channel.messages();
    messages.iter().filter(|message: &&Posted| message.text().starts_with("📊")).count()
}

/// What a deployment must leave as it is.
struct State {
    webhook_url: String,
    secret: Value,
    /// The names that AWS knows the resources by.
    names: BTreeMap<String, String>,
    /// The ledger's items of what the channel has seen.
    delivered: BTreeSet<String>,
}

impl State {
    async fn of(world: &World, stack: &Stack) -> Self {
        let aws = async |service, operation, call| world.tools.aws(service, operation, &call).await;
        let resources =
            aws("cloudformation", "describe_stack_resources", json!({"StackName": STACK})).await;
        let name = |one: &Value| {
            ["LogicalResourceId", "PhysicalResourceId"].map(|id| one[id].as_str().unwrap().into())
        };
        let names = resources["StackResources"].as_array().unwrap().iter().map(name);
        let names: BTreeMap<String, String> = names.map(|[id, name]| (id, name)).collect();

        let ledger = aws("dynamodb", "scan", json!({"TableName": names["Ledger"]})).await;
        let items = ledger["Items"].as_array().unwrap().iter();
        let is_delivered = |item: &&Value| {
            let (key, state) = (item["pk"]["S"].as_str().unwrap(), &item["state"]["S"]);
            !key.starts_with("turn#") && (state == "told" || state == "cancelled")
        };
        let delivered = items.filter(is_delivered).map(Value::to_string).collect();

        let secret = json!({"SecretId": names["Secret"]});
        let mut secret = aws("secretsmanager", "get_secret_value", secret).await;
        secret["ResponseMetadata"].take();
        Self { webhook_url: stack.webhook_url.clone(), secret, names, delivered }
    }

    #[track_caller]
    fn lasts(&self, after: &Self) {
        assert_eq!(self.webhook_url, after.webhook_url);
        assert_eq!(self.secret, after.secret);
        for name in LASTING {
            assert_eq!(self.names[name], after.names[name], "{name}");
        }
        assert!(!self.delivered.is_empty());
        let lost: Vec<_> = self.delivered.difference(&after.delivered).collect();
        assert!(lost.is_empty(), "{lost:#?}");
    }
}
