use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::*;
use crate::platform::{KeyText, Platform};
use crate::secret::signing_key::KeyError;
use crate::webhook::sign::sign;

mod jwk;
mod keys;
mod platforms;
mod public_keys;
mod vectors;
mod words;

const NOW: i64 = 1_767_225_600;
const STANDARD_AUTH: Auth = Auth::Standard(KeyText::Usual);
const TEXT_KEY: &str = "a key of this test only";

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

type Request = (Headers, Vec<u8>);

fn request(headers: &[(&str, &str)], body: &[u8]) -> Request {
    (headers.iter().copied().collect(), body.to_vec())
}

fn check(auth: &Auth, (headers, body): &Request, keys: &[&str]) -> Result<usize, Rejection> {
    let keys: Vec<_> = keys.iter().map(|key| SigningKey::parse(key, auth).unwrap()).collect();
    // The sender counts whole seconds, and the function's clock is almost at the next one.
    let now = Timestamp::new(NOW, 999_999_999).unwrap();
    let addresses = ["https://example.com/hook".to_owned()];
    verify(auth, headers, body, &keys, &addresses, now).map(|verified| verified.key())
}

fn missing(headers: &[&str]) -> Result<usize, Rejection> {
    Err(Rejection::MissingHeader(headers.iter().map(ToString::to_string).collect()))
}

fn standard_request(time: &str, list: impl Fn(String) -> String) -> Request {
    let body = br#"{"a":1}"#;
    let signed = mac(TEXT_KEY.as_bytes(), &[b"msg_1.", time.as_bytes(), b".", body]);
    let list = list(format!("v1,{}", STANDARD.encode(signed)));
    let headers =
        [("webhook-id", "msg_1"), ("webhook-timestamp", time), ("webhook-signature", &list)];
    request(&headers, body)
}

fn timed(time: &str) -> Result<usize, Rejection> {
    check(&STANDARD_AUTH, &standard_request(time, |entry| entry), &[TEXT_KEY])
}

fn hmac_auth(encoding: &str, prefix: &str, signed: &str) -> Auth {
    let text = format!(
        "scheme = \"hmac-sha256\"\nheader = \"x-signature\"\nencoding = \"{encoding}\"\n\
         prefix = \"{prefix}\"\nsigned = \"{signed}\""
    );
    toml::from_str(&text).unwrap()
}

#[test]
fn a_signed_time_holds_for_five_minutes_either_way() {
    for (offset, expected) in [
        (-300, Ok(0)),
        (300, Ok(0)),
        (-301, Err(Rejection::TooOld)),
        (301, Err(Rejection::FromTheFuture)),
    ] {
        assert_eq!(timed(&(NOW + offset).to_string()), expected, "{offset}");
    }
}

#[test]
fn a_signed_time_is_plain_digits() {
    let odd = [
        "abc",
        "1e9",
        "+1767225600",
        "-1",
        "-9223372036854775808",
        "12345678901234567890",
        "１７６７２２５６００",
    ];
    for time in odd {
        assert_eq!(timed(time), Err(Rejection::MalformedTimestamp), "{time}");
    }
    let milliseconds = format!("{NOW}000");
    assert_eq!(timed("0"), Err(Rejection::TooOld));
    for time in ["9223372036854775807", &milliseconds] {
        assert_eq!(timed(time), Err(Rejection::FromTheFuture), "{time}");
    }
}

#[test]
fn an_empty_header_is_a_missing_one() {
    for empty in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let time = NOW.to_string();
        let signed = match empty {
            "webhook-id" => mac(TEXT_KEY.as_bytes(), &[b".", time.as_bytes(), b".{}"]),
            _ => mac(TEXT_KEY.as_bytes(), &[b"msg_1.", time.as_bytes(), b".{}"]),
        };
        let signature = format!("v1,{}", STANDARD.encode(signed));
        let mut headers = [
            ("webhook-id", "msg_1"),
            ("webhook-timestamp", time.as_str()),
            ("webhook-signature", signature.as_str()),
        ];
        for (name, value) in &mut headers {
            *value = if *name == empty { " " } else { value };
        }
        let refused = check(&STANDARD_AUTH, &request(&headers, b"{}"), &[TEXT_KEY]);
        assert_eq!(refused, missing(&[empty, &empty.replace("webhook", "svix")]), "{empty}");
    }
}

