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
        description: "Prometheus could not scrape {{ $labels.instance }} for 2 minutes: it is \
            down, out of reach, or asks for another token. What was in flight when it ended is \
            lost. See whether the process runs, and what it said last.",
        cases: vec![
            case("a scrape fails again and again", "10m")
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
        summary: "Prometheus sees no runner at all",
        description: "No series of a runner is left, so that no other alert here can fire. See \
            whether the scrape configuration still finds its targets.",
        cases: vec![
            case("the last target has gone", "30m")
                .with(BUILD, VERSION, "1x10 stale")
                .fires_for_all(),
            case("nothing was ever there", "30m")
                .with("up", "job=node", "1x40")
                .fires_for_all(),
            case("one of two is left", "30m")
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
        summary: "The runner {{ $labels.instance }} restarts again and again",
        description: "It was started {{ $value }} times in 30 minutes, and each time what was in \
            flight may have been lost. Read what it said last, and whether the system ended it for \
            want of memory.",
        cases: vec![
            case("three starts in half an hour", "40m")
                .with(STARTED, "", "100x19 1300x5 1700x5 2000x20")
                .with(BUILD, VERSION, "1x60")
                .fires("", "3"),
            case("a new version is one restart", "40m")
                .with(STARTED, "", "100x19 1300x40")
                .with(BUILD, VERSION, "1x60"),
            case("a new version that is taken back is two", "40m")
                .with(STARTED, "", "100x19 1300x9 1900x30")
                .with(BUILD, VERSION, "1x60"),
            case("others have processes, too", "40m")
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
        summary: "{{ $labels.instance }} has nearly all the files open that it may",
        description: "{{ $value | humanizePercentage }} of its file descriptors are in use; \
            without one no task starts and no scrape is answered. Compare with running tasks and \
            HTTP connections: raise LimitNOFILE if they explain it, report a leak if not.",
        cases: vec![
            case("nine in ten are in use", "20m")
                .with(OPEN, "", "922x30")
                .with(MOST, "", "1024x30")
                .with(BUILD, VERSION, "1x30")
                .fires("", "90.04%"),
            case("half of them are", "20m")
                .with(OPEN, "", "512x30")
                .with(MOST, "", "1024x30")
                .with(BUILD, VERSION, "1x30"),
            case("others have files, too", "20m")
                .with(OPEN, "instance=c:9100", "922x30")
                .with(MOST, "instance=c:9100", "1024x30")
                .with(BUILD, VERSION, "1x30"),
        ],
    }
}
