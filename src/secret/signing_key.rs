//! A platform's signing key: verifies signatures.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use subtle::ConstantTimeEq as _;

use self::public_key::PublicKey;
use self::reading::{PUBLIC, Reading, copied_with_prefix, credentials, encoded, key_id, standard};
use crate::platform::{Algorithm, Auth, Hash, KeyText};
use crate::secret::parse::bare;

mod der;
mod jwk;
mod public_key;
mod reading;
#[cfg(feature = "local")]
mod sample;

/// One key of a platform, too long to be guessed.
#[derive(Debug)]
pub struct SigningKey {
    kind: Kind,
    /// The id that the platform signs along with the text.
    id: Option<SecretString>,
}

#[derive(Debug)]
enum Kind {
    /// The platform and the operator both have it.
    Shared {
        /// What the operator's text may stand for, most likely first. All of it is the operator's own
        /// secret, so that trying each is as safe as trying one.
        readings: Vec<Reading>,
        algorithm: hmac::Algorithm,
    },
    /// The platform alone has the private key. A set of public keys counts as one.
    Public(Vec<PublicKey>),
}

/// What a request brings as its signatures.
#[derive(Debug, Default)]
pub(crate) struct Signatures {
    /// For shared keys.
    pub(crate) shared: Vec<Vec<u8>>,
    /// For public keys.
    pub(crate) public: Vec<Vec<u8>>,
}

