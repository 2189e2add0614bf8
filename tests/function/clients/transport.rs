//! The HTTP clients: which certificates they trust, how long they connect and keep a connection.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, process};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use lambda_http::http::Request;
use order_alerts::infra::http_client::{HttpClient, NoResponse};
use order_alerts::infra::transport::Transport;
use order_alerts_fakes::{Reply, Server};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::support::webhooks::shopify_cancellation;
use crate::support::world::World;

async fn ok_server() -> Server {
    Server::start(|_| async { Reply::new(200, &[], "ok") }).await
}

fn get(url: &str) -> Request<Full<Bytes>> {
    Request::get(url).body(Full::default()).unwrap()
}

/// Sends a request to the server, and waits for the whole answer.
async fn ask(transport: &Transport, server: &Server, now: SystemTime) {
    let answer = transport.send(get(&server.origin()), now).await.unwrap();
    answer.into_body().collect().await.unwrap();
}

#[tokio::test]
async fn a_connection_is_kept_while_it_is_used() {
    let server = ok_server().await;
    let transport = Transport::new(None).unwrap();
    let start = SystemTime::now();
    for seconds in [0, 15, 30] {
        ask(&transport, &server, start + Duration::from_secs(seconds)).await;
    }
    assert_eq!((server.connections(), server.requests()), (1, 3));
}

#[tokio::test]
async fn a_connection_that_was_idle_too_long_is_not_used_again() {
    let server = ok_server().await;
    let transport = Transport::new(None).unwrap();
    let start = SystemTime::now();
    for seconds in [0, 20, 10] {
        ask(&transport, &server, start + Duration::from_secs(seconds)).await;
    }
    assert_eq!(server.connections(), 3, "also when the clock was set back");
}

#[tokio::test]
async fn requests_to_another_server_do_not_keep_a_connection() {
    let (idle, used) = (ok_server().await, ok_server().await);
    let transport = Transport::new(None).unwrap();
    let start = SystemTime::now();
    ask(&transport, &idle, start).await;
    for seconds in [0, 10, 20] {
        ask(&transport, &used, start + Duration::from_secs(seconds)).await;
    }
    ask(&transport, &idle, start + Duration::from_secs(20)).await;
    assert_eq!((idle.connections(), used.connections()), (2, 1));
}

#[tokio::test]
async fn connecting_sends_no_request() {
    let server = ok_server().await;
    let transport = Transport::new(None).unwrap();
    transport.connect(&server.origin().parse().unwrap()).await;
    assert_eq!((server.connections(), server.requests()), (1, 0));
    ask(&transport, &server, SystemTime::now()).await;
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
    let refused = without_root.send(get(&address), SystemTime::now()).await.unwrap_err();
    assert!(refused.is_connect(), "so nothing was sent: {refused:?}");

    let file = env::temp_dir().join(format!("order-alerts-root-{}.pem", process::id()));
    fs::write(&file, certificate).unwrap();
    let with_root = Transport::new(Some(&file)).unwrap();
    fs::remove_file(&file).unwrap();
    let answer = with_root.send(get(&address), SystemTime::now()).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "ok");
}

/// Only the tools on a laptop go through proxies.
#[tokio::test]
async fn the_function_does_not_heed_the_proxies_of_its_environment() {
    let proxy = ok_server().await;
    let address = proxy.origin();
    let names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"];
    let mut settings = names.map(|name| (name, address.as_str())).to_vec();
    settings.push(("AWS_ENDPOINT_URL_SECRETS_MANAGER", "https://secrets.invalid"));
    let world = World::with(&settings).await;
    assert_eq!(world.send(&shopify_cancellation()).await.status, 503, "the secret is not there");
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test]
async fn a_server_that_never_shakes_hands_is_not_connected() {
    // The system makes the connection, but nothing answers the first bytes of TLS.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", silent.local_addr().unwrap());
    let http = HttpClient::over(Transport::new(None).unwrap());
    let request = Request::get(address).body(Vec::new()).unwrap();
    let start = Instant::now();
    let failure = http.send(request, Some(Duration::from_secs(4)), 0).await.unwrap_err();
    assert_eq!(failure, NoResponse::NOT_CONNECTED);
    assert!(start.elapsed() < Duration::from_secs(2));
}
