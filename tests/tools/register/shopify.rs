//! `register shopify`.

use order_alerts_fakes::Reply;
use serde_json::json;

use crate::fake_proxy::FakeProxy;
use crate::register::fake_shopify::{CLIENT_ID, CLIENT_SECRET, FakeShopify, TOKEN};
use crate::register::{at, host, register, register_with};
use crate::{run, tool};

#[tokio::test]
async fn shopify_is_registered_once_listed_and_removed() {
    let shop = FakeShopify::start().await;
    shop.subscribe("ORDERS_CREATE", "https://elsewhere.example/hook?key=of-another");
    shop.subscribe("PRODUCTS_UPDATE", &at("shopify"));
    let (origin, url) = (shop.server.origin(), at("shopify"));
    let common = ["shopify", "--shop", &origin, "--url", &url];
    let authority = shop.server.authority();

    let output = register(&common, &[]).await.unwrap();
    assert_eq!(
        output,
        format!(
            "{url} at {authority}:\n  orders/cancelled: registered\n  orders/create: registered\n  \
             orders/updated: registered\n\nNext              cargo run -- connect shopify\n\
             Where the key is  In the app's settings: webhooks that an app registers are signed \
             with its client secret.\n"
        )
    );
    let ours = ["PRODUCTS_UPDATE", "ORDERS_CANCELLED", "ORDERS_CREATE", "ORDERS_UPDATED"];
    let registered: Vec<_> = shop.subscriptions().into_iter().filter(|(_, a)| *a == url).collect();
    assert_eq!(registered.iter().map(|(topic, _)| topic).collect::<Vec<_>>(), ours);

    let again =
        register(&common, &["--event", "orders/create", "--event", "orders/paid"]).await.unwrap();
    assert!(again.contains("  orders/create: kept\n  orders/paid: registered\n"), "{again}");
    assert_eq!(shop.subscriptions().len(), 6);

    let listed = register(&common, &["--list"]).await.unwrap();
    assert!(listed.starts_with(&format!("{authority} has 6 webhooks, 5 at {url}\n")), "{listed}");
    let lines = format!(
        "  other  orders/create            elsewhere.example\n  own    PRODUCTS_UPDATE          {url}\n  \
         own    orders/cancelled         {url}\n"
    );
    assert!(listed.contains(&lines), "{listed}");
    assert!(listed.contains("not those in Settings → Notifications"), "{listed}");

    let removed = register(&common, &["--remove"]).await.unwrap();
    assert!(removed.contains("  orders/paid: removed\n"), "{removed}");
    let rest =
        [("ORDERS_CREATE".to_owned(), "https://elsewhere.example/hook?key=of-another".to_owned())];
    assert_eq!(shop.subscriptions(), rest);
    let removed = register(&common, &["--remove"]).await.unwrap();
    assert_eq!(removed, format!("{authority} has no webhook at {url}\n"));
}

