use std::time::{Duration, SystemTime};

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use hyper::{Method, Request, StatusCode, Uri};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use prost::Message;
use tokio::time::timeout;

use super::ANSWER;
use super::answer::{Accepted, accepted, media, text};
use super::connections::Connections;
use super::endpoint::without_secrets;
use super::explain::USE_GRPC;
use super::failure::{Failure, Retry};
use super::retry_after::{self, Details};
use super::theirs::Theirs;

/// Pushes with OTLP over HTTP, as protobuf.
pub(super) struct Http {
    pub(super) connections: Connections,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
}

impl Http {
    pub(super) async fn push(
        &self,
        message: &ExportMetricsServiceRequest,
    ) -> Result<Accepted, Failure> {
        let mut request = Request::new(Full::from(message.encode_to_vec()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        let protobuf = HeaderValue::from_static("application/x-protobuf");
        request.headers_mut().insert(CONTENT_TYPE, protobuf);

        let answer = self.connections.client().request(request).await;
        let answer = answer.map_err(|error| self.connections.failure(&error))?;
        let (head, body) = answer.into_parts();
        if media(&head.headers).starts_with("application/grpc") {
            return Err(Failure::later(USE_GRPC));
        }
        if !head.status.is_success() {
            return Err(refusal(head.status, &head.headers, body).await);
        }
        let body = Limited::new(body, ANSWER).collect().await;
        let body = body.map_err(|error| match error.downcast_ref() {
            Some(LengthLimitError { .. }) => Failure::later(too_large()),
            None => self.connections.failure(&*error),
        })?;
        accepted(&head.headers, &body.to_bytes()).map_err(Failure::later)
    }
}

pub(super) fn too_large() -> String {
    format!("the answer is larger than {} KiB", ANSWER >> 10)
}

/// Why a push was refused with this status.
pub(super) async fn refusal(status: StatusCode, headers: &HeaderMap, body: Incoming) -> Failure {
    let location = text(headers, LOCATION.as_str());
    let mut why = format!("status {}", status.as_u16());
    if status.is_redirection() && !location.is_empty() {
        why = format!(
            "{why}: redirects to {}, and redirects are not followed: push to where metrics are taken",
            Theirs(&without_secrets(location))
        );
    } else {
        let said = words(headers, &beginning(body).await);
        if !said.trim().is_empty() {
            why = format!("{why}: {}", Theirs(said.trim()));
        }
    }
    Failure {
        why,
        retry: retry(status),
        wait: retry_after::of_http(headers, SystemTime::now()),
    }
}

/// What an error says: text as it is, or the message of a `google.rpc.Status`.
fn words(headers: &HeaderMap, body: &[u8]) -> String {
    if media(headers).ends_with("protobuf") {
        return Details::decode(body).map_or_else(|_| String::new(), |status| status.message);
    }
    String::from_utf8_lossy(body).into_owned()
}

/// The most of a refusal that is read, in bytes, and for how long.
const SAID: usize = 4096;
const SAID_WITHIN: Duration = Duration::from_secs(1);

/// What can be had of a body: it is only for a message.
async fn beginning(mut body: Incoming) -> Vec<u8> {
    let mut beginning = Vec::new();
    let read = async {
        while let Some(Ok(frame)) = body.frame().await {
            let data = frame.into_data().unwrap_or_else(|_| Bytes::new());
            let room = SAID.saturating_sub(beginning.len());
            beginning.extend(data.iter().take(room));
            if data.len() >= room {
                break;
            }
        }
    };
    let _ = timeout(SAID_WITHIN, read).await;
    beginning
}

/// By the table in OTLP's specification: all else would be refused again.
pub(super) fn retry(status: StatusCode) -> Retry {
    match status.as_u16() {
        429 | 502 | 503 | 504 => Retry::Soon,
        _ => Retry::Later,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_an_accident_is_tried_again_and_nothing_else() {
        for status in [429, 502, 503, 504] {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            assert_eq!(retry(status), Retry::Soon);
        }
        for status in [301, 400, 401, 404, 413, 500, 501] {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            assert_eq!(retry(status), Retry::Later);
        }
    }

    #[test]
    fn a_status_in_protobuf_is_read_for_its_message() {
        let protobuf = HeaderValue::from_static("application/x-protobuf");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, protobuf)]);
        let status = b"\x08\x03\x12\x07too old";
        assert_eq!(words(&headers, status), "too old");
        assert_eq!(words(&headers, b"\xff\xff"), "");
        assert_eq!(words(&HeaderMap::new(), b"too old"), "too old");
    }
}
