use hyper::header::{HeaderMap, HeaderValue, USER_AGENT};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use rustls::ClientConfig;

use super::OtlpProtocol;
use super::connections::Connections;
use super::endpoint::Endpoint;
use super::failure::Failure;
use super::grpc::Grpc;
use super::http::Http;

/// How a push gets to the receiver.
pub(super) enum Transport {
    Http(Http),
    Grpc(Grpc),
}

impl Transport {
    pub(super) fn new(
        protocol: OtlpProtocol,
        endpoint: &Endpoint,
        mut headers: HeaderMap,
        tls: ClientConfig,
    ) -> Self {
        const US: HeaderValue =
            HeaderValue::from_static(concat!("solti-metrics/", env!("CARGO_PKG_VERSION")));
        headers.entry(USER_AGENT).or_insert(US);
        let uri = endpoint.uri.clone();
        match protocol {
            OtlpProtocol::HttpProtobuf => Self::Http(Http {
                connections: Connections::new(tls, false),
                uri,
                headers,
            }),
            OtlpProtocol::Grpc => Self::Grpc(Grpc {
                connections: Connections::new(tls, true),
                uri,
                headers,
            }),
        }
    }

    /// Takes as long as the receiver does.
    pub(super) async fn push(&self, message: ExportMetricsServiceRequest) -> Result<(), Failure> {
        match self {
            Self::Http(http) => http.push(&message).await,
            Self::Grpc(grpc) => grpc.push(message).await,
        }
    }

    /// Lets go of a connection that may be dead.
    pub(super) fn reset(&mut self) {
        match self {
            Self::Http(http) => http.connections.reset(),
            Self::Grpc(grpc) => grpc.connections.reset(),
        }
    }
}
