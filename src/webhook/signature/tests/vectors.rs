//! Signatures that others made and published.

use super::*;

/// The address in Square's vector.
const SQUARE_URL: &str = "https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9";

/// <https://github.com/square/square-python-sdk/blob/24302ba/legacy/tests/utilities/test_webhooks_helper.py>
fn square(public_url: Option<&str>) -> Result<(), Rejection> {
    let auth = &Platform::find("square").unwrap().auth;
    let key = ["Ibxx_5AKak", "O-3qeNVR61Dw"].concat();
    let keys = [SigningKey::parse(&key, auth).unwrap()];
    let body = concat!(
        r#"{"merchant_id":"MLEFBHHSJGVHD","type":"webhooks.test_notification","#,
        r#""event_id":"ac3ac95b-f97d-458c-a6e6-18981597e05f","#,
        r#""created_at":"2022-07-13T20:30:59.037339943Z","#,
        r#""data":{"type":"webhooks","id":"bc368e64-01aa-407e-b46e-3231809b1129"}}"#
    );
    let signature = "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4=";
    let (headers, body) = request(&[("X-Square-HmacSha256-Signature", signature)], body.as_bytes());
    let addresses: Vec<_> = public_url.into_iter().map(str::to_owned).collect();
    verify(auth, &headers, &body, &keys, &addresses, Timestamp::UNIX_EPOCH).map(drop)
}

#[test]
fn the_vector_of_the_standard_webhooks_libraries_fits() {
    // https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/rust/src/lib.rs
    let auth = STANDARD_AUTH;
    let key = ["whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"].concat();
    let keys = [SigningKey::parse(&key, &auth).unwrap()];
    let headers = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ];
    let (headers, body) = request(&headers, br#"{"test": 2432232314}"#);
    let now = Timestamp::from_second(1_614_265_330).unwrap();
    assert_eq!(verify(&auth, &headers, &body, &keys, &[], now).unwrap().key(), 0);
}

#[test]
fn the_vector_of_squares_library_fits() {
    assert_eq!(square(Some(SQUARE_URL)), Ok(()));
}

#[test]
fn square_signs_its_address_letter_for_letter() {
    for url in [
        format!("{SQUARE_URL}/"),
        format!("{SQUARE_URL}?"),
        SQUARE_URL.to_uppercase(),
        SQUARE_URL.replace("https", "http"),
        SQUARE_URL.replace("webhook.site", "webhook.site:443"),
        String::new(),
    ] {
        assert_eq!(square(Some(&url)), Err(Rejection::BadSignature), "{url}");
    }
    assert_eq!(square(None), Err(Rejection::NoPublicUrl));
}

#[test]
fn the_vector_of_ifoods_documentation_fits() {
    // https://developer.ifood.com.br/en-US/docs/guides/modules/events/webhook-signature
    let text = "scheme = \"hmac-sha256\"\nheader = \"x-ifood-signature\"\nencoding = \"hex\"\n\
                min_key_bytes = 8";
    let auth: Auth = toml::from_str(text).unwrap();
    let body = concat!(
        r#"{"code":"PLC","createdAt":"2023-02-20T18:19:03.20162269Z","fullCode":"PLACED","#,
        r#""id":"a38ba215-f949-4b2c-982a-0582a9d0c10e","#,
        r#""merchantId":"cad65e8f-6fc6-438a-b159-e64a902a6b9a","#,
        r#""orderId":"2c97e104-35ed-4c18-85d7-854a40b6b9e3"}"#
    );
    let signature = "6f9ed23a7b505a3b6907c5f6eb2ad1b056fbf35a643d365a9a072ed7aabca153";
    let request = request(&[("X-IFood-Signature", signature)], body.as_bytes());
    let key = ["dummy", "secret"].concat();
    assert_eq!(check(&auth, &request, &[&key]), Ok(0));
    let Auth::Signature(ifood) = &Platform::find("ifood").unwrap().auth else { panic!() };
    let Auth::Signature(auth) = auth else { panic!() };
    assert_eq!(ifood, &Signature { min_key_bytes: None, ..auth });
}

#[test]
fn the_vector_of_githubs_documentation_fits() {
    // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    let auth = hmac_auth("hex", "sha256=", "{body}");
    let key = ["It's a Secret", " to Everybody"].concat();
    let signature = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let signed =
        |value: &str, body: &[u8]| check(&auth, &request(&[("x-signature", value)], body), &[&key]);
    let with_prefix = format!("sha256={signature}");
    assert_eq!(signed(&with_prefix, b"Hello, World!"), Ok(0));
    assert_eq!(signed(&with_prefix, b"Hello, World"), Err(Rejection::BadSignature));
    assert_eq!(
        signed(signature, b"Hello, World!"),
        Err(Rejection::MalformedSignature),
        "no prefix"
    );
}

/// As Stripe signs, <https://docs.stripe.com/webhooks#verify-manually>; the digits are of
/// `printf '%s' '1767225600.{"id":"evt_1"}' | openssl dgst -sha256 -hmac 'whsec_a key of this test only'`.
fn stripe_like(value: &str) -> Result<usize, Rejection> {
    let auth = hmac_auth("hex", "v1=", "{t}.{body}");
    let key = ["whsec_", TEXT_KEY].concat();
    check(&auth, &request(&[("x-signature", value)], br#"{"id":"evt_1"}"#), &[&key])
}

const STRIPE_LIKE: &str = "be68eed74130d748a4b02eb25f7b294c86bd2f6147b2d974ad925452a57e2b6e";

#[test]
fn a_time_and_a_signature_may_share_a_header() {
    assert_eq!(stripe_like(&format!("t=1767225600,v1={STRIPE_LIKE}")), Ok(0));
    assert_eq!(stripe_like(&format!("v1={STRIPE_LIKE}, t=1767225600")), Ok(0));
    let others = format!("t=1767225600,v1=00,v0={STRIPE_LIKE},v1={STRIPE_LIKE},v2=x");
    assert_eq!(stripe_like(&others), Ok(0), "several keys may sign");
}

#[test]
fn a_time_and_a_signature_in_one_header_are_both_needed() {
    let no_signature = Err(Rejection::MalformedSignature);
    let no_time = Err(Rejection::MalformedTimestamp);
    for (value, expected) in [
        (format!("v1={STRIPE_LIKE}"), no_time.clone()),
        ("t=1767225600".to_owned(), no_signature.clone()),
        (format!("t=1767225600,v0={STRIPE_LIKE}"), no_signature),
        (format!("t=,v1={STRIPE_LIKE}"), no_time.clone()),
        (format!("t=+1767225600,v1={STRIPE_LIKE}"), no_time),
        (format!("t=1767225601,v1={STRIPE_LIKE}"), Err(Rejection::BadSignature)),
        (format!("t=1767225299,v1={STRIPE_LIKE}"), Err(Rejection::TooOld)),
        (format!("t=1767225901,v1={STRIPE_LIKE}"), Err(Rejection::FromTheFuture)),
        (String::new(), missing(&["x-signature"])),
    ] {
        assert_eq!(stripe_like(&value), expected, "{value}");
    }
}
