use serde_json::{Value, json};

use super::*;

const ARN: &str = "arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:";

/// The event of the alarm `name`, which went from `before` to `now` two hours and five minutes later.
pub(crate) fn event(name: &str, before: &str, now: &str) -> Value {
    let measured = json!({
        "version": "1.0", "queryDate": "2026-01-01T02:05:10.498+0000", "statistic": "Sum",
        "startDate": "2026-01-01T01:45:00.000+0000", "period": 300, "threshold": 20.0,
        "recentDatapoints": [4.0, 12.0, 25.5], "evaluatedDatapoints": [],
    });
    json!({
        "source": "aws.cloudwatch",
        "alarmArn": format!("{ARN}{name}"),
        "accountId": "123456789012",
        "time": "2026-01-01T02:05:10.512+0000",
        "region": "ap-northeast-2",
        "alarmData": {
            "alarmName": name,
            "state": {
                "value": now,
                "reason": "Threshold Crossed: 1 datapoint [25.5] was greater than the threshold (20.0).",
                "reasonData": measured.to_string(),
                "timestamp": "2026-01-01T02:05:10.500+0000",
            },
            "previousState": {
                "value": before,
                "reason": "Unchecked: Initial alarm creation",
                "timestamp": "2026-01-01T00:00:00.250+0000",
            },
            "configuration": {
                "description": "Tea water is too hot",
                "metrics": [{
                    "id": "m1",
                    "metricStat": {
                        "metric": {
                            "namespace": "Tea House", "name": "Temperature",
                            "dimensions": {"Kettle": "2"},
                        },
                        "period": 60, "stat": "Maximum", "unit": "None",
                    },
                    "returnData": true,
                }],
            },
        },
    })
}

/// The event with another value at a place.
pub(crate) fn with(mut event: Value, place: &str, value: Value) -> Value {
    let (object, key) = place.rsplit_once('/').unwrap();
    event.pointer_mut(object).unwrap()[key] = value;
    event
}

#[track_caller]
pub(crate) fn parsed(event: &Value) -> Alarm {
    Alarm::parse(&event.to_string()).unwrap()
}

fn fired() -> Value {
    event("tea-kettle", "OK", "ALARM")
}

fn line(text: &str) -> Option<OneLine> {
    OneLine::parse(text)
}

fn datapoints(values: &[&str]) -> Vec<Option<Datapoint>> {
    values.iter().map(|value| Datapoint::parse(value)).collect()
}

#[test]
fn a_metric_alarm_is_read_whole() {
    let alarm = Alarm {
        arn: line(&format!("{ARN}tea-kettle")).unwrap(),
        account: line("123456789012"),
        region: line("ap-northeast-2"),
        name: line("tea-kettle").unwrap(),
        description: line("Tea water is too hot"),
        monitored: Monitored::Metric(line("Tea House Temperature")),
        state: State::Alarm,
        since: "2026-01-01T02:05:10.5Z".parse().ok(),
        previous: Some(PreviousState {
            state: State::Ok,
            since: "2026-01-01T00:00:00.25Z".parse().ok(),
        }),
        reason: line(
            "Threshold Crossed: 1 datapoint [25.5] was greater than the threshold (20.0).",
        ),
        threshold: Datapoint::parse("20"),
        recent: datapoints(&["4", "12", "25.5"]),
        period: Some(300),
        link: "https://ap-northeast-2.console.aws.amazon.com/cloudwatch/home\
               ?region=ap-northeast-2#alarmsV2:alarm/tea-kettle"
            .parse()
            .ok(),
        contributor: None,
    };
    assert_eq!(parsed(&fired()), alarm);
}

/// The event for one time series of an alarm that monitors many, as AWS documents it.
pub(crate) fn contributed(contributor: Value) -> Value {
    let mut event = with(fired(), "/alarmData/alarmContributor", contributor);
    let data = event["alarmData"].as_object_mut().unwrap();
    data.remove("previousState");
    data["state"].as_object_mut().unwrap().remove("reasonData");
    event
}

#[test]
fn each_contributor_of_an_alarm_has_its_own_key_and_attributes() {
    let table = |id, name| json!({"id": id, "attributes": {"TableName": name, "Index": 2}});
    let alarm = parsed(&contributed(table("6d44", "orders")));
    let contributor = alarm.contributor.clone().unwrap();
    assert_eq!(contributor.id.as_str(), "6d44");
    assert_eq!(contributor.attributes, line("Index: 2, TableName: orders"));
    let key = |contributor| parsed(&contributed(contributor)).key().unwrap().join("#");
    let whole = format!("{ARN}tea-kettle#tea-kettle#ALARM#2026-01-01T02:05:10.5Z");
    assert_eq!(key(table("6d44", "orders")), format!("{whole}#6d44"));
    assert_ne!(key(table("6d44", "orders")), key(table("6d45", "orders")));
    let nameless = |name: &str| json!({"attributes": {"TableName": name}});
    assert_ne!(key(nameless("orders")), key(nameless("teas")));
    assert_eq!(key(json!({"id": 7})), format!("{whole}#7"));
    for none in
        [json!(null), json!({}), json!("x"), json!({"id": "", "attributes": []}), json!([1])]
    {
        assert_eq!(key(none.clone()), whole, "{none}");
    }
    let stored = serde_json::to_string(&alarm).unwrap();
    assert_eq!(serde_json::from_str::<Alarm>(&stored).unwrap(), alarm, "{stored}");
}

