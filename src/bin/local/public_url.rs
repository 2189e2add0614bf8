//! `PUBLIC_URL`: the address that is registered at a platform, where the platform signs it.
//!
//! Shells and build systems set a variable of this name for other programs, often to `/`. So only the
//! platforms that sign their address read it.

use order_alerts::platform::Platform;
use url::Url;

use crate::prompt::variable_if_set;
use crate::terminal;
use crate::terminal::Failure;

const NAME: &str = "PUBLIC_URL";

/// The address for signatures of this platform. `None` if it signs none, or if none is set.
pub(crate) fn of(platform: &Platform) -> Result<Option<String>, Failure> {
    let is_signed = platform.auth.signs_its_address();
    let Some(text) = variable_if_set(NAME).filter(|_| is_signed) else { return Ok(None) };
    if is_address(&text) {
        return Ok(Some(platform.address(&text)));
    }
    let name = &platform.name;
    Err(format!(
        "{NAME}={text} is not an https:// address: set it to the address that is registered at {name}, \
         or remove it from the environment"
    )
    .into())
}

/// The address for the local stack, which serves all platforms. Another value is ignored.
pub(crate) fn or_ignored() -> Option<String> {
    let text = variable_if_set(NAME)?;
    if !is_address(&text) {
        terminal::ignored_setting(NAME, &text, "it is not an https:// address");
        return None;
    }
    Some(text)
}

fn is_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.scheme() == "https")
}
