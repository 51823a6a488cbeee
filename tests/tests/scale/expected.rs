//! What `serve` exposes beyond the registries of the library: the same families, with
//! the same labels, and values of as many digits as a runner has after some days.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use solti_metrics_host::DropReason;

use crate::runner::Plan;

/// A family: its name, whether it is a counter, and what it is counted by.
type Family = (&'static str, bool, By);

/// What series of a family there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    One,
    Backend,
    Task,
    /// Each of a task's, with another label and its values.
    TaskAnd(&'static str, &'static [&'static str]),
    TaskAndReason,
    /// One label with these values.
    Label(&'static str, &'static [&'static str]),
    /// Pages that were asked for, with the answer's code.
    Requests,
}

const OUTCOMES: &[&str] = &["success", "failure", "canceled", "timeout", "not_started"];

/// Without those that a setting adds: fuel, and what pushes.
const FAMILIES: &[Family] = &[
    (
        "solti_metrics_task_runs",
        true,
        By::TaskAnd("outcome", OUTCOMES),
    ),
    ("solti_metrics_task_rejected", true, By::Task),
    ("solti_metrics_task_running", false, By::Task),
    ("solti_metrics_task_waiting", false, By::Task),
    ("solti_metrics_task_cpu_seconds", true, By::Task),
    ("solti_metrics_task_host_calls", true, By::Task),
    ("solti_metrics_task_peak_memory_bytes", false, By::Task),
    ("solti_metrics_task_records_accepted", true, By::Task),
    ("solti_metrics_task_records_delivered", true, By::Task),
    (
        "solti_metrics_task_records_dropped",
        true,
        By::TaskAndReason,
    ),
    (
        "solti_metrics_task_record_path",
        false,
        By::TaskAnd("path", &["inline", "direct", "none"]),
    ),
    ("solti_metrics_task_loaded", false, By::Task),
    ("solti_metrics_artifact_cache_hits", true, By::One),
    ("solti_metrics_artifact_cache_misses", true, By::One),
    ("solti_metrics_artifact_cache_rejected", true, By::One),
    ("solti_metrics_artifact_cache_stored", true, By::One),
    ("solti_metrics_artifact_cache_store_failures", true, By::One),
    ("solti_metrics_artifact_cache_evicted", true, By::One),
    ("solti_metrics_artifact_compilations", true, By::One),
    ("solti_metrics_artifact_compile_seconds", true, By::One),
    ("solti_metrics_epoch_ticks", true, By::One),
    ("solti_metrics_epoch_ticks_late", true, By::One),
    ("solti_metrics_backend_memory_bytes", false, By::Backend),
    ("solti_metrics_backend_busy_seconds", true, By::Backend),
    (
        "solti_metrics_config_reloads",
        true,
        By::Label("result", &["applied", "failed"]),
    ),
    (
        "solti_metrics_config_last_reload_successful",
        false,
        By::One,
    ),
    ("solti_metrics_http_requests", true, By::Requests),
    ("solti_metrics_http_connections", false, By::One),
    ("solti_metrics_http_connections_refused", true, By::One),
    (
        "solti_metrics_build_info",
        false,
        By::Label("version", &["0.1.0"]),
    ),
    ("process_start_time_seconds", false, By::One),
    ("process_cpu_seconds", true, By::One),
    ("process_resident_memory_bytes", false, By::One),
    ("process_open_fds", false, By::One),
    ("process_max_fds", false, By::One),
];

/// How many series each task has.
pub(crate) fn series_of_a_task() -> usize {
    let each = FAMILIES.iter().map(|(_, _, by)| match by {
        By::Task => 1,
        By::TaskAnd(_, values) => values.len(),
        By::TaskAndReason => DropReason::ALL.len(),
        By::One | By::Backend | By::Label(..) | By::Requests => 0,
    });
    each.sum()
}

#[derive(Debug)]
pub(crate) struct Expected {
    tasks: Vec<String>,
    backends: Vec<String>,
}

impl Expected {
    pub(crate) fn of(plan: Plan) -> Self {
        let named = |kind: &str, count| (0..count).map(|n| format!("{kind}-{n}")).collect();
        Self {
            // As long as names of tasks are.
            tasks: named("resize-images", plan.tasks),
            backends: named("sink", plan.backends),
        }
    }

    fn series(&self, by: By) -> Vec<Vec<(&str, &str)>> {
        let tasks = || self.tasks.iter().map(|task| ("task", &**task));
        let tasks_and = |label, values: &[&'static str]| {
            let values = values.to_vec();
            let each = |task| values.iter().map(move |value| vec![task, (label, *value)]);
            tasks().flat_map(each).collect()
        };
        match by {
            By::One => vec![vec![]],
            By::Backend => {
                let backends = self.backends.iter();
                backends.map(|name| vec![("backend", &**name)]).collect()
            }
            By::Task => tasks().map(|task| vec![task]).collect(),
            By::TaskAnd(label, values) => tasks_and(label, values),
            By::TaskAndReason => tasks_and("reason", &DropReason::ALL.map(DropReason::as_label)),
            By::Label(label, values) => values.iter().map(|value| vec![(label, *value)]).collect(),
            By::Requests => ["metrics", "healthz", "readyz"]
                .map(|page| vec![("page", page), ("code", "200")])
                .into(),
        }
    }
}

impl Collector for Expected {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut values = (1_u64..).map(value);
        for &(name, counter, by) in FAMILIES {
            let help = "As long a sentence as others have here.";
            let (count, gauge) = (ConstCounter::new(0_u64), ConstGauge::new(0_u64));
            let kind = if counter {
                count.metric_type()
            } else {
                gauge.metric_type()
            };
            let mut family = encoder.encode_descriptor(name, help, None, kind)?;
            for labels in self.series(by) {
                // Nothing is dropped, usually.
                let lost = by == By::TaskAndReason;
                let value = values.next().filter(|_| !lost).unwrap_or(0);
                let one = family.encode_family(&labels)?;
                if counter {
                    ConstCounter::new(value).encode(one)?;
                } else {
                    ConstGauge::new(value).encode(one)?;
                }
            }
        }
        Ok(())
    }
}

/// Of three to six digits, and no two the same: those would be nothing in gzip.
fn value(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 44;
    100 + mixed % [900, 9_900, 99_900, 999_900][number as usize % 4]
}