#[test]
fn an_alarm_without_its_usual_parts_is_an_alarm() {
    for data in [json!(null), json!(""), json!("{}"), json!({}), json!("[]"), json!("null")] {
        let alarm = parsed(&with(fired(), "/alarmData/state/reasonData", data));
        assert_eq!((alarm.last(), alarm.threshold, alarm.period), (None, None, Some(60)));
        assert!(alarm.reason.is_some() && alarm.key().is_some());
    }
    let mut event = fired();
    let data = event["alarmData"].as_object_mut().unwrap();
    data.remove("previousState");
    data["state"].as_object_mut().unwrap().remove("reasonData");
    data["state"].as_object_mut().unwrap().remove("timestamp");
    let alarm = parsed(&event);
    assert_eq!(
        (alarm.previous.is_some(), alarm.lasted(), alarm.has_recovered()),
        (false, None, false)
    );
    assert_eq!(alarm.since, "2026-01-01T02:05:10.512Z".parse().ok());
    assert!(alarm.should_notify());
}

#[test]
fn metric_math_is_shown_by_the_expression_that_is_monitored() {
    let stat =
        json!({"metric": {"namespace": "N", "name": "Orders"}, "period": 900, "stat": "Sum"});
    let mut rate = json!({
        "id": "rate", "expression": "100 * c / o", "label": "Rate", "period": 60, "returnData": true,
    });
    let alarm = |rate: &Value| {
        let metrics = json!([{"id": "o", "metricStat": stat, "returnData": false}, rate]);
        let event = with(fired(), "/alarmData/configuration/metrics", metrics);
        parsed(&with(event, "/alarmData/state/reasonData", json!("{}")))
    };
    assert_eq!(alarm(&rate).monitored, Monitored::Math(line("Rate")));
    assert_eq!(alarm(&rate).period, Some(60));
    let sparse = rate.as_object_mut().unwrap();
    sparse.remove("label");
    sparse.remove("period");
    assert_eq!(alarm(&rate).monitored, Monitored::Math(line("100 * c / o")));
    assert_eq!(alarm(&rate).period, Some(900));
}

#[test]
fn a_composite_alarm_has_a_rule_and_no_values() {
    let rule = format!("ALARM(\"{ARN}tea-kettle\") OR ALARM(tea-pot)");
    let configuration = json!({"alarmRule": rule, "actionsSuppressor": "tea-break"});
    let event = with(fired(), "/alarmData/configuration", configuration);
    let reason = format!("{ARN}tea-kettle transitioned to ALARM at Thursday 01 January, 2026");
    let event = with(event, "/alarmData/state/reason", json!(reason));
    let children = json!({"triggeringAlarms": [{"arn": format!("{ARN}tea-kettle")}]}).to_string();
    let event = with(event, "/alarmData/state/actionsSuppressedBy", json!("WaitPeriod"));
    let alarm = parsed(&with(event, "/alarmData/state/reasonData", json!(children)));
    assert_eq!(
        alarm.monitored,
        Monitored::Composite(line("ALARM(\"tea-kettle\") OR ALARM(tea-pot)").unwrap())
    );
    assert_eq!(alarm.reason, line("tea-kettle transitioned to ALARM at Thursday 01 January, 2026"));
    assert_eq!((alarm.threshold, alarm.period, alarm.last()), (None, None, None));
}

#[test]
fn every_state_is_known_by_its_name_and_others_are_kept() {
    let state = |value: Value| parsed(&with(fired(), "/alarmData/state/value", value)).state;
    for known in [State::Ok, State::Alarm, State::InsufficientData] {
        assert_eq!(state(json!(known.name())), known);
    }
    assert_eq!(state(json!("WARMING_UP")), State::Other(line("WARMING_UP")));
    assert_eq!(state(json!("alarm")), State::Other(line("alarm")));
    assert_eq!(state(json!(["ALARM"])), State::Other(None));
}

