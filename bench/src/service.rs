//! A fake behind TLS.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use order_alerts_fakes::Server;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// Listens on loopback until it is dropped.
pub(crate) struct Service {
    address: SocketAddr,
    in_work: Arc<AtomicUsize>,
    accepting: AbortHandle,
}

impl Service {
    /// Answers what the server of the fake answers.
    pub(crate) async fn start<Fake: Send + Sync + 'static>(
        tls: TlsAcceptor,
        fake: &Arc<Fake>,
        server: fn(&Fake) -> &Server,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let in_work = Arc::<AtomicUsize>::default();
        let fake = Answering { fake: Arc::clone(fake), server, in_work: Arc::clone(&in_work) };
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                connections.spawn(serve(stream, tls.clone(), fake.clone()));
            }
        });
        Self { address, in_work, accepting: accepting.abort_handle() }
    }

    pub(crate) fn origin(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Whether no connection waits for TLS, and no request for its answer.
    pub(crate) fn is_idle(&self) -> bool {
        self.in_work.load(Ordering::SeqCst) == 0
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

struct Answering<Fake> {
    fake: Arc<Fake>,
    server: fn(&Fake) -> &Server,
    in_work: Arc<AtomicUsize>,
}

impl<Fake> Clone for Answering<Fake> {
    fn clone(&self) -> Self {
        let Self { fake, server, in_work } = self;
        Self { fake: Arc::clone(fake), server: *server, in_work: Arc::clone(in_work) }
    }
}

impl<Fake> Answering<Fake> {
    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Unanswered> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Unanswered)?.to_bytes();
        let _in_work = InWork::begin(&self.in_work);
        let answer = (self.server)(&self.fake).call(Request::from_parts(head, body)).await;
        Ok(answer.ok_or(Unanswered)?.map(Full::new))
    }
}

/// Counts what a client waits for, until it is dropped.
struct InWork<'service>(&'service AtomicUsize);

impl<'service> InWork<'service> {
    fn begin(count: &'service AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for InWork<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn serve<Fake: Send + Sync + 'static>(
    stream: TcpStream,
    tls: TlsAcceptor,
    fake: Answering<Fake>,
) {
    // Otherwise an answer could wait for the client's delayed ACK.
    let _ = stream.set_nodelay(true);
    let in_work = InWork::begin(&fake.in_work);
    let Ok(stream) = tls.accept(stream).await else { return };
    drop(in_work);
    let service = service_fn(move |request| fake.clone().answer(request));
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// The connection ends without an answer.
#[derive(Debug)]
struct Unanswered;

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no answer")
    }
}

impl std::error::Error for Unanswered {}
