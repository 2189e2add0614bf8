//! Proof that a request comes from the platform: signatures over the raw bytes, before anything is
//! parsed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::platform::{Auth, Encoding, HmacSha256, Signed, SignedPart, Token};
use crate::secret::signing_key::SigningKey;
use crate::webhook::request::Headers;

/// How far a signed time may lie from ours, either way. All reference libraries of Standard Webhooks
/// use five minutes:
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
const TOLERANCE_SECONDS: u64 = 300;

/// A sender may list several signatures while it rotates its key; nobody needs more than a few.
const MAX_SIGNATURES: usize = 10;

/// A request that was proven genuine. Only [`verify`] makes one.
#[derive(Debug)]
pub struct Verified<'a> {
    pub headers: &'a Headers,
    pub body: &'a [u8],
    /// Which of the platform's keys fitted, counted from 0.
    pub key: usize,
}

/// Why a request is not proven genuine. The sender learns none of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("a header of the proof is missing or empty")]
    Missing,
    #[error("proof or body are not written as the platform writes them")]
    Malformed,
    #[error("the signed time is not within five minutes of ours")]
    Untimely,
    #[error("the signature fits none of the platform's keys")]
    Mismatch,
    #[error("the platform signs its address, and PUBLIC_URL is not set")]
    AddressUnknown,
}

/// What a request brings as its proof.
enum Proof<'a> {
    /// Signatures over one of these texts, each in parts.
    Signatures { texts: Vec<Vec<&'a [u8]>>, signatures: Vec<Vec<u8>> },
    /// The key itself, in one of these spellings.
    Key(Vec<Vec<u8>>),
}

/// Proves that a request was signed with one of `keys`.
///
/// `public_url` is the address as it is registered with the platform; only platforms that sign it
/// need it. `now` is our clock.
pub fn verify<'a>(
    auth: &Auth,
    headers: &'a Headers,
    body: &'a [u8],
    keys: &[SigningKey],
    public_url: Option<&str>,
    now: Timestamp,
) -> Result<Verified<'a>, Rejection> {
    let proof = match auth {
        Auth::Standard(_) => standard(headers, body, now)?,
        Auth::HmacSha256(hmac) => hmac_sha256(hmac, headers, body, public_url, now)?,
        Auth::Token(Token { header }) => Proof::Key(tokens(header, headers)?),
    };
    let fits = |key: &SigningKey| match &proof {
        Proof::Signatures { texts, signatures } => {
            texts.iter().any(|text| key.signed(text, signatures))
        }
        Proof::Key(tokens) => key.is_one_of(tokens),
    };
    let key = keys.iter().position(fits).ok_or(Rejection::Mismatch)?;
    Ok(Verified { headers, body, key })
}

/// Signs a body as the platform does: the headers that prove it, beside those in `headers`.
///
/// `id` is what the platform calls the message, where it signs such a name.
pub fn sign(
    auth: &Auth,
    headers: &Headers,
    body: &[u8],
    key: &SigningKey,
    public_url: Option<&str>,
    id: &str,
    now: Timestamp,
) -> Result<Vec<(String, String)>, Rejection> {
    let time = now.as_second().to_string();
    match auth {
        Auth::Standard(_) => {
            let text = [id.as_bytes(), b".", time.as_bytes(), b".", body];
            let signature = STANDARD.encode(key.sign(&text));
            Ok(vec![
                ("webhook-id".to_owned(), id.to_owned()),
                ("webhook-timestamp".to_owned(), time),
                ("webhook-signature".to_owned(), format!("v1,{signature}")),
            ])
        }
        Auth::HmacSha256(hmac) => {
            let mut added = missing_headers(hmac, headers, id, &time);
            let headers = headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
            let headers: Headers = headers.chain(added.iter().cloned()).collect();
            let text = parts(&hmac.signed[0], &headers, body, public_url, Some(&time))?;
            let signature = encode(&key.sign(&text), hmac.encoding);
            let time = if hmac.signed[0].has_time() { format!("t={time},") } else { String::new() };
            added.push((hmac.header[0].clone(), format!("{time}{}{signature}", hmac.prefix)));
            Ok(added)
        }
        Auth::Token(Token { header }) => {
            let token = String::from_utf8_lossy(key.expose());
            let value = match (header[0].as_str(), token.contains(':')) {
                ("authorization", true) => format!("Basic {}", STANDARD.encode(key.expose())),
                ("authorization", false) => format!("Bearer {token}"),
                _ => token.into_owned(),
            };
            Ok(vec![(header[0].clone(), value)])
        }
    }
}

/// The headers of Standard Webhooks, or the same ones under the name of the service they grew from.
fn standard<'a>(
    headers: &'a Headers,
    body: &'a [u8],
    now: Timestamp,
) -> Result<Proof<'a>, Rejection> {
    let named = |name| first(&[format!("webhook-{name}"), format!("svix-{name}")], headers);
    let (id, time, list) = (named("id")?, named("timestamp")?, named("signature")?);

    let entries = list.split_ascii_whitespace().map(|entry| entry.strip_prefix("v1,"));
    let signatures = decoded(entries, Encoding::Base64)?;
    check_time(time, now)?;
    let text = vec![id.as_bytes(), b".", time.as_bytes(), b".", body];
    Ok(Proof::Signatures { texts: vec![text], signatures })
}