#[test]
fn an_event_of_which_only_the_arn_is_known_is_an_alarm() {
    let bare = json!({"alarmArn": format!("{ARN}tea kettle")});
    let alarm = parsed(&bare);
    assert_eq!(alarm.name.as_str(), "tea kettle");
    assert_eq!(alarm.state, State::Other(None));
    assert!(alarm.is_of("123456789012", "ap-northeast-2"));
    assert_eq!(alarm.key(), None);

    let nameless = parsed(&json!({"alarmArn": "kettle", "accountId": 12, "region": {}}));
    assert_eq!(nameless.name.as_str(), "kettle");
    assert_eq!((nameless.account, nameless.region, nameless.link), (line("12"), None, None));
}

#[test]
fn odd_fields_are_absent_and_the_others_stay() {
    let places = [
        "/alarmData",
        "/alarmData/alarmName",
        "/alarmData/configuration",
        "/alarmData/previousState",
        "/alarmData/configuration/description",
        "/alarmData/configuration/metrics",
        "/alarmData/state/reason",
        "/alarmData/state/reasonData",
        "/alarmData/state/timestamp",
        "/time",
    ];
    let deep: Value = (0..500).fold(json!(1), |inner, _| json!([inner]));
    let odd = [
        json!(null),
        json!({}),
        json!([]),
        json!([[1], {}]),
        json!(-7),
        json!(true),
        json!("[{]"),
        deep,
    ];
    for place in places {
        for value in &odd {
            let alarm = parsed(&with(fired(), place, value.clone()));
            assert_eq!(alarm.arn.as_str(), format!("{ARN}tea-kettle"), "{place} {value}");
            let is_whole = place == "/alarmData" || alarm.state == State::Alarm;
            assert!(is_whole, "{place} {value}");
        }
    }
}

