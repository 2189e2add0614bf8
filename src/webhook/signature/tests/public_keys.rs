//! Signatures that are verified with a public key. The keys, the signatures and the certificate are of
//! `openssl`; their private keys were thrown away.

use super::*;
use crate::webhook::sign::SignError;

pub(super) const BODY: &[u8] = br#"{"id":"A-1"}"#;
pub(super) const SCHEMES: [&str; 3] = ["rsa-sha256", "ecdsa-p256", "ed25519"];

pub(super) const RSA: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAoOTXohI43nhCbBkB+KmdvtSgEAC3N0TAYjfSLDq6kfpYWFmm2ldaMX4RgQjavYATg+SIH/p3I6vsdoqsGN1+lnqvx0PYHprBQdYOeOlVjSe/EVpV36MoFwS7O8qvWFqFCsNkup6R2JcbuEDm2XjzK+4KAqt2tW2r9jYgFD1NMjBdZnyg60NZXft5nMVImCs5z9Q6WMbXYtQs/2fqBq4qPBMjYfzFXFGCSeAD1XoLWvgOmZ9DMUTG4+nyY24Klg23L3gXDaP4rD6jlnPNEsbBXJ3yIpxKckOfJrCc913NTiqf951ZJNJZRf1yNiNRROkQpFbi5nm3i3wRYUj7f2flvwIDAQAB";
/// `openssl dgst -sha256 -sign`, over the body and over its base64.
pub(super) const RSA_SIGNATURE: &str = "eOzZmlD91tROUhPv6HOCPXNRkNSHcHXG98ihxiU+Ait7dBE0f+nHmTLPIT1xq8CEgQ5c+8uBikkBfW76sOm/HN89Wc4yp7BnTo207ZHi8JAi4h5y+SSkJJeJI8aUwOJIFJp1H+6zhh86V0VuJOHmxthJ8whl9FYb4pE0DhAwd2Tay6CcCygB+eXbklRKZLxqvb20zXWhIJ7i2ny2XpiPUsqSQBbmVZMJbOE+dbk/4zVtpGeZOSy928SLmVTBQ7Cc8Lp9OmBG1JxGrjsu6M5D+sSW7aPpWoVtzKXnTP/YaXWfBYoIZtsVlJN7cNxR2aFOa8IQz31VRRm+wO+kYX3zsQ==";
const RSA_SIGNATURE_OF_BASE64: &str = "e4Rz23WfAJFngWWjmpQR0m6Irz6spTpeARZZg0ygqzGRsFOybv1Wnh3tYl+xMgrSqH+gnpKGrUeqj6LnPxVTTF9H2P/40JW1zKbkHxGSFhF/Bfa5mGUR9IlAFRPRYqKZGGXRRk0Q8LN8vwS4DKJ2T1574ti40Orx3Jc11BxO6ihFSJdrf4qTTuLO8jU3BWFufmAtUfQBGFuYE0Ex5uxgUQc58g2i6mkqxZn4WfONmBBeS9OW6iRL5oHOnHNXYlkaNESW2kTa318MdKctoy1UxiyVot03PL83Y3YxvYw7L3R9N4n67152L27TQo3G8smH1HolcYxGuxjBf8mT2jQrqQ==";
pub(super) const P256: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKLE+Xxu4koojnAouDeOadqF63NhX9tkXk3QewrPKps2StmnlA+kgfJx+29E3uY68mpZCOoMlZyiVRVywqQB6gA==";
pub(super) const P256_SIGNATURE: &str = "MEUCIAlDh9KIxaoLVVGxsuBZKJ1jqLuAdhaVGhMHxq1jDEoNAiEAmuyzIV0wqQORhOxfv/Y2ODLdjY08vtvx/sVMTZYZUVw=";
pub(super) const ED25519: &str = "MCowBQYDK2VwAyEA1jjtw0zABdr7+C+zBxjB6KxZfZIqYcQNt0bMOSA5/1c=";
/// `openssl pkeyutl -sign -rawin`, over the body and over `msg_1.1767225600.` and the body.
pub(super) const ED25519_SIGNATURE: &str =
    "QSzA9bmLuq+p3W8yLL1LwPWDJEiSRCzqav3bvdun6huQ7tY77BN2m2/qWez4NZxEP1oSsV3t4upSnCwWjNltAA==";
