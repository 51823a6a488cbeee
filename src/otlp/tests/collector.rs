//! A collector for tests.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use std::{io, thread};

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderValue};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, oneshot};
use tokio_rustls::TlsAcceptor;

use super::GUARD;
use crate::OtlpProtocol;

/// Behavior of the collector at a push.
#[derive(Debug, Clone, Copy)]
pub(super) enum Does {
    Accept,
    /// Accepts all but this many points.
    Reject(i64),
    /// Answers with this status of HTTP or gRPC, and this wait.
    Refuse(u16, Option<u32>),
    /// Answers with a status, headers and a body of HTTP, and trailers.
    Answer(&'static Answer),
    /// Accepts the push after the test releases it.
    Hold,
    /// Sends no answer, and keeps the connection open.
    Hang,
    Close,
}

/// The answer of a server to every request.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) body: &'static [u8],
    pub(super) trailers: &'static [(&'static str, &'static str)],
}

/// A received push.
#[derive(Debug)]
pub(super) struct Push {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) message: ExportMetricsServiceRequest,
}

/// A collector on its own thread. Its drop closes all connections.
pub(super) struct Collector {
    pub(super) protocol: OtlpProtocol,
    address: SocketAddr,
    tls: bool,
    does: Arc<Mutex<Does>>,
    released: Arc<Notify>,
    connections: Arc<()>,
    pushes: Receiver<Push>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Collector {
    pub(super) fn start(protocol: OtlpProtocol) -> io::Result<Self> {
        Self::start_at(free()?, protocol, None)
    }

    pub(super) fn start_at(
        address: SocketAddr,
        protocol: OtlpProtocol,
        tls: Option<TlsAcceptor>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (pushed, pushes) = channel();
        let (stop, stopped) = oneshot::channel();
        let does = Arc::new(Mutex::new(Does::Accept));
        let (released, connections) = (Arc::new(Notify::new()), Arc::new(()));
        let server = Server {
            protocol,
            released: released.clone(),
            _connections: connections.clone(),
            does: does.clone(),
            pushed,
        };
        let secured = tls.is_some();
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = server.run(listener, tls) => {}
                }
            });
        });
        Ok(Self {
            protocol,
            address,
            tls: secured,
            does,
            released,
            connections,
            pushes,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Sets the behavior for later pushes.
    pub(super) fn does(&self, what: Does) {
        *self.does.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    pub(super) fn url(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://localhost:{}", self.address.port())
    }

    /// Releases a held push.
    pub(super) fn release(&self) {
        self.released.notify_one();
    }

    /// Waits until no client is connected.
    pub(super) fn must_be_left(&self) {
        let started = Instant::now();
        // The remaining references are the collector's and its server's.
        while Arc::strong_count(&self.connections) > 2 {
            assert!(started.elapsed() < GUARD, "a client is still connected");
            thread::yield_now();
        }
    }

    /// The next received push, after a wait if necessary.
    pub(super) fn push(&self) -> Result<Push, RecvTimeoutError> {
        self.pushes.recv_timeout(GUARD)
    }

    /// The next received push, if there is one.
    pub(super) fn try_push(&self) -> Result<Push, TryRecvError> {
        self.pushes.try_recv()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// An address without a server.
pub(super) fn free() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

#[derive(Clone)]
struct Server {
    protocol: OtlpProtocol,
    released: Arc<Notify>,
    /// Each connection holds a reference.
    _connections: Arc<()>,
    does: Arc<Mutex<Does>>,
    pushed: Sender<Push>,
}

impl Server {
    async fn run(self, listener: TcpListener, tls: Option<TlsAcceptor>) {
        let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
            return;
        };
        while let Ok((stream, _)) = listener.accept().await {
            let (server, tls) = (self.clone(), tls.clone());
            tokio::spawn(async move {
                match tls {
                    None => server.serve(stream).await,
                    Some(tls) => {
                        // The collector does not serve a client that rejects its
                        // certificate.
                        if let Ok(stream) = tls.accept(stream).await {
                            server.serve(stream).await;
                        }
                    }
                }
            });
        }
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let (io, protocol) = (TokioIo::new(stream), self.protocol);
        let service = service_fn(move |request| self.clone().answer(request));
        // An error at the end of a connection is the client's.
        let _ = match protocol {
            OtlpProtocol::HttpProtobuf => http1::Builder::new().serve_connection(io, service).await,
            OtlpProtocol::Grpc => {
                http2::Builder::new(TokioExecutor::new())
                    .serve_connection(io, service)
                    .await
            }
        };
    }

    async fn answer(
        self,
        request: Request<Incoming>,
    ) -> Result<Response<BoxBody<Bytes, Infallible>>, BoxError> {
        let (head, body) = request.into_parts();
        let mut body = body.collect().await?.to_bytes();
        let grpc = self.protocol == OtlpProtocol::Grpc;
        if grpc {
            // The message is not compressed, and its length follows.
            let frame = body.split_to(5);
            let length = u32::from_be_bytes([frame[1], frame[2], frame[3], frame[4]]);
            assert_eq!((frame[0], length as usize), (0, body.len()));
        }
        let push = Push {
            path: head.uri.path().to_owned(),
            headers: head.headers,
            message: ExportMetricsServiceRequest::decode(body)?,
        };
        // The test may have ended.
        let _ = self.pushed.send(push);
        let does = *self.does.lock().unwrap_or_else(PoisonError::into_inner);
        let mut answer = ExportMetricsServiceResponse::default();
        let (mut status, mut after) = (0, None);
        match does {
            Does::Accept => {}
            Does::Reject(rejected_data_points) => {
                let error_message = "too old\n".to_owned();
                answer.partial_success = Some(ExportMetricsPartialSuccess {
                    rejected_data_points,
                    error_message,
                });
            }
            Does::Refuse(code, when) => (status, after) = (code, when),
            Does::Answer(answer) => return answered(answer),
            Does::Hold => self.released.notified().await,
            Does::Hang => std::future::pending().await,
            Does::Close => return Err("closed".into()),
        }
        let mut message = answer.encode_to_vec();
        if grpc {
            let mut frame = vec![0];
            frame.extend((message.len() as u32).to_be_bytes());
            frame.append(&mut message);
            message = if status == 0 { frame } else { Vec::new() };
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", status.into());
        let head = Response::builder();
        let head = match after {
            Some(after) => head.header("retry-after", after),
            None => head,
        };
        let head = match (grpc, status) {
            // An answer that consists of trailers.
            (true, 1..) => head
                .header("content-type", "application/grpc")
                .header("grpc-status", status)
                .header("grpc-message", "so be it"),
            (true, 0) => head.header("content-type", "application/grpc"),
            (false, 1..) => head.status(status),
            (false, 0) => head.header("content-type", "application/x-protobuf"),
        };
        let body = Full::new(Bytes::from(message));
        let trailers = (grpc && status == 0).then_some(trailers);
        Ok(head.body(body.with_trailers(async { trailers.map(Ok) }).boxed())?)
    }
}

fn answered(answer: &'static Answer) -> Result<Response<BoxBody<Bytes, Infallible>>, BoxError> {
    let mut head = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        head = head.header(*name, HeaderValue::from_bytes(value.as_bytes())?);
    }
    let mut trailers = HeaderMap::new();
    for (name, value) in answer.trailers {
        trailers.insert(*name, HeaderValue::from_static(value));
    }
    let trailers = (!answer.trailers.is_empty()).then_some(Ok(trailers));
    let body = Full::new(Bytes::from_static(answer.body));
    Ok(head.body(body.with_trailers(async { trailers }).boxed())?)
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;
