//! `register`, against APIs that refuse what the real ones refuse.

use std::time::Duration;

use order_alerts_fakes::{FakeSecretsManager, Reply, Request, Server};

use self::fake_shopify::FakeShopify;
use crate::leaks::Private;
use crate::{run, tool};

pub(crate) mod apis;
mod fake_api;
mod fake_plain_api;
mod fake_shopify;
mod fake_woocommerce;
mod plain;
mod shopify;
mod tables;
mod woocommerce;

pub(crate) const HOST: &str = "https://abcdef1234.execute-api.eu-central-1.amazonaws.com";
const SIGNING_KEY: &str = "the signing key of the tests";

/// Every credential that a test sets; no output may contain one.
pub(crate) const CREDENTIALS: [(&str, &str); 5] = [
    ("SHOPIFY_ACCESS_TOKEN", fake_shopify::TOKEN),
    ("WOOCOMMERCE_KEY", fake_woocommerce::KEY),
    ("WOOCOMMERCE_SECRET", fake_woocommerce::SECRET),
    ("SIGNING_KEY", SIGNING_KEY),
    ("API_TOKEN", fake_plain_api::TOKEN),
];

async fn register(arguments: &[&str], more: &[&str]) -> Result<String, String> {
    register_with(&CREDENTIALS, arguments, more).await
}

/// What it prints, or what it complains of.
async fn register_with(
    environment: &[(&str, &str)],
    arguments: &[&str],
    more: &[&str],
) -> Result<String, String> {
    let arguments = [&["register"], arguments, more].concat();
    let mut command = tool(&arguments);
    let (succeeded, output, errors) = run(command.envs(environment.iter().copied()), "").await;
    for (name, credential) in CREDENTIALS {
        let found =
            Private::new(name, credential).find(&format!("{output}{errors}")).map(str::to_owned);
        assert_eq!(found, None, "{name}: {output}{errors}");
    }
    if succeeded { Ok(output) } else { Err(errors.trim_end().to_owned()) }
}

pub(crate) fn at(platform: &str) -> String {
    format!("{HOST}/webhook/{platform}")
}

fn header<'request>(request: &'request Request, name: &str) -> &'request str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A host that gives one answer to everything.
async fn host(reply: Reply) -> Server {
    Server::start(move |_| {
        let reply = reply.clone();
        async { reply }
    })
    .await
}

#[tokio::test]
async fn a_wrong_answer_and_a_refusal_have_different_errors() {
    let url = format!("{HOST}/webhook");
    let moved = [("location", "https://new.example/api?secret=1")];
    let page = Reply::new(200, &[("content-type", "text/html")], "<html>");
    for (reply, sentence) in [
        (
            Reply::new(301, &moved, ""),
            "answered 301 and points to https://new.example: redirects are not followed, give the right address",
        ),
        (Reply::Silent, "did not answer within 1 s"),
        (Reply::Reset, "closed the connection before its answer was complete"),
        (Reply::new(500, &[], "a\tfault\u{7}\nof ours"), "answered 500: a fault of ours"),
        (Reply::new(503, &[], "<h1>Down</h1>"), "answered 503"),
        (page.clone(), "does not list what is registered: the response to a GET there has no list"),
    ] {
        let host = host(reply).await;
        let error = register(
            &["generic", "--api", &host.origin(), "--url", &url, "--timeout", "1", "--list"],
            &[],
        )
        .await
        .unwrap_err();
        assert_eq!(error, format!("error: {} {sentence}", host.authority()));
    }
    let host = host(page).await;
    let url = at("woocommerce");
    let error =
        register(&["woocommerce", "--shop", &host.origin(), "--url", &url], &[]).await.unwrap_err();
    assert!(
        error.ends_with("answered 200 without JSON: is this the address of its API?"),
        "{error}"
    );

    let unreachable = "http://127.0.0.1:1/api";
    let error =
        register(&["generic", "--api", unreachable, "--url", &format!("{HOST}/webhook")], &[])
            .await
            .unwrap_err();
    assert!(
        error.starts_with("error: 127.0.0.1:1 cannot be reached: Connection refused"),
        "{error}"
    );
}

