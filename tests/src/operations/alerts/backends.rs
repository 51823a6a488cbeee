//! Backends that take records, and the destinations of exporters.

use solti_metrics_host::provider::BackendState;

use super::alert::{Alert, Severity};
use super::case::case;
use super::recording::{EXPORT_FAILURES, QUEUE_FILL};

pub(super) fn alerts() -> Vec<Alert> {
    vec![circuit_open(), restarting(), queue(), exports()]
}

const STATE: &str = "solti_metrics_backend_state";
const RESTARTS: &str = "solti_metrics_backend_restarts_total";
const LENGTH: &str = "solti_metrics_backend_queue_length";
const CAPACITY: &str = "solti_metrics_backend_queue_capacity";
const ATTEMPTS: &str = "solti_metrics_export_attempts_total";
const FAILURES: &str = "solti_metrics_export_failures_total";

fn circuit_open() -> Alert {
    let open = BackendState::CircuitOpen.as_label();
    let is = |state: &str| format!("backend=otlp,state={state}");
    Alert {
        name: "SoltiBackendCircuitOpen",
        // The circuit breaker is open for 30 s, then half-open, then open again. An
        // instant query may miss it.
        expression: format!("max_over_time({STATE}{{state=\"{open}\"}}[5m]) > 0"),
        hold: Some("2m"),
        severity: Severity::Critical,
        summary: "The circuit of backend {{ $labels.backend }} on {{ $labels.instance }} is open",
        description: "Backend {{ $labels.backend }} failed too often, and its records are \
            dropped until it works again. Check last_failure and stderr_tail of the \
            backend in /api/backends. Then fix the backend or replace its component.",
        cases: vec![
            case("the backend is tried repeatedly and fails each time", "15m")
                .with(STATE, &is(open), "0x5 1 0 0 1 0 1 0 1 0 0 1 0 1")
                .with(
                    STATE,
                    &is(BackendState::HalfOpen.as_label()),
                    "0x5 0 1 0 0 1 0 0 0 1 1 0 1 0",
                )
                .fires(&is(open), ""),
            case("a restart after one failure keeps the queue", "15m")
                .with(STATE, &is(open), "0x20")
                .with(STATE, &is(BackendState::Restarting.as_label()), "1x20"),
            case("the backend has worked for more than 5 minutes", "20m").with(
                STATE,
                &is(open),
                "1x10 0x20",
            ),
        ],
    }
}

fn restarting() -> Alert {
    let of = "backend=otlp";
    Alert {
        name: "SoltiBackendRestarting",
        expression: format!("increase({RESTARTS}[15m]) >= 3"),
        hold: None,
        severity: Severity::Warning,
        summary: "Backend {{ $labels.backend }} on {{ $labels.instance }} restarts repeatedly",
        description: "Backend {{ $labels.backend }} restarted about {{ $value | humanize \
            }} times in 15 minutes. The records of each failed call are lost. Check \
            last_failure and stderr_tail of the backend in /api/backends.",
        cases: vec![
            case("three restarts in 15 minutes", "20m")
                .with(RESTARTS, of, "0x5 1 2 3x30")
                .fires(of, "3"),
            case(
                "restarts before and after a restart of the runner add up",
                "20m",
            )
            .with(RESTARTS, of, "7x7 8x3 1 2x20")
            .fires(of, "3"),
            case("two restarts are tolerated", "20m").with(RESTARTS, of, "0x5 1 2x30"),
            case("each of two instances restarts twice", "20m")
                .with(RESTARTS, of, "0x5 1 2x30")
                .with(RESTARTS, "instance=b:9464,backend=otlp", "0x5 1 2x30"),
            case(
                "a restart of the runner is not a restart of the backend",
                "20m",
            )
            .with(RESTARTS, of, "9x10 0x20"),
        ],
    }
}

fn queue() -> Alert {
    let of = "backend=otlp";
    Alert {
        name: "SoltiBackendQueueNearlyFull",
        expression: format!("{QUEUE_FILL} > 0.8"),
        hold: Some("5m"),
        severity: Severity::Warning,
        summary: "The queue of backend {{ $labels.backend }} on {{ $labels.instance }} is nearly full",
        description: "{{ $value | humanizePercentage }} of the queue of backend {{ \
            $labels.backend }} is in use, and a full queue drops records. Find out why the \
            backend is slow or why guests make so many records. A larger queue only delays \
            the loss.",
        cases: vec![
            case("records arrive faster than the backend takes them", "20m")
                .with(LENGTH, of, "0x5 60000x20")
                .with(CAPACITY, of, "65536x30")
                .fires(of, "91.55%"),
            case("the backend takes a burst within 5 minutes", "20m")
                .with(LENGTH, of, "0x14 65536x3 0x10")
                .with(CAPACITY, of, "65536x30"),
            case("the queue is half full", "20m")
                .with(LENGTH, of, "32768x30")
                .with(CAPACITY, of, "65536x30"),
        ],
    }
}

fn exports() -> Alert {
    let of = "backend=otlp";
    Alert {
        name: "SoltiExportFailing",
        expression: format!("{EXPORT_FAILURES} > 0.25"),
        hold: Some("10m"),
        severity: Severity::Warning,
        summary: "Backend {{ $labels.backend }} on {{ $labels.instance }} cannot push",
        description: "{{ $value | humanizePercentage }} of the export attempts of backend \
            {{ $labels.backend }} failed in 10 minutes. Check that its server answers from \
            the machine of the runner. The cause is in last_failure in /api/backends: \
            address, certificate or credentials.",
        cases: vec![
            case("no push arrives", "30m")
                .with(ATTEMPTS, of, "0+6x60")
                .with(FAILURES, of, "0+6x60")
                .fires(of, "100%"),
            case(
                "half of the pushes fail, and the runner restarts in between",
                "30m",
            )
            .with(ATTEMPTS, of, "0+6x24 6+6x30")
            .with(FAILURES, of, "0+3x24 3+3x30")
            .fires(of, "50%"),
            case("one push in six fails and is repeated", "30m")
                .with(ATTEMPTS, of, "0+6x60")
                .with(FAILURES, of, "0+1x60"),
            case("no push was attempted", "30m")
                .with(ATTEMPTS, of, "6x60")
                .with(FAILURES, of, "6x60"),
            case("the server was unavailable for 5 minutes", "30m")
                .with(ATTEMPTS, of, "0+6x60")
                .with(FAILURES, of, "0x15 6 12 18 24 30x40"),
        ],
    }
}
