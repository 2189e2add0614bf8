//! A request that may or may not be proven.

use std::sync::LazyLock;

use order_alerts::config::Customer;
use order_alerts::platform::{Auth, Platform};
use order_alerts::secret::signing_key::SigningKey;
use order_alerts::webhook::parse::parse;
use order_alerts::webhook::request::Headers;
use order_alerts::webhook::sign::sign;
use order_alerts::webhook::signature::verify;

use super::{ADDRESS, key, now, request};

/// A webhook that a stranger saw, and may send again with changes.
struct Seen {
    platform: &'static Platform,
    keys: [SigningKey; 1],
    headers: Vec<(String, String)>,
}

/// It has what a part of the signed text could be mistaken for: a separator, a line break, an object.
const BODY: &[u8] = br#"{"id":1,"a":". : | {\"id\":2}","b":
 {"id":3}}"#;

static SEEN: LazyLock<Vec<Seen>> = LazyLock::new(|| {
    let platforms = Platform::names().filter_map(Platform::find);
    let seen = platforms.map(|platform| {
        let keys = [key(&platform.auth)];
        let (none, auth) = (Headers::default(), &platform.auth);
        let headers = sign(auth, &none, BODY, &keys[0], ADDRESS, "msg_1", now());
        Seen { platform, keys, headers: headers.expect("nothing of the request is signed") }
    });
    seen.collect()
});

/// Without the key, nothing but the body that was signed is a webhook.
pub(super) fn enter(bytes: &[u8]) {
    let (headers, body) = request::parse(bytes);
    let (addresses, alone) = ([ADDRESS.to_owned()], headers.iter().cloned().collect());
    for Seen { platform, keys, headers: seen } in SEEN.iter() {
        let auth = &platform.auth;
        if verify(auth, &alone, body, keys, &addresses, now()).is_ok() {
            // The samples are signed with the private keys of these public ones.
            assert!(auth.has_public_keys(), "{}", platform.id);
            continue;
        }
        let changed = request::replaced(seen.clone(), headers.iter().cloned());
        if let Ok(verified) = verify(auth, &changed, body, keys, &addresses, now()) {
            let is_told = parse(platform, &verified, Customer::Hidden, now()).is_ok();
            let is_signed = !matches!(auth, Auth::Token(_));
            assert!(body == BODY || !is_told || !is_signed, "{}", platform.id);
        }
    }
}
