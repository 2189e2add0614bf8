//! The page that shows the local channel and sends samples.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::fake_services::Posts;
use crate::samples;

/// The page itself. It asks for [`state`] once a second.
pub(crate) const HTML: &str = include_str!("page.html");

/// What the page may do: run its own script and style, and send requests to the local stack. No other
/// page may show it in a frame. <https://www.w3.org/TR/CSP3/>
pub(crate) static POLICY: LazyLock<String> = LazyLock::new(|| {
    let (script, style) = (hash("script"), hash("style"));
    format!(
        "default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// What the page shows: the messages as they are sent to Slack, and the names of the samples.
pub(crate) fn state(posts: Option<&Posts>) -> Value {
    json!({
        "messages": posts.map(|posts| &posts.messages),
        "posted": posts.map(|posts| posts.count),
        "samples": samples::names().collect::<Vec<_>>(),
    })
}

/// The hash of the page's only element of this name, as a policy names it.
fn hash(element: &str) -> String {
    let (start, end) = (format!("<{element}>"), format!("</{element}>"));
    let inside = HTML.split_once(&start).and_then(|(_, rest)| rest.split_once(&end));
    let (text, _) = inside.expect("the page has this element");
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}
