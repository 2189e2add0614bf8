use serde_json::{Value, json};

use super::*;

const KEY: &str = "a key of this test only";

fn keys(json: &str, platform: &str) -> Result<usize, NoKey> {
    let secret = Secret::parse(json, None).unwrap();
    secret.signing_keys(Platform::find(platform).unwrap()).map(<[_]>::len)
}

#[test]
fn the_secret_that_the_template_makes_has_a_key_and_no_channel() {
    let text = format!(
        r#"{{"slack_webhook_url":"","signing_keys":{{}},"generic_signing_key":"{}"}}"#,
        "k".repeat(32)
    );
    let secret = Secret::parse(&text, None).unwrap();
    assert_eq!(secret.slack_url(&Channel::Orders).unwrap_err(), SlackUrlError::Empty);
    assert_eq!(keys(&text, "generic"), Ok(1));
    assert_eq!(keys(&text, "shopify"), Err(NoKey::Absent));
}

#[test]
fn a_platform_has_one_key_or_several() {
    let several = format!(r#"{{"signing_keys":{{"shopify":["{KEY}","{KEY} 2"]}}}}"#);
    assert_eq!(keys(&several, "shopify"), Ok(2));
    let one = format!(r#"{{"signing_keys":{{"shopify":"{KEY}"}}}}"#);
    assert_eq!(keys(&one, "shopify"), Ok(1));
    let both =
        format!(r#"{{"signing_keys":{{"generic":["{KEY}"]}},"generic_signing_key":"{KEY}"}}"#);
    assert_eq!(keys(&both, "generic"), Ok(2));
}

#[test]
fn stray_characters_around_a_value_do_no_harm() {
    for around in ["{}\\n", "{}\\r\\n", "\u{FEFF}{}", "\\\"{}\\\"", " '{}' ", "{}"] {
        let url = around.replace("{}", "https://hooks.slack.com/services/T0/B0/x");
        let text = format!("\u{FEFF} {{\"slack_webhook_url\":\"{url}\"}}\n");
        let secret = Secret::parse(&text, None).unwrap();
        assert!(secret.slack_url(&Channel::Orders).is_ok(), "{around}");
    }
    let quoted = format!(r#"{{"signing_keys":{{"shopify":["  '{}' \n"]}}}}"#, "k".repeat(14));
    let refused = Err(NoKey::Refused(KeyError::Short(16)));
    assert_eq!(keys(&quoted, "shopify"), refused, "what is stripped is no part of the key");
}

#[test]
fn a_bad_key_is_never_used_and_hurts_no_good_one() {
    let one_good = format!(r#"{{"signing_keys":{{"shopify":["","short","{KEY}"]}}}}"#);
    assert_eq!(keys(&one_good, "shopify"), Ok(1));
    let empty = r#"{"signing_keys":{"shopify":[""]}}"#;
    assert_eq!(keys(empty, "shopify"), Err(NoKey::Refused(KeyError::Empty)));
    let wrong = r#"{"signing_keys":{"shopify":[5],"generic":{}}}"#;
    assert_eq!(keys(wrong, "shopify"), Err(NoKey::Unreadable));
    assert_eq!(keys(wrong, "generic"), Err(NoKey::Unreadable));
    let among_others = format!(r#"{{"signing_keys":{{"shopify":[5,null,{{}},"{KEY}"]}}}}"#);
    assert_eq!(keys(&among_others, "shopify"), Ok(1));
}

const HOOK: &str = "https://hooks.slack.com/services/T0/B0/x";

fn text_of(value: &Value) -> Value {
    Value::String(value.to_string())
}

/// The key/value tab of the AWS console stores such texts.
#[test]
fn a_text_that_is_json_is_read_as_json() {
    let list = json!([KEY, "another key of this test"]);
    let padded = Value::String(format!(" {list}\n"));
    for keys_as in [
        json!({"shopify": text_of(&list)}),
        json!({"shopify": padded}),
        json!({"shopify": text_of(&text_of(&list))}),
        json!({" Shopify ": list}),
        text_of(&json!({"shopify": list})),
        text_of(&json!({"shopify": text_of(&list)})),
        text_of(&text_of(&json!({"shopify": list}))),
    ] {
        let secret = json!({"slack_webhook_url": HOOK, "signing_keys": keys_as});
        for text in [
            secret.to_string(),
            text_of(&secret).to_string(),
            format!("\u{FEFF}{}\r\n", text_of(&text_of(&secret))),
            format!("'{secret}'"),
        ] {
            assert_eq!(keys(&text, "shopify"), Ok(2), "{text}");
            let secret = Secret::parse(&text, None).unwrap();
            assert!(secret.slack_url(&Channel::Orders).is_ok(), "{text}");
            assert_eq!(secret.warnings, [], "{text}");
        }
    }
    let stack_key = json!({"generic_signing_key": text_of(&list)}).to_string();
    assert_eq!(keys(&stack_key, "generic"), Ok(2));
}

#[test]
fn one_bad_field_never_takes_the_others_along() {
    let good = json!({
        "slack_webhook_url": HOOK,
        "slack_monitoring_webhook_url": HOOK,
        "signing_keys": {"shopify": [KEY]},
        "generic_signing_key": "another key of this test",
    });
    let bad = [json!(5), json!(true), json!({"a": "hush"}), json!(["hush", 5]), json!([])];
    for field in good.as_object().unwrap().keys() {
        for value in bad.iter().cloned().chain([json!(null)]) {
            if field == "generic_signing_key" && value == json!([]) {
                continue;
            }
            let mut secret = good.clone();
            secret[field] = value;
            let text = secret.to_string();
            let parsed = Secret::parse(&text, None).unwrap();
            let orders = parsed.slack_url(&Channel::Orders);
            assert_eq!(orders.is_ok(), field != "slack_webhook_url", "{text}");
            assert!(parsed.slack_url(&Channel::Monitoring).is_ok(), "{text}");
            assert_eq!(keys(&text, "shopify").is_ok(), field != "signing_keys", "{text}");
            assert_eq!(keys(&text, "generic").is_ok(), field != "generic_signing_key", "{text}");
            let is_null = secret[field].is_null();
            assert_eq!(parsed.warnings.is_empty(), is_null, "{text}: {:?}", parsed.warnings);
            let warnings: Vec<_> = parsed.warnings.iter().map(ToString::to_string).collect();
            let said = warnings.join("\n");
            assert!(is_null || said.contains(&format!("`{field}")), "{said}");
            assert!(!said.contains("hush"), "{said}");
        }
    }
}

#[test]
fn a_wrong_field_is_named_with_what_to_do() {
    let warnings = |secret: Value| -> Vec<String> {
        let secret = Secret::parse(&secret.to_string(), None).unwrap();
        secret.warnings.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        warnings(json!({"signing_keys": "hush", "slack_webhook_url": 5})),
        [
            "`slack_webhook_url` is a number and not a text: \
             correct it in the Plaintext tab of the AWS console",
            "`signing_keys` is a text and not an object: the key/value tab of the AWS console \
             does that; use its Plaintext tab",
        ]
    );
    assert_eq!(
        warnings(json!({"signing_keys": {"shopify": ["a", 7], "square": "{\"hush\":1}"}})),
        [
            "key 1 of `shopify` is refused: it is shorter than 16 bytes",
            "key 2 in `signing_keys.shopify` is a number and not a text: \
             correct it in the Plaintext tab of the AWS console",
            "key 1 in `signing_keys.square` is an object and not a text: \
             correct it in the Plaintext tab of the AWS console",
        ]
    );
    let misplaced = json!({"shopify": "hush", "Hush": "hush"});
    assert_eq!(
        warnings(misplaced),
        ["`shopify` is not used: the keys of a platform belong into `signing_keys`"]
    );
    let lost = json!({"signing_keys": "hush"}).to_string();
    assert_eq!(keys(&lost, "shopify"), Err(NoKey::Unreadable));
}

#[test]
fn a_public_key_as_jwk_is_an_object_or_its_text() {
    let key = |x: &str| json!({"kty": "OKP", "crv": "Ed25519", "x": x.repeat(43)});
    let rsa = json!({"kty": "RSA", "n": "z".repeat(342), "e": "AQAB"});
    for entry in
        [rsa.clone(), json!([rsa]), json!(rsa.to_string()), json!({"keys": [key("A"), rsa]})]
    {
        let secret = json!({"signing_keys": {"adobe": entry}}).to_string();
        assert_eq!(keys(&secret, "adobe"), Ok(1), "{secret}");
    }
    let other = json!({"signing_keys": {"adobe": key("A")}}).to_string();
    let refused = Err(NoKey::Refused(KeyError::OtherKind("RSA")));
    assert_eq!(keys(&other, "adobe"), refused);
}

#[test]
fn one_key_under_two_platforms_is_a_warning_and_stays_usable() {
    let encoded = base64_of(KEY);
    let secret = json!({"signing_keys": {
        "shopify": [KEY, "another key of this test"],
        "woocommerce": format!(" '{KEY}' "),
        "standard": format!("whsec_{encoded}"),
        "square": "a third key of this test",
    }});
    let text = secret.to_string();
    let secret = Secret::parse(&text, None).unwrap();
    let mut warnings: Vec<_> = secret.warnings.iter().map(ToString::to_string).collect();
    warnings.sort();
    let expected =
        [("shopify", "standard"), ("shopify", "woocommerce"), ("standard", "woocommerce")];
    let expected = expected.map(|(one, other)| {
        format!(
            "`{one}` and `{other}` have the same key, so a webhook of one is taken as the \
             other's: give each its own"
        )
    });
    assert_eq!(warnings, expected);
    assert_eq!((keys(&text, "shopify"), keys(&text, "woocommerce")), (Ok(2), Ok(1)));

    let platforms_with = |key: &str| {
        let key = SigningKey::parse(key, &Platform::find("ubereats").unwrap().auth).unwrap();
        secret.platforms_with(&key).map(|platform| platform.id).collect::<Vec<_>>()
    };
    assert_eq!(platforms_with(KEY), ["shopify", "standard", "woocommerce"]);
    assert_eq!(platforms_with("a fourth key of this test"), [""; 0]);
}

fn base64_of(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[test]
fn a_part_that_is_not_used_is_a_warning() {
    let text = format!(r#"{{"signing_keys":{{"shopify":["{KEY}","short"],"shoppify":["x"]}}}}"#);
    let secret = Secret::parse(&text, None).unwrap();
    let warnings: Vec<_> = secret.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "key 2 of `shopify` is refused: it is shorter than 16 bytes",
            "`signing_keys` has an entry that is no platform's name",
        ]
    );
}

#[test]
fn what_is_null_is_absent_and_hurts_nothing_else() {
    let nulls = r#"{"slack_webhook_url":null,"signing_keys":null,"generic_signing_key":5}"#;
    let secret = Secret::parse(nulls, None).unwrap();
    assert_eq!(secret.slack_url(&Channel::Orders).unwrap_err(), SlackUrlError::Empty);
    assert_eq!(keys(nulls, "generic"), Err(NoKey::Unreadable));
    assert_eq!(keys(nulls, "shopify"), Err(NoKey::Absent));
}

#[test]
fn what_is_no_secret_is_refused_without_quoting_it() {
    for text in ["", "hush", "null", "[]", r#"["hush",{}]"#, r#""hush""#, r#""[]""#, "5"] {
        let error = Secret::parse(text, None).unwrap_err();
        assert!(!error.to_string().contains("hush"));
    }
}

#[test]
fn channels_have_names_and_each_is_read_alone() {
    let url = |name: &str| format!("https://hooks.slack.com/services/T0/B0/{name}");
    let text = json!({
        "slack_webhook_url": url("orders"),
        "channels": {
            " Managers ": format!("<{}>\n", url("managers")),
            "finance": "",
            "kitchen": "not a URL",
            "number": 5,
            "two words": url("words"),
        },
    });
    let secret = Secret::parse(&text.to_string(), None).unwrap();
    let channel = |name: &str| Channel::Named(ChannelName::parse(name).unwrap());
    let read = |name: &str| secret.slack_url(&channel(name)).map(|url| url.expose().to_owned());
    assert_eq!(read("managers"), Ok(url("managers")));
    for absent in ["finance", "number", "unknown"] {
        assert_eq!(read(absent), Ok(url("orders")), "{absent}");
        assert!(!secret.has_own_url(&channel(absent)), "{absent}");
    }
    // It is one of its own, and cannot be used.
    assert_eq!(read("kitchen"), Err(SlackUrlError::NotSlack));
    assert!(secret.has_own_url(&channel("kitchen")));
    let warnings: Vec<_> = secret.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "`channels.number` is a number and not a text: correct it in the Plaintext tab of the AWS console",
            "`channels` has an entry whose name is not of letters, digits, `_` and `-`",
        ]
    );
}
