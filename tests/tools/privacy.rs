//! What the commands print of credentials, keys and Slack URLs: nothing, whatever a host answers.

use std::sync::Arc;

use order_alerts::platform::Platform;
use order_alerts::secret::signing_key::SigningKey;
use order_alerts_fakes::{
    FakeSecretsManager, FakeSlack, Fault, Reply, Request, SecretsFault, Server,
};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::fake_proxy::FakeProxy;
use crate::leaks::Private;
use crate::register::apis::APIS;
use crate::register::{CREDENTIALS, HOST, at};
use crate::{run, tool};

/// What the tests put into a secret or a variable by mistake.
const MISTAKE: &str = "canary secret";

/// Runs a command; nothing of these texts may be in what it prints.
async fn printed(command: &mut Command, input: &str, private: &[(&str, &str)]) -> String {
    let (_, output, errors) = run(command, input).await;
    let printed = output + &errors;
    for (name, text) in private {
        let private = Private::new(name, text);
        assert_eq!(private.find(&printed), None, "{}: {printed}", private.name);
    }
    printed
}

/// A host that quotes the whole request in its complaint.
async fn echo(status: u16) -> Server {
    Server::start(move |request: Request| async move {
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        let head = headers.collect::<Vec<_>>().join(", ");
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let said = format!("no {} {} with {head} and {body}", request.method(), request.uri());
        let json = json!({"message": said, "error": said, "errors": [{"message": said}]});
        Reply::new(status, &[("content-type", "application/json")], json.to_string())
    })
    .await
}

#[tokio::test]
async fn a_host_that_quotes_the_request_gives_no_credential_away() {
    let mut quoted = 0;
    for status in [200, 400, 401, 500] {
        for shapes in APIS {
            let proxy = FakeProxy::before(shapes.host, Arc::new(echo(status).await)).await;
            let url = at(shapes.platform);
            let mut arguments = vec!["register", shapes.platform, "--url", &url];
            arguments.extend(shapes.shop.iter().flat_map(|shop| ["--shop", shop]));
            let mut register = tool(&arguments);
            register.envs(shapes.environment.iter().copied());
            register.env("HTTPS_PROXY", &proxy.address).env("SSL_CERT_FILE", &proxy.certificate);
            let printed = printed(&mut register, "", shapes.environment).await;
            quoted += usize::from(printed.contains("***"));
        }
        let server = echo(status).await;
        let host = server.origin();
        let url = at("woocommerce");
        for arguments in [
            &["register", "woocommerce", "--shop", &host, "--url", &url][..],
            &["register", "shopify", "--shop", &host, "--url", &at("shopify")],
            &["register", "generic", "--api", &host, "--url", &format!("{HOST}/webhook")],
            &["register", "generic", "--api", &host, "--url", &format!("{HOST}/webhook"), "--list"],
        ] {
            let mut register = tool(arguments);
            let printed = printed(register.envs(CREDENTIALS), "", &CREDENTIALS).await;
            quoted += usize::from(printed.contains("***"));
        }
    }
    assert!(quoted > 20, "the hosts' complaints are printed, and {quoted} had a credential");
}

/// The command with a stack's secret.
fn with_secret(secrets: &FakeSecretsManager, slack: &FakeSlack, arguments: &[&str]) -> Command {
    let mut command = tool(&[arguments, &["--secret", secrets.secret_arn()]].concat());
    command
        .env("AWS_ENDPOINT_URL", secrets.origin())
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", "fake")
        .env("AWS_SECRET_ACCESS_KEY", "the fake key of AWS")
        .env("SLACK_ORIGIN", slack.origin());
    command
}

/// The operator sees the URL without its last part, which is the password.
#[tokio::test]
async fn a_slack_url_is_not_printed_whatever_slack_answers() {
    let slack = FakeSlack::start().await;
    let hook = slack.hook_url();
    let private = [("the URL's token", hook.rsplit('/').next().unwrap())];
    let page = format!("a page for {hook}");
    let statuses = [200, 302, 400, 403, 404, 410, 429, 500];
    let faults = statuses.map(|status| Fault::answer(status, &page));
    let others = [Fault::Redirect(hook.clone()), Fault::Reset, Fault::Truncated, Fault::Pass];
    for fault in faults.into_iter().chain(others) {
        for more in [&[][..], &["--monitoring"], &["--channel", "kitchen"]] {
            let secrets = FakeSecretsManager::start("{}").await;
            slack.script([fault.clone()]);
            let mut connect =
                with_secret(&secrets, &slack, &[&["connect", "slack"], more].concat());
            printed(&mut connect, &hook, &private).await;
        }
    }
    let (before, token) = hook.rsplit_once('/').unwrap();
    for url in [
        format!("https://hooks.slack.com/services/T0/B0/{token}"),
        format!("https://example.com/{token}"),
        format!("{before}/{token}/more"),
        format!("{before}//{token}"),
        format!("{before}/?{token}"),
        format!("curl -X POST {hook}"),
        token.to_owned(),
    ] {
        let secrets = FakeSecretsManager::start("{}").await;
        let mut connect = with_secret(&secrets, &slack, &["connect", "slack"]);
        printed(&mut connect, &url, &private).await;
        let mut local = tool(&["--port", "0"]);
        let wrong = url.replace("hooks.slack.com", "hooks.slack.example");
        printed(local.env("SLACK_WEBHOOK_URL", wrong), "", &private).await;
    }
}

