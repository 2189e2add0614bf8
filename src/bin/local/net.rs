//! The way out of this machine.

use std::env;
use std::net::IpAddr;
use std::path::PathBuf;

use order_alerts::infra::transport::{Transport, TransportError};
use url::{Host, Url};

use crate::Failure;

/// As the function has it, with what `SSL_CERT_FILE` names trusted as well.
pub(crate) fn transport() -> Result<Transport, TransportError> {
    let more_roots = env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    Transport::new(more_roots.as_deref())
}

/// Refuses an address that would carry credentials or orders in the open.
pub(crate) fn check_safe(url: &Url, option: &str) -> Result<(), Failure> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("{option} holds a user or a password: leave them out").into());
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        _ => Err(format!("{option} must be an https address").into()),
    }
}

/// Whether the address is on this machine, where nobody listens in.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    }
}
