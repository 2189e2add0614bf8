//! How a key is read, and which are refused.

use super::*;

#[test]
fn a_key_that_proves_nothing_is_refused() {
    let shopify = &Platform::find("shopify").unwrap().auth;
    let standard = &STANDARD_AUTH;
    assert_eq!(SigningKey::parse("", shopify).unwrap_err(), KeyError::Empty);
    assert_eq!(SigningKey::parse("whsec_", standard).unwrap_err(), KeyError::Empty);
    assert_eq!(SigningKey::parse("fifteen bytes..", shopify).unwrap_err(), KeyError::Short(16));
    assert_eq!(SigningKey::parse("whsec_AAAA", standard).unwrap_err(), KeyError::Short(16));
    assert_eq!(SigningKey::parse("whsec_%%", standard).unwrap_err(), KeyError::Short(16));
    // Other schemes have keys that merely look alike.
    assert!(SigningKey::parse("whsec_not base64 at all", shopify).is_ok());
}

#[test]
fn a_known_user_name_or_scheme_makes_no_key_longer() {
    let token = Auth::Token(Token { header: vec!["authorization".to_owned()] });
    let basic = |credentials| format!("Basic {}", STANDARD.encode(credentials));
    for short in [
        "doordash:1234567".to_owned(),
        "a-very-long-user-name:fifteen.bytes..".to_owned(),
        "a-very-long-user-name:".to_owned(),
        basic("doordash:1234567"),
        format!("Authorization: {}", basic("doordash:1234567")),
    ] {
        let refused = SigningKey::parse(&short, &token).unwrap_err();
        assert_eq!(refused, KeyError::ShortPassword, "{short}");
    }
    for long in ["user:sixteen.bytes.ok", "sixteen.bytes.ok", "Bearer sixteen.bytes.ok"] {
        assert!(SigningKey::parse(long, &token).is_ok(), "{long}");
    }
    for short in
        ["fifteen.bytes..", "Bearer fifteen.bytes..", "authorization: Bearer fifteen.bytes.."]
    {
        assert_eq!(SigningKey::parse(short, &token).unwrap_err(), KeyError::Short(16), "{short}");
    }
    assert!(SigningKey::parse("doordash:sixteen.bytes...", &token).is_ok());
    // An HMAC key has no user name.
    let shopify = &Platform::find("shopify").unwrap().auth;
    assert!(SigningKey::parse("sixteen:bytes...", shopify).is_ok());
}

#[test]
fn a_token_may_be_pasted_with_its_header() {
    let auth = Auth::Token(Token { header: vec!["authorization".to_owned()] });
    let credentials = "doordash:a password of this test";
    let basic = format!("Basic {}", STANDARD.encode(credentials));
    let bearer = format!("Bearer {TEXT_KEY}");
    for (sent, stored) in [
        (&basic, credentials.to_owned()),
        (&basic, format!("\"{credentials}\"")),
        (&basic, basic.clone()),
        (&basic, basic.replace("Basic", "basic ")),
        (&basic, format!("Authorization: {basic}")),
        (&bearer, TEXT_KEY.to_owned()),
        (&bearer, bearer.clone()),
        (&bearer, format!("'authorization:{bearer}'")),
        (&TEXT_KEY.to_owned(), bearer.replace("Bearer", "bearer")),
    ] {
        let sent = request(&[("authorization", sent)], b"{}");
        assert_eq!(check(&auth, &sent, &[&stored]), Ok(0), "{stored}");
        let other = request(&[("authorization", "Bearer another key of this test")], b"{}");
        assert_eq!(check(&auth, &other, &[&stored]), Err(Rejection::BadSignature), "{stored}");
    }
}

/// A request that is signed with these bytes as Standard Webhooks has it.
fn signed_with(key: &[u8]) -> Request {
    let time = NOW.to_string();
    let signature = STANDARD.encode(mac(key, &[b"msg_1.", time.as_bytes(), b".{}"]));
    let signature = format!("v1,{signature}");
    let headers = [
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", time.as_str()),
        ("webhook-signature", signature.as_str()),
    ];
    request(&headers, b"{}")
}

