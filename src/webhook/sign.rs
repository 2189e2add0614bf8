//! Signs a webhook as its platform does: the inverse of [`verify`], for the tools and the tests.
//!
//! [`verify`]: crate::webhook::signature::verify

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::platform::{Auth, Encoding, Signature, SignedPart, Token};
use crate::secret::signing_key::{SigningKey, TextPart};
use crate::webhook::request::Headers;
use crate::webhook::signature::{Rejection, parts};

/// Why a webhook cannot be signed here.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error(transparent)]
    Incomplete(#[from] Rejection),
    #[error("the platform alone has the private key, so send a test from its own admin")]
    PrivateKey,
}

/// The headers that sign a request, to be added to those in `headers`. One that begins with `?` is a
/// parameter of the query.
///
/// `address` is the one that is registered with the platform, and `id` the platform's id of the message,
/// for platforms that sign them.
pub fn sign(
    auth: &Auth,
    headers: &Headers,
    body: &[u8],
    key: &SigningKey,
    address: &str,
    id: &str,
    now: Timestamp,
) -> Result<Vec<(String, String)>, SignError> {
    let time = now.as_second().to_string();
    match auth {
        Auth::Standard(_) => {
            let text = [id.as_bytes(), b".", time.as_bytes(), b".", body].map(TextPart::Bytes);
            let signature = STANDARD.encode(key.sign(&text).ok_or(SignError::PrivateKey)?);
            Ok(vec![
                ("webhook-id".to_owned(), id.to_owned()),
                ("webhook-timestamp".to_owned(), time),
                ("webhook-signature".to_owned(), format!("v1,{signature}")),
            ])
        }
        Auth::Signature(signature) => {
            let mut added = missing_headers(signature, headers, id, &time);
            let is_kept = |(name, _): &(&str, &str)| added.iter().all(|(new, _)| new != name);
            let kept = headers.iter().filter(is_kept);
            let kept = kept.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let headers: Headers = kept.chain(added.iter().cloned()).collect();
            let layout = &signature.signed[0];
            let text = parts(layout, &headers, body, address, Some(&time))?;
            let written = key.sign(&text).ok_or(SignError::PrivateKey)?;
            let written = encode(&written, signature.encoding[0]);
            let Signature { prefix, time_prefix, separator, .. } = signature;
            let entry = format!("{time_prefix}{time}{separator}");
            let entry = if layout.has_time() { entry } else { String::new() };
            let value = format!("{entry}{prefix}{written}");
            let names = signature_headers(signature, &headers).into_iter();
            added.extend(names.map(|name| (name, value.clone())));
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

/// The headers that hold the signature: of the family, or the families, that the request has others of.
///
/// A platform may send all of its headers under two names. Its own library looks for the signature
/// among those of the family that it finds:
/// <https://github.com/Shopify/shopify-app-js/tree/main/packages/apps/shopify-api/lib/webhooks>.
fn signature_headers(signature: &Signature, headers: &Headers) -> Vec<String> {
    let is_used = |name: &&String| {
        let family = family(name);
        headers.iter().any(|(given, _)| given.starts_with(family))
    };
    let used: Vec<_> = signature.header.iter().filter(is_used).cloned().collect();
    if used.is_empty() { vec![signature.header[0].clone()] } else { used }
}

/// What the names of a family of headers begin with, such as `x-shopify-`.
fn family(name: &str) -> &str {
    let skipped = if name.starts_with("x-") { 2 } else { 0 };
    let end = name[skipped..].find('-').map_or(name.len(), |end| skipped + end + 1);
    &name[..end]
}

/// The signed headers that the request does not have yet, and that of the time: it is now.
fn missing_headers(
    signature: &Signature,
    given: &Headers,
    id: &str,
    time: &str,
) -> Vec<(String, String)> {
    let missing = signature.signed[0].0.iter().filter_map(|part| match part {
        SignedPart::Header(name) if signature.time.as_ref() == Some(name) => {
            Some((name.clone(), time.to_owned()))
        }
        SignedPart::Header(name) if given.get(name).is_none() => {
            Some((name.clone(), id.to_owned()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Platform;
    use crate::webhook::signature::verify;

    /// The names of the headers that sign a request with these.
    fn added(platform: &str, given: &[&str]) -> Vec<String> {
        let auth = &Platform::find(platform).unwrap().auth;
        let key = SigningKey::parse("a key of this test only", auth).unwrap();
        let (body, now) = (b"{}", Timestamp::UNIX_EPOCH);
        let mut headers: Headers = given.iter().map(|name| (*name, "stale")).collect();
        let signature = sign(auth, &headers, body, &key, "", "1", now).unwrap();
        headers = given
            .iter()
            .map(|name| ((*name).to_owned(), "stale".to_owned()))
            .filter(|(name, _)| signature.iter().all(|(signed, _)| signed != name))
            .chain(signature.clone())
            .collect();
        verify(auth, &headers, body, &[key], &[], now).unwrap();
        signature.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn a_signature_is_in_the_family_of_the_other_headers() {
        const NEW: &str = "shopify-hmac-sha256";
        const OLD: &str = "x-shopify-hmac-sha256";
        assert_eq!(added("shopify", &["shopify-topic"]), [NEW]);
        assert_eq!(added("shopify", &["x-shopify-topic"]), [OLD]);
        assert_eq!(added("shopify", &["x-shopify-topic", "shopify-topic"]), [NEW, OLD]);
        assert_eq!(added("shopify", &["content-type"]), [NEW]);
        // What a sender has pasted of another signature is replaced.
        assert_eq!(added("shopify", &["x-shopify-topic", NEW]), [NEW, OLD]);
        assert_eq!(added("woocommerce", &["x-shopify-topic"]), ["x-wc-webhook-signature"]);
    }
}
