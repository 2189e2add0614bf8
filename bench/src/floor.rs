//! The floor: the least that a function can do between a webhook and Slack.
//!
//! It reads the secret, verifies one signature and posts one message, over connections that it opens at
//! its start and keeps. It handles no fault, and nothing of it is deployed.

use std::env;
use std::io::{Read, Result, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::{digest, hmac};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

type Tls = StreamOwned<ClientConnection, TcpStream>;

fn main() -> Result<()> {
    let tls = tls();
    let endpoint = variable("AWS_ENDPOINT_URL_SECRETS_MANAGER");
    let (mut secrets, slack) =
        (connect(&tls, &endpoint)?, connect(&tls, &variable("SLACK_ORIGIN"))?);
    let (_, secret) = exchange(&mut secrets, &secret_request(authority(&endpoint)))?;
    let secret: Value = serde_json::from_str(text(&parse(&secret)["SecretString"]))?;
    let key = text(&secret["signing_keys"]["shopify"][0]);
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let url = text(&secret["slack_webhook_url"]);
    let path = url.strip_prefix(&variable("SLACK_ORIGIN")).unwrap_or_default();
    let mut slack = Some(slack);
    if let Some(slack) = &mut slack {
        slack.conn.complete_io(&mut slack.sock)?;
    }

    let mut lambda = TcpStream::connect(variable("AWS_LAMBDA_RUNTIME_API"))?;
    lambda.set_nodelay(true)?;
    loop {
        let next = request("GET /2018-06-01/runtime/invocation/next", "lambda", &[], b"");
        let (head, event) = exchange(&mut lambda, &next)?;
        let event = parse(&event);
        let body = text(&event["body"]);
        let signature = BASE64_STANDARD.decode(text(&event["headers"]["x-shopify-hmac-sha256"]));
        let is_genuine =
            hmac::verify(&key, body.as_bytes(), &signature.unwrap_or_default()).is_ok();
        if is_genuine {
            let order = parse(body.as_bytes());
            let message = format!("Order {} was cancelled", text(&order["name"]));
            let message = json!({ "text": message }).to_string();
            let headers = [("content-type", "application/json")];
            let post =
                request(&format!("POST {path}"), authority(url), &headers, message.as_bytes());
            let mut open = match slack.take() {
                Some(open) => open,
                None => connect(&tls, url)?,
            };
            let (head, _) = exchange(&mut open, &post)?;
            slack = (!head.contains("connection: close")).then_some(open);
        }
        let id = header(&head, "lambda-runtime-aws-request-id");
        let path = format!("POST /2018-06-01/runtime/invocation/{id}/response");
        let answer = json!({"statusCode": if is_genuine { 200 } else { 401 }, "body": "{}"});
        exchange(&mut lambda, &request(&path, "lambda", &[], answer.to_string().as_bytes()))?;
    }
}

fn tls() -> Arc<ClientConfig> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let root =
        CertificateDer::from_pem_file(variable("SSL_CERT_FILE")).expect("it is a certificate");
    roots.add(root).expect("it is a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("ring has what TLS needs").with_root_certificates(roots);
    Arc::new(config.with_no_client_auth())
}

/// Connects, and sends the first message of TLS without waiting for its answer.
fn connect(tls: &Arc<ClientConfig>, url: &str) -> Result<Tls> {
    let mut socket = TcpStream::connect(authority(url))?;
    socket.set_nodelay(true)?;
    let name = ServerName::try_from("127.0.0.1").expect("it is an address");
    let mut client = ClientConnection::new(Arc::clone(tls), name).expect("the settings are sound");
    client.write_tls(&mut socket)?;
    Ok(StreamOwned::new(client, socket))
}

/// A signed call of `GetSecretValue`:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html>.
fn secret_request(host: &str) -> Vec<u8> {
    const TYPE: &str = "application/x-amz-json-1.1";
    const TARGET: &str = "secretsmanager.GetSecretValue";
    let (region, token) = (variable("AWS_REGION"), variable("AWS_SESSION_TOKEN"));
    let body = json!({"SecretId": variable("SECRET_ID")}).to_string();
    let time = time();
    let date = &time[..8];
    let names = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target";
    let canonical = format!(
        "POST\n/\n\ncontent-type:{TYPE}\nhost:{host}\nx-amz-date:{time}\nx-amz-security-token:{token}\n\
         x-amz-target:{TARGET}\n\n{names}\n{}",
        sha256(body.as_bytes())
    );
    let scope = format!("{date}/{region}/secretsmanager/aws4_request");
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(canonical.as_bytes()));
    let mut key = format!("AWS4{}", variable("AWS_SECRET_ACCESS_KEY")).into_bytes();
    for part in [date, &region, "secretsmanager", "aws4_request", &to_sign] {
        key =
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec();
    }
    let credential = format!("{}/{scope}", variable("AWS_ACCESS_KEY_ID"));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={}",
        hex::encode(&key)
    );
    let headers = [
        ("content-type", TYPE),
        ("x-amz-date", &time),
        ("x-amz-security-token", &token),
        ("x-amz-target", TARGET),
        ("authorization", &authorization),
    ];
    request("POST /", host, &headers, body.as_bytes())
}

fn request(line: &str, host: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut request = format!("{line} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\n");
    for (name, value) in headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    request.push_str("\r\n");
    [request.as_bytes(), body].concat()
}

/// Sends a request, and returns the head and the body of its answer.
fn exchange(stream: &mut (impl Read + Write), request: &[u8]) -> Result<(String, Vec<u8>)> {
    stream.write_all(request)?;
    stream.flush()?;
    let (mut received, mut buffer) = (Vec::new(), [0; 16_384]);
    loop {
        let count = stream.read(&mut buffer)?;
        received.extend_from_slice(&buffer[..count]);
        if let Some(end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&received[..end]).to_ascii_lowercase();
            let length: usize = header(&head, "content-length").parse().unwrap_or_default();
            if received.len() >= end + 4 + length {
                return Ok((head, received.split_off(end + 4)));
            }
        }
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn header<'head>(head: &'head str, name: &str) -> &'head str {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(other, _)| *other == name).map_or("", |(_, value)| value)
}

/// The time now, as in `20260101T000000Z`.
fn time() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>
    let days = days + 719_468;
    let of_era = days % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = days / 146_097 * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn authority(url: &str) -> &str {
    let rest = url.strip_prefix("https://").unwrap_or(url);
    rest.split('/').next().unwrap_or_default()
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

fn parse(json: &[u8]) -> Value {
    serde_json::from_slice(json).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
