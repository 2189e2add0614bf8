//! The addresses that somebody types: whether they are safe to use, and the right ones.

use std::sync::Arc;

use order_alerts::infra::http_client::HttpClient;
use order_alerts::platform::Platform;
use url::Url;

use crate::register::Arguments;
use crate::stack_secret::Vault;
use crate::{Failure, net};

/// Where the platform is to send its webhooks: what was typed, or what the stack says.
pub(crate) async fn of_webhook(platform: &Platform, arguments: &Arguments) -> Result<Url, Failure> {
    let url = if let Some(url) = &arguments.url {
        url.clone()
    } else {
        let http = Arc::new(HttpClient::over(net::transport()?));
        let vault = Vault::open(&http, &arguments.stack).await?;
        let address = vault.webhook_address(platform).ok_or_else(|| {
            format!("the secret {} does not say the webhook's address: give --url", vault.id)
        })?;
        address.parse()?
    };
    check_webhook(&url, platform)?;
    Ok(url)
}

/// Refuses an address at which the function does not expect this platform.
fn check_webhook(url: &Url, platform: &Platform) -> Result<(), Failure> {
    net::check_safe(url, "--url")?;
    let path = match platform.id {
        "generic" => "/webhook".to_owned(),
        id => format!("/webhook/{id}"),
    };
    if url.path().ends_with(&path) && url.query().is_none() && url.fragment().is_none() {
        return Ok(());
    }
    let origin = url.origin().ascii_serialization();
    Err(format!("the webhook address of {} ends in {path}: {origin}{path}", platform.name).into())
}
