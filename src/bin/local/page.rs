//! The page: the channel as Slack would show it, and all that can be done to the stack.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};

use crate::program;

/// The page as one document: it needs no other file, and no other host.
pub(crate) static HTML: LazyLock<String> = LazyLock::new(|| {
    include_str!("page/index.html")
        .replace("<!-- style -->", &format!("<style>{STYLE}</style>"))
        .replace("<!-- script -->", &format!("<script>{}</script>", *SCRIPT))
});

const STYLE: &str = concat!(
    include_str!("page/style.css"),
    include_str!("page/panels.css"),
    include_str!("page/channel.css"),
);

/// One script: each file uses what the files before it define.
static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let script = concat!(
        include_str!("page/english.js"),
        include_str!("page/korean.js"),
        include_str!("page/words.js"),
        include_str!("page/dom.js"),
        include_str!("page/slack.js"),
        include_str!("page/life.js"),
        include_str!("page/channel.js"),
        include_str!("page/numbers.js"),
        include_str!("page/controls.js"),
        include_str!("page/try.js"),
        include_str!("page/stream.js"),
    );
    // A file may be called anything, and the page's words are in quotation marks.
    let escaped = program::without_command().escape_default().to_string();
    script.replace("{start}", &escaped)
});

/// What the page may do: run its own script and style, and send requests to the local stack. No other
/// page may show it in a frame. <https://www.w3.org/TR/CSP3/>
pub(crate) static POLICY: LazyLock<String> = LazyLock::new(|| {
    let (script, style) = (hash(&SCRIPT), hash(STYLE));
    format!(
        "default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// The hash of an element's text, as a policy names it.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(digest(&SHA256, text.as_bytes())))
}
