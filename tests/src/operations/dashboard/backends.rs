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
        lines("Queue fill", "How full the queue is: what does not fit is dropped, so find out why the backend is slow.")
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
        lines("Failures", "Instances that trapped, took too long or hit a limit: what each was given just then is lost.")
            .of_size(8, 8)
            .axis(0.0, None)
            .in_bars()
            .shows("{{instance}} {{backend}}", increase("failures")),
        lines("Restarts and swaps", "New instances after failures, and new versions: restarts without swaps mean that something is broken.")
            .of_size(8, 8)
            .axis(0.0, None)
            .in_bars()
            .shows("restarted {{instance}} {{backend}}", increase("restarts"))
            .shows("swapped {{instance}} {{backend}}", increase("swaps")),
        lines("Memory", "Memory of the component: what grows without end meets its limit, and is restarted.")
            .unit("bytes")
            .axis(0.0, None)
            .shows(
                "{{instance}} {{backend}}",
                format!("max by (instance, backend) (solti_metrics_backend_memory_bytes{{{BACKEND}}})"),
            ),
        lines("Busy", "Share of the time that the backend works: near 100 % its queue fills.")
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
    states("State", "What each backend does: red means that its records are dropped; read its last failure in /api/backends.")
        .of_size(24, 6)
        .words(numbered().map(|(number, state)| (number, state.as_label(), colours::state(state))))
        .shows("{{instance}} {{backend}}", terms.collect::<Vec<_>>().join("\n+ "))
}