const STANDARD_SIGNATURE: &str =
    "DYT5lGW2EbsrW3LbXig2+6p92YwH9sCp1Pdw/IzuzyvNo6kTuCbCkWhRqRLP9eQI3SrA89jLHEmh7/G3EthzBg==";

/// Keys and a certificate of kinds that are refused.
pub(super) const RSA_1024: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDErHh3DlPU/UZdMfwK4vnccV2ADTuKXykcq58uSrQvZxKR9nXigzbT+VmCUkjDMdmKtVZtbrF/vjyrbr3+dTppD+5W3pqaylKfGlTu2mRkczZRssztDG4QGs03p2c8RRLsy9BaEOnP0RywBYuZyYzVmpzIjTGzRDDFYFkYOFZDpwIDAQAB";
const P384: &str = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAECBECs8GMiw+jg7Tsau3mMlxex1JKGrtCHYYAF83ERpmlsnT8xCTQq8eGt2QzBpCHyjVYQh0ZXhIG7t5Km8/0iAIL2+Z2G4AjFvb6yNvR5DxfFyVZsLwPFk02bqnDsvdg";
const CERTIFICATE: &str = "MIIBhDCCASmgAwIBAgIUEtMFu8vfBfGm5pMrnlG5KJ3eVTowCgYIKoZIzj0EAwIwFjEUMBIGA1UEAwwLZXhhbXBsZS5jb20wIBcNMjYxMTI5MTIxMTU5WhgPMjEyNjExMDUxMjExNTlaMBYxFDASBgNVBAMMC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKLE+Xxu4koojnAouDeOadqF63NhX9tkXk3QewrPKps2StmnlA+kgfJx+29E3uY68mpZCOoMlZyiVRVywqQB6gKNTMFEwHQYDVR0OBBYEFJZAvDQrFEMXkalhs2857zsP6GnJMB8GA1UdIwQYMBaAFJZAvDQrFEMXkalhs2857zsP6GnJMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhANt0BMQV1rX2sNlsr3D/BbOCpiW03NpULivUuICKltHqAiEAm0GKA30+kC+GjQmTzbgtEf1za86ySzL8gPj0rvvT53M=";