#[tokio::test]
async fn a_refusal_of_shopify_is_printed_with_advice() {
    let shop = FakeShopify::start().await;
    let (origin, url) = (shop.server.origin(), at("shopify"));
    let common = ["shopify", "--shop", &origin, "--url", &url];
    let authority = shop.server.authority();

    let other_token = [("SHOPIFY_ACCESS_TOKEN", "shpat_of_somebody_else")];
    let error = register_with(&other_token, &common, &[]).await.unwrap_err();
    assert_eq!(
        error,
        format!(
            "error: {authority} answered 401: [API] Invalid API key or access token (unrecognized login \
             or wrong password) (the token must be of an app that this shop installed)"
        )
    );
    let error = register(&common, &["--api-version", "2026-07"]).await.unwrap_err();
    assert!(error.contains("answered 404: Not Found (is this the right shop"), "{error}");

    for (answer, sentence) in [
        (
            json!({"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}),
            "answered 200: Throttled (try again in a moment: what was registered so far is kept)",
        ),
        (
            json!({"errors": [{
                "message": "Access denied for webhookSubscriptionCreate field.",
                "extensions": {"code": "ACCESS_DENIED"},
            }]}),
            "answered 200: Access denied for webhookSubscriptionCreate field. (the app needs the scope \
             read_orders, and access to protected customer data: an app with custom distribution, which is for \
             one shop, has it without a review)",
        ),
        (
            json!({"data": {"webhookSubscriptionCreate": {
                "webhookSubscription": null,
                "userErrors": [{
                    "field": ["webhookSubscription"],
                    "message": "This app is not approved to subscribe to webhook topics containing \
                                protected customer data.",
                }],
            }}}),
            "answered 200: This app is not approved to subscribe to webhook topics containing protected \
             customer data. (give the app custom distribution in the Dev Dashboard, which is for one shop \
             and needs no review, or ask for access to protected customer data in its settings)",
        ),
        (
            json!({"errors": [{"message": format!("a\u{1b}[31m {}\n b", TOKEN)}]}),
            "answered 200: a [31m *** b",
        ),
        (json!({"data": null}), "answered without the result: check with --list"),
    ] {
        shop.object(answer);
        let error = register(&common, &[]).await.unwrap_err();
        assert_eq!(error, format!("error: orders/cancelled: {authority} {sentence}"));
    }
    // Another user registered it since it was listed.
    shop.object(json!({"data": {"webhookSubscriptionCreate": {
        "webhookSubscription": null,
        "userErrors": [{"field": null, "message": "Address for this topic has already been taken"}],
    }}}));
    let output = register(&common, &[]).await.unwrap();
    assert!(
        output.contains(&format!("orders/create: already registered at {authority}\n")),
        "{output}"
    );

    let limited = host(Reply::new(429, &[("retry-after", "1.5")], "{}")).await;
    let error =
        register(&["shopify", "--shop", &limited.origin(), "--url", &url], &[]).await.unwrap_err();
    assert!(error.contains("try again in 2 s"), "{error}");
    let forbidden = host(Reply::new(403, &[], r#"{"errors":"Forbidden"}"#)).await;
    let error = register(&["shopify", "--shop", &forbidden.origin(), "--url", &url], &[])
        .await
        .unwrap_err();
    assert!(
        error.contains("answered 403: Forbidden (the app needs the scope read_orders"),
        "{error}"
    );
}

/// Apps of the Dev Dashboard have no token that lasts, but a client id and a client secret.
#[tokio::test]
async fn client_id_and_secret_are_exchanged_for_a_token() {
    let shop = FakeShopify::start().await;
    let (origin, url) = (shop.server.origin(), at("shopify"));
    let common = ["shopify", "--shop", &origin, "--url", &url];
    let client = [("SHOPIFY_CLIENT_ID", CLIENT_ID), ("SHOPIFY_CLIENT_SECRET", CLIENT_SECRET)];
    let output = register_with(&client, &common, &[]).await.unwrap();
    assert!(output.contains("  orders/create: registered\n"), "{output}");
    assert_eq!(shop.subscriptions().len(), 3);

    let other = [client[0], ("SHOPIFY_CLIENT_SECRET", "the secret of another app")];
    let error = register_with(&other, &common, &[]).await.unwrap_err();
    assert!(
        error.ends_with(
            "answered 400: Client authentication failed (the app must be in the Dev Dashboard of the organization \
             that owns the shop, and be installed in it; client id and secret are in the app's settings)"
        ),
        "{error}"
    );
}

#[tokio::test]
async fn an_operator_enters_client_id_and_secret_or_a_token() {
    let url = at("shopify");
    for input in [format!("{CLIENT_ID}\n{CLIENT_SECRET}\n"), TOKEN.to_owned()] {
        let shop = FakeShopify::start().await;
        let origin = shop.server.origin();
        let mut command = tool(&["register", "shopify", "--shop", &origin, "--url", &url]);
        let (succeeded, output, errors) = run(&mut command, &input).await;
        assert!(succeeded, "{output}{errors}");
        assert_eq!(shop.subscriptions().len(), 3);
    }
    let common = ["register", "shopify", "--shop", "tea-house", "--url", &url];
    for (input, sentence) in [
        (
            "",
            "the client id or access token of the app is missing: enter it when asked, or set SHOPIFY_CLIENT_ID",
        ),
        (
            "an-id",
            "the app's client secret is missing: enter it when asked, or set SHOPIFY_CLIENT_SECRET",
        ),
        ("shpss_x", "this is the app's client secret: enter the client id first"),
    ] {
        let (_, _, errors) = run(&mut tool(&common), input).await;
        assert_eq!(errors, format!("error: {sentence}\n"));
    }
}

/// The address bar shows the admin's address, and people know the shop by its name.
#[tokio::test]
async fn the_shop_may_be_named_as_its_admin_shows_it() {
    let host = "tea-house.myshopify.com";
    let answer =
        r#"{"data":{"webhookSubscriptions":{"nodes":[],"pageInfo":{"hasNextPage":false}}}}"#;
    let proxy = FakeProxy::start(host, answer).await;
    for shop in ["tea-house", "https://admin.shopify.com/store/tea-house/settings/notifications"] {
        let url = at("shopify");
        let mut list = tool(&["register", "shopify", "--shop", shop, "--url", &url, "--list"]);
        list.env("SHOPIFY_ACCESS_TOKEN", TOKEN)
            .env("HTTPS_PROXY", &proxy.address)
            .env("SSL_CERT_FILE", &proxy.certificate);
        let (succeeded, output, errors) = run(&mut list, "").await;
        assert!(succeeded, "{errors}");
        assert!(output.starts_with("tea-house.myshopify.com has no webhook"), "{output}");
    }
    assert_eq!(proxy.asked(), [format!("{host}:443")]);
}
