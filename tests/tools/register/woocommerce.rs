//! `register woocommerce`.

use crate::register::fake_woocommerce::FakeWooCommerce;
use crate::register::{CREDENTIALS, SIGNING_KEY, at, register, register_with};

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
    assert!(output.ends_with("In SIGNING_KEY: the shop signs its webhooks with it.\n"), "{output}");
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
        ("", "error: set SIGNING_KEY to the key with which the shop is to sign"),
        ("short", "error: SIGNING_KEY cannot be used: it is shorter than 16 bytes"),
        (
            "a long one that has &lt; in it",
            "error: SIGNING_KEY cannot be used: WooCommerce takes `&`",
        ),
    ] {
        let environment = [CREDENTIALS[1], CREDENTIALS[2], ("SIGNING_KEY", key)];
        let error = register_with(&environment, &common, &[]).await.unwrap_err();
        assert!(error.starts_with(sentence), "{error}");
    }
    assert!(shop.hooks().is_empty());
}
