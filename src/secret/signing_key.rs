//! A platform's signing key: verifies and makes signatures.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::hmac;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use subtle::ConstantTimeEq as _;

use crate::platform::{Algorithm, Auth, KeyText, Signature, Token};
use crate::secret::parse::bare;

/// One key of a platform, too long to be guessed.
#[derive(Debug)]
pub struct SigningKey {
    /// What the operator's text may stand for, most likely first. All of it is the operator's own
    /// secret, so that trying each is as safe as trying one.
    readings: Vec<Reading>,
    algorithm: hmac::Algorithm,
    /// The id that the platform signs along with the text.
    id: Option<SecretString>,
    is_short: bool,
}

/// A part of a text that is signed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TextPart<'a> {
    Bytes(&'a [u8]),
    /// The id of the key.
    KeyId,
}

/// The bytes that a text stands for.
#[derive(Debug)]
struct Reading {
    bytes: SecretSlice<u8>,
    is_decoded: bool,
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
    #[error("it is a key of the asymmetric signature; the key that is needed begins with `whsec_`")]
    Asymmetric,
    #[error("it is not written in {0}, as this platform shows it")]
    NotEncoded(&'static str),
    #[error("it has no id: write it as `id:key`, because the platform signs the id too")]
    NoId,
}

/// What stands before the base64 of a key.
const PREFIX: &str = "whsec_";
/// What stands before the public and the private key of the other signature of Standard Webhooks.
const ASYMMETRIC: [&str; 2] = ["whpk_", "whsk_"];

/// Reads base64 as the libraries of most languages do.
const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

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
        let mut key =
            Self { readings: Vec::new(), algorithm: hmac::HMAC_SHA256, id: None, is_short: false };
        let mut min_bytes = Self::MIN_BYTES;
        let readings = match auth {
            Auth::Signature(signature) => {
                key.algorithm = algorithm(signature.algorithm);
                min_bytes = signature.min_key_bytes.unwrap_or(min_bytes);
                let (id, text) = key_id(text, signature)?;
                key.id = id.map(SecretString::from);
                vec![encoded(text, signature.key)?]
            }
            Auth::Standard(form) => standard(text, *form)?,
            Auth::Token(token) => credentials(text, token)?,
        };
        let length = |reading: &Reading| reading.bytes.expose_secret().len();
        key.readings = readings.into_iter().filter(|one| length(one) >= min_bytes).collect();
        key.is_short = key.readings.iter().any(|one| length(one) < Self::MIN_BYTES);
        if key.readings.is_empty() { Err(KeyError::Short(min_bytes)) } else { Ok(key) }
    }

    /// How the platform would write a key of these characters: for keys that are made here.
    pub fn written(text: &str, auth: &Auth) -> String {
        let Auth::Signature(signature) = auth else { return text.to_owned() };
        let text = match signature.key {
            KeyText::Usual | KeyText::Raw => text.to_owned(),
            KeyText::Hex => hex::encode(text),
            KeyText::Base64 => STANDARD.encode(text),
        };
        if signature.has_key_id() { format!("sample-id:{text}") } else { text }
    }

    /// Whether it could be guessed with some effort. The platform gives out such keys.
    pub fn is_short(&self) -> bool {
        self.is_short
    }

    /// How the operator's text is read, for the operator.
    pub fn reading(&self) -> &'static str {
        match self.readings.iter().map(|reading| reading.is_decoded).collect::<Vec<_>>()[..] {
            [true, ..] => "the bytes that its base64 stands for, or else its text",
            [false, .., true] => "its text, or else the bytes that its base64 stands for",
            _ => "its text",
        }
    }

    /// Whether a webhook that is signed with one of the two keys may be verified with the other.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let mut pairs = self.readings.iter().flat_map(|one| {
            other
                .readings
                .iter()
                .map(move |other| (one.bytes.expose_secret(), other.bytes.expose_secret()))
        });
        pairs.any(|(one, other)| one == other)
    }

    /// Whether one of the signatures is this key's for the text, which is given in parts.
    pub(crate) fn signed(&self, text: &[TextPart<'_>], signatures: &[Vec<u8>]) -> bool {
        self.readings.iter().any(|reading| {
            let right = self.hmac(reading, text);
            signatures.iter().any(|signature| right.as_ref().ct_eq(signature).into())
        })
    }

    /// Whether one of the tokens is the key.
    pub(crate) fn is_one_of(&self, tokens: &[Vec<u8>]) -> bool {
        let mut readings = self.readings.iter();
        readings.any(|reading| is_one_of(reading.bytes.expose_secret(), tokens))
    }

    /// Signs a text as the platform does.
    pub(crate) fn sign(&self, text: &[TextPart<'_>]) -> Vec<u8> {
        self.hmac(&self.readings[0], text).as_ref().to_vec()
    }

    fn hmac(&self, reading: &Reading, text: &[TextPart<'_>]) -> hmac::Tag {
        let key = hmac::Key::new(self.algorithm, reading.bytes.expose_secret());
        let mut signing = hmac::Context::with_key(&key);
        for part in text {
            signing.update(match part {
                TextPart::Bytes(bytes) => bytes,
                TextPart::KeyId => {
                    self.id.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default().as_bytes()
                }
            });
        }
        signing.sign()
    }

    /// The key as a token.
    pub(crate) fn expose(&self) -> &[u8] {
        self.readings[0].bytes.expose_secret()
    }
}

impl Reading {
    fn of_text(text: &str) -> Self {
        Self { bytes: text.as_bytes().to_vec().into(), is_decoded: false }
    }

    /// `None` if the text is not base64. Senders write both alphabets, with padding or without.
    fn of_base64(text: &str) -> Option<Self> {
        let standard = text.replace('-', "+").replace('_', "/");
        let bytes = ANY_PADDING.decode(standard).ok()?;
        Some(Self { bytes: bytes.into(), is_decoded: true })
    }

    fn is_text(&self) -> bool {
        self.bytes.expose_secret().iter().all(u8::is_ascii_graphic)
    }
}

/// The readings of a key of Standard Webhooks:
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme>.
fn standard(text: &str, form: KeyText) -> Result<Vec<Reading>, KeyError> {
    let copied = copied_with_prefix(text);
    let text = copied.as_deref().unwrap_or(text);
    let encoded = text.strip_prefix(PREFIX);
    if encoded == Some("") {
        return Err(KeyError::Empty);
    }
    if form == KeyText::Usual && ASYMMETRIC.iter().any(|prefix| text.starts_with(prefix)) {
        return Err(KeyError::Asymmetric);
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
fn copied_with_prefix(text: &str) -> Option<String> {
    let start = text.to_ascii_lowercase().find(PREFIX)?;
    let is_apart = text[..start].is_empty() || text[..start].ends_with([',', '=', ':', ' ']);
    let key = text[start + PREFIX.len()..].replace(['\r', '\n'], "");
    is_apart.then(|| format!("{PREFIX}{key}"))
}

/// The readings of a token: the text, and what it holds if it was copied as a whole header.
///
/// A method or a user name is known to everyone, so it does not count for the length.
fn credentials(text: &str, token: &Token) -> Result<Vec<Reading>, KeyError> {
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
fn key_id<'a>(
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
fn encoded(text: &str, form: KeyText) -> Result<Reading, KeyError> {
    match form {
        KeyText::Usual | KeyText::Raw => Ok(Reading::of_text(text)),
        KeyText::Hex => {
            let bytes = hex::decode(text).map_err(|_| KeyError::NotEncoded("hex"))?;
            Ok(Reading { bytes: bytes.into(), is_decoded: true })
        }
        KeyText::Base64 => Reading::of_base64(text).ok_or(KeyError::NotEncoded("base64")),
    }
}

fn algorithm(algorithm: Algorithm) -> hmac::Algorithm {
    match algorithm {
        Algorithm::HmacSha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Algorithm::HmacSha256 => hmac::HMAC_SHA256,
        Algorithm::HmacSha512 => hmac::HMAC_SHA512,
    }
}

/// Whether one of the texts is the right one. Signatures of both are compared, so that the time that it
/// takes says nothing about the right one.
fn is_one_of(right: &[u8], texts: &[Vec<u8>]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, right);
    let right = hmac::sign(&key, right);
    texts.iter().any(|text| hmac::verify(&key, text, right.as_ref()).is_ok())
}
