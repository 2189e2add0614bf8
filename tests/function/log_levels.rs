//! What the log holds at each level of `LOG_LEVEL`.

use order_alerts_fakes::{Fault, Webhook};
use serde_json::{Value, json};

use crate::support::queue::VISIBILITY_TIMEOUT;
use crate::support::webhooks::{shopify, shopify_order};
use crate::support::world::World;

const LEVELS: [&str; 5] = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];

fn cancellation(id: u64) -> Webhook {
    let mut order = shopify_order();
    order["id"] = json!(id);
    shopify("orders/cancelled", &order.to_string())
}

/// The lines of a cancellation that Slack takes at the third try, and of a wrong signature.
async fn logged_at(level: &str) -> Vec<Value> {
    let world = World::queued(&[("LOG_LEVEL", level)]).await;
    world.accept([cancellation(1)]).await;
    world.slack.script([Fault::answer(500, "down"), Fault::answer(500, "down")]);
    world.consume().await;
    world.sqs.advance(VISIBILITY_TIMEOUT);
    world.consume().await;
    assert_eq!(world.slack.messages().len(), 1);
    let wrong = cancellation(2).header("x-shopify-hmac-sha256", "wrong");
    assert_eq!(world.send(&wrong).await.status, 401);
    world.function.stop().await;
    world.function.logs().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn each_level_has_the_lines_of_its_own_and_of_what_is_worse() {
    for (at, level) in LEVELS.into_iter().enumerate() {
        let lines = logged_at(level).await;
        let has = |level: &str| lines.iter().any(|line| line["level"] == level);
        let there: Vec<_> = LEVELS.into_iter().filter(|level| has(level)).collect();
        assert_eq!(there, LEVELS[..=at], "{level}: {lines:#?}");
    }
}

#[tokio::test]
async fn the_metrics_and_the_request_ids_are_there_at_every_level() {
    for level in LEVELS {
        let lines = logged_at(level).await;
        let counts = |metric: &str| lines.iter().any(|line| line[metric] == 1.0);
        for metric in ["EventsAccepted", "OrdersCancelled", "MessagesPosted", "WebhooksRejected"] {
            assert!(counts(metric), "{level}: no {metric} in {lines:#?}");
        }
        let errors = || lines.iter().filter(|line| line["level"] == "ERROR");
        assert!(errors().all(|line| line["span"]["request_id"].is_string()), "{level}: {lines:#?}");
        assert!(errors().next().is_some(), "{level}: {lines:#?}");
    }
}

/// The description of `LogLevel` says what an order costs, and so does `docs/operations.md`.
#[tokio::test]
async fn an_order_takes_about_as_much_of_the_log_as_is_said() {
    let said = [("WARN", 800), ("INFO", 1200), ("DEBUG", 1900), ("TRACE", 4100)];
    let said_in = |text: &str, said: &str| {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(said), "{said}");
    };
    for (level, bytes) in said {
        let kilobytes = format!("{}.{} KB", bytes / 1000, bytes % 1000 / 100);
        said_in(include_str!("../../template.yaml"), &format!("{kilobytes} with \"{level}\""));
        said_in(include_str!("../../docs/operations.md"), &format!("| {level} | {kilobytes} |"));

        let world = World::queued(&[("LOG_LEVEL", level)]).await;
        let measured = measured(&world, async |id| {
            world.accept([cancellation(id)]).await;
            world.consume().await;
        });
        assert_about(bytes, measured.await);
    }
}

/// `docs/operations.md` computes from it what a flood costs.
#[tokio::test]
async fn a_strangers_request_takes_about_as_much_of_the_log_as_is_said() {
    let world = World::queued(&[]).await;
    let stranger = Webhook::post("/webhook/shopify").body("{}");
    let measured = measured(&world, async |_| {
        assert_eq!(world.send(&stranger).await.status, 401);
    });
    assert_about(528, measured.await);
    assert!(include_str!("../../docs/operations.md").contains("0.53 KB of the function's own"));
}

/// The bytes that a warm function logs of this.
async fn measured(world: &World, send: impl AsyncFn(u64)) -> usize {
    let mut before = 0;
    // The first one includes a cold start.
    for id in [1, 2] {
        before = world.function.logs().len();
        send(id).await;
        // What the function wrote is all there when it has answered again.
        world.send(&Webhook::post("/health").method("GET")).await;
    }
    world.function.logs()[before..].iter().map(|line| line.len() + 1).sum()
}

#[track_caller]
fn assert_about(bytes: usize, measured: usize) {
    assert!((bytes * 9 / 10..=bytes * 11 / 10).contains(&measured), "{measured} and not {bytes}");
}
