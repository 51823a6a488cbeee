//! Answers of a collector: whether an answer accepts the push.

use std::borrow::Cow;

use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

use super::collector_text::CollectorText;
use crate::OtlpResponse;

/// An accepted push, with the collector's warning, if there was one.
pub(super) type Accepted = Option<String>;

/// Checks that an answer with a status of success is an OTLP answer that accepts every point.
/// Rejected points are a failure, because no other status reports them.
pub(super) fn accepted(headers: &HeaderMap, body: &[u8]) -> Result<Accepted, String> {
    let media = media(headers);
    // Most collectors send an empty body. An answer that is a page does not come from a
    // collector, even if it is empty.
    if body.is_empty() && !matches!(&*media, "text/html" | "application/xhtml+xml") {
        return Ok(None);
    }
    if let Some(compressed) = compressed(headers) {
        return Err(compressed);
    }
    match &*media {
        "application/x-protobuf" | "application/protobuf" => OtlpResponse::decode(body)
            .map_err(|error| format!("the answer is {media}, and cannot be decoded: {error}"))
            .and_then(|response| whole(&response)),
        "application/json" => json(body).map_err(|reason| {
            let body = String::from_utf8_lossy(body);
            format!(
                "the answer is {media}, and {reason}: {}",
                CollectorText(&body)
            )
        })?,
        _ => Err(not_otlp(&media, body)),
    }
}

/// Checks that the collector accepted every point.
pub(super) fn whole(response: &OtlpResponse) -> Result<Accepted, String> {
    took(response.rejected_points, &response.message)
}

fn took(rejected: i64, message: &str) -> Result<Accepted, String> {
    match (rejected, message) {
        (0, "") => Ok(None),
        (0, warning) => Ok(Some(CollectorText(warning).to_string())),
        (points, why) => Err(format!(
            "{points} points were rejected: {}",
            CollectorText(why)
        )),
    }
}

/// Reads an answer in JSON. The outer error is an answer that is not OTLP.
fn json(body: &[u8]) -> Result<Result<Accepted, String>, &'static str> {
    const ELSE: &str = "is not an answer of OTLP";
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else {
        return Err(ELSE);
    };
    let partial = match either(&answer, ["partialSuccess", "partial_success"]) {
        None if answer.is_empty() => return Ok(Ok(None)),
        None => return Err(ELSE),
        Some(Value::Null) => return Ok(Ok(None)),
        Some(Value::Object(partial)) => partial,
        Some(_) => return Err(ELSE),
    };
    let message = match either(partial, ["errorMessage", "error_message"]) {
        None | Some(Value::Null) => "",
        Some(Value::String(text)) => text,
        Some(_) => return Err("has no text as its error message"),
    };
    // A collector of another signal names spans, log records or profiles.
    for (name, value) in partial
        .iter()
        .filter(|(name, _)| name.starts_with("rejected"))
    {
        let rejected = number(value).ok_or("has no number of rejected points")?;
        if rejected == 0 {
            continue;
        }
        if matches!(&**name, "rejectedDataPoints" | "rejected_data_points") {
            return Ok(took(rejected, message));
        }
        return Ok(Err(format!(
            "{} is {rejected}, unlike in answers of metrics collectors: check the endpoint; the message is {}",
            CollectorText(name),
            CollectorText(message)
        )));
    }
    Ok(took(0, message))
}

/// The value of either name. `null` counts only if the other name is absent.
fn either<'a>(object: &'a Map<String, Value>, names: [&str; 2]) -> Option<&'a Value> {
    let found = names.iter().filter_map(|name| object.get(*name));
    found.min_by_key(|value| value.is_null())
}

