//! The schemes that the platform files name, with headers as each platform sends them.

use super::*;
use crate::webhook::WRITTEN_OUT;

const OTHER_KEY: &str = "another key of this test";
const BODY: &[u8] = br#"{"id":"A-1"}"#;
const URL: &str = "https://example.com/hook";

type Sent = Vec<(String, String)>;

fn header(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

fn base64(key: &str, parts: &[&[u8]]) -> String {
    STANDARD.encode(mac(key.as_bytes(), parts))
}

fn hex(key: &str, parts: &[&[u8]]) -> String {
    hex::encode(mac(key.as_bytes(), parts))
}

fn standard(key: &[u8], time: i64) -> Sent {
    let signature = STANDARD.encode(mac(key, &[format!("msg_1.{time}.").as_bytes(), BODY]));
    vec![
        header("webhook-id", "msg_1"),
        header("webhook-timestamp", time.to_string()),
        header("webhook-signature", format!("v1,{signature}")),
    ]
}

fn deliveroo(key: &str, between: &str) -> Sent {
    let signature = hex(key, &[b"guid-1", between.as_bytes(), BODY]);
    vec![
        header("x-deliveroo-sequence-guid", "guid-1"),
        header("x-deliveroo-hmac-sha256", signature),
    ]
}

/// What each platform sends with a key; last the header with the signature or the key.
fn sent(platform: &str, key: &str) -> Sent {
    match platform {
        "shopify" => vec![header("x-shopify-hmac-sha256", base64(key, &[BODY]))],
        "woocommerce" => vec![header("x-wc-webhook-signature", base64(key, &[BODY]))],
        "ubereats" => vec![header("x-uber-signature", hex(key, &[BODY]))],
        "deliveroo" => deliveroo(key, " "),
        "square" => {
            let signature = base64(key, &[URL.as_bytes(), BODY]);
            vec![header("x-square-hmacsha256-signature", signature)]
        }
        "cafe24" => vec![header("x-api-key", key)],
        "doordash" => vec![header("authorization", format!("Bearer {key}"))],
        _ => standard(key.as_bytes(), NOW),
    }
}

fn verified(platform: &str, sent: &Sent, body: &[u8], keys: &[&str]) -> Result<usize, Rejection> {
    let headers = sent.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let headers: Vec<_> = headers.collect();
    check(&Platform::find(platform).unwrap().auth, &request(&headers, body), keys)
}

#[test]
fn the_platforms_own_signature_is_verified() {
    for platform in WRITTEN_OUT {
        let sent = sent(platform, TEXT_KEY);
        assert_eq!(verified(platform, &sent, BODY, &[TEXT_KEY]), Ok(0), "{platform}");
        let rotated = verified(platform, &sent, BODY, &[OTHER_KEY, TEXT_KEY]);
        assert_eq!(rotated, Ok(1), "{platform}");
    }
}

/// What the program signs as each platform, with a key that is written as the platform writes it.
fn signed(platform: &Platform, key: &str) -> Sent {
    let key = SigningKey::parse(&SigningKey::written(key, &platform.auth), &platform.auth).unwrap();
    let now = Timestamp::from_second(NOW).unwrap();
    sign(&platform.auth, &Headers::default(), BODY, &key, URL, "msg_1", now).unwrap()
}

fn all_platforms() -> impl Iterator<Item = &'static Platform> {
    Platform::names().map(|name| Platform::find(name).unwrap())
}

