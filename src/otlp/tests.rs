//! Tests of a backend with a collector in the same process.

use std::time::Duration;

use super::{OtlpBuilder, OtlpMetrics, OtlpProtocol};
use crate::{Event, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

mod answers;
mod collector;
mod failures;
mod ledger;
mod received;
mod secured;
mod settings;
mod totals;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Time limit far above the duration of every test.
const GUARD: Duration = Duration::from_secs(60);

const BOTH: [OtlpProtocol; 2] = [OtlpProtocol::HttpProtobuf, OtlpProtocol::Grpc];

/// A backend that pushes only when a test requests it.
fn pushing_to(collector: &collector::Collector) -> OtlpBuilder {
    OtlpMetrics::builder(collector.url())
        .protocol(collector.protocol)
        .interval(Duration::from_secs(3600))
        .timeout(GUARD)
}

/// Records for every series, all with different counts.
fn script() -> Vec<Event> {
    let mut events = Vec::new();
    for runner in RunnerType::ALL {
        for outcome in TaskOutcome::ALL {
            for error in RunnerErrorKind::ALL {
                let more = events.len() + 1;
                events.extend(vec![Event::TaskStarted { runner }; more % 5]);
                events.extend(vec![Event::RunnerError { runner, error }; more % 3]);
                let duration_ms = (more * more * 7) as u64 % 5_000_000;
                events.push(Event::TaskCompleted {
                    runner,
                    outcome,
                    duration_ms,
                });
            }
        }
    }
    events
}

fn record(metrics: &dyn MetricsBackend, events: &[Event]) {
    for event in events {
        event.record_into(metrics);
    }
}
