//! The secret: read, cached, refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use order_alerts_fakes::{FakeSlack, SecretsFault, Webhook};
use serde_json::{Value, json};

use crate::support::webhooks::{generic_at, now, shopify_cancellation};
use crate::support::world::{Way, World, key, secret};

/// A world whose secret is this, with `HOOK` for the address of its Slack.
async fn with_secret(text: &str) -> World {
    let slack = FakeSlack::start().await;
    let text = text.replace("HOOK", &slack.hook_url());
    let world = World::from_parts(Way::Direct, slack, &text, &[]).await;
    world.lambda.ready().await;
    world
}

fn with_keys(keys: &Value) -> String {
    json!({"slack_webhook_url": "HOOK", "signing_keys": keys}).to_string()
}

#[tokio::test]
async fn the_secret_is_read_once_for_many_webhooks() {
    let world = World::start().await;
    for _ in 0..5 {
        assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
    }
    assert_eq!(world.secrets.reads(), 1);
}

#[tokio::test]
async fn without_a_usable_key_the_sender_must_retry() {
    for keys in [
        json!({}),
        json!({"shopify": []}),
        json!({"shopify": [""]}),
        json!({"shopify": ["fifteen bytes.."]}),
        json!({"shopify": 5}),
        json!({"shopify": {"key": "x"}}),
        json!({"shopify": [5]}),
        // A login counts by its password.
        json!({"doordash": ["doordash:1234567"]}),
    ] {
        let world = with_secret(&with_keys(&keys)).await;
        // An empty or short key would be easy to sign with.
        for key in ["", "fifteen bytes.."] {
            let answer = world.send(&shopify_cancellation().signed_shopify(key)).await;
            assert_eq!(answer.retry_after(), 15, "{keys}");
        }
        let login = format!("Basic {}", STANDARD.encode("doordash:1234567"));
        let doordash =
            Webhook::post("/webhook/doordash").header("authorization", &login).body("{}");
        assert_eq!(world.send(&doordash).await.retry_after(), 15, "{keys}");
        let logs = world.function.logs();
        assert!(logs.iter().any(|line| line.contains("\"ERROR\"")), "{keys}: {logs:#?}");
        assert_eq!(world.slack.all_requests(), 0);
    }
}

#[tokio::test]
async fn with_an_unreadable_secret_the_sender_must_retry_and_is_not_unauthorized() {
    for text in ["", "no json", "[]", "null", "{\"signing_keys\":[]}"] {
        let world = with_secret(text).await;
        assert_eq!(world.send(&shopify_cancellation()).await.status, 503, "{text}");
    }
}

/// As a key looks that was copied from a page, a file or a shell.
#[tokio::test]
async fn stray_characters_around_a_stored_key_do_no_harm() {
    let right = key("shopify");
    for stored in [
        format!("{right}\n"),
        format!("{right}\r\n"),
        format!("\u{FEFF}{right}"),
        format!(" \t{right}\u{200B}"),
        format!("\"{right}\""),
        format!("'{right}'"),
    ] {
        let world = with_secret(&with_keys(&json!({"shopify": [stored]}))).await;
        assert_eq!(world.send(&shopify_cancellation()).await.status, 200, "{stored:?}");
        let other = shopify_cancellation().signed_shopify(&stored);
        assert_eq!(world.send(&other).await.status, 401, "{stored:?}");
    }
}

