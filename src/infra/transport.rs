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

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::client::legacy::{self, Error};
use hyper_util::rt::TokioExecutor;
use lambda_http::http::uri::{Authority, Scheme};
use lambda_http::http::{Request, Response, Uri, Version};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use tower::{BoxError, Service};
use url::{Host, Url};

/// Shorter than the idle timeouts of Slack and AWS.
const MAX_IDLE: Duration = Duration::from_secs(20);
/// The time for DNS, TCP and TLS together, for all addresses of a name.
///
/// Four round trips of 300 ms: one for TCP, one or two for TLS, and one to spare. A direct delivery has
/// time for three of these, the one at a cold start and two tries, so that a message is known to be
/// not sent if every connection hangs.
pub const CONNECT_TIMEOUT: Duration = Duration::from_millis(1_200);

type Client<C = Connector> = legacy::Client<C, Full<Bytes>>;

/// Sends requests, over connections that share one TLS configuration.
#[derive(Debug)]
pub struct Transport {
    connector: Connector,
    /// Only for origins that were used within [`MAX_IDLE`], so that they stay few.
    clients: Mutex<Vec<Recent>>,
}

#[derive(Debug)]
struct Recent {
    origin: (Option<Scheme>, Option<Authority>),
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
}

impl Transport {
    /// Trusts the compiled-in roots, and those in the file of `SSL_CERT_FILE` for a proxy or a test.
    pub fn new(more_roots: Option<&Path>) -> Result<Self, TransportError> {
        let file = more_roots.map(|file| ("SSL_CERT_FILE", file.to_owned()));
        let connector = Connector::new(tls(file)?, GaiResolver::new());
        Ok(Self { connector, clients: Mutex::default() })
    }

    /// Sends a request over a connection that is new or was used a moment ago.
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
        now: SystemTime,
    ) -> Result<Response<Incoming>, Error> {
        let client = self.client(request.uri(), now);
        client.request(request).await
    }

    fn client(&self, uri: &Uri, now: SystemTime) -> Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        // If the clock went backwards, the age is unknown.
        let is_fresh = |used| now.duration_since(used).is_ok_and(|idle| idle < MAX_IDLE);
        clients.retain(|recent| is_fresh(recent.used));
        let is_same = |recent: &&mut Recent| {
            let (scheme, authority) = &recent.origin;
            scheme.as_ref() == uri.scheme() && authority.as_ref() == uri.authority()
        };
        if let Some(recent) = clients.iter_mut().find(is_same) {
            recent.used = now;
            return recent.client.clone();
        }
        let client = client_over(self.connector.clone());
        let origin = (uri.scheme().cloned(), uri.authority().cloned());
        clients.push(Recent { origin, client: client.clone(), used: now });
        client
    }

    /// Opens a connection to `origin` without sending a request.
    ///
    /// An HTTP/1 client that is asked for HTTP/2 connects, fails, and keeps the connection for the next
    /// request. Should that change, it sends a harmless HEAD request.
    pub async fn connect(&self, origin: &Url) {
        let request = Request::head(origin.as_str()).version(Version::HTTP_2);
        if let Ok(request) = request.body(Full::default()) {
            let _ = self.send(request, SystemTime::now()).await;
        }
    }
}

fn client_over<C: Connect + Clone>(connector: C) -> Client<C> {
    legacy::Client::builder(TokioExecutor::new()).pool_idle_timeout(MAX_IDLE).build(connector)
}

/// Connects within [`CONNECT_TIMEOUT`].
#[derive(Clone, Debug)]
struct Connector<R = GaiResolver>(HttpsConnector<HttpConnector<R>>);

impl<R> Connector<R> {
    fn new(tls: ClientConfig, resolver: R) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls);
        Self(builder.https_or_http().enable_http1().wrap_connector(tcp))
    }
}

impl<R> Service<Uri> for Connector<R>
where
    HttpsConnector<HttpConnector<R>>: Service<Uri, Error = BoxError>,
    <HttpsConnector<HttpConnector<R>> as Service<Uri>>::Future: Send + 'static,
{
    type Response = <HttpsConnector<HttpConnector<R>> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connection = self.0.call(uri);
        Box::pin(async { timeout(CONNECT_TIMEOUT, connection).await? })
    }
}

/// Trusts the compiled-in roots, and those in each of these files, which a setting names.
pub fn tls(
    files: impl IntoIterator<Item = (&'static str, PathBuf)>,
) -> Result<ClientConfig, TransportError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for (setting, file) in files {
        let unreadable = |error| TransportError::Certificates(setting, error);
        for certificate in CertificateDer::pem_file_iter(file).map_err(unreadable)? {
            let certificate = certificate.map_err(unreadable)?;
            roots.add(certificate).map_err(|error| TransportError::Root(setting, error))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TransportError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth())
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::ready;
    use std::net::SocketAddr;
    use std::time::Instant;

    use hyper_util::client::legacy::connect::dns::Name;
    use lambda_runtime::service_fn;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpSocket, TcpStream};
    use tokio::time::sleep;

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
    async fn ask(addresses: &[SocketAddr]) -> Result<Response<Incoming>, Error> {
        let uri = format!("http://shop.test:{}", addresses[0].port());
        let addresses = addresses.to_vec();
        let resolver =
            service_fn(move |_: Name| ready(Ok::<_, Infallible>(addresses.clone().into_iter())));
        let client = client_over(Connector::new(tls(None).unwrap(), resolver));
        client.request(Request::get(uri).body(Full::default()).unwrap()).await
    }

    #[test]
    fn the_client_of_an_idle_origin_is_dropped() {
        let transport = Transport::new(None).unwrap();
        let start = SystemTime::now();
        let kept = [0, 10, 20, 45].map(|seconds| {
            let origin = format!("http://shop{seconds}.test").parse().unwrap();
            transport.client(&origin, start + Duration::from_secs(seconds));
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
