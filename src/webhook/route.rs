//! What kind of request it is, before anything is verified: path, method, size, media type.

use crate::platform::Platform;
use crate::webhook::request::{Body, Headers, Request};
use crate::webhook::response::Refusal;

/// A request that may go on.
#[derive(Debug)]
pub enum Admitted<'a> {
    Health,
    /// The platform checks that the address answers; there is nothing to verify.
    Ping(&'static Platform),
    Webhook(Webhook<'a>),
}

/// A platform's webhook, not verified yet.
#[derive(Clone, Copy, Debug)]
pub struct Webhook<'a> {
    pub platform: &'static Platform,
    pub headers: &'a Headers,
    pub body: &'a [u8],
}

/// Says what kind of request it is, or why it is none that the function takes.
pub fn admit(request: &Request) -> Result<Admitted<'_>, Refusal> {
    if request.path == "/health" {
        return method(request, "GET").map(|()| Admitted::Health);
    }
    let platform = platform(request).ok_or(Refusal::NotFound)?;
    method(request, "POST")?;
    let body = bytes(&request.body)?;
    let headers = &request.headers;
    if is_ping(platform, headers, body) {
        return Ok(Admitted::Ping(platform));
    }
    check_media_type(headers)?;
    Ok(Admitted::Webhook(Webhook { platform, headers, body }))
}

/// The platform that the path names. Paths are exact, and an unknown platform is an unknown path.
pub fn platform(request: &Request) -> Option<&'static Platform> {
    match request.path.as_str() {
        "/webhook" => Platform::find("generic"),
        path => Platform::find(path.strip_prefix("/webhook/")?),
    }
}

/// Whether it is an unsigned form post of the one field that the platform's file names, with a
/// number in it.
pub fn is_ping(platform: &Platform, headers: &Headers, body: &[u8]) -> bool {
    let Some(ping) = &platform.ping else {
        return false;
    };
    let media_type = headers.get("content-type").unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let number = body
        .strip_prefix(ping.form_field.as_bytes())
        .and_then(|rest| rest.strip_prefix(b"="))
        .unwrap_or_default();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && (1..=20).contains(&number.len())
        && number.iter().all(u8::is_ascii_digit)
}

fn method(request: &Request, allow: &'static str) -> Result<(), Refusal> {
    if request.method == allow { Ok(()) } else { Err(Refusal::MethodNotAllowed { allow }) }
}

fn bytes(body: &Body) -> Result<&[u8], Refusal> {
    match body {
        Body::Bytes(bytes) => Ok(bytes),
        Body::TooLarge => Err(Refusal::TooLarge),
        Body::NotBase64 => Err(Refusal::Unreadable),
    }
}

/// JSON in UTF-8, without a content encoding. Some senders name no media type at all.
fn check_media_type(headers: &Headers) -> Result<(), Refusal> {
    let encoding = headers.get("content-encoding").unwrap_or_default();
    let is_plain = encoding.is_empty() || encoding.eq_ignore_ascii_case("identity");

    let media_type = headers.get("content-type").unwrap_or_default().to_ascii_lowercase();
    let mut parts = media_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let is_json = matches!(essence, "" | "application/json")
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    let is_utf_8 = parts
        .filter_map(|parameter| parameter.strip_prefix("charset="))
        .all(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8"));
    if is_plain && is_json && is_utf_8 { Ok(()) } else { Err(Refusal::UnsupportedMediaType) }
}
