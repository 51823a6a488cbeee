//! Counts the instructions that guests execute, without a limit.

use wasmtime::{Store, UpdateDeadline};

use super::state::TaskData;
use super::usage::RunUsage;

/// More fuel than a guest can consume in a lifetime.
const ALL: u64 = u64::MAX;

/// Fuel after which the guest yields its thread, as it does at ticks. The code of a guest keeps the
/// count in a register; in a loop without calls, the yield writes the count back.
const WRITTEN_BACK: u64 = 10_000_000;

/// Adds fuel to a store, and notes the consumption at each tick. Each tick also passes records on,
/// if the guest's records are inlined.
pub(super) fn note_along(store: &mut Store<TaskData>, usage: &RunUsage) -> wasmtime::Result<()> {
    store.set_fuel(ALL)?;
    store.fuel_async_yield_interval(Some(WRITTEN_BACK))?;
    let usage = usage.clone();
    store.epoch_deadline_callback(move |mut store| {
        store.data_mut().drain();
        usage.consumed(ALL.saturating_sub(store.get_fuel()?));
        Ok(UpdateDeadline::Yield(1))
    });
    Ok(())
}

/// Notes the consumption at the end of a call. Call it only if fuel is counted: otherwise wasmtime
/// returns an error, and with backtraces each error takes the time of ten tasks.
pub(super) fn note(store: &Store<TaskData>, usage: &RunUsage) {
    if let Ok(left) = store.get_fuel() {
        usage.consumed(ALL.saturating_sub(left));
    }
}
