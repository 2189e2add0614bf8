//! The bytes that the operator's text of a shared key may stand for.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::{ExposeSecret as _, SecretSlice};

use super::{KeyError, SigningKey};
use crate::platform::{KeyText, Signature, Token};

/// The bytes that a text stands for.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) bytes: SecretSlice<u8>,
    pub(super) is_decoded: bool,
}

/// What stands before the base64 of a shared key of Standard Webhooks.
const SHARED: &str = "whsec_";
/// What stands before its public key, and before the private one.
pub(super) const PUBLIC: &str = "whpk_";
const PRIVATE: &str = "whsk_";

/// Reads base64 as the libraries of most languages do.
pub(super) const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl Reading {
    fn of_text(text: &str) -> Self {
        Self { bytes: text.as_bytes().to_vec().into(), is_decoded: false }
    }

    /// `None` if the text is not base64.
    fn of_base64(text: &str) -> Option<Self> {
        Some(Self { bytes: from_base64(text)?.into(), is_decoded: true })
    }

    pub(super) fn length(&self) -> usize {
        self.bytes.expose_secret().len()
    }

    fn is_text(&self) -> bool {
        self.bytes.expose_secret().iter().all(u8::is_ascii_graphic)
    }
}

/// The bytes of base64. Senders write both alphabets, with padding or without.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let standard = text.replace('-', "+").replace('_', "/");
    ANY_PADDING.decode(standard).ok()
}

/// The readings of a shared key of Standard Webhooks:
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme>.
pub(super) fn standard(text: &str, form: KeyText) -> Result<Vec<Reading>, KeyError> {
    let copied = copied_with_prefix(text, SHARED);
    let text = copied.as_deref().unwrap_or(text);
    let encoded = text.strip_prefix(SHARED);
    if encoded == Some("") {
        return Err(KeyError::Empty);
    }
    if form == KeyText::Usual && text.starts_with(PRIVATE) {
        return Err(KeyError::Private(PUBLIC));
    }
    let decoded = Reading::of_base64(encoded.unwrap_or(text).trim());
    let whole = Some(Reading::of_text(text));
    let readings = match (form, encoded) {
        (KeyText::Usual, Some(_)) => [decoded, whole],
        (KeyText::Usual, None) => [whole, decoded],
        // The senders' examples encode a raw key, as the libraries take base64 only.
        (_, _) => [whole, decoded.filter(Reading::is_text)],
    };
    Ok(readings.into_iter().flatten().collect())
}

/// The key from its prefix on, without what it was copied with: the version of the signature, the name
/// of a variable, line breaks. `None` if the text has no prefix.
pub(super) fn copied_with_prefix(text: &str, prefix: &str) -> Option<String> {
    let start = text.to_ascii_lowercase().find(prefix)?;
    let is_apart = text[..start].is_empty() || text[..start].ends_with([',', '=', ':', ' ']);
    let key = text[start + prefix.len()..].replace(['\r', '\n'], "");
    is_apart.then(|| format!("{prefix}{key}"))
}

/// The readings of a token: the text, and what it holds if it was copied as a whole header.
///
/// A method or a user name is known to everyone, so it does not count for the length.
pub(super) fn credentials(text: &str, token: &Token) -> Result<Vec<Reading>, KeyError> {
    let value =
        token.header.iter().find_map(|name| after(text, name)?.trim_start().strip_prefix(':'));
    let value = value.map_or(text, str::trim);
    let basic = after(value, "basic ").and_then(|encoded| Reading::of_base64(encoded.trim()));
    let bearer = after(value, "bearer ").map(|token| Reading::of_text(token.trim()));
    let whole = Reading::of_text(value);
    let readings = basic.or(bearer).into_iter().chain([whole]).collect::<Vec<_>>();

    let secret = readings[0].bytes.expose_secret();
    let password = secret.iter().position(|&byte| byte == b':').map(|colon| &secret[colon + 1..]);
    match password {
        Some(password) if password.len() < SigningKey::MIN_BYTES => Err(KeyError::ShortPassword),
        None if secret.len() < SigningKey::MIN_BYTES => Err(KeyError::Short(SigningKey::MIN_BYTES)),
        _ => Ok(readings),
    }
}

/// What follows a prefix, in any case.
fn after<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The id and the key, where the platform signs the id.
pub(super) fn key_id<'a>(
    text: &'a str,
    signature: &Signature,
) -> Result<(Option<&'a str>, &'a str), KeyError> {
    if !signature.has_key_id() {
        return Ok((None, text));
    }
    match text.split_once(':') {
        Some((id, key)) if !id.trim().is_empty() => Ok((Some(id.trim()), key.trim())),
        _ => Err(KeyError::NoId),
    }
}

/// The bytes of the key as the platform writes it.
pub(super) fn encoded(text: &str, form: KeyText) -> Result<Reading, KeyError> {
    match form {
        KeyText::Usual | KeyText::Raw => Ok(Reading::of_text(text)),
        KeyText::Hex => {
            let bytes = hex::decode(text).map_err(|_| KeyError::NotEncoded("hex"))?;
            Ok(Reading { bytes: bytes.into(), is_decoded: true })
        }
        KeyText::Base64 => Reading::of_base64(text).ok_or(KeyError::NotEncoded("base64")),
    }
}
