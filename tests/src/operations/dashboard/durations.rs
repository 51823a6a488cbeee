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
        "How many tasks took how long, in buckets from {first} s to {last} s: a second band is a second \
         kind of task, or one that got slow."
    );
    let quantiles = format!(
        "Half, all but 5 in 100 and all but 1 in 100 took no longer. Below {first} s and beyond {last} s, \
         nothing is told apart: a line below {first} s means at most {first} s. If only the last one rises, look for single slow tasks."
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
    let description = "How long tasks took by how they ended: timeouts lie at the limit that is set, and \
        failures that are quicker than success fail at their beginning.";
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
