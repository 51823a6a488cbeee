//! A provider that adds records up and pushes the totals to an OpenTelemetry
//! collector: OTLP over HTTP, as protobuf, at each flush. It exports `lifecycle`,
//! and needs a grant for `wasi:http`.
//!
//! - `OTLP_ENDPOINT`: the full URL; default `http://localhost:4318/v1/metrics`.
//! - `OTLP_HEADERS`: request headers, as comma-separated `name=value`.
//! - `OTEL_SERVICE_NAME`: `service.name` of the resource; default `solti-runner`.
//! - `OTLP_ATTRIBUTES`: further attributes of the resource, in the format of the
//!   headers. Two providers that push to one collector need different attributes,
//!   for example `service.instance.id`. Otherwise each provider overwrites the
//!   totals of the other.
//!
//! The metrics have their Prometheus names, `_total` and `_seconds` included.
//! Translators from OTLP to Prometheus do not append these suffixes twice, so a
//! dashboard finds the same series for pushed and scraped metrics.
//!
//! If a push fails, takes more than two seconds, or gets an answer that is not OTLP,
//! `flush` returns an error with the endpoint and the reason. No record is lost: the
//! next push has the totals since the start again. An invalid setting is also an
//! error of `flush`.
//!
//! A collector can show the version of the scope, which is the version of this
//! component, as a label. Another version then starts new series.

use std::env;

use solti_metrics::{OtlpEncoder, OtlpResponse};
use solti_metrics_guest::{Lifecycle, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

#[path = "otlp/http.rs"]
mod http;
#[path = "otlp/settings.rs"]
mod settings;

use http::Answer;
use settings::Settings;

/// The settings and the totals, or the reason of invalid settings, which each flush
/// returns.
struct Otlp(Result<(Settings, OtlpEncoder), String>);

impl Otlp {
    fn new(settings: Result<Settings, String>) -> Self {
        Self(settings.and_then(|settings| {
            let encoder = settings.encoder()?;
            Ok((settings, encoder))
        }))
    }

    fn totals(&self) -> Option<&OtlpEncoder> {
        self.0.as_ref().ok().map(|(_, encoder)| encoder)
    }
}

impl MetricsBackend for Otlp {
    fn record_task_started(&self, runner: RunnerType) {
        if let Some(totals) = self.totals() {
            totals.record_task_started(runner);
        }
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        if let Some(totals) = self.totals() {
            totals.record_task_completed(runner, outcome, duration_ms);
        }
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        if let Some(totals) = self.totals() {
            totals.record_runner_error(runner, error);
        }
    }
}

impl Lifecycle for Otlp {
    fn flush(&self) -> Result<(), String> {
        let (settings, encoder) = self.0.as_ref().map_err(Clone::clone)?;
        http::post(settings, &encoder.encode())
            .and_then(|answer| accepted(&answer))
            .map_err(|why| format!("{}: {why}", settings.shown()))
    }
}

/// Checks that a collector accepted every point.
fn accepted(answer: &Answer) -> Result<(), String> {
    let status = answer.status;
    let says = match &answer.body[..] {
        [] => String::new(),
        body => format!(": {}", shown(body)),
    };
    if (300..400).contains(&status) && !answer.location.is_empty() {
        let to = shown(answer.location.as_bytes());
        return Err(format!("status {status}: redirects to {to}"));
    }
    if !(200..300).contains(&status) {
        return Err(format!("status {status}{says}"));
    }
    // Most collectors answer with an empty body.
    if answer.body.is_empty() {
        return Ok(());
    }
    let refused = || Err(format!("the answer is {:?}, not OTLP{says}", answer.media));
    if answer.cut {
        return refused();
    }
    match &*answer.media {
        "application/x-protobuf" | "application/protobuf" => {
            let Ok(response) = OtlpResponse::decode(&answer.body) else {
                return refused();
            };
            match response.rejected_points {
                0 => Ok(()),
                points => {
                    let why = shown(response.message.as_bytes());
                    Err(format!("{points} points were rejected: {why}"))
                }
            }
        }
        // In JSON, only an empty answer is accepted.
        "application/json" => {
            let text = String::from_utf8_lossy(&answer.body);
            let text: String = text.split_whitespace().collect();
            match &*text {
                "{}" | r#"{"partialSuccess":{}}"# | r#"{"partialSuccess":null}"# => Ok(()),
                _ => refused(),
            }
        }
        _ => refused(),
    }
}

/// Text of a collector: quoted, on one line, and at most 256 characters.
fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let text: String = text.trim().chars().take(256).collect();
    format!("{text:?}")
}