#[test]
fn an_empty_header_does_not_hide_the_next_one() {
    let auth: Auth = toml::from_str(
        "scheme = \"hmac-sha256\"\nheader = [\"x-new\", \"x-old\"]\nencoding = \"hex\"",
    )
    .unwrap();
    let signature = hex::encode(mac(TEXT_KEY.as_bytes(), &[b"{}"]));
    let headers = [("x-new", " "), ("x-old", signature.as_str())];
    assert_eq!(check(&auth, &request(&headers, b"{}"), &[TEXT_KEY]), Ok(0));
}

#[test]
fn any_of_several_signatures_and_any_of_several_keys_may_fit() {
    let auth = STANDARD_AUTH;
    let time = NOW.to_string();
    let request = standard_request(&time, |entry| format!("v1a,AAAA v1,AAAA {entry}"));
    assert_eq!(check(&auth, &request, &["another key of this test", TEXT_KEY]), Ok(1));
    let mismatch = check(&auth, &request, &["another key of this test"]);
    assert_eq!(mismatch, Err(Rejection::BadSignature));
}

#[test]
fn a_key_without_its_prefix_may_have_been_decoded_by_the_sender() {
    let text = "k".repeat(32);
    let time = NOW.to_string();
    let decoded = STANDARD.decode(&text).unwrap();
    for key in [text.as_bytes(), &decoded] {
        let signed = mac(key, &[b"msg_1.", time.as_bytes(), b".{}"]);
        let signature = format!("v1,{}", STANDARD.encode(signed));
        let headers = [
            ("webhook-id", "msg_1"),
            ("webhook-timestamp", time.as_str()),
            ("webhook-signature", &signature),
        ];
        assert_eq!(check(&STANDARD_AUTH, &request(&headers, b"{}"), &[&text]), Ok(0));
    }
}

#[test]
fn a_list_without_a_readable_signature_is_malformed() {
    let time = NOW.to_string();
    for list in ["v1,", "v1a,", "v2,AAAA", "v1=AAAA", "v1,%%%%", "v1a,%%%%"] {
        let request = standard_request(&time, |_| list.to_owned());
        let refused = check(&STANDARD_AUTH, &request, &[TEXT_KEY]);
        assert_eq!(refused, Err(Rejection::MalformedSignature), "{list}");
    }
}

#[test]
fn a_platform_may_sign_other_parts_with_the_body() {
    let key = TEXT_KEY.as_bytes();
    let cases = [
        ("{body}", mac(key, &[b"{}"])),
        ("{url}{body}", mac(key, &[b"https://example.com/hook{}"])),
        ("{header:x-guid} {body}", mac(key, &[b"g-1 {}"])),
    ];
    for (signed, mac) in cases {
        let auth = hmac_auth("hex", "sha256=", signed);
        let signature = format!("sha256={}", hex::encode(mac));
        let headers = [("x-signature", signature.as_str()), ("x-guid", "g-1")];
        assert_eq!(check(&auth, &request(&headers, b"{}"), &[TEXT_KEY]), Ok(0), "{signed}");
    }
}

#[test]
fn what_is_signed_here_is_verified_here() {
    let now = Timestamp::from_second(NOW).unwrap();
    let hmac = hmac_auth("hex", "sha256=", "{url}{header:x-guid}{body}");
    for auth in [STANDARD_AUTH, hmac, hmac_auth("base64", "", "{body}")] {
        let key = SigningKey::parse(TEXT_KEY, &auth).unwrap();
        let given: Headers = [("x-guid", "g-1")].into_iter().collect();
        let url = "https://example.com/hook".to_owned();
        let signed = sign(&auth, &given, b"{}", &key, &url, "msg_1", now).unwrap();
        let given = given.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let headers: Headers = given.chain(signed).collect();
        assert!(verify(&auth, &headers, b"{}", &[key], &[url], now).is_ok(), "{auth:?}");
    }
}

#[test]
fn a_signature_covers_every_byte() {
    let auth = hmac_auth("base64", "", "{body}");
    let signature = STANDARD.encode(mac(TEXT_KEY.as_bytes(), &[b"{\"a\": 1}\r\n"]));
    let signed = |body| {
        let request = request(&[("x-signature", &signature)], body);
        check(&auth, &request, &[TEXT_KEY])
    };
    assert_eq!(signed(b"{\"a\": 1}\r\n"), Ok(0));
    for body in [&b"{\"a\":1}\r\n"[..], b"{\"a\": 1}\n", b"{\"a\": 1}\r\n\n", b""] {
        assert_eq!(signed(body), Err(Rejection::BadSignature), "{body:?}");
    }
}

