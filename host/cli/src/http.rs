use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use solti_metrics::{Exposition, PrometheusMetrics};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::component::Component;

/// How many scrapers are served at a time; others wait to be accepted.
const CONNECTIONS: usize = 32;

/// How long a client may take to send a request's head.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection lasts at most, so that one that does not read its
/// answer holds its place for no longer.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(60);

/// Serves `/metrics` until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    accepting: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(address: SocketAddr, pages: Pages) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen on {address}; choose an address of this machine and a free port (0 takes any)")
        })?;
        let address = listener.local_addr()?;
        Ok(Self {
            address,
            accepting: tokio::spawn(accept(listener, Arc::new(pages))),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, pages: Arc<Pages>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, say: some will be free again.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let pages = Arc::clone(&pages);
        tokio::spawn(async move {
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(
                    TokioIo::new(stream),
                    service_fn(|request| {
                        let pages = &pages;
                        async move { Ok::<_, hyper::Error>(pages.answer(&request).await) }
                    }),
                );
            // A client that goes away is its own affair.
            let _ = tokio::time::timeout(CONNECTION_TIMEOUT, connection).await;
            drop(place);
        });
    }
}

/// What there is to be read.
pub(crate) struct Pages {
    metrics: Arc<PrometheusMetrics>,
    components: Vec<Arc<Component>>,
}

impl Pages {
    pub(crate) fn new(metrics: Arc<PrometheusMetrics>, components: Vec<Arc<Component>>) -> Self {
        Self {
            metrics,
            components,
        }
    }

    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let component = match request.uri().path() {
            "/metrics" => None,
            path => match self.component(path) {
                Some(component) => Some(component),
                None => return plain(StatusCode::NOT_FOUND, self.contents()),
            },
        };
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "GET or HEAD\n");
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match component {
            None => self.own(request),
            Some(component) => match component.backend.expose().await {
                Ok(text) => {
                    let media = Exposition::OpenMetrics.content_type();
                    with_type(StatusCode::OK, text.into(), media)
                }
                Err(error) => plain(StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")),
            },
        }
    }

    /// What this host itself has to tell.
    fn own(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let accept: Vec<_> = request
            .headers()
            .get_all(ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        let exposition = Exposition::negotiate(&accept.join(","));
        match self.metrics.encode(exposition) {
            Ok(text) => with_type(StatusCode::OK, text.into(), exposition.content_type()),
            Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        }
    }

    /// The component whose own exposition is at this path.
    fn component(&self, path: &str) -> Option<&Component> {
        let name = path.strip_prefix("/backends/")?.strip_suffix("/metrics")?;
        let mut components = self.components.iter();
        let found = components.find(|component| *component.name == *name)?;
        found.status().siblings.exposition.then_some(&**found)
    }

    fn contents(&self) -> String {
        let exposed = self
            .components
            .iter()
            .filter(|component| component.status().siblings.exposition)
            .map(|component| format!(", /backends/{}/metrics", component.name));
        format!("there is only /metrics{}\n", exposed.collect::<String>())
    }
}

fn plain(status: StatusCode, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    with_type(status, text.into(), "text/plain; charset=utf-8")
}

fn with_type(status: StatusCode, body: Bytes, media: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}
