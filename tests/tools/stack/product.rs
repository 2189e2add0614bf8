//! What the page's buttons do to the product.

use serde_json::json;

use super::*;
use crate::tool;

#[tokio::test]
async fn a_sample_that_is_sent_twice_is_one_message() {
    let stack = Stack::start(&mut tool(&[])).await;
    let sample = "POST /local/samples/woocommerce-cancelled";
    let (status, first) = stack.ask(sample, &Value::Null).await;
    assert_eq!((status, &first["status"]), (200, &json!(200)));
    // Sent at the same time, the second may be shown and the first be the one that was sent again.
    stack.until(LIMIT, |numbers| numbers["shown"] == 2).await;
    let (_, second) = stack.ask(sample, &Value::Null).await;
    assert_ne!(first["events"], second["events"]);
    let state = stack.settled().await;
    assert_eq!(texts(&state).matches("Order #815 cancelled").count(), 1);
    assert_eq!(state["numbers"]["left_out"], 1);
    let life = format!("GET /local/orders/{}", second["events"][0]);
    let (_, life) = stack.ask(&life, &Value::Null).await;
    assert_eq!(life["steps"].as_array().unwrap().last().unwrap()["what"], "sent again");

    for nothing in ["POST /local/samples/nothing", "GET /local/orders/99", "GET /local/x"] {
        assert_eq!(stack.ask(nothing, &Value::Null).await.0, 404, "{nothing}");
    }
}

#[tokio::test]
async fn every_sample_has_its_answer() {
    let stack = Stack::start(&mut tool(&[])).await;
    let samples = stack.state().await["samples"].as_array().unwrap().clone();
    assert!(samples.len() > 15, "{samples:?}");
    let mut cancelled = Vec::new();
    for sample in &samples {
        let request = format!("POST /local/samples/{}", sample["name"].as_str().unwrap());
        let (_, answer) = stack.ask(&request, &Value::Null).await;
        assert_eq!(answer["status"], 200, "{sample}: {answer}");
        let events = answer["events"].as_array().unwrap().clone();
        let title = sample["title"].as_str().unwrap();
        let is_order = title != "Ping" && !title.starts_with("Shop ");
        assert_eq!(!events.is_empty(), is_order, "{sample}: {answer}");
        // That of Shopify was sent at the start as well.
        if sample["title"] == "Order cancelled" && sample["platform"] != "shopify" {
            cancelled.extend(events);
        }
    }
    // An event may wait for the end of a lease, of half a minute, of another event of its order.
    stack.until(Duration::from_secs(90), |numbers| numbers["waiting"] == 0).await;
    for id in cancelled {
        let (_, life) = stack.ask(&format!("GET /local/orders/{id}"), &Value::Null).await;
        let steps = life["steps"].as_array().unwrap();
        assert!(steps.iter().any(|step| step["what"] == "posted"), "{life}");
    }
}

