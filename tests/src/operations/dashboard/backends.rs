//! Backends that take records.

use solti_metrics_host::provider::BackendState;

use super::grid::Row;
use super::panel::{Panel, lines, states};
use super::{BACKEND, colours};

pub(super) fn row() -> Row {
    let increase = |what: &str| {
        format!(
            "sum by (instance, backend) (increase(solti_metrics_backend_{what}_total{{{BACKEND}}}[$__rate_interval]))"
        )
    };
    let panels = vec![
        state(),
        lines("Queue fill", "Used share of the queue of each backend. A full queue drops records: find out why the backend is slow.")
            .of_size(8, 8)
            .unit("percentunit")
            .axis(0.0, Some(1.0))
            .limit(0.8)
            .shows(
                "{{instance}} {{backend}}",
                format!(
                    "max by (instance, backend) (solti_metrics_backend_queue_length{{{BACKEND}}} / solti_metrics_backend_queue_capacity{{{BACKEND}}})"
                ),
            ),
        lines("Failures", "Failures of backends: traps, timeouts and reached limits. The records of each failed call are lost.")
            .of_size(8, 8)
            .axis(0.0, None)
            .in_bars()
            .shows("{{instance}} {{backend}}", increase("failures")),
        lines("Restarts and replacements", "Restarts and replacements of the components of backends. Restarts without replacements mean that a backend fails.")
            .of_size(8, 8)
            .axis(0.0, None)
            .in_bars()
            .shows("restarted {{instance}} {{backend}}", increase("restarts"))
            .shows("replaced {{instance}} {{backend}}", increase("replacements")),
        lines("Memory", "Memory of the component of each backend. A component whose memory grows reaches its limit and is restarted.")
            .unit("bytes")
            .axis(0.0, None)
            .shows(
                "{{instance}} {{backend}}",
                format!("max by (instance, backend) (solti_metrics_backend_memory_bytes{{{BACKEND}}})"),
            ),
        lines("Busy", "Share of time that each backend spends on records. Near 100 % its queue fills.")
            .unit("percentunit")
            .axis(0.0, None)
            .limit(0.9)
            .shows(
                "{{instance}} {{backend}}",
                format!(
                    "sum by (instance, backend) (rate(solti_metrics_backend_busy_seconds_total{{{BACKEND}}}[$__rate_interval]))"
                ),
            ),
    ];
    Row {
        title: "Backends",
        panels,
    }
}

/// A panel cannot draw a label. Each state is therefore its index in the list of states.
fn state() -> Panel {
    let numbered = || (1_usize..).zip(BackendState::ALL);
    let terms = numbered().map(|(number, state)| {
        let state = state.as_label();
        format!("sum by (instance, backend) (solti_metrics_backend_state{{{BACKEND},state=\"{state}\"}}) * {number}")
    });
    states("State", "State of each backend. Red means that its records are dropped: read last_failure in /api/backends.")
        .of_size(24, 6)
        .words(numbered().map(|(number, state)| (number, state.as_label(), colours::state(state))))
        .shows("{{instance}} {{backend}}", terms.collect::<Vec<_>>().join("\n+ "))
}
