//! A small HTTP/1.1 server on loopback, able to misbehave: the ground all fakes stand on.

use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::select;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

/// Nothing in this crate waits longer than this.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// A request whose body has arrived completely.
pub type Request = hyper::Request<Bytes>;

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Reply {
    Respond(Response<Bytes>),
    /// The connection is reset (TCP RST) without an answer.
    Reset,
    /// The response promises more bytes than it sends, then the connection closes.
    Truncated(Response<Bytes>),
    /// No answer for 120 seconds, then a reset.
    Silent,
    After(Duration, Box<Reply>),
}

/// A server on an ephemeral port of 127.0.0.1, with all its connections gone once it is dropped; or
/// one that is called in memory alone, and has an address that nothing listens on.
pub struct Server {
    address: SocketAddr,
    handler: Handler,
    counters: Arc<Counters>,
    /// `None` if it is called in memory alone.
    accepting: Option<JoinHandle<()>>,
}

/// The address of the next server that listens nowhere. No program listens on the first ports.
static NEXT_PORT: AtomicU16 = AtomicU16::new(1);

impl Reply {
    /// A response; of two headers with one name the later stands.
    ///
    /// # Panics
    /// If HTTP has no such status, header name or header value.
    pub fn new(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Self {
        let mut response = Response::new(body.into());
        *response.status_mut() = StatusCode::from_u16(status).expect("tests use real statuses");
        for (name, value) in headers {
            response.headers_mut().insert(
                HeaderName::try_from(*name).expect("tests use real header names"),
                HeaderValue::try_from(*value).expect("tests use sendable header values"),
            );
        }
        Self::Respond(response)
    }

    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self::After(delay, Box::new(self))
    }
}

impl Server {
    /// Answers every request with what `make` makes of it.
    ///
    /// A client that hangs up drops the handler's future at its next `await`.
    ///
    /// # Panics
    /// If loopback has no free port.
    pub async fn start<Make, Answer>(make: Make) -> Self
    where
        Make: Fn(Request) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Reply> + Send + 'static,
    {
        Self::in_memory(make).listen().await
    }

    /// Answers calls in memory in the same way.
    pub fn in_memory<Make, Answer>(make: Make) -> Self
    where
        Make: Fn(Request) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Reply> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |request| Box::pin(make(request)));
        let port = NEXT_PORT.fetch_add(1, Ordering::SeqCst);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self { address, handler, counters: Arc::default(), accepting: None }
    }

    /// Listens on loopback from now on, at another address.
    pub(crate) async fn listen(mut self) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback has a free port");
        self.address = listener.local_addr().expect("a bound socket has an address");
        let serving = accept(listener, self.handler.clone(), self.counters.clone());
        self.accepting = Some(tokio::spawn(serving));
        self
    }

    /// Answers a request without a connection; `None` is a connection that broke before the answer
    /// was whole.
    ///
    /// The request may name any address. It arrives as one over a connection would: with its
    /// authority in the header `host`.
    pub async fn call(&self, request: Request) -> Option<Response<Bytes>> {
        self.counters.requests.fetch_add(1, Ordering::SeqCst);
        match resolved((self.handler)(arriving(request)).await).await {
            Reply::Respond(response) => Some(response),
            Reply::Reset | Reply::Truncated(_) | Reply::Silent | Reply::After(..) => None,
        }
    }

    /// Host and port, as in `127.0.0.1:4711`.
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections accepted so far, whether or not a request came over them.
    pub fn connections(&self) -> usize {
        self.counters.connections.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> usize {
        self.counters.requests.load(Ordering::SeqCst)
    }

    /// Closes all connections, as a service does with those that are idle, and waits for their end.
    ///
    /// # Panics
    /// If one is still open after 120 seconds.
    pub async fn hang_up(&self) {
        self.counters.hang_up.notify_waiters();
        let mut open = self.counters.open.subscribe();
        let closed = timeout(PATIENCE, open.wait_for(|open| *open == 0)).await;
        assert!(closed.is_ok(), "a connection stays open");
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
    }
}

/// The request as a server sees it.
fn arriving(request: Request) -> Request {
    let (mut head, body) = request.into_parts();
    if let Some(authority) = head.uri.authority()
        && let Ok(host) = HeaderValue::try_from(authority.as_str())
    {
        head.headers.insert(HOST, host);
    }
    let path = head.uri.path_and_query().map(|path| Uri::from(path.clone()));
    head.uri = path.unwrap_or_else(|| Uri::from_static("/"));
    Request::from_parts(head, body)
}

/// A header's value, empty if there is none or it is not text.
pub(crate) fn header<'request>(request: &'request Request, name: &str) -> &'request str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Locks what a failed assertion elsewhere may have poisoned.
pub(crate) fn lock<Guarded>(mutex: &Mutex<Guarded>) -> MutexGuard<'_, Guarded> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Handler = Arc<dyn Fn(Request) -> Pin<Box<dyn Future<Output = Reply> + Send>> + Send + Sync>;

#[derive(Debug, Default)]
struct Counters {
    connections: AtomicUsize,
    requests: AtomicUsize,
    open: watch::Sender<usize>,
    hang_up: Notify,
}

