//! `send`.

use order_alerts_fakes::{ClosedPort, Reply, Request, Server};

use crate::{run, tool};

const KEY: &str = "the signing key of the tests";

/// The variable of the key keeps its meaning; without it, the key is the first line of the input.
#[tokio::test]
async fn the_key_is_asked_for_where_no_variable_has_it() {
    let to = "https://a1b2c3d4e5.invalid/webhook/shopify";
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/events/shopify-cancelled.json");
    let (_, output, errors) = run(&mut tool(&["send", "shopify", file, "--to", to]), KEY).await;
    assert_eq!(errors, "error: a1b2c3d4e5.invalid did not answer\n", "{output}");

    let (_, _, errors) = run(&mut tool(&["send", "shopify", file, "--to", to]), "").await;
    assert_eq!(
        errors,
        "error: the signing key of Shopify is missing: enter it when asked, or set SIGNING_KEY\n"
    );
    let (_, _, errors) = run(&mut tool(&["send", "shopify", "-", "--to", to]), "{}").await;
    assert_eq!(
        errors,
        "error: set SIGNING_KEY: standard input is the webhook's body, so the key cannot be asked for\n"
    );
    let (_, _, errors) = run(&mut tool(&["send", "shopify", file, "--to", to]), "short").await;
    assert!(errors.starts_with("error: the signing key cannot be used: it is shorter"), "{errors}");
}

#[tokio::test]
async fn what_a_platform_signs_with_a_private_key_is_sent_to_no_deployment() {
    let to = "https://a1b2c3d4e5.invalid/webhook/adobe";
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/events/adobe-cancelled.json");
    for key in ["", KEY] {
        let mut send = tool(&["send", "adobe", file, "--to", to]);
        let (_, _, errors) = run(send.env("SIGNING_KEY", key), "").await;
        assert_eq!(
            errors,
            "error: it cannot be signed as Adobe Commerce does: the platform alone has the private key, so send a \
             test from its own admin\n"
        );
    }
}

/// The local stack is at another port only if it said so; what else is there is not known.
#[tokio::test]
async fn an_address_where_no_server_listens_is_named() {
    let closed = ClosedPort::bind();
    let to = format!("{}/webhook/shopify", closed.origin());
    let (_, _, errors) = run(&mut tool(&["send", "shopify", "-", "--to", &to]), "{}").await;
    assert_eq!(errors, format!("error: no server listens on {}\n", closed.authority()));
}

#[tokio::test]
async fn an_answer_cannot_control_the_terminal() {
    let hostile = "a\u{1b}]0;title\u{7} \u{9b}31m\r\nfault";
    let server =
        Server::start(move |_: Request| async move { Reply::new(500, &[], hostile) }).await;
    let to = format!("{}/webhook/shopify", server.origin());
    let (_, output, errors) = run(&mut tool(&["send", "shopify", "-", "--to", &to]), "{}").await;
    assert_eq!(output, format!("{to} → 500 a]0;title 31m fault\n"), "{errors}");
}

/// The sender's file may begin with a mark of its encoding, which is no part of the webhook.
#[tokio::test]
async fn the_mark_of_an_encoding_is_not_sent() {
    let server = Server::start(|request: Request| async move {
        Reply::new(200, &[], format!("{}", request.body().starts_with(b"{")))
    })
    .await;
    let to = format!("{}/webhook/shopify", server.origin());
    let mut send = tool(&["send", "shopify", "-", "--to", &to]);
    let (_, output, errors) = run(&mut send, "\u{feff}{}").await;
    assert_eq!(output, format!("{to} → 200 true\n"), "{errors}");
}

#[tokio::test]
async fn public_url_is_used_only_where_the_platform_signs_it() {
    let server = Server::start(|_: Request| async { Reply::new(200, &[], "") }).await;
    let to = format!("{}/webhook", server.origin());
    for (platform, value, expected) in [
        ("shopify", "/", ""),
        ("square", "", ""),
        ("square", "https://shop.invalid/webhook/square", ""),
        (
            "square",
            "/",
            "error: PUBLIC_URL=/ is not an https:// address: set it to the address that is registered at \
             Square, or remove it from the environment\n",
        ),
        (
            "square",
            ".",
            "error: PUBLIC_URL=. is not an https:// address: set it to the address that is registered at \
             Square, or remove it from the environment\n",
        ),
    ] {
        let mut send = tool(&["send", platform, "-", "--to", &format!("{to}/{platform}")]);
        let (_, _, errors) = run(send.env("PUBLIC_URL", value), "{}").await;
        assert_eq!(errors, expected, "{platform} with PUBLIC_URL={value}");
    }
}

/// Shopify's own library takes its headers from one family, by that in which it finds the signature.
#[tokio::test]
async fn the_signature_of_shopify_is_in_the_family_of_its_other_headers() {
    let names = |request: &Request| {
        let names = request.headers().keys().map(|name| name.as_str().to_owned());
        names.filter(|name| name.contains("hmac")).collect::<Vec<_>>().join(" ")
    };
    let server =
        Server::start(move |request: Request| async move { Reply::new(200, &[], names(&request)) })
            .await;
    let to = format!("{}/webhook/shopify", server.origin());
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/events/shopify-cancelled.json");
    for (arguments, family) in [
        (&["send", "shopify", sample, "--to", &to][..], "x-shopify-hmac-sha256"),
        (
            &["send", "shopify", "-", "-H", "Shopify-Topic: orders/cancelled", "--to", &to],
            "shopify-hmac-sha256",
        ),
    ] {
        let (_, output, errors) = run(&mut tool(arguments), "{}").await;
        assert_eq!(output, format!("{to} → 200 {family}\n"), "{errors}");
    }
}
