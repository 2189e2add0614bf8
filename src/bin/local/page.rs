//! The page: the channel as Slack would show it, and all that can be done to the stack.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

const DOCUMENT: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// The whole page. The document has one empty `style` and one empty `script`.
pub(crate) static HTML: LazyLock<String> = LazyLock::new(|| {
    let html = DOCUMENT.replacen("<style></style>", &format!("<style>{STYLE}</style>"), 1);
    html.replacen("<script></script>", &format!("<script>{SCRIPT}</script>"), 1)
});

/// What the page may do: run its own script and style, and send requests to the local stack. No other
/// page may show it in a frame. <https://www.w3.org/TR/CSP3/>
pub(crate) static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| format!("sha256-{}", STANDARD.encode(Sha256::digest(text)));
    let (script, style) = (hash(SCRIPT), hash(STYLE));
    format!(
        "default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});
