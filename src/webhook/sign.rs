//! Signs a webhook as its platform does: the inverse of [`verify`], for the tools and the tests.
//!
//! [`verify`]: crate::webhook::signature::verify

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::platform::{Auth, Encoding, HmacSha256, SignedPart, Token};
use crate::secret::signing_key::SigningKey;
use crate::webhook::request::Headers;
use crate::webhook::signature::{Rejection, parts};

/// The headers that sign a request, to be added to those in `headers`.
///
/// `id` is the platform's id of the message, for platforms that sign one.
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

/// The signed headers that the request does not have yet.
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

fn encode(bytes: &[u8], encoding: Encoding) -> String {
    match encoding {
        Encoding::Base64 => STANDARD.encode(bytes),
        Encoding::Hex => hex::encode(bytes),
    }
}
