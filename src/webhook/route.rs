//! Who may come in: what is turned away before anything is proven or parsed.

use crate::platform::Platform;
use crate::webhook::request::{Body, Headers, Request};
use crate::webhook::response::Refusal;

/// What a path stands for.
#[derive(Debug)]
pub enum Route {
    Health,
    Webhook(&'static Platform),
}

/// Exact paths only; an unknown platform looks like any other unknown path.
pub fn route(request: &Request) -> Result<Route, Refusal> {
    let (route, allow) = match request.path.as_str() {
        "/health" => (Some(Route::Health), "GET"),
        "/webhook" => (Platform::find("generic").map(Route::Webhook), "POST"),
        path => {
            let name = path.strip_prefix("/webhook/");
            (name.and_then(Platform::find).map(Route::Webhook), "POST")
        }
    };
    match route {
        None => Err(Refusal::NotFound),
        Some(_) if request.method != allow => Err(Refusal::MethodNotAllowed { allow }),
        Some(route) => Ok(route),
    }
}

/// The bytes that the request holds, if it holds them.
pub fn bytes(body: &Body) -> Result<&[u8], Refusal> {
    match body {
        Body::Bytes(bytes) => Ok(bytes),
        Body::TooLarge => Err(Refusal::TooLarge),
        Body::NotBase64 => Err(Refusal::Unreadable),
    }
}

/// JSON in UTF-8 and nothing packed. Some senders name no type at all.
pub fn check_media_type(headers: &Headers) -> Result<(), Refusal> {
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

/// An unsigned form post of the one field that the platform's file names, with a number in it.
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
