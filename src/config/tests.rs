use jiff::tz::TimeZone;

use super::*;
use crate::message::tests::event;
use crate::rules::Line;
use crate::summary::schedule::Hour;

fn config(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let required = [("SECRET_ID", "order-alerts"), ("DELIVERY", "direct")];
    Config::from_env(|name| {
        let all = variables.iter().chain(&required);
        let mut values = all.filter(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        values.next()
    })
}

#[track_caller]
fn refusal(name: &str, value: &str) -> String {
    config(&[(name, value)]).unwrap_err().to_string()
}

#[test]
fn the_defaults_are_quiet_and_private() {
    let defaults = Config {
        secret_id: "order-alerts".to_owned(),
        delivery: Delivery::Direct,
        ledger_table: None,
        digest_windows: DigestWindows::of_seconds(60).unwrap(),
        show: Show { cancelled: Mode::Immediate, created: Mode::Digest, modified: Mode::Digest },
        language: Language::English,
        customer: Customer::Hidden,
        mention: None,
        rules: Rules::default(),
        expectations: Expectations::none(),
        unreadable_expectations: Vec::new(),
        summary: None,
        expect_table: None,
        unreadable_rules: Vec::new(),
        public_url: None,
        slack_origin: None,
        log_level: LevelFilter::INFO,
        function_name: None,
        unreadable: Vec::new(),
    };
    assert_eq!(config(&[]), Ok(defaults.clone()));
    let empty = [("LANGUAGE", " "), ("MENTION", ""), ("MENTION_ABOVE", ""), ("PUBLIC_URL", "")];
    assert_eq!(config(&empty), Ok(defaults));
}

#[test]
fn every_setting_is_read() {
    let config = config(&[
        ("SHOW_CANCELLED", "digest"),
        ("SHOW_CREATED", "each"),
        ("SHOW_MODIFIED", "off"),
        ("DIGEST_SECONDS", "900"),
        ("LANGUAGE", "ko"),
        ("CUSTOMER", "initials"),
        ("MENTION", "group:S012AB3CD"),
        ("MENTION_ABOVE", "KRW 500000"),
        ("PUBLIC_URL", "https://api.example.com/webhook/square"),
        ("SLACK_ORIGIN", "http://127.0.0.1:9100"),
    ])
    .unwrap();
    assert_eq!(config.show.mode(Kind::Cancelled), Mode::Digest);
    assert_eq!(config.show.mode(Kind::Created), Mode::Immediate);
    assert_eq!(config.show.mode(Kind::Modified), Mode::Off);
    assert_eq!(Some(config.digest_windows), DigestWindows::of_seconds(900));
    assert_eq!(config.language, Language::Korean);
    assert_eq!(config.customer, Customer::Initials);
    let rule = config.mention.unwrap();
    assert_eq!(rule.mention, Mention::Group("S012AB3CD".to_owned()));
    assert_eq!(rule.above.unwrap().to_string(), "KRW 500,000");
    assert_eq!(config.public_url.unwrap(), "https://api.example.com/webhook/square");
    assert_eq!(config.slack_origin.unwrap().as_str(), "http://127.0.0.1:9100/");
    assert_eq!(config.unreadable, []);
}

#[test]
fn a_missing_variable_is_named() {
    assert_eq!(refusal("SECRET_ID", ""), "SECRET_ID is not set");
    let no_queue = "QUEUE_URL is not set, and it is needed unless DELIVERY is `direct`";
    assert_eq!(refusal("DELIVERY", ""), no_queue);
    assert_eq!(refusal("DELIVERY", "queue"), no_queue);
    assert_eq!(refusal("DELIVERY", "pigeon"), no_queue);
}

#[test]
fn a_queue_comes_with_its_dead_letters() {
    let queue = ("QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/orders");
    let dead = ("DEAD_LETTER_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/dead");
    let ledger = ("LEDGER_TABLE", "ledger");
    let queued = config(&[("DELIVERY", ""), queue, dead, ledger]).unwrap();
    let delivery = Delivery::Queue {
        url: QueueUrl::parse(queue.1).unwrap(),
        dead_letters: QueueUrl::parse(dead.1).unwrap(),
    };
    assert_eq!((queued.delivery, queued.ledger_table.as_deref()), (delivery, Some("ledger")));
    let error = config(&[("DELIVERY", "queue"), queue]).unwrap_err().to_string();
    let expected = "DEAD_LETTER_QUEUE_URL is not set, and it is needed unless DELIVERY is `direct`";
    assert_eq!(error, expected);
    for other in ["orders", "https://sqs.us-east-1.amazonaws.com/123456789012/orders.fifo"] {
        let error = config(&[("DELIVERY", "queue"), ("QUEUE_URL", other)]).unwrap_err();
        let expected = "QUEUE_URL must be the URL of an SQS queue that is no FIFO queue";
        assert_eq!(error.to_string(), expected, "{other}");
    }
}

/// What is said of a setting that is left out; all others must be as if it were not set.
#[track_caller]
fn left_out(name: &str, value: &str) -> String {
    let config = config(&[(name, value)]).unwrap();
    let [setting] = config.unreadable[..] else { panic!("{name}={value}: {config:?}") };
    let unreadable = config.unreadable.clone();
    assert_eq!(config, Config { unreadable, ..self::config(&[]).unwrap() });
    format!("{setting}; instead: {}", setting.instead)
}

#[test]
fn an_unreadable_value_is_left_out_and_says_what_is_right_and_what_is_used() {
    let mode = "must be `each`, `digest` or `off`; instead:";
    for (name, default) in
        [("SHOW_CANCELLED", "each"), ("SHOW_CREATED", "digest"), ("SHOW_MODIFIED", "digest")]
    {
        assert_eq!(left_out(name, "Off"), format!("{name} {mode} {default}"));
    }
    assert_eq!(left_out("LANGUAGE", "de"), "LANGUAGE must be `en` or `ko`; instead: en");
    let customer = "CUSTOMER must be `hidden`, `initials` or `full`; instead: hidden";
    assert_eq!(left_out("CUSTOMER", "all"), customer);
    for value in ["0", "901", "1.5", "-1", "a minute"] {
        let expected = "DIGEST_SECONDS must be a whole number from 1 to 900; instead: 60";
        assert_eq!(left_out("DIGEST_SECONDS", value), expected);
    }
    for value in ["@here", "user:", "user:u1", "user:U1>", "group:", "group:s1", "team:U1"] {
        let text = left_out("MENTION", value);
        assert!(text.starts_with("MENTION must be `here`"), "{value}: {text}");
        assert!(text.ends_with("instead: no mention"), "{value}: {text}");
    }
    for value in ["http://example.com", "example.com", "https://:443/webhook", "https://[a"] {
        let text = left_out("PUBLIC_URL", value);
        let expected = "PUBLIC_URL must be an https:// address; instead: no URL";
        assert!(text.starts_with(expected), "{value}: {text}");
    }
    for value in ["127.0.0.1:9100", "http://a/b", "http://u@a", "ftp://a", "http://a?b"] {
        let text = left_out("SLACK_ORIGIN", value);
        assert!(text.starts_with("SLACK_ORIGIN must be an origin"), "{value}: {text}");
    }
}

#[test]
fn a_delivery_that_is_unreadable_is_by_the_queue() {
    let url = "https://sqs.us-east-1.amazonaws.com/123456789012/orders";
    let config =
        config(&[("DELIVERY", "pigeon"), ("QUEUE_URL", url), ("DEAD_LETTER_QUEUE_URL", url)]);
    let config = config.unwrap();
    assert!(matches!(config.delivery, Delivery::Queue { .. }), "{config:?}");
    let said: Vec<_> = config.unreadable.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["DELIVERY must be `queue` or `direct`"]);
}

