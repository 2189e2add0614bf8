//! Properties of the function for every input.

#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

use order_alerts::config::{Customer, Language};
use order_alerts::handlers::invocation::Invocation;
use order_alerts::message::{self, Remarks, Style};
use order_alerts::notice::Notice;
use order_alerts::order::OrderEvent;
use order_alerts::order::money::{Money, Unit};
use order_alerts::order::one_line::OneLine;
use order_alerts::platform::Platform;
use order_alerts::queue::envelope::{Content, pack, pack_notice, unpack};
use order_alerts::secret::signing_key::SigningKey;
use order_alerts::secret::{Channel, Secret};
use order_alerts::slack::block_kit::Message;
use order_alerts::slack::reply::retry_after;
use order_alerts::slack::url::SlackUrl;
use order_alerts::webhook::parse::{Parsed, parse};
use order_alerts::webhook::request::Headers;
use order_alerts::webhook::sign::sign;
use order_alerts::webhook::signature::verify;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

use doors::messages::{TIMES, slack_accepts};
use doors::{key, now};

mod alarm;
mod answers;
mod corpus;
mod doors;
mod grouping;
mod rules;
mod settings;

/// The same cases in every run, so that a failure is one for everybody.
#[track_caller]
fn check<S: Strategy>(strategy: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases: 500, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(config, rng).run(&strategy, test).unwrap();
}

/// Text as nasty as a sender can make it.
fn text() -> impl Strategy<Value = String> {
    let markup = "[<>&|!@#*_~`{}^ \\\\\"a1가🚫\\u{202e}\\u{0}\\n\\r\\u{2028}]{0,400}";
    prop_oneof![any::<String>(), markup, "[0-9.eE+-]{1,40}"]
}

