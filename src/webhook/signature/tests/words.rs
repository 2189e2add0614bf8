//! What a platform file can say of a signature, beyond an HMAC with SHA-256 and a key that is a text.
//! The digits are of `openssl dgst` and `printf '%s' …`.

use super::*;

const BODY: &[u8] = br#"{"id":"A-1"}"#;

fn auth(scheme: &str, encoding: &str, more: &str) -> Auth {
    let text =
        format!("scheme = \"{scheme}\"\nheader = \"x-signature\"\nencoding = {encoding}\n{more}");
    toml::from_str(&text).unwrap()
}

fn sent(auth: &Auth, value: &str, keys: &[&str]) -> Result<usize, Rejection> {
    check(auth, &request(&[("x-signature", value)], BODY), keys)
}

#[test]
fn a_platform_may_have_another_hash() {
    for (scheme, digits) in [
        ("hmac-sha1", "f614dfa2b5e1bdc6c61185823a8de4893fc2e119"),
        ("hmac-sha256", "21b87c8ef761fe8b8ea3b53221469a9f54f3b7460be78110d1efd41b948bf677"),
        (
            "hmac-sha512",
            "267ab3680d7d08876dd21bca510dd5c9dc55c305030ec938fe36a73ff0152acc0b13fff83309849ba7166aabd5df02a65ddce0cd1a4f52d92de469c3c4d18550",
        ),
    ] {
        let auth = auth(scheme, "\"hex\"", "");
        assert_eq!(sent(&auth, digits, &[TEXT_KEY]), Ok(0), "{scheme}");
        let others = ["hmac-sha1", "hmac-sha256", "hmac-sha512"].into_iter();
        for other in others.filter(|other| *other != scheme) {
            let auth = self::auth(other, "\"hex\"", "");
            assert_eq!(sent(&auth, digits, &[TEXT_KEY]), Err(Rejection::BadSignature), "{other}");
        }
    }
}

#[test]
fn a_key_may_be_shown_in_hex_or_base64() {
    let right = hex::encode(mac(TEXT_KEY.as_bytes(), &[BODY]));
    let in_hex = hex::encode(TEXT_KEY);
    let in_base64 = STANDARD.encode(TEXT_KEY);
    for (form, key) in [("hex", &in_hex), ("base64", &in_base64)] {
        let auth = auth("hmac-sha256", "\"hex\"", &format!("key = \"{form}\""));
        assert_eq!(sent(&auth, &right, &[key]), Ok(0), "{form}");
        let not_encoded = SigningKey::parse("no key: ä", &auth).unwrap_err();
        assert_eq!(not_encoded, KeyError::NotEncoded(form));
        // The length is that of its bytes.
        let short = if form == "hex" { "00".repeat(15) } else { STANDARD.encode([0; 15]) };
        assert_eq!(SigningKey::parse(&short, &auth).unwrap_err(), KeyError::Short(16));
    }
    let text = auth("hmac-sha256", "\"hex\"", "");
    assert_eq!(sent(&text, &right, &[&in_hex]), Err(Rejection::BadSignature));
}

#[test]
fn a_signature_may_be_written_in_either_of_two_ways() {
    let auth = auth("hmac-sha256", "[\"hex\", \"base64\"]", "");
    let right = mac(TEXT_KEY.as_bytes(), &[BODY]);
    for value in [hex::encode(&right), STANDARD.encode(&right)] {
        assert_eq!(sent(&auth, &value, &[TEXT_KEY]), Ok(0), "{value}");
    }
    assert_eq!(sent(&auth, "%%%", &[TEXT_KEY]), Err(Rejection::MalformedSignature));
}

#[test]
fn the_entries_of_a_signature_may_have_other_names_and_separators() {
    let more =
        "separator = \";\"\nprefix = \"h1=\"\ntime_prefix = \"ts=\"\nsigned = \"{t}:{body}\"";
    let auth = auth("hmac-sha256", "\"hex\"", more);
    let time = NOW.to_string();
    let right = hex::encode(mac(TEXT_KEY.as_bytes(), &[time.as_bytes(), b":", BODY]));
    assert_eq!(sent(&auth, &format!("ts={time};h1={right}"), &[TEXT_KEY]), Ok(0));
    assert_eq!(sent(&auth, &format!("ts={time};h1=00;h1={right}"), &[TEXT_KEY]), Ok(0));
    let no_time = Err(Rejection::MalformedTimestamp);
    assert_eq!(sent(&auth, &format!("t={time};h1={right}"), &[TEXT_KEY]), no_time);
    let one_entry = sent(&auth, &format!("ts={time},h1={right}"), &[TEXT_KEY]);
    assert_eq!(one_entry, Err(Rejection::MalformedSignature));
    let late = NOW + 301;
    let late = sent(&auth, &format!("ts={late};h1={right}"), &[TEXT_KEY]);
    assert_eq!(late, Err(Rejection::FromTheFuture));
}

