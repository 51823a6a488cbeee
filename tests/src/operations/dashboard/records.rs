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
        lines("Accepted and delivered", "By source: a backend's name, guests, or the runner itself. What lies between the two waits or is dropped.")
            .unit("ops")
            .axis(0.0, None)
            .shows("accepted {{source}}", rate("accepted", "source"))
            .shows("delivered {{source}}", rate("delivered", "source")),
        lines("Dropped by reason", "All sources together; sampled is on purpose, all else is lost: the page on operations says what each reason needs.")
            .unit("ops")
            .axis(0.0, None)
            .stacked()
            .shows("{{reason}}", rate("dropped", "reason"))
            .coloured(colours::reasons()),
        lines("In flight", "Records that wait for their backend: they are lost if the runner is killed. What never falls is stuck.")
            .of_size(8, 8)
            .axis(0.0, None)
            .shows("{{instance}} {{source}}", sum("in_flight")),
        lines("Imbalance", "Accepted, less what was delivered, dropped or is in flight: 0, but for an instant. If it stays, it is a bug: report it.")
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
        lines("Clamped durations", "Records whose duration was lowered to the ceiling: their guest computes durations wrongly.")
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
