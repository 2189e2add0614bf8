//! How a platform proves that its webhooks are its own, as its file says.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::OneOrMany;
use super::place::{PlaceError, Signed, header_name, header_names, parameter_name, signed_texts};

/// How a platform proves that its webhooks are its own.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Table")]
pub enum Auth {
    /// Standard Webhooks, <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
    Standard(KeyText),
    /// A signature over a text made of the body and other parts.
    Signature(Signature),
    /// The key itself, sent along.
    Token(Token),
}

/// How the text of a key becomes bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyText {
    /// The text's own bytes. With Standard Webhooks: base64 after `whsec_`; a text without that prefix may
    /// be base64 or not.
    #[default]
    #[serde(skip)]
    Usual,
    /// With Standard Webhooks: always the text's own bytes.
    Raw,
    Hex,
    Base64,
}

/// Where a signature is, and over what.
#[derive(Debug, PartialEq, Eq)]
pub struct Signature {
    pub algorithm: Algorithm,
    pub key: KeyText,
    /// Keys from so many bytes on are taken, because the platform gives out short ones.
    pub min_key_bytes: Option<usize>,
    /// The first of these headers that is not empty holds the signature, or several entries.
    pub header: Vec<String>,
    /// The ways in which a signature may be written.
    pub encoding: Vec<Encoding>,
    /// What separates the entries in the header.
    pub separator: char,
    /// What stands before a signature in the header, such as `sha256=`.
    pub prefix: String,
    /// What stands before the time of signing in the header, where that is signed as `{t}`.
    pub time_prefix: String,
    /// The layouts of the signed text, of which one must fit; the raw body if the file has none.
    pub signed: Vec<Signed>,
    /// The header with the time of signing. It is signed too.
    pub time: Option<String>,
}

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// With the key that verifies it.
    Hmac(Hash),
    /// With a private key, which the platform alone has.
    PublicKey(PublicKeyAlgorithm),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    Sha1,
    Sha256,
    Sha512,
}

/// How a signature is verified with a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicKeyAlgorithm {
    /// PKCS #1 v1.5.
    RsaSha256,
    /// With SHA-256. The signature is written in ASN.1.
    EcdsaP256,
    Ed25519,
}

/// Where the key itself is sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Token {
    /// The first of these headers, or parameters of the query (`?name`), that is not empty holds the key.
    /// In `authorization` it is a bearer token, or user and password as `user:password`.
    pub header: Vec<String>,
}

/// How a signature's bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    Base64,
    Hex,
}

impl Auth {
    /// Whether the signature covers the header, if it is read only where those in `before` are empty.
    pub(super) fn covers(&self, header: &str, before: &[&str]) -> bool {
        match self {
            // The sender signs one of the two: the other could be added to a replayed request.
            Self::Standard(_) => {
                header == "webhook-id" || header == "svix-id" && before.contains(&"webhook-id")
            }
            Self::Signature(signature) => {
                signature.signed.iter().all(|signed| signed.has_header(header))
            }
            // Only the owner of the key can send any of it.
            Self::Token(_) => true,
        }
    }

    /// Whether a key of the platform is a public one, always. With Standard Webhooks it may be one.
    pub fn has_public_keys(&self) -> bool {
        match self {
            Self::Signature(signature) => matches!(signature.algorithm, Algorithm::PublicKey(_)),
            Self::Standard(_) | Self::Token(_) => false,
        }
    }

    /// Whether the platform signs the address that is registered with it.
    pub fn signs_its_address(&self) -> bool {
        match self {
            Self::Signature(signature) => signature.signed.iter().any(Signed::has_url),
            Self::Standard(_) | Self::Token(_) => false,
        }
    }
}

impl Signature {
    /// Whether a key is written with its id, as `id:key`, because the id is signed.
    pub fn has_key_id(&self) -> bool {
        self.signed.iter().any(Signed::has_key_id)
    }
}

/// The table as it is written; which keys it may have depends on its scheme.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    scheme: Scheme,
    #[serde(default, deserialize_with = "header_names")]
    header: Vec<String>,
    query: Option<String>,
    #[serde(default, deserialize_with = "one_or_many")]
    encoding: Vec<Encoding>,
    separator: Option<char>,
    prefix: Option<String>,
    time_prefix: Option<String>,
    #[serde(default, deserialize_with = "signed_texts")]
    signed: Vec<Signed>,
    time: Option<String>,
    key: Option<KeyText>,
    min_key_bytes: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Scheme {
    Standard,
    HmacSha1,
    HmacSha256,
    HmacSha512,
    RsaSha256,
    EcdsaP256,
    Ed25519,
    Token,
}

