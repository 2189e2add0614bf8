//! The plainest of HTTP clients: one request a connection.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(30);

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

pub(crate) async fn get(url: &str) -> io::Result<Answer> {
    send("GET", url, &json!({}), "").await
}

/// Sends a request whose headers are a JSON object of texts.
pub(crate) async fn send(
    method: &str,
    url: &str,
    headers: &Value,
    body: &str,
) -> io::Result<Answer> {
    let (authority, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut head = format!("{method} /{path} HTTP/1.1\r\nhost: {authority}\r\n");
    for (name, value) in headers.as_object().unwrap() {
        if name != "host" && name != "content-length" {
            head.extend([name, ": ", value.as_str().unwrap(), "\r\n"]);
        }
    }
    let length = body.len();
    let request = format!("{head}content-length: {length}\r\nconnection: close\r\n\r\n{body}");
    let answer = timeout(LIMIT, exchange(authority, &request)).await??;

    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok(Answer { status: status.ok_or(io::ErrorKind::InvalidData)?, body: body.to_owned() })
}

async fn exchange(authority: &str, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(authority).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