#[test]
fn an_unreadable_amount_never_means_that_every_cancellation_is_mentioned() {
    let letters = || ('A'..='Z').map(String::from);
    let pairs = letters().flat_map(|a| letters().map(move |b| a.clone() + &b));
    let codes = pairs.flat_map(|pair| letters().map(move |c| pair.clone() + &c));
    let mut known = Vec::new();
    for code in codes {
        let text = format!("{code} 500");
        let config = config(&[("MENTION", "here"), ("MENTION_ABOVE", &text)]).unwrap();
        if let Some(rule) = config.mention {
            assert_eq!(rule.above.unwrap().currency(), Some(code.as_str()));
            assert_eq!(config.unreadable, [], "{code}");
            known.push(code);
        } else {
            let [UnreadableSetting { name, instead, .. }] = config.unreadable[..] else {
                panic!("{code}: {:?}", config.unreadable)
            };
            assert_eq!((name, instead), ("MENTION_ABOVE", "no mention"), "{code}");
        }
    }
    assert!((150..200).contains(&known.len()), "ISO 4217 has some 160 codes: {known:?}");
    let is_known = |code: &str| known.iter().any(|known| known == code);
    assert!(["KRW", "USD", "EUR"].into_iter().all(is_known), "{known:?}");
    assert!(!["RMB", "YEN", "NIS", "XAU"].into_iter().any(is_known), "{known:?}");
}

