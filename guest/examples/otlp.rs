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
//! A push that fails, or takes more than two seconds, is an error of `flush`
//! that says where to and why. Nothing is forgotten by that: the next push has
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

/// Whether a collector that answered with success took every point.
fn accepted(answer: &[u8]) -> Result<(), String> {
    // Whoever answers something else has not said that it refused any.
    let partial = ExportMetricsServiceResponse::decode(answer).ok();
    match partial.and_then(|answer| answer.partial_success) {
        Some(p) if p.rejected_data_points > 0 => {
            let (points, why) = (p.rejected_data_points, p.error_message);
            Err(format!("{points} points were rejected: {why:?}"))
        }
        _ => Ok(()),
    }
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

    #[test]
    fn an_answer_that_rejects_points_is_an_error_and_any_other_is_none() {
        let partial = |rejected_data_points| {
            let error_message = "too old".to_owned();
            let partial_success = Some(ExportMetricsPartialSuccess {
                rejected_data_points,
                error_message,
            });
            ExportMetricsServiceResponse { partial_success }.encode_to_vec()
        };
        let rejected = "2 points were rejected: \"too old\"".to_owned();
        assert_eq!(accepted(&partial(2)), Err(rejected));
        for fine in [partial(0), Vec::new(), b"{}".to_vec()] {
            assert_eq!(accepted(&fine), Ok(()));
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
