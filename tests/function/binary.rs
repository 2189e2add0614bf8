//! What is in the binary that is deployed, and what is not.

use std::fs;

use crate::support::world::bootstrap;

/// Texts of the local stack, of its page, of the fakes and of signing; and of the crates that only they use.
const LOCAL: [&str; 8] = [
    "is not modelled by the fake",
    "more messages than the rate allows",
    "/local/stream",
    "order-alerts listens on",
    "SLACK_WEBHOOK_URL",
    "src/bin/local",
    // The private key of the samples, and what signs with it.
    "exponent_p",
    "the platform alone has the private key",
];
/// A release has less: every megabyte is read at a cold start.
const MAX_RELEASE_BYTES: usize = 12_000_000;

#[test]
fn nothing_of_the_local_stack_is_in_the_function() {
    let binary = fs::read(bootstrap()).unwrap();
    let local = fs::read(env!("CARGO_BIN_EXE_local")).unwrap();
    let (texts, local) = (String::from_utf8_lossy(&binary), String::from_utf8_lossy(&local));
    assert!(texts.contains("SLACK_ORIGIN"), "its own texts can be found");
    for text in LOCAL {
        assert!(
            local.contains(text),
            "{text} is not in the local stack any more: name another text"
        );
        assert!(!texts.contains(text), "{text}");
    }
    if std::env::var_os("BOOTSTRAP").is_some() {
        assert!(binary.len() < MAX_RELEASE_BYTES, "{} bytes", binary.len());
    }
}