#[test]
fn a_key_of_standard_webhooks_may_be_written_as_any_sender_shows_it() {
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    // Bytes whose base64 has `+`, `/` and padding.
    let key: Vec<u8> = (0xE0..=0xFF).chain(*b"a key of this test").collect();
    let forms = [STANDARD.encode(&key), STANDARD_NO_PAD.encode(&key), URL_SAFE.encode(&key)];
    for encoded in forms.into_iter().chain([URL_SAFE_NO_PAD.encode(&key)]) {
        for stored in [
            format!("whsec_{encoded}"),
            format!("v1,whsec_{encoded}"),
            format!("\"whsec_{encoded}\""),
            format!(" 'v1,whsec_{encoded}' \n"),
            format!("\u{201C}whsec_{encoded}\u{201D}"),
            format!("`whsec_{encoded}`"),
            format!("whsec_ {encoded}"),
            format!("v1, whsec_{encoded}"),
            format!("WHSEC_{encoded}"),
            format!("WEBHOOK_SECRET=whsec_{encoded}"),
            format!("whsec_{}\r\n{}", &encoded[..20], &encoded[20..]),
            encoded.clone(),
        ] {
            let checked = check(&STANDARD_AUTH, &signed_with(&key), &[&stored]);
            assert_eq!(checked, Ok(0), "{stored}");
            let other = check(&STANDARD_AUTH, &signed_with(TEXT_KEY.as_bytes()), &[&stored]);
            assert_eq!(other, Err(Rejection::BadSignature), "{stored}");
        }
    }
}

#[test]
fn a_sender_may_sign_with_the_text_of_its_whsec_key() {
    // The second is base64 of eight bytes, which alone would be too short; the third is no base64.
    for text in [
        "whsec_".to_owned() + &"k".repeat(32),
        "whsec_dGVhaG91c2U".into(),
        "whsec_tea-house: a key!".into(),
    ] {
        for stored in [text.clone(), format!("v1,{text}"), format!(" \"{text}\"")] {
            let checked = check(&STANDARD_AUTH, &signed_with(text.as_bytes()), &[&stored]);
            assert_eq!(checked, Ok(0), "{stored}");
        }
    }
    let eight_bytes = STANDARD_AUTH;
    let checked = check(&eight_bytes, &signed_with(b"teahouse"), &["whsec_dGVhaG91c2U"]);
    assert_eq!(checked, Err(Rejection::BadSignature), "a short key is never tried");
}

/// The libraries of Standard Webhooks take base64 only, so the senders' examples encode a raw key.
#[test]
fn a_raw_key_may_be_pasted_as_its_base64() {
    let raw = Auth::Standard(KeyText::Raw);
    let text = "0123456789abcdef".repeat(4);
    let key = text.as_bytes();
    for stored in [
        text.clone(),
        format!("\"{text}\""),
        STANDARD.encode(key),
        format!("whsec_{}", STANDARD.encode(key)),
    ] {
        assert_eq!(check(&raw, &signed_with(key), &[&stored]), Ok(0), "{stored}");
    }
    assert_eq!(
        check(&raw, &signed_with(b"whsec_a key of this test"), &["whsec_a key of this test"]),
        Ok(0)
    );
}

#[test]
fn a_key_says_how_it_is_read() {
    let said = |text: &str, auth| SigningKey::parse(text, auth).unwrap().reading();
    let encoded = format!("whsec_{}", STANDARD.encode(TEXT_KEY));
    assert_eq!(
        said(&encoded, &STANDARD_AUTH),
        "the bytes that its base64 stands for, or else its text"
    );
    assert_eq!(said(TEXT_KEY, &STANDARD_AUTH), "its text");
    assert_eq!(
        said(&"k".repeat(32), &STANDARD_AUTH),
        "its text, or else the bytes that its base64 stands for"
    );
    assert_eq!(said(TEXT_KEY, &Platform::find("shopify").unwrap().auth), "its text");
}
