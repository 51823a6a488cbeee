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
        summary: "{{ $labels.instance }} drops records of {{ $labels.source }}: {{ $labels.reason }}",
        description: "About {{ $value | humanize }} records of {{ $labels.source }} were dropped \
            in 10 minutes, reason {{ $labels.reason }}. They are lost: find the reason in the \
            runbook's table, and what it says to change.",
        cases: vec![
            case("records over a guest's quota are lost", "15m")
                .with(DROPPED, quota, "0x10 5x20")
                .fires(quota, "5"),
            case("losses right after a restart are seen, too", "15m")
                .with(DROPPED, quota, "7x10 2x20")
                .fires(quota, "2"),
            case("each source and reason has an alert of its own", "15m")
                .with(DROPPED, quota, "0x10 5x20")
                .with(DROPPED, "source=sink,reason=queue_full", "0x10 8x20")
                .with(DROPPED, "source=sink,reason=quota", "0x30")
                .fires(quota, "5")
                .fires("source=sink,reason=queue_full", "8"),
            case("what a middleware samples is left out on purpose", "15m").with(
                DROPPED,
                &format!("source=sink,reason={sampled}"),
                "0+9x30",
            ),
            case(
                "the restart of a runner, after which counters begin at 0, is no loss",
                "15m",
            )
            .with(DROPPED, quota, "5x10 0x20"),
            case("a loss is over 10 minutes after the last record", "30m").with(
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
        description: "What became of {{ $value | humanize }} records of {{ $labels.source }} is \
            not known: accepted is not delivered, dropped and in flight together. No figure of \
            this source can be trusted. It is a bug: keep the exposition and report it.",
        cases: vec![
            ledger(
                case("one record in ten is nowhere", "30m"),
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
                case("what waits for a backend is accounted for", "30m"),
                "0+10x60",
                "0x60",
                "0+10x60",
            ),
            case(
                "whatever the reason, what was dropped is accounted for",
                "30m",
            )
            .with(ACCEPTED, of, "10x60")
            .with(DELIVERED, of, "3x60")
            .with(DROPPED, "source=sink,reason=quota", "4x60")
            .with(DROPPED, "source=sink,reason=sampled", "3x60")
            .with(IN_FLIGHT, of, "0x60"),
            // At every second scrape, a record is between two counters.
            ledger(
                case(
                    "records that move while they are counted are no imbalance",
                    "30m",
                ),
                "10x60",
                "10x60",
                &"0 1 ".repeat(30),
            ),
            ledger(
                case("a restart sets all counters back at once", "30m"),
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
        summary: "Records of {{ $labels.source }} on {{ $labels.instance }} wait and none arrives",
        description: "At least {{ $value | humanize }} records have waited for 15 minutes, and \
            none was delivered. Look at the state of the backend {{ $labels.source }} and at its \
            last words: what waits is lost when the runner is killed.",
        cases: vec![
            case("a backend takes nothing any more", "40m")
                .with(IN_FLIGHT, of, "0x10 7x50")
                .with(DELIVERED, of, "0+5x10 50x50")
                .fires(of, "7"),
            case("a busy backend always has some in flight", "40m")
                .with(IN_FLIGHT, of, "7x60")
                .with(DELIVERED, of, "0+5x60"),
            case("a backend that is idle has none in flight", "40m")
                .with(IN_FLIGHT, of, "0x60")
                .with(DELIVERED, of, "50x60"),
        ],
    }
}