#[test]
fn a_missing_cut_or_strangely_written_signature_is_refused() {
    let auth = hmac_auth("base64", "", "{body}");
    let whole = STANDARD.encode(mac(TEXT_KEY.as_bytes(), &[b"{}"]));
    let cases = [
        ("", missing(&["x-signature"])),
        ("é", Err(Rejection::MalformedSignature)),
        ("\u{1}", Err(Rejection::MalformedSignature)),
        (&whole[..43], Err(Rejection::MalformedSignature)),
        (&whole[..40], Err(Rejection::BadSignature)),
    ];
    for (value, expected) in cases {
        let refused = check(&auth, &request(&[("x-signature", value)], b"{}"), &[TEXT_KEY]);
        assert_eq!(refused, expected, "{value:?}");
    }
    assert_eq!(check(&auth, &request(&[], b"{}"), &[TEXT_KEY]), missing(&["x-signature"]));
}

#[test]
fn what_no_key_could_verify_is_rejected_without_one() {
    let now = Timestamp::from_second(NOW).unwrap();
    let read = |auth: &Auth, (headers, body): &Request| {
        Credential::read(auth, headers, body, &[], now).map(|_| ()).unwrap_err()
    };
    let auth = hmac_auth("base64", "", "{body}");
    assert_eq!(Err(read(&auth, &request(&[], b"{}"))), missing(&["x-signature"]));
    let malformed = request(&[("x-signature", "%%%%")], b"{}");
    assert_eq!(read(&auth, &malformed), Rejection::MalformedSignature);
    let old = standard_request(&(NOW - 301).to_string(), |entry| entry);
    assert_eq!(read(&STANDARD_AUTH, &old), Rejection::TooOld);
    // Without its signature a request is rejected even where the address is not known.
    let signs_url = hmac_auth("base64", "", "{url}{body}");
    assert_eq!(Err(read(&signs_url, &request(&[], b"{}"))), missing(&["x-signature"]));
    let well_formed = request(&[("x-signature", "AAAA")], b"{}");
    assert_eq!(read(&signs_url, &well_formed), Rejection::NoPublicUrl);
}

#[test]
fn a_credential_of_no_key_is_a_bad_signature() {
    let auth = hmac_auth("base64", "", "{body}");
    let (headers, body) = request(&[("x-signature", "AAAA")], b"{}");
    let credential = Credential::read(&auth, &headers, &body, &[], Timestamp::UNIX_EPOCH);
    let Ok(credential) = credential else { panic!("it is well-formed") };
    assert_eq!(credential.check(&[]).unwrap_err(), Rejection::BadSignature);
}

#[test]
fn every_platforms_credential_is_known_as_one() {
    for platform in Platform::names().map(|name| Platform::find(name).unwrap()) {
        let names = match &platform.auth {
            Auth::Standard(_) => &["webhook-signature".to_owned(), "svix-signature".to_owned()],
            Auth::Signature(signature) => signature.header.as_slice(),
            Auth::Token(token) => token.header.as_slice(),
        };
        // A parameter says nothing: strangers send any.
        for name in names.iter().filter(|name| !name.starts_with('?')) {
            assert!(!is_unsigned(&request(&[(name, "x")], b"").0), "{name}");
            assert!(is_unsigned(&request(&[(name, " ")], b"").0), "{name}");
        }
    }
    let of_a_stranger =
        [("host", "x"), ("user-agent", "x"), ("x-amzn-trace-id", "x"), ("cookie", "x")];
    assert!(is_unsigned(&request(&of_a_stranger, b"").0));
    for foreign in ["x-hub-signature-256", "Authorization", "x-api-key", "x-other-hmac"] {
        assert!(!is_unsigned(&request(&[(foreign, "x")], b"").0), "{foreign}");
    }
}

#[test]
fn every_rejection_has_its_text() {
    let header = |names: &[&str]| missing(names).unwrap_err();
    for (rejection, text) in [
        (header(&["x-signature"]), "missing header `x-signature`"),
        (header(&["webhook-id", "svix-id"]), "missing header `webhook-id` or `svix-id`"),
        (Rejection::MalformedSignature, "malformed signature"),
        (Rejection::MalformedTimestamp, "malformed timestamp"),
        (Rejection::NotAnObject, "the body does not start with `{`"),
        (Rejection::TooOld, "the timestamp is more than five minutes old"),
        (Rejection::FromTheFuture, "the timestamp is more than five minutes in the future"),
        (Rejection::BadSignature, "no key of the platform matches"),
        (Rejection::NoPublicUrl, "the platform signs its address, and PUBLIC_URL is not set"),
    ] {
        assert_eq!(rejection.to_string(), text);
    }
}
