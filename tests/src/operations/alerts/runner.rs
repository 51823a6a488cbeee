//! Metrics of the runner about itself.

use super::alert::{Alert, Severity};
use super::case::case;
use super::recording::TICKS_LATE;

pub(super) fn alerts() -> Vec<Alert> {
    vec![errors(), reload(), ticks(), cache()]
}

const ERRORS: &str = "solti_runner_errors_total";
const RELOADED: &str = "solti_metrics_config_last_reload_successful";
const TICKS: &str = "solti_metrics_epoch_ticks_total";
const LATE: &str = "solti_metrics_epoch_ticks_late_total";
const REJECTED: &str = "solti_metrics_artifact_cache_rejected_total";

fn errors() -> Alert {
    let of = "runner=wasm,error=module_load_failed";
    Alert {
        name: "SoltiRunnerErrors",
        expression: format!("increase({ERRORS}[15m]) > 0"),
        hold: None,
        severity: Severity::Warning,
        summary: "{{ $labels.instance }} cannot set up tasks: {{ $labels.error }}",
        description: "About {{ $value | humanize }} times in 15 minutes a task of the type \
            {{ $labels.runner }} did not get to run, step {{ $labels.error }}. Find the log's lines \
            of that time: it is the component, its limits or its grants, not what it computes.",
        cases: vec![
            case("components cannot be loaded", "20m")
                .with(ERRORS, of, "0x9 1 2 3 4x10")
                .with(ERRORS, "runner=wasm,error=spawn_failed", "0x30")
                .fires(of, "4"),
            case("a restart of the runner is no error", "20m").with(ERRORS, of, "4x10 0x20"),
            case("it is over 15 minutes after the last", "40m").with(ERRORS, of, "0x9 4x40"),
        ],
    }
}

fn reload() -> Alert {
    Alert {
        name: "SoltiConfigReloadFailed",
        expression: format!("{RELOADED} == 0"),
        hold: Some("5m"),
        severity: Severity::Warning,
        summary: "{{ $labels.instance }} runs an old configuration",
        description: "The last reload failed, so that what ran before goes on; after a restart it \
            would not start at all. Ask solti-metrics serve --check what is wrong, mend it, and \
            reload.",
        cases: vec![
            case("a reload failed", "15m")
                .with(RELOADED, "", "1x4 0x20")
                .fires("", ""),
            case("the next one within 5 minutes was fine", "15m").with(
                RELOADED,
                "",
                "1x4 0x3 1x20",
            ),
        ],
    }
}

fn ticks() -> Alert {
    Alert {
        name: "SoltiEpochTicksLate",
        expression: format!("{TICKS_LATE} > 0.05"),
        hold: Some("10m"),
        severity: Severity::Warning,
        summary: "Time limits come late on {{ $labels.instance }}",
        description: "{{ $value | humanizePercentage }} of the ticks that interrupt guests were \
            late: the machine has too few processors for what runs on it. Lower concurrency in \
            [runner], or give it more.",
        cases: vec![
            case("a tenth of the ticks are late", "30m")
                .with(TICKS, "", "0+6000x60")
                .with(LATE, "", "0+600x60")
                .fires("", "10%"),
            case("one in a hundred is", "30m")
                .with(TICKS, "", "0+6000x60")
                .with(LATE, "", "0+60x60"),
            case("it was busy for 5 minutes", "30m")
                .with(TICKS, "", "0+6000x60")
                .with(LATE, "", "0x10 600 1200 1800 2400 3000x40"),
        ],
    }
}

fn cache() -> Alert {
    Alert {
        name: "SoltiArtifactCacheRejecting",
        expression: format!("increase({REJECTED}[1h]) > 0"),
        hold: None,
        severity: Severity::Critical,
        summary: "{{ $labels.instance }} found machine code in its cache that it did not put there",
        description: "About {{ $value | humanize }} files in the cache were not authentic in the \
            last hour; none was run, and each was removed. If the key was not changed and the disk \
            is sound, somebody writes into that folder: look at its owner, its mode and its log.",
        cases: vec![
            case("a file was tampered with", "1h")
                .with(REJECTED, "", "0x30 1x60")
                .fires("", "1"),
            case("a miss is nothing bad", "1h")
                .with(REJECTED, "", "0x90")
                .with("solti_metrics_artifact_cache_misses_total", "", "0+1x90"),
            case("a restart of the runner is no rejection", "1h").with(REJECTED, "", "3x30 0x60"),
        ],
    }
}
