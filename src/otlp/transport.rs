//! The transport of a push.

use std::time::Duration;

use hyper::header::{HeaderMap, HeaderValue, USER_AGENT};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;

use super::OtlpProtocol;
use super::answer::Accepted;
use super::connections::Connections;
use super::endpoint::Endpoint;
use super::explain::Explain;
use super::failure::Failure;
use super::grpc::Grpc;
use super::http::Http;
use super::tls::Tls;

/// Transport of a push to the collector.
pub(super) enum Transport {
    Http(Http),
    Grpc(Grpc),
}

impl Transport {
    /// Creates the transport. `within` is the time for a push.
    pub(super) fn new(
        explain: Explain,
        endpoint: &Endpoint,
        mut headers: HeaderMap,
        tls: Tls,
        within: Duration,
    ) -> Self {
        const US: HeaderValue =
            HeaderValue::from_static(concat!("solti-metrics/", env!("CARGO_PKG_VERSION")));
        headers.entry(USER_AGENT).or_insert(US);
        let http2 = explain.protocol == OtlpProtocol::Grpc;
        let connections = Connections::new(tls, http2, within, explain);
        if http2 {
            return Self::Grpc(Grpc::new(connections, &endpoint.uri, headers));
        }
        Self::Http(Http {
            connections,
            uri: endpoint.uri.clone(),
            headers,
        })
    }

    /// Pushes without a time limit of its own.
    pub(super) async fn push(
        &self,
        message: &ExportMetricsServiceRequest,
    ) -> Result<Accepted, Failure> {
        match self {
            Self::Http(http) => http.push(message).await,
            Self::Grpc(grpc) => grpc.push(message).await,
        }
    }

    /// Possible cause of a missing answer.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Http(http) => http.connections.hint(),
            Self::Grpc(grpc) => grpc.connections.hint(),
        }
    }

    /// Closes a connection that may be dead.
    pub(super) fn reset(&mut self) {
        match self {
            Self::Http(http) => http.connections.reset(),
            Self::Grpc(grpc) => grpc.connections.reset(),
        }
    }
}
