//! `connect`.

use std::process::Output;

use order_alerts::platform::Platform;
use order_alerts::secret::Secret;
use order_alerts::secret::signing_key::SigningKey;
use order_alerts_fakes::{FakeSecretsManager, FakeSlack, Fault, SecretsFault};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

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
    let mut command = command(secrets, arguments);
    run(command.env("SLACK_ORIGIN", slack.origin()), input).await
}

fn command(secrets: &FakeSecretsManager, arguments: &[&str]) -> Command {
    let arguments = [&["connect", "--secret", secrets.secret_arn()], arguments].concat();
    let mut command = tool(&arguments);
    command
        .env("AWS_ENDPOINT_URL", secrets.origin())
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", "fake")
        .env("AWS_SECRET_ACCESS_KEY", "fake");
    command
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
    let (shown, _) = hook.rsplit_once('/').unwrap();
    assert!(output.contains(&format!("Read as  {shown}/…\n")), "{output}");
    assert!(!format!("{output}{errors}").contains(&hook), "{output}{errors}");
    // What to click is for an operator at a terminal, and a script has the URL already.
    assert!(!output.contains("https://api.slack.com"), "{output}");
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
async fn a_channel_of_rules_is_greeted_and_stored_by_its_name() {
    let (secrets, slack) = (FakeSecretsManager::start(&fresh()).await, FakeSlack::start().await);
    let mut expected: Value = serde_json::from_str(&fresh()).unwrap();
    for (name, stored_as) in [("managers", "managers"), ("#Kitchen-2", "kitchen-2")] {
        let hook = slack.named_hook_url(&stored_as.replace('-', "").to_uppercase());
        let (succeeded, output, errors) =
            connect_with(&secrets, &slack, &["slack", "--channel", name], &hook).await;
        assert!(succeeded, "{errors}");
        expected["channels"][stored_as] = json!(hook);
        assert_eq!(stored(&secrets), expected);
        let hello = slack.latest().unwrap();
        assert_eq!(hello.hook, hook);
        let text = "👋 order-alerts is connected to this channel\nStack: order-alerts";
        assert_eq!(hello.rendered(), text);
        let rule = format!("A rule sends orders to it: `refunded -> to {stored_as}`.\n");
        assert!(output.ends_with(&rule), "{output}");
        assert!(!format!("{output}{errors}").contains(&hook), "{output}{errors}");
    }
}

/// People edit the secret by hand, and the console's key/value editor stores objects as texts.
#[tokio::test]
async fn a_channels_url_takes_the_place_of_its_old_one_alone() {
    let slack = FakeSlack::start().await;
    let hook = slack.named_hook_url("MANAGERS");
    for (channels, others) in [
        (json!({" Managers": "old", "kitchen ": "as it is"}), json!({"kitchen ": "as it is"})),
        (json!(r#"{"finance":"as it is"}"#), json!({"finance": "as it is"})),
        (json!(" "), json!({})),
        (Value::Null, json!({})),
    ] {
        let secret = json!({"slack_webhook_url": "x", "channels": channels, "signing_keys": "{}"});
        let secrets = FakeSecretsManager::start(&secret.to_string()).await;
        let arguments = ["slack", "--channel", "managers"];
        let (succeeded, _, errors) = connect_with(&secrets, &slack, &arguments, &hook).await;
        assert!(succeeded, "{errors}");
        let mut expected = secret.clone();
        expected["channels"] = others;
        expected["channels"]["managers"] = json!(hook);
        assert_eq!(stored(&secrets), expected);
    }
    let secrets = FakeSecretsManager::start(r#"{"channels":[1]}"#).await;
    let arguments = ["slack", "--channel", "managers"];
    let (succeeded, _, errors) = connect_with(&secrets, &slack, &arguments, &hook).await;
    assert!(!succeeded);
    assert_eq!(
        errors,
        "error: `channels` in the secret is malformed: correct it in the AWS console\n"
    );
}

#[tokio::test]
async fn a_name_that_no_rule_can_have_is_refused() {
    let (secrets, slack) = (FakeSecretsManager::start(&fresh()).await, FakeSlack::start().await);
    for (arguments, sentence) in [
        (
            &["slack", "--channel", "küche"][..],
            "`küche` is no name of a channel: give at most 40 letters from a to z, digits, `-` and `_`",
        ),
        (
            &["slack", "--channel", "Orders"],
            "`orders` is the orders' own channel: `connect slack` without --channel connects it",
        ),
        (&["shopify", "--channel", "managers"], "--channel goes with slack"),
        (
            &["slack", "--channel", "managers", "--monitoring"],
            "--monitoring and --channel are two channels: connect one at a time",
        ),
    ] {
        let (succeeded, _, errors) =
            connect_with(&secrets, &slack, arguments, &slack.hook_url()).await;
        assert!(!succeeded);
        assert_eq!(errors, format!("error: {sentence}\n"));
    }
    assert_eq!((secrets.reads(), slack.all_requests()), (0, 0));
    assert_eq!(secrets.secret_string(), fresh());
}

#[tokio::test]
async fn an_address_that_does_not_work_is_not_stored() {
    let (secrets, slack) = (FakeSecretsManager::start(&fresh()).await, FakeSlack::start().await);
    slack.script([Fault::answer(404, "no_service"), Fault::answer(200, "no_service")]);
    for (address, sentence) in [
        (slack.hook_url(), "error: Slack answered 404 `no_service`"),
        (slack.hook_url(), "error: Slack answered 200 `no_service`"),
        (
            "https://example.com/x".to_owned(),
            "error: the URL is refused: it is an address of another service than Slack",
        ),
        (
            "https://discord.com/api/webhooks/1/x".to_owned(),
            "error: the URL is refused: it is an address of Discord: only an incoming webhook of Slack can be used",
        ),
        (
            "https://app.slack.com/client/T0/C0".to_owned(),
            "error: the URL is refused: it is a channel's address: create an incoming webhook for the channel",
        ),
        (
            format!("{}/services/T0/B0", slack.origin()),
            "error: the URL is refused: it is not the whole address",
        ),
        (
            format!("{}/triggers/T0/1/x", slack.origin()),
            "error: the URL is refused: it is a workflow's address: create an incoming webhook instead",
        ),
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

/// In an incident a leaked key is removed in the console while the prompt for its successor waits.
#[tokio::test]
async fn a_change_while_the_prompt_waits_survives() {
    let with_keys = |url: &str, keys: Value| json!({"slack_webhook_url": url, "signing_keys": {"shopify": keys}});
    let old = with_keys("", json!(["a leaked key of the tests"]));
    let secrets = FakeSecretsManager::start(&old.to_string()).await;
    let mut process = command(&secrets, &["shopify"]).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    while !lines.next_line().await.unwrap().unwrap().starts_with("Where the key is") {}

    secrets.set(&with_keys("https://connected.invalid", json!([])).to_string());
    let mut stdin = process.stdin.take().unwrap();
    stdin.write_all(b"a new key of the tests\n").await.unwrap();
    let Output { status, stderr, .. } = process.wait_with_output().await.unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    let both = with_keys("https://connected.invalid", json!(["a new key of the tests"]));
    assert_eq!(stored(&secrets), both);
}

#[tokio::test]
async fn a_change_between_reading_and_writing_is_not_overwritten() {
    let (secrets, slack) = (FakeSecretsManager::start(&fresh()).await, FakeSlack::start().await);
    let changed = r#"{"signing_keys":{}}"#;
    for (what, input) in [("shopify", "a new key of the tests"), ("slack", &slack.hook_url())] {
        secrets.set(&fresh());
        // The first read is before the prompt, the second is the one that is written back.
        secrets.change_after(2, changed);
        let (succeeded, output, errors) = connect(&secrets, &slack, what, input).await;
        assert!(!succeeded, "{output}");
        assert!(
            errors.ends_with("was changed by another user meanwhile: run the command again\n"),
            "{errors}"
        );
        assert_eq!(secrets.secret_string(), changed);
    }
}

#[tokio::test]
async fn a_key_that_another_platform_has_is_refused() {
    let key = "a key of two platforms";
    let secret = json!({
        "signing_keys": {"woocommerce": key, "square": [key.to_owned() + " "]},
        "generic_signing_key": "the key of the stack",
    });
    let secret = secret.to_string();
    let (secrets, slack) = (FakeSecretsManager::start(&secret).await, FakeSlack::start().await);
    for (platform, input, other) in [
        ("shopify", key, "Square"),
        ("woocommerce", "the key of the stack", "Order system"),
        ("standard", "the key of the stack", "Order system"),
    ] {
        let (succeeded, output, errors) = connect(&secrets, &slack, platform, input).await;
        assert!(!succeeded, "{output}");
        let sentence = format!(
            "error: the key is refused: {other} has the same one. A webhook of one could then be sent again as \
             the other's, so each platform needs its own key\n"
        );
        assert_eq!(errors, sentence);
    }
    assert_eq!(secrets.secret_string(), secret);
    let (succeeded, output, _) = connect(&secrets, &slack, "generic", "the key of the stack").await;
    assert!(succeeded);
    assert!(output.ends_with("The secret already has this key.\n"), "{output}");
}

#[tokio::test]
async fn every_platform_can_be_connected() {
    let (secrets, slack) = (FakeSecretsManager::start(&fresh()).await, FakeSlack::start().await);
    for platform in Platform::names().filter_map(Platform::find) {
        let key =
            SigningKey::written(&format!("a key of this test for {}", platform.id), &platform.auth);
        let (succeeded, output, errors) = connect(&secrets, &slack, platform.id, &key).await;
        assert!(succeeded, "{}: {errors}", platform.id);
        assert_eq!(stored(&secrets)["signing_keys"][platform.id], json!([key]));
        for sentence in [&platform.setup.webhook, &platform.setup.key] {
            assert!(output.contains(sentence.as_str()), "{}: {output}", platform.id);
        }
        assert!(!output.contains(&key), "{output}");
    }
}

#[tokio::test]
async fn a_random_key_is_offered_where_the_operator_chooses_it() {
    let (secrets, slack) = (FakeSecretsManager::start(&fresh()).await, FakeSlack::start().await);
    let (_, output, _) = connect(&secrets, &slack, "doordash", "").await;
    assert!(output.contains("connect doordash --random"), "{output}");

    let (succeeded, output, errors) =
        connect_with(&secrets, &slack, &["doordash", "--random"], "").await;
    assert!(succeeded, "{errors}");
    let key = stored(&secrets)["signing_keys"]["doordash"][0].as_str().unwrap().to_owned();
    assert_eq!(key.len(), 40, "20 bytes in hexadecimal");
    assert_eq!(output.matches(&key).count(), 1, "the operator must enter it at DoorDash: {output}");
    connect_with(&secrets, &slack, &["doordash", "--random"], "").await;
    assert_ne!(stored(&secrets)["signing_keys"]["doordash"][1].as_str().unwrap(), key);

    let (succeeded, _, errors) = connect_with(&secrets, &slack, &["shopify", "--random"], "").await;
    assert!(!succeeded);
    assert_eq!(
        errors,
        "error: --random is for a platform whose key you choose (doordash, generic, imweb, justeat, lemonsqueezy, vtex, wolt, woocommerce): Shopify makes \
         its own\n"
    );
}

/// The console's key/value editor stores objects and lists as texts.
#[tokio::test]
async fn keys_that_the_console_stored_as_text_are_kept() {
    let secret = json!({"signing_keys": r#"{"shopify":"[\"an older key of the tests\"]"}"#});
    let secrets = FakeSecretsManager::start(&format!("\u{feff}{secret}\n")).await;
    let slack = FakeSlack::start().await;
    let (succeeded, output, errors) =
        connect(&secrets, &slack, "shopify", "a new key of the tests").await;
    assert!(succeeded, "{output}{errors}");
    let keys = json!(["an older key of the tests", "a new key of the tests"]);
    assert_eq!(stored(&secrets), json!({"signing_keys": {"shopify": keys}}));
}

#[tokio::test]
async fn a_public_key_as_jwk_is_added_to_one_that_was_stored_as_an_object() {
    let jwk = |letter: &str| json!({"kty": "RSA", "n": letter.repeat(342), "e": "AQAB"});
    let secret = json!({"signing_keys": {"adobe": jwk("z")}}).to_string();
    let secrets = FakeSecretsManager::start(&secret).await;
    let slack = FakeSlack::start().await;
    let mut private = jwk("y");
    private["d"] = "y".into();
    let (succeeded, _, errors) = connect(&secrets, &slack, "adobe", &private.to_string()).await;
    assert!(!succeeded);
    let refused = "error: the key is refused: it is a private key; the public one is needed, which has no `d`";
    assert!(errors.contains(refused), "{errors}");

    let lines = format!("{:#}\n", jwk("y"));
    let (succeeded, output, errors) = connect(&secrets, &slack, "adobe", &lines).await;
    assert!(succeeded, "{output}{errors}");
    let parsed = Secret::parse(&secrets.secret_string(), None).unwrap();
    let adobe = Platform::find("adobe").unwrap();
    assert_eq!(parsed.signing_keys(adobe).unwrap().len(), 2);
}

#[tokio::test]
async fn a_secret_that_waits_for_its_deletion_is_named_with_the_way_back() {
    let (secrets, slack) = (FakeSecretsManager::start(&fresh()).await, FakeSlack::start().await);
    secrets.schedule_deletion();
    let (succeeded, _, errors) = connect(&secrets, &slack, "shopify", "").await;
    assert!(!succeeded);
    let id = secrets.secret_arn();
    assert_eq!(
        errors,
        format!(
            "error: the secret {id} is scheduled for deletion: restore it with `aws secretsmanager \
             restore-secret --secret-id {id}`\n"
        )
    );
}

#[tokio::test]
async fn the_input_from_windows_is_taken() {
    let (secrets, slack) = (FakeSecretsManager::start(&fresh()).await, FakeSlack::start().await);
    let (succeeded, _, errors) =
        connect(&secrets, &slack, "shopify", "\u{feff}a new key of the tests\r\n").await;
    assert!(succeeded, "{errors}");
    assert_eq!(stored(&secrets)["signing_keys"]["shopify"], json!(["a new key of the tests"]));
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
