//! Verifies that a request comes from the platform, before anything in it is parsed.
//!
//! In two steps: [`Credential::read`] looks at the request alone, and [`Credential::check`] compares
//! what it found with keys. What the first step rejects costs no key and no read of the secret.
//!
//! A signature covers the raw bytes of the body, so a body must come here as it was sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::platform::{Algorithm, Auth, Encoding, Signature, Signed, SignedPart, Token};
use crate::secret::signing_key::{Signatures, SigningKey, TextPart};
use crate::webhook::request::Headers;
use crate::webhook::time::{time_of_signing, unix_seconds};

/// How far a signed time may differ from the function's clock, in seconds. All reference libraries of
/// Standard Webhooks use five minutes:
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
const TOLERANCE_SECONDS: u64 = 300;

/// A sender may list several signatures while it rotates its key, but never many.
const MAX_SIGNATURES: usize = 10;

/// A verified request: proof that it was signed with one of the platform's keys.
///
/// [`Credential::check`] alone makes one, so that what takes a `Verified` cannot be reached without it:
///
/// ```
/// use jiff::Timestamp;
/// use order_alerts::platform::Platform;
/// use order_alerts::secret::signing_key::SigningKey;
/// use order_alerts::webhook::request::Headers;
/// use order_alerts::webhook::{sign::sign, signature::Credential};
///
/// let auth = &Platform::find("shopify").unwrap().auth;
/// let key = SigningKey::parse("a key of this example only", auth).unwrap();
/// let (body, now) = (b"{}", Timestamp::UNIX_EPOCH);
/// let signed = sign(auth, &Headers::default(), body, &key, "", "", now).unwrap();
/// let headers: Headers = signed.into_iter().collect();
///
/// let credential = Credential::read(auth, &headers, body, &[], now).unwrap();
/// let verified = credential.check(&[key]).unwrap();
/// assert_eq!((verified.body(), verified.key()), (&body[..], 0));
/// ```
///
/// Its fields are private, so that this does not compile:
///
/// ```compile_fail,E0451
/// use order_alerts::webhook::request::Headers;
/// use order_alerts::webhook::signature::Verified;
///
/// let forged = Verified { headers: &Headers::default(), body: b"{}", key: 0 };
/// ```
#[derive(Debug)]
pub struct Verified<'a> {
    headers: &'a Headers,
    body: &'a [u8],
    key: usize,
}

impl<'a> Verified<'a> {
    /// All headers of the request. Most platforms sign none of them.
    pub fn headers(&self) -> &'a Headers {
        self.headers
    }

    /// The body, as it was signed.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// Which of the platform's keys fits, counted from 0.
    pub fn key(&self) -> usize {
        self.key
    }

    /// An unsigned request, for tests of what is done with a verified one.
    #[cfg(test)]
    pub(crate) fn unsigned(headers: &'a Headers, body: &'a [u8]) -> Self {
        Self { headers, body, key: 0 }
    }
}

/// Why a request is not verified. For the log; the sender reads one fixed sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// None of these headers holds anything.
    #[error("missing {}", alternatives(.0))]
    MissingHeader(Vec<String>),
    #[error("malformed signature")]
    MalformedSignature,
    #[error("malformed timestamp")]
    MalformedTimestamp,
    /// Only where several signed layouts are allowed.
    #[error("the body does not start with `{{`")]
    NotAnObject,
    #[error("the timestamp is more than five minutes old")]
    TooOld,
    #[error("the timestamp is more than five minutes in the future")]
    FromTheFuture,
    #[error("no key of the platform matches")]
    BadSignature,
    /// A fault of the deployment and not of the sender, which should retry.
    #[error("the platform signs its address, and PUBLIC_URL is not set")]
    NoPublicUrl,
}

/// What a request presents to be verified: well-formed and in time, and not yet compared with a key.
///
/// It may hold the key itself, so it has no `Debug`.
pub struct Credential<'a, 't> {
    headers: &'a Headers,
    body: &'a [u8],
    proof: Proof<'t>,
}

enum Proof<'t> {
    /// Signatures over one of these texts.
    Signatures { texts: Vec<Vec<TextPart<'t>>>, signatures: Signatures },
    /// The key itself, in one of these spellings.
    Token(Vec<Vec<u8>>),
}

