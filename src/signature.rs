//! Proof that a request comes from the platform: signatures over the raw bytes, before anything is
//! parsed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

use crate::platform::{Auth, Encoding, HmacSha256, Signed, SignedPart};
use crate::request::Headers;

/// How far a signed time may lie from ours, either way. All reference libraries of Standard Webhooks
/// use five minutes:
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
const TOLERANCE_SECONDS: u64 = 300;

/// Standard Webhooks lets a sender list several signatures while it rotates its key; nobody needs
/// more than a few.
const MAX_SIGNATURES: usize = 10;

/// A request that was proven genuine. Only [`authenticate`] makes one.
#[derive(Debug)]
pub struct Authentic<'a> {
    pub headers: &'a Headers,
    pub body: &'a [u8],
    /// Which of the platform's keys fitted, counted from 0.
    pub key: usize,
}

/// Why a request is not proven genuine. The sender learns none of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("the signature is missing")]
    Missing,
    #[error("the signature is not written as the platform writes it")]
    Malformed,
    #[error("the signed time is not within five minutes of ours")]
    Untimely,
    #[error("the signature fits none of the platform's keys")]
    Mismatch,
    #[error("the platform signs its address, and PUBLIC_URL is not set")]
    AddressUnknown,
}

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
    /// An HMAC key that can be guessed proves nothing.
    const MIN_BYTES: usize = 16;

    /// Reads a key as the platform's scheme writes it.
    ///
    /// Standard Webhooks' `whsec_` stands before base64. Without it the text itself is the key; but
    /// the libraries of Standard Webhooks decode such a text all the same, so a sender that uses one
    /// of them signs with the decoded bytes. Either is right.
    pub fn parse(text: &str, auth: &Auth) -> Result<Self, KeyError> {
        let readings = match (auth, text.strip_prefix("whsec_")) {
            (Auth::HmacSha256(_), _) => vec![text.as_bytes().to_vec()],
            (Auth::Standard, Some(encoded)) => {
                vec![STANDARD.decode(encoded).map_err(|_| KeyError::NotBase64)?]
            }
            (Auth::Standard, None) => {
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

    fn fits(&self, parts: &[&[u8]], signatures: &[Vec<u8>]) -> bool {
        self.readings.iter().any(|key| {
            let mac = mac(key, parts);
            signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
        })
    }
}

fn mac(key: &SecretSlice<u8>, parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret())
        .expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

/// Proves that a request was signed with one of `keys`.
///
/// `public_url` is the address as it is registered with the platform; only platforms that sign it
/// need it. `now` is our clock.
pub fn authenticate<'a>(
    auth: &Auth,
    headers: &'a Headers,
    body: &'a [u8],
    keys: &[SigningKey],
    public_url: Option<&str>,
    now: Timestamp,
) -> Result<Authentic<'a>, Rejection> {
    let (parts, signatures) = match auth {
        Auth::Standard => standard(headers, body, now)?,
        Auth::HmacSha256(HmacSha256 { header, encoding, prefix, signed }) => {
            let value = header.iter().find_map(|name| headers.get(name));
            let value = value.filter(|value| !value.is_empty()).ok_or(Rejection::Missing)?;
            let value = value.strip_prefix(prefix.as_str()).ok_or(Rejection::Malformed)?;
            let signature = decode(value, *encoding).ok_or(Rejection::Malformed)?;
            (signed_parts(signed, headers, body, public_url)?, vec![signature])
        }
    };
    let key = keys.iter().position(|key| key.fits(&parts, &signatures));
    let key = key.ok_or(Rejection::Mismatch)?;
    Ok(Authentic { headers, body, key })
}

/// Signs a body as the platform does: the headers that prove it, beside those in `headers`.
///
/// `id` names the message where the platform's scheme wants a name.
pub fn sign(
    auth: &Auth,
    headers: &Headers,
    body: &[u8],
    key: &SigningKey,
    public_url: Option<&str>,
    id: &str,
    now: Timestamp,
) -> Result<Vec<(String, String)>, Rejection> {
    match auth {
        Auth::Standard => {
            let time = now.as_second().to_string();
            let parts: [&[u8]; 5] = [id.as_bytes(), b".", time.as_bytes(), b".", body];
            let signature = mac(&key.readings[0], &parts).finalize().into_bytes();
            Ok(vec![
                ("webhook-id".to_owned(), id.to_owned()),
                ("webhook-timestamp".to_owned(), time),
                ("webhook-signature".to_owned(), format!("v1,{}", STANDARD.encode(signature))),
            ])
        }
        Auth::HmacSha256(HmacSha256 { header, encoding, prefix, signed }) => {
            let parts = signed_parts(signed, headers, body, public_url)?;
            let signature = mac(&key.readings[0], &parts).finalize().into_bytes();
            let signature = match encoding {
                Encoding::Base64 => STANDARD.encode(signature),
                Encoding::Hex => hex::encode(signature),
            };
            Ok(vec![(header[0].clone(), format!("{prefix}{signature}"))])
        }
    }
}

/// What is signed, and the signatures that came with it.
type Claimed<'a> = (Vec<&'a [u8]>, Vec<Vec<u8>>);

/// The headers of Standard Webhooks, or the same ones under the name of the service they grew from.
fn standard<'a>(
    headers: &'a Headers,
    body: &'a [u8],
    now: Timestamp,
) -> Result<Claimed<'a>, Rejection> {
    let named = |name: &str| {
        headers.get(&format!("webhook-{name}")).or_else(|| headers.get(&format!("svix-{name}")))
    };
    let id = named("id").ok_or(Rejection::Missing)?;
    let time = named("timestamp").ok_or(Rejection::Missing)?;
    let list = named("signature").ok_or(Rejection::Missing)?;

    let signatures: Vec<_> = list
        .split_ascii_whitespace()
        .take(MAX_SIGNATURES)
        .filter_map(|entry| decode(entry.strip_prefix("v1,")?, Encoding::Base64))
        .collect();
    if signatures.is_empty() {
        return Err(Rejection::Malformed);
    }
    let signed_at = unix_seconds(time).ok_or(Rejection::Malformed)?;
    if now.as_second().abs_diff(signed_at) > TOLERANCE_SECONDS {
        return Err(Rejection::Untimely);
    }
    Ok((vec![id.as_bytes(), b".", time.as_bytes(), b".", body], signatures))
}

/// Plain decimal digits only: a sign or a space would be gone from what a sender signed.
fn unix_seconds(digits: &str) -> Option<i64> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| digits.parse().ok()).flatten()
}

fn signed_parts<'a>(
    signed: &'a Signed,
    headers: &'a Headers,
    body: &'a [u8],
    public_url: Option<&'a str>,
) -> Result<Vec<&'a [u8]>, Rejection> {
    let parts = signed.0.iter().map(|part| match part {
        SignedPart::Text(text) => Ok(text.as_bytes()),
        SignedPart::Body => Ok(body),
        SignedPart::Url => public_url.map(str::as_bytes).ok_or(Rejection::AddressUnknown),
        SignedPart::Header(name) => headers.get(name).map(str::as_bytes).ok_or(Rejection::Missing),
    });
    parts.collect()
}

fn decode(text: &str, encoding: Encoding) -> Option<Vec<u8>> {
    let bytes = match encoding {
        Encoding::Base64 => STANDARD.decode(text).ok(),
        Encoding::Hex => hex::decode(text).ok(),
    };
    bytes.filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests;
