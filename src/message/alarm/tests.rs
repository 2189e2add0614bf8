use serde_json::{Value, json};

use super::*;
use crate::alarm::tests::{contributed, event, parsed, with};
use crate::message::tests::texts;

const LANGUAGES: [Language; 2] = [Language::English, Language::Korean];

fn message(event: &Value, language: Language) -> Message {
    about(&parsed(event), language, Remarks::default())
}

/// The message in each language.
fn messages(event: &Value) -> String {
    LANGUAGES.map(|language| texts(&message(event, language))).join("\n\n=====\n\n")
}

fn headlines(events: &[Value]) -> String {
    let headline = |event, language| message(event, language).blocks()[0].text().to_owned();
    let lines = events.iter().flat_map(|event| LANGUAGES.map(|language| headline(event, language)));
    lines.collect::<Vec<_>>().join("\n")
}

fn measured(event: Value, data: &Value) -> Value {
    with(event, "/alarmData/state/reasonData", json!(data.to_string()))
}

#[test]
fn a_metric_alarm() {
    insta::assert_snapshot!(messages(&event("tea-kettle", "OK", "ALARM")));
}

#[test]
fn a_metric_alarm_over_the_wire() {
    insta::assert_json_snapshot!(message(&event("tea-kettle", "OK", "ALARM"), Language::English));
}

#[test]
fn a_recovery() {
    insta::assert_snapshot!(messages(&event("tea-kettle", "ALARM", "OK")));
}

#[test]
fn a_metric_math_alarm() {
    let metrics = json!([
        {"id": "rate", "expression": "100 * c / o", "label": "Cold pots in %", "returnData": true},
    ]);
    let event = event("tea-pots", "OK", "ALARM");
    insta::assert_snapshot!(messages(&with(event, "/alarmData/configuration/metrics", metrics)));
}

#[test]
fn a_contributor_of_an_alarm() {
    let contributor = json!({"id": "6d442278dba546f6", "attributes": {"TableName": "tea-orders"}});
    insta::assert_snapshot!(messages(&contributed(contributor)));
    let message = message(&contributed(json!({"id": "6d442278dba546f6"})), Language::English);
    assert!(message.text().contains(" · Contributor: 6d442278dba546f6 · "), "{}", message.text());
}

#[test]
fn a_name_from_right_to_left_stands_alone() {
    let message = message(&event("غلاية", "OK", "ALARM"), Language::English);
    assert!(message.text().starts_with("🚨 Alarm: \u{2068}غلاية\u{2069} · "), "{}", message.text());
    assert_eq!(message.text().matches("غلاية").count(), 1, "{}", message.text());
}

/// Only the owner of the account can write such a description.
#[test]
fn a_huge_number_in_a_description_is_no_length_of_time() {
    let data = json!({"period": 60, "recentDatapoints": [0.0], "threshold": 0.0});
    for (before, now) in [("OK", "ALARM"), ("ALARM", "OK")] {
        let messages = |minutes: &str| {
            let described = json!(format!("No order for {minutes} minutes"));
            let event = own("no-orders", before, now, &data);
            messages(&with(event, "/alarmData/configuration/description", described))
        };
        for minutes in ["9223372036854775807", "-9223372036854775808", "153722867280912931", "-5"] {
            assert_eq!(messages(minutes), messages("some"), "{minutes}");
        }
        assert_eq!(messages("90") != messages("some"), now == "ALARM");
    }
}

#[test]
fn a_composite_alarm() {
    let rule = json!({"alarmRule": "ALARM(tea-kettle) OR ALARM(tea-pots)"});
    let event = with(event("tea-house", "OK", "ALARM"), "/alarmData/configuration", rule);
    let reason =
        "arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:tea-pots transitioned to ALARM";
    let event = with(event, "/alarmData/state/reason", json!(reason));
    insta::assert_snapshot!(messages(&measured(event, &json!({"triggeringAlarms": []}))));
}

#[test]
fn too_little_data() {
    let event = event("tea-kettle", "OK", "INSUFFICIENT_DATA");
    let reason = "Insufficient Data: 5 datapoints were unknown.";
    let event = with(event, "/alarmData/state/reason", json!(reason));
    insta::assert_snapshot!(messages(&measured(
        event,
        &json!({"recentDatapoints": [], "threshold": 5.0})
    )));
}

#[test]
fn an_alarm_of_which_only_the_arn_is_known() {
    insta::assert_snapshot!(messages(&json!({"alarmArn": "tea-kettle"})));
}

#[test]
fn every_state_has_its_headline() {
    let recovered_at_once = with(
        event("tea-kettle", "ALARM", "OK"),
        "/alarmData/previousState/timestamp",
        json!("in the morning"),
    );
    insta::assert_snapshot!(headlines(&[
        event("tea-kettle", "OK", "ALARM"),
        event("tea-kettle", "ALARM", "OK"),
        recovered_at_once,
        event("tea-kettle", "INSUFFICIENT_DATA", "OK"),
        event("tea-kettle", "ALARM", "INSUFFICIENT_DATA"),
        event("tea-kettle", "OK", "WARMING_UP"),
        event("tea-kettle", "OK", ""),
    ]));
}

