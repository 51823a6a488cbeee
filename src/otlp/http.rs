//! OTLP over HTTP.

use std::time::{Duration, SystemTime};

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, PROXY_AUTHENTICATE, WWW_AUTHENTICATE,
};
use hyper::{Method, Request, StatusCode, Uri};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use prost::Message;
use tokio::time::timeout;

use super::ANSWER;
use super::answer::{Accepted, accepted, compressed, is_grpc, media, text};
use super::collector_text::CollectorText;
use super::connections::Connections;
use super::endpoint::without_secrets;
use super::explain::USE_GRPC;
use super::failure::{Failure, Retry};
use super::retry_after::{self, Details};

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
        if is_grpc(&media(&head.headers)) {
            return Err(Failure::later(USE_GRPC));
        }
        if !head.status.is_success() {
            return Err(rejection(head.status, &head.headers, body).await);
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

/// The failure of a push that was rejected with this status.
pub(super) async fn rejection(status: StatusCode, headers: &HeaderMap, body: Incoming) -> Failure {
    let location = text(headers, LOCATION);
    // The other 3xx statuses are not redirects.
    let redirect = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let mut why = format!("status {}", status.as_u16());
    if status.is_redirection() && !location.is_empty() {
        let shown = without_secrets(&location);
        let to = if shown.is_empty() {
            "the same path with another query, which is not shown".to_owned()
        } else {
            CollectorText(&shown).to_string()
        };
        why = format!(
            "{why}: redirects to {to}, and redirects are not followed: push to where metrics are taken"
        );
    } else {
        if redirect {
            why = format!("{why}: redirects without a Location, and redirects are not followed");
        }
        if let Some(said) = said(headers, &start_of(body).await) {
            why = format!("{why}: {said}");
        }
    }
    Failure {
        why,
        retry: retry(status),
        wait: retry_after::of_http(headers, SystemTime::now()),
    }
}

/// Text of a rejection: its body, or the header that requests credentials.
fn said(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    if !body.is_empty()
        && let Some(compressed) = compressed(headers)
    {
        return Some(compressed);
    }
    let said = words(headers, body);
    if !said.trim().is_empty() {
        return Some(CollectorText(said.trim()).to_string());
    }
    [WWW_AUTHENTICATE, PROXY_AUTHENTICATE]
        .into_iter()
        .find_map(|name| {
            let asked = text(headers, name.clone());
            (!asked.is_empty()).then(|| format!("the header {name} is {}", CollectorText(&asked)))
        })
}

/// Text of an error: the text itself, or the message of a `google.rpc.Status`.
fn words(headers: &HeaderMap, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if !media(headers).ends_with("protobuf") {
        return text.into_owned();
    }
    let message = Details::decode(body).map_or_else(|_| String::new(), |status| status.message);
    // Some servers send text with another media type. The end of the text can be missing.
    let cut = text.trim_end_matches(char::REPLACEMENT_CHARACTER);
    let binary = |it: char| it == char::REPLACEMENT_CHARACTER || it.is_control();
    if message.is_empty() && !cut.contains(|it: char| binary(it) && !it.is_whitespace()) {
        return cut.to_owned();
    }
    message
}

/// Maximum bytes of a rejection that are read, and the maximum time for it.
const SAID: usize = 4096;
const SAID_WITHIN: Duration = Duration::from_secs(1);

/// The start of a body, as far as it arrives. A message contains it.
async fn start_of(mut body: Incoming) -> Vec<u8> {
    let mut start = Vec::new();
    let read = async {
        while let Some(Ok(frame)) = body.frame().await {
            let data = frame.into_data().unwrap_or_else(|_| Bytes::new());
            let capacity = SAID.saturating_sub(start.len());
            start.extend(data.iter().take(capacity));
            if data.len() >= capacity {
                break;
            }
        }
    };
    let _ = timeout(SAID_WITHIN, read).await;
    start
}

/// The table in OTLP's specification: a collector would reject all other pushes again.
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
    fn only_temporary_failures_are_retried() {
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
        assert_eq!(words(&headers, b"\x08\x03"), "");
        // A server can use this media type for text. The text is read up to a maximum
        // length.
        for text in ["plain text reason\n", "zu alt: \u{fc}\u{e9}"] {
            assert_eq!(words(&headers, text.as_bytes()), text);
        }
        assert_eq!(words(&headers, b"too old \xc3"), "too old ");
        assert_eq!(words(&HeaderMap::new(), b"too old"), "too old");
    }
}
