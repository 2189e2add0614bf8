//! `preview` and what `send` refuses before it sends.

use crate::{run, tool};

const TOPIC: &str = "X-Shopify-Topic: orders/cancelled";

async fn preview(arguments: &[&str], body: &str) -> (bool, String, String) {
    let arguments = [&["preview"], arguments].concat();
    run(tool(&arguments).env("LANGUAGE", "ko"), body).await
}

#[tokio::test]
async fn a_message_is_shown_as_text_and_as_json() {
    let body = r##"{"id":1,"name":"#1001","total_price":"5","currency":"KRW"}"##;
    let (succeeded, output, errors) = preview(&["shopify", "-", "-H", TOPIC], body).await;
    assert!(succeeded, "{errors}");
    let (json, text) = output.split_once("  ┌─ Slack\n").unwrap();
    assert!(text.starts_with("  │ 🚫 주문 #1001 취소 · 5원\n"), "{text}");
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(json["blocks"][0]["text"]["text"], "🚫 주문 #1001 취소 · 5원");
}

#[tokio::test]
async fn a_whole_lambda_event_brings_its_own_headers() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/events/woocommerce-cancelled.json");
    let (succeeded, output, errors) = preview(&["woocommerce", file], "").await;
    assert!(succeeded, "{errors}");
    assert!(output.contains("🚫 주문 815 취소 · 128,000원"), "{output}");
}

#[tokio::test]
async fn no_message_has_a_reason() {
    let (succeeded, output, _) =
        preview(&["shopify", "-", "-H", "x-shopify-topic: products/create"], "{}").await;
    assert!(succeeded);
    assert_eq!(
        output,
        "No message: `products/create` of Shopify is nothing that the channel hears of.\n"
    );
    let (_, output, _) = preview(&["shopify", "-"], "{}").await;
    assert_eq!(
        output,
        "No message: nothing says what happened. Shopify says it in the header shopify-topic or \
         the header x-shopify-topic (give a header with -H).\n"
    );
    let (_, output, _) = preview(&["generic", "-"], "{}").await;
    assert!(output.contains("Order system says it in the body's /event_type"), "{output}");
    let ping = concat!(env!("CARGO_MANIFEST_DIR"), "/events/woocommerce-ping.json");
    let (succeeded, output, _) = preview(&["woocommerce", ping], "").await;
    assert!(succeeded);
    assert_eq!(output, "No message: WooCommerce only asks whether the address answers.\n");
    let mut off = tool(&["preview", "shopify", "-", "-H", TOPIC]);
    let (_, output, _) = run(off.env("SHOW_CANCELLED", "off"), "{}").await;
    assert_eq!(output, "No message: SHOW_CANCELLED is off.\n");
}

#[tokio::test]
async fn bad_input_is_an_error_in_a_sentence() {
    for (arguments, body, sentence) in [
        (
            &["shopify", "-", "-H", TOPIC][..],
            "{",
            "error: the body is not a readable JSON object\n",
        ),
        (&["shopify", "/nowhere.json"], "", "error: /nowhere.json cannot be read: No such file"),
        (
            &["toast", "-"],
            "{}",
            "error: `toast` is no platform; there are generic, shopify, standard, woocommerce\n",
        ),
        (&["shopify", "-", "-H", "topic"], "", "error: invalid value 'topic'"),
        (
            &["shopify", "-"],
            r#"{"requestContext":{"http":{"method":"POST"}}}"#,
            "error: the HTTP API event cannot be read: missing field `rawPath`",
        ),
    ] {
        let (succeeded, output, errors) = preview(arguments, body).await;
        assert!(!succeeded, "{output}");
        assert!(errors.starts_with(sentence), "{errors}");
    }
}

#[tokio::test]
async fn a_deployment_is_sent_nothing_without_its_key() {
    let far = "https://a1b2c3d4e5.execute-api.invalid/webhook/shopify";
    let mut send = tool(&["send", "shopify", "-", "--to", far]);
    let (succeeded, _, errors) = run(&mut send, "{}").await;
    assert!(!succeeded);
    assert_eq!(errors, "error: set SIGNING_KEY to the platform's signing key\n");
}

#[tokio::test]
async fn every_command_explains_itself() {
    let mut texts = Vec::new();
    for command in ["", "preview", "send", "connect"] {
        let arguments: Vec<_> = command.split_whitespace().chain(["--help"]).collect();
        let (succeeded, output, _) = run(&mut tool(&arguments), "").await;
        assert!(succeeded);
        texts.push(format!("$ cargo run -- {}\n\n{output}", arguments.join(" ")));
    }
    insta::assert_snapshot!(texts.join("\n"));
}