fn hmac_sha256<'a>(
    hmac: &'a HmacSha256,
    headers: &'a Headers,
    body: &'a [u8],
    public_url: Option<&'a str>,
    now: Timestamp,
) -> Result<Proof<'a>, Rejection> {
    let HmacSha256 { header, encoding, prefix, signed, time } = hmac;
    let value = first(header, headers)?;
    let entries = || value.split(',').map(str::trim);
    let signatures = decoded(entries().map(|entry| entry.strip_prefix(prefix)), *encoding)?;
    // Where one text goes on as another does, the beginning of a body could be moved out of it.
    if signed.len() > 1 && !body.starts_with(b"{") {
        return Err(Rejection::Malformed);
    }
    let entry = entries().find_map(|entry| entry.strip_prefix("t="));
    if let Some(time) = time {
        check_time(given(time, headers).ok_or(Rejection::Missing)?, now)?;
    }
    if signed.iter().any(Signed::has_time) {
        check_time(entry.ok_or(Rejection::Malformed)?, now)?;
    }
    let texts = signed.iter().map(|signed| parts(signed, headers, body, public_url, entry));
    Ok(Proof::Signatures { texts: texts.collect::<Result<_, _>>()?, signatures })
}

/// What the header may mean: its text, and in `authorization` what follows the name of the method.
fn tokens(names: &[String], headers: &Headers) -> Result<Vec<Vec<u8>>, Rejection> {
    let value = first(names, headers)?;
    let mut tokens = vec![value.as_bytes().to_vec()];
    if let Some((method, credentials)) = value.split_once(' ') {
        let credentials = credentials.trim();
        match method.to_ascii_lowercase().as_str() {
            // https://www.rfc-editor.org/rfc/rfc6750#section-2.1
            "bearer" => tokens.push(credentials.as_bytes().to_vec()),
            // https://www.rfc-editor.org/rfc/rfc7617#section-2
            "basic" => tokens.extend(STANDARD.decode(credentials).ok()),
            _ => {}
        }
    }
    Ok(tokens)
}

fn first<'a>(names: &[String], headers: &'a Headers) -> Result<&'a str, Rejection> {
    names.iter().find_map(|name| given(name, headers)).ok_or(Rejection::Missing)
}

/// A header with nothing in it is none.
fn given<'a>(name: &str, headers: &'a Headers) -> Option<&'a str> {
    headers.get(name).filter(|value| !value.is_empty())
}

fn parts<'a>(
    signed: &'a Signed,
    headers: &'a Headers,
    body: &'a [u8],
    public_url: Option<&'a str>,
    time: Option<&'a str>,
) -> Result<Vec<&'a [u8]>, Rejection> {
    let parts = signed.0.iter().map(|part| match part {
        SignedPart::Text(text) => Ok(text.as_bytes()),
        SignedPart::Body => Ok(body),
        SignedPart::Url => public_url.map(str::as_bytes).ok_or(Rejection::AddressUnknown),
        SignedPart::Time => time.map(str::as_bytes).ok_or(Rejection::Malformed),
        SignedPart::Header(name) => {
            given(name, headers).map(str::as_bytes).ok_or(Rejection::Missing)
        }
    });
    parts.collect()
}

/// What the platform would have put into the headers that it signs.
fn missing_headers(
    hmac: &HmacSha256,
    given: &Headers,
    id: &str,
    time: &str,
) -> Vec<(String, String)> {
    let missing = hmac.signed[0].0.iter().filter_map(|part| match part {
        SignedPart::Header(name) if given.get(name).is_none() => {
            let value = if hmac.time.as_ref() == Some(name) { time } else { id };
            Some((name.clone(), value.to_owned()))
        }
        _ => None,
    });
    missing.collect()
}

fn check_time(time: &str, now: Timestamp) -> Result<(), Rejection> {
    let signed_at = unix_seconds(time).ok_or(Rejection::Malformed)?;
    let is_timely = now.as_second().abs_diff(signed_at) <= TOLERANCE_SECONDS;
    if is_timely { Ok(()) } else { Err(Rejection::Untimely) }
}

/// Plain decimal digits only: a sign or a space would be gone from what a sender signed.
fn unix_seconds(digits: &str) -> Option<i64> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| digits.parse().ok()).flatten()
}

/// The signatures among the entries of a header, of which some may be something else.
fn decoded<'a>(
    entries: impl Iterator<Item = Option<&'a str>>,
    encoding: Encoding,
) -> Result<Vec<Vec<u8>>, Rejection> {
    let entries = entries.take(MAX_SIGNATURES).flatten();
    let signatures: Vec<_> = entries.filter_map(|entry| decode(entry, encoding)).collect();
    if signatures.is_empty() { Err(Rejection::Malformed) } else { Ok(signatures) }
}

fn decode(text: &str, encoding: Encoding) -> Option<Vec<u8>> {
    let bytes = match encoding {
        Encoding::Base64 => STANDARD.decode(text).ok(),
        Encoding::Hex => hex::decode(text).ok(),
    };
    bytes.filter(|bytes| !bytes.is_empty())
}

fn encode(bytes: &[u8], encoding: Encoding) -> String {
    match encoding {
        Encoding::Base64 => STANDARD.encode(bytes),
        Encoding::Hex => hex::encode(bytes),
    }
}

#[cfg(test)]
mod tests;