#[tokio::test]
async fn a_storm_becomes_few_messages_with_every_order() {
    let stack = Stack::start(&mut tool(&[])).await;
    let storm = json!({"count": 300, "seconds": 3});
    assert_eq!(stack.ask("POST /local/storm", &storm).await.0, 202);
    let limit = Duration::from_mins(2);
    let is_over = |numbers: &Value| numbers["shown"] == 301;
    let state = stack.until(limit, is_over).await;
    let messages = state["messages"].as_array().unwrap();
    assert!(messages.len() < 40, "{}", messages.len());
    let shown: Vec<_> =
        messages.iter().flat_map(|message| message["events"].as_array().unwrap()).collect();
    assert_eq!(shown.len() as u64, 301 + state["numbers"]["repeats"].as_u64().unwrap());
    let all = state["messages"].to_string();
    for number in 20_001..=20_300 {
        assert!(all.contains(&format!("A-{number}")), "{number}");
    }

    for wrong in [json!({"count": 0}), json!({"seconds": "x"}), json!([])] {
        assert_eq!(stack.ask("POST /local/storm", &wrong).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn orders_wait_while_slack_is_down_and_are_shown_when_it_is_up() {
    for (slack, counted) in [("down", ""), ("gone", ""), ("limited", "rate_limited")] {
        let stack = Stack::start(&mut tool(&[])).await;
        stack.settled().await;
        let (status, weather) = stack.ask("POST /local/weather", &json!({"slack": slack})).await;
        assert_eq!((status, &weather["slack"]), (200, &json!(slack)));
        stack.ask("POST /local/samples/standard-cancelled", &Value::Null).await;
        let is_counted = |numbers: &Value| counted.is_empty() || numbers[counted] != 0;
        let is_waiting = |numbers: &Value| numbers["waiting"] == 1 && is_counted(numbers);
        let state = stack.until(LIMIT, is_waiting).await;
        assert_eq!(state["numbers"]["posts"], 1);
        assert_eq!(state["weather"]["slack"], slack);
        stack.ask("POST /local/weather", &json!({"slack": "well"})).await;
        let is_shown = |numbers: &Value| numbers["shown"] == 2;
        stack.until(Duration::from_mins(1), is_shown).await;
    }
}

#[tokio::test]
async fn weather_that_comes_twice_shows_an_order_once() {
    let stack = Stack::start(&mut tool(&[])).await;
    stack.ask("POST /local/weather", &json!({"twice": true})).await;
    stack.ask("POST /local/samples/standard-cancelled", &Value::Null).await;
    let numbers = stack.settled().await["numbers"].clone();
    assert_eq!((&numbers["accepted"], &numbers["shown"]), (&json!(3), &json!(2)));
    let (status, sentence) = stack.ask("POST /local/weather", &json!({"slack": "rain"})).await;
    assert_eq!(status, 400);
    assert!(sentence.as_str().unwrap().starts_with("slack must be `well`"), "{sentence}");
}

#[tokio::test]
async fn a_killed_function_loses_nothing() {
    let stack = Stack::start(&mut tool(&[])).await;
    stack.ask("POST /local/storm", &json!({"count": 50, "seconds": 1})).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(stack.ask("POST /local/kill", &Value::Null).await.0, 202);
    let is_over = |numbers: &Value| numbers["shown"] == 51;
    stack.until(Duration::from_mins(3), is_over).await;
}

#[tokio::test]
async fn an_alarm_is_shown() {
    let stack = Stack::start(&mut tool(&[])).await;
    assert_eq!(stack.ask("POST /local/alarm", &Value::Null).await.0, 202);
    let state = stack.until(LIMIT, |numbers| numbers["posts"] == 2).await;
    let alarm = state["messages"].as_array().unwrap().iter();
    let alarm: Vec<_> = alarm.filter(|message| message["channel"] == "monitoring").collect();
    assert_eq!(alarm.len(), 1);
    let headline = alarm[0]["payload"]["blocks"][0]["text"]["text"].as_str().unwrap();
    assert!(headline.contains("No orders"), "{headline}");
}

#[tokio::test]
async fn the_state_of_a_shop_is_shown_in_the_channel_for_monitoring() {
    let stack = Stack::start(&mut tool(&[])).await;
    for _ in 0..2 {
        stack.ask("POST /local/samples/ubereats-store-offline", &Value::Null).await;
    }
    stack.ask("POST /local/samples/woocommerce-cancelled", &Value::Null).await;
    let state = stack.until(LIMIT, |numbers| numbers["posts"] == 3).await;
    let messages = state["messages"].as_array().unwrap().iter();
    let shown: Vec<_> = messages.filter(|message| message["channel"] == "monitoring").collect();
    let [shown] = &shown[..] else { panic!("{shown:?}") };
    let headline = shown["payload"]["blocks"][0]["text"]["text"].as_str().unwrap();
    assert!(headline.contains("is offline on Uber Eats"), "{headline}");
    assert_eq!(shown["events"], json!([]));
}

#[tokio::test]
async fn settings_hold_from_when_they_are_set() {
    let stack = Stack::start(&mut tool(&[])).await;
    stack.settled().await;
    let (status, settings) = stack.ask("POST /local/settings", &json!({"language": "ko"})).await;
    assert_eq!((status, &settings["language"]), (200, &json!("ko")));
    stack.ask("POST /local/samples/woocommerce-cancelled", &Value::Null).await;
    let state = stack.settled().await;
    assert!(texts(&state).contains("주문 취소 #815"), "{}", texts(&state));
    assert_eq!(state["settings"]["digest_seconds"], 10);
    let (status, sentence) = stack.ask("POST /local/settings", &json!({"customer": "all"})).await;
    assert_eq!(status, 400);
    assert_eq!(sentence, "customer must be `hidden`, `initials` or `full`\n");
    assert_eq!(stack.ask("POST /local/redrive", &Value::Null).await, (200, json!({"moved": 0})));
}

#[tokio::test]
async fn rules_are_edited_live_and_open_their_channels() {
    let mut command = tool(&[]);
    let mut stack = Stack::start(command.env("RULES", "shop tea.example -> to tea")).await;
    stack.settled().await;
    assert_eq!(stack.state().await["settings"]["rules"], "shop tea.example -> to tea");
    let send = async |name: &str| {
        let request = format!("POST /local/samples/{name}");
        stack.ask(&request, &Value::Null).await;
        let state = stack.settled().await;
        let message = state["messages"].as_array().unwrap().last().unwrap().clone();
        message["channel"].as_str().unwrap().to_owned()
    };
    assert_eq!(send("woocommerce-cancelled").await, "tea");
    let rules = json!({"rules": "any -> to 2nd-floor\nrefundd -> each"});
    let (status, settings) = stack.ask("POST /local/settings", &rules).await;
    assert_eq!((status, &settings["rules"]), (200, &rules["rules"]));
    let sentence = settings["unreadable_rules"][0].as_str().unwrap();
    assert!(sentence.starts_with("line 2: `refundd` is not known"), "{sentence}");
    assert_eq!(send("generic-cancelled").await, "2nd-floor");
    let printed = stack.read_until("┌─ Slack, #2nd-floor").await;
    assert!(printed.contains("┌─ Slack, #tea"), "{printed}");
}

#[tokio::test]
async fn an_order_that_no_one_accepts_is_shown_after_seconds() {
    let stack = Stack::start(&mut tool(&[])).await;
    let settings = stack.state().await["settings"].clone();
    assert_eq!(settings["expect"], "created platform ubereats -> accepted in 4 min");
    let (status, sent) = stack.ask("POST /local/unaccepted", &Value::Null).await;
    assert_eq!((status, &sent["status"]), (200, &json!(200)), "{sent}");
    let order = sent["order"].as_str().unwrap();
    stack.until_shown(&format!("⏰ Order {order}: not accepted for 4 minutes")).await;
    let (_, accepted) = stack.ask("POST /local/accept", &json!({ "order": order })).await;
    assert_eq!(accepted["events"].as_array().unwrap().len(), 2, "{accepted}");
    let all = texts(&stack.settled().await);
    assert!(all.contains(&format!("✅ Order {order} accepted after ")), "{all}");
    let refusal = stack.ask("POST /local/accept", &json!({"order": 1})).await;
    assert_eq!(refusal, (400, json!("order must be a text\n")));
}

#[tokio::test]
async fn what_is_expected_is_edited_live() {
    let mut command = tool(&[]);
    let expect = "created -> paid in 4 min, mention here, to kitchen";
    let stack = Stack::start(command.env("EXPECT", expect)).await;
    stack.settled().await;
    assert_eq!(stack.state().await["settings"]["expect"], expect);
    stack.ask("POST /local/samples/generic-created", &Value::Null).await;
    let state = stack.until_shown(": not paid for 4 minutes").await;
    let messages = state["messages"].as_array().unwrap();
    let is_warning = |message: &&Value| message["payload"]["text"].to_string().contains("⏰");
    assert_eq!(messages.iter().find(is_warning).unwrap()["channel"], "kitchen");
    stack.settled().await;

    let expect = json!({"expect": "created -> paid in soon"});
    let (status, settings) = stack.ask("POST /local/settings", &expect).await;
    assert_eq!(status, 200);
    let sentence = settings["unreadable_expect"][0].as_str().unwrap();
    assert!(sentence.starts_with("line 1: `soon` is no time"), "{sentence}");
    let (_, sent) = stack.ask("POST /local/unaccepted", &Value::Null).await;
    assert_eq!(sent["events"].as_array().unwrap().len(), 1, "nothing is expected: {sent}");
}

#[tokio::test]
async fn a_payload_that_is_tried_is_sent_and_explained() {
    let stack = Stack::start(&mut tool(&[])).await;
    let order = json!({
        "id": 5, "name": "#T-5", "cancelled_at": "2026-01-01T00:00:00Z", "note": "-",
        "customer": {"first_name": "Ada", "last_name": "L"},
    });
    let topic = "X-Shopify-Topic: orders/cancelled\r\nX-Shopify-Shop-Domain: tea.myshopify.com\r\n";
    let mut tried = json!({"platform": "shopify", "headers": topic, "body": order.to_string()});
    let (status, answer) = stack.ask("POST /local/try", &tried).await;
    assert_eq!((status, &answer["status"]), (200, &json!(200)), "{answer}");
    let reading = &answer["reading"];
    assert_eq!(reading["event"], "orders/cancelled");
    assert!(reading["rule"].as_str().unwrap().starts_with("Cancelled, by event"), "{reading}");
    let found = json!({"field": "id", "text": "5", "place": "/id"});
    assert!(reading["found"].as_array().unwrap().contains(&found), "{reading}");
    assert_eq!(reading["hidden"], json!(["customer: a name, hidden by CUSTOMER=hidden"]));
    assert!(!answer.to_string().contains("Ada"), "{answer}");
    assert_eq!(reading["why_no_message"], Value::Null);
    let decided = json!([
        ["shown", "At once: the setting SHOW_CANCELLED"],
        ["mention", "No one: MENTION is not set"],
        ["channel", "#orders: no rule says another"],
    ]);
    assert_eq!(reading["decided"], decided);
    let text = answer["messages"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("🚫 Order #T-5 cancelled"), "{text}");
    assert_eq!(answer["events"].as_array().unwrap().len(), 1);
    assert!(texts(&stack.settled().await).contains("#T-5"));

    tried["headers"] = json!("X-Shopify-Topic: products/create");
    let (_, answer) = stack.ask("POST /local/try", &tried).await;
    assert_eq!((&answer["status"], &answer["messages"]), (&json!(200), &json!([])));
    let why = answer["reading"]["why_no_message"].as_str().unwrap();
    assert!(why.contains("`products/create` is ignored"), "{why}");

    for (field, value, sentence) in [
        ("headers", "no colon", "the header `no colon`: write it as 'name: value'"),
        ("headers", "a b: c", "`a b` is not the name of a header"),
        ("body", " ", "paste the webhook's body"),
        ("platform", "amazon", "`amazon` is not a platform"),
    ] {
        let mut wrong = tried.clone();
        wrong[field] = json!(value);
        let (status, text) = stack.ask("POST /local/try", &wrong).await;
        assert_eq!(status, 400);
        assert!(text.as_str().unwrap().starts_with(sentence), "{text}");
    }
    // What is no JSON is sent as it is: the function says what it thinks of it.
    tried["body"] = json!("<order/>");
    let (status, answer) = stack.ask("POST /local/try", &tried).await;
    assert_eq!((status, &answer["messages"]), (200, &json!([])), "{answer}");
    assert!(answer["reading"]["why_no_message"].is_string(), "{answer}");
}

#[tokio::test]
async fn a_payload_that_is_too_large_says_so() {
    let stack = Stack::start(&mut tool(&[])).await;
    let body =
        json!({"event_type": "order_cancelled", "order_id": 1, "note": "x".repeat(7_000_000)});
    let tried = json!({"platform": "generic", "headers": "", "body": body.to_string()});
    let (status, answer) = stack.ask("POST /local/try", &tried).await;
    assert_eq!((status, &answer["status"], &answer["messages"]), (200, &json!(413), &json!([])));
    let why = &answer["reading"]["why_no_message"];
    assert_eq!(why, "The body is larger than Lambda takes.");
}
