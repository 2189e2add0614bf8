//! How a platform signs its webhooks, as its file says.

use serde::Deserialize;

use super::place::{PlaceError, Signed, header_name, header_names, signed_texts};

/// How a platform signs its webhooks.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Table")]
pub enum Auth {
    /// Standard Webhooks, <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
    Standard(KeyText),
    /// HMAC with SHA-256 over a text made of the body and other parts.
    HmacSha256(HmacSha256),
    /// The key itself, in a header.
    Token(Token),
}

/// How the text of a Standard Webhooks key becomes bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyText {
    /// Base64 after `whsec_`; a text without that prefix may be base64 or not.
    #[default]
    Whsec,
    /// Always the text itself.
    Raw,
}

/// Where an HMAC is, and over what.
#[derive(Debug, PartialEq, Eq)]
pub struct HmacSha256 {
    /// The first of these headers that is not empty holds the signature, or several between commas.
    pub header: Vec<String>,
    pub encoding: Encoding,
    /// What stands before a signature in the header, such as `sha256=`.
    pub prefix: String,
    /// The layouts of the signed text, of which one must fit; the raw body if the file has none.
    pub signed: Vec<Signed>,
    /// The header with the time of signing, in Unix seconds. It is signed too.
    pub time: Option<String>,
}

/// Where the key itself is sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Token {
    /// The first of these headers that is not empty holds the key. In `authorization` it is a
    /// bearer token, or user and password as `user:password`.
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
            Self::HmacSha256(hmac) => hmac.signed.iter().all(|signed| signed.has_header(header)),
            // Only the owner of the key can send any of it.
            Self::Token(_) => true,
        }
    }
}

/// The table as it is written; which keys it may have depends on its scheme.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    scheme: Scheme,
    #[serde(default, deserialize_with = "header_names")]
    header: Vec<String>,
    encoding: Option<Encoding>,
    prefix: Option<String>,
    #[serde(default, deserialize_with = "signed_texts")]
    signed: Vec<Signed>,
    time: Option<String>,
    key: Option<KeyText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Scheme {
    Standard,
    HmacSha256,
    Token,
}

#[derive(Debug, thiserror::Error)]
enum AuthError {
    #[error("with the scheme `standard` only `key` may be given: it defines the rest")]
    StandardIsWhole,
    #[error("`hmac-sha256` needs a `header` and an `encoding`, and no `key`")]
    HmacIsIncomplete,
    #[error("`token` needs a `header`, and nothing else")]
    TokenIsAHeader,
    #[error("the header in `time` must be signed: name it in `signed` as `{{header:{0}}}`")]
    TimeNotSigned(String),
    #[error("`{{t}}` must be in all that may be signed, or in none of it")]
    TimeNotInAll,
    #[error(transparent)]
    Time(PlaceError),
}

impl TryFrom<Table> for Auth {
    type Error = AuthError;

    fn try_from(table: Table) -> Result<Self, AuthError> {
        let has_header = !table.header.is_empty();
        let signs = table.prefix.is_some() || !table.signed.is_empty() || table.time.is_some();
        match (&table.scheme, table.encoding) {
            (Scheme::Standard, None) if !has_header && !signs => {
                Ok(Self::Standard(table.key.unwrap_or_default()))
            }
            (Scheme::Standard, _) => Err(AuthError::StandardIsWhole),
            (Scheme::Token, None) if has_header && !signs && table.key.is_none() => {
                Ok(Self::Token(Token { header: table.header }))
            }
            (Scheme::Token, _) => Err(AuthError::TokenIsAHeader),
            (Scheme::HmacSha256, Some(encoding)) if has_header && table.key.is_none() => {
                HmacSha256::read(table, encoding).map(Self::HmacSha256)
            }
            (Scheme::HmacSha256, _) => Err(AuthError::HmacIsIncomplete),
        }
    }
}

impl HmacSha256 {
    fn read(table: Table, encoding: Encoding) -> Result<Self, AuthError> {
        let mut signed = table.signed;
        if signed.is_empty() {
            signed.push(Signed::default());
        }
        let timed = signed.iter().filter(|signed| signed.has_time()).count();
        if timed != 0 && timed != signed.len() {
            return Err(AuthError::TimeNotInAll);
        }
        if let Some(time) = &table.time {
            header_name(time).map_err(AuthError::Time)?;
            if !signed.iter().all(|signed| signed.has_header(time)) {
                return Err(AuthError::TimeNotSigned(time.clone()));
            }
        }
        let prefix = table.prefix.unwrap_or_default();
        Ok(Self { header: table.header, encoding, prefix, signed, time: table.time })
    }
}
