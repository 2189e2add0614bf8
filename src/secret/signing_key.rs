//! A platform's signing key: verifies and makes signatures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

use crate::platform::{Auth, KeyText};

/// One key of a platform, too long to be guessed.
#[derive(Debug)]
pub struct SigningKey {
    /// The bytes that the key's text may stand for, most likely first.
    candidates: Vec<SecretSlice<u8>>,
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
    /// A shorter key could be guessed.
    const MIN_BYTES: usize = 16;

    /// Reads a key as the platform's scheme writes it.
    ///
    /// A Standard Webhooks key is base64 after `whsec_`. Without this prefix the text itself is the key.
    /// But the libraries of Standard Webhooks decode such a text too, so a sender that uses one of them
    /// signs with the decoded bytes. Both are accepted.
    pub fn parse(text: &str, auth: &Auth) -> Result<Self, KeyError> {
        let candidates = match (auth, text.strip_prefix("whsec_")) {
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
        match candidates[0].len() {
            0 => Err(KeyError::Empty),
            length if length < Self::MIN_BYTES => Err(KeyError::Short),
            _ => Ok(Self { candidates: candidates.into_iter().map(Into::into).collect() }),
        }
    }

    /// Whether one of the signatures is this key's for the text, which is given in parts.
    pub(crate) fn signed(&self, text: &[&[u8]], signatures: &[Vec<u8>]) -> bool {
        self.candidates.iter().any(|key| {
            let mac = mac(key, text);
            signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
        })
    }

    /// Whether one of the tokens is the key. Signatures of both are compared, so that the time that it
    /// takes says nothing about the key.
    pub(crate) fn is_one_of(&self, tokens: &[Vec<u8>]) -> bool {
        let key = &self.candidates[0];
        let own = mac(key, &[key.expose_secret()]).finalize().into_bytes();
        tokens.iter().any(|token| mac(key, &[token]).verify_slice(&own).is_ok())
    }

    /// Signs a text as the platform does.
    pub(crate) fn sign(&self, text: &[&[u8]]) -> Vec<u8> {
        mac(&self.candidates[0], text).finalize().into_bytes().to_vec()
    }

    /// The key as a token.
    pub(crate) fn expose(&self) -> &[u8] {
        self.candidates[0].expose_secret()
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
