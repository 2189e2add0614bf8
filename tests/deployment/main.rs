//! A deployment from beginning to end, with the real tools, onto an AWS on this machine.
//!
//! The tools are those of the README: `sam`, `cargo lambda` and `connect`. The AWS is ministack,
//! which enforces the roles' permissions; the Slack is the one of the other tests. `make deployment`
//! installs the tools and runs this: in half a minute, or in minutes when there is something to
//! compile.

#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

mod emulator;
mod http;
mod tools;
mod world;

use order_alerts_fakes::Webhook;
use serde_json::json;

use world::{SHOPIFY_KEY, STACK, World};

#[tokio::test]
async fn a_stack_is_deployed_connected_used_and_removed() {
    let world = World::start().await;
    world.build().await;
    let webhook_url = world.deploy().await;

    connect_posts_a_hello(&world).await;
    connect_shows_where_webhooks_go(&world, &webhook_url).await;

    let api = world.emulator.api(&webhook_url);
    the_health_is_good(&api).await;
    a_signed_cancellation_is_posted(&world, &api).await;
    an_unsigned_one_is_refused(&world, &api).await;

    a_function_without_the_role_is_denied_the_secret(&world).await;
    a_function_with_the_role_posts_the_sample(&world).await;

    world.delete().await;
    let health = format!("{api}/health");
    assert_eq!(http::get(&health).await.unwrap().status, 404);
}

async fn connect_posts_a_hello(world: &World) {
    let connect = world.tools.local(&["connect", "slack", "--stack", STACK]);
    connect.reads(&world.slack.hook_url()).run().await;
    let hello = world.only_message_after(0);
    assert!(hello.contains(STACK), "{hello}");
}

async fn connect_shows_where_webhooks_go(world: &World, webhook_url: &str) {
    let connect = world.tools.local(&["connect", "shopify", "--stack", STACK]);
    let printed = connect.reads(SHOPIFY_KEY).run().await;
    assert!(printed.contains(&format!("{webhook_url}/shopify")), "{printed}");
}

async fn the_health_is_good(api: &str) {
    let answer = http::get(&format!("{api}/health")).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
}

async fn a_signed_cancellation_is_posted(world: &World, api: &str) {
    let before = world.slack.messages().len();
    let answer = post(api, &cancellation().signed_shopify(SHOPIFY_KEY)).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":"accepted"}"#));
    let message = world.only_message_after(before);
    assert!(message.starts_with("🚫 Order #1001 cancelled · USD 254.98"), "{message}");
}

async fn an_unsigned_one_is_refused(world: &World, api: &str) {
    let before = world.slack.all_requests();
    let answer = post(api, &cancellation()).await;
    assert_eq!(answer.status, 401, "{}", answer.body);
    assert_eq!(world.slack.all_requests(), before);
}

/// Left to itself, `cargo lambda deploy` makes a role that may write logs and nothing else.
async fn a_function_without_the_role_is_denied_the_secret(world: &World) {
    let before = world.slack.all_requests();
    world.cargo_lambda_deploy("without-the-role", &[]).await;
    let answer = world.invoke_with_the_sample("without-the-role").await;
    assert_eq!(answer["statusCode"], 503, "{answer}");
    assert_eq!(world.slack.all_requests(), before);
}

async fn a_function_with_the_role_posts_the_sample(world: &World) {
    let before = world.slack.messages().len();
    let role = world.role_of_the_stack().await;
    world.cargo_lambda_deploy("with-the-role", &["--role", &role]).await;
    let answer = world.invoke_with_the_sample("with-the-role").await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
    let message = world.only_message_after(before);
    assert!(message.starts_with("🚫 Order #1042 cancelled · USD 86.50"), "{message}");
}

fn cancellation() -> Webhook {
    let order = json!({
        "id": 820_982_911_946_154_508_u64,
        "name": "#1001",
        "total_price": "254.98",
        "currency": "USD",
        "cancelled_at": "2026-01-01T09:12:00+09:00",
    });
    Webhook::post("/webhook/shopify")
        .header("x-shopify-topic", "orders/cancelled")
        .header("x-shopify-shop-domain", "tea.myshopify.com")
        .body(order.to_string())
}

/// Sends the webhook over HTTP, as the platform would.
async fn post(api: &str, webhook: &Webhook) -> http::Answer {
    let event = webhook.event();
    let url = format!("{api}{}", event["rawPath"].as_str().unwrap());
    http::send("POST", &url, &event["headers"], event["body"].as_str().unwrap()).await.unwrap()
}