/// As the template describes it: no other part of the event says how long no order came.
fn no_orders(event: Value) -> Value {
    let template = include_str!("../../../template.yaml");
    let described = template.lines().find(|line| line.contains("${NoOrdersMinutes} minutes"));
    let described = described.unwrap().trim().replace("${NoOrdersMinutes}", "30");
    with(event, "/alarmData/configuration/description", json!(described))
}

fn own(end: &str, before: &str, now: &str, data: &Value) -> Value {
    measured(event(&format!("order-alerts-{end}"), before, now), data)
}

#[test]
fn an_alarm_for_no_orders() {
    let data = json!({"period": 60, "recentDatapoints": [0.5, 0.0, 0.0], "threshold": 0.0});
    let event = own("no-orders", "OK", "ALARM", &data);
    insta::assert_snapshot!(messages(&no_orders(event)));
}

#[test]
fn an_alarm_for_cancellations() {
    let values = [0.0, 0.0, 4.2, 5.0, 12.5, 33.333_333_333_333_336];
    let data = json!({"period": 900, "recentDatapoints": values, "threshold": 20.0});
    insta::assert_snapshot!(messages(&own("cancellations", "OK", "ALARM", &data)));
}

#[test]
fn an_alarm_for_rejected_webhooks() {
    let data = json!({"period": 300, "recentDatapoints": [0.0, 14.0], "threshold": 10.0});
    insta::assert_snapshot!(messages(&own("rejected-webhooks", "OK", "ALARM", &data)));
}

#[test]
fn an_alarm_for_too_many_requests() {
    let data = json!({"period": 60, "recentDatapoints": [250.0], "threshold": 1.0});
    insta::assert_snapshot!(messages(&own("too-many-requests", "OK", "ALARM", &data)));
}

#[test]
fn an_alarm_for_a_refusing_slack() {
    let data = json!({"period": 300, "recentDatapoints": [1.0], "threshold": 1.0});
    insta::assert_snapshot!(messages(&own("slack-refuses", "OK", "ALARM", &data)));
}

#[test]
fn an_alarm_for_the_age_of_the_queue() {
    let data =
        json!({"period": 60, "recentDatapoints": [600.0, 900.0, 1510.0], "threshold": 1200.0});
    insta::assert_snapshot!(messages(&own("queue-age", "OK", "ALARM", &data)));
}

#[test]
fn an_alarm_for_dead_letters() {
    let data = json!({"period": 60, "recentDatapoints": [3.0], "threshold": 0.0});
    insta::assert_snapshot!(messages(&own("dead-letters", "OK", "ALARM", &data)));
}

#[test]
fn an_alarm_for_the_ledger() {
    let data = json!({"period": 60, "recentDatapoints": [2.0, 5.0], "threshold": 1.0});
    insta::assert_snapshot!(messages(&own("ledger", "OK", "ALARM", &data)));
}

#[test]
fn an_alarm_for_errors() {
    let data = json!({"period": 60, "recentDatapoints": [1.0, 2.0], "threshold": 0.0});
    insta::assert_snapshot!(messages(&own("errors", "OK", "ALARM", &data)));
}

#[test]
fn an_alarm_for_throttles() {
    let data = json!({"period": 60, "recentDatapoints": [7.0, 7.0], "threshold": 0.0});
    insta::assert_snapshot!(messages(&own("throttles", "OK", "ALARM", &data)));
}

#[test]
fn an_alarm_for_unreadable_rules() {
    let data = json!({"period": 300, "recentDatapoints": [2.0], "threshold": 1.0});
    insta::assert_snapshot!(messages(&own("unreadable-rules", "OK", "ALARM", &data)));
}

#[test]
fn orders_come_in_again() {
    let data = json!({"period": 60, "recentDatapoints": [0.0, 0.0, 3.0], "threshold": 0.0});
    insta::assert_snapshot!(messages(&no_orders(own("no-orders", "ALARM", "OK", &data))));
}

#[test]
fn the_end_of_the_day_is_no_order() {
    let data = json!({"period": 60, "recentDatapoints": [0.0, 0.5], "threshold": 0.0});
    let closed = no_orders(own("no-orders", "ALARM", "OK", &data));
    assert_eq!(
        headlines(&[closed]),
        "✅ Alarm over after 2 h 5 min: the shop is closed now\n\
         ✅ 2시간 5분 만에 경보 해제: 영업 종료"
    );
}

