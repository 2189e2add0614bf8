//! A company's proxy: it logs what it is asked to connect to, and opens TLS with its own certificate.
//!
//! Behind it is a server on this machine, whatever host a client asks for.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use order_alerts_fakes::{Reply, Server};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

pub(crate) struct FakeProxy {
    pub(crate) address: String,
    /// The file with the certificate that a client must trust.
    pub(crate) certificate: PathBuf,
    asked: Arc<Mutex<Vec<String>>>,
    _server: Arc<Server>,
}

impl FakeProxy {
    /// Gives one answer to every request to `host`.
    pub(crate) async fn start(host: &str, answer: &'static str) -> Self {
        let json = [("content-type", "application/json")];
        let server = Server::start(move |_| async move { Reply::new(200, &json, answer) }).await;
        Self::before(host, Arc::new(server)).await
    }

    /// Lets the server answer every request to `host`.
    pub(crate) async fn before(host: &str, server: Arc<Server>) -> Self {
        let made = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let certificate = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("proxy-{}.pem", listener.local_addr().unwrap().port()));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn({
            let (asked, server) = (asked.clone(), server.authority());
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, tls.clone(), server.clone(), asked.clone()));
                }
            }
        });
        Self { address, certificate, asked, _server: server }
    }

    /// The hosts and ports that it connected to, each once.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked.dedup();
        asked
    }
}

async fn serve(
    mut stream: TcpStream,
    tls: TlsAcceptor,
    server: String,
    asked: Arc<Mutex<Vec<String>>>,
) {
    let head = read_head(&mut stream).await;
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    asked.lock().unwrap().push(target);
    if !head.starts_with("CONNECT ") {
        return;
    }
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
    let Ok(mut stream) = tls.accept(stream).await else {
        return;
    };
    let mut server = TcpStream::connect(server).await.unwrap();
    copy_bidirectional(&mut stream, &mut server).await.ok();
}

/// The head of a request; empty if the client closed the connection.
async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return String::new(),
        }
    }
    String::from_utf8(head).unwrap()
}
