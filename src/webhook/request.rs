//! An API Gateway event becomes a [`Request`]: method, path, headers and the raw body.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use url::form_urlencoded;

use crate::platform::LAST_PART;

/// The HTTP request as the sender sent it.
#[derive(Debug, Default)]
pub struct Request {
    pub method: String,
    /// Without the query string.
    pub path: String,
    pub headers: Headers,
    pub body: Body,
    /// When API Gateway received the request.
    pub arrived_at: Option<Timestamp>,
}

/// The body's bytes, or why there are none.
#[derive(Debug, PartialEq, Eq)]
pub enum Body {
    Bytes(Vec<u8>),
    /// Over [`Body::MAX_BYTES`]; not even decoded.
    TooLarge,
    /// Flagged as base64, but it is not.
    NotBase64,
}

impl Body {
    /// What Lambda takes, with all that is around the body:
    /// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>. An order of hundreds
    /// of lines has some hundred kilobytes.
    pub const MAX_BYTES: usize = 6 * 1024 * 1024;

    /// Decodes an event's `body`.
    pub fn decode(text: String, is_base64: bool) -> Self {
        let encoded_limit = Self::MAX_BYTES.div_ceil(3) * 4;
        if text.len() > if is_base64 { encoded_limit } else { Self::MAX_BYTES } {
            return Self::TooLarge;
        }
        if !is_base64 {
            return Self::Bytes(text.into_bytes());
        }
        match STANDARD.decode(text) {
            Ok(bytes) if bytes.len() > Self::MAX_BYTES => Self::TooLarge,
            Ok(bytes) => Self::Bytes(bytes),
            Err(_) => Self::NotBase64,
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::Bytes(Vec::new())
    }
}

/// Request headers by lower-case name.
///
/// As in HTTP/2, parts of the request line are among them, under names that no header can have: each
/// parameter of the query as `?name`, and the last part of the path as [`LAST_PART`].
#[derive(Debug, Default)]
pub struct Headers(BTreeMap<String, String>);

impl Headers {
    /// The headers with the parts of the request line. Of a parameter that comes twice the first counts.
    #[must_use]
    pub fn with_request_line(mut self, path: &str, query: &str) -> Self {
        if let Some(part) = path.rsplit('/').find(|part| !part.is_empty()) {
            self.0.insert(LAST_PART.to_owned(), part.to_owned());
        }
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            self.0.entry(format!("?{name}")).or_insert_with(|| value.into_owned());
        }
        self
    }

    /// The value without the white space around it. `name` is written in lower case.
    ///
    /// A relay may send a header twice, which API Gateway joins by a comma: it counts once.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?.trim();
        // The value may have commas of its own.
        let mut halves =
            value.match_indices(',').map(|(at, _)| (value[..at].trim(), value[at + 1..].trim()));
        Some(halves.find(|(one, other)| one == other).map_or(value, |(one, _)| one))
    }

    /// Adds a header. The name may be in any case; the values of names that differ only in case are
    /// joined by a comma, as API Gateway joins repeated headers.
    fn add(&mut self, mut name: String, value: String) {
        name.make_ascii_lowercase();
        match self.0.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
            Entry::Occupied(entry) => {
                let values = entry.into_mut();
                values.push(',');
                values.push_str(&value);
            }
        }
    }

    /// All headers, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut headers = Self::default();
        for (name, value) in pairs {
            headers.add(name.into(), value.into());
        }
        headers
    }
}

/// From an object of texts, in one pass. What only [`Headers::with_request_line`] may add is left out.
impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("headers")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Headers, M::Error> {
                let mut headers = Headers::default();
                while let Some((name, value)) = map.next_entry::<String, _>()? {
                    if !name.starts_with([':', '?']) {
                        headers.add(name, value);
                    }
                }
                Ok(headers)
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str, is_base64: bool) -> Body {
        Body::decode(text.to_owned(), is_base64)
    }

    #[test]
    fn a_body_may_have_exactly_the_limit() {
        let most = "x".repeat(Body::MAX_BYTES);
        assert_eq!(body(&most, false), Body::Bytes(most.clone().into_bytes()));
        assert_eq!(body(&format!("{most}x"), false), Body::TooLarge);
    }

    #[test]
    fn the_limit_of_a_base64_body_counts_its_bytes() {
        let most = vec![b'x'; Body::MAX_BYTES];
        assert_eq!(body(&STANDARD.encode(&most), true), Body::Bytes(most.clone()));
        let more = [most.as_slice(), b"x"].concat();
        assert_eq!(body(&STANDARD.encode(more), true), Body::TooLarge);
    }

    #[test]
    fn a_body_that_is_flagged_as_base64_must_be_it() {
        assert_eq!(body("{}", true), Body::NotBase64);
        assert_eq!(body("e30=", true), Body::Bytes(b"{}".to_vec()));
        assert_eq!(body("e30=", false), Body::Bytes(b"e30=".to_vec()));
    }

    #[test]
    fn headers_are_found_in_any_case_and_trimmed() {
        let headers: Headers = [("X-Topic", " a\t"), ("x-topic", "b")].into_iter().collect();
        assert_eq!(headers.get("x-topic"), Some("a\t,b"));
        assert_eq!(headers.get("x-other"), None);
    }

    #[test]
    fn a_header_that_comes_twice_counts_once() {
        for (value, read) in [
            ("orders/cancelled,orders/cancelled", "orders/cancelled"),
            (" a , a\t", "a"),
            (",", ""),
            ("v1,a=,v1,a=", "v1,a="),
            ("v1,a=, v1,a=", "v1,a="),
            ("v1,a=,v1,b=", "v1,a=,v1,b="),
            ("a,b", "a,b"),
            ("a,a,a", "a,a,a"),
            ("a,", "a,"),
        ] {
            let headers: Headers = [("x-topic", value)].into_iter().collect();
            assert_eq!(headers.get("x-topic"), Some(read), "{value:?}");
        }
    }

    #[test]
    fn no_header_passes_for_a_part_of_the_request_line() {
        let text = r#"{":path":"order-cancelled","?key":"forged","x-topic":"a"}"#;
        let headers: Headers = serde_json::from_str(text).unwrap();
        assert_eq!((headers.get(LAST_PART), headers.get("?key")), (None, None));
        let headers = headers.with_request_line("/webhook/kitchen/new-order/", "key=a%20b&key=c");
        assert_eq!(headers.get(LAST_PART), Some("new-order"));
        assert_eq!((headers.get("?key"), headers.get("x-topic")), (Some("a b"), Some("a")));
    }
}
