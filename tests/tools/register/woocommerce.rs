//! `register woocommerce`.

use crate::register::fake_woocommerce::{Drops, FakeWooCommerce};
use crate::register::{CREDENTIALS, SIGNING_KEY, at, register, register_with};
use crate::{run, tool};

#[tokio::test]
async fn woocommerce_is_registered_with_the_signing_key_and_reactivated() {
    let shop = FakeWooCommerce::start().await;
    let (origin, url) = (shop.server.origin(), at("woocommerce"));
    let common = ["woocommerce", "--shop", &origin, "--url", &url];
    // More than one page of others.
    for _ in 0..101 {
        shop.add("order.created", "https://elsewhere.example/hook", "active");
    }
    shop.add("order.created", &url, "disabled");

    let output = register(&common, &[]).await.unwrap();
    let steps = "  order.created: was disabled, is active again\n  order.updated: registered\n";
    assert!(output.contains(steps), "{output}");
    assert!(
        output.ends_with("the signing key that you gave: the shop signs its webhooks with it.\n"),
        "{output}"
    );
    let ours = || shop.hooks().into_iter().filter(|hook| hook.address == url).collect::<Vec<_>>();
    let topics: Vec<_> = ours().into_iter().map(|hook| hook.topic).collect();
    assert_eq!(topics, ["order.created", "order.updated"]);
    assert!(ours().iter().all(|hook| hook.status == "active" && hook.secret == SIGNING_KEY));

    let output = register(&common, &[]).await.unwrap();
    assert!(output.contains("  order.created: kept, and signs with SIGNING_KEY\n"), "{output}");
    assert_eq!(ours().len(), 2);

    shop.add("order.deleted", &url, "paused");
    // Neither needs the key that the shop signs with.
    let listed = register_with(&CREDENTIALS[1..3], &common, &["--list"]).await.unwrap();
    assert!(listed.contains("has 104 webhooks, 3 at "), "{listed}");
    assert!(
        listed.contains(&format!("  own    order.deleted            {url} (paused)\n")),
        "{listed}"
    );
    register_with(&CREDENTIALS[1..3], &common, &["--remove"]).await.unwrap();
    assert_eq!((ours().len(), shop.hooks().len()), (0, 101));
}

#[tokio::test]
async fn an_active_webhook_is_kept_before_an_inactive_one_is_reactivated() {
    let shop = FakeWooCommerce::start().await;
    let (origin, url) = (shop.server.origin(), at("woocommerce"));
    shop.add("order.created", &url, "disabled");
    shop.add("order.created", &url, "active");
    let common = ["woocommerce", "--shop", &origin, "--url", &url, "--event", "order.created"];
    let output = register(&common, &[]).await.unwrap();
    assert!(output.contains("  order.created: kept, and signs with SIGNING_KEY\n"), "{output}");
    let states: Vec<_> = shop.hooks().into_iter().map(|hook| hook.status).collect();
    assert_eq!(states, ["disabled", "active"]);
}

