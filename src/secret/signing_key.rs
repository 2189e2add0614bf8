//! The keys of a platform, and what each of them proves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

use crate::platform::{Auth, KeyText};

/// One key of a platform, long enough to prove anything.
#[derive(Debug)]
pub struct SigningKey {
    /// The bytes that the key's text may stand for.
    readings: Vec<SecretSlice<u8>>,
}

/// Why a text cannot be a signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("it is empty")]
    Empty,
    #[error("it is shorter than 16 bytes")]
    Short,
    #[error("what follows `whsec_` is not base64")]
    NotBase64,
}

impl SigningKey {
    /// A key that can be guessed proves nothing.
    const MIN_BYTES: usize = 16;

    /// Reads a key as the platform's scheme writes it.
    ///
    /// Standard Webhooks' `whsec_` stands before base64. Without it the text itself is the key; but
    /// the libraries of Standard Webhooks decode such a text all the same, so a sender that uses one
    /// of them signs with the decoded bytes. Either is right.
    pub fn parse(text: &str, auth: &Auth) -> Result<Self, KeyError> {
        let readings = match (auth, text.strip_prefix("whsec_")) {
            (Auth::HmacSha256(_) | Auth::Token(_) | Auth::Standard(KeyText::Raw), _) => {
                vec![text.as_bytes().to_vec()]
            }
            (Auth::Standard(KeyText::Whsec), Some(encoded)) => {
                vec![STANDARD.decode(encoded).map_err(|_| KeyError::NotBase64)?]
            }
            (Auth::Standard(KeyText::Whsec), None) => {
                let decoded = STANDARD.decode(text).ok();
                let decoded = decoded.filter(|bytes| bytes.len() >= Self::MIN_BYTES);
                [Some(text.as_bytes().to_vec()), decoded].into_iter().flatten().collect()
            }
        };
        match readings[0].len() {
            0 => Err(KeyError::Empty),
            length if length < Self::MIN_BYTES => Err(KeyError::Short),
            _ => Ok(Self { readings: readings.into_iter().map(Into::into).collect() }),
        }
    }

    /// Whether one of the signatures is that of the text, which is given in parts.
    pub(crate) fn signed(&self, text: &[&[u8]], signatures: &[Vec<u8>]) -> bool {
        self.readings.iter().any(|key| {
            let mac = mac(key, text);
            signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
        })
    }

    /// Whether one of the tokens is the key. It takes the same time for every wrong one: what is
    /// compared are signatures of the two.
    pub(crate) fn is_one_of(&self, tokens: &[Vec<u8>]) -> bool {
        let key = &self.readings[0];
        let own = mac(key, &[key.expose_secret()]).finalize().into_bytes();
        tokens.iter().any(|token| mac(key, &[token]).verify_slice(&own).is_ok())
    }

    /// Signs a text as the platform does.
    pub(crate) fn sign(&self, text: &[&[u8]]) -> Vec<u8> {
        mac(&self.readings[0], text).finalize().into_bytes().to_vec()
    }

    /// The key as a token.
    pub(crate) fn expose(&self) -> &[u8] {
        self.readings[0].expose_secret()
    }
}

fn mac(key: &SecretSlice<u8>, text: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret())
        .expect("HMAC takes a key of any length");
    for part in text {
        mac.update(part);
    }
    mac
}