solti_metrics_guest::export_provider!(
    Otlp::new(Settings::read(|name| env::var(name).ok())),
    Lifecycle
);

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, media: &str, body: &[u8]) -> Answer {
        Answer {
            status,
            media: media.to_owned(),
            location: String::new(),
            body: body.to_vec(),
            cut: false,
        }
    }

    const PROTOBUF: &str = "application/x-protobuf";

    #[test]
    fn an_answer_that_rejects_points_is_an_error() {
        // The number of points, and the reason.
        let partial = |points: u8| {
            let body = [b"\x0a\x0b\x08", &[points][..], b"\x12\x07too old"].concat();
            answer(200, PROTOBUF, &body)
        };
        let rejected = "2 points were rejected: \"too old\"".to_owned();
        assert_eq!(accepted(&partial(2)), Err(rejected));
        assert_eq!(accepted(&partial(0)), Ok(()));
    }

    #[test]
    fn an_answer_that_is_not_otlp_is_an_error_with_its_reason() {
        for (status, media, body, expected) in [
            (
                200,
                "text/html",
                &b"<p>log in"[..],
                "the answer is \"text/html\", not OTLP: \"<p>log in\"",
            ),
            (200, "", b"ok", "the answer is \"\", not OTLP: \"ok\""),
            (
                200,
                PROTOBUF,
                b"\xff",
                "the answer is \"application/x-protobuf\", not OTLP: \"\u{fffd}\"",
            ),
            (
                200,
                "application/json",
                br#"{"partialSuccess":{"rejectedDataPoints":"5"}}"#,
                r#"the answer is "application/json", not OTLP: "{\"partialSuccess\":{\"rejectedDataPoints\":\"5\"}}""#,
            ),
            (401, "", b"no\ntoken", r#"status 401: "no\ntoken""#),
            (503, "", b"", "status 503"),
        ] {
            assert_eq!(
                accepted(&answer(status, media, body)),
                Err(expected.to_owned())
            );
        }
        let mut redirect = answer(302, "", b"moved");
        redirect.location = "https://login.example/".to_owned();
        let said = r#"status 302: redirects to "https://login.example/""#.to_owned();
        assert_eq!(accepted(&redirect), Err(said));
        let mut cut = answer(200, "application/json", b"{}");
        cut.cut = true;
        assert!(accepted(&cut).is_err());
    }

    #[test]
    fn an_empty_answer_is_a_delivery() {
        for (status, media, body) in [
            (200, "", &b""[..]),
            (204, "", b""),
            (200, "text/html", b""),
            (200, "application/json", b"{}"),
            (200, "application/json", b"{ \"partialSuccess\": {} }"),
        ] {
            assert_eq!(accepted(&answer(status, media, body)), Ok(()));
        }
    }

    #[test]
    fn each_flush_reports_an_invalid_setting() {
        let otlp = Otlp::new(Err("OTLP_ENDPOINT is wrong".to_owned()));
        otlp.record_task_started(RunnerType::Wasm);
        for _ in 0..2 {
            assert_eq!(otlp.flush(), Err("OTLP_ENDPOINT is wrong".to_owned()));
        }
    }
}
