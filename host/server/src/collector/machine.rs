//! Metrics of the server as a whole and of its process.

use std::sync::atomic::Ordering;
use std::time::SystemTime;

use procfs::process::Process;
use solti_metrics_host::wasi::descriptor_use;

use super::family::FamilyWriter;
use crate::live::Live;

/// Writes the metrics that all tasks share.
pub(super) fn write(live: &Live, families: &mut FamilyWriter) {
    backends(live, families);
    compilation(live, families);
    let ticks = live.runner.epoch_ticks();
    one(
        families,
        "solti_metrics_epoch_ticks",
        "Epoch ticks, at which running guests yield their threads.",
        ticks.ticks,
    );
    one(
        families,
        "solti_metrics_epoch_ticks_late",
        "Epoch ticks that came at least 10 ms late, the length of a tick.",
        ticks.late,
    );
    reloads(live, families);
    let lost = live.lost_entries.load(Ordering::Relaxed);
    one(
        families,
        "solti_metrics_log_entries_lost",
        "Log entries that were lost because the reader was too slow or the write failed.",
        lost,
    );
    descriptors(families);
    families.gauge(
        "solti_metrics_build_info",
        "Versions of the runner and of its wasmtime. The value is always 1.",
        ["version", "wasmtime"],
        [(
            [env!("CARGO_PKG_VERSION"), wasmtime_environ::VERSION],
            1_u64,
        )],
    );
    families.gauge(
        "process_start_time_seconds",
        "Start time of the process, in seconds since 1970-01-01 UTC.",
        [],
        [([], live.process_start)],
    );
    process(families);
}

/// Descriptors of guests and backends. `process_open_fds` includes them.
fn descriptors(families: &mut FamilyWriter) {
    let used = descriptor_use();
    families.gauge(
        "solti_metrics_guest_descriptors",
        "File descriptors that guests and backends have open.",
        [],
        [([], used.open as u64)],
    );
    families.gauge(
        "solti_metrics_guest_descriptors_limit",
        "Maximum number of file descriptors that all guests and backends together may have open.",
        [],
        [([], used.limit as u64)],
    );
    one(
        families,
        "solti_metrics_guest_descriptors_rejected",
        "File descriptors that guests and backends requested beyond the shared limit or their own limit.",
        used.refused,
    );
}

fn one(families: &mut FamilyWriter, name: &str, help: &str, value: u64) {
    families.counter(name, help, [], [([], value)]);
}

/// Native exporters. Component backends have their own collector.
fn backends(live: &Live, families: &mut FamilyWriter) {
    let all = live.backends.ledgers().all();
    let exporters: Vec<_> = all
        .iter()
        .filter_map(|(name, counts)| Some((&**name, counts.exports?)))
        .collect();
    families.counter(
        "solti_metrics_export_attempts",
        "Attempts of the backend to push totals or to send records, failed ones included.",
        ["backend"],
        exporters
            .iter()
            .map(|(name, exports)| ([*name], exports.attempts)),
    );
    families.counter(
        "solti_metrics_export_failures",
        "Export attempts of the backend that failed.",
        ["backend"],
        exporters
            .iter()
            .map(|(name, exports)| ([*name], exports.failures)),
    );
}

fn compilation(live: &Live, families: &mut FamilyWriter) {
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
                families,
                &format!("solti_metrics_compilation_cache_{name}"),
                help,
                value,
            );
        }
    }
    let made = live.artifacts.compilations();
    one(
        families,
        "solti_metrics_compilations",
        "Components that were compiled.",
        made.count,
    );
    families.counter(
        "solti_metrics_compilation_seconds",
        "Time spent compiling components, in seconds.",
        [],
        [([], made.time.as_secs_f64())],
    );
}

fn reloads(live: &Live, families: &mut FamilyWriter) {
    let reloads = live.reloads();
    families.counter(
        "solti_metrics_config_reloads",
        "Configuration reloads, by result.",
        ["result"],
        [(["applied"], reloads.applied), (["failed"], reloads.failed)],
    );
    let good = u64::from(reloads.last_error.is_none());
    families.gauge(
        "solti_metrics_config_last_reload_successful",
        "Whether the last configuration reload was applied completely (1) or not (0).",
        [],
        [([], good)],
    );
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
fn process(families: &mut FamilyWriter) {
    let Ok(process) = Process::myself() else {
        return;
    };
    if let Ok(stat) = process.stat() {
        let ticks = procfs::ticks_per_second() as f64;
        let busy = (stat.utime + stat.stime) as f64 / ticks;
        families.counter(
            "process_cpu_seconds",
            "Processor time used by the process, in seconds.",
            [],
            [([], busy)],
        );
        let resident = stat.rss.saturating_mul(procfs::page_size());
        families.gauge(
            "process_resident_memory_bytes",
            "Resident memory of the process, in bytes.",
            [],
            [([], resident)],
        );
    }
    if let Ok(open) = process.fd_count() {
        families.gauge(
            "process_open_fds",
            "File descriptors that the process has open.",
            [],
            [([], open as u64)],
        );
    }
    if let Ok(limits) = process.limits() {
        let most = match limits.max_open_files.soft_limit {
            procfs::process::LimitValue::Value(most) => most,
            procfs::process::LimitValue::Unlimited => return,
        };
        families.gauge(
            "process_max_fds",
            "Maximum number of file descriptors that the process may have open.",
            [],
            [([], most)],
        );
    }
}
