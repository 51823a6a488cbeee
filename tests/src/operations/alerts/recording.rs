use solti_metrics::TaskOutcome;

use super::case::{series, write_series};
use super::yaml::{Yaml, quoted};
use crate::operations::unsuccessful;

/// A recording rule, for alerts and for queries over many runners.
#[derive(Debug, Clone)]
pub struct Recording {
    /// Level, metric and operation, by the naming rules of Prometheus.
    pub name: &'static str,
    /// Purpose of the rule.
    pub about: &'static str,
    /// The expression.
    pub expression: String,
    /// Test cases.
    pub checks: Vec<Check>,
}

/// Series, and the recorded results.
#[derive(Debug, Clone)]
pub struct Check {
    shows: &'static str,
    series: Vec<(String, &'static str)>,
    at: &'static str,
    /// The recorded series without their name, and their values.
    samples: Vec<(String, f64)>,
}

impl Check {
    pub(super) fn write(&self, yaml: &mut Yaml, name: &str) {
        let owned = |(series, values): &(String, &str)| (series.clone(), (*values).to_owned());
        let series: Vec<_> = self.series.iter().map(owned).collect();
        write_series(yaml, &format!("{name}: {}", self.shows), &series);
        yaml.line(2, "promql_expr_test:");
        yaml.line(3, &format!("- expr: {}", quoted(name)));
        yaml.line(4, &format!("eval_time: {}", self.at));
        yaml.line(4, "exp_samples:");
        for (labels, value) in &self.samples {
            yaml.item(5, "labels", &format!("{name}{labels}"));
            yaml.line(6, &format!("value: {value}"));
        }
    }
}

pub(super) const IMBALANCE: &str = "source:solti_metrics_records_imbalance:abs";
pub(super) const QUEUE_FILL: &str = "backend:solti_metrics_backend_queue_length:ratio";
pub(super) const EXPORT_FAILURES: &str = "backend:solti_metrics_export_failures:ratio10m";
pub(super) const UNSUCCESSFUL: &str = "task:solti_metrics_task_runs_unsuccessful:ratio1h";
pub(super) const TIMEOUTS: &str = "task:solti_metrics_task_runs_timeout:ratio1h";
pub(super) const TICKS_LATE: &str = "instance:solti_metrics_epoch_ticks_late:ratio5m";
const COMPLETED: &str = "job_runner_outcome:solti_runner_tasks_completed:rate5m";
const BUCKETS: &str = "job_runner_outcome_le:solti_runner_task_duration_seconds_bucket:rate5m";
const P50: &str = "job_runner_outcome:solti_runner_task_duration_seconds:p50_5m";
const P95: &str = "job_runner_outcome:solti_runner_task_duration_seconds:p95_5m";
const P99: &str = "job_runner_outcome:solti_runner_task_duration_seconds:p99_5m";

/// All recording rules. Each follows the rules that it reads.
#[must_use]
pub fn recordings() -> Vec<Recording> {
    let mut recordings = of_alerts();
    recordings.extend(of_many_runners());
    recordings
}

fn of_alerts() -> Vec<Recording> {
    let canceled = TaskOutcome::Canceled.as_label();
    let runs = |matcher: String| {
        format!(
            "sum without (outcome) (rate(solti_metrics_task_runs_total{{outcome{matcher}}}[1h]))"
        )
    };
    let share = |matcher: String| {
        format!(
            "{}\n/\n{}",
            runs(matcher),
            runs(format!("!=\"{canceled}\""))
        )
    };
    vec![
        Recording {
            name: IMBALANCE,
            about: "Records that are not delivered, dropped or in flight: 0, except for an instant.",
            expression: "abs(\n  solti_metrics_records_accepted_total\n  \
                - solti_metrics_records_delivered_total\n  \
                - sum without (reason) (solti_metrics_records_dropped_total)\n  \
                - solti_metrics_records_in_flight\n)"
                .to_owned(),
            checks: vec![Check {
                shows: "delivered, dropped and in flight all account for records",
                series: vec![
                    (
                        series("solti_metrics_records_accepted_total", "source=sink"),
                        "20x5",
                    ),
                    (
                        series("solti_metrics_records_delivered_total", "source=sink"),
                        "10x5",
                    ),
                    (dropped("quota"), "4x5"),
                    (dropped("sampled"), "3x5"),
                    (
                        series("solti_metrics_records_in_flight", "source=sink"),
                        "1x5",
                    ),
                ],
                at: "5m",
                samples: vec![(series("", "source=sink"), 2.0)],
            }],
        },
        Recording {
            name: QUEUE_FILL,
            about: "Used share of the queue of a backend, from 0 to 1.",
            expression: "solti_metrics_backend_queue_length / solti_metrics_backend_queue_capacity"
                .to_owned(),
            checks: Vec::new(),
        },
        Recording {
            name: EXPORT_FAILURES,
            about: "Share of export attempts that failed; NaN without attempts.",
            expression: "rate(solti_metrics_export_failures_total[10m])\n/\n\
                rate(solti_metrics_export_attempts_total[10m])"
                .to_owned(),
            checks: Vec::new(),
        },
        Recording {
            name: UNSUCCESSFUL,
            about: "Share of runs that did not succeed, without canceled runs.",
            expression: share(format!("=~\"{}\"", unsuccessful())),
            checks: vec![Check {
                shows: "runs with failed starts count, canceled runs do not, and a restart has no effect",
                series: vec![
                    (runs_of("success"), "0+6x30 6+6x30"),
                    (runs_of("start_failed"), "0+2x30 2+2x30"),
                    (runs_of("canceled"), "0+9x30 9+9x30"),
                ],
                at: "1h",
                samples: vec![(series("", "task=digest"), 0.25)],
            }],
        },
        Recording {
            name: TIMEOUTS,
            about: "Share of runs that exceeded their timeout, without canceled runs.",
            expression: share(format!("=\"{}\"", TaskOutcome::Timeout.as_label())),
            checks: Vec::new(),
        },
        Recording {
            name: TICKS_LATE,
            about: "Share of epoch ticks that came late; time limits are late by the same time.",
            expression: "rate(solti_metrics_epoch_ticks_late_total[5m])\n/\n\
                rate(solti_metrics_epoch_ticks_total[5m])"
                .to_owned(),
            checks: Vec::new(),
        },
    ]
}

/// Sums over instances, for dashboards of many runners. Only these rules read the scraped
/// series.
fn of_many_runners() -> Vec<Recording> {
    let quantile = |name, about, q| Recording {
        name,
        about,
        expression: format!("histogram_quantile({q}, {BUCKETS})"),
        checks: Vec::new(),
    };
    let mut recordings = vec![
        Recording {
            name: COMPLETED,
            about: "Tasks that ended per second, over all instances of a job.",
            expression: "sum without (instance) (rate(solti_runner_tasks_completed_total[5m]))"
                .to_owned(),
            checks: vec![Check {
                shows: "the restart of one of two instances does not change their sum",
                series: vec![
                    (completed("a:9464"), "0+60x5 0+60x5"),
                    (completed("b:9464"), "0+120x10"),
                ],
                at: "10m",
                // In the minute of a restart, the rate does not see the values before the
                // restart.
                samples: vec![(
                    "{job=\"solti-metrics\",outcome=\"success\",runner=\"wasm\"}".to_owned(),
                    2.8,
                )],
            }],
        },
        Recording {
            name: BUCKETS,
            about: "Buckets of the quantiles over all instances of a job.",
            expression:
                "sum without (instance) (rate(solti_runner_task_duration_seconds_bucket[5m]))"
                    .to_owned(),
            checks: Vec::new(),
        },
        quantile(P50, "Median of the duration of tasks.", "0.5"),
        quantile(P95, "95th percentile of the duration of tasks.", "0.95"),
        quantile(P99, "99th percentile of the duration of tasks.", "0.99"),
    ];
    if let Some(p50) = recordings.iter_mut().find(|it| it.name == P50) {
        p50.checks.push(Check {
            shows: "the median covers a fast instance and part of a slow one",
            series: vec![
                (bucket("a:9464", "1"), "0+60x10"),
                (bucket("a:9464", "2.5"), "0+60x10"),
                (bucket("a:9464", "+Inf"), "0+60x10"),
                (bucket("b:9464", "1"), "0+0x10"),
                (bucket("b:9464", "2.5"), "0+120x10"),
                (bucket("b:9464", "+Inf"), "0+120x10"),
            ],
            at: "10m",
            samples: vec![(
                "{job=\"solti-metrics\",outcome=\"success\",runner=\"wasm\"}".to_owned(),
                1.375,
            )],
        });
    }
    recordings
}

fn dropped(reason: &str) -> String {
    series(
        "solti_metrics_records_dropped_total",
        &format!("source=sink,reason={reason}"),
    )
}

fn runs_of(outcome: &str) -> String {
    series(
        "solti_metrics_task_runs_total",
        &format!("task=digest,outcome={outcome}"),
    )
}

fn completed(instance: &str) -> String {
    let labels = format!("instance={instance},runner=wasm,outcome=success");
    series("solti_runner_tasks_completed_total", &labels)
}

fn bucket(instance: &str, le: &str) -> String {
    let labels = format!("instance={instance},runner=wasm,outcome=success,le={le}");
    series("solti_runner_task_duration_seconds_bucket", &labels)
}
