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
const REJECTED: &str = "solti_metrics_compilation_cache_rejected_total";

fn errors() -> Alert {
    let of = "runner=wasm,error=module_load_failed";
    Alert {
        name: "SoltiRunnerErrors",
        expression: format!("increase({ERRORS}[15m]) > 0"),
        hold: None,
        severity: Severity::Warning,
        summary: "The runner {{ $labels.instance }} cannot set up tasks: {{ $labels.error }}",
        description: "About {{ $value | humanize }} runs of the runner type {{ \
            $labels.runner }} failed in 15 minutes at the set-up step {{ $labels.error }}. \
            The component, its limits or its grants are the cause. Check the log of that \
            time.",
        cases: vec![
            case("components cannot be loaded", "20m")
                .with(ERRORS, of, "0x9 1 2 3 4x10")
                .with(ERRORS, "runner=wasm,error=spawn_failed", "0x30")
                .fires(of, "4"),
            case("a restart of the runner is not an error", "20m").with(ERRORS, of, "4x10 0x20"),
            case("the last error was more than 15 minutes ago", "40m").with(ERRORS, of, "0x9 4x40"),
        ],
    }
}

fn reload() -> Alert {
    Alert {
        name: "SoltiConfigReloadFailed",
        expression: format!("{RELOADED} == 0"),
        hold: Some("5m"),
        severity: Severity::Warning,
        summary: "The runner {{ $labels.instance }} does not run its latest configuration",
        description: "The last configuration reload was not applied completely. If \
            runner.reloads.last_error in /api/tasks says that a restart applies the change, \
            restart the runner: all other changes are applied. Otherwise, run solti-metrics \
            serve --check on the file, fix the errors, and reload.",
        cases: vec![
            case("a reload failed", "15m")
                .with(RELOADED, "", "1x4 0x20")
                .fires("", ""),
            case("the next reload within 5 minutes succeeded", "15m").with(
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
        summary: "Time limits on {{ $labels.instance }} take effect late",
        description: "{{ $value | humanizePercentage }} of the epoch ticks, which \
            interrupt guests, were late. The machine has too few processors for its load. \
            Lower concurrency in [runner], or add processors.",
        cases: vec![
            case("a tenth of the ticks are late", "30m")
                .with(TICKS, "", "0+6000x60")
                .with(LATE, "", "0+600x60")
                .fires("", "10%"),
            case("one tick in a hundred is late", "30m")
                .with(TICKS, "", "0+6000x60")
                .with(LATE, "", "0+60x60"),
            case("the machine was busy for 5 minutes", "30m")
                .with(TICKS, "", "0+6000x60")
                .with(LATE, "", "0x10 600 1200 1800 2400 3000x40"),
        ],
    }
}

fn cache() -> Alert {
    Alert {
        name: "SoltiCompilationCacheRejecting",
        expression: format!("increase({REJECTED}[1h]) > 0"),
        hold: None,
        severity: Severity::Critical,
        summary: "The compilation cache of {{ $labels.instance }} has code that the runner did not write",
        description: "About {{ $value | humanize }} entries of the compilation cache were \
            not authentic in the last hour. None was run, and each was removed. If neither a \
            new key, a power loss nor a disk error explains this, another process writes to \
            the folder: check its owner and its mode.",
        cases: vec![
            case("a file was tampered with", "1h")
                .with(REJECTED, "", "0x30 1x60")
                .fires("", "1"),
            case("a miss is not a rejection", "1h")
                .with(REJECTED, "", "0x90")
                .with("solti_metrics_compilation_cache_misses_total", "", "0+1x90"),
            case("a restart of the runner is not a rejection", "1h").with(
                REJECTED,
                "",
                "3x30 0x60",
            ),
        ],
    }
}
