//! A fake behind TLS.

use std::fmt;
use std::mem::take;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use order_alerts_fakes::Server;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

/// How a service answers, besides what it answers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    /// From a connection to its TLS.
    pub(crate) connecting: Duration,
    /// From a request to its answer.
    pub(crate) answering: Duration,
    /// Each connection is closed after its first answer.
    pub(crate) is_closing: bool,
}

/// What a service has seen.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) requests: u64,
    /// In the bodies of requests and answers.
    pub(crate) bytes: u64,
    /// For how long it held its answers back, as measured.
    pub(crate) held: Duration,
    /// When the first request had arrived.
    pub(crate) first: Option<Instant>,
}

/// Listens on loopback until it is dropped.
pub(crate) struct Service {
    address: SocketAddr,
    in_work: Arc<AtomicUsize>,
    traffic: Arc<Mutex<Traffic>>,
    accepting: AbortHandle,
}

impl Service {
    /// Answers what the server of the fake answers.
    pub(crate) async fn start<Fake: Send + Sync + 'static>(
        tls: TlsAcceptor,
        fake: &Arc<Fake>,
        server: fn(&Fake) -> &Server,
        manner: Manner,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let (in_work, traffic) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<Traffic>>::default());
        let fake = Answering {
            fake: Arc::clone(fake),
            server,
            manner,
            in_work: Arc::clone(&in_work),
            traffic: Arc::clone(&traffic),
        };
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                connections.spawn(serve(stream, tls.clone(), fake.clone()));
            }
        });
        Self { address, in_work, traffic, accepting: accepting.abort_handle() }
    }

    pub(crate) fn origin(&self) -> String {
        format!("https://{}", self.address)
    }

    /// What it has seen since the last call.
    pub(crate) fn take_traffic(&self) -> Traffic {
        take(&mut lock(&self.traffic))
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
    manner: Manner,
    in_work: Arc<AtomicUsize>,
    traffic: Arc<Mutex<Traffic>>,
}

impl<Fake> Clone for Answering<Fake> {
    fn clone(&self) -> Self {
        Self {
            fake: Arc::clone(&self.fake),
            server: self.server,
            manner: self.manner,
            in_work: Arc::clone(&self.in_work),
            traffic: Arc::clone(&self.traffic),
        }
    }
}

impl<Fake> Answering<Fake> {
    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Unanswered> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Unanswered)?.to_bytes();
        let _in_work = InWork::begin(&self.in_work);
        let arrived = Instant::now();
        let asked = body.len();
        let answer = (self.server)(&self.fake).call(Request::from_parts(head, body)).await;
        let answer = answer.ok_or(Unanswered)?;
        if !self.manner.answering.is_zero() {
            sleep(self.manner.answering).await;
        }
        let mut traffic = lock(&self.traffic);
        traffic.requests += 1;
        traffic.bytes += (asked + answer.body().len()) as u64;
        traffic.held += arrived.elapsed();
        traffic.first.get_or_insert(arrived);
        Ok(answer.map(Full::new))
    }
}

fn lock(traffic: &Mutex<Traffic>) -> MutexGuard<'_, Traffic> {
    traffic.lock().unwrap_or_else(PoisonError::into_inner)
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
    if !fake.manner.connecting.is_zero() {
        sleep(fake.manner.connecting).await;
    }
    let Ok(stream) = tls.accept(stream).await else { return };
    drop(in_work);
    let keeps = !fake.manner.is_closing;
    let service = service_fn(move |request| fake.clone().answer(request));
    let _ = http1::Builder::new()
        .keep_alive(keeps)
        .serve_connection(TokioIo::new(stream), service)
        .await;
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
