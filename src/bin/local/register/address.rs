//! The webhook's address: that of the stack or the one given, checked.

use std::sync::Arc;

use order_alerts::platform::Platform;
use url::Url;

use crate::net;
use crate::stack_secret::{Stack, StackSecret};
use crate::terminal::Failure;

/// Where the platform is to send its webhooks: the given address, or else that of the stack, whose
/// secret comes along.
pub(crate) async fn of_webhook(
    platform: &Platform,
    given: Option<&Url>,
    stack: &Stack,
) -> Result<(Url, Option<StackSecret>), Failure> {
    if let Some(url) = given {
        return Ok((url.clone(), None));
    }
    let http = Arc::new(net::http_client()?);
    let secret = StackSecret::open(&http, stack).await?;
    let address = secret.webhook_address(platform).ok_or_else(|| {
        format!("the secret {} does not hold the webhook's address: give --url", secret.id)
    })?;
    let url = address.parse()?;
    check(&url, platform)?;
    Ok((url, Some(secret)))
}

/// Refuses an address at which the function does not expect this platform.
pub(super) fn check(url: &Url, platform: &Platform) -> Result<(), Failure> {
    net::check_safe(url, "--url")?;
    let path = platform.path();
    if url.path().ends_with(&path) && url.query().is_none() && url.fragment().is_none() {
        return Ok(());
    }
    let origin = url.origin().ascii_serialization();
    Err(format!("the webhook address of {} ends in {path}: {origin}{path}", platform.name).into())
}
