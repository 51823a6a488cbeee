//! A provider that adds records up and pushes the totals to an OpenTelemetry
//! collector: OTLP over HTTP, as protobuf, each time it is flushed. It exports
//! `lifecycle`, and needs `wasi:http` to be granted.
//!
//! - `OTLP_ENDPOINT`: the whole address, `http://localhost:4318/v1/metrics`
//!   unless set.
//! - `OTLP_HEADERS`: headers to send along, `name=value`, with commas between.
//! - `OTEL_SERVICE_NAME`: the resource's `service.name`, `solti-runner` unless
//!   set.
//! - `OTLP_ATTRIBUTES`: more of the resource, written like the headers. Two
//!   providers that push to one place must differ here, for example in their
//!   `service.instance.id`, or each overwrites the other's totals.
//!
//! The metrics have their Prometheus names, `_total` and `_seconds` included.
//! What translates OTLP for Prometheus does not append those twice, so that a
//! dashboard finds the same series whichever way they came.
//!
//! A push that fails, takes more than two seconds, or is answered by something
//! that is not OTLP, is an error of `flush` that says where to and why. Nothing is forgotten by that: the next push has
//! the totals since the start once more. A setting that cannot be used is such
//! an error too.
//!
//! A receiver may show the version of the scope, which is this
//! component's, as a label: another version then starts new series.

use std::env;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;
use solti_metrics_guest::{Lifecycle, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

#[path = "otlp/http.rs"]
mod http;
#[path = "otlp/message.rs"]
mod message;
#[path = "otlp/settings.rs"]
mod settings;
#[path = "otlp/totals.rs"]
mod totals;

use http::Answer;
use message::ExportMetricsServiceResponse;
use settings::Settings;
use totals::Totals;

struct Otlp {
    settings: Result<Settings, String>,
    started_at: u64,
    totals: Mutex<Totals>,
}

impl Otlp {
    fn totals(&self) -> MutexGuard<'_, Totals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MetricsBackend for Otlp {
    fn record_task_started(&self, runner: RunnerType) {
        self.totals().started(runner);
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.totals().completed(runner, outcome, duration_ms);
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.totals().error(runner, error);
    }
}

impl Lifecycle for Otlp {
    fn flush(&self) -> Result<(), String> {
        let settings = self.settings.as_ref().map_err(Clone::clone)?;
        let (start, now) = (self.started_at, unix_nanos());
        let request = self.totals().export(&settings.resource, start, now);
        http::post(settings, &request.encode_to_vec())
            .and_then(|answer| accepted(&answer))
            .map_err(|why| format!("{}: {why}", settings.shown()))
    }
}

/// Whether a collector took every point.
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
    // Most have nothing to say.
    if answer.body.is_empty() {
        return Ok(());
    }
    let refused = || Err(format!("the answer is {:?}, not OTLP{says}", answer.media));
    if answer.cut {
        return refused();
    }
    match &*answer.media {
        "application/x-protobuf" | "application/protobuf" => {
            let Ok(answer) = ExportMetricsServiceResponse::decode(&answer.body[..]) else {
                return refused();
            };
            match answer.partial_success {
                Some(p) if p.rejected_data_points != 0 => {
                    let (points, why) = (p.rejected_data_points, shown(p.error_message.as_bytes()));
                    Err(format!("{points} points were rejected: {why}"))
                }
                _ => Ok(()),
            }
        }
        // Of JSON, only what says nothing is understood.
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

/// A collector's words: quoted, on one line, and not more than fit.
fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let text: String = text.trim().chars().take(256).collect();
    format!("{text:?}")
}

fn unix_nanos() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |since| since.as_nanos() as u64)
}

solti_metrics_guest::export_provider!(
    Otlp {
        settings: Settings::read(|name| env::var(name).ok()),
        started_at: unix_nanos(),
        totals: Mutex::default(),
    },
    Lifecycle
);

#[cfg(test)]
mod tests {
    use message::ExportMetricsPartialSuccess;

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
        let partial = |rejected_data_points| {
            let error_message = "too old".to_owned();
            let partial_success = Some(ExportMetricsPartialSuccess {
                rejected_data_points,
                error_message,
            });
            let body = ExportMetricsServiceResponse { partial_success }.encode_to_vec();
            answer(200, PROTOBUF, &body)
        };
        let rejected = "2 points were rejected: \"too old\"".to_owned();
        assert_eq!(accepted(&partial(2)), Err(rejected));
        assert_eq!(accepted(&partial(0)), Ok(()));
    }

    #[test]
    fn an_answer_that_no_collector_gives_is_an_error_that_says_why() {
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
    fn an_answer_with_nothing_to_say_is_none() {
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
    fn a_setting_that_cannot_be_used_is_said_at_each_flush() {
        let otlp = Otlp {
            settings: Err("OTLP_ENDPOINT is wrong".to_owned()),
            started_at: 0,
            totals: Mutex::default(),
        };
        for _ in 0..2 {
            assert_eq!(otlp.flush(), Err("OTLP_ENDPOINT is wrong".to_owned()));
        }
    }
}