#[test]
fn only_an_object_with_an_arn_is_an_alarm() {
    for text in
        ["", "null", "[]", "[{\"alarmArn\":\"a\"}]", "1", "{\"alarmArn\":\"a\"", "\"alarmArn\""]
    {
        assert_eq!(Alarm::parse(text), Err(AlarmError::Unreadable), "{text}");
    }
    for text in ["{}", r#"{"alarmArn":null}"#, r#"{"alarmArn":" \u200b"}"#, r#"{"alarmArn":["a"]}"#]
    {
        assert_eq!(Alarm::parse(text), Err(AlarmError::NoArn), "{text}");
    }
}

#[test]
fn a_time_may_be_spelled_as_cloudwatch_spells_it_or_better() {
    let since =
        |text: &str| parsed(&with(fired(), "/alarmData/state/timestamp", json!(text))).since;
    let midnight = "2026-01-01T00:00:00Z".parse().ok();
    for text in [
        "2026-01-01T00:00:00.000+0000",
        "2026-01-01T09:00:00.000+0900",
        "2026-01-01T00:00:00Z",
        "2026-01-01 00:00:00+00:00",
        "2026-01-01T00: 00: 00.000+0000",
    ] {
        assert_eq!(since(text), midnight, "{text}");
    }
    let of_the_event = "2026-01-01T02:05:10.512Z".parse().ok();
    for text in ["", "yesterday", "2026-13-01T00:00:00.000+0000", "2026-01-01T00:00:00"] {
        assert_eq!(since(text), of_the_event, "{text}");
    }
}

#[test]
fn the_last_values_may_be_many_or_none_or_have_gaps() {
    let recent = |values: Value| {
        let data =
            json!({"recentDatapoints": values, "threshold": "NaN", "period": -1}).to_string();
        let alarm = parsed(&with(fired(), "/alarmData/state/reasonData", json!(data)));
        assert_eq!((alarm.threshold, alarm.period), (None, None));
        (alarm.recent.clone(), alarm.last())
    };
    let gaps = json!([1.0, null, "2", "NaN", {}, 3e0, "inf", null]);
    let expected = datapoints(&["1", "", "2", "", "", "3", "", ""]);
    assert_eq!(recent(gaps), (expected, Datapoint::parse("3")));
    assert_eq!(recent(json!([])), (Vec::new(), None));
    assert_eq!(recent(json!([null])), (vec![None], None));
    assert_eq!(recent(json!("1,2")), (Vec::new(), None));
    let many: Vec<_> = (0..5_000).collect();
    let (kept, last) = recent(json!(many));
    assert_eq!((kept.len(), kept[0]), (20, Datapoint::parse("4980")));
    assert_eq!(last, Datapoint::parse("4999"));
}

#[test]
fn an_alarm_is_of_the_account_and_region_of_its_arn() {
    let event =
        with(with(fired(), "/accountId", json!("999999999999")), "/region", json!("us-east-1"));
    assert!(parsed(&event).is_of("123456789012", "ap-northeast-2"));
    assert!(!parsed(&event).is_of("999999999999", "us-east-1"));
    assert!(!parsed(&event).is_of("123456789012", "us-east-1"));
    let elsewhere = with(event, "/alarmArn", json!("tea-kettle"));
    assert!(parsed(&elsewhere).is_of("999999999999", "us-east-1"));
    assert!(!parsed(&json!({"alarmArn": "tea-kettle"})).is_of("", ""));
}

#[test]
fn a_key_names_one_change_of_one_alarm() {
    let key = |event: &Value| parsed(event).key().unwrap().join("#");
    let expected = format!("{ARN}tea-kettle#tea-kettle#ALARM#2026-01-01T02:05:10.5Z");
    assert_eq!(key(&fired()), expected);
    // A second delivery of the same change.
    assert_eq!(key(&with(fired(), "/alarmData/state/reason", json!("other"))), expected);
    let others = [
        event("tea-pot", "OK", "ALARM"),
        event("tea-kettle", "ALARM", "OK"),
        with(fired(), "/alarmData/state/timestamp", json!("2026-01-01T02:05:10.501+0000")),
    ];
    for other in others {
        assert_ne!(key(&other), expected);
    }
}

#[test]
fn the_stacks_own_alarms_are_known_by_the_end_of_their_name() {
    let stack_alarm = |name| parsed(&event(name, "OK", "ALARM")).stack_alarm();
    assert_eq!(stack_alarm("order-alerts-no-orders"), Some(StackAlarm::NoOrders));
    assert_eq!(stack_alarm("tea-rejected-webhooks"), Some(StackAlarm::RejectedWebhooks));
    assert_eq!(stack_alarm("tea-too-many-requests"), Some(StackAlarm::TooManyRequests));
    assert_eq!(stack_alarm("order-alerts-ledger"), Some(StackAlarm::Ledger));
    assert_eq!(stack_alarm("order-alerts-unreadable-rules"), Some(StackAlarm::UnreadableRules));
    assert_eq!(stack_alarm("no-orders"), None);
    assert_eq!(stack_alarm("order-alerts-no-orders-2"), None);
    assert_eq!(stack_alarm("order-alerts-errors "), Some(StackAlarm::Errors));
}

#[test]
fn only_an_alarm_that_was_raised_recovers() {
    let recovered = |before, now| {
        let alarm = parsed(&event("tea-kettle", before, now));
        (alarm.has_recovered(), alarm.lasted().map(|time| time.as_secs()))
    };
    assert_eq!(recovered("ALARM", "OK"), (true, Some(7_510)));
    assert_eq!(recovered("INSUFFICIENT_DATA", "OK"), (false, Some(7_510)));
    assert_eq!(recovered("ALARM", "INSUFFICIENT_DATA"), (false, Some(7_510)));
    let place = "/alarmData/previousState/timestamp";
    let later = with(event("a", "ALARM", "OK"), place, json!("2026-01-02T00:00:00.000+0000"));
    assert_eq!(parsed(&later).lasted(), None);
    let same_time = with(later, place, json!("2026-01-01T02:05:10.000+0000"));
    assert_eq!(parsed(&same_time).lasted(), None);
}

/// What a deployment wrote may wait for days in the queue or the dead-letter queue.
#[test]
fn the_stored_names_stay_as_they_are() {
    let link = "https://ap-northeast-2.console.aws.amazon.com/cloudwatch/home\
                ?region=ap-northeast-2#alarmsV2:alarm/tea-kettle";
    let stored = json!({
        "arn": format!("{ARN}tea-kettle"),
        "account": "123456789012",
        "region": "ap-northeast-2",
        "name": "tea-kettle",
        "description": "Tea water is too hot",
        "watch": {"metric": "Tea House Temperature"},
        "state": "alarm",
        "since": "2026-01-01T02:05:10.5Z",
        "before": {"state": "ok", "since": "2026-01-01T00:00:00.25Z"},
        "reason": "Threshold Crossed: 1 datapoint [25.5] was greater than the threshold (20.0).",
        "threshold": "2e1",
        "recent": ["4e0", "1.2e1", "2.55e1"],
        "period": 300,
        "link": link,
    });
    let alarm = parsed(&fired());
    assert_eq!(serde_json::to_value(&alarm).unwrap(), stored);
    assert_eq!(serde_json::from_value::<Alarm>(stored).unwrap(), alarm);
}

#[test]
fn an_alarm_comes_out_of_the_queue_as_it_went_in() {
    let data =
        json!({"recentDatapoints": [33.333_333_333_333_336, null], "threshold": 0.1}).to_string();
    let event = with(fired(), "/alarmData/state/reasonData", json!(data));
    let odd = with(event.clone(), "/alarmData/state/value", json!("새 상태"));
    for event in [event, odd, json!({"alarmArn": "a"})] {
        let alarm = parsed(&event);
        let stored = serde_json::to_string(&alarm).unwrap();
        assert_eq!(serde_json::from_str::<Alarm>(&stored).unwrap(), alarm, "{stored}");
    }
}
