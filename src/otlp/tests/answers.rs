//! Answers of a server, and their effect on a push.

use super::collector::{Answer, Collector, Does};
use super::{BOTH, GUARD, Outcome, pushing_to, record, script};
use crate::{OtlpMetrics, OtlpProtocol};

const fn http(
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: &'static [u8],
) -> Answer {
    Answer {
        status,
        headers,
        body,
        trailers: &[],
    }
}

const fn grpc(body: &'static [u8], trailers: &'static [(&'static str, &'static str)]) -> Answer {
    Answer {
        status: 200,
        headers: &[("content-type", "application/grpc")],
        body,
        trailers,
    }
}

const HTML: &[(&str, &str)] = &[("content-type", "text/html; charset=utf-8")];
const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const PROTOBUF: &[(&str, &str)] = &[("content-type", "application/x-protobuf")];
const GZIP: &[(&str, &str)] = &[("content-type", "text/plain"), ("content-encoding", "gzip")];
const GRPC_WEB: &[(&str, &str)] = &[("content-type", "application/grpc-web+proto")];
const OK: &[(&str, &str)] = &[("grpc-status", "0")];

/// A body above the maximum that is read.
static LARGE: [u8; 100_000] = [b' '; 100_000];

/// HTTP answers, and the expected errors.
static OF_HTTP: &[(Answer, &str)] = &[
    (
        http(200, HTML, b"<!doctype html>"),
        r#"the media type "text/html""#,
    ),
    (http(200, JSON, b"{\"code\":5}"), "is not an answer of OTLP"),
    (http(200, PROTOBUF, b"\xff\xff"), "cannot be decoded"),
    (http(200, &[], b"ok"), "has no media type"),
    (http(200, JSON, &LARGE), "the answer is larger than 64 KiB"),
    (
        http(
            200,
            JSON,
            br#"{"partialSuccess":{"rejectedDataPoints":"7"}}"#,
        ),
        "7 points were rejected",
    ),
    (
        http(200, &[("content-type", "application/grpc")], b""),
        "set the protocol to grpc",
    ),
    (
        http(400, PROTOBUF, b"\x08\x03\x12\x07too old"),
        r#"status 400: "too old""#,
    ),
    (http(200, HTML, b""), r#"the media type "text/html""#),
    (
        http(
            200,
            JSON,
            br#"{"partialSuccess":{"rejectedSpans":"4","errorMessage":"no spans"}}"#,
        ),
        r#""rejectedSpans" is 4, unlike in answers of metrics collectors"#,
    ),
    (
        http(200, &[("content-type", "text/\u{202e}")], b"<p>"),
        r#"the media type "text/\u{202e}""#,
    ),
    (
        http(200, GRPC_WEB, b"\0\0\0\0\0"),
        r#"the media type "application/grpc-web+proto""#,
    ),
    (
        http(400, PROTOBUF, b"plain text reason"),
        r#"status 400: "plain text reason""#,
    ),
    (
        http(400, GZIP, b"\x1f\x8b\x08"),
        r#"status 400: the answer is compressed with "gzip""#,
    ),
    (
        http(401, &[("www-authenticate", "Bearer realm=\"otel\"")], b""),
        r#"status 401: the header www-authenticate is "Bearer realm=\"otel\"""#,
    ),
    (
        http(407, &[("proxy-authenticate", "Basic")], b""),
        r#"status 407: the header proxy-authenticate is "Basic""#,
    ),
    (
        http(301, &[("location", "http://x/\u{202e}")], b""),
        r#"redirects to "http://x/\u{202e}""#,
    ),
    (
        http(301, HTML, b"<p>moved"),
        r#"redirects without a Location, and redirects are not followed: "<p>moved""#,
    ),
    (
        http(308, &[("location", "?key=hunter2")], b""),
        "redirects to the same path with another query, which is not shown",
    ),
    (
        http(401, &[], b"no such token: hunter2\n"),
        r#"status 401: "no such token: [hidden]""#,
    ),
    (
        http(403, HTML, b"<b>\x1b[31mno\x1b[0m</b>"),
        r#"status 403: "<b>\u{1b}[31mno\u{1b}[0m</b>""#,
    ),
    (http(503, &[("retry-after", "0")], b""), "status 503"),
    (http(500, HTML, &LARGE), "status 500"),
    (
        http(
            302,
            &[("location", "https://login.example/?key=hunter2")],
            b"moved",
        ),
        r#"status 302: redirects to "https://login.example/", and redirects are not followed"#,
    ),
];

/// gRPC answers, and the expected errors.
static OF_GRPC: &[(Answer, &str)] = &[
    (grpc(b"\0\0\0\0\0", &[]), "ended without a grpc-status"),
    (grpc(b"", OK), "the answer has no message"),
    (grpc(b"\x01\0\0\0\0", OK), "the answer is compressed"),
    (grpc(b"\0\0\0\0\x09", OK), "has 0 bytes and announced 9"),
    (grpc(b"\0\0\0\0\x02\xff\xff", OK), "cannot be decoded"),
    (grpc(&LARGE, OK), "the answer is larger than 64 KiB"),
    (
        grpc(
            b"",
            &[("grpc-status", "16"), ("grpc-message", "no%20token%0a")],
        ),
        r#"grpc status Unauthenticated: "no token\n""#,
    ),
    (
        http(200, HTML, b"<!doctype html>"),
        r#"the media type "text/html""#,
    ),
    (
        http(200, GRPC_WEB, b"\0\0\0\0\0"),
        r#"the media type "application/grpc-web+proto""#,
    ),
    (
        http(200, GZIP, b"\x1f\x8b\x08"),
        r#"the answer is compressed with "gzip""#,
    ),
    (
        http(
            503,
            &[
                ("content-type", "application/grpc"),
                ("grpc-status", "7"),
                ("grpc-message", "denied"),
            ],
            b"",
        ),
        r#"status 503: grpc status PermissionDenied: "denied""#,
    ),
    (
        http(404, HTML, b"not here"),
        "set the protocol to http/protobuf",
    ),
    (
        http(503, &[("retry-after", "9")], b"later"),
        r#"status 503: "later""#,
    ),
];

fn answers(protocol: OtlpProtocol) -> &'static [(Answer, &'static str)] {
    match protocol {
        OtlpProtocol::HttpProtobuf => OF_HTTP,
        OtlpProtocol::Grpc => OF_GRPC,
    }
}

