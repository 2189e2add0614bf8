use order_alerts::alarm::Alarm;
use order_alerts::config::Language;
use order_alerts::message::{Remarks, alarm};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::doors::messages::{TIMES, slack_accepts};
use crate::{check, text};

/// Any value, as deep as an alarm's event is and deeper.
fn value() -> impl Strategy<Value = Value> {
    let number =
        prop_oneof![any::<f64>().prop_map(Value::from), any::<i64>().prop_map(Value::from)];
    let time = "2026-0[1-9]-[0-3][0-9]T00:00:00.000[+-]0[0-9]00".prop_map(Value::from);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number,
        time,
        prop_oneof![Just("OK"), Just("ALARM"), Just("INSUFFICIENT_DATA")].prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 64, 8, |inner| {
        let key = prop_oneof![
            Just("value".to_owned()),
            Just("timestamp".to_owned()),
            Just("recentDatapoints".to_owned()),
            text(),
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..8).prop_map(|members| json!(members)),
        ]
    })
}

/// What may stand in the event of an alarm, each place with any value.
fn event() -> impl Strategy<Value = Value> {
    let own = vec!["-no-orders", "-cancellations", "-queue-age", "-errors", ""];
    let name = (text(), proptest::sample::select(own));
    let name = name.prop_map(|(start, end)| format!("{start}{end}"));
    let arn = "arn:aws(-cn)?:cloudwatch:[a-z-]{1,9}:[0-9]{12}:alarm:[a<>|/#% 가]{0,300}";
    let values = [(); 7].map(|()| value());
    (prop_oneof![Just(String::from("x")), arn], name, values).prop_map(|(arn, name, values)| {
        let [time, state, before, data, metric, configuration, contributor] = values;
        let state = match state {
            Value::Object(mut state) => {
                state.insert("reasonData".to_owned(), json!(data.to_string()));
                Value::Object(state)
            }
            state => json!({"value": state, "reason": name, "reasonData": data, "timestamp": time}),
        };
        let configuration = match configuration {
            Value::Object(configuration) => Value::Object(configuration),
            text => json!({"description": text, "metrics": [metric], "alarmRule": before}),
        };
        json!({
            "alarmArn": arn, "time": time, "region": before, "alarmData": {
                "alarmName": name, "state": state, "previousState": before,
                "configuration": configuration,
                "alarmContributor": {"id": data, "attributes": contributor},
            },
        })
    })
}

#[test]
fn every_alarm_becomes_a_message_that_slack_accepts() {
    check((event(), any::<bool>(), any::<bool>()), |(event, korean, repeat)| {
        let language = if korean { Language::Korean } else { Language::English };
        let parsed = Alarm::parse(&event.to_string()).unwrap();
        let stored = serde_json::to_string(&parsed).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Alarm>(&stored).unwrap(), &parsed);

        let message = alarm::about(&parsed, language, Remarks { repeat, ..Remarks::default() });
        slack_accepts(&message, &[&TIMES[..1], &["<https://"]].concat());
        for link in message.blocks().iter().filter_map(|block| block.text().split_once("<https://"))
        {
            let host = link.1.split('/').next().unwrap_or_default();
            let console = [".console.aws.amazon.com", ".console.amazonaws.cn"];
            prop_assert!(console.iter().any(|end| host.ends_with(end)), "{host}");
        }
        Ok(())
    });
}

#[test]
fn no_text_makes_the_alarm_parser_panic() {
    check(text(), |event| {
        let _ = Alarm::parse(&event);
        let _ = Alarm::parse(&format!(r#"{{"alarmArn":"a","alarmData":{event}}}"#));
        Ok(())
    });
}