#[test]
fn every_alarm_of_the_stack_has_its_headlines() {
    let ends = [
        "no-orders",
        "cancellations",
        "rejected-webhooks",
        "too-many-requests",
        "slack-refuses",
        "queue-age",
        "dead-letters",
        "ledger",
        "errors",
        "throttles",
        "unreadable-rules",
    ];
    let known = json!({"period": 900, "recentDatapoints": [90_061.0]});
    let changes = [
        ("OK", "ALARM", &known),
        ("OK", "ALARM", &json!({"period": 0})),
        ("ALARM", "OK", &known),
        ("INSUFFICIENT_DATA", "OK", &known),
        ("OK", "INSUFFICIENT_DATA", &known),
    ];
    let events = ends.iter().flat_map(|end| {
        changes.map(|(before, now, data)| with_configuration(own(end, before, now, data)))
    });
    insta::assert_snapshot!(headlines(&events.collect::<Vec<_>>()));
}

/// Without a period of its own.
fn with_configuration(event: Value) -> Value {
    with(event, "/alarmData/configuration", json!({}))
}

#[test]
fn remarks_stand_in_the_footer_and_in_the_text() {
    let remarks = Remarks { repeat: true, ..Remarks::default() };
    let message = about(&parsed(&event("tea", "OK", "ALARM")), Language::English, remarks);
    assert!(message.text().ends_with(" · This may be a repeat"), "{}", message.text());
    let footer = message.blocks().last().unwrap().text();
    assert!(footer.starts_with("This may be a repeat · Since: <!date^1767233110^"), "{footer}");
}

#[test]
fn no_data_becomes_a_mention_a_link_or_a_line() {
    let nasty =
        "<!channel> <@U012AB3CD> <https://evil.example|Open> *a* `b`\r\n🚨 Alarm: forged\u{202E}&";
    let long = nasty.repeat(100);
    let many: Vec<_> =
        (0..5_000).map(|n| if n % 3 == 0 { json!("NaN") } else { json!(n) }).collect();
    for text in [nasty, &long, &format!("{nasty}-no-orders")] {
        let mut event = event(text, text, text);
        for place in ["/accountId", "/region", "/alarmData/state/reason"] {
            event = with(event, place, json!(text));
        }
        event = with(event, "/alarmData/configuration/description", json!(text));
        event = with(event, "/alarmData/configuration/alarmRule", json!(text));
        event =
            measured(event, &json!({"recentDatapoints": many, "threshold": text, "period": text}));
        for language in LANGUAGES {
            let message = message(&event, language);
            assert!(message.is_whole());
            assert!(
                !message.text().contains(['<', '>', '\n', '\r', '\u{202E}']),
                "{}",
                message.text()
            );
            let (footer, blocks) = message.blocks().split_last().unwrap();
            assert!(blocks.iter().all(|block| !block.text().contains(['<', '>', '\r'])));
            let lines = blocks.iter().flat_map(|block| block.text().lines());
            assert!(lines.skip(1).all(|line| !line.starts_with('🚨')));
            let markup: Vec<_> = footer.text().matches('<').collect();
            assert!(
                markup.len() <= 2 && !footer.text().contains("<https://evil"),
                "{}",
                footer.text()
            );
        }
    }
}

#[test]
fn the_numbers_of_the_account_are_not_shown() {
    for language in LANGUAGES {
        let message = message(&event("tea", "OK", "ALARM"), language);
        let wire = serde_json::to_string(&message).unwrap();
        assert!(!wire.contains("123456789012"), "{wire}");
    }
}

#[test]
fn a_length_of_time_has_two_units() {
    let headlines_after = |seconds: i64| {
        let place = "/alarmData/previousState/timestamp";
        let began = jiff::Timestamp::from_second(1_767_233_110 - seconds).unwrap().to_string();
        let ended = event("tea", "ALARM", "OK");
        let ended = with(ended, "/alarmData/state/timestamp", json!("2026-01-01T02:05:10Z"));
        headlines(&[with(ended, place, json!(began))]).replace('\n', " | ")
    };
    assert_eq!(headlines_after(45), "✅ Alarm over after 45 s: tea | ✅ 45초 만에 경보 해제: tea");
    assert_eq!(headlines_after(60), "✅ Alarm over after 1 min: tea | ✅ 1분 만에 경보 해제: tea");
    assert_eq!(
        headlines_after(95),
        "✅ Alarm over after 1 min 35 s: tea | ✅ 1분 35초 만에 경보 해제: tea"
    );
    assert_eq!(
        headlines_after(7_510),
        "✅ Alarm over after 2 h 5 min: tea | ✅ 2시간 5분 만에 경보 해제: tea"
    );
    assert_eq!(
        headlines_after(7_210),
        "✅ Alarm over after 2 h: tea | ✅ 2시간 만에 경보 해제: tea"
    );
    assert_eq!(
        headlines_after(90_100),
        "✅ Alarm over after 1 d 1 h: tea | ✅ 1일 1시간 만에 경보 해제: tea"
    );
    assert_eq!(headlines_after(0), "✅ Alarm over: tea | ✅ 경보 해제: tea");
}
