//! Public keys as JSON Web Keys.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::public_keys::{
    BODY, ED25519, ED25519_SIGNATURE, P256, P256_SIGNATURE, RSA, RSA_1024, RSA_SIGNATURE, SCHEMES,
    auth, refused,
};
use super::*;

/// The key of <https://www.rfc-editor.org/rfc/rfc8037#appendix-A.2>.
const RFC_8037: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A JWK with the bytes of a key in PEM.
fn jwk(encoded: &str) -> Value {
    let der = STANDARD.decode(encoded).unwrap();
    match der.len() {
        294 => json!({"kty": "RSA", "n": base64(&der[33..289]), "e": "AQAB", "alg": "RS256"}),
        162 => json!({"kty": "RSA", "n": base64(&der[29..157]), "e": "AQAB"}),
        91 => point(&der[26..]),
        _ => json!({"kty": "OKP", "crv": "Ed25519", "x": base64(&der[12..])}),
    }
}

fn point(uncompressed: &[u8]) -> Value {
    let (x, y) = uncompressed[1..].split_at(32);
    json!({"kty": "EC", "crv": "P-256", "x": base64(x), "y": base64(y)})
}

fn sent(scheme: &str, key: &str, signature: &str, body: &[u8]) -> Result<usize, Rejection> {
    check(&auth(scheme, "{body}"), &request(&[("x-signature", signature)], body), &[key])
}

/// Each scheme with a key of its kind, and that key's signature of the body.
fn schemes() -> impl Iterator<Item = (&'static str, Value, &'static str)> {
    let right = [(RSA, RSA_SIGNATURE), (P256, P256_SIGNATURE), (ED25519, ED25519_SIGNATURE)];
    SCHEMES.into_iter().zip(right).map(|(scheme, (key, signature))| (scheme, jwk(key), signature))
}

#[test]
fn a_public_key_may_be_a_jwk() {
    for (scheme, key, signature) in schemes() {
        for key in [key.to_string(), format!(" {key:#}\n"), format!("'{key}'")] {
            assert_eq!(sent(scheme, &key, signature, BODY), Ok(0), "{key}");
            assert_eq!(sent(scheme, &key, signature, b"{}"), Err(Rejection::BadSignature), "{key}");
        }
    }
}

#[test]
fn the_example_of_rfc_8037_is_verified() {
    // Appendix A.4.
    let signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature =
        "hgyY0il/MGCjP0JzlnLWG1PPOt7+09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr/MuM0KAg==";
    assert_eq!(sent("ed25519", RFC_8037, signature, signed), Ok(0));
}

#[test]
fn of_a_set_each_key_of_the_kind_is_tried() {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let pair = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pair.as_ref(), &random).unwrap();
    let signature = STANDARD.encode(pair.sign(&random, BODY).unwrap());
    let damaged = json!({"kty": "EC", "crv": "P-256", "x": "AAAA"});
    let set = json!({"keys": [
        jwk(RSA), damaged, jwk(P256), jwk(ED25519), {"kty": "new"}, point(pair.public_key().as_ref()),
    ]});
    let set = set.to_string();
    assert_eq!(sent("ecdsa-p256", &set, &signature, BODY), Ok(0));
    for (scheme, _, signature) in schemes() {
        assert_eq!(sent(scheme, &set, signature, BODY), Ok(0), "{scheme}");
    }
    let without = json!({"keys": [jwk(RSA), jwk(P256)]}).to_string();
    let refused = Err(Rejection::BadSignature);
    assert_eq!(sent("ecdsa-p256", &without, &signature, BODY), refused);
}

#[test]
fn what_is_no_jwk_of_the_scheme_is_refused_with_a_sentence() {
    for (scheme, mut key, _) in schemes() {
        let no_key = |text: &str| refused(scheme, text).to_string();
        let refused = |key: &Value| no_key(&key.to_string());
        let neither = "it is no public key, neither in PEM, which begins with `-----BEGIN PUBLIC KEY-----`, \
             nor as JWK, which has a `kty`";
        for other in [json!({}), json!({"keys": []}), json!({"kty": 1})] {
            assert_eq!(refused(&other), neither, "{other}");
        }
        let others =
            json!({"keys": [{"kty": "EC", "crv": "P-384"}, {"kty": "oct"}, {"kty": "OKP"}]});
        let other = refused(&others);
        assert!(
            other.starts_with("it is another kind of key; the platform signs with "),
            "{other}"
        );

        let damaged = "its JWK is damaged: copy it again, from `{` to the end";
        let cut = key.to_string();
        assert_eq!(no_key(&cut[..cut.len() - 2]), damaged);
        for member in ["n", "x"] {
            if key.get(member).is_some() {
                let mut key = key.clone();
                key[member] = "AA%A".into();
                assert_eq!(refused(&key), damaged, "{key}");
            }
        }
        key["d"] = "AAAA".into();
        let private = "it is a private key; the public one is needed, which has no `d`";
        for private_key in [json!({"keys": [key.clone()]}), key] {
            assert_eq!(refused(&private_key), private);
        }
    }
    let short = refused("rsa-sha256", &jwk(RSA_1024).to_string());
    assert_eq!(short, KeyError::RsaLength);
}

#[test]
fn a_jwk_is_the_same_key_as_in_pem_and_is_no_shared_key() {
    let sample = SigningKey::written("any text", &auth("ed25519", "{body}"));
    let der: String = sample.lines().filter(|line| !line.starts_with('-')).collect();
    let now = Timestamp::from_second(NOW).unwrap();
    let scheme = auth("ed25519", "{body}");
    let key = SigningKey::parse(&jwk(&der).to_string(), &scheme).unwrap();
    assert!(sign(&scheme, &Headers::default(), BODY, &key, "", "msg_1", now).is_ok());

    for auth in [STANDARD_AUTH, hmac_auth("hex", "", "{body}")] {
        let refused = SigningKey::parse(RFC_8037, &auth).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "it is a key in PEM or as JWK; a key is needed that the platform and this function share"
        );
    }
}
