//! What guests execute is counted, and never runs out.

use wasmtime::{Store, UpdateDeadline};

use super::state::TaskData;
use super::usage::RunUsage;

/// More than can be executed in a lifetime.
const ALL: u64 = u64::MAX;

/// After so much the guest lets go of its thread, as it does at ticks. Its code keeps
/// the count in a register: in a loop without calls, this is when that is written back.
const WRITTEN_BACK: u64 = 10_000_000;

/// Fills a store up, and notes what is consumed at each tick. At those it hands records
/// on as well, in case that the guest's are inlined.
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

/// Notes what has been consumed. Only where that is counted: elsewhere wasmtime answers
/// with an error, and where backtraces are on, each error takes the time of ten tasks.
pub(super) fn note(store: &Store<TaskData>, usage: &RunUsage) {
    if let Ok(left) = store.get_fuel() {
        usage.consumed(ALL.saturating_sub(left));
    }
}