#[test]
fn what_is_signed_as_a_platform_is_verified_as_that_platform_alone() {
    for platform in all_platforms() {
        let written = |key| SigningKey::written(key, &platform.auth);
        let key = written(TEXT_KEY);
        let other = match &platform.auth {
            Auth::Signature(Signature { algorithm: Algorithm::PublicKey(_), .. }) => {
                public_keys::other_rsa_key()
            }
            _ => written(OTHER_KEY),
        };
        let check = |sent: &Sent, body, keys: &[&str]| verified(platform.id, sent, body, keys);
        let mut sent = signed(platform, TEXT_KEY);
        assert_eq!(check(&sent, BODY, &[&other, &key]), Ok(1), "{}", platform.id);
        for keys in [&[other.as_str()][..], &[]] {
            let refused = check(&sent, BODY, keys);
            assert_eq!(refused, Err(Rejection::BadSignature), "{}", platform.id);
        }
        if !matches!(platform.auth, Auth::Token(_)) {
            let forged = check(&sent, br#"{"id":"A-2"}"#, &[&key]);
            assert_eq!(forged, Err(Rejection::BadSignature), "{}", platform.id);
        }
        let (name, _) = sent.pop().unwrap();
        let Err(Rejection::MissingHeader(names)) = check(&sent, BODY, &[&key]) else {
            panic!("{} takes a request without {name}", platform.id);
        };
        assert!(names.contains(&name), "{}: {names:?}", platform.id);
    }
}

#[test]
fn the_newer_header_of_shopify_is_looked_at_first() {
    let right = header("shopify-hmac-sha256", base64(TEXT_KEY, &[BODY]));
    let wrong = header("x-shopify-hmac-sha256", base64(OTHER_KEY, &[BODY]));
    assert_eq!(verified("shopify", &vec![wrong, right.clone()], BODY, &[TEXT_KEY]), Ok(0));
    assert_eq!(verified("shopify", &vec![right], BODY, &[TEXT_KEY]), Ok(0));
}

#[test]
fn deliveroo_signs_its_name_of_the_event_in_either_of_two_ways() {
    for between in [" ", " \n "] {
        let sent = deliveroo(TEXT_KEY, between);
        assert_eq!(verified("deliveroo", &sent, BODY, &[TEXT_KEY]), Ok(0), "{between:?}");
        let mut renamed = sent.clone();
        renamed[0].1 = "guid-2".to_owned();
        let renamed = verified("deliveroo", &renamed, BODY, &[TEXT_KEY]);
        assert_eq!(renamed, Err(Rejection::BadSignature));
        let nameless = sent[1..].to_vec();
        assert_eq!(
            verified("deliveroo", &nameless, BODY, &[TEXT_KEY]),
            missing(&["x-deliveroo-sequence-guid"])
        );
    }
    for between in ["", "\n", ".", "  "] {
        let sent = deliveroo(TEXT_KEY, between);
        let refused = verified("deliveroo", &sent, BODY, &[TEXT_KEY]);
        assert_eq!(refused, Err(Rejection::BadSignature), "{between:?}");
    }
}

#[test]
fn a_separator_cannot_be_moved_into_the_body() {
    let captured = deliveroo(TEXT_KEY, " \n ");
    let moved = [b"\n ", BODY].concat();
    let refused = verified("deliveroo", &captured, &moved, &[TEXT_KEY]);
    assert_eq!(refused, Err(Rejection::NotAnObject));
    let padded = base64(TEXT_KEY, &[b"\n ", BODY]);
    let shopify = vec![header("x-shopify-hmac-sha256", padded)];
    assert_eq!(verified("shopify", &shopify, &moved, &[TEXT_KEY]), Ok(0), "it signs in one way");
}

#[test]
fn a_key_of_bigcommerce_is_a_text_whatever_it_looks_like() {
    let like_base64 = "0123456789abcdef".repeat(2);
    let like_standard = ["whsec_", like_base64.as_str()].concat();
    let decoded = STANDARD.decode(&like_base64).unwrap();
    for key in [&like_base64, &like_standard] {
        let sent = standard(key.as_bytes(), NOW);
        assert_eq!(verified("bigcommerce", &sent, BODY, &[key]), Ok(0), "{key}");
        let sent = standard(&decoded, NOW);
        let refused = verified("bigcommerce", &sent, BODY, &[key]);
        assert_eq!(refused, Err(Rejection::BadSignature), "{key}");
        assert_eq!(verified("standard", &sent, BODY, &[key]), Ok(0), "a standard one is decoded");
    }
    let stale = standard(TEXT_KEY.as_bytes(), NOW - 301);
    assert_eq!(verified("bigcommerce", &stale, BODY, &[TEXT_KEY]), Err(Rejection::TooOld));
}

#[test]
fn cafe24s_key_is_compared_whole() {
    let sent =
        |value: &str| verified("cafe24", &vec![header("X-API-Key", value)], BODY, &[TEXT_KEY]);
    assert_eq!(sent(TEXT_KEY), Ok(0));
    let longer = format!("{TEXT_KEY}x");
    let other_case = TEXT_KEY.to_uppercase();
    let with_method = format!("Token {TEXT_KEY}");
    for wrong in
        [&TEXT_KEY[..10], &TEXT_KEY[1..], &longer, &other_case, &with_method, "x", OTHER_KEY]
    {
        assert_eq!(sent(wrong), Err(Rejection::BadSignature), "{wrong}");
    }
    assert_eq!(sent(""), missing(&["x-api-key"]));
}

#[test]
fn doordash_sends_a_token_or_user_and_password() {
    const LOGIN: &str = "doordash:a password of this test";
    let sent = |value: &str, key| {
        verified("doordash", &vec![header("Authorization", value)], BODY, &[key])
    };
    let login = STANDARD.encode(LOGIN);
    for method in ["Basic", "basic", "BASIC", "Basic "] {
        assert_eq!(sent(&format!("{method} {login}"), LOGIN), Ok(0), "{method}");
    }
    for method in ["Bearer", "bearer", "BEARER"] {
        assert_eq!(sent(&format!("{method} {TEXT_KEY}"), TEXT_KEY), Ok(0), "{method}");
    }
    let other = STANDARD.encode("doordash:another password of it");
    for (value, key) in [
        (format!("Basic {other}"), LOGIN),
        ("Basic %%%".to_owned(), LOGIN),
        (format!("Basic {}", &login[..login.len() - 1]), LOGIN),
        ("Basic".to_owned(), LOGIN),
        (format!("Bearer {login}"), LOGIN),
        (format!("Digest {login}"), LOGIN),
        (format!("Basic {TEXT_KEY}"), TEXT_KEY),
        (format!("Bearer {TEXT_KEY}x"), TEXT_KEY),
        (format!("Bearer{TEXT_KEY}"), TEXT_KEY),
    ] {
        assert_eq!(sent(&value, key), Err(Rejection::BadSignature), "{value}");
    }
}

#[test]
fn a_signed_time_in_a_header_of_its_own_holds_for_five_minutes() {
    let auth: Auth = toml::from_str(
        "scheme = \"hmac-sha256\"\nheader = \"x-signature\"\nencoding = \"hex\"\n\
         time = \"x-time\"\nsigned = \"{header:x-time}.{body}\"",
    )
    .unwrap();
    let timed = |time: &str| {
        let signature = hex(TEXT_KEY, &[time.as_bytes(), b".", BODY]);
        let headers = [("x-time", time), ("x-signature", signature.as_str())];
        check(&auth, &request(&headers, BODY), &[TEXT_KEY])
    };
    for offset in [-300, 0, 300] {
        assert_eq!(timed(&(NOW + offset).to_string()), Ok(0), "{offset}");
    }
    for (offset, expected) in
        [(-301, Rejection::TooOld), (-86_400, Rejection::TooOld), (301, Rejection::FromTheFuture)]
    {
        assert_eq!(timed(&(NOW + offset).to_string()), Err(expected), "{offset}");
    }
    let others = [format!("{NOW}123"), "2026-01-01T00:00:00Z".to_owned()];
    for time in others {
        assert_eq!(timed(&time), Ok(0), "{time}");
    }
    for odd in ["yesterday", "-1", "1767225600.0"] {
        assert_eq!(timed(odd), Err(Rejection::MalformedTimestamp), "{odd}");
    }
    let signature = hex(TEXT_KEY, &[b".", BODY]);
    let timeless = check(&auth, &request(&[("x-signature", &signature)], BODY), &[TEXT_KEY]);
    assert_eq!(timeless, missing(&["x-time"]));
}