impl<'a: 't, 't> Credential<'a, 't> {
    /// Reads the headers in which the platform signs.
    ///
    /// `addresses` are those that may be registered with the platform; only platforms that sign their
    /// address need them. `now` is the time by the function's clock.
    ///
    /// # Errors
    /// Every [`Rejection`] but [`Rejection::BadSignature`]: no key could verify the request.
    pub fn read(
        auth: &'t Auth,
        headers: &'a Headers,
        body: &'a [u8],
        addresses: &'t [String],
        now: Timestamp,
    ) -> Result<Self, Rejection> {
        let proof = match auth {
            Auth::Standard(_) => standard(headers, body, now)?,
            Auth::Signature(signature) => signed(signature, headers, body, addresses, now)?,
            Auth::Token(Token { header }) => Proof::Token(tokens(header, headers)?),
        };
        Ok(Self { headers, body, proof })
    }

    /// Verifies that the request was signed with one of `keys`.
    ///
    /// # Errors
    /// [`Rejection::BadSignature`] if none of them matches.
    pub fn check(&self, keys: &[SigningKey]) -> Result<Verified<'a>, Rejection> {
        let fits = |key: &SigningKey| match &self.proof {
            Proof::Signatures { texts, signatures } => {
                texts.iter().any(|text| key.signed(text, signatures))
            }
            Proof::Token(tokens) => key.is_one_of(tokens),
        };
        let key = keys.iter().position(fits).ok_or(Rejection::BadSignature)?;
        Ok(Verified { headers: self.headers, body: self.body, key })
    }
}

/// Reads the credential and checks it against `keys`, for callers that have them already.
pub fn verify<'a>(
    auth: &Auth,
    headers: &'a Headers,
    body: &'a [u8],
    keys: &[SigningKey],
    addresses: &[String],
    now: Timestamp,
) -> Result<Verified<'a>, Rejection> {
    Credential::read(auth, headers, body, addresses, now)?.check(keys)
}

/// Whether no header could be a credential, of whatever platform.
///
/// Such a request is a stranger's. One with a credential may be a webhook of a shop that is sent to
/// the wrong address or signed with the wrong key.
pub fn is_unsigned(headers: &Headers) -> bool {
    !has_any(headers, &["signature", "hmac", "authorization", "api-key"])
}

/// Whether a header could be a signature, of whatever platform. A key could be meant for anything: programs
/// that look for weak sites send one to every path.
pub fn may_be_signed(headers: &Headers) -> bool {
    has_any(headers, &["signature", "hmac"])
}

fn has_any(headers: &Headers, words: &[&str]) -> bool {
    let is_named =
        |name: &str| !name.starts_with('?') && words.iter().any(|word| name.contains(word));
    headers.iter().any(|(name, value)| is_named(name) && !value.trim().is_empty())
}

/// The headers of Standard Webhooks, or the older ones of Svix, which mean the same.
fn standard<'a>(
    headers: &'a Headers,
    body: &'a [u8],
    now: Timestamp,
) -> Result<Proof<'a>, Rejection> {
    let named = |name| first(&[format!("webhook-{name}"), format!("svix-{name}")], headers);
    let (id, time, list) = (named("id")?, named("timestamp")?, named("signature")?);

    let entries = |version| {
        let entries = list.split_ascii_whitespace().map(move |entry| entry.strip_prefix(version));
        decoded(entries, &[Encoding::Base64])
    };
    let signatures = Signatures { shared: entries("v1,"), public: entries("v1a,") };
    if signatures.shared.is_empty() && signatures.public.is_empty() {
        return Err(Rejection::MalformedSignature);
    }
    check_time(unix_seconds(time), now)?;
    let text = [id.as_bytes(), b".", time.as_bytes(), b".", body].map(TextPart::Bytes).to_vec();
    Ok(Proof::Signatures { texts: vec![text], signatures })
}

