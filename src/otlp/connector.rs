//! Connections to a collector, with and without TLS.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tonic::codegen::Service;

use super::addresses::Addresses;
use super::first_bytes::{FirstBytes, NotingStream};

/// Connects to a collector, with or without TLS, and notes the first bytes of its answer,
/// encrypted and plain.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    https: HttpsConnector<Tcp>,
    pub(super) addresses: Addresses,
    /// First bytes on the wire.
    pub(super) raw: FirstBytes,
    /// First bytes after decryption.
    pub(super) plain: FirstBytes,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting<S> =
    Pin<Box<dyn Future<Output = Result<TokioIo<NotingStream<S>>, BoxError>> + Send>>;

impl Connector {
    /// Creates a connector. `within` is the time for all addresses together.
    pub(super) fn new(tls: ClientConfig, http2: bool, within: Duration) -> Self {
        let (addresses, raw) = (Addresses::default(), FirstBytes::default());
        let mut http = HttpConnector::new_with_resolver(addresses.clone());
        http.enforce_http(false);
        http.set_connect_timeout(Some(within));
        let first = raw.clone();
        let tcp = Tcp { http, first };
        let builder = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http();
        let https = if http2 {
            builder.enable_http2().wrap_connector(tcp)
        } else {
            builder.enable_http1().wrap_connector(tcp)
        };
        Self {
            https,
            addresses,
            raw,
            plain: FirstBytes::default(),
        }
    }
}

type TlsStream = TokioIo<MaybeHttpsStream<TokioIo<NotingStream<TcpStream>>>>;

impl Service<Uri> for Connector {
    type Response = TokioIo<NotingStream<TlsStream>>;
    type Error = BoxError;
    type Future = Connecting<TlsStream>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(cx)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        self.raw.forget();
        self.plain.forget();
        let (connecting, first) = (self.https.call(to), self.plain.clone());
        Box::pin(async move {
            let stream = TokioIo::new(connecting.await?);
            Ok(TokioIo::new(NotingStream::new(stream, first)))
        })
    }
}

/// Connects without TLS.
#[derive(Debug, Clone)]
struct Tcp {
    http: HttpConnector<Addresses>,
    first: FirstBytes,
}

impl Service<Uri> for Tcp {
    type Response = TokioIo<NotingStream<TcpStream>>;
    type Error = BoxError;
    type Future = Connecting<TcpStream>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.http.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let (connecting, first) = (self.http.call(to), self.first.clone());
        Box::pin(async move {
            let stream = connecting.await?.into_inner();
            Ok(TokioIo::new(NotingStream::new(stream, first)))
        })
    }
}
