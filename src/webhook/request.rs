//! An API Gateway event becomes a [`Request`]: method, path, headers and the raw body.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;

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

    fn decode(text: String, is_base64: bool) -> Self {
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
#[derive(Debug, Default)]
pub struct Headers(BTreeMap<String, String>);

impl Headers {
    /// The value without the white space around it. `name` is written in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim())
    }

    /// All headers, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: AsRef<str>, V: Into<String>> FromIterator<(N, V)> for Headers {
    /// Names in any case; the values of names that differ only in case are joined by a comma, as
    /// API Gateway joins repeated headers.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        let mut map = BTreeMap::<String, String>::new();
        for (name, value) in headers {
            let value = value.into();
            map.entry(name.as_ref().to_ascii_lowercase())
                .and_modify(|values| {
                    values.push(',');
                    values.push_str(&value);
                })
                .or_insert(value);
        }
        Self(map)
    }
}

/// The event of an HTTP API with payload format 2.0, which a Function URL sends as well:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>.
///
/// `lambda_http`'s own type refuses the whole event for one header value outside ASCII, which any
/// sender can send. Such a request is answered like every other that is not verified.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    raw_path: String,
    headers: Option<BTreeMap<String, String>>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: Context,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    http: Http,
    /// Milliseconds since 1970.
    time_epoch: Option<i64>,
}

#[derive(Deserialize)]
struct Http {
    method: String,
}

impl Request {
    /// Reads a payload 2.0 event.
    pub fn parse(event: &str) -> Result<Self, serde_json::Error> {
        let event: Event = serde_json::from_str(event)?;
        let epoch = event.request_context.time_epoch;
        Ok(Self {
            method: event.request_context.http.method,
            path: event.raw_path,
            headers: event.headers.unwrap_or_default().into_iter().collect(),
            body: Body::decode(event.body.unwrap_or_default(), event.is_base64_encoded),
            arrived_at: epoch.and_then(|epoch| Timestamp::from_millisecond(epoch).ok()),
        })
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
    fn an_event_without_body_and_headers_is_a_request() {
        let event = r#"{"rawPath":"/health","requestContext":{"http":{"method":"GET"}}}"#;
        let request = Request::parse(event).unwrap();
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/health"));
        assert_eq!(request.body, Body::default());
    }
}
