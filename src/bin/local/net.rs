//! Outgoing connections: TLS roots, proxies, and which addresses are safe.

use std::env;
use std::path::PathBuf;

pub(crate) use order_alerts::infra::transport::is_loopback;
use order_alerts::infra::transport::{Transport, TransportError};
use url::Url;

use crate::prompt::variable_if_set;
use crate::terminal::Failure;

/// The environment variables with files of more trusted certificates: the usual one of TLS libraries,
/// and <https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html>.
const MORE_ROOTS: [&str; 2] = ["SSL_CERT_FILE", "AWS_CA_BUNDLE"];
/// The environment variables that name a proxy for https, as curl reads them:
/// <https://curl.se/docs/manpage.html#ENVIRONMENT>.
const PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// The function's transport, with what a laptop in a company needs: certificates of its own, and proxies.
pub(crate) fn transport() -> Result<Transport, TransportError> {
    let files = MORE_ROOTS.map(|name| (name, env::var_os(name).filter(|file| !file.is_empty())));
    let files = files.into_iter().filter_map(|(name, file)| Some((name, PathBuf::from(file?))));
    Ok(Transport::with_roots(files)?.through_proxies())
}

/// Which setting names a proxy, for the error of a connection that failed.
///
/// The proxy's address may have a password in it, so it is not shown.
pub(crate) fn proxy_hint() -> String {
    let name = PROXIES.iter().find(|name| variable_if_set(name).is_some());
    name.map_or_else(String::new, |name| format!(" ({name} names a proxy)"))
}

/// Refuses an address to which credentials or orders would go unencrypted.
pub(crate) fn check_safe(url: &Url, option: &str) -> Result<(), Failure> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("{option} has a user name or a password in it: leave them out").into());
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        _ => Err(format!("{option} must be an https address").into()),
    }
}
