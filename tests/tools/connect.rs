//! `connect`.

use order_alerts_fakes::{FakeSecretsManager, FakeSlack, Fault, SecretsFault};
use serde_json::{Value, json};

use crate::{run, tool};

/// A secret as the template makes it, with something of its owner's in it.
fn fresh() -> String {
    json!({
        "slack_webhook_url": "", "signing_keys": {}, "generic_signing_key": "k".repeat(32), "mine": [1],
    })
    .to_string()
}

async fn connect(
    secrets: &FakeSecretsManager,
    slack: &FakeSlack,
    what: &str,
    input: &str,
) -> (bool, String, String) {
    connect_with(secrets, slack, &[what], input).await
}

async fn connect_with(
    secrets: &FakeSecretsManager,
    slack: &FakeSlack,
    arguments: &[&str],
    input: &str,
) -> (bool, String, String) {
    let arguments = [&["connect", "--secret", secrets.secret_arn()], arguments].concat();
    let mut command = tool(&arguments);
    command
        .env("AWS_ENDPOINT_URL", secrets.origin())
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", "fake")
        .env("AWS_SECRET_ACCESS_KEY", "fake")
        .env("SLACK_ORIGIN", slack.origin());
    run(&mut command, input).await
}

fn stored(secrets: &FakeSecretsManager) -> Value {
    serde_json::from_str(&secrets.secret_string()).unwrap()
}

#[tokio::test]
async fn slack_is_greeted_and_its_address_is_added_to_the_secret() {
    let (secrets, slack) = (FakeSecretsManager::start(&fresh()).await, FakeSlack::start().await);
    let hook = slack.hook_url();
    let (succeeded, output, errors) =
        connect(&secrets, &slack, "slack", &format!(" {hook} \r\n")).await;
    assert!(succeeded, "{errors}");
    let mut expected: Value = serde_json::from_str(&fresh()).unwrap();
    expected["slack_webhook_url"] = json!(hook);
    assert_eq!(stored(&secrets), expected);
    let hello = slack.messages()[0].rendered();
    assert_eq!(hello, "👋 order-alerts is connected to this channel\nStack: order-alerts");
    assert!(!format!("{output}{errors}").contains(&hook), "{output}{errors}");
}

#[tokio::test]
async fn alarms_may_have_a_channel_of_their_own() {
    let (secrets, slack) = (FakeSecretsManager::start(&fresh()).await, FakeSlack::start().await);
    let hook = slack.other_hook_url();
    let (succeeded, _, errors) =
        connect_with(&secrets, &slack, &["slack", "--monitoring"], &hook).await;
    assert!(succeeded, "{errors}");
    let mut expected: Value = serde_json::from_str(&fresh()).unwrap();
    expected["slack_monitoring_webhook_url"] = json!(hook);
    assert_eq!(stored(&secrets), expected);

    let (succeeded, _, errors) =
        connect_with(&secrets, &slack, &["shopify", "--monitoring"], &hook).await;
    assert!(!succeeded);
    assert_eq!(errors, "error: --monitoring goes with slack\n");
}

#[tokio::test]
async fn an_address_that_does_not_work_is_not_stored() {
    let (secrets, slack) = (FakeSecretsManager::start(&fresh()).await, FakeSlack::start().await);
    slack.script([Fault::answer(404, "no_service")]);
    for (address, sentence) in [
        (slack.hook_url(), "error: Slack answered 404 `no_service`"),
        ("https://example.com/x".to_owned(), "error: the URL is refused: it is not an address"),
        (String::new(), "error: the URL is refused: it is empty"),
    ] {
        let (succeeded, output, errors) = connect(&secrets, &slack, "slack", &address).await;
        assert!(!succeeded, "{output}");
        assert!(errors.starts_with(sentence), "{errors}");
    }
    assert_eq!(secrets.secret_string(), fresh());
}

#[tokio::test]
async fn a_platforms_address_is_printed_and_its_key_is_added_to_the_secret() {
    let (secrets, slack) = (FakeSecretsManager::start(&fresh()).await, FakeSlack::start().await);
    let (succeeded, output, errors) =
        connect(&secrets, &slack, "shopify", "the first test key\n").await;
    assert!(succeeded, "{errors}");
    let address = "https://abcdef1234.execute-api.eu-central-1.amazonaws.com/webhook/shopify\n";
    assert!(output.contains(address), "{output}");
    assert!(output.contains("Settings → Notifications → Webhooks"), "{output}");
    assert!(!output.contains("the first test key"), "{output}");

    for key in ["the second test key", "the second test key\n"] {
        assert!(connect(&secrets, &slack, "shopify", key).await.0);
    }
    let secret = stored(&secrets);
    let keys = json!({"shopify": ["the first test key", "the second test key"]});
    assert_eq!((&secret["signing_keys"], &secret["mine"]), (&keys, &json!([1])));

    let (_, output, _) = connect(&secrets, &slack, "generic", "").await;
    assert!(output.contains("amazonaws.com/webhook\n"), "{output}");
    assert!(output.ends_with("Nothing was stored.\n"), "{output}");
    assert_eq!(stored(&secrets), secret);
}

#[tokio::test]
async fn an_unusable_key_is_refused() {
    let (secrets, slack) = (FakeSecretsManager::start(&fresh()).await, FakeSlack::start().await);
    let (succeeded, _, errors) = connect(&secrets, &slack, "shopify", "short").await;
    assert!(!succeeded);
    assert!(errors.contains("error: the key is refused: it is shorter than 16 bytes"), "{errors}");
    assert_eq!(secrets.secret_string(), fresh());
}

#[tokio::test]
async fn an_error_is_printed_as_a_sentence() {
    let (secrets, slack) = (FakeSecretsManager::start("[]").await, FakeSlack::start().await);
    let (_, _, errors) = connect(&secrets, &slack, "shopify", "").await;
    assert!(errors.contains("is not a JSON object: correct it in the AWS console"), "{errors}");
    secrets.fail_with(SecretsFault::Error("AccessDeniedException"));
    let (succeeded, _, errors) = connect(&secrets, &slack, "shopify", "").await;
    assert!(!succeeded);
    assert!(errors.contains("cannot be read: AWS answered AccessDeniedException"), "{errors}");

    let (_, _, errors) = connect(&secrets, &slack, "toast", "").await;
    assert!(errors.starts_with("error: `toast` is not a platform: choose from "), "{errors}");
    let (_, _, errors) =
        run(tool(&["connect", "slack"]).env("AWS_EC2_METADATA_DISABLED", "true"), "").await;
    assert!(errors.starts_with("error: AWS needs a region: set AWS_REGION"), "{errors}");
}
