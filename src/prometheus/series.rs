use std::fmt;
use std::sync::OnceLock;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Unit;

use super::PrometheusMetrics;
use crate::{RunnerErrorKind, RunnerType, TaskOutcome};

const RUNNERS: usize = RunnerType::ALL.len();
const OUTCOMES: usize = TaskOutcome::ALL.len();
const ERRORS: usize = RunnerErrorKind::ALL.len();

/// Every series there can be, each in a place of its own: the labels are a
/// closed set, so that finding a series is an index and not a look-up.
#[derive(Debug, Default)]
pub(super) struct Series {
    started: [Counter; RUNNERS],
    completed: [[Counter; OUTCOMES]; RUNNERS],
    durations: [[OnceLock<Histogram>; OUTCOMES]; RUNNERS],
    errors: [[Counter; ERRORS]; RUNNERS],
}

impl Series {
    #[inline]
    pub(super) fn started(&self, runner: RunnerType) -> &Counter {
        &self.started[runner as usize]
    }

    #[inline]
    pub(super) fn completed(&self, runner: RunnerType, outcome: TaskOutcome) -> &Counter {
        &self.completed[runner as usize][outcome as usize]
    }

    #[inline]
    pub(super) fn durations(&self, runner: RunnerType, outcome: TaskOutcome) -> &Histogram {
        self.durations[runner as usize][outcome as usize]
            .get_or_init(|| Histogram::new(PrometheusMetrics::BUCKETS))
    }

    #[inline]
    pub(super) fn errors(&self, runner: RunnerType, error: RunnerErrorKind) -> &Counter {
        &self.errors[runner as usize][error as usize]
    }
}

/// In the order of the labels, where `prometheus-client`'s own families have
/// that of a hash table, which is another one in each process.
impl Collector for Series {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut family = encoder.encode_descriptor(
            "solti_runner_tasks_started",
            "Tasks that began to execute.",
            None,
            MetricType::Counter,
        )?;
        for runner in RunnerType::ALL {
            let labels = [("runner", runner.as_label())];
            self.started(runner)
                .encode(family.encode_family(&labels)?)?;
        }

        let mut family = encoder.encode_descriptor(
            "solti_runner_tasks_completed",
            "Tasks that ended, by outcome.",
            None,
            MetricType::Counter,
        )?;
        for runner in RunnerType::ALL {
            for outcome in TaskOutcome::ALL {
                let labels = by_outcome(runner, outcome);
                self.completed(runner, outcome)
                    .encode(family.encode_family(&labels)?)?;
            }
        }

        let mut family = encoder.encode_descriptor(
            "solti_runner_task_duration",
            "How long tasks ran, by outcome.",
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?;
        for runner in RunnerType::ALL {
            for outcome in TaskOutcome::ALL {
                if let Some(seen) = self.durations[runner as usize][outcome as usize].get() {
                    seen.encode(family.encode_family(&by_outcome(runner, outcome))?)?;
                }
            }
        }

        let mut family = encoder.encode_descriptor(
            "solti_runner_errors",
            "Failures of a runner's set-up or tear-down, by step.",
            None,
            MetricType::Counter,
        )?;
        for runner in RunnerType::ALL {
            for error in RunnerErrorKind::ALL {
                let labels = [("runner", runner.as_label()), ("error", error.as_label())];
                self.errors(runner, error)
                    .encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

fn by_outcome(runner: RunnerType, outcome: TaskOutcome) -> [(&'static str, &'static str); 2] {
    [
        ("runner", runner.as_label()),
        ("outcome", outcome.as_label()),
    ]
}
