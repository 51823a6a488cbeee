//! What a receiver answers when it has taken a push, and what says otherwise.

use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use prost::Message;
use serde_json::Value;

use super::theirs::Theirs;

/// A push that was taken, perhaps with a warning.
pub(super) type Accepted = Option<String>;

/// Whether an answer with a good status is one of a receiver of OTLP, which took every
/// point. What it rejects is a failure, since nobody but this status would say so.
pub(super) fn accepted(headers: &HeaderMap, body: &[u8]) -> Result<Accepted, String> {
    // Most receivers have nothing to say.
    if body.is_empty() {
        return Ok(None);
    }
    let encoding = text(headers, CONTENT_ENCODING.as_str());
    if !matches!(encoding, "" | "identity") {
        return Err(format!(
            "the answer is compressed with {}, which was not asked for",
            Theirs(encoding)
        ));
    }
    let media = media(headers);
    match &*media {
        "application/x-protobuf" | "application/protobuf" => protobuf(body)
            .map_err(|error| format!("the answer is {media}, and cannot be decoded: {error}"))
            .and_then(whole),
        "application/json" => json(body).map_err(|reason| {
            let body = String::from_utf8_lossy(body);
            format!("the answer is {media}, and {reason}: {}", Theirs(&body))
        })?,
        _ => Err(not_otlp(&media, body)),
    }
}

fn protobuf(body: &[u8]) -> Result<ExportMetricsServiceResponse, prost::DecodeError> {
    ExportMetricsServiceResponse::decode(body)
}

/// Whether a receiver that said yes took every point.
pub(super) fn whole(answer: ExportMetricsServiceResponse) -> Result<Accepted, String> {
    match answer.partial_success {
        None => Ok(None),
        Some(partial) => took(partial.rejected_data_points, &partial.error_message),
    }
}

fn took(rejected: i64, message: &str) -> Result<Accepted, String> {
    match (rejected, message) {
        (0, "") => Ok(None),
        (0, warning) => Ok(Some(Theirs(warning).to_string())),
        (points, why) => Err(format!("{points} points were rejected: {}", Theirs(why))),
    }
}

/// The outer error is an answer that is not OTLP's.
fn json(body: &[u8]) -> Result<Result<Accepted, String>, &'static str> {
    const ELSE: &str = "is not an answer of OTLP";
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else {
        return Err(ELSE);
    };
    let either = |object: &serde_json::Map<_, _>, names: [&str; 2]| {
        names.iter().find_map(|name| object.get(*name).cloned())
    };
    let partial = match either(&answer, ["partialSuccess", "partial_success"]) {
        None if answer.is_empty() => return Ok(Ok(None)),
        None => return Err(ELSE),
        Some(Value::Null) => return Ok(Ok(None)),
        Some(Value::Object(partial)) => partial,
        Some(_) => return Err(ELSE),
    };
    // A number of 64 bits is a text in protobuf's JSON.
    let rejected = match either(&partial, ["rejectedDataPoints", "rejected_data_points"]) {
        None | Some(Value::Null) => Some(0),
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Number(number)) => number.as_i64(),
        Some(_) => None,
    };
    let message = match either(&partial, ["errorMessage", "error_message"]) {
        None | Some(Value::Null) => Some(String::new()),
        Some(Value::String(text)) => Some(text),
        Some(_) => None,
    };
    match (rejected, message) {
        (Some(rejected), Some(message)) => Ok(took(rejected, &message)),
        _ => Err("has no number of rejected points"),
    }
}

/// What kind of document it is, without parameters.
pub(super) fn media(headers: &HeaderMap) -> String {
    let media = text(headers, CONTENT_TYPE.as_str());
    let media = media.split(';').next().unwrap_or_default();
    media.trim().to_ascii_lowercase()
}

/// A header's value, empty if there is none that can be read.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name);
    value.and_then(|value| value.to_str().ok()).unwrap_or("")
}