#[derive(Debug, thiserror::Error)]
enum AuthError {
    #[error("with the scheme `standard` only `key` may be given: it defines the rest")]
    StandardIsWhole,
    #[error("a signature needs a `header` and an `encoding`, and no `query`")]
    SignatureIsIncomplete,
    #[error("`token` needs a `header` or a `query`, and nothing else")]
    TokenIsAHeader,
    #[error("this scheme has no `key = \"{0}\"`")]
    KeyOfOtherScheme(&'static str),
    #[error("this scheme has public keys: it has no `key` and no `min_key_bytes`")]
    KeyIsPem,
    #[error("the header in `time` must be signed: name it in `signed` as `{{header:{0}}}`")]
    TimeNotSigned(String),
    #[error("`{{t}}` must be in all that may be signed, or in none of it")]
    TimeNotInAll,
    #[error("`time_prefix` names the entry of the time, so `{{t}}` must be signed")]
    TimePrefixOfNothing,
    #[error(
        "`min_key_bytes` is from 8 to 15: shorter keys can be guessed, and longer ones are taken"
    )]
    KeyBytes,
    #[error(transparent)]
    Place(#[from] PlaceError),
}

impl TryFrom<Table> for Auth {
    type Error = AuthError;

    fn try_from(table: Table) -> Result<Self, AuthError> {
        let algorithm = match table.scheme {
            Scheme::Standard => return standard(&table).map(Self::Standard),
            Scheme::Token => return token(table).map(Self::Token),
            Scheme::HmacSha1 => Algorithm::Hmac(Hash::Sha1),
            Scheme::HmacSha256 => Algorithm::Hmac(Hash::Sha256),
            Scheme::HmacSha512 => Algorithm::Hmac(Hash::Sha512),
            Scheme::RsaSha256 => Algorithm::PublicKey(PublicKeyAlgorithm::RsaSha256),
            Scheme::EcdsaP256 => Algorithm::PublicKey(PublicKeyAlgorithm::EcdsaP256),
            Scheme::Ed25519 => Algorithm::PublicKey(PublicKeyAlgorithm::Ed25519),
        };
        signature(table, algorithm).map(Self::Signature)
    }
}

impl Table {
    /// Whether it says how something is signed.
    fn signs(&self) -> bool {
        !self.encoding.is_empty()
            || self.separator.is_some()
            || self.prefix.is_some()
            || self.time_prefix.is_some()
            || !self.signed.is_empty()
            || self.time.is_some()
            || self.min_key_bytes.is_some()
    }
}

fn standard(table: &Table) -> Result<KeyText, AuthError> {
    if table.signs() || !table.header.is_empty() || table.query.is_some() {
        return Err(AuthError::StandardIsWhole);
    }
    match table.key.unwrap_or_default() {
        key @ (KeyText::Usual | KeyText::Raw) => Ok(key),
        KeyText::Hex => Err(AuthError::KeyOfOtherScheme("hex")),
        KeyText::Base64 => Err(AuthError::KeyOfOtherScheme("base64")),
    }
}

fn token(table: Table) -> Result<Token, AuthError> {
    let is_one = table.header.is_empty() == table.query.is_some();
    if table.signs() || table.key.is_some() || !is_one {
        return Err(AuthError::TokenIsAHeader);
    }
    let parameter = table.query.as_deref().map(parameter_name).transpose()?;
    Ok(Token { header: parameter.map_or(table.header, |name| vec![name]) })
}

fn signature(table: Table, algorithm: Algorithm) -> Result<Signature, AuthError> {
    if table.header.is_empty() || table.encoding.is_empty() || table.query.is_some() {
        return Err(AuthError::SignatureIsIncomplete);
    }
    let describes_key = table.key.is_some() || table.min_key_bytes.is_some();
    if matches!(algorithm, Algorithm::PublicKey(_)) && describes_key {
        return Err(AuthError::KeyIsPem);
    }
    let key = table.key.unwrap_or_default();
    if key == KeyText::Raw {
        return Err(AuthError::KeyOfOtherScheme("raw"));
    }
    if table.min_key_bytes.is_some_and(|bytes| !(8..16).contains(&bytes)) {
        return Err(AuthError::KeyBytes);
    }
    let mut signed = table.signed;
    if signed.is_empty() {
        signed.push(Signed::default());
    }
    let timed = signed.iter().filter(|signed| signed.has_time()).count();
    if timed != 0 && timed != signed.len() {
        return Err(AuthError::TimeNotInAll);
    }
    if table.time_prefix.is_some() && timed == 0 {
        return Err(AuthError::TimePrefixOfNothing);
    }
    if let Some(time) = &table.time {
        header_name(time)?;
        if !signed.iter().all(|signed| signed.has_header(time)) {
            return Err(AuthError::TimeNotSigned(time.clone()));
        }
    }
    Ok(Signature {
        algorithm,
        key,
        min_key_bytes: table.min_key_bytes,
        header: table.header,
        encoding: table.encoding,
        separator: table.separator.unwrap_or(','),
        prefix: table.prefix.unwrap_or_default(),
        time_prefix: table.time_prefix.unwrap_or_else(|| "t=".to_owned()),
        signed,
        time: table.time,
    })
}

fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Encoding>, D::Error> {
    let encodings = OneOrMany::<Encoding>::deserialize(from)?.into_vec();
    if encodings.is_empty() { Err(D::Error::custom("the list is empty")) } else { Ok(encodings) }
}
