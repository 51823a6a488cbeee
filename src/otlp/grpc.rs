//! OTLP over gRPC.

use std::time::SystemTime;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, TE};
use hyper::http::uri::PathAndQuery;
use hyper::{Method, Request, StatusCode, Uri, Version};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use prost::Message;
use tonic::{Code, Status};

use super::ANSWER;
use super::answer::{Accepted, compressed, is_grpc, media, not_otlp, whole};
use super::collector_text::CollectorText;
use super::connections::Connections;
use super::explain::MAY_BE_HTTP;
use super::failure::{Failure, Retry};
use super::http::{rejection, too_large};
use super::retry_after::{self, Pushback};
use crate::OtlpResponse;

const EXPORT: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// Pushes with OTLP over gRPC.
pub(super) struct Grpc {
    pub(super) connections: Connections,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
}

/// Length of the prefix of each message: a flag for compression, and the message's length.
const PREFIX: usize = 5;

impl Grpc {
    pub(super) fn new(connections: Connections, endpoint: &Uri, headers: HeaderMap) -> Self {
        let mut parts = endpoint.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::from_static(EXPORT));
        Self {
            connections,
            // The endpoint has a scheme and a host, so the parts are valid.
            uri: Uri::from_parts(parts).unwrap_or_default(),
            headers,
        }
    }

    pub(super) async fn push(
        &self,
        message: &ExportMetricsServiceRequest,
    ) -> Result<Accepted, Failure> {
        let mut request = Request::new(Full::from(framed(message)));
        *request.method_mut() = Method::POST;
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        *headers = self.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(TE, HeaderValue::from_static("trailers"));

        let answer = self.connections.client().request(request).await;
        let answer = answer.map_err(|error| self.connections.failure(&error))?;
        let (head, body) = answer.into_parts();
        let media = media(&head.headers);
        let grpc = is_grpc(&media);
        // An answer can consist of trailers only. Its gRPC status takes precedence over the
        // HTTP status.
        if grpc && let Some(status) = Status::from_header_map(&head.headers) {
            let mut failure = failure(&status, &head.headers);
            if head.status != StatusCode::OK {
                failure.why = format!("status {}: {}", head.status.as_u16(), failure.why);
                let wait = retry_after::of_http(&head.headers, SystemTime::now());
                failure.wait = failure.wait.or(wait);
            }
            return Err(failure);
        }
        if head.status != StatusCode::OK {
            let mut failure = rejection(head.status, &head.headers, body).await;
            if !grpc && failure.retry == Retry::Later {
                failure.why = format!("{}; {MAY_BE_HTTP}", failure.why);
            }
            return Err(failure);
        }
        let body = Limited::new(body, PREFIX + ANSWER).collect().await;
        let body = body.map_err(|error| match error.downcast_ref() {
            Some(LengthLimitError { .. }) => Failure::later(too_large()),
            None => self.connections.failure(&*error),
        })?;
        let trailers = body.trailers().cloned().unwrap_or_default();
        let body = body.to_bytes();
        if !grpc {
            let why = compressed(&head.headers).unwrap_or_else(|| not_otlp(&media, &body));
            return Err(Failure::later(format!("{why}; {MAY_BE_HTTP}")));
        }
        match Status::from_header_map(&trailers) {
            Some(status) if status.code() == Code::Ok => {
                let answer = unframed(&body).map_err(Failure::later)?;
                whole(&answer).map_err(Failure::later)
            }
            Some(status) => Err(failure(&status, &trailers)),
            None => Err(Failure::soon(
                "the answer ended without a grpc-status: the server, or a proxy in front of it, truncated it",
            )),
        }
    }
}

fn framed(message: &ExportMetricsServiceRequest) -> Vec<u8> {
    let length = message.encoded_len();
    let mut frame = Vec::with_capacity(PREFIX + length);
    frame.push(0);
    // A push has a few KiB.
    frame.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    frame.extend(message.encode_to_vec());
    frame
}

/// The single message of an answer.
fn unframed(body: &[u8]) -> Result<OtlpResponse, String> {
    let Some((prefix, message)) = body.split_first_chunk::<PREFIX>() else {
        return Err("the answer has no message".to_owned());
    };
    let [compressed, length @ ..] = *prefix;
    if compressed != 0 {
        return Err("the answer is compressed, which the request did not allow".to_owned());
    }
    let length = u32::from_be_bytes(length);
    if usize::try_from(length) != Ok(message.len()) {
        let has = message.len();
        return Err(format!("the answer has {has} bytes and announced {length}"));
    }
    OtlpResponse::decode(message).map_err(|error| format!("the answer cannot be decoded: {error}"))
}

fn failure(status: &Status, trailers: &HeaderMap) -> Failure {
    let pushback = retry_after::of_grpc(trailers, status.details());
    // The table in OTLP's specification: a collector would reject all other pushes again.
    // With exhausted resources, a retry is allowed only if the collector names a time.
    let retry = match (status.code(), &pushback) {
        (_, Some(Pushback::Never)) => Retry::Later,
        (
            Code::Cancelled
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unavailable
            | Code::DataLoss,
            _,
        )
        | (Code::ResourceExhausted, Some(Pushback::After(_))) => Retry::Soon,
        _ => Retry::Later,
    };
    let code = status.code();
    let why = match code {
        Code::Ok => "the answer has no message".to_owned(),
        _ => format!("grpc status {code:?}: {}", CollectorText(status.message())),
    };
    let wait = match pushback {
        Some(Pushback::After(wait)) => Some(wait),
        _ => None,
    };
    Failure { why, retry, wait }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_temporary_failures_are_retried() {
        let again = [1, 4, 10, 11, 14, 15];
        for code in 1..17 {
            let status = Status::new(Code::from_i32(code), "hunter\n");
            let failure = failure(&status, &HeaderMap::new());
            let soon = failure.retry == Retry::Soon;
            assert_eq!(soon, again.contains(&code), "{}", failure.why);
            assert!(failure.why.ends_with(r#": "hunter\n""#), "{}", failure.why);
        }
    }

    #[test]
    fn a_retry_follows_after_the_wait_of_the_collector() {
        let pushback = |code, value| {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-retry-pushback-ms", HeaderValue::from_static(value));
            let failure = failure(&Status::new(code, ""), &trailers);
            (failure.retry, failure.wait)
        };
        let second = Some(Duration::from_secs(1));
        let exhausted = Code::ResourceExhausted;
        assert_eq!(pushback(exhausted, "1000"), (Retry::Soon, second));
        assert_eq!(pushback(Code::Unavailable, "-1"), (Retry::Later, None));
        assert_eq!(pushback(Code::Internal, "1000"), (Retry::Later, second));
    }

    #[test]
    fn an_answer_is_one_whole_message() {
        for (body, expected) in [
            (&b""[..], "the answer has no message"),
            (b"\0\0\0", "the answer has no message"),
            (b"\x01\0\0\0\0", "is compressed"),
            (b"\0\0\0\0\x05a", "has 1 bytes and announced 5"),
            (b"\0\0\0\0\0\0\0\0\0\0", "has 5 bytes and announced 0"),
            (b"\0\xff\xff\xff\xff", "announced 4294967295"),
            (b"\0\0\0\0\x02\xff\xff", "cannot be decoded"),
        ] {
            let said = unframed(body).map_or_else(|why| why, |answer| format!("{answer:?}"));
            assert!(said.contains(expected), "{expected}: {said}");
        }
        assert_eq!(unframed(b"\0\0\0\0\0"), Ok(OtlpResponse::default()));
    }
}
