//! The ledger: the results of all records.

use super::grid::Row;
use super::panel::lines;
use super::{TARGET, colours};

pub(super) fn row() -> Row {
    let rate = |what: &str, by: &str| {
        format!(
            "sum by ({by}) (rate(solti_metrics_records_{what}_total{{{TARGET}}}[$__rate_interval]))"
        )
    };
    let sum = |what: &str| {
        format!("sum by (instance, source) (solti_metrics_records_{what}{{{TARGET}}})")
    };
    let panels = vec![
        lines("Accepted and delivered", "Records by source: a backend, all guests, or the runner. The difference between accepted and delivered is in flight or dropped.")
            .unit("ops")
            .axis(0.0, None)
            .shows("accepted {{source}}", rate("accepted", "source"))
            .shows("delivered {{source}}", rate("delivered", "source")),
        lines("Dropped by reason", "Dropped records of all sources, by reason. Sampled records are dropped on purpose, all others are lost: docs/operate/alerts.md has the fix for each reason.")
            .unit("ops")
            .axis(0.0, None)
            .stacked()
            .shows("{{reason}}", rate("dropped", "reason"))
            .coloured(colours::reasons()),
        lines("In flight", "Records that wait for their backend. They are lost if the runner is killed. A line that never falls means stuck records.")
            .of_size(8, 8)
            .axis(0.0, None)
            .shows("{{instance}} {{source}}", sum("in_flight")),
        lines("Imbalance", "Accepted records minus delivered, dropped and in-flight records: 0, except for an instant. Another lasting value is a bug: report it.")
            .of_size(8, 8)
            .limit(1.0)
            .shows(
                "{{instance}} {{source}}",
                format!(
                    "{}\n- {}\n- {}\n- {}",
                    sum("accepted_total"),
                    sum("delivered_total"),
                    sum("dropped_total"),
                    sum("in_flight")
                ),
            ),
        lines("Clamped durations", "Records whose duration was lowered to the ceiling. The guest computes durations incorrectly.")
            .of_size(8, 8)
            .unit("ops")
            .axis(0.0, None)
            .shows("{{source}}", rate("clamped", "source")),
    ];
    Row {
        title: "Records",
        panels,
    }
}
