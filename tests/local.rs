//! `cargo run`, as a newcomer sees it.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;

#[tokio::test]
async fn the_sample_message_is_shown_and_requests_are_served() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_local"))
        .env("LANGUAGE", "en_GB:en")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut output = String::new();
    while !output.contains("200 {\"status\":\"accepted\"}") {
        let line = timeout(Duration::from_secs(30), lines.next_line()).await.unwrap().unwrap();
        output += &line.expect("it goes on");
        output += "\n";
    }
    let (_, message) = output.split_once("┌─ Slack\n").unwrap();
    insta::assert_snapshot!(message);

    let address = output.split("http://").nth(1).unwrap().split(' ').next().unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request =
        "POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{response}");
    assert!(response.contains("content-type: application/problem+json\r\n"), "{response}");
}
