//! Functions of the host that the shim imports.

use std::ptr::from_ref;

use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use super::recorded::Recorded;
use super::ring::StartsWithRing;
use super::shim::RING;

/// Defines the functions that a guest with the shim imports, for sync and async hosts.
///
/// The linker may also have the functions of direct recording, for guests that are not composed
/// with the shim: `solti_metrics_host::add_to_linker(&mut linker, Recorded::metrics)`.
///
/// # Errors
///
/// When the linker already has these functions and shadowing is not allowed.
pub fn add_to_linker<T: 'static>(linker: &mut Linker<Recorded<T>>) -> wasmtime::Result<()> {
    define(linker)
}

/// Defines the functions for any store that starts with the ring: one that drains a full ring, and
/// one that confirms its address.
pub(crate) fn define<D: StartsWithRing>(linker: &mut Linker<D>) -> wasmtime::Result<()> {
    let mut ring = linker.instance(RING)?;
    ring.func_wrap("drain", |mut store: StoreContextMut<'_, D>, ()| {
        store.data_mut().drain();
        Ok(())
    })?;
    ring.func_wrap("address", |store: StoreContextMut<'_, D>, ()| {
        let address = from_ref(store.data()).addr() + D::RING_OFFSET;
        Ok((address as u64,))
    })
}