/// A number of 64 bits. Protobuf's JSON writes it as a text, and its fraction can be 0.
fn number(value: &Value) -> Option<i64> {
    let text = match value {
        Value::Null => return Some(0),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let float = || text.parse::<f64>().ok();
    let whole = |it: &f64| it.fract() == 0.0 && it.abs() < (1_u64 << 53) as f64;
    let of_float = || float().filter(whole).map(|it| it as i64);
    text.parse().ok().or_else(of_float)
}

/// Media type without parameters.
pub(super) fn media(headers: &HeaderMap) -> String {
    let media = text(headers, CONTENT_TYPE);
    let media = media.split(';').next().unwrap_or_default();
    media.trim().to_ascii_lowercase()
}

/// Whether the media type is gRPC. gRPC-Web, `application/grpc-web`, is another protocol.
pub(super) fn is_grpc(media: &str) -> bool {
    media == "application/grpc" || media.starts_with("application/grpc+")
}

/// Reason why a compressed body cannot be read, or `None` for a plain body.
pub(super) fn compressed(headers: &HeaderMap) -> Option<String> {
    let encoding = text(headers, CONTENT_ENCODING);
    let none = encoding.is_empty() || encoding.eq_ignore_ascii_case("identity");
    (!none).then(|| {
        format!(
            "the answer is compressed with {}, which the request did not allow",
            CollectorText(&encoding)
        )
    })
}

/// Value of a header, or an empty text. Bytes that are not UTF-8 are replaced.
pub(super) fn text(headers: &HeaderMap, name: HeaderName) -> Cow<'_, str> {
    let value = headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
    String::from_utf8_lossy(value)
}

/// Error of an answer that is not from an OTLP collector.
pub(super) fn not_otlp(media: &str, body: &[u8]) -> String {
    let kind = if media.is_empty() {
        "has no media type".to_owned()
    } else {
        format!("has the media type {}", CollectorText(media))
    };
    let body = String::from_utf8_lossy(body);
    let body = match body.trim_start() {
        "" => "it is empty".to_owned(),
        body => format!("it starts with {}", CollectorText(body)),
    };
    format!("the answer {kind}, unlike answers of OTLP collectors: check the endpoint; {body}")
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::metrics::v1::{
        ExportMetricsPartialSuccess, ExportMetricsServiceResponse,
    };
    use prost::Message;

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
    fn answers_of_collectors_are_accepted() {
        for media in ["", "text/plain", PROTOBUF, JSON] {
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
            r#"{"partialSuccess":{"rejectedDataPoints":0.0}}"#,
            r#"{"partialSuccess":{"rejectedSpans":"0","rejectedDataPoints":null}}"#,
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
        for number in ["\"5\"", "5", "5.0"] {
            let body = format!(
                r#"{{"partialSuccess":{{"rejectedDataPoints":{number},"errorMessage":"too old"}}}}"#
            );
            assert_eq!(answer(JSON, body.as_bytes()), said);
        }
        for both in [
            r#"{"partialSuccess":null,"partial_success":{"rejected_data_points":5,"error_message":"too old"}}"#,
            r#"{"partialSuccess":{"rejectedDataPoints":5,"errorMessage":"too old"},"partial_success":{}}"#,
        ] {
            assert_eq!(answer(JSON, both.as_bytes()), said);
        }
        for name in ["rejectedSpans", "rejected_log_records"] {
            let body = format!(r#"{{"partialSuccess":{{"{name}":"4"}}}}"#);
            let said = answer(JSON, body.as_bytes()).err().unwrap_or_default();
            assert!(
                said.starts_with(&format!(r#""{name}" is 4, unlike"#)),
                "{said}"
            );
        }
    }

    #[test]
    fn a_media_type_that_is_not_text_is_shown() -> Result<(), Box<dyn std::error::Error>> {
        let value = HeaderValue::from_bytes(b"text/\xff")?;
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, value)]);
        let said = accepted(&headers, b"ok").err().unwrap_or_default();
        assert!(said.contains("the media type \"text/\u{fffd}\""), "{said}");
        Ok(())
    }

    #[test]
    fn grpc_web_is_not_grpc() {
        for (media, grpc) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("application/grpc-web", false),
            ("application/grpc-web+proto", false),
            ("application/grpcx", false),
        ] {
            assert_eq!(is_grpc(media), grpc, "{media}");
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
            ("text/html", b"", "it is empty"),
            ("application/xhtml+xml", b"", "it is empty"),
            ("text/plain", b"ok", r#"it starts with "ok""#),
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
            r#"the answer is compressed with "gzip", which the request did not allow"#
        );
    }
}
