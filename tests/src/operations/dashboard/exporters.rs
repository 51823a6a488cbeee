//! Exporters that push metrics.

use super::BACKEND;
use super::grid::Row;
use super::panel::lines;

pub(super) fn row() -> Row {
    let rate = |what: &str| {
        format!(
            "sum by (instance, backend) (rate(solti_metrics_export_{what}_total{{{BACKEND}}}[$__rate_interval]))"
        )
    };
    let panels = vec![
        lines("Pushes", "Attempts to push, and those that failed: see whether the target answers from there.")
            .unit("ops")
            .axis(0.0, None)
            .shows("tried {{instance}} {{backend}}", rate("attempts"))
            .shows("failed {{instance}} {{backend}}", rate("failures")),
        lines("Failed pushes", "Share that failed; a gap means that nothing was pushed. At 100 % look at address, certificate and credentials.")
            .unit("percentunit")
            .axis(0.0, Some(1.0))
            .limit(0.25)
            .shows("{{instance}} {{backend}}", format!("{}\n/\n{}", rate("failures"), rate("attempts"))),
    ];
    Row {
        title: "Exporters",
        panels,
    }
}
