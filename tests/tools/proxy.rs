//! A laptop in a company: a proxy that the environment names, and certificates of its own.

use order_alerts_fakes::FakeSecretsManager;

use crate::fake_proxy::FakeProxy;
use crate::{run, tool};

const HOST: &str = "orders.invalid";

#[tokio::test]
async fn a_webhook_is_sent_through_the_proxy_of_the_environment() {
    let proxy = FakeProxy::start(HOST, r#"{"status":"accepted"}"#).await;
    let to = format!("https://{HOST}/webhook/shopify");
    let mut send = tool(&["send", "shopify", "-", "--to", &to]);
    send.env("SIGNING_KEY", "the signing key of the tests")
        .env("HTTPS_PROXY", &proxy.address)
        .env("SSL_CERT_FILE", &proxy.certificate);
    let (succeeded, output, errors) = run(&mut send, "{}").await;
    assert!(succeeded, "{errors}");
    assert_eq!(output, format!("{to} → 200 {{\"status\":\"accepted\"}}\n"));
    assert_eq!(proxy.asked(), [format!("{HOST}:443")]);
}

#[tokio::test]
async fn aws_is_called_through_the_proxy_and_with_the_bundle_of_the_environment() {
    let host = "secretsmanager.eu-central-1.amazonaws.com";
    // One answer that is right for every call.
    let answer = r#"{"ARN":"arn","Name":"name","VersionId":"1","SecretString":"{}"}"#;
    let proxy = FakeProxy::start(host, answer).await;
    let mut connect = tool(&["connect", "shopify"]);
    connect
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", "fake")
        .env("AWS_SECRET_ACCESS_KEY", "fake")
        .env("AWS_CA_BUNDLE", &proxy.certificate)
        .env("https_proxy", &proxy.address);
    let (succeeded, output, errors) = run(&mut connect, "the signing key of the tests").await;
    assert!(succeeded, "{errors}");
    assert!(output.contains("now has one key of Shopify"), "{output}");
    assert_eq!(proxy.asked(), [format!("{host}:443")]);
}

#[tokio::test]
async fn slack_is_greeted_through_the_proxy() {
    let secrets = FakeSecretsManager::start("{}").await;
    let proxy = FakeProxy::start("hooks.slack.com", "ok").await;
    let url = format!("https://hooks.slack.com/services/T0/B0/{}", "x".repeat(24));
    let connect = || {
        let mut connect = tool(&["connect", "slack", "--secret", secrets.secret_arn()]);
        connect
            .env("AWS_ENDPOINT_URL", secrets.origin())
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "fake")
            .env("AWS_SECRET_ACCESS_KEY", "fake")
            .env("SSL_CERT_FILE", &proxy.certificate);
        connect
    };
    let unreachable = ("HTTPS_PROXY", "http://127.0.0.1:1");
    let (_, _, errors) = run(connect().envs([unreachable]), &url).await;
    assert_eq!(errors, "error: Slack: no connection (HTTPS_PROXY names a proxy)\n");

    let (succeeded, output, errors) = run(connect().env("HTTPS_PROXY", &proxy.address), &url).await;
    assert!(succeeded, "{output}{errors}");
    assert_eq!(proxy.asked(), ["hooks.slack.com:443"]);
    assert!(secrets.secret_string().contains(&url));
}

#[tokio::test]
async fn a_host_of_no_proxy_and_this_machine_are_reached_directly() {
    let proxy = FakeProxy::start(HOST, "{}").await;
    let to = format!("https://{HOST}/webhook/shopify");
    for (to, no_proxy) in [(&*to, HOST), ("https://127.0.0.1:1/webhook/shopify", "")] {
        let mut send = tool(&["send", "shopify", "-", "--to", to]);
        send.env("SIGNING_KEY", "the signing key of the tests")
            .env("HTTPS_PROXY", &proxy.address)
            .env("NO_PROXY", no_proxy);
        let (succeeded, output, _) = run(&mut send, "{}").await;
        assert!(!succeeded, "{output}");
        assert!(proxy.asked().is_empty(), "{to}: {:?}", proxy.asked());
    }
}

#[tokio::test]
async fn the_error_of_a_connection_names_the_setting_with_the_proxy() {
    // Its value may have a password in it, so the name alone is printed.
    let proxy = "http://me:a-password-of-the-tests@127.0.0.1:1";
    let mut send =
        tool(&["send", "shopify", "-", "--to", &format!("https://{HOST}/webhook/shopify")]);
    send.env("SIGNING_KEY", "the signing key of the tests").env("HTTPS_PROXY", proxy);
    let (_, _, errors) = run(&mut send, "{}").await;
    assert_eq!(errors, format!("error: {HOST} did not answer (HTTPS_PROXY names a proxy)\n"));

    let mut connect = tool(&["connect", "shopify"]);
    connect
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", "fake")
        .env("AWS_SECRET_ACCESS_KEY", "fake")
        .env("HTTPS_PROXY", proxy);
    let (_, _, errors) = run(&mut connect, "").await;
    assert_eq!(
        errors,
        "error: the secret order-alerts/secret cannot be read: AWS cannot be reached \
         (HTTPS_PROXY names a proxy)\n"
    );
}

#[tokio::test]
async fn a_bundle_that_cannot_be_read_is_named() {
    for name in ["SSL_CERT_FILE", "AWS_CA_BUNDLE"] {
        let mut send = tool(&["send", "shopify", "-"]);
        let (_, _, errors) = run(send.env(name, "/nowhere.pem"), "{}").await;
        let sentence = format!("error: {name} names a file without readable PEM certificates");
        assert!(errors.starts_with(&sentence), "{errors}");
    }
}
