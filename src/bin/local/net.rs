//! Outgoing connections: TLS roots, and which addresses are safe.

use std::env;
use std::net::IpAddr;
use std::path::PathBuf;

use order_alerts::infra::transport::{Transport, TransportError};
use url::{Host, Url};

use crate::terminal::Failure;

/// The function's transport, which also trusts the certificates in `SSL_CERT_FILE`.
pub(crate) fn transport() -> Result<Transport, TransportError> {
    let more_roots = env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    Transport::new(more_roots.as_deref())
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

/// Whether the address is on this machine, where encryption is not needed.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    }
}