#[tokio::test]
async fn a_refusal_of_woocommerce_is_printed_with_advice() {
    let shop = FakeWooCommerce::start().await;
    let (origin, url) = (shop.server.origin(), at("woocommerce"));
    let common = ["woocommerce", "--shop", &origin, "--url", &url];

    let other_secret = [CREDENTIALS[1], ("WOOCOMMERCE_SECRET", "cs_of_another"), CREDENTIALS[3]];
    let error = register_with(&other_secret, &common, &[]).await.unwrap_err();
    assert!(
        error.ends_with(
            "answered 401: Consumer secret is invalid. (the key needs Read/Write, and its user must \
             manage the shop: WooCommerce → Settings → Advanced → REST API)"
        ),
        "{error}"
    );
    shop.make_read_only();
    let error = register(&common, &[]).await.unwrap_err();
    let sentence = "answered 401: The API key provided does not have write permissions.";
    assert!(error.starts_with("error: order.created: ") && error.contains(sentence), "{error}");
    let nowhere = format!("{origin}/blog");
    let error =
        register(&["woocommerce", "--shop", &nowhere, "--url", &url], &[]).await.unwrap_err();
    assert!(error.contains("answered 404: No route was found"), "{error}");
    assert!(error.contains("Settings → Permalinks must not be Plain"), "{error}");

    for (key, sentence) in [
        (
            "",
            "error: the signing key that `connect woocommerce` stores is missing: enter it when asked, or set \
             SIGNING_KEY",
        ),
        ("short", "error: the signing key cannot be used: it is shorter than 16 bytes"),
        (
            "a long one that has &lt; in it",
            "error: the signing key cannot be used: WooCommerce takes `&`",
        ),
    ] {
        let environment = [CREDENTIALS[1], CREDENTIALS[2], ("SIGNING_KEY", key)];
        let error = register_with(&environment, &common, &[]).await.unwrap_err();
        assert!(error.starts_with(sentence), "{error}");
    }
    assert!(shop.hooks().is_empty());
}

/// A shop whose server runs PHP by CGI may never see the header of Basic authentication.
#[tokio::test]
async fn credentials_that_the_server_drops_are_sent_in_the_query() {
    let shop = FakeWooCommerce::start().await;
    let (origin, url) = (shop.server.origin(), at("woocommerce"));
    let common = ["woocommerce", "--shop", &origin, "--url", &url];
    shop.drop_credentials(Drops::Header);
    let output = register(&common, &[]).await.unwrap();
    assert!(output.contains("  order.updated: registered\n"), "{output}");
    assert_eq!(shop.hooks().len(), 2);

    shop.drop_credentials(Drops::HeaderAndQuery);
    let error = register(&common, &[]).await.unwrap_err();
    let sentence = "answered 401: Sorry, you cannot list resources. (the shop's server drops the credentials, in \
                    the header and in the query: let it pass on the header Authorization)";
    assert!(error.ends_with(sentence), "{error}");
}

/// Only a shop that saw none is asked twice: a query may be logged.
#[tokio::test]
async fn credentials_that_the_shop_refuses_are_not_sent_in_the_query() {
    let shop = FakeWooCommerce::start().await;
    let (origin, url) = (shop.server.origin(), at("woocommerce"));
    let other_secret = [CREDENTIALS[1], ("WOOCOMMERCE_SECRET", "cs_of_another")];
    let common = ["woocommerce", "--shop", &origin, "--url", &url, "--list"];
    register_with(&other_secret, &common, &[]).await.unwrap_err();
    assert_eq!(shop.server.requests(), 1);
}

#[tokio::test]
async fn an_address_of_the_shops_admin_is_taken() {
    let shop = FakeWooCommerce::start().await;
    let (origin, url) = (shop.server.origin(), at("woocommerce"));
    for page in ["/", "/wp-admin/admin.php?page=wc-settings&tab=advanced", "/wp-login.php"] {
        let shop = format!(" {origin}{page}");
        let common = ["woocommerce", "--shop", &shop, "--url", &url, "--list"];
        let output = register(&common, &[]).await.unwrap();
        assert!(output.contains("has no webhook, 0 at "), "{output}");
    }
}

#[tokio::test]
async fn credentials_are_read_from_the_lines_of_standard_input() {
    let shop = FakeWooCommerce::start().await;
    let (origin, url) = (shop.server.origin(), at("woocommerce"));
    let mut command = tool(&["register", "woocommerce", "--shop", &origin, "--url", &url]);
    let lines = [CREDENTIALS[1].1, CREDENTIALS[2].1, SIGNING_KEY].join("\r\n");
    let (succeeded, output, errors) = run(&mut command, &lines).await;
    assert!(succeeded, "{output}{errors}");
    assert!(shop.hooks().iter().all(|hook| hook.secret == SIGNING_KEY));
    assert_eq!(shop.hooks().len(), 2);
}
