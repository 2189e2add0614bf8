//! Public keys as JSON Web Keys: <https://www.rfc-editor.org/rfc/rfc7517>. Their members are those of
//! <https://www.rfc-editor.org/rfc/rfc7518#section-6> and <https://www.rfc-editor.org/rfc/rfc8037#section-2>.

use serde_json::Value;

use super::KeyError;
use super::der::rsa_numbers;
use super::public_key::{PublicKey, name};
use super::reading::from_base64;
use crate::platform::PublicKeyAlgorithm;

/// Whether the text is meant as JSON, as no other key begins.
pub(super) fn is_jwk(text: &str) -> bool {
    text.starts_with('{')
}

/// Reads a key, or the keys of a set that are of the algorithm's kind. Of those that can be used, each is
/// a key of the platform.
pub(super) fn parse(text: &str, algorithm: PublicKeyAlgorithm) -> Result<Vec<PublicKey>, KeyError> {
    let value: Value = serde_json::from_str(text).map_err(|_| KeyError::DamagedJwk)?;
    let all = value["keys"].as_array().map_or(std::slice::from_ref(&value), Vec::as_slice);
    if all.iter().any(|key| !key["d"].is_null()) {
        return Err(KeyError::PrivateJwk);
    }
    if !all.iter().any(|key| key["kty"].is_string()) {
        return Err(KeyError::NoPublicKey);
    }
    let mut keys = Vec::new();
    let mut refused = KeyError::OtherKind(name(algorithm));
    for key in all.iter().filter(|key| fits(key, algorithm)) {
        let bytes = bytes(key, algorithm).ok_or(KeyError::DamagedJwk);
        match bytes.and_then(|bytes| PublicKey::of_bytes(&bytes, algorithm)) {
            Ok(key) => keys.push(key),
            Err(KeyError::Damaged) => refused = KeyError::DamagedJwk,
            Err(error) => refused = error,
        }
    }
    if keys.is_empty() { Err(refused) } else { Ok(keys) }
}

fn fits(key: &Value, algorithm: PublicKeyAlgorithm) -> bool {
    match algorithm {
        PublicKeyAlgorithm::RsaSha256 => key["kty"] == "RSA",
        PublicKeyAlgorithm::EcdsaP256 => key["kty"] == "EC" && key["crv"] == "P-256",
        PublicKeyAlgorithm::Ed25519 => key["kty"] == "OKP" && key["crv"] == "Ed25519",
    }
}

fn bytes(key: &Value, algorithm: PublicKeyAlgorithm) -> Option<Vec<u8>> {
    let member = |name: &str| from_base64(key[name].as_str()?);
    let coordinate = |name| member(name).filter(|bytes| bytes.len() == 32);
    match algorithm {
        PublicKeyAlgorithm::RsaSha256 => Some(rsa_numbers(&member("n")?, &member("e")?)),
        PublicKeyAlgorithm::EcdsaP256 => {
            let uncompressed = vec![0x04];
            Some([uncompressed, coordinate("x")?, coordinate("y")?].concat())
        }
        PublicKeyAlgorithm::Ed25519 => coordinate("x"),
    }
}
