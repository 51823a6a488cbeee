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
            "sum by (instance) (increase(solti_metrics_compilation_cache_{what}_total{{{TARGET}}}[$__range]))"
        )
    };
    let events = |what: &str| {
        format!(
            "sum by (instance) (increase(solti_metrics_compilation_cache_{what}_total{{{TARGET}}}[$__rate_interval]))"
        )
    };
    vec![
        lines("Compilation", "Compiled components per second, and seconds of compilation per second. Compilation long after the start means that the cache is not effective.")
            .of_size(8, 8)
            .axis(0.0, None)
            .shows("seconds {{instance}}", rate("solti_metrics_compilation_seconds_total", "instance"))
            .shows("components {{instance}}", rate("solti_metrics_compilations_total", "instance")),
        lines("Cache hits", "Share of components whose code was in the compilation cache, in the selected time. If it is low, check the size and the folder of the cache.")
            .of_size(8, 8)
            .unit("percentunit")
            .axis(0.0, Some(1.0))
            .shows(
                "{{instance}}",
                format!("{}\n/\n({} + {})", cache("hits"), cache("hits"), cache("misses")),
            ),
        lines("Cache events", "Events of the compilation cache. Rejected entries were not written by the runner: check who can write to the folder. Failed stores point to a full disk, evictions to a small cache_size.")
            .of_size(8, 8)
            .axis(0.0, None)
            .in_bars()
            .shows("rejected {{instance}}", events("rejected"))
            .shows("stored {{instance}}", events("stored"))
            .shows("store failed {{instance}}", events("store_failures"))
            .shows("evicted {{instance}}", events("evicted")),
    ]
}

fn process() -> Vec<Panel> {
    vec![
        lines("Late ticks", "Share of the epoch ticks, which interrupt guests, that came late. Time limits are late as well: lower concurrency.")
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
        lines("Memory", "Resident memory of the runner. Growth without more running tasks is a leak.")
            .of_size(6, 8)
            .unit("bytes")
            .axis(0.0, None)
            .shows("{{instance}}", format!("max by (instance) (process_resident_memory_bytes{{{TARGET}}})")),
        lines("CPU", "Processors in use by the runner, including its guests.")
            .of_size(6, 8)
            .axis(0.0, None)
            .shows("{{instance}}", rate("process_cpu_seconds_total", "instance")),
        lines("File descriptors", "Used share of the file descriptors of the runner. Without a free one, no task starts: raise LimitNOFILE, or look for a leak.")
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
        lines("HTTP requests", "HTTP requests by page and status. 401: wrong token. 503: the runner is not ready, or too many connections are open.")
            .of_size(6, 8)
            .unit("reqps")
            .axis(0.0, None)
            .shows("{{page}} {{code}}", rate("solti_metrics_http_requests_total", "page, code")),
        lines("HTTP connections", "HTTP connections: open, rejected because of the limit, and closed because the client read too slowly.")
            .of_size(6, 8)
            .axis(0.0, None)
            .shows("open {{instance}}", format!("sum by (instance) (solti_metrics_http_connections{{{TARGET}}})"))
            .shows(
                "rejected {{instance}}",
                format!(
                    "sum by (instance) (increase(solti_metrics_http_connections_rejected_total{{{TARGET}}}[$__rate_interval]))"
                ),
            )
            .shows(
                "slow reader {{instance}}",
                format!(
                    "sum by (instance) (increase(solti_metrics_http_slow_readers_closed_total{{{TARGET}}}[$__rate_interval]))"
                ),
            ),
        lines("Reloads", "Configuration reloads, applied and failed. After a failed reload the previous configuration continues: fix the file.")
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
        table("Versions", "Version of each runner. More than one version means that an upgrade is not complete.")
            .of_size(6, 8)
            .lists(format!("count by (instance, version, wasmtime) (solti_metrics_build_info{{{TARGET}}})")),
    ]
}