/// An answer that a receiver of OTLP does not give.
pub(super) fn not_otlp(media: &str, body: &[u8]) -> String {
    let kind = if media.is_empty() {
        "has no media type".to_owned()
    } else {
        format!("has the media type {}", Theirs(media))
    };
    let body = String::from_utf8_lossy(body);
    format!(
        "the answer {kind}, and a receiver of OTLP does not answer so: check the endpoint; \
         it begins with {}",
        Theirs(body.trim_start())
    )
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsPartialSuccess;

    use super::*;

    fn answer(media: &'static str, body: &[u8]) -> Result<Accepted, String> {
        let mut headers = HeaderMap::new();
        if !media.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        }
        accepted(&headers, body)
    }

    fn partial(rejected_data_points: i64, error_message: &str) -> Vec<u8> {
        let partial_success = Some(ExportMetricsPartialSuccess {
            rejected_data_points,
            error_message: error_message.to_owned(),
        });
        ExportMetricsServiceResponse { partial_success }.encode_to_vec()
    }

    const PROTOBUF: &str = "application/x-protobuf";
    const JSON: &str = "application/json; charset=utf-8";

    #[test]
    fn answers_of_receivers_are_accepted() {
        for media in ["", "text/html", PROTOBUF, JSON] {
            assert_eq!(answer(media, b""), Ok(None), "{media}");
        }
        let protobuf = "Application/Protobuf";
        assert_eq!(answer(protobuf, &partial(0, "")), Ok(None));
        for body in [
            "{}",
            " {} ",
            r#"{"partialSuccess":{}}"#,
            r#"{"partialSuccess":null}"#,
            r#"{"partialSuccess":{"rejectedDataPoints":"0"},"more":1}"#,
            r#"{"partial_success":{"rejected_data_points":0,"error_message":""}}"#,
        ] {
            assert_eq!(answer(JSON, body.as_bytes()), Ok(None), "{body}");
        }
    }

    #[test]
    fn a_warning_is_told_and_is_not_a_failure() {
        let warning = Some(r#""old\n""#.to_owned());
        assert_eq!(answer(PROTOBUF, &partial(0, "old\n")), Ok(warning.clone()));
        let json = br#"{"partialSuccess":{"errorMessage":"old\n"}}"#;
        assert_eq!(answer(JSON, json), Ok(warning));
    }

    #[test]
    fn rejected_points_are_a_failure() {
        let said = Err(r#"5 points were rejected: "too old""#.to_owned());
        assert_eq!(answer(PROTOBUF, &partial(5, "too old")), said);
        for number in ["\"5\"", "5"] {
            let body = format!(
                r#"{{"partialSuccess":{{"rejectedDataPoints":{number},"errorMessage":"too old"}}}}"#
            );
            assert_eq!(answer(JSON, body.as_bytes()), said);
        }
    }

    #[test]
    fn anything_else_is_a_failure_that_names_the_media_type() {
        let mut truncated = partial(0, "truncated");
        truncated.pop();
        for (media, body, expected) in [
            (
                "text/html",
                &b"<!doctype html>"[..],
                r#"the media type "text/html""#,
            ),
            ("text/plain", b"ok", r#"it begins with "ok""#),
            ("", &partial(0, ""), "no media type"),
            (PROTOBUF, b"\xff\xff\xff\xff", PROTOBUF),
            (PROTOBUF, &truncated, PROTOBUF),
            (JSON, b"[]", "application/json"),
            (JSON, b"\"ok\"", "application/json"),
            (JSON, br#"{"status":"ok"}"#, "is not an answer of OTLP"),
            (
                JSON,
                br#"{"partialSuccess":[]}"#,
                "is not an answer of OTLP",
            ),
            (
                JSON,
                br#"{"partialSuccess":{"rejectedDataPoints":"9999999999999999999"}}"#,
                "no number",
            ),
            (
                JSON,
                br#"{"partialSuccess":{"rejectedDataPoints":1.5}}"#,
                "no number",
            ),
            (JSON, b"{\"a\":", "is not an answer of OTLP"),
            (
                JSON,
                "[".repeat(10_000).as_bytes(),
                "is not an answer of OTLP",
            ),
        ] {
            let said = answer(media, body).map_or_else(|why| why, |it| format!("{it:?}"));
            assert!(said.contains(expected), "{expected}: {said}");
            assert!(said.len() < 1_000, "{said}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROTOBUF));
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        let said = accepted(&headers, b"\x1f\x8b").err().unwrap_or_default();
        assert_eq!(
            said,
            r#"the answer is compressed with "gzip", which was not asked for"#
        );
    }
}