#[test]
fn an_amount_is_read_with_or_without_a_blank() {
    for text in ["KRW 500000", "KRW:500000", "KRW500000", "500000 KRW"] {
        let config = config(&[("MENTION", "here"), ("MENTION_ABOVE", text)]).unwrap();
        let above = config.mention.unwrap().above.unwrap();
        assert_eq!((above.to_string(), config.unreadable), ("KRW 500,000".to_owned(), vec![]));
    }
}

#[test]
fn an_amount_of_any_length_is_read_or_mentions_no_one() {
    for digits in [1, 28, 29, 30, 400] {
        for amount in ["9".repeat(digits), format!("0.{}", "1".repeat(digits))] {
            let text = format!("USD {amount}");
            let config = config(&[("MENTION", "here"), ("MENTION_ABOVE", &text)]).unwrap();
            let is_read = config.mention.is_some_and(|rule| rule.above.is_some());
            assert_eq!(is_read, config.unreadable.is_empty(), "{text}");
            assert_eq!(is_read, digits <= 28, "{text}");
        }
    }
}

#[test]
fn an_amount_without_a_mention_has_no_effect() {
    let expected = "MENTION_ABOVE must be empty while MENTION is not set; instead: no mention";
    assert_eq!(left_out("MENTION_ABOVE", "KRW 1"), expected);
    for value in ["500000", "KRW lots", "XXX1 5"] {
        assert!(left_out("MENTION_ABOVE", value).contains("`KRW:500000`"), "{value}");
    }
    let both = config(&[("MENTION", "@here"), ("MENTION_ABOVE", "RMB 5")]).unwrap();
    let names: Vec<_> = both.unreadable.iter().map(|setting| setting.name).collect();
    assert_eq!((both.mention, names), (None, vec!["MENTION", "MENTION_ABOVE"]));
    let unclear = config(&[("MENTION", "@here"), ("MENTION_ABOVE", "KRW 5")]).unwrap();
    let names: Vec<_> = unclear.unreadable.iter().map(|setting| setting.name).collect();
    assert_eq!((unclear.mention, names), (None, vec!["MENTION"]));
}

const SIMPLE: [(&str, &str); 3] =
    [("SHOW_CANCELLED", "each"), ("MENTION", "here"), ("MENTION_ABOVE", "KRW 500000")];

#[test]
fn without_rules_the_simple_settings_decide() {
    let config = config(&SIMPLE).unwrap();
    let decided = |event: &OrderEvent| {
        let Decision { mode, mention, channel, by } = config.decide(event);
        assert_eq!((channel, by), (None, By::default()));
        (mode, mention.cloned())
    };
    let lost = event();
    assert_eq!(decided(&lost), (Mode::Immediate, Some(Mention::Here)));
    let changed = OrderEvent { kind: Kind::Modified, ..event() };
    assert_eq!(decided(&changed), (Mode::Digest, None));
    let unpaid = OrderEvent { change: Some(Change::Unpaid), ..event() };
    let small = OrderEvent { total: "KRW 499999".parse().ok(), ..event() };
    let unknown = OrderEvent { total: None, ..event() };
    let test = OrderEvent { is_test: true, ..event() };
    for quiet in [unpaid, small, unknown, test] {
        assert_eq!(decided(&quiet), (Mode::Immediate, None), "{quiet:?}");
    }
}

