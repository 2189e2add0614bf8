//! The HTTP clients under Slack and the AWS SDK.
//!
//! One TLS stack for both, on ring and with the roots compiled in: a second stack, another crypto
//! provider or the system's roots would each cost more at a cold start than everything else.
//!
//! Lambda freezes a sandbox between invocations, and a connection that looks open afterwards may be
//! closed. The outcome of a message that was written to such a connection is in doubt, and to post it
//! again may show it twice. So each origin (scheme, host and port) has a client of its own, and one
//! that was idle for a while is dropped with its connections. The wall clock decides that, as it goes
//! on while the sandbox is frozen.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Version};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tower::timeout::TimeoutLayer;
use url::{Host, Origin, Url};

/// Shorter than the idle timeouts of Slack and AWS.
const MAX_IDLE: Duration = Duration::from_secs(20);
/// The time for DNS, TCP and TLS together, for all addresses of a name.
///
/// Four round trips of 300 ms: one for TCP, one or two for TLS, and one to spare. A direct delivery has
/// time for three of these, the one at a cold start and two tries, so that a message is known to be
/// not sent if every connection hangs.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1_200);
/// The same through a proxy, which connects to the server first and may look into the connection.
const PROXY_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes HTTP clients that share one TLS configuration.
#[derive(Debug)]
pub struct Transport {
    tls: ClientConfig,
    has_proxies: bool,
    /// Only for origins that were used within [`MAX_IDLE`], so that they stay few.
    clients: Mutex<HashMap<Origin, Recent>>,
}

#[derive(Debug)]
struct Recent {
    client: Client,
    used: SystemTime,
}

/// Why the transport cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    #[error("{0} names a file without readable PEM certificates")]
    Certificates(&'static str, #[source] rustls::pki_types::pem::Error),
    #[error("{0} names a file with a certificate that is no root")]
    Root(&'static str, #[source] rustls::Error),
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
}

impl Transport {
    /// Trusts the compiled-in roots, and those in the file of `SSL_CERT_FILE` for a proxy or a test.
    pub fn new(more_roots: Option<&Path>) -> Result<Self, TransportError> {
        Self::with_roots(more_roots.map(|file| ("SSL_CERT_FILE", file.to_owned())))
    }

    /// Trusts the compiled-in roots, and those in each of these files, which a setting names.
    pub fn with_roots(
        files: impl IntoIterator<Item = (&'static str, PathBuf)>,
    ) -> Result<Self, TransportError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for (setting, file) in files {
            let unreadable = |error| TransportError::Certificates(setting, error);
            for certificate in CertificateDer::pem_file_iter(file).map_err(unreadable)? {
                let certificate = certificate.map_err(unreadable)?;
                roots.add(certificate).map_err(|error| TransportError::Root(setting, error))?;
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TransportError::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls, has_proxies: false, clients: Mutex::default() })
    }

    /// Connects through the proxies that `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` name.
    ///
    /// For the tools on a laptop. The function does not heed these variables: it reaches AWS and Slack
    /// directly, and a proxy could only fail in between.
    #[must_use]
    pub fn through_proxies(self) -> Self {
        Self { has_proxies: true, ..self }
    }

    /// The client for a request to `url`; its connections are new or were used a moment ago.
    pub fn client(&self, url: &Url, now: SystemTime) -> Result<Client, TransportError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        // If the clock went backwards, the age is unknown.
        let is_fresh = |used| now.duration_since(used).is_ok_and(|idle| idle < MAX_IDLE);
        clients.retain(|_, recent| is_fresh(recent.used));
        let origin = url.origin();
        let client = match clients.get(&origin) {
            Some(recent) => recent.client.clone(),
            None => self.builder(url).build().map_err(TransportError::Client)?,
        };
        clients.insert(origin, Recent { client: client.clone(), used: now });
        Ok(client)
    }

    /// Opens a connection to `origin` without sending a request.
    ///
    /// An HTTP/1 client that is asked for HTTP/2 connects, fails, and keeps the connection for the next
    /// request. Should that change, it sends a harmless HEAD request.
    pub async fn connect(&self, origin: Url) {
        if let Ok(client) = self.client(&origin, SystemTime::now()) {
            let _ = client.head(origin).version(Version::HTTP_2).send().await;
        }
    }

    fn builder(&self, url: &Url) -> ClientBuilder {
        // Over plain http there are only this machine and AWS's metadata services next to it.
        if self.has_proxies && url.scheme() == "https" && !is_loopback(url) {
            builder(&self.tls, PROXY_CONNECT_TIMEOUT)
        } else {
            builder(&self.tls, CONNECT_TIMEOUT).no_proxy()
        }
    }
}

