//! `preview` and what `send` refuses before it sends.

use std::fs;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::{run, tempfolder, tool};

const TOPIC: &str = "X-Shopify-Topic: orders/cancelled";
const ORDER: &str = r#"{"id":1,"name":"T-1","cancelled_at":"2026-01-01T00:00:00Z"}"#;

async fn preview(arguments: &[&str], body: &str) -> (bool, String, String) {
    let arguments = [&["preview"], arguments].concat();
    run(tool(&arguments).env("LANGUAGE", "ko"), body).await
}

#[tokio::test]
async fn a_message_is_shown_as_text_and_as_json() {
    let body = r##"{"id":1,"name":"#1001","total_price":"5","currency":"KRW"}"##;
    let (succeeded, output, errors) = preview(&["shopify", "-", "-H", TOPIC], body).await;
    assert!(succeeded, "{errors}");
    let (reading, json) = output.split_once("\n\n").unwrap();
    assert!(reading.starts_with("Event       `orders/cancelled`, in the header x-shopify-topic\n"));
    let (json, text) = json.split_once("  ┌─ Slack\n").unwrap();
    assert!(text.starts_with("  │ 🚫 주문 취소 #1001 · 5원\n"), "{text}");
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(json["blocks"][0]["text"]["text"], "🚫 주문 취소 #1001 · 5원");
}

#[tokio::test]
async fn a_whole_lambda_event_brings_its_own_headers() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/events/woocommerce-cancelled.json");
    let (succeeded, output, errors) = preview(&["woocommerce", file], "").await;
    assert!(succeeded, "{errors}");
    assert!(output.contains("🚫 주문 취소 #815 · 128,000원"), "{output}");
}

/// The first block of this language on the page that explains platform files.
fn block(language: &str) -> &'static str {
    let page = include_str!("../../src/platform/README.md");
    let (_, block) = page.split_once(&format!("\n```{language}\n")).unwrap();
    block.split_once("```\n").unwrap().0
}

#[tokio::test]
async fn a_platform_of_ones_own_is_tried_before_it_is_built_in() {
    let folder = tempfolder("own-platform");
    let [file, order] = ["kitchen.toml", "order.json"].map(|name| folder.join(name));
    fs::write(&file, block("toml")).unwrap();
    fs::write(&order, block("json")).unwrap();
    // The time of signing is that of now, whatever the file says.
    fs::write(order.with_extension("headers"), "X-Kitchen-Time: 1\n").unwrap();
    let [file, order] = [file, order].map(|path| path.to_str().unwrap().to_owned());
    let arguments = ["--platform", &file, &order];
    let (succeeded, output, errors) = preview(&arguments, "").await;
    assert!(succeeded, "{errors}");
    let (reading, message) = output.split_once("\n\n").unwrap();
    let key = "Key         sample key of the local stack for kitchen";
    assert_eq!(reading.lines().next(), Some(key));
    let value = |name: &str| {
        let line = reading.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name} is not in {reading}"))
    };
    let (time, signature) =
        (value("Signed      x-kitchen-time: "), value("Signed      x-kitchen-signature: "));
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.as_bytes()[12..]).unwrap();
    mac.update(format!("{time}.{}", block("json")).as_bytes());
    assert_eq!(signature, hex::encode(mac.finalize().into_bytes()));
    assert!(message.contains("🚫 주문 취소 K-42 · EUR 19.50"), "{message}");

    // A signature of the platform itself, made with its key.
    let own = "the kitchen's own key of this test";
    let time = jiff::Timestamp::now().as_second();
    let mut mac = Hmac::<Sha256>::new_from_slice(own.as_bytes()).unwrap();
    mac.update(format!("{time}.{}", block("json")).as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let headers = format!("X-Kitchen-Time: {time}\nX-Kitchen-Signature: {signature}\n");
    fs::write(folder.join("order.headers"), headers).unwrap();
    for (key, said) in [
        (own, "verified with SIGNING_KEY"),
        (
            "another key of this test",
            "not verified with SIGNING_KEY: no key of the platform matches",
        ),
    ] {
        let mut preview = tool(&["preview", "--platform", &file, &order]);
        let (succeeded, output, errors) = run(preview.env("SIGNING_KEY", key), "").await;
        assert!(succeeded, "{errors}");
        assert!(output.starts_with(&format!("Given       {said}\n")), "{output}");
    }

    let (_, found) = block("toml").split_once("kind = \"cancelled\"").unwrap();
    fs::write(&file, block("toml").replace("kind = \"cancelled\"", "kind = \"canceled\"")).unwrap();
    let line = block("toml").lines().count() - found.lines().count() + 1;
    let (succeeded, output, errors) = preview(&arguments, "").await;
    assert!(!succeeded, "{output}");
    assert!(
        errors.starts_with(&format!("error: {file}: TOML parse error at line {line}")),
        "{errors}"
    );
    assert!(errors.contains("unknown variant `canceled`"), "{errors}");
}

