//! What kind of request it is, before anything is verified: path, method, size.

use crate::platform::Platform;
use crate::webhook::request::{Body, Headers, Request};
use crate::webhook::response::Refusal;
use crate::webhook::signature::may_be_signed;

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
    if segments(&request.path).last() == Some("health") {
        return method(request, "GET").map(|()| Admitted::Health);
    }
    let platform = platform(request).ok_or(Refusal::NotFound)?;
    method(request, "POST")?;
    let body = bytes(&request.body)?;
    let headers = &request.headers;
    if is_ping(platform, headers, body) {
        return Ok(Admitted::Ping(platform));
    }
    Ok(Admitted::Webhook(Webhook { platform, headers, body }))
}

/// The platform that the path names: `/webhook/shopify`, or `/webhook` for one's own systems. What a
/// platform adds to its address may follow: `/webhook/keeta/v1/newEvent`.
///
/// Senders and gateways spell it in many ways: in upper case, with a slash at the end or a doubled
/// one, and with a stage or the key of an API mapping in front. The signature decides, so any of
/// them is taken. An unknown platform is an unknown path.
pub fn platform(request: &Request) -> Option<&'static Platform> {
    let path: Vec<_> = segments(&request.path).collect();
    // A mapping key may have the same name.
    let webhook = path.iter().rposition(|segment| is_webhook(segment))?;
    let (name, added) = match &path[webhook + 1..] {
        [] => ("generic", &[][..]),
        [name, added @ ..] => (*name, added),
    };
    // Not a stage and not a mapping key, but a path that leads elsewhere.
    if path.iter().any(|segment| matches!(*segment, "." | "..")) {
        return None;
    }
    Platform::find(&name.to_ascii_lowercase())
        .filter(|platform| added.is_empty() || platform.adds_to_path)
}

/// Whether a request to an unknown path was meant for this function: its path speaks of webhooks, or it may
/// be signed.
pub fn is_meant_for_webhooks(request: &Request) -> bool {
    let is_near = |segment: &str| segment.to_ascii_lowercase().starts_with("webhook");
    let is_meant = segments(&request.path).any(is_near) || may_be_signed(&request.headers);
    request.method == "POST" && is_meant
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

/// Whether the headers say that the body is JSON in UTF-8, without a content encoding. Some senders
/// name no media type at all.
///
/// A verified body that is JSON needs no media type. They only say why another one cannot be read.
pub fn claims_json(headers: &Headers) -> bool {
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
    is_plain && is_json && is_utf_8
}

/// The path's parts. A doubled slash and one at the end mean nothing.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

fn is_webhook(segment: &str) -> bool {
    segment.eq_ignore_ascii_case("webhook")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn post(path: &str) -> Request {
        Request { method: "POST".to_owned(), path: path.to_owned(), ..Request::default() }
    }

    fn platform_of(path: &str) -> Option<&'static str> {
        platform(&post(path)).map(|platform| platform.id)
    }

    #[test]
    fn a_platforms_path_may_be_spelt_in_many_ways() {
        for path in [
            "/webhook/shopify",
            "/webhook/shopify/",
            "//webhook/shopify",
            "/webhook//shopify//",
            "/webhook/Shopify",
            "/WEBHOOK/SHOPIFY",
            "/prod/webhook/shopify",
            "/hooks/v1/webhook/shopify/",
            "/webhook/webhook/shopify",
        ] {
            assert_eq!(platform_of(path), Some("shopify"), "{path}");
        }
        for path in ["/webhook", "/webhook/", "//webhook", "/prod/webhook", "/webhook/generic"] {
            assert_eq!(platform_of(path), Some("generic"), "{path}");
        }
    }

    #[test]
    fn a_platform_may_add_to_its_path() {
        for path in ["/webhook/keeta", "/webhook/keeta/v1/newEvent", "/prod/Webhook/KEETA/x/"] {
            assert_eq!(platform_of(path), Some("keeta"), "{path}");
        }
        for path in ["/webhook/keeta/../shopify", "/webhook/keeta/./x"] {
            assert_eq!(platform_of(path), None, "{path}");
        }
    }

    #[test]
    fn another_path_names_no_platform() {
        for path in [
            "",
            "/",
            "/shopify",
            "/webhooks/shopify",
            "/webhook/toast",
            "/webhook/shopify/orders",
            "/webhook/../webhook/shopify",
            "/./webhook/shopify",
            "/webhook/%2e%2e/shopify",
            "/webhook/shopif%79",
            "/webhook/ shopify",
        ] {
            assert_eq!(platform_of(path), None, "{path}");
        }
    }

    #[test]
    fn a_post_that_speaks_of_webhooks_was_meant_for_the_function() {
        for path in ["/webhook/toast", "/webhooks/shopify", "/prod/Webhook/shopify/orders"] {
            assert!(is_meant_for_webhooks(&post(path)), "{path}");
            let get = Request { method: "GET".to_owned(), ..post(path) };
            assert!(!is_meant_for_webhooks(&get), "{path}");
        }
        for path in ["/", "/wp-login.php", "/my-webhook"] {
            assert!(!is_meant_for_webhooks(&post(path)), "{path}");
            let with = |name: &str, value: &str| {
                let headers = [(name, value)].into_iter().collect();
                is_meant_for_webhooks(&Request { headers, ..post(path) })
            };
            assert!(with("x-shopify-hmac-sha256", "x") && with("Webhook-Signature", "x"), "{path}");
            assert!(!with("x-shopify-hmac-sha256", " ") && !with("authorization", "x"), "{path}");
        }
    }

    #[test]
    fn health_is_found_under_a_stage_too() {
        for path in ["/health", "/health/", "/prod/health"] {
            let get = Request { method: "GET".to_owned(), ..post(path) };
            assert!(matches!(admit(&get), Ok(Admitted::Health)), "{path}");
        }
    }
}