/// Whether the address is on this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    }
}

fn builder(tls: &ClientConfig, connect_timeout: Duration) -> ClientBuilder {
    Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .http1_only()
        .referer(false)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        // `connect_timeout` would divide the time among the addresses of a name.
        .connector_layer(TimeoutLayer::new(connect_timeout))
        .pool_idle_timeout(MAX_IDLE)
        .user_agent(concat!("order-alerts/", env!("CARGO_PKG_VERSION")))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Instant;

    use reqwest::Response;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpSocket, TcpStream};
    use tokio::time::{sleep, timeout};

    use super::*;

    /// A listener whose backlog is full, so that the system ignores every other connection.
    struct Busy {
        listener: TcpListener,
        address: SocketAddr,
        backlog: Vec<TcpStream>,
    }

    impl Busy {
        async fn start() -> Self {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let listener = socket.listen(0).unwrap();
            let address = listener.local_addr().unwrap();
            let mut backlog = Vec::new();
            let patience = Duration::from_millis(100);
            while let Ok(stream) = timeout(patience, TcpStream::connect(address)).await {
                backlog.push(stream.unwrap());
            }
            Self { listener, address, backlog }
        }

        /// Answers every connection, but only after this time.
        async fn answer_after(self, delay: Duration) {
            sleep(delay).await;
            drop(self.backlog);
            while let Ok((mut stream, _)) = self.listener.accept().await {
                if stream.read(&mut [0; 1024]).await.is_ok_and(|bytes| bytes > 0) {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                    stream.write_all(answer).await.unwrap();
                }
            }
        }
    }

    /// Sends a request to a name that has these addresses.
    async fn ask(addresses: &[SocketAddr]) -> Result<Response, reqwest::Error> {
        let tls = Transport::new(None).unwrap().tls;
        let client = builder(&tls, CONNECT_TIMEOUT).no_proxy();
        let client = client.resolve_to_addrs("shop.test", addresses).build().unwrap();
        client.get(format!("http://shop.test:{}", addresses[0].port())).send().await
    }

    #[test]
    fn the_client_of_an_idle_origin_is_dropped() {
        let transport = Transport::new(None).unwrap();
        let start = SystemTime::now();
        let kept = [0, 10, 20, 45].map(|seconds| {
            let origin = Url::parse(&format!("http://shop{seconds}.test")).unwrap();
            transport.client(&origin, start + Duration::from_secs(seconds)).unwrap();
            transport.clients.lock().unwrap().len()
        });
        assert_eq!(kept, [1, 2, 2, 1]);
    }

    #[tokio::test]
    async fn each_address_of_a_name_may_take_the_whole_time() {
        let server = Busy::start().await;
        let addresses = [server.address; 2];
        // TCP repeats its first packet after a second, and only the repeat is answered.
        tokio::spawn(server.answer_after(Duration::from_millis(900)));
        assert_eq!(ask(&addresses).await.unwrap().status(), 200);
    }

    #[tokio::test]
    async fn a_name_with_silent_addresses_is_not_connected_in_time() {
        let server = Busy::start().await;
        let start = Instant::now();
        let error = ask(&[server.address; 8]).await.unwrap_err();
        assert!(error.is_connect(), "so nothing was sent: {error:?}");
        assert!(start.elapsed() < CONNECT_TIMEOUT + Duration::from_millis(500));
    }
}