fn signed<'a>(
    signature: &'a Signature,
    headers: &'a Headers,
    body: &'a [u8],
    addresses: &'a [String],
    now: Timestamp,
) -> Result<Proof<'a>, Rejection> {
    let Signature { algorithm, separator, prefix, time_prefix, signed, .. } = signature;
    let value = first(&signature.header, headers)?;
    let entries = || value.split(*separator).map(str::trim);
    let written = entries().map(|entry| entry.strip_prefix(prefix.as_str()));
    let signatures = decoded(written, &signature.encoding);
    if signatures.is_empty() {
        return Err(Rejection::MalformedSignature);
    }
    let signatures = match algorithm {
        Algorithm::Hmac(_) => Signatures { shared: signatures, ..Signatures::default() },
        Algorithm::PublicKey(_) => Signatures { public: signatures, ..Signatures::default() },
    };
    if let Some(time) = &signature.time {
        check_time(time_of_signing(required(time, headers)?), now)?;
    }
    let time = entries().find_map(|entry| entry.strip_prefix(time_prefix.as_str()));
    if signed.iter().any(Signed::has_time) {
        check_time(time.and_then(time_of_signing), now)?;
    }
    let mut texts = Vec::new();
    for layout in signed {
        if !layout.has_url() {
            texts.push(parts(layout, headers, body, "", time)?);
            continue;
        }
        for address in addresses {
            texts.push(parts(layout, headers, body, address, time)?);
        }
    }
    if texts.is_empty() {
        return Err(Rejection::NoPublicUrl);
    }
    // If there are several texts, a part of what stands before the body could be moved into the body.
    // A request that was signed as `{id} \n {body}` could be sent again with `\n ` in front of its
    // body: as `{id} {body}` that is the same text, and the old signature fits a body that the
    // platform never sent. A body that must start with `{` cannot begin with a separator or the rest of
    // an address.
    if texts.len() > 1 && !body.starts_with(b"{") {
        return Err(Rejection::NotAnObject);
    }
    Ok(Proof::Signatures { texts, signatures })
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

/// The first of these headers that is not empty.
fn first<'a>(names: &[String], headers: &'a Headers) -> Result<&'a str, Rejection> {
    let given = names.iter().filter_map(|name| headers.get(name)).find(|value| !value.is_empty());
    given.ok_or_else(|| Rejection::MissingHeader(names.to_vec()))
}

fn required<'a>(name: &String, headers: &'a Headers) -> Result<&'a str, Rejection> {
    first(std::slice::from_ref(name), headers)
}

/// ``header `a` or `b` ``
fn alternatives(names: &[String]) -> String {
    let what = if names.iter().all(|name| name.starts_with('?')) { "parameter" } else { "header" };
    let quoted: Vec<_> =
        names.iter().map(|name| format!("`{}`", name.trim_start_matches('?'))).collect();
    format!("{what} {}", quoted.join(" or "))
}

/// The text that is signed, in parts; `time` is the entry of the time in the signature's header.
pub(super) fn parts<'a>(
    signed: &'a Signed,
    headers: &'a Headers,
    body: &'a [u8],
    address: &'a str,
    time: Option<&'a str>,
) -> Result<Vec<TextPart<'a>>, Rejection> {
    let parts = signed.0.iter().map(|part| {
        let text = match part {
            SignedPart::KeyId => return Ok(TextPart::KeyId),
            SignedPart::Body => return Ok(TextPart::Bytes(body)),
            SignedPart::Base64Body => return Ok(TextPart::Base64(body)),
            SignedPart::Text(text) => text,
            SignedPart::Url => address,
            SignedPart::Time => time.ok_or(Rejection::MalformedTimestamp)?,
            SignedPart::Header(name) => required(name, headers)?,
        };
        Ok(TextPart::Bytes(text.as_bytes()))
    });
    parts.collect()
}

fn check_time(signed_at: Option<Timestamp>, now: Timestamp) -> Result<(), Rejection> {
    let signed_at = signed_at.ok_or(Rejection::MalformedTimestamp)?.as_second();
    let now = now.as_second();
    if now.abs_diff(signed_at) <= TOLERANCE_SECONDS {
        Ok(())
    } else if signed_at < now {
        Err(Rejection::TooOld)
    } else {
        Err(Rejection::FromTheFuture)
    }
}

/// The signatures among the entries of a header, of which some may be something else.
fn decoded<'a>(
    entries: impl Iterator<Item = Option<&'a str>>,
    encodings: &[Encoding],
) -> Vec<Vec<u8>> {
    let entries = entries.take(MAX_SIGNATURES).flatten();
    let readings =
        entries.flat_map(|entry| encodings.iter().map(move |encoding| decode(entry, *encoding)));
    readings.flatten().collect()
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
