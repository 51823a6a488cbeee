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
        lines("Pushes", "Export attempts of each backend, and failed ones. If attempts fail, check that the server answers from the machine of the runner.")
            .unit("ops")
            .axis(0.0, None)
            .shows("attempted {{instance}} {{backend}}", rate("attempts"))
            .shows("failed {{instance}} {{backend}}", rate("failures")),
        lines("Failed pushes", "Share of export attempts that failed. A gap means that no push was attempted. At 100 %, check address, certificate and credentials.")
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