#[test]
fn the_id_of_the_key_may_be_signed_too() {
    let auth = auth("hmac-sha256", "\"hex\"", "signed = \"{key_id}{body}\"");
    let right = hex::encode(mac(TEXT_KEY.as_bytes(), &[b"app-1", BODY]));
    let key = |id: &str| format!("{id}:{TEXT_KEY}");
    assert_eq!(sent(&auth, &right, &[&key("app-2"), &key(" app-1 ")]), Ok(1));
    for wrong in [TEXT_KEY.to_owned(), key(""), key(" ")] {
        assert_eq!(SigningKey::parse(&wrong, &auth).unwrap_err(), KeyError::NoId, "{wrong}");
    }
    assert_eq!(SigningKey::parse("app-1:short", &auth).unwrap_err(), KeyError::Short(16));
}

#[test]
fn a_token_may_be_a_parameter_of_the_address() {
    let auth: Auth = toml::from_str("scheme = \"token\"\nquery = \"key\"").unwrap();
    let sent = |query: &str| {
        let headers = Headers::default().with_request_line("/webhook/kitchen", query);
        check(&auth, &(headers, BODY.to_vec()), &[TEXT_KEY])
    };
    let encoded = TEXT_KEY.replace(' ', "%20");
    assert_eq!(sent(&format!("a=b&key={encoded}")), Ok(0));
    assert_eq!(sent("key=another%20key%20of%20this%20test"), Err(Rejection::BadSignature));
    let missing = sent("a=b").unwrap_err();
    assert_eq!(missing.to_string(), "missing parameter `key`");
    let in_a_header = check(&auth, &request(&[("key", TEXT_KEY)], BODY), &[TEXT_KEY]);
    assert_eq!(in_a_header.unwrap_err(), missing);
}

#[test]
fn a_short_key_is_taken_only_where_the_platform_makes_it_and_is_known_as_short() {
    let taken = auth("hmac-sha256", "\"hex\"", "min_key_bytes = 8");
    let others = auth("hmac-sha256", "\"hex\"", "");
    assert!(SigningKey::parse("8 bytes.", &taken).unwrap().is_short());
    for long in ["sixteen bytes ok", TEXT_KEY] {
        assert!(!SigningKey::parse(long, &taken).unwrap().is_short(), "{long}");
    }
    assert_eq!(SigningKey::parse("7 bytes", &taken).unwrap_err(), KeyError::Short(8));
    assert_eq!(SigningKey::parse("8 bytes.", &others).unwrap_err(), KeyError::Short(16));
}

#[test]
fn an_address_is_signed_as_it_is_written_or_as_the_platforms_own() {
    let auth = auth("hmac-sha256", "\"hex\"", "signed = \"{url}{body}\"");
    let [own, relay] = ["https://a.example/webhook/olo", "https://a.example/webhook"];
    let keys = [SigningKey::parse(TEXT_KEY, &auth).unwrap()];
    let addresses = [relay.to_owned(), own.to_owned()];
    let verify = |address: &str, body: &[u8]| {
        let right = hex::encode(mac(TEXT_KEY.as_bytes(), &[address.as_bytes(), body]));
        let (headers, _) = request(&[("x-signature", &right)], body);
        // What is left of the longer address cannot be the begin of a body.
        let moved = [address.as_bytes(), body].concat();
        let moved = moved.strip_prefix(relay.as_bytes()).unwrap().to_vec();
        let now = Timestamp::from_second(NOW).unwrap();
        let taken = self::verify(&auth, &headers, body, &keys, &addresses, now).map(drop);
        let forged = self::verify(&auth, &headers, &moved, &keys, &addresses, now).map(drop);
        (taken, moved == body || forged == Err(Rejection::NotAnObject))
    };
    assert_eq!(verify(own, BODY), (Ok(()), true));
    assert_eq!(verify(relay, BODY), (Ok(()), true));
}
