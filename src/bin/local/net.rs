//! Outgoing connections: TLS roots, proxies, and which addresses are safe.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use lambda_http::http;
use order_alerts::infra::http_client::{Body, HttpClient, NoResponse};
pub(crate) use order_alerts::infra::transport::is_loopback;
use order_alerts::infra::transport::{self, CONNECT_TIMEOUT, TransportError};
use reqwest::Client;
use reqwest::redirect::Policy;
use rustls::ClientConfig;
use tower::timeout::TimeoutLayer;
use url::Url;

use crate::prompt::variable_if_set;
use crate::terminal::Failure;

/// The environment variables with files of more trusted certificates: the usual one of TLS libraries,
/// and <https://docs.aws.amazon.com/sdkref/latest/guide/feature-gen-config.html>.
const MORE_ROOTS: [&str; 2] = ["SSL_CERT_FILE", "AWS_CA_BUNDLE"];
/// The environment variables that name a proxy for https, as curl reads them:
/// <https://curl.se/docs/manpage.html#ENVIRONMENT>.
const PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// The time to connect through a proxy, which connects to the server first and may look into the
/// connection.
const PROXY_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A client for requests to this address, with what a laptop in a company needs: certificates of its own,
/// and the proxies that `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` name.
pub(crate) fn client(url: &Url) -> Result<Client, Failure> {
    client_over(tls()?, url).map_err(|_| "the HTTP client cannot be set up".into())
}

/// The function's HTTP client, over such clients.
pub(crate) fn http_client() -> Result<HttpClient, Failure> {
    let tls = tls()?;
    Ok(HttpClient::Handler(Box::new(move |request| Box::pin(answer(tls.clone(), request)))))
}

async fn answer(
    tls: ClientConfig,
    request: http::Request<Vec<u8>>,
) -> Result<http::Response<Body>, NoResponse> {
    let request = reqwest::Request::try_from(request).map_err(|_| NoResponse::NOT_SENT)?;
    let client = client_over(tls, request.url()).map_err(|_| NoResponse::NOT_SENT)?;
    let no_response = |error: reqwest::Error| {
        if error.is_connect() { NoResponse::NOT_CONNECTED } else { NoResponse::BROKEN }
    };
    let response = client.execute(request).await.map_err(no_response)?;
    let mut answer = http::Response::new(());
    *answer.status_mut() = response.status();
    answer.headers_mut().clone_from(response.headers());
    let bytes = response.bytes().await.map_err(no_response)?.to_vec();
    Ok(answer.map(|()| Body { bytes, is_whole: true }))
}

fn tls() -> Result<ClientConfig, TransportError> {
    let files = MORE_ROOTS.map(|name| (name, env::var_os(name).filter(|file| !file.is_empty())));
    transport::tls(files.into_iter().filter_map(|(name, file)| Some((name, PathBuf::from(file?)))))
}

fn client_over(tls: ClientConfig, url: &Url) -> Result<Client, reqwest::Error> {
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .referer(false)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .user_agent(concat!("order-alerts/", env!("CARGO_PKG_VERSION")));
    // Over plain http there are only this machine and AWS's metadata services next to it.
    if url.scheme() == "https" && !is_loopback(url) {
        client.connector_layer(TimeoutLayer::new(PROXY_CONNECT_TIMEOUT)).build()
    } else {
        client.connector_layer(TimeoutLayer::new(CONNECT_TIMEOUT)).no_proxy().build()
    }
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