#[tokio::test]
async fn a_key_is_not_printed_whatever_is_wrong_with_it() {
    let slack = FakeSlack::start().await;
    for platform in Platform::names().filter_map(Platform::find) {
        let text = format!("the test key of {}", platform.id);
        let key = SigningKey::written(&text, &platform.auth);
        let secret_part = key.rsplit(':').next().unwrap_or_default().trim();
        let private = [("the key", secret_part), ("its text", text.as_str())];
        let long = "x".repeat(100_000);
        for wrong in [&key[..key.len().min(15)], &format!("{key}{long}")] {
            let secrets = FakeSecretsManager::start("{}").await;
            let mut connect = with_secret(&secrets, &slack, &["connect", platform.id]);
            printed(&mut connect, wrong, &private).await;
        }
    }
    for fault in [SecretsFault::Error("AccessDeniedException"), SecretsFault::Garbage] {
        let secrets = FakeSecretsManager::start("{}").await;
        secrets.fail_with(fault);
        let mut connect = with_secret(&secrets, &slack, &["connect", "shopify"]);
        printed(&mut connect, MISTAKE, &[("the key", MISTAKE)]).await;
    }
}

#[tokio::test]
async fn a_secret_of_a_wrong_shape_is_not_quoted() {
    let slack = FakeSlack::start().await;
    let url = format!("https://hooks.slack.com/services/T0/B0/{MISTAKE}");
    let texts = [
        json!(MISTAKE),
        json!([MISTAKE]),
        json!({MISTAKE: MISTAKE}),
        json!({"slack_webhook_url": url, "signing_keys": MISTAKE}),
        json!({"slack_webhook_url": [MISTAKE], "signing_keys": [MISTAKE]}),
        json!({"channels": MISTAKE, "signing_keys": {"shopify": MISTAKE}}),
        json!({"channels": {"kitchen": MISTAKE}, "signing_keys": {"shopify": {MISTAKE: 1}}}),
        json!({"channels": {"kitchen": url}, "signing_keys": {"shopify": [[MISTAKE]]}}),
    ];
    for text in texts.iter().map(Value::to_string).chain([format!("{{}} {MISTAKE}")]) {
        for (arguments, input) in [
            (&["check", "--rules", "cancelled -> to kitchen"][..], ""),
            (&["connect", "shopify"], "a new key of the tests"),
            (&["connect", "slack"], slack.hook_url().as_str()),
            (&["connect", "slack", "--channel", "kitchen"], slack.hook_url().as_str()),
        ] {
            let secrets = FakeSecretsManager::start(&text).await;
            let mut command = with_secret(&secrets, &slack, arguments);
            printed(&mut command, input, &[("what is in the secret", MISTAKE)]).await;
        }
    }
}

#[tokio::test]
async fn the_key_that_signs_what_is_sent_is_not_printed() {
    let private = [("the key", "the signing key of this test")];
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/events/shopify-cancelled.json");
    let server = echo(500).await;
    let host = server.origin();
    for to in [
        format!("{host}/webhook/shopify"),
        "http://127.0.0.1:1/webhook/shopify".to_owned(),
        "http://shop.example/webhook/shopify".to_owned(),
        "https://a1b2c3d4e5.invalid/webhook/shopify".to_owned(),
        "no address".to_owned(),
    ] {
        for platform in ["shopify", "generic", "cafe24"] {
            let mut send = tool(&["send", platform, file, "--to", &to]);
            send.env("SIGNING_KEY", private[0].1);
            // A token is its own proof, which a host that quotes it shows to its own operator.
            if platform != "cafe24" || !to.starts_with(&host) {
                printed(&mut send, "", &private).await;
            }
        }
    }
}