#[test]
fn an_answer_that_no_collector_sends_is_a_failure_with_the_reason() -> Outcome {
    for protocol in BOTH {
        let collector = Collector::start(protocol)?;
        let metrics = pushing_to(&collector)
            .header("authorization", "Bearer hunter2")
            .build()?;
        record(&metrics, &script());
        for (answer, expected) in answers(protocol) {
            collector.does(Does::Answer(answer));
            let said = refused(&metrics);
            assert!(said.contains(expected), "{expected}: {said}");
            assert!(!said.contains("hunter2") && said.len() < 1_500, "{said}");
            assert!(!said.contains(char::is_control), "{said:?}");
        }
        let status = metrics.status();
        assert_eq!(status.failures, answers(protocol).len() as u64);
        assert_eq!(status.ledger.delivered(), 0);
        collector.does(Does::Accept);
        metrics.flush(GUARD)?;
    }
    Ok(())
}

#[test]
fn an_answer_with_nothing_to_say_is_a_delivery() -> Outcome {
    static GOOD: &[Answer] = &[
        http(200, &[], b""),
        http(202, &[("content-type", "text/plain")], b""),
        http(
            200,
            JSON,
            br#"{"partialSuccess":{"rejectedDataPoints":0.0}}"#,
        ),
        http(204, &[], b""),
        http(200, PROTOBUF, b""),
        http(200, JSON, b"{}"),
        http(200, JSON, br#"{"partialSuccess":{}}"#),
    ];
    let collector = Collector::start(BOTH[0])?;
    let metrics = pushing_to(&collector).build()?;
    for answer in GOOD {
        collector.does(Does::Answer(answer));
        metrics.flush(GUARD)?;
    }
    assert_eq!(metrics.status().failures, 0);
    Ok(())
}

#[test]
fn a_warning_is_reported_and_all_records_are_delivered() -> Outcome {
    for protocol in BOTH {
        let collector = Collector::start(protocol)?;
        let metrics = pushing_to(&collector).build()?;
        record(&metrics, &script());
        collector.does(Does::Reject(0));
        metrics.flush(GUARD)?;
        let status = metrics.status();
        assert_eq!(status.last_warning.as_deref(), Some(r#""too old\n""#));
        assert_eq!(status.last_error, None);
        assert_eq!(status.ledger.delivered(), script().len() as u64);
    }
    Ok(())
}

#[test]
fn a_collector_of_the_other_protocol_is_recognised() -> Outcome {
    for (protocol, other, expected) in [
        (BOTH[0], BOTH[1], "set the protocol to grpc"),
        (BOTH[1], BOTH[0], "set the protocol to http/protobuf"),
    ] {
        let collector = Collector::start(other)?;
        let metrics = pushing_to(&collector).protocol(protocol).build()?;
        let said = refused(&metrics);
        assert!(said.contains(expected), "{said}");
    }
    Ok(())
}

#[test]
fn a_server_that_resets_in_the_handshake_may_want_a_client_certificate() -> Outcome {
    use std::io::Read;

    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // Closing a socket with unread bytes resets the connection.
            let _ = stream.read(&mut [0]);
        }
    });
    for protocol in BOTH {
        let metrics = OtlpMetrics::builder(format!("https://{address}"))
            .protocol(protocol)
            .interval(GUARD)
            .build()?;
        let said = refused(&metrics);
        for expected in [
            "closed the connection during the TLS handshake",
            "client certificate",
        ] {
            assert!(said.contains(expected), "{expected}: {said}");
        }
    }
    Ok(())
}

#[test]
fn a_server_that_speaks_something_else_is_recognised() -> Outcome {
    use std::io::Write;

    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        // The server keeps the connections open: a close could discard its answer.
        let mut streams = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"SSH-2.0-server\r\n");
            streams.push(stream);
        }
    });
    for protocol in BOTH {
        for (scheme, expected) in [
            (
                "http",
                r#"does not speak HTTP, but starts with "SSH-2.0-server"#,
            ),
            ("https", "answers without TLS"),
        ] {
            let metrics = OtlpMetrics::builder(format!("{scheme}://{address}"))
                .protocol(protocol)
                .interval(GUARD)
                .build()?;
            let said = refused(&metrics);
            assert!(said.contains(expected), "{scheme}: {said}");
        }
    }
    Ok(())
}

fn refused(metrics: &OtlpMetrics) -> String {
    metrics
        .flush(GUARD)
        .map_or_else(|error| error.to_string(), |()| "accepted".to_owned())
}
