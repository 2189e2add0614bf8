//! The one HTTP client: which certificates it trusts, and how long it keeps a connection.

use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{env, fs, process};

use order_alerts::infra::transport::Transport;
use order_alerts_fakes::{Reply, Server};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

async fn ok_server() -> Server {
    Server::start(|_| async { Reply::new(200, &[], "ok") }).await
}

#[tokio::test]
async fn a_connection_is_kept_while_it_is_used() {
    let server = ok_server().await;
    let transport = Transport::new(None).unwrap();
    let start = SystemTime::now();
    for seconds in [0, 15, 30] {
        let client = transport.client(start + Duration::from_secs(seconds));
        client.get(server.origin()).send().await.unwrap().bytes().await.unwrap();
    }
    assert_eq!((server.connections(), server.requests()), (1, 3));
}

#[tokio::test]
async fn a_connection_that_was_idle_too_long_is_not_used_again() {
    let server = ok_server().await;
    let transport = Transport::new(None).unwrap();
    let start = SystemTime::now();
    for seconds in [0, 20, 10] {
        let client = transport.client(start + Duration::from_secs(seconds));
        client.get(server.origin()).send().await.unwrap().bytes().await.unwrap();
    }
    assert_eq!(server.connections(), 3, "also when the clock was set back");
}

#[tokio::test]
async fn connecting_sends_no_request() {
    let server = ok_server().await;
    let transport = Transport::new(None).unwrap();
    transport.connect(server.origin().parse().unwrap()).await;
    assert_eq!((server.connections(), server.requests()), (1, 0));
    transport.client(SystemTime::now()).get(server.origin()).send().await.unwrap();
    assert_eq!((server.connections(), server.requests()), (1, 1));
}

/// A server with a self-signed certificate; returns its address and the certificate in PEM.
async fn tls_server() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let mut request = [0; 1024];
                assert_ne!(stream.read(&mut request).await.unwrap(), 0);
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            }
        }
    });
    (address, made.cert.pem())
}

#[tokio::test]
async fn a_certificate_is_trusted_only_when_its_root_is() {
    let (address, certificate) = tls_server().await;
    let without_root = Transport::new(None).unwrap();
    let refused = without_root.client(SystemTime::now()).get(&address).send().await.unwrap_err();
    assert!(refused.is_connect(), "so nothing was sent: {refused:?}");

    let file = env::temp_dir().join(format!("order-alerts-root-{}.pem", process::id()));
    fs::write(&file, certificate).unwrap();
    let with_root = Transport::new(Some(&file)).unwrap();
    fs::remove_file(&file).unwrap();
    let answer = with_root.client(SystemTime::now()).get(&address).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "ok");
}