/// As the key/value tab of the AWS console stores them.
#[tokio::test]
async fn inner_objects_and_lists_may_be_stored_as_texts() {
    let keys = json!({"shopify": json!([key("shopify")]).to_string()});
    let secret = json!({"slack_webhook_url": "<HOOK>", "signing_keys": keys.to_string()});
    for text in [secret.to_string(), Value::String(secret.to_string()).to_string()] {
        let world = with_secret(&text).await;
        assert_eq!(world.send(&shopify_cancellation()).await.status, 200, "{text}");
        assert_eq!(world.slack.messages().len(), 1, "{text}");
    }
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_named_and_takes_no_other_along() {
    let secret = json!({
        "slack_webhook_url": "HOOK",
        "slack_monitoring_webhook_url": {"url": "hush-hush"},
        "signing_keys": {"shopify": [key("shopify"), 5], "woocommerce": 7},
    });
    let world = with_secret(&secret.to_string()).await;
    assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
    assert_eq!(world.slack.messages().len(), 1);
    for field in [
        "`slack_monitoring_webhook_url` is an object and not a text",
        "key 2 in `signing_keys.shopify` is a number and not a text",
        "key 1 in `signing_keys.woocommerce` is a number and not a text",
    ] {
        world.function.logged(field).await;
    }
    assert!(!world.function.logs().iter().any(|line| line.contains("hush-hush")));

    let lost = json!({"slack_webhook_url": "HOOK", "signing_keys": "hush-hush"}).to_string();
    let world = with_secret(&lost).await;
    assert_eq!(world.send(&shopify_cancellation()).await.status, 503);
    world.function.logged("`signing_keys` is a text and not an object: the key/value tab").await;
    assert!(!world.function.logs().iter().any(|line| line.contains("hush-hush")));
}

#[tokio::test]
async fn one_key_under_two_platforms_is_a_warning() {
    let keys = json!({"shopify": [key("shopify")], "woocommerce": [key("shopify")]});
    let world = with_secret(&with_keys(&keys)).await;
    assert_eq!(world.send(&shopify_cancellation()).await.status, 200);
    world.function.logged("`shopify` and `woocommerce` have the same key").await;
}

#[tokio::test]
async fn with_a_binary_secret_the_sender_must_retry() {
    let world = World::from_parts(Way::Direct, FakeSlack::start().await, "{}", &[]).await;
    world.secrets.set_binary(b"\x00");
    world.lambda.ready().await;
    assert_eq!(world.send(&shopify_cancellation()).await.status, 503);
}

#[tokio::test]
async fn while_the_secret_cannot_be_read_the_sender_must_retry() {
    for fault in [
        SecretsFault::Error("AccessDeniedException"),
        SecretsFault::Error("ResourceNotFoundException"),
        SecretsFault::Error("ThrottlingException"),
        SecretsFault::Error("InternalServiceError"),
        SecretsFault::Garbage,
        SecretsFault::Refuse,
        SecretsFault::Hang,
    ] {
        let slack = FakeSlack::start().await;
        let text = secret(&slack.hook_url());
        let world = World::from_parts(Way::Direct, slack, &text, &[]).await;
        let named = format!("{fault:?}");
        world.secrets.fail_with(fault);
        world.lambda.ready().await;
        let answer = world.send(&shopify_cancellation()).await;
        assert_eq!(answer.retry_after(), 15, "{named}");
        world.secrets.recover();
        assert_eq!(world.send(&shopify_cancellation()).await.status, 200, "{named}");
        assert_eq!(world.slack.messages().len(), 1);
    }
}

#[tokio::test]
async fn a_new_key_works_at_once_and_wrong_keys_cannot_force_a_second_read() {
    let world = World::start().await;
    let new_key = "a newer key of this test";
    let rotated = json!({
        "slack_webhook_url": world.slack.hook_url(),
        "signing_keys": {"shopify": [new_key]},
    });
    world.secrets.set(&rotated.to_string());
    let signed_with_it = shopify_cancellation().signed_shopify(new_key);
    assert_eq!(world.send(&signed_with_it).await.status, 200);
    assert_eq!(world.secrets.reads(), 2);

    for _ in 0..20 {
        assert_eq!(world.send(&shopify_cancellation()).await.status, 401, "the key was removed");
    }
    assert_eq!(world.secrets.reads(), 2, "one forced read a minute");
}

#[tokio::test]
async fn malformed_signatures_cost_no_read_at_all() {
    let world = World::start().await;
    for signature in ["", "x", "v1,"] {
        let webhook = shopify_cancellation().header("x-shopify-hmac-sha256", signature);
        assert_eq!(world.send(&webhook).await.status, 401);
    }
    assert_eq!(world.secrets.reads(), 1);
}

/// The answer must not say which platforms the shop uses.
#[tokio::test]
async fn what_no_key_could_verify_is_a_401_without_a_look_at_the_keys() {
    let world = with_secret(&with_keys(&json!({}))).await;
    for platform in ["shopify", "deliveroo", "square", "cafe24", "doordash", "standard"] {
        let path = format!("/webhook/{platform}");
        let status = if platform == "cafe24" { 403 } else { 401 };
        let answer = world.send(&Webhook::post(&path).body("{}")).await;
        assert_eq!(answer.status, status, "{platform}, unsigned");
    }
    let malformed = shopify_cancellation().header("x-shopify-hmac-sha256", "%%%%");
    let untimely = generic_at(now() - 600, "{}");
    for webhook in [malformed, untimely] {
        assert_eq!(world.send(&webhook).await.status, 401);
    }
    assert_eq!(world.secrets.reads(), 1, "the one before the first event");
    // What could be genuine is asked to come again.
    assert_eq!(world.send(&shopify_cancellation()).await.retry_after(), 15);
}

#[tokio::test]
async fn an_unsigned_request_needs_no_secret() {
    let world = with_secret("").await;
    let reads = world.secrets.reads();
    assert_eq!(world.send(&Webhook::post("/webhook/shopify").body("{}")).await.status, 401);
    assert_eq!(world.secrets.reads(), reads);
    assert_eq!(world.send(&shopify_cancellation()).await.status, 503);
}
