//! Records and their results.

use solti_metrics_host::DropReason;

use super::alert::{Alert, Severity};
use super::case::{Case, case};
use super::recording::IMBALANCE;

pub(super) fn alerts() -> Vec<Alert> {
    vec![dropped(), imbalance(), stuck()]
}

const ACCEPTED: &str = "solti_metrics_records_accepted_total";
const DELIVERED: &str = "solti_metrics_records_delivered_total";
const DROPPED: &str = "solti_metrics_records_dropped_total";
const IN_FLIGHT: &str = "solti_metrics_records_in_flight";

fn dropped() -> Alert {
    let sampled = DropReason::Sampled.as_label();
    let quota = "source=guests,reason=quota";
    Alert {
        name: "SoltiRecordsDropped",
        expression: format!("increase({DROPPED}{{reason!=\"{sampled}\"}}[10m]) > 0"),
        hold: None,
        severity: Severity::Warning,
        summary: "Records of {{ $labels.source }} on {{ $labels.instance }} are dropped: {{ $labels.reason }}",
        description: "About {{ $value | humanize }} records of {{ $labels.source }} were \
            dropped in 10 minutes, with the reason {{ $labels.reason }}. Metrics that lack \
            these records are too low. The runbook says how to fix each reason.",
        cases: vec![
            case("records above the quota of a guest are lost", "15m")
                .with(DROPPED, quota, "0x10 5x20")
                .fires(quota, "5"),
            case("losses immediately after a restart are visible", "15m")
                .with(DROPPED, quota, "7x10 2x20")
                .fires(quota, "2"),
            case("each source and reason has an alert of its own", "15m")
                .with(DROPPED, quota, "0x10 5x20")
                .with(DROPPED, "source=sink,reason=queue_full", "0x10 8x20")
                .with(DROPPED, "source=sink,reason=quota", "0x30")
                .fires(quota, "5")
                .fires("source=sink,reason=queue_full", "8"),
            case("a middleware samples records on purpose", "15m").with(
                DROPPED,
                &format!("source=sink,reason={sampled}"),
                "0+9x30",
            ),
            case(
                "the restart of a runner sets counters to 0 and loses no records",
                "15m",
            )
            .with(DROPPED, quota, "5x10 0x20"),
            case("the last loss was more than 10 minutes ago", "30m").with(
                DROPPED,
                quota,
                "0x10 5x30",
            ),
        ],
    }
}

fn imbalance() -> Alert {
    let of = "source=sink";
    let ledger = |case: Case, accepted: &str, delivered: &str, in_flight: &str| {
        case.with(ACCEPTED, of, accepted)
            .with(DELIVERED, of, delivered)
            .with(DROPPED, "source=sink,reason=quota", "0x60")
            .with(IN_FLIGHT, of, in_flight)
    };
    Alert {
        name: "SoltiLedgerImbalance",
        expression: format!("min_over_time({IMBALANCE}[10m]) > 0"),
        hold: Some("10m"),
        severity: Severity::Critical,
        summary: "The ledger of {{ $labels.source }} on {{ $labels.instance }} does not balance",
        description: "{{ $value | humanize }} records of {{ $labels.source }} are not \
            delivered, dropped or in flight. The metrics of this source are not reliable. \
            This is a bug in the runner: save its metrics and its log, and report it.",
        cases: vec![
            ledger(
                case("one record in ten is missing", "30m"),
                "0+10x60",
                "0+9x60",
                "0x60",
            )
            .fires(of, "20"),
            ledger(
                case("more were delivered than accepted", "30m"),
                "10x60",
                "12x60",
                "0x60",
            )
            .fires(of, "2"),
            ledger(
                case("records in the queue of a backend are in flight", "30m"),
                "0+10x60",
                "0x60",
                "0+10x60",
            ),
            case("dropped records of every reason are counted", "30m")
                .with(ACCEPTED, of, "10x60")
                .with(DELIVERED, of, "3x60")
                .with(DROPPED, "source=sink,reason=quota", "4x60")
                .with(DROPPED, "source=sink,reason=sampled", "3x60")
                .with(IN_FLIGHT, of, "0x60"),
            // At every other scrape a record is between two counters.
            ledger(
                case("records move between counters during a scrape", "30m"),
                "10x60",
                "10x60",
                &"0 1 ".repeat(30),
            ),
            ledger(
                case("a restart resets all counters at the same time", "30m"),
                "0+10x15 0+10x45",
                "0+10x15 0+10x45",
                "0x60",
            ),
        ],
    }
}

fn stuck() -> Alert {
    let of = "source=sink";
    Alert {
        name: "SoltiRecordsStuck",
        expression: format!(
            "min_over_time({IN_FLIGHT}[15m]) > 0\nand\nincrease({DELIVERED}[15m]) == 0"
        ),
        hold: Some("5m"),
        severity: Severity::Warning,
        summary: "Records of {{ $labels.source }} on {{ $labels.instance }} are in flight and none is delivered",
        description: "At least {{ $value | humanize }} records of backend {{ \
            $labels.source }} were in flight for 15 minutes, and none was delivered. Check \
            the state, last_failure and stderr_tail of the backend in /api/backends. \
            Records in flight are lost if the runner is killed.",
        cases: vec![
            case("a backend stops taking records", "40m")
                .with(IN_FLIGHT, of, "0x10 7x50")
                .with(DELIVERED, of, "0+5x10 50x50")
                .fires(of, "7"),
            case("a busy backend always has records in flight", "40m")
                .with(IN_FLIGHT, of, "7x60")
                .with(DELIVERED, of, "0+5x60"),
            case("an idle backend has no records in flight", "40m")
                .with(IN_FLIGHT, of, "0x60")
                .with(DELIVERED, of, "50x60"),
        ],
    }
}
