//! Public keys, for signatures that the platform makes with a private one.

use std::ops::RangeInclusive;

use base64::Engine as _;
use rustls::pki_types::pem::{self, PemObject as _, SectionKind};
use rustls::pki_types::{SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer};
use webpki::{Error, RawPublicKeyEntity, ring};

use super::der::public_key_info;
use super::reading::ANY_PADDING;
use super::{BEGIN, KeyError, jwk};
use crate::platform::PublicKeyAlgorithm;

/// The public key of a platform.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PublicKey {
    pub(super) algorithm: PublicKeyAlgorithm,
    /// Its `SubjectPublicKeyInfo`.
    der: SubjectPublicKeyInfoDer<'static>,
}

/// From an RSA key of 2048 bits with the shortest exponent to one of 8192 bits with the longest. What is
/// shorter can be broken, and what is longer cannot be verified with.
const RSA_BYTES: RangeInclusive<usize> = 292..=1064;

impl PublicKey {
    /// Reads a key in PEM, or one or several as JWK.
    pub(super) fn parse_all(
        text: &str,
        algorithm: PublicKeyAlgorithm,
    ) -> Result<Vec<Self>, KeyError> {
        if jwk::is_jwk(text) {
            return jwk::parse(text, algorithm);
        }
        Self::of_pem(text, algorithm).map(|key| vec![key])
    }

    /// Reads a key in PEM. Its line breaks may be blanks or `\n`: it was pasted into one line.
    pub(super) fn of_pem(text: &str, algorithm: PublicKeyAlgorithm) -> Result<Self, KeyError> {
        if text.contains("PRIVATE KEY-----") {
            return Err(KeyError::Private(BEGIN));
        }
        if !text.contains("-----BEGIN ") {
            return Err(KeyError::NoPublicKey);
        }
        match <(SectionKind, Vec<u8>)>::from_pem_slice(in_lines(text).as_bytes()) {
            Ok((SectionKind::PublicKey, der)) => Self::parse(der, algorithm),
            Ok((SectionKind::Certificate, _)) => Err(KeyError::Certificate),
            // Of another kind, whose sections are passed over.
            Ok(_) | Err(pem::Error::NoItemsFound) => Err(KeyError::NoPublicKey),
            Err(_) => Err(KeyError::Damaged),
        }
    }

    /// Reads what follows the `whpk_` of a key of Standard Webhooks.
    pub(super) fn of_standard_webhooks(encoded: &str) -> Result<Self, KeyError> {
        let bytes = ANY_PADDING.decode(encoded).map_err(|_| KeyError::NotEd25519)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| KeyError::NotEd25519)?;
        Self::of_bytes(&bytes, PublicKeyAlgorithm::Ed25519)
    }

    /// A key of what [`public_key_info`] takes.
    pub(super) fn of_bytes(bytes: &[u8], algorithm: PublicKeyAlgorithm) -> Result<Self, KeyError> {
        Self::parse(public_key_info(algorithm, bytes), algorithm)
    }

    fn parse(der: Vec<u8>, algorithm: PublicKeyAlgorithm) -> Result<Self, KeyError> {
        let length = der.len();
        let key = Self { algorithm, der: der.into() };
        match key.verify(b"", b"") {
            Err(Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)) => {
                Err(KeyError::OtherKind(name(algorithm)))
            }
            // The key can be read: no key makes an empty signature.
            Err(Error::InvalidSignatureForPublicKey) if has_good_length(algorithm, length) => {
                Ok(key)
            }
            Err(Error::InvalidSignatureForPublicKey) => Err(KeyError::RsaLength),
            _ => Err(KeyError::Damaged),
        }
    }

    /// Whether the signature was made over the text with the private key.
    pub(super) fn fits(&self, text: &[u8], signature: &[u8]) -> bool {
        self.verify(text, signature).is_ok()
    }

    fn verify(&self, text: &[u8], signature: &[u8]) -> Result<(), Error> {
        let key = RawPublicKeyEntity::try_from(&self.der)?;
        key.verify_signature(verification(self.algorithm), text, signature)
    }
}

/// The text with the lines of PEM, which must be apart.
fn in_lines(text: &str) -> String {
    let text = text.replace("\\r", "").replace("\\n", "\n");
    let pieces = text.split("-----").map(str::trim).collect::<Vec<_>>();
    let [before, begin, encoded, end, ..] = pieces[..] else { return text };
    let encoded: String = encoded.split_whitespace().collect();
    format!("{before}\n-----{begin}-----\n{encoded}\n-----{end}-----\n")
}

fn verification(algorithm: PublicKeyAlgorithm) -> &'static dyn SignatureVerificationAlgorithm {
    match algorithm {
        PublicKeyAlgorithm::RsaSha256 => ring::RSA_PKCS1_2048_8192_SHA256,
        PublicKeyAlgorithm::EcdsaP256 => ring::ECDSA_P256_SHA256,
        PublicKeyAlgorithm::Ed25519 => ring::ED25519,
    }
}

fn has_good_length(algorithm: PublicKeyAlgorithm, length: usize) -> bool {
    algorithm != PublicKeyAlgorithm::RsaSha256 || RSA_BYTES.contains(&length)
}

pub(super) fn name(algorithm: PublicKeyAlgorithm) -> &'static str {
    match algorithm {
        PublicKeyAlgorithm::RsaSha256 => "RSA",
        PublicKeyAlgorithm::EcdsaP256 => "ECDSA on the curve P-256",
        PublicKeyAlgorithm::Ed25519 => "Ed25519",
    }
}