/// Ends of a connection that are no HTTP; hyper returns them as the service's error.
#[derive(Debug)]
enum Breakage {
    Reset,
    Truncated(Response<Bytes>),
    BodyUnread,
}

impl fmt::Display for Breakage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("connection broken")
    }
}

impl Error for Breakage {}

async fn accept(listener: TcpListener, handler: Handler, counters: Arc<Counters>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        counters.connections.fetch_add(1, Ordering::SeqCst);
        counters.open.send_modify(|open| *open += 1);
        let (handler, counters) = (handler.clone(), counters.clone());
        connections.spawn(async move {
            serve(stream, handler, &counters).await;
            counters.open.send_modify(|open| *open -= 1);
        });
    }
}

async fn serve(stream: TcpStream, handler: Handler, counters: &Counters) {
    let hang_up = counters.hang_up.notified();
    // Without this every second small response would wait for the client's delayed ACK.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        counters.requests.fetch_add(1, Ordering::SeqCst);
        let handler = handler.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(|_| Breakage::BodyUnread)?.to_bytes();
            deliver(handler(Request::from_parts(head, body)).await).await
        })
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let serving = poll_fn(|context| connection.poll_without_shutdown(context));
    let served = select! {
        served = serving => served,
        () = hang_up => return,
    };
    let stream = connection.into_parts().io.into_inner();
    let breakage = served.as_ref().err().and_then(|error| error.source()?.downcast_ref());
    match breakage {
        Some(Breakage::Reset) => {
            let _ = stream.set_zero_linger();
        }
        Some(Breakage::Truncated(response)) => break_off(stream, response).await,
        Some(Breakage::BodyUnread) | None => {}
    }
}

async fn deliver(reply: Reply) -> Result<Response<Full<Bytes>>, Breakage> {
    match resolved(reply).await {
        Reply::Respond(response) => Ok(response.map(Full::new)),
        Reply::Truncated(response) => Err(Breakage::Truncated(response)),
        Reply::Reset | Reply::Silent | Reply::After(..) => Err(Breakage::Reset),
    }
}

/// The reply once its time has come: a response, whole or not, or a reset.
async fn resolved(mut reply: Reply) -> Reply {
    while let Reply::After(delay, then) = reply {
        sleep(delay.min(PATIENCE)).await;
        reply = *then;
    }
    if matches!(reply, Reply::Silent) {
        sleep(PATIENCE).await;
        return Reply::Reset;
    }
    reply
}

async fn break_off(mut stream: TcpStream, response: &Response<Bytes>) {
    let promised = response.body().len() + 100;
    let status_line = format!("HTTP/1.1 {}\r\n{CONTENT_LENGTH}: {promised}\r\n", response.status());
    let mut sent = status_line.into_bytes();
    for (name, value) in response.headers() {
        sent.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    sent.extend([b"\r\n", &response.body()[..]].concat());
    let _ = stream.write_all(&sent).await;
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::client::{connect, send};

    async fn replying(reply: Reply) -> Server {
        Server::start(move |_| {
            let reply = reply.clone();
            async { reply }
        })
        .await
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_answered_without_a_connection_or_any_time() {
        let server = replying(Reply::new(200, &[], "ok").after(Duration::from_mins(1))).await;
        let answer = server.call(Request::default()).await.unwrap();
        assert_eq!(answer.body(), "ok");
        assert_eq!((server.connections(), server.requests()), (0, 1));
        assert!(replying(Reply::Silent).await.call(Request::default()).await.is_none());
    }

    #[tokio::test]
    async fn a_call_arrives_as_a_request_over_a_connection_would() {
        let server = Server::in_memory(|request: Request| async move {
            Reply::new(200, &[], format!("{} {}", header(&request, "host"), request.uri()))
        });
        let address = format!("{}/a?b=c", server.origin());
        let request = hyper::Request::get(&address).body(Bytes::new()).unwrap();
        let expected = format!("{} /a?b=c", server.authority());
        assert_eq!(server.call(request).await.unwrap().body(), expected.as_str());
        let other = Server::in_memory(|_| async { Reply::new(200, &[], "") });
        assert_ne!(other.authority(), server.authority());
    }

    #[tokio::test]
    async fn a_reset_is_a_reset_and_not_a_close() {
        let server = replying(Reply::Reset.after(Duration::from_millis(5))).await;
        let error = send(&server.origin(), "GET", "/", &[], b"").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn a_truncated_response_promises_more_than_it_sends() {
        let Reply::Respond(response) = Reply::new(200, &[], "ok") else { unreachable!() };
        let server = replying(Reply::Truncated(response)).await;
        let answer = send(&server.origin(), "GET", "/", &[], b"").await.unwrap();
        assert!(answer.head.contains("content-length: 102"), "{}", answer.head);
        assert_eq!(answer.body, "ok");
    }

    #[tokio::test]
    async fn a_silent_server_lets_go_when_it_is_dropped() {
        let server = replying(Reply::Silent).await;
        let mut stream = connect(&server.origin()).await;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: fake\r\n\r\n").await.unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(50), stream.read_u8()).await.is_err());
        drop(server);
        assert!(stream.read_u8().await.is_err());
    }
}
