//! Metrics of the server as a whole and of its process.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use procfs::process::Process;
use solti_metrics_host::wasi::descriptor_use;

use super::family::FamilyEncoder;
use crate::live::Live;

const NO_LABELS: [(&str, &str); 0] = [];

/// Encodes the metrics that all tasks share.
pub(super) fn encode(live: &Live, family: &mut FamilyEncoder<'_, '_>) -> fmt::Result {
    backends(live, family)?;
    compilation(live, family)?;
    let ticks = live.runner.epoch_ticks();
    one(
        family,
        "solti_metrics_epoch_ticks",
        "Epoch ticks, at which running guests yield their threads.",
        ticks.ticks,
    )?;
    one(
        family,
        "solti_metrics_epoch_ticks_late",
        "Epoch ticks that came at least 10 ms late, the length of a tick.",
        ticks.late,
    )?;
    reloads(live, family)?;
    let lost = live.lost_entries.load(Ordering::Relaxed);
    one(
        family,
        "solti_metrics_log_entries_lost",
        "Log entries that were lost because the reader was too slow or the write failed.",
        lost,
    )?;
    descriptors(family)?;
    family.gauge(
        "solti_metrics_build_info",
        "Versions of the runner and of its wasmtime. The value is always 1.",
        [(
            [
                ("version", env!("CARGO_PKG_VERSION")),
                ("wasmtime", wasmtime_environ::VERSION),
            ],
            1,
        )],
    )?;
    family.gauge(
        "process_start_time_seconds",
        "Start time of the process, in seconds since 1970-01-01 UTC.",
        [(NO_LABELS, live.process_start)],
    )?;
    process(family)
}

/// Descriptors of guests and backends. `process_open_fds` includes them.
fn descriptors(family: &mut FamilyEncoder<'_, '_>) -> fmt::Result {
    let used = descriptor_use();
    family.gauge(
        "solti_metrics_guest_descriptors",
        "File descriptors that guests and backends have open.",
        [(NO_LABELS, used.open as u64)],
    )?;
    family.gauge(
        "solti_metrics_guest_descriptors_limit",
        "Maximum number of file descriptors that all guests and backends together may have open.",
        [(NO_LABELS, used.limit as u64)],
    )?;
    one(
        family,
        "solti_metrics_guest_descriptors_rejected",
        "File descriptors that guests and backends requested beyond the shared limit or their own limit.",
        used.refused,
    )
}

fn one(family: &mut FamilyEncoder<'_, '_>, name: &str, help: &str, value: u64) -> fmt::Result {
    family.counter(name, help, [(NO_LABELS, value)])
}

/// Native exporters. Component backends have their own collector.
fn backends(live: &Live, family: &mut FamilyEncoder<'_, '_>) -> fmt::Result {
    let all = live.backends.ledgers().all();
    let exporters: Vec<_> = all
        .iter()
        .filter_map(|(name, counts)| Some((&**name, counts.exports?)))
        .collect();
    family.counter(
        "solti_metrics_export_attempts",
        "Attempts of the backend to push totals or to send records, failed ones included.",
        exporters
            .iter()
            .map(|(name, exports)| ([("backend", *name)], exports.attempts)),
    )?;
    family.counter(
        "solti_metrics_export_failures",
        "Export attempts of the backend that failed.",
        exporters
            .iter()
            .map(|(name, exports)| ([("backend", *name)], exports.failures)),
    )
}

fn compilation(live: &Live, family: &mut FamilyEncoder<'_, '_>) -> fmt::Result {
    if let Some(cache) = &live.cache {
        let counters = cache.counters();
        for (name, help, value) in [
            (
                "hits",
                "Components whose code was found in the compilation cache.",
                counters.hits,
            ),
            (
                "misses",
                "Components whose code was not found in the compilation cache.",
                counters.misses,
            ),
            (
                "rejected",
                "Entries of the compilation cache that were rejected because they are not authentic or do not match their name.",
                counters.rejected,
            ),
            (
                "stored",
                "Entries written to the compilation cache.",
                counters.stored,
            ),
            (
                "store_failures",
                "Entries that could not be written to the compilation cache.",
                counters.store_failures,
            ),
            (
                "evicted",
                "Entries removed from the compilation cache to keep its maximum size.",
                counters.evicted,
            ),
        ] {
            one(
                family,
                &format!("solti_metrics_compilation_cache_{name}"),
                help,
                value,
            )?;
        }
    }
    let made = live.artifacts.compilations();
    one(
        family,
        "solti_metrics_compilations",
        "Components that were compiled.",
        made.count,
    )?;
    family.counter(
        "solti_metrics_compilation_seconds",
        "Time spent compiling components, in seconds.",
        [(NO_LABELS, made.time.as_secs_f64())],
    )
}

fn reloads(live: &Live, family: &mut FamilyEncoder<'_, '_>) -> fmt::Result {
    let reloads = live.reloads();
    family.counter(
        "solti_metrics_config_reloads",
        "Configuration reloads, by result.",
        [
            ([("result", "applied")], reloads.applied),
            ([("result", "failed")], reloads.failed),
        ],
    )?;
    let good = u64::from(reloads.last_error.is_none());
    family.gauge(
        "solti_metrics_config_last_reload_successful",
        "Whether the last configuration reload was applied completely (1) or not (0).",
        [(NO_LABELS, good)],
    )
}

/// Start time of this process, in seconds since 1970. The value must be read once: it is
/// computed from the boot time, which changes when the clock is set.
pub(crate) fn process_start(now: SystemTime) -> f64 {
    let since_boot = || {
        let stat = Process::myself().ok()?.stat().ok()?;
        let ticks = procfs::ticks_per_second() as f64;
        Some(procfs::boot_time_secs().ok()? as f64 + stat.starttime as f64 / ticks)
    };
    let now = || now.duration_since(SystemTime::UNIX_EPOCH).ok();
    since_boot()
        .or_else(|| Some(now()?.as_secs_f64()))
        .unwrap_or_default()
}

/// Metrics with the names that all Prometheus clients use. A value that cannot be read is
/// omitted.
fn process(family: &mut FamilyEncoder<'_, '_>) -> fmt::Result {
    let Ok(process) = Process::myself() else {
        return Ok(());
    };
    if let Ok(stat) = process.stat() {
        let ticks = procfs::ticks_per_second() as f64;
        let busy = (stat.utime + stat.stime) as f64 / ticks;
        family.counter(
            "process_cpu_seconds",
            "Processor time used by the process, in seconds.",
            [(NO_LABELS, busy)],
        )?;
        let resident = stat.rss.saturating_mul(procfs::page_size());
        family.gauge(
            "process_resident_memory_bytes",
            "Resident memory of the process, in bytes.",
            [(NO_LABELS, resident)],
        )?;
    }
    if let Ok(open) = process.fd_count() {
        family.gauge(
            "process_open_fds",
            "File descriptors that the process has open.",
            [(NO_LABELS, open as u64)],
        )?;
    }
    if let Ok(limits) = process.limits() {
        let most = match limits.max_open_files.soft_limit {
            procfs::process::LimitValue::Value(most) => most,
            procfs::process::LimitValue::Unlimited => return Ok(()),
        };
        family.gauge(
            "process_max_fds",
            "Maximum number of file descriptors that the process may have open.",
            [(NO_LABELS, most)],
        )?;
    }
    Ok(())
}
