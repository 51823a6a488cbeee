//! The runner as a process.

use super::TARGET;
use super::grid::Row;
use super::panel::{Panel, lines, table};

pub(super) fn row() -> Row {
    let mut panels = code();
    panels.extend(process());
    panels.extend(http());
    Row {
        title: "Host",
        panels,
    }
}

fn rate(metric: &str, by: &str) -> String {
    format!("sum by ({by}) (rate({metric}{{{TARGET}}}[$__rate_interval]))")
}

fn code() -> Vec<Panel> {
    let cache = |what: &str| {
        format!(
            "sum by (instance) (increase(solti_metrics_artifact_cache_{what}_total{{{TARGET}}}[$__range]))"
        )
    };
    let events = |what: &str| {
        format!(
            "sum by (instance) (increase(solti_metrics_artifact_cache_{what}_total{{{TARGET}}}[$__rate_interval]))"
        )
    };
    vec![
        lines("Compiling", "Time spent on compiling, per second: much of it after the start means that the cache does not serve.")
            .of_size(8, 8)
            .axis(0.0, None)
            .shows("seconds {{instance}}", rate("solti_metrics_artifact_compile_seconds_total", "instance"))
            .shows("components {{instance}}", rate("solti_metrics_artifact_compilations_total", "instance")),
        lines("Cache hits", "Share of components whose code was kept, in the chosen time: if it is low, look at the size and the folder of the cache.")
            .of_size(8, 8)
            .unit("percentunit")
            .axis(0.0, Some(1.0))
            .shows(
                "{{instance}}",
                format!("{}\n/\n({} + {})", cache("hits"), cache("hits"), cache("misses")),
            ),
        lines("Cache events", "Rejected code was not put there by us: look at who may write there. Stores fail on a full disk; evictions ask for a larger size.")
            .of_size(8, 8)
            .axis(0.0, None)
            .in_bars()
            .shows("rejected {{instance}}", events("rejected"))
            .shows("stored {{instance}}", events("stored"))
            .shows("not stored {{instance}}", events("store_failures"))
            .shows("evicted {{instance}}", events("evicted")),
    ]
}

fn process() -> Vec<Panel> {
    vec![
        lines("Late ticks", "Share of the ticks that interrupt guests which came late: time limits are late as well, so lower concurrency.")
            .of_size(6, 8)
            .unit("percentunit")
            .axis(0.0, None)
            .limit(0.05)
            .shows(
                "{{instance}}",
                format!(
                    "{}\n/\n{}",
                    rate("solti_metrics_epoch_ticks_late_total", "instance"),
                    rate("solti_metrics_epoch_ticks_total", "instance")
                ),
            ),
        lines("Memory", "Resident memory of the process: what grows without more running tasks is a leak.")
            .of_size(6, 8)
            .unit("bytes")
            .axis(0.0, None)
            .shows("{{instance}}", format!("max by (instance) (process_resident_memory_bytes{{{TARGET}}})")),
        lines("CPU", "Processors in use by the whole process, guests and all.")
            .of_size(6, 8)
            .axis(0.0, None)
            .shows("{{instance}}", rate("process_cpu_seconds_total", "instance")),
        lines("File descriptors", "Share of those that it may have: without one, no task starts. Raise LimitNOFILE, or look for a leak.")
            .of_size(6, 8)
            .unit("percentunit")
            .axis(0.0, Some(1.0))
            .limit(0.8)
            .shows(
                "{{instance}}",
                format!("max by (instance) (process_open_fds{{{TARGET}}} / process_max_fds{{{TARGET}}})"),
            ),
    ]
}

fn http() -> Vec<Panel> {
    vec![
        lines("HTTP requests", "By page and status: 401 means a wrong token, 503 that it is not ready.")
            .of_size(6, 8)
            .unit("reqps")
            .axis(0.0, None)
            .shows("{{page}} {{code}}", rate("solti_metrics_http_requests_total", "page, code")),
        lines("HTTP connections", "Open ones, those that were refused for being too many, and those closed because their clients read too slowly.")
            .of_size(6, 8)
            .axis(0.0, None)
            .shows("open {{instance}}", format!("sum by (instance) (solti_metrics_http_connections{{{TARGET}}})"))
            .shows(
                "refused {{instance}}",
                format!(
                    "sum by (instance) (increase(solti_metrics_http_connections_refused_total{{{TARGET}}}[$__rate_interval]))"
                ),
            )
            .shows(
                "slow {{instance}}",
                format!(
                    "sum by (instance) (increase(solti_metrics_http_slow_readers_closed_total{{{TARGET}}}[$__rate_interval]))"
                ),
            ),
        lines("Reloads", "Configurations that were applied, and those that failed: then the old one goes on, so mend it.")
            .of_size(6, 8)
            .axis(0.0, None)
            .in_bars()
            .coloured([("applied".to_owned(), "green"), ("failed".to_owned(), "red")])
            .shows(
                "{{result}}",
                format!(
                    "sum by (result) (increase(solti_metrics_config_reloads_total{{{TARGET}}}[$__rate_interval]))"
                ),
            ),
        table("Versions", "What runs where: more than one version is an upgrade that has not reached all.")
            .of_size(6, 8)
            .lists(format!("count by (instance, version, wasmtime) (solti_metrics_build_info{{{TARGET}}})")),
    ]
}
