//! Times of tasks.
//!
//! No expression selects by a text of `le`: the same bound is `1` in one exposition
//! format and `1.0` in the other.

use solti_metrics::PrometheusMetrics;

use super::grid::Row;
use super::panel::{Panel, heatmap, lines};
use super::{TARGET, colours};

const LAST: f64 = PrometheusMetrics::BUCKETS[PrometheusMetrics::BUCKETS.len() - 1];

pub(super) fn row() -> Row {
    let (first, last) = (PrometheusMetrics::BUCKETS[0], LAST);
    let all = |q: &str| {
        format!(
            "histogram_quantile({q}, sum by (le) (rate(solti_runner_task_duration_seconds_bucket{{{TARGET}}}[$__rate_interval])))"
        )
    };
    let spread = format!(
        "Number of tasks by duration, in buckets from {first} s to {last} s. A second band means a second \
         kind of task, or a task that became slow."
    );
    let quantiles = format!(
        "50 %, 95 % and 99 % of the tasks took at most this time. The buckets do not distinguish times below \
         {first} s or above {last} s. If only p99 rises, look for single slow tasks."
    );
    let mut panels = vec![
        heatmap("Durations", &spread, "s").shows_buckets(format!(
            "sum by (le) (increase(solti_runner_task_duration_seconds_bucket{{{TARGET}}}[$__rate_interval]))"
        )),
        lines("Quantiles of all tasks", &quantiles)
            .unit("s")
            .axis(0.0, None)
            .shows("p50", all("0.5"))
            .shows("p95", all("0.95"))
            .shows("p99", all("0.99")),
    ];
    for (title, q) in [
        ("p50 by outcome", "0.5"),
        ("p95 by outcome", "0.95"),
        ("p99 by outcome", "0.99"),
    ] {
        panels.push(by_outcome(title, q));
    }
    Row {
        title: "Durations",
        panels,
    }
}

fn by_outcome(title: &str, q: &str) -> Panel {
    let description = "Duration of tasks by outcome. Timeouts are at the configured limit. Failures that are \
        faster than successes occur at the start of the task.";
    lines(title, description)
        .of_size(8, 8)
        .unit("s")
        .axis(0.0, None)
        .shows(
            "{{outcome}}",
            format!(
                "histogram_quantile({q}, sum by (le, outcome) (rate(solti_runner_task_duration_seconds_bucket{{{TARGET}}}[$__rate_interval])))"
            ),
        )
        .coloured(colours::outcomes())
}