#[tokio::test]
async fn a_misspelled_place_of_ones_own_file_is_named_with_the_right_one() {
    let folder = tempfolder("misspelled");
    let file = folder.join("kitchen.toml");
    let path = file.to_str().unwrap();
    let with = async |old: &str, new: &str| {
        fs::write(&file, block("toml").replace(old, new)).unwrap();
        preview(&["--platform", path, "-"], block("json")).await
    };
    for (old, new, right) in [
        ("reason = \"/order/why", "reason = \"/order/Why", "/order/why"),
        ("{ \"/order/state", "{ \"/order/sttae", "/order/state"),
        ("title = \"/name", "title = \"/names", "/order/lines/*/name"),
        ("event_type = \"/event", "event_type = \"/evnt", "/event"),
        ("\"/order/id\"", "\"/orders/id\"", "/order/id"),
    ] {
        let (_, output, errors) = with(old, new).await;
        let said = format!("{output}{errors}");
        assert_eq!(said.matches("Hint        nothing is at ").count(), 1, "{said}");
        assert!(said.contains(&format!("; did you mean {right}?\n")), "{said}");
    }
    let (_, output, _) = with("", "").await;
    assert!(!output.contains("Hint "), "{output}");
    // A built-in file is right: the sender left the place out.
    let order = r#"{"event_type":"order_created","order_id":"A-1","totale":"5"}"#;
    let (_, output, _) = preview(&["generic", "-"], order).await;
    assert!(output.contains("Not found   ") && !output.contains("Hint "), "{output}");
}

#[tokio::test]
async fn a_preview_explains_how_a_payload_is_read() {
    let order = r#"{
        "id": 5, "number": "5", "status": "cancelled", "total": "18000", "currency": "KRW",
        "billing": {"first_name": "Ada", "phone": "0"}, "customer_note": "-", "a/b": [{"c": 1}, {"c": 2}],
        "line_items": [{"name": "Tea", "quantity": 2, "sku": "T"}, {"name": "Pot", "quantity": 1}]
    }"#;
    let topic = "X-WC-Webhook-Topic: order.updated";
    let (_, output, errors) = preview(&["woocommerce", "-", "-H", topic], order).await;
    let (reading, _) = output.split_once("\n\n").expect(&errors);
    insta::assert_snapshot!(reading);
}

#[tokio::test]
async fn a_preview_explains_tests_links_conditions_and_generated_ids() {
    let order = r#"{"event_type":"order_modified","order_id":"A-1","status":"Processing","test":false,
        "shop":"tea.example","url":"https://tea.example/orders/1","note":"-"}"#;
    let (_, output, errors) = preview(&["generic", "-"], order).await;
    let (reading, _) = output.split_once("\n\n").expect(&errors);
    let lines: Vec<_> = reading
        .lines()
        .map(|line| match line.split_once("delivery_id: msg_") {
            Some((before, after)) => {
                format!("{before}delivery_id: msg_{}", after.trim_start_matches(char::is_numeric))
            }
            None => line.to_owned(),
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));

    let other = order.replace("Processing", "void");
    let (_, output, _) = preview(&["generic", "-"], &other).await;
    assert!(output.contains("modified, by event 4 of 8 "), "{output}");
    assert!(output.contains("Never read  /note\n"), "another rule looked at the status: {output}");
}

