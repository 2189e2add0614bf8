//! Writes a public key as DER: <https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.7>.

use rustls::pki_types::alg_id;

use crate::platform::PublicKeyAlgorithm;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// The `SubjectPublicKeyInfo` of a key: of RSA its numbers, of P-256 its point, of Ed25519 its bytes.
pub(super) fn public_key_info(algorithm: PublicKeyAlgorithm, key: &[u8]) -> Vec<u8> {
    let algorithm = match algorithm {
        PublicKeyAlgorithm::RsaSha256 => alg_id::RSA_ENCRYPTION,
        PublicKeyAlgorithm::EcdsaP256 => alg_id::ECDSA_P256,
        PublicKeyAlgorithm::Ed25519 => alg_id::ED25519,
    };
    let no_unused_bits = &[0];
    let algorithm = element(SEQUENCE, &[&algorithm]);
    element(SEQUENCE, &[&algorithm, &element(BIT_STRING, &[no_unused_bits, key])])
}

/// The numbers of an RSA key.
pub(super) fn rsa_numbers(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[&positive(modulus), &positive(exponent)])
}

/// A number without superfluous zeros, and with the one that keeps it positive.
fn positive(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    let number = &number[zeros..];
    let sign: &[u8] = if number.first().is_none_or(|&byte| byte >= 0x80) { &[0] } else { &[] };
    element(INTEGER, &[sign, number])
}

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let [.., high, low] = content.len().to_be_bytes();
    let length = match (high, low) {
        (0, ..0x80) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag], &length[..], &content].concat()
}