#[test]
fn rules_come_before_the_simple_settings_part_by_part() {
    let rules =
        "paid -> to kitchen\ncancelled -> mention nobody\nrefunded -> off\ncreated -> to orders";
    let config = config(&[SIMPLE[0], SIMPLE[1], ("RULES", rules)]).unwrap();
    let kitchen = ChannelName::parse("kitchen").unwrap();
    let paid = OrderEvent { kind: Kind::Modified, change: Some(Change::Paid), ..event() };
    let expected = Decision {
        mode: Mode::Digest,
        mention: None,
        channel: Some(&kitchen),
        by: By { channel: Some(1), ..By::default() },
    };
    assert_eq!(config.decide(&paid), expected);
    let by = By { mention: Some(2), ..By::default() };
    let expected = Decision { mode: Mode::Immediate, mention: None, channel: None, by };
    assert_eq!(config.decide(&event()), expected);
    let refunded = OrderEvent { change: Some(Change::Refunded), ..paid };
    let by = By { mode: Some(3), ..By::default() };
    let expected = Decision { mode: Mode::Off, mention: None, channel: None, by };
    assert_eq!(config.decide(&refunded), expected);
    let created = OrderEvent { kind: Kind::Created, ..event() };
    let by = By { channel: Some(4), ..By::default() };
    let expected = Decision { mode: Mode::Digest, mention: None, channel: None, by };
    assert_eq!(config.decide(&created), expected);
}

#[test]
fn an_unreadable_rule_leaves_the_others_and_keeps_its_number() {
    let config = config(&[("RULES", "\n\npaid -> each\nrefund -> off\n")]).unwrap();
    assert_eq!(config.rules.lines().map(Line::number).collect::<Vec<_>>(), [3]);
    let unreadable: Vec<_> =
        config.unreadable_rules.iter().map(|rule| (rule.line, rule.word.as_str())).collect();
    assert_eq!((unreadable, config.unreadable), (vec![(4, "refund")], vec![]));
}

#[test]
fn the_log_has_one_of_five_levels() {
    for (text, level) in [
        ("ERROR", LevelFilter::ERROR),
        ("WARN", LevelFilter::WARN),
        ("INFO", LevelFilter::INFO),
        ("DEBUG", LevelFilter::DEBUG),
        ("TRACE", LevelFilter::TRACE),
    ] {
        assert_eq!(config(&[("LOG_LEVEL", text)]).unwrap().log_level, level);
    }
    let config = config(&[("LOG_LEVEL", "verbose")]).unwrap();
    assert_eq!(config.log_level, LevelFilter::INFO);
    let setting = config.unreadable[0].to_string();
    assert_eq!(setting, "LOG_LEVEL must be `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`");
}

#[test]
fn a_summary_has_an_hour_and_a_time_zone() {
    let queue = "https://sqs.eu-west-1.amazonaws.com/111122223333/queue";
    let with = |settings: &[(&str, &str)]| {
        let needed = [
            ("DELIVERY", "queue"),
            ("QUEUE_URL", queue),
            ("DEAD_LETTER_QUEUE_URL", queue),
            ("EXPECT_TABLE", "table"),
        ];
        config(&[settings, &needed[..]].concat()).unwrap()
    };
    let schedule = |zone: &str| Schedule::new(Hour::new(7).unwrap(), TimeZone::get(zone).unwrap());
    let of = |hour, zone| with(&[("SUMMARY_HOUR", hour), ("SUMMARY_TIME_ZONE", zone)]);
    assert_eq!(of("7", "Asia/Seoul").summary, Some(schedule("Asia/Seoul")));
    assert_eq!(of("07", "").summary, Some(schedule("UTC")));
    assert_eq!(of("", "Asia/Seoul").summary, None);
    let unreadable = of("24", "Seoul");
    assert_eq!(unreadable.summary, None);
    let names: Vec<_> = unreadable.unreadable.iter().map(|setting| setting.name).collect();
    assert_eq!(names, ["SUMMARY_TIME_ZONE", "SUMMARY_HOUR"]);
    let no_table = with(&[("SUMMARY_HOUR", "7"), ("EXPECT_TABLE", "")]);
    assert_eq!((no_table.summary, no_table.unreadable.len()), (None, 1));
}
