use anyhow::{Context, Result, ensure};

use super::cache_folder::CacheFolder;
use crate::endurance::Reading;
use crate::served::Served;

/// The tasks that run once.
pub(super) const ONCE: [&str; 3] = ["large", "quick", "vast"];

/// Number of components of the configuration: those of four tasks and of a backend.
const COMPONENTS: f64 = 5.0;

/// The use that a runner made of its cache.
pub(super) struct Worked {
    /// Number of entries that it rejected.
    pub(super) rejected: u64,
    /// Number of entries that it stored.
    pub(super) stored: u64,
}

/// Waits for the first run of each task, and checks the counts that follow from the
/// configuration. `damaged` is the number of damaged entries.
pub(super) fn works(served: &Served, damaged: u64) -> Result<Worked> {
    let runs = |task: &str, outcome: &str| {
        format!("solti_metrics_task_runs_total{{task=\"{task}\",outcome=\"{outcome}\"}}")
    };
    let reading = served.until("each task has run", |served| {
        let reading = Reading::of(&served.page("/metrics")?)?;
        let all = ONCE.iter().chain(&["ticks"]);
        let mut all = all.map(|task| reading.get(&runs(task, "success")));
        Ok(all.all(|runs| runs > 0.0).then_some(reading))
    })?;
    for task in ONCE {
        let found = reading.by("solti_metrics_task_runs_total", "task");
        ensure!(found.get(task) == Some(&1.0), "{task}: {found:?}");
    }
    let unbalanced = reading.unbalanced();
    ensure!(unbalanced.is_empty(), "{unbalanced:?}");
    let count = |what: &str| reading.get(&format!("solti_metrics_compilation_cache_{what}_total"));
    let (hits, misses, rejected) = (count("hits"), count("misses"), count("rejected"));
    ensure!(hits + misses == COMPONENTS, "{hits} hits, {misses} misses");
    ensure!(
        rejected <= damaged as f64,
        "{rejected} rejected, {damaged} damaged"
    );
    let compiled = reading.get("solti_metrics_compilations_total");
    ensure!(compiled == misses, "{compiled} compiled, {misses} misses");
    let (stored, failed) = (count("stored"), count("store_failures"));
    ensure!(
        stored == misses && failed == 0.0,
        "{stored} stored, {failed} not, {misses} misses"
    );
    Ok(Worked {
        rejected: rejected as u64,
        stored: stored as u64,
    })
}

/// Checks the cache of a runner that compiles nothing any more, and uses it alone.
pub(super) fn clean(cache: &CacheFolder, size: u64, worked: &Worked) -> Result<()> {
    // A runner that stores nothing does not reduce a cache to a lower maximum size.
    let size = if worked.stored > 0 { size } else { u64::MAX };
    cache.must_be_clean(size).context("the cache")
}

/// Checks the log of a killed runner: all lines but the last are JSON.
pub(super) fn log(text: &str) -> Result<()> {
    ensure!(!text.contains("panicked at"), "{text}");
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    for line in whole.lines() {
        serde_json::from_str::<serde_json::Value>(line).with_context(|| line.to_owned())?;
    }
    Ok(())
}
