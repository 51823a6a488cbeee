//! Drains along a run of the guest.

use wasmtime::{CallHook, Store, UpdateDeadline};

use super::recorded::Recorded;

/// Drains the ring whenever the guest calls the host, which may make it wait, and whenever it
/// returns to the host. After a call of the guest, all its records have then been passed on.
///
/// The function sets the store's call hook, and replaces an earlier one.
pub fn drain_along<T: 'static>(store: &mut Store<Recorded<T>>) {
    store.call_hook(|mut store, hook| {
        if matches!(hook, CallHook::CallingHost | CallHook::ReturningFromWasm) {
            store.data_mut().drain();
        }
        Ok(())
    });
}

/// Drains the ring at each epoch tick. `tick` then decides whether the guest continues, yields or
/// ends, as in `Store::epoch_deadline_callback`.
///
/// The function sets the store's epoch callback, and replaces an earlier one. The engine needs
/// `Config::epoch_interruption`, and the store an epoch deadline.
///
/// ```
/// use solti_metrics_host::inline::{Recorded, drain_at_ticks};
/// use wasmtime::{Store, UpdateDeadline};
///
/// fn interruptible(store: &mut Store<Recorded<u64>>) {
///     store.set_epoch_deadline(1);
///     // Data of this store: number of ticks that are left.
///     drain_at_ticks(store, |recorded| {
///         Ok(match recorded.data_mut().checked_sub(1) {
///             Some(left) => {
///                 *recorded.data_mut() = left;
///                 UpdateDeadline::Continue(1)
///             }
///             None => UpdateDeadline::Interrupt,
///         })
///     });
/// }
/// ```
pub fn drain_at_ticks<T: 'static>(
    store: &mut Store<Recorded<T>>,
    mut tick: impl FnMut(&mut Recorded<T>) -> wasmtime::Result<UpdateDeadline> + Send + Sync + 'static,
) {
    store.epoch_deadline_callback(move |mut store| {
        let recorded = store.data_mut();
        recorded.drain();
        tick(recorded)
    });
}
