use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, StatusCode, Uri};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use prost::Message;

use super::ANSWER;
use super::connections::Connections;
use super::failure::{Failure, Retry, whole};

/// Pushes with OTLP over HTTP, as protobuf.
pub(super) struct Http {
    pub(super) connections: Connections<Full<Bytes>>,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
}

impl Http {
    pub(super) async fn push(&self, message: &ExportMetricsServiceRequest) -> Result<(), Failure> {
        let mut request = Request::new(Full::from(message.encode_to_vec()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        let protobuf = HeaderValue::from_static("application/x-protobuf");
        request.headers_mut().insert(CONTENT_TYPE, protobuf);

        let client = self.connections.client();
        let answer = client.request(request).await;
        let answer = answer.map_err(|error| Failure::of(&error))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(Failure {
                why: format!("status {}", status.as_u16()),
                retry: retry(status, answer.headers()),
            });
        }
        let body = Limited::new(answer.into_body(), ANSWER).collect().await;
        let body = body.map_err(|error| Failure::of(&*error))?.to_bytes();
        // Whoever answers something else has not said that it refused any.
        ExportMetricsServiceResponse::decode(body).map_or(Ok(()), whole)
    }
}

/// By the table in OTLP's specification: all else would be refused again.
fn retry(status: StatusCode, headers: &HeaderMap) -> Retry {
    match status.as_u16() {
        429 | 502 | 503 | 504 => {}
        _ => return Retry::Later,
    }
    let seconds = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.trim().parse().ok());
    seconds.map_or(Retry::Soon, |seconds| {
        Retry::After(Duration::from_secs(seconds))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_an_accident_is_tried_again_when_the_receiver_says() {
        let says = |after| HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(after))]);
        for status in [429, 502, 503, 504] {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            let wait = Retry::After(Duration::from_secs(7));
            assert_eq!(retry(status, &says("7")), wait);
            // Dates are not read.
            for after in ["Wed, 21 Oct 2015 07:28:00 GMT", "-1", ""] {
                assert_eq!(retry(status, &says(after)), Retry::Soon);
            }
            assert_eq!(retry(status, &HeaderMap::new()), Retry::Soon);
        }
        for status in [301, 400, 401, 404, 413, 500, 501] {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            assert_eq!(retry(status, &says("7")), Retry::Later);
        }
    }
}
