use std::error::Error;

use hyper::Uri;
use hyper::header::HeaderMap;
use hyper::http::Extensions;
use hyper::http::uri::PathAndQuery;
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

use super::ANSWER;
use super::connections::Connections;
use super::failure::{Failure, Retry, Theirs, whole};

const EXPORT: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// Pushes with OTLP over gRPC.
pub(super) struct Grpc {
    pub(super) connections: Connections<tonic::body::Body>,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
}

impl Grpc {
    pub(super) async fn push(&self, message: ExportMetricsServiceRequest) -> Result<(), Failure> {
        let metadata = MetadataMap::from_headers(self.headers.clone());
        let request = tonic::Request::from_parts(metadata, Extensions::default(), message);
        let client = self.connections.client().clone();
        let mut client = tonic::client::Grpc::with_origin(client, self.uri.clone())
            .max_decoding_message_size(ANSWER);
        client.ready().await.map_err(|error| Failure::of(&error))?;
        let codec = ProstCodec::<_, ExportMetricsServiceResponse>::default();
        let export = PathAndQuery::from_static(EXPORT);
        match client.unary(request, export, codec).await {
            Ok(answer) => whole(answer.into_inner()),
            Err(status) => Err(failure(&status)),
        }
    }
}

fn failure(status: &Status) -> Failure {
    // It comes from the connection then, and not from the receiver.
    if let Some(error) = status.source() {
        return Failure::of(error);
    }
    // By the table in OTLP's specification: all else would be refused again. One
    // whose resources are exhausted can recover only if it says when.
    let retry = match status.code() {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => Retry::Soon,
        _ => Retry::Later,
    };
    let (code, message) = (status.code(), Theirs(status.message()));
    Failure {
        why: format!("grpc status {code:?}: {message}"),
        retry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_an_accident_is_tried_again_and_nothing_else() {
        let again = [1, 4, 10, 11, 14, 15];
        for code in 1..17 {
            let failure = failure(&Status::new(Code::from_i32(code), "hunter\n"));
            let soon = failure.retry == Retry::Soon;
            assert_eq!(soon, again.contains(&code), "{}", failure.why);
            assert!(failure.why.ends_with(r#": "hunter\n""#), "{}", failure.why);
        }
    }
}
