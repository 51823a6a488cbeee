//! The metric families of the contract, encoded for Prometheus.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::PrometheusMetrics;
use crate::totals::{Durations, Shards};
use crate::{RunnerErrorKind, RunnerType, TaskOutcome};

/// Encodes in the order of the labels. `prometheus-client`'s own families have the order of a
/// hash table, which differs in each process.
impl Collector for Shards {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let total = self.total();
        let mut family = encoder.encode_descriptor(
            "solti_runner_tasks_started",
            "Tasks that started to execute, by runner type.",
            None,
            MetricType::Counter,
        )?;
        for runner in RunnerType::ALL {
            let labels = [("runner", runner.as_label())];
            let started = total.started[runner as usize];
            counter(family.encode_family(&labels)?, started)?;
        }

        let mut family = encoder.encode_descriptor(
            "solti_runner_tasks_completed",
            "Tasks that ended, by runner type and outcome.",
            None,
            MetricType::Counter,
        )?;
        for runner in RunnerType::ALL {
            for outcome in TaskOutcome::ALL {
                let labels = by_outcome(runner, outcome);
                let completed = total.durations[runner as usize][outcome as usize].count();
                counter(family.encode_family(&labels)?, completed)?;
            }
        }

        let mut family = encoder.encode_descriptor(
            "solti_runner_task_duration",
            "Duration of tasks that ended, in seconds, by runner type and outcome.",
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?;
        for runner in RunnerType::ALL {
            for outcome in TaskOutcome::ALL {
                let durations = &total.durations[runner as usize][outcome as usize];
                if durations.count() > 0 {
                    let labels = by_outcome(runner, outcome);
                    histogram(family.encode_family(&labels)?, durations)?;
                }
            }
        }

        let mut family = encoder.encode_descriptor(
            "solti_runner_errors",
            "Failed steps of setting a task up or tearing it down, by runner type and step.",
            None,
            MetricType::Counter,
        )?;
        for runner in RunnerType::ALL {
            for error in RunnerErrorKind::ALL {
                let labels = [("runner", runner.as_label()), ("error", error.as_label())];
                let errors = total.errors[runner as usize][error as usize];
                counter(family.encode_family(&labels)?, errors)?;
            }
        }
        Ok(())
    }
}

fn counter(mut encoder: MetricEncoder<'_>, value: u64) -> fmt::Result {
    encoder.encode_counter::<NoLabelSet, _, u64>(&value, None)
}

/// The bucket above all bounds also counts, so that the count equals the last cumulative
/// bucket.
fn histogram(mut encoder: MetricEncoder<'_>, durations: &Durations) -> fmt::Result {
    let bounds = PrometheusMetrics::BUCKETS
        .into_iter()
        .chain([f64::INFINITY]);
    let buckets: Vec<_> = bounds.zip(*durations.buckets()).collect();
    encoder.encode_histogram::<NoLabelSet>(
        durations.sum_seconds(),
        durations.count(),
        &buckets,
        None,
    )
}

fn by_outcome(runner: RunnerType, outcome: TaskOutcome) -> [(&'static str, &'static str); 2] {
    [
        ("runner", runner.as_label()),
        ("outcome", outcome.as_label()),
    ]
}