#[tokio::test]
async fn a_registration_without_an_answer_may_have_been_made() {
    let slow = Server::start(|request: Request| async move {
        let late = Duration::from_secs(30);
        let reply = Reply::new(200, &[], "[]");
        if request.method() == "GET" { reply } else { reply.after(late) }
    })
    .await;
    let url = format!("{HOST}/webhook");
    let error =
        register(&["generic", "--api", &slow.origin(), "--url", &url, "--timeout", "1"], &[])
            .await
            .unwrap_err();
    let sentence = "did not answer within 1 s; the outcome is unknown: check with --list";
    assert!(error.ends_with(sentence), "{error}");
}

#[tokio::test]
async fn a_wrong_argument_is_refused_before_any_request() {
    let shopify = "tea-house.myshopify.com";
    let url = &at("shopify");
    for (arguments, sentence) in [
        (
            &["shopify", "--shop", shopify, "--url", HOST][..],
            format!("the webhook address of Shopify ends in /webhook/shopify: {url}"),
        ),
        (
            &["generic", "--api", "https://orders.example", "--url", url],
            format!("the webhook address of Order system ends in /webhook: {HOST}/webhook"),
        ),
        (
            &["shopify", "--shop", shopify, "--url", "http://shop.example/webhook/shopify"],
            "--url must be an https address".to_owned(),
        ),
        (
            &["woocommerce", "--shop", "http://shop.example", "--url", &at("woocommerce")],
            "--shop must be an https address".to_owned(),
        ),
        (
            &["woocommerce", "--shop", "https://ck:cs@shop.example", "--url", &at("woocommerce")],
            "--shop has a user name or a password in it: leave them out".to_owned(),
        ),
        (
            &["shopify", "--shop", "https://shop.example", "--url", url],
            "--shop must be the shop's own name, such as tea-house.myshopify.com".to_owned(),
        ),
        (
            &["shopify", "--url", url],
            "Shopify needs --shop, the shop's own name, such as tea-house.myshopify.com".to_owned(),
        ),
        (
            &["generic"],
            "give --api, the address at which the sender's API registers webhooks".to_owned(),
        ),
        (
            &["shopify", "--shop", shopify, "--api-version", "2025-07"],
            "--api-version must be 2025-10 or later, such as 2026-10".to_owned(),
        ),
        (
            &["shopify", "--shop", shopify, "--event", "products/update"],
            "`products/update` is not in src/platform/shopify.toml, which has orders/create, \
             orders/cancelled, orders/updated, orders/paid, orders/fulfilled, \
             orders/partially_fulfilled, orders/edited, orders/delete"
                .to_owned(),
        ),
    ] {
        assert_eq!(register(arguments, &[]).await.unwrap_err(), format!("error: {sentence}"));
    }
    let error = register_with(&[], &["shopify", "--shop", shopify], &[]).await.unwrap_err();
    assert!(
        error.starts_with("error: the client id or access token of the app is missing"),
        "{error}"
    );
}

#[tokio::test]
async fn the_registered_address_is_that_of_the_stack() {
    let secrets = FakeSecretsManager::start("{}").await;
    let shop = FakeShopify::start().await;
    let endpoint = secrets.origin();
    let aws = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "fake"),
        ("AWS_SECRET_ACCESS_KEY", "fake"),
        CREDENTIALS[0],
    ];
    let origin = shop.server.origin();
    let arguments = ["shopify", "--shop", &origin, "--secret", secrets.secret_arn()];
    let output = register_with(&aws, &arguments, &["--stack", "kitchen"]).await.unwrap();
    assert!(output.contains("cargo run -- connect shopify --stack kitchen\n"), "{output}");
    assert!(shop.subscriptions().iter().all(|(_, address)| *address == at("shopify")));
    assert_eq!(shop.subscriptions().len(), 3);

    let error = register_with(&aws, &arguments[..3], &["--stack", "nothing"]).await.unwrap_err();
    assert!(
        error.starts_with("error: the secret nothing/secret cannot be read: this account and region have no secret"),
        "{error}"
    );
}
