//! Metrics of the server as a whole and of its process.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use procfs::process::Process;
use solti_metrics_host::wasi::descriptor_use;

use super::family::Family;
use crate::live::Live;

const NO_LABELS: [(&str, &str); 0] = [];

/// What all tasks share.
pub(super) fn encode(live: &Live, family: &mut Family<'_, '_>) -> fmt::Result {
    backends(live, family)?;
    artifacts(live, family)?;
    let ticks = live.runner.epoch_ticks();
    one(
        family,
        "solti_metrics_epoch_ticks",
        "Ticks at which guests let go of their threads.",
        ticks.ticks,
    )?;
    one(
        family,
        "solti_metrics_epoch_ticks_late",
        "Ticks that came a whole tick too late, or more.",
        ticks.late,
    )?;
    reloads(live, family)?;
    let lost = live.lost_entries.load(Ordering::Relaxed);
    one(
        family,
        "solti_metrics_log_entries_lost",
        "Entries of the log that nobody read in time, or that could not be written.",
        lost,
    )?;
    descriptors(family)?;
    family.gauge(
        "solti_metrics_build_info",
        "What this runner was built of.",
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
        "When this process began, since 1970.",
        [(NO_LABELS, live.process_began)],
    )?;
    process(family)
}

/// Those of guests and backends, out of all that `process_open_fds` has.
fn descriptors(family: &mut Family<'_, '_>) -> fmt::Result {
    let used = descriptor_use();
    family.gauge(
        "solti_metrics_guest_descriptors",
        "File descriptors that guests and backends have open.",
        [(NO_LABELS, used.open as u64)],
    )?;
    family.gauge(
        "solti_metrics_guest_descriptors_limit",
        "File descriptors that guests and backends may have open, all together.",
        [(NO_LABELS, used.limit as u64)],
    )?;
    one(
        family,
        "solti_metrics_guest_descriptors_rejected",
        "File descriptors that were refused to guests and backends, for that limit or one of their own.",
        used.refused,
    )
}

fn one(family: &mut Family<'_, '_>, name: &str, help: &str, value: u64) -> fmt::Result {
    family.counter(name, help, [(NO_LABELS, value)])
}

/// Those that send records on by themselves; components have a collector of their own.
fn backends(live: &Live, family: &mut Family<'_, '_>) -> fmt::Result {
    let all = live.receivers.ledgers().all();
    let exporters: Vec<_> = all
        .iter()
        .filter_map(|(name, counts)| Some((&**name, counts.exports?)))
        .collect();
    family.counter(
        "solti_metrics_export_attempts",
        "Times that a backend sent what it has.",
        exporters
            .iter()
            .map(|(name, exports)| ([("backend", *name)], exports.attempts)),
    )?;
    family.counter(
        "solti_metrics_export_failures",
        "Those of them that failed.",
        exporters
            .iter()
            .map(|(name, exports)| ([("backend", *name)], exports.failures)),
    )
}

fn artifacts(live: &Live, family: &mut Family<'_, '_>) -> fmt::Result {
    if let Some(cache) = &live.cache {
        let counters = cache.counters();
        for (name, help, value) in [
            ("hits", "Components whose code was kept.", counters.hits),
            (
                "misses",
                "Components whose code was not kept.",
                counters.misses,
            ),
            (
                "rejected",
                "Kept code that was not authentic, or not what its name says.",
                counters.rejected,
            ),
            ("stored", "Code that was put there.", counters.stored),
            (
                "store_failures",
                "Code that could not be put there.",
                counters.store_failures,
            ),
            (
                "evicted",
                "Code that made room for other code.",
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
        "How long that took.",
        [(NO_LABELS, made.time.as_secs_f64())],
    )
}

fn reloads(live: &Live, family: &mut Family<'_, '_>) -> fmt::Result {
    let reloads = live.reloads();
    family.counter(
        "solti_metrics_config_reloads",
        "Times that the configuration was read again.",
        [
            ([("result", "applied")], reloads.applied),
            ([("result", "failed")], reloads.failed),
        ],
    )?;
    let good = u64::from(reloads.last_error.is_none());
    family.gauge(
        "solti_metrics_config_last_reload_successful",
        "Whether all of it was applied the last time.",
        [(NO_LABELS, good)],
    )
}

/// When this process began, in seconds since 1970. To be asked once: it is found from
/// when the machine was started, which is another time after its clock was set.
pub(crate) fn process_began(now: SystemTime) -> f64 {
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

/// By the names that all clients of Prometheus have for it. What cannot be read is left
/// out.
fn process(family: &mut Family<'_, '_>) -> fmt::Result {
    let Ok(process) = Process::myself() else {
        return Ok(());
    };
    if let Ok(stat) = process.stat() {
        let ticks = procfs::ticks_per_second() as f64;
        let busy = (stat.utime + stat.stime) as f64 / ticks;
        family.counter(
            "process_cpu_seconds",
            "Processor time of this process.",
            [(NO_LABELS, busy)],
        )?;
        let resident = stat.rss.saturating_mul(procfs::page_size());
        family.gauge(
            "process_resident_memory_bytes",
            "Memory of this process.",
            [(NO_LABELS, resident)],
        )?;
    }
    if let Ok(open) = process.fd_count() {
        family.gauge(
            "process_open_fds",
            "File descriptors that are open.",
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
            "File descriptors that may be open.",
            [(NO_LABELS, most)],
        )?;
    }
    Ok(())
}
