//! Metrics of the operating system and of Prometheus about the runner.
//!
//! Other programs have metrics with these names, too. The build info identifies a runner.
//! While a runner exports nothing, the name of its job identifies it.

use super::JOBS;
use super::alert::{Alert, Severity};
use super::case::case;

pub(super) fn alerts() -> Vec<Alert> {
    vec![down(), absent(), restarting(), descriptors()]
}

const BUILD: &str = "solti_metrics_build_info";
const STARTED: &str = "process_start_time_seconds";
const OPEN: &str = "process_open_fds";
const MOST: &str = "process_max_fds";
const VERSION: &str = "version=0.1.0,wasmtime=48.0.8";

fn down() -> Alert {
    Alert {
        name: "SoltiRunnerDown",
        expression: format!("up{{job=~\"{JOBS}\"}} == 0"),
        hold: Some("2m"),
        severity: Severity::Critical,
        summary: "The runner {{ $labels.instance }} does not answer",
        description: "Prometheus could not scrape the runner {{ $labels.instance }} for 2 \
            minutes. The process is down, unreachable, or needs another token. Check the \
            process and the end of its log. Records in flight are lost if the process was \
            killed.",
        cases: vec![
            case("scrapes fail repeatedly", "10m")
                .with("up", "", "1x5 0x20")
                .with("up", "instance=b:9464", "1x25")
                .fires("", ""),
            case("one scrape failed", "10m").with("up", "", "1x8 0 1x20"),
            case("other jobs have their own alerts", "10m").with("up", "job=node", "0x20"),
        ],
    }
}

fn absent() -> Alert {
    Alert {
        name: "SoltiRunnersAbsent",
        expression: format!("absent({BUILD})"),
        hold: Some("10m"),
        severity: Severity::Critical,
        summary: "Prometheus scrapes no runner",
        description: "Prometheus has no series of any runner, so no other alert about \
            runners can fire. Check that the scrape configuration finds its targets.",
        cases: vec![
            case("the last target disappeared", "30m")
                .with(BUILD, VERSION, "1x10 stale")
                .fires_for_all(),
            case("no runner was ever scraped", "30m")
                .with("up", "job=node", "1x40")
                .fires_for_all(),
            case("one of two runners remains", "30m")
                .with(BUILD, VERSION, "1x10 stale")
                .with(
                    BUILD,
                    "instance=b:9464,version=0.1.0,wasmtime=48.0.8",
                    "1x40",
                ),
        ],
    }
}

fn restarting() -> Alert {
    Alert {
        name: "SoltiRunnerRestarting",
        expression: format!("changes({STARTED}[30m]) >= 3\nand on (job, instance)\n{BUILD}"),
        hold: None,
        severity: Severity::Critical,
        summary: "The runner {{ $labels.instance }} restarts repeatedly",
        description: "The runner {{ $labels.instance }} started {{ $value }} times in 30 \
            minutes. Each restart may lose records in flight. Check the end of its log, \
            and whether the system killed it because of its memory.",
        cases: vec![
            case("three starts in half an hour", "40m")
                .with(STARTED, "", "100x19 1300x5 1700x5 2000x20")
                .with(BUILD, VERSION, "1x60")
                .fires("", "3"),
            case("a new version is one restart", "40m")
                .with(STARTED, "", "100x19 1300x40")
                .with(BUILD, VERSION, "1x60"),
            case("a new version and its rollback are two restarts", "40m")
                .with(STARTED, "", "100x19 1300x9 1900x30")
                .with(BUILD, VERSION, "1x60"),
            case("another program has the same process metrics", "40m")
                .with(STARTED, "instance=c:9100", "100x19 1300x5 1700x5 2000x20")
                .with(BUILD, VERSION, "1x60"),
        ],
    }
}

fn descriptors() -> Alert {
    Alert {
        name: "SoltiFileDescriptorsNearLimit",
        expression: format!("{OPEN} / {MOST} > 0.8\nand on (job, instance)\n{BUILD}"),
        hold: Some("5m"),
        severity: Severity::Warning,
        summary: "The runner {{ $labels.instance }} has nearly no free file descriptors",
        description: "{{ $value | humanizePercentage }} of the file descriptors of the \
            runner are in use. Without a free one, no task starts and no scrape is \
            answered. Compare them with running tasks and HTTP connections. Raise \
            LimitNOFILE, or report a leak.",
        cases: vec![
            case("nine in ten descriptors are in use", "20m")
                .with(OPEN, "", "922x30")
                .with(MOST, "", "1024x30")
                .with(BUILD, VERSION, "1x30")
                .fires("", "90.04%"),
            case("half of the descriptors are in use", "20m")
                .with(OPEN, "", "512x30")
                .with(MOST, "", "1024x30")
                .with(BUILD, VERSION, "1x30"),
            case("another program has the same file metrics", "20m")
                .with(OPEN, "instance=c:9100", "922x30")
                .with(MOST, "instance=c:9100", "1024x30")
                .with(BUILD, VERSION, "1x30"),
        ],
    }
}