/// A part of a text that is signed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TextPart<'a> {
    Bytes(&'a [u8]),
    /// These bytes, in base64.
    Base64(&'a [u8]),
    /// The id of the key.
    KeyId,
}

/// Why a text cannot be a signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("it is empty")]
    Empty,
    #[error("it is shorter than {0} bytes")]
    Short(usize),
    #[error("its password, which follows the `:`, is shorter than 16 bytes")]
    ShortPassword,
    #[error("it is a private key; the public one is needed, which begins with `{0}`")]
    Private(&'static str),
    #[error("it is a certificate; the public key alone is needed, which begins with `{BEGIN}`")]
    Certificate,
    #[error(
        "it is no public key, neither in PEM, which begins with `{BEGIN}`, nor as JWK, which has a `kty`"
    )]
    NoPublicKey,
    #[error("it is a private key; the public one is needed, which has no `d`")]
    PrivateJwk,
    #[error("its JWK is damaged: copy it again, from `{{` to the end")]
    DamagedJwk,
    #[error(
        "it is a key in PEM or as JWK; a key is needed that the platform and this function share"
    )]
    Public,
    #[error("its PEM is damaged: copy it again, from `-----BEGIN` to the end")]
    Damaged,
    #[error("it is another kind of key; the platform signs with {0}")]
    OtherKind(&'static str),
    #[error("it is an RSA key of fewer than 2048 bits, or of more than 8192")]
    RsaLength,
    #[error("what follows `whpk_` is not 32 bytes in base64")]
    NotEd25519,
    #[error("it is not written in {0}, as this platform shows it")]
    NotEncoded(&'static str),
    #[error("it has no id: write it as `id:key`, because the platform signs the id too")]
    NoId,
}

/// What a public key in PEM begins with.
const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";

impl SigningKey {
    /// A shorter key could be guessed.
    const MIN_BYTES: usize = 16;

    /// Reads a key as the platform's scheme writes it, and as senders show it.
    ///
    /// Blanks and quotes around it are no part of it. A key of Standard Webhooks is base64 after
    /// `whsec_`. But some senders, such as Polar, sign with the bytes of the whole text, and the
    /// libraries of Standard Webhooks decode a text without the prefix too. So both readings are
    /// accepted.
    pub fn parse(text: &str, auth: &Auth) -> Result<Self, KeyError> {
        let text = bare(text);
        if text.is_empty() {
            return Err(KeyError::Empty);
        }
        let (id, text) = match auth {
            Auth::Signature(signature) => key_id(text, signature)?,
            Auth::Standard(_) | Auth::Token(_) => (None, text),
        };
        Ok(Self { kind: kind(text, auth)?, id: id.map(SecretString::from) })
    }

    /// Whether it could be guessed with some effort. The platform gives out such keys.
    pub fn is_short(&self) -> bool {
        self.readings().iter().any(|one| one.length() < Self::MIN_BYTES)
    }

    /// How the operator's text is read, for the operator.
    pub fn reading(&self) -> &'static str {
        match self.readings().iter().map(|reading| reading.is_decoded).collect::<Vec<_>>()[..] {
            [] => "a public key",
            [true, ..] => "the bytes that its base64 stands for, or else its text",
            [false, .., true] => "its text, or else the bytes that its base64 stands for",
            _ => "its text",
        }
    }

    /// Whether a webhook that is signed with one of the two keys may be verified with the other.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        if let (Kind::Public(one), Kind::Public(other)) = (&self.kind, &other.kind) {
            return one.iter().any(|key| other.contains(key));
        }
        let mut pairs = self.readings().iter().flat_map(|one| {
            other
                .readings()
                .iter()
                .map(move |other| (one.bytes.expose_secret(), other.bytes.expose_secret()))
        });
        pairs.any(|(one, other)| one == other)
    }

    /// Whether one of the signatures is this key's for the text, which is given in parts.
    pub(crate) fn signed(&self, text: &[TextPart<'_>], signatures: &Signatures) -> bool {
        match &self.kind {
            Kind::Shared { readings, algorithm } => readings.iter().any(|reading| {
                let right = self.hmac(*algorithm, reading, text);
                let mut signatures = signatures.shared.iter();
                signatures.any(|signature| right.as_ref().ct_eq(signature).into())
            }),
            Kind::Public(keys) => {
                let text = self.whole(text);
                let mut signatures = signatures.public.iter();
                signatures.any(|signature| keys.iter().any(|key| key.fits(&text, signature)))
            }
        }
    }

    /// Whether one of the tokens is the key.
    pub(crate) fn is_one_of(&self, tokens: &[Vec<u8>]) -> bool {
        let mut readings = self.readings().iter();
        readings.any(|reading| is_one_of(reading.bytes.expose_secret(), tokens))
    }

    fn hmac(
        &self,
        algorithm: hmac::Algorithm,
        reading: &Reading,
        text: &[TextPart<'_>],
    ) -> hmac::Tag {
        let key = hmac::Key::new(algorithm, reading.bytes.expose_secret());
        let mut signing = hmac::Context::with_key(&key);
        for part in text {
            signing.update(&self.bytes(*part));
        }
        signing.sign()
    }

    fn whole(&self, text: &[TextPart<'_>]) -> Vec<u8> {
        text.iter().map(|part| self.bytes(*part)).collect::<Vec<_>>().concat()
    }

    fn bytes<'a>(&'a self, part: TextPart<'a>) -> Cow<'a, [u8]> {
        match part {
            TextPart::Bytes(bytes) => bytes.into(),
            TextPart::Base64(bytes) => STANDARD.encode(bytes).into_bytes().into(),
            TextPart::KeyId => self
                .id
                .as_ref()
                .map(ExposeSecret::expose_secret)
                .unwrap_or_default()
                .as_bytes()
                .into(),
        }
    }

    fn readings(&self) -> &[Reading] {
        match &self.kind {
            Kind::Shared { readings, .. } => readings,
            Kind::Public(_) => &[],
        }
    }
}

/// Reads a key as its platform's scheme says.
fn kind(text: &str, auth: &Auth) -> Result<Kind, KeyError> {
    let usual = |readings| shared(readings, Hash::Sha256, SigningKey::MIN_BYTES);
    match auth {
        Auth::Signature(signature) => match signature.algorithm {
            Algorithm::PublicKey(algorithm) => {
                PublicKey::parse_all(text, algorithm).map(Kind::Public)
            }
            Algorithm::Hmac(hash) => {
                let min_bytes = signature.min_key_bytes.unwrap_or(SigningKey::MIN_BYTES);
                shared(vec![encoded(text, signature.key)?], hash, min_bytes)
            }
        },
        Auth::Standard(form) => match copied_with_prefix(text, PUBLIC) {
            Some(key) if *form == KeyText::Usual => {
                let key = PublicKey::of_standard_webhooks(&key[PUBLIC.len()..])?;
                Ok(Kind::Public(vec![key]))
            }
            _ => usual(standard(text, *form)?),
        },
        Auth::Token(token) => usual(credentials(text, token)?),
    }
}

fn shared(mut readings: Vec<Reading>, hash: Hash, min_bytes: usize) -> Result<Kind, KeyError> {
    // Others may know a public key, so that it proves nothing where both sides need the same one.
    if readings.iter().any(|one| is_public(one.bytes.expose_secret())) {
        return Err(KeyError::Public);
    }
    readings.retain(|one| one.length() >= min_bytes);
    if readings.is_empty() {
        return Err(KeyError::Short(min_bytes));
    }
    let algorithm = match hash {
        Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha512 => hmac::HMAC_SHA512,
    };
    Ok(Kind::Shared { readings, algorithm })
}

/// Whether a text is a key in PEM, or as JWK.
fn is_public(key: &[u8]) -> bool {
    key.starts_with(b"-----BEGIN ")
        || serde_json::from_slice(key).is_ok_and(|key: Value| key["kty"].is_string())
}

/// Whether one of the texts is the right one. Signatures of both are compared, so that the time that it
/// takes says nothing about the right one.
fn is_one_of(right: &[u8], texts: &[Vec<u8>]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, right);
    let right = hmac::sign(&key, right);
    texts.iter().any(|text| hmac::verify(&key, text, right.as_ref()).is_ok())
}
