//! Orders on their way to the channel, on quiet days and on bad ones.

use std::ops::RangeInclusive;
use std::time::{Duration, UNIX_EPOCH};

use order_alerts_fakes::{Fault, Posted};
use tokio::time::Instant;

use crate::channel::Channel;
use crate::shop::{cancelled, created};
use crate::world::{DIGEST_SECONDS, Stack, World};

/// A single order takes seconds: its invocation pauses to keep Slack's rate limit.
const SOON: Duration = Duration::from_secs(30);
/// How long after its end a window's digest is due.
const SETTLING: Duration = Duration::from_secs(2);

/// `#1` to `#20` stand in longer numbers, too.
const BURST: RangeInclusive<u32> = 1..=200;
/// At one message in two seconds, and with room for a busy machine.
const BURST_LIMIT: Duration = Duration::from_secs(90);
const MANY_MESSAGES: usize = 20;
const MANY_RATE_LIMITS: usize = 2;

const BEFORE_THE_OUTAGE: RangeInclusive<u32> = 301..=320;
const IN_THE_OUTAGE: RangeInclusive<u32> = 321..=340;
const OUTAGE: Duration = Duration::from_mins(1);
/// What is tried shortly before the end of the outage comes back a minute later.
const RECOVERY: Duration = Duration::from_mins(2);

pub(crate) async fn a_cancellation_is_shown_once(world: &World, stack: &Stack) {
    let channel = Channel::from_now(&world.slack);
    for _ in 0..2 {
        stack.shop.delivers(cancelled(1001)).await;
        stack.queues.run_empty(SOON).await;
    }
    let message = channel.only_message();
    assert!(message.starts_with("🚫 Order #1001 cancelled · USD 254.98"), "{message}");
}

pub(crate) async fn an_unsigned_one_is_refused(world: &World, stack: &Stack) {
    let channel = Channel::from_now(&world.slack);
    let answer = stack.shop.sends(&cancelled(1002)).await;
    assert_eq!(answer.status, 401, "{}", answer.body);
    assert_eq!((stack.queues.waiting().await, channel.requests()), (0, 0));
}

pub(crate) async fn new_orders_are_shown_after_their_window(world: &World, stack: &Stack) {
    let channel = Channel::from_now(&world.slack);
    let due = end_of_the_window(DIGEST_SECONDS) + SETTLING;
    stack.shop.delivers(created(2001)).await;
    stack.shop.delivers(created(2002)).await;
    stack.queues.run_empty(SOON).await;

    // As few as these are no digest.
    let messages = channel.messages();
    let mut headlines: Vec<_> = messages.iter().map(headline).collect();
    headlines.sort_unstable();
    assert_eq!(headlines, [2001, 2002].map(|n| format!("🛒 New order #{n} · USD 254.98")));
    let first = messages[0].at;
    assert!(first >= due, "{:?} too early", due - first);
}

pub(crate) async fn a_burst_is_few_messages(world: &World, stack: &Stack) {
    let channel = Channel::from_now(&world.slack);
    stack.shop.cancels(BURST).await;
    stack.queues.run_empty(BURST_LIMIT).await;

    channel.names_each_once(BURST);
    let count = channel.messages().len();
    assert!(count <= MANY_MESSAGES, "{count} messages");
    let refused = channel.refused();
    let are_limits = refused.iter().all(|refused| refused.status == 429);
    assert!(are_limits && refused.len() <= MANY_RATE_LIMITS, "{refused:#?}");
}

pub(crate) async fn an_outage_of_slack_loses_nothing(world: &World, stack: &Stack) {
    let channel = Channel::from_now(&world.slack);
    stack.shop.cancels(BEFORE_THE_OUTAGE).await;
    world.slack.down(Fault::answer(503, "unavailable"));
    stack.shop.cancels(IN_THE_OUTAGE).await;
    tokio::time::sleep(OUTAGE).await;
    assert!(stack.queues.waiting().await > 0, "nothing waits for Slack");
    world.slack.up();
    stack.queues.run_empty(RECOVERY).await;

    channel.names_each_once(*BEFORE_THE_OUTAGE.start()..=*IN_THE_OUTAGE.end());
    // It is unknown what Slack does with a message that it answers so.
    let is_marked = |message: &Posted| message.text().contains("This may be a repeat");
    assert!(channel.messages().iter().any(is_marked), "no message was tried in the outage");
    assert_eq!(stack.queues.dead_letters().await, 0);
}

fn headline(message: &Posted) -> String {
    message.rendered().lines().next().unwrap_or_default().to_owned()
}

/// Windows of this length follow each other since 1970.
pub(crate) fn end_of_the_window(seconds: u64) -> Instant {
    let length = Duration::from_secs(seconds).as_nanos();
    let into_it = UNIX_EPOCH.elapsed().unwrap().as_nanos() % length;
    Instant::now() + Duration::from_nanos(u64::try_from(length - into_it).unwrap())
}