#[test]
fn no_event_makes_the_function_panic() {
    check(any::<String>(), |event| {
        let _ = Invocation::parse(&event);
        let _ = Invocation::parse(&format!(r#"{{"requestContext":{{"http":{event}}}}}"#));
        let _ = Invocation::parse(&format!(r#"{{"Records":[{event}]}}"#));
        let _ = unpack(&event);
        let _ = unpack(&format!(r#"{{"version":1,"events":[{event}]}}"#));
        Ok(())
    });
}

#[test]
fn no_pasted_text_causes_a_panic() {
    let around = prop_oneof![
        Just(""),
        Just("whsec_"),
        Just("https://hooks.slack.com/services/T0/"),
        Just("KRW")
    ];
    check((text(), around, text()), |(before, middle, after)| {
        let text = format!("{before}{middle}{after}");
        for platform in Platform::names() {
            let _ = SigningKey::parse(&text, &Platform::find(platform).unwrap().auth);
        }
        if let Ok(url) = SlackUrl::parse(&text, None) {
            prop_assert!(url.expose().starts_with("https://hooks.slack.com/services/"));
        }
        let _ = text.parse::<Money>();
        let _ = Secret::parse(&text, None);
        let inner = json!({"shopify": text}).to_string();
        let secret = json!({"slack_webhook_url": text, "signing_keys": inner}).to_string();
        let secret = Secret::parse(&json!(secret).to_string(), None).unwrap();
        let _ = secret.slack_url(&Channel::Orders);
        for warning in secret.warnings {
            prop_assert!(text.chars().count() < 9 || !warning.to_string().contains(&text));
        }
        Ok(())
    });
}

#[test]
fn every_order_is_unpacked_as_it_was_packed() {
    let fields = (text(), text(), text(), text());
    check(fields, |(id, number, amount, reason)| {
        let body = json!({
            "event_type": "order_cancelled", "order_id": id, "order_number": number,
            "total": amount, "currency": reason, "reason": reason, "items": [number],
            "customer": reason, "occurred_at": "2026-01-01T00:00:00.123456789+09:00",
        });
        let body = body.to_string();
        let events = events_of(&body);
        let texts = pack(&events);
        // All of ASCII but its control characters is accepted by SQS.
        prop_assert!(texts.iter().all(|text| text.bytes().all(|b| (0x20..0x7F).contains(&b))));
        let unpacked: Vec<_> =
            texts.iter().flat_map(|text| unpack(text).unwrap().orders().to_vec()).collect();
        prop_assert_eq!(unpacked, events);
        Ok(())
    });
}

#[test]
fn no_random_signature_is_verified_or_causes_a_panic() {
    let values = (text(), text(), text(), any::<Vec<u8>>());
    check(values, |(id, time, signature, body)| {
        let names =
            ["webhook-id", "webhook-timestamp", "webhook-signature", "x-shopify-hmac-sha256"];
        let headers: Headers =
            names.into_iter().zip([id, time, signature.clone(), signature]).collect();
        for platform in Platform::names() {
            let auth = &Platform::find(platform).unwrap().auth;
            let keys = [key(auth)];
            prop_assert!(verify(auth, &headers, &body, &keys, &[], now()).is_err());
        }
        Ok(())
    });
}

#[test]
fn every_order_becomes_a_message_that_slack_accepts() {
    let texts = (text(), text(), text(), text(), proptest::collection::vec(text(), 0..30));
    let url = prop_oneof![text(), "https://tea\\.example/[a-z&<>|%^ 가]{0,2000}"];
    check((texts, url, any::<bool>()), |((id, reason, shop, total, items), url, korean)| {
        let shop = if url.starts_with("https") { "tea.example".to_owned() } else { shop };
        let body = serde_json::json!({
            "event_type": "order_cancelled", "order_id": id, "reason": reason, "shop": shop,
            "customer": reason, "status": id, "total": total, "currency": shop, "items": items,
            "url": url, "occurred_at": total,
        });
        let language = if korean { Language::Korean } else { Language::English };
        let message = the_message(&body.to_string(), language);
        slack_accepts(&message, &[&TIMES[..], &["<https://tea.example/"]].concat());
        Ok(())
    });
}

#[test]
fn every_state_of_a_shop_is_unpacked_as_it_was_packed_and_becomes_a_message_that_slack_accepts() {
    let state = prop_oneof![Just("offline"), Just("paused"), Just("online")];
    check((state, text(), text(), text(), any::<bool>()), |(state, shop, reason, time, korean)| {
        let body = serde_json::json!({
            "event_type": format!("store_{state}"), "shop": shop, "reason": reason, "occurred_at": time,
        });
        let Parsed::Store(event) = parsed(&body.to_string()) else { panic!("it is about no shop") };
        let notice = Notice::from(event);
        let packed = pack_notice(&notice);
        prop_assert!(packed.bytes().all(|byte| (0x20..0x7F).contains(&byte)));
        prop_assert_eq!(unpack(&packed), Ok(Content::Notice(notice.clone())));

        let language = if korean { Language::Korean } else { Language::English };
        let message = message::notice::about(&notice, language, Remarks::default());
        slack_accepts(&message, &TIMES);
        Ok(())
    });
}

fn the_message(body: &str, language: Language) -> Message {
    message::about(&events_of(body)[0], &Style::of(language), Remarks::default())
}

fn events_of(body: &str) -> Vec<OrderEvent> {
    match parsed(body) {
        Parsed::Events(events) => events,
        other => panic!("{other:?} is about no order"),
    }
}

/// The content of a webhook to `generic`, which is signed and verified.
fn parsed(body: &str) -> Parsed {
    let platform = Platform::find("generic").unwrap();
    let (auth, body) = (&platform.auth, body.as_bytes());
    let keys = [key(auth)];
    let signed = sign(auth, &Headers::default(), body, &keys[0], "", "msg_1", now()).unwrap();
    let headers: Headers = signed.into_iter().collect();
    let verified = verify(auth, &headers, body, &keys, &[], now()).unwrap();
    parse(platform, &verified, Customer::Full, now()).unwrap()
}

#[test]
fn a_cleaned_line_is_one_line_and_stays_the_same_when_cleaned_again() {
    check(text(), |raw| {
        if let Some(line) = OneLine::parse(&raw) {
            prop_assert!(!line.as_str().chars().any(char::is_control));
            prop_assert_eq!(line.as_str().trim(), line.as_str());
            let again = OneLine::parse(line.as_str()).unwrap();
            prop_assert!(line.as_str().starts_with(again.as_str().trim_end_matches('…')));
        }
        Ok(())
    });
}

#[test]
fn what_shows_nothing_makes_no_difference_between_two_names() {
    // No emoji and no letter that joins its neighbours, which may look different for it.
    let name = "[-#A-Za-z0-9 &<é가-힣あя·.]{1,40}";
    let hidden = "[\u{AD}\u{34F}\u{61C}\u{115F}\u{180E}\u{200B}-\u{200F}\u{202A}-\u{202E}\u{2060}-\u{206F}\u{3164}\u{FE00}-\u{FE0F}\u{FEFF}\u{FFA0}\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}]{0,3}";
    check((name, proptest::collection::vec(hidden, 41)), |(name, hidden)| {
        let with_hidden: String =
            name.chars().zip(&hidden).flat_map(|(c, hidden)| hidden.chars().chain([c])).collect();
        let with_hidden = format!("{with_hidden}{}", hidden[40]);
        prop_assert_eq!(OneLine::parse(&with_hidden), OneLine::parse(&name), "{:?}", with_hidden);
        Ok(())
    });
}

#[test]
fn an_amount_keeps_its_digits() {
    check("-?[0-9]{1,18}(\\.[0-9]{0,2}[1-9])?", |digits| {
        let money = Money::parse(&digits, Some("EUR"), Unit::Major).unwrap();
        let shown = money.digits().replace(',', "");
        let plain = |text: &str| {
            let text = text.trim_start_matches('-').trim_start_matches('0').to_owned();
            if text.contains('.') {
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            } else {
                text
            }
        };
        prop_assert_eq!(plain(&shown), plain(&digits));
        Ok(())
    });
}

#[test]
fn a_wait_is_between_a_second_and_a_quarter_of_an_hour() {
    check(prop_oneof![any::<String>(), "[0-9. ]{0,30}"], |value| {
        if let Some(wait) = retry_after(&value) {
            prop_assert!((1..=900).contains(&wait.as_secs()));
        }
        Ok(())
    });
}