#[tokio::test]
async fn the_state_of_a_shop_is_previewed() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/events/ubereats-store-offline.json");
    let (succeeded, output, errors) = preview(&["ubereats", file], "").await;
    assert!(succeeded, "{errors}");
    let (reading, message) = output.split_once("\n\n").unwrap();
    insta::assert_snapshot!(reading);
    let (_, text) = message.split_once("  ┌─ Slack\n").unwrap();
    assert!(text.starts_with("  │ 🔴 오프라인: b2a1f9de-"), "{text}");
}

#[tokio::test]
async fn a_folder_is_previewed_whole() {
    let folder = tempfolder("previewed");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    std::fs::create_dir_all(folder.join("square")).unwrap();
    let event = concat!(env!("CARGO_MANIFEST_DIR"), "/events/woocommerce-cancelled.json");
    write("a.json", &std::fs::read_to_string(event).unwrap());
    write("square/b.json", r#"{"type":"order.custom_attribute.owned.updated"}"#);
    write("c.json", r#"{"id":3}"#);
    write("d.json", r#"{"requestContext":{"http":{"method":"GET"}},"rawPath":"/health"}"#);
    write("notes.txt", "not JSON");
    let path = folder.to_str().unwrap();
    let (succeeded, output, errors) = preview(&["--all", path], "").await;
    assert!(!succeeded);
    assert_eq!(errors, "error: 1 of 4 files cannot be previewed\n");
    insta::assert_snapshot!(output.replace(path, "FOLDER"));

    write("c.headers", "X-Shopify-Topic: orders/delete\n");
    let (succeeded, output, errors) = preview(&["shopify", "--all", path], "").await;
    assert!(succeeded, "{errors}");
    assert!(output.contains("c.json\n  ┌─ Slack\n  │ 🗑️"), "{output}");
}

#[tokio::test]
async fn an_event_without_a_message_has_a_reason() {
    let (succeeded, output, _) =
        preview(&["shopify", "-", "-H", "x-shopify-topic: products/create"], "{}").await;
    assert!(succeeded);
    assert_eq!(
        output,
        "Event       `products/create`, in the header x-shopify-topic\n\
         Rule        none of the 10 in shopify.toml\n\
         No message: `products/create` is ignored: no event in shopify.toml matches it.\n"
    );
    let (_, output, _) = preview(&["shopify", "-"], "{}").await;
    assert_eq!(
        output,
        "No message: the webhook does not name its event type. Shopify names it in the header \
         shopify-topic or the header x-shopify-topic. Give a header with -H 'NAME: VALUE'.\n"
    );
    let (_, output, _) = preview(&["generic", "-"], "{}").await;
    assert!(output.contains("Order system names it in the body's /event_type"), "{output}");
    let ping = concat!(env!("CARGO_MANIFEST_DIR"), "/events/woocommerce-ping.json");
    let (succeeded, output, _) = preview(&["woocommerce", ping], "").await;
    assert!(succeeded);
    assert_eq!(output, "No message: it is a ping of WooCommerce.\n");
    let draft = r#"{"event_type":"order_created","order_id":1,"status":"draft"}"#;
    let (succeeded, output, _) = preview(&["generic", "-"], draft).await;
    assert!(succeeded);
    let sentence = "\nNo message: it is a draft, which is shown when the order is placed.\n";
    assert!(output.ends_with(sentence), "{output}");
    let mut off = tool(&["preview", "shopify", "-", "-H", TOPIC]);
    let (_, output, _) = run(off.env("SHOW_CANCELLED", "off"), ORDER).await;
    assert!(output.ends_with("\nNo message: SHOW_CANCELLED is off.\n"), "{output}");
}

/// What is decided about an event with these settings.
async fn decided(order: &serde_json::Value, settings: &[(&str, &str)]) -> String {
    let mut preview = tool(&["preview", "generic", "-"]);
    preview.envs(settings.iter().copied());
    let (succeeded, output, errors) = run(&mut preview, &order.to_string()).await;
    assert!(succeeded, "{errors}");
    let labels = ["Shown", "Mention", "Channel", "No message"];
    let reading = output.split("\n\n").next().unwrap().lines();
    let decided = reading.filter(|line| labels.iter().any(|label| line.starts_with(label)));
    errors.lines().chain(decided).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_preview_names_the_line_or_the_setting_that_decides() {
    const RULES: &str = "cancelled unpaid -> off; eech -> each
        cancelled from KRW 500000 -> each, mention group:S012AB3CD, to managers
        shop kitchen.example -> to orders
        modified -> off
        test -> mention here
        any -> digest";
    let large = json!({"total": 500_000, "currency": "KRW"});
    let large_test = json!({"total": 500_000, "currency": "KRW", "test": true});
    let small = json!({"total": 4, "currency": "KRW"});
    let mut all = Vec::new();
    for (kind, more, settings) in [
        ("cancelled", large, &[("RULES", RULES)][..]),
        ("cancelled", large_test, &[("RULES", RULES)]),
        ("cancelled", small.clone(), &[("RULES", RULES), ("MENTION", "here")]),
        ("created", json!({"shop": "kitchen.example"}), &[("RULES", RULES), ("MENTION", "here")]),
        ("created", json!({"test": true}), &[("RULES", RULES)]),
        ("modified", json!({}), &[("RULES", RULES)]),
        ("created", json!({}), &[]),
        ("cancelled", small, &[("MENTION", "here"), ("MENTION_ABOVE", "KRW 5")]),
        ("created", json!({}), &[("SHOW_CREATED", "off")]),
    ] {
        let mut order = json!({"event_type": format!("order_{kind}"), "order_id": 1});
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all.push(format!(
            "{kind} {more} {}",
            settings.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
        ));
        all.push(decided(&order, settings).await + "\n");
    }
    insta::assert_snapshot!(all.join("\n"));
}

#[tokio::test]
async fn a_preview_says_for_which_steps_the_order_then_waits() {
    const EXPECT: &str = "paid -> fulfilled in 24 h
        created platform generic -> accepted or confirmed in 4 min, mention here
        created -> paid in 90 min
        created -> aceepted";
    let order = json!({"event_type": "order_created", "order_id": 1, "status": "confirmed"});
    let mut preview = tool(&["preview", "generic", "-"]);
    preview.env("EXPECT", EXPECT).env("SHOW_CREATED", "off");
    let (succeeded, output, errors) = run(&mut preview, &order.to_string()).await;
    assert!(succeeded, "{errors}");
    let then: Vec<_> = output.lines().filter(|line| line.starts_with("Then")).collect();
    assert_eq!(
        then,
        ["Then        it waits for: paid, 90 minutes (line 3 of EXPECT)"],
        "it is confirmed already"
    );
    assert!(
        errors.starts_with("line 4 of EXPECT is passed over: `aceepted` has no time"),
        "{errors}"
    );

    let order = json!({"event_type": "order_created", "order_id": 1});
    let (_, output, _) = run(&mut preview, &order.to_string()).await;
    let step = "accepted or confirmed, 4 minutes (line 2 of EXPECT)";
    assert!(output.contains(&format!("Then        it waits for: {step}\n")), "{output}");

    let folder = tempfolder("expected");
    std::fs::write(folder.join("a.json"), order.to_string()).unwrap();
    let mut command = tool(&["preview", "generic", "--all", folder.to_str().unwrap()]);
    let (_, output, errors) = run(command.env("EXPECT", EXPECT), "").await;
    assert!(output.contains(&format!("  Then        it waits for: {step}\n")), "{output}{errors}");
}

#[tokio::test]
async fn a_folder_is_previewed_with_what_the_rules_decide() {
    let folder = tempfolder("ruled");
    let event = concat!(env!("CARGO_MANIFEST_DIR"), "/events/woocommerce-cancelled.json");
    std::fs::copy(event, folder.join("a.json")).unwrap();
    let mut command = tool(&["preview", "--all", folder.to_str().unwrap()]);
    command.env("RULES", "shop tea.example -> each, to tea");
    let (_, output, errors) = run(&mut command, "").await;
    let lines: Vec<_> = output.lines().skip(1).take(4).collect();
    let expected = [
        "  Shown       at once: line 1 of RULES, `shop tea.example -> each, to tea`",
        "  Mention     no one: MENTION is not set",
        "  Channel     #tea: line 1",
        "  ┌─ Slack",
    ];
    assert_eq!(lines, expected, "{errors}");
}

#[tokio::test]
async fn wrong_input_is_an_error_in_a_sentence() {
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
            "error: `toast` is not a platform: choose from adobe, bigcommerce, cafe24, deliverect, ",
        ),
        (&["shopify", "-", "-H", "topic"], "", "error: invalid value 'topic'"),
        (
            &["shopify", "-"],
            r#"{"requestContext":{"http":{"method":"POST"}}}"#,
            "error: the HTTP API event has no `rawPath`",
        ),
    ] {
        let (succeeded, output, errors) = preview(arguments, body).await;
        assert!(!succeeded, "{output}");
        assert!(errors.starts_with(sentence), "{errors}");
    }
}

/// The deployed function leaves such a setting out; a person at the terminal can correct it.
#[tokio::test]
async fn an_unreadable_setting_is_an_error_that_names_it() {
    let mut preview = tool(&["preview", "shopify", "-", "-H", TOPIC]);
    preview.envs([("MENTION", "here"), ("MENTION_ABOVE", "RMB 500"), ("CUSTOMER", "all")]);
    let (succeeded, output, errors) = run(&mut preview, "{}").await;
    assert!(!succeeded, "{output}");
    assert_eq!(
        errors,
        "error: CUSTOMER must be `hidden`, `initials` or `full`; \
         MENTION_ABOVE must be a currency and an amount such as `KRW:500000`\n"
    );
}

#[tokio::test]
async fn an_order_is_not_sent_over_plain_http() {
    for (to, sentence) in [
        ("http://orders.invalid/webhook/shopify", "--to must be an https address"),
        (
            "https://me:secret@orders.invalid/",
            "--to has a user name or a password in it: leave them out",
        ),
    ] {
        let mut send = tool(&["send", "shopify", "-", "--to", to]);
        send.env("SIGNING_KEY", "the signing key of the tests");
        let (succeeded, _, errors) = run(&mut send, "{}").await;
        assert!(!succeeded);
        assert_eq!(errors, format!("error: {sentence}\n"));
    }
}

/// Shells and CI systems set it to `/` for a web page's build.
#[tokio::test]
async fn public_url_stops_only_the_platform_that_signs_it() {
    for (platform, value, expected) in [
        ("shopify", "/", ""),
        ("square", "", ""),
        (
            "square",
            "/",
            "error: PUBLIC_URL=/ is not an https:// address: set it to the address that is registered at \
             Square, or remove it from the environment\n",
        ),
    ] {
        let mut preview = tool(&["preview", platform, "-", "-H", TOPIC]);
        let (_, _, errors) = run(preview.env("PUBLIC_URL", value), ORDER).await;
        assert_eq!(errors, expected, "{platform} with PUBLIC_URL={value}");
    }
}

#[tokio::test]
async fn the_local_stack_ignores_a_public_url_that_is_no_address() {
    let mut process = tool(&[]).env("PUBLIC_URL", "/").spawn().unwrap();
    let mut errors = BufReader::new(process.stderr.take().unwrap()).lines();
    let error = errors.next_line().await.unwrap().unwrap();
    assert_eq!(error, "PUBLIC_URL=/ is ignored: it is not an https:// address");
    let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
    let line = output.next_line().await.unwrap().unwrap();
    assert!(line.starts_with("order-alerts listens on http://127.0.0.1:"), "{line}");
    process.kill().await.unwrap();
}

/// PowerShell writes files with a byte-order mark, or in UTF-16.
#[tokio::test]
async fn a_file_with_a_byte_order_mark_is_read_and_utf_16_is_named() {
    let folder = tempfolder("encodings");
    let order = r#"{"event_type":"order_created","order_id":"A-7"}"#;
    let file = |name: &str, bytes: &[u8]| {
        let file = folder.join(name);
        std::fs::write(&file, bytes).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let marked = format!("\u{feff}{order}");
    let (succeeded, output, errors) =
        preview(&["generic", &file("bom.json", marked.as_bytes())], "").await;
    assert!(succeeded, "{errors}");
    assert!(output.contains("A-7"), "{output}");
    let (succeeded, _, errors) = preview(&["generic", "-"], &marked).await;
    assert!(succeeded, "{errors}");

    let little: Vec<_> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<_> = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (name, bytes) in [
        ("little.json", &little[..]),
        ("big.json", &big),
        ("little-without-a-mark.json", &little[2..]),
        ("big-without-a-mark.json", &big[2..]),
    ] {
        let file = file(name, bytes);
        let (_, _, errors) = preview(&["generic", &file], "").await;
        let sentence =
            format!("error: {file} cannot be read: the file is UTF-16: save it as UTF-8\n");
        assert_eq!(errors, sentence);
    }

    let headers = "\u{feff}X-Shopify-Topic: orders/cancelled\n";
    let order = tempfolder("encodings/shopify").join("order.json");
    std::fs::write(&order, ORDER).unwrap();
    std::fs::write(order.with_extension("headers"), headers).unwrap();
    let (succeeded, output, _) =
        preview(&["--all", order.parent().unwrap().to_str().unwrap()], "").await;
    assert!(succeeded, "{output}");
    std::fs::write(order.with_extension("headers"), &little).unwrap();
    let (_, output, _) = preview(&["--all", order.parent().unwrap().to_str().unwrap()], "").await;
    assert!(output.contains("order.headers cannot be read: the file is UTF-16"), "{output}");
}

/// A payload's names and values, headers and file names come from outside.
#[tokio::test]
async fn nothing_from_outside_can_control_the_terminal() {
    let hostile = "\u{1b}]0;title\u{7}\u{9b}\r\n\u{7f}";
    let body = json!({
        "event_type": "order_created", "order_id": format!("A{hostile}"), "shop": "tea.example",
        hostile: 1, "nested": {hostile: hostile}, "url": format!("https://tea.example/{hostile}"),
    });
    let folder = tempfolder("hostile");
    let file = folder.join("generic \u{1b}[31m.json");
    std::fs::write(&file, body.to_string()).unwrap();
    let event = json!({
        "requestContext": {"http": {"method": "POST"}}, "rawPath": format!("/x{hostile}"),
    });
    std::fs::write(folder.join("path.json"), event.to_string()).unwrap();
    let topic = format!("x-shopify-topic: {hostile}orders/x");
    for arguments in [
        &["generic", file.to_str().unwrap()][..],
        &["shopify", file.to_str().unwrap(), "-H", &topic],
        &["generic", "--all", folder.to_str().unwrap()],
        &["generic", &format!("{}/no\u{1b}[31m.json", folder.display())],
    ] {
        let (_, output, errors) = preview(arguments, "").await;
        let shown = format!("{output}{errors}");
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
    }
}

#[tokio::test]
async fn every_command_has_a_help_text() {
    let mut texts = Vec::new();
    for command in ["", "preview", "check", "send", "connect", "register"] {
        let arguments: Vec<_> = command.split_whitespace().chain(["--help"]).collect();
        let (succeeded, output, _) = run(&mut tool(&arguments), "").await;
        assert!(succeeded);
        texts.push(format!("$ cargo run -- {}\n\n{output}", arguments.join(" ")));
    }
    insta::assert_snapshot!(texts.join("\n"));
}