fn pem(label: &str, encoded: &str) -> String {
    let lines: Vec<_> =
        encoded.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

pub(super) fn public(encoded: &str) -> String {
    pem("PUBLIC KEY", encoded)
}

/// Not the one of the samples.
pub(super) fn other_rsa_key() -> String {
    public(RSA)
}

pub(super) fn auth(scheme: &str, signed: &str) -> Auth {
    let text = format!(
        "scheme = \"{scheme}\"\nheader = \"x-signature\"\nencoding = \"base64\"\nsigned = \"{signed}\""
    );
    toml::from_str(&text).unwrap()
}

pub(super) fn refused(scheme: &str, key: &str) -> KeyError {
    SigningKey::parse(key, &auth(scheme, "{body}")).unwrap_err()
}

#[test]
fn a_signature_of_a_private_key_is_verified_with_the_public_one() {
    let right = [(RSA, RSA_SIGNATURE), (P256, P256_SIGNATURE), (ED25519, ED25519_SIGNATURE)];
    for (scheme, (key, signature)) in SCHEMES.into_iter().zip(right) {
        let auth = auth(scheme, "{body}");
        let sent = |signature: &str, body| {
            check(&auth, &request(&[("x-signature", signature)], body), &[&public(key)])
        };
        assert_eq!(sent(signature, BODY), Ok(0), "{scheme}");
        let refused = Err(Rejection::BadSignature);
        assert_eq!(sent(signature, br#"{"id":"A-2"}"#), refused, "{scheme}");
        for other in [RSA_SIGNATURE_OF_BASE64, &signature[..8], "AAAA"] {
            assert_eq!(sent(other, BODY), refused, "{scheme}: {other}");
        }
        let with_public_key = STANDARD.encode(mac(public(key).as_bytes(), &[BODY]));
        assert_eq!(sent(&with_public_key, BODY), refused, "{scheme}: anyone can sign so");
        assert_eq!(sent("%%%", BODY), Err(Rejection::MalformedSignature), "{scheme}");
    }
}

#[test]
fn the_body_may_be_signed_in_base64() {
    let sent = |signed, signature| {
        let request = request(&[("x-signature", signature)], BODY);
        check(&auth("rsa-sha256", signed), &request, &[&public(RSA)])
    };
    assert_eq!(sent("{body:base64}", RSA_SIGNATURE_OF_BASE64), Ok(0));
    assert_eq!(sent("{body:base64}", RSA_SIGNATURE), Err(Rejection::BadSignature));
    assert_eq!(sent("{body}", RSA_SIGNATURE_OF_BASE64), Err(Rejection::BadSignature));

    let auth = hmac_auth("hex", "", "{body:base64}");
    let signature = hex::encode(mac(TEXT_KEY.as_bytes(), &[STANDARD.encode(BODY).as_bytes()]));
    let sent = check(&auth, &request(&[("x-signature", &signature)], BODY), &[TEXT_KEY]);
    assert_eq!(sent, Ok(0));
}

#[test]
fn a_public_key_may_have_been_pasted_into_one_line() {
    let auth = auth("rsa-sha256", "{body}");
    let key = public(RSA);
    for stored in [
        key.clone(),
        key.replace('\n', "\r\n"),
        key.replace('\n', "\\n"),
        key.replace('\n', "\\r\\n"),
        key.replace('\n', " "),
        key.replace('\n', ""),
        format!("\"{}\"", key.trim()),
        format!("The key:\n{key}and what follows it"),
    ] {
        let request = request(&[("x-signature", RSA_SIGNATURE)], BODY);
        assert_eq!(check(&auth, &request, &[&stored]), Ok(0), "{stored}");
    }
}

#[test]
fn what_is_no_public_key_of_the_scheme_is_refused_with_a_sentence() {
    for (scheme, name) in SCHEMES.into_iter().zip(["RSA", "ECDSA on the curve P-256", "Ed25519"]) {
        for key in [RSA, RSA_1024, P256, P384, ED25519] {
            let is_other = !["RSA", "P-256", "Ed25519"]
                .into_iter()
                .zip([vec![RSA, RSA_1024], vec![P256], vec![ED25519]])
                .any(|(kind, keys)| name.ends_with(kind) && keys.contains(&key));
            if is_other {
                assert_eq!(refused(scheme, &public(key)), KeyError::OtherKind(name), "{key}");
            }
        }
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
            // No real one is needed: it is not even decoded.
            let private = refused(scheme, &pem(label, "AAAA"));
            assert_eq!(
                private.to_string(),
                "it is a private key; the public one is needed, which begins with `-----BEGIN PUBLIC KEY-----`"
            );
        }
        let certificate = refused(scheme, &pem("CERTIFICATE", CERTIFICATE));
        assert_eq!(
            certificate.to_string(),
            "it is a certificate; the public key alone is needed, which begins with `-----BEGIN PUBLIC KEY-----`"
        );
        for text in [TEXT_KEY, RSA, "-----BEGIN", &pem("RSA PUBLIC KEY", RSA)] {
            assert_eq!(
                refused(scheme, text).to_string(),
                "it is no public key, neither in PEM, which begins with `-----BEGIN PUBLIC KEY-----`, nor as JWK, which has a `kty`"
            );
        }
        let cut = public(RSA);
        let cut = &cut[..cut.len() - 40];
        for damaged in
            [cut, &public(&RSA[..100]), &public("%%%"), &public(""), &public(CERTIFICATE)]
        {
            assert_eq!(
                refused(scheme, damaged).to_string(),
                "its PEM is damaged: copy it again, from `-----BEGIN` to the end",
                "{damaged}"
            );
        }
        assert_eq!(refused(scheme, " "), KeyError::Empty);
    }
    assert_eq!(
        refused("ed25519", &public(P256)).to_string(),
        "it is another kind of key; the platform signs with Ed25519"
    );
    assert_eq!(
        refused("rsa-sha256", &public(RSA_1024)).to_string(),
        "it is an RSA key of fewer than 2048 bits, or of more than 8192"
    );
}

#[test]
fn a_key_in_pem_is_no_shared_key() {
    let token = Auth::Token(Token { header: vec!["authorization".to_owned()] });
    for auth in [STANDARD_AUTH, hmac_auth("hex", "", "{body}"), token] {
        let refused = SigningKey::parse(&public(RSA), &auth).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "it is a key in PEM or as JWK; a key is needed that the platform and this function share"
        );
    }
}

/// A request with this list of signatures, signed as Standard Webhooks has it.
fn standard_with(list: &str) -> Request {
    let headers =
        [("webhook-id", "msg_1"), ("webhook-timestamp", "1767225600"), ("webhook-signature", list)];
    request(&headers, BODY)
}

fn whpk() -> String {
    let der = STANDARD.decode(ED25519).unwrap();
    format!("whpk_{}", STANDARD.encode(&der[der.len() - 32..]))
}

#[test]
fn each_key_of_standard_webhooks_verifies_the_signatures_of_its_kind_alone() {
    let public = format!("v1a,{STANDARD_SIGNATURE}");
    let shared = mac(TEXT_KEY.as_bytes(), &[b"msg_1.1767225600.", BODY]);
    let shared = format!("v1,{}", STANDARD.encode(shared));
    let sent = |list: &str, key: &str| check(&STANDARD_AUTH, &standard_with(list), &[key]);
    let refused = Err(Rejection::BadSignature);
    for list in [public.clone(), format!("{shared} {public}"), format!("v1a,AAAA {public}")] {
        assert_eq!(sent(&list, &whpk()), Ok(0), "{list}");
    }
    for list in [shared.clone(), format!("{public} {shared}")] {
        assert_eq!(sent(&list, TEXT_KEY), Ok(0), "{list}");
    }
    assert_eq!(sent(&public, TEXT_KEY), refused);
    assert_eq!(sent(&shared, &whpk()), refused);
    assert_eq!(sent(&format!("v1,{STANDARD_SIGNATURE}"), &whpk()), refused);
    // Anyone can make a MAC with a public key.
    let forged = mac(whpk().as_bytes(), &[b"msg_1.1767225600.", BODY]);
    for version in ["v1", "v1a"] {
        let forged = format!("{version},{}", STANDARD.encode(&forged));
        assert_eq!(sent(&forged, &whpk()), refused, "{version}");
    }
    let both = [TEXT_KEY, &whpk()];
    assert_eq!(check(&STANDARD_AUTH, &standard_with(&public), &both), Ok(1));
    assert_eq!(sent("v1a,", &whpk()), Err(Rejection::MalformedSignature));
}

#[test]
fn a_public_key_of_standard_webhooks_may_be_copied_with_its_version_and_is_32_bytes() {
    let list = format!("v1a,{STANDARD_SIGNATURE}");
    let key = whpk();
    for stored in [format!("v1a,{key}"), format!("\"{key}\""), key.trim_end_matches('=').to_owned()]
    {
        assert_eq!(check(&STANDARD_AUTH, &standard_with(&list), &[&stored]), Ok(0), "{stored}");
    }
    assert_eq!(SigningKey::parse(&key, &STANDARD_AUTH).unwrap().reading(), "a public key");
    for wrong in ["whpk_", "whpk_AAAA", "whpk_%%", &format!("{key}{key}")] {
        let refused = SigningKey::parse(wrong, &STANDARD_AUTH).unwrap_err();
        assert_eq!(refused.to_string(), "what follows `whpk_` is not 32 bytes in base64");
    }
    let private = SigningKey::parse(&key.replace("whpk", "whsk"), &STANDARD_AUTH).unwrap_err();
    assert_eq!(
        private.to_string(),
        "it is a private key; the public one is needed, which begins with `whpk_`"
    );
    // Where a key is always a text, it is one.
    let raw = Auth::Standard(KeyText::Raw);
    assert_eq!(SigningKey::parse(&key, &raw).unwrap().reading(), "its text");
}

#[test]
fn only_the_private_key_of_the_samples_is_known() {
    let now = Timestamp::from_second(NOW).unwrap();
    let signed = |auth: &Auth, key: &str| {
        let key = SigningKey::parse(key, auth).unwrap();
        sign(auth, &Headers::default(), BODY, &key, "", "msg_1", now)
    };
    for (scheme, other) in SCHEMES.into_iter().zip([RSA, P256, ED25519]) {
        let auth = auth(scheme, "{body:base64}");
        let sample = SigningKey::written("any text", &auth);
        let headers = signed(&auth, &sample).unwrap();
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let other = public(other);
        assert_eq!(check(&auth, &request(&headers, BODY), &[&other, &sample]), Ok(1), "{scheme}");
        assert!(matches!(signed(&auth, &other), Err(SignError::PrivateKey)), "{scheme}");
    }
    assert!(matches!(signed(&STANDARD_AUTH, &whpk()), Err(SignError::PrivateKey)));
}
