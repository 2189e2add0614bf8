//! A deployment from beginning to end, with the real tools, onto an AWS on this machine.
//!
//! The tools are those of the README: `sam` and `connect` with what is published, then `sam build` and
//! `cargo lambda`. The AWS is ministack,
//! which enforces the roles' permissions; the Slack is the one of the other tests, at Slack's rate.
//! `make deployment` installs the tools and runs this: in six minutes, in one of which Slack is down,
//! and in two of which no one accepts an order; in more when there is something to compile. Meanwhile
//! another stack, on an AWS of its own, is updated from the former version and rolled back.

#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

mod alarms;
mod channel;
mod cloudwatch;
mod emulator;
mod expect;
mod http;
mod orders;
mod queues;
mod rules;
mod shop;
mod summary;
mod template;
mod tools;
mod upgrade;
#[path = "../function/support/wishes.rs"]
mod wishes;
mod world;

use channel::Channel;
use world::{ALARM_EMAIL, DIGEST_SECONDS, STACK, Stack, World};

#[tokio::test]
#[ignore = "it needs the AWS tools: `make deployment` installs them"]
async fn a_stack_is_deployed_connected_used_and_removed() {
    let world = World::start("whole").await;
    let stack = deploy_with_every_setting(&world).await;

    connect_posts_a_hello(&world).await;
    connect_shows_where_webhooks_go(&world, &stack.webhook_url).await;
    rules::connect_the_rest(&world).await;

    let health = format!("{}/health", stack.shop.api);
    assert_eq!(http::get(&health).await.unwrap().status, 200);
    orders::a_cancellation_is_shown_once(&world, &stack).await;
    orders::an_unsigned_one_is_refused(&world, &stack).await;
    orders::new_orders_are_shown_after_their_window(&world, &stack).await;
    orders::a_burst_is_few_messages(&world, &stack).await;
    rules::each_wish_is_granted(&world, &stack).await;
    expect::an_order_that_no_one_accepts_is_shown(&world, &stack).await;
    summary::a_made_day_is_summed_up_to_the_digit(&world).await;
    orders::an_outage_of_slack_loses_nothing(&world, &stack).await;

    alarms::alarms_invoke_the_function(&world, &stack).await;
    alarms::alarms_are_mailed_too(&world).await;
    alarms::an_alarm_and_its_end_reach_the_channel(&world, &stack).await;
    alarms::the_dashboard_is_about_the_function(&world, &stack).await;

    the_toolchain_builds_what_is_published(&world).await;
    a_function_without_the_role_is_denied_the_secret(&world).await;
    a_function_with_the_role_posts_the_sample(&world).await;

    world.delete().await;
    assert_eq!(http::get(&health).await.unwrap().status, 404);
    assert_eq!(stack.queues.all().await, [""; 0]);
    alarms::are_gone(&world).await;
}

async fn deploy_with_every_setting(world: &World) -> Stack {
    let digest = format!("DigestSeconds={DIGEST_SECONDS}");
    let email = format!("AlarmEmail={ALARM_EMAIL}");
    // The emulator raises this alarm at the first refusal, whatever is asked for.
    let ledger = "LedgerMinutes=1";
    let rules = format!("Rules=\"{}\"", rules::parameter());
    let mention = "Mention=here";
    let summary = summary::parameter();
    let parameters = [&digest, &email, ledger, &rules, mention, expect::PARAMETER, &summary];
    world.deploy(&world.release, &parameters).await
}

async fn connect_posts_a_hello(world: &World) {
    let channel = Channel::from_now(&world.slack);
    let connect = world.tools.local(&["connect", "slack", "--stack", STACK]);
    connect.reads(&world.slack.hook_url()).run().await;
    let hello = channel.only_message();
    assert!(hello.contains(STACK), "{hello}");
}

async fn connect_shows_where_webhooks_go(world: &World, webhook_url: &str) {
    let connect = world.tools.local(&["connect", "shopify", "--stack", STACK]);
    let printed = connect.reads(&shop::key()).run().await;
    assert!(printed.contains(&format!("{webhook_url}/shopify")), "{printed}");
}

async fn the_toolchain_builds_what_is_published(world: &World) {
    world.build().await;
    let [published, built] = world.bootstraps().await;
    assert!(published == built, "{} and {} bytes", published.len(), built.len());
}

/// Left to itself, `cargo lambda deploy` makes a role that may write logs and nothing else.
async fn a_function_without_the_role_is_denied_the_secret(world: &World) {
    let channel = Channel::from_now(&world.slack);
    world.cargo_lambda_deploy("without-the-role", &[]).await;
    let answer = world.invoke_with_the_sample("without-the-role").await;
    assert_eq!(answer["statusCode"], 503, "{answer}");
    assert_eq!(channel.requests(), 0);
}

async fn a_function_with_the_role_posts_the_sample(world: &World) {
    let channel = Channel::from_now(&world.slack);
    let role = world.role_of_the_stack().await;
    world.cargo_lambda_deploy("with-the-role", &["--role", &role]).await;
    let answer = world.invoke_with_the_sample("with-the-role").await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
    let message = channel.only_message();
    assert!(message.starts_with("🚫 Order #1042 cancelled · USD 86.50"), "{message}");
}
