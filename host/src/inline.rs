//! The inlined path: a guest is composed with a small component, the shim, and
//! compiled with it, so that a record is a few instructions which write into the
//! data of the guest's own store. The host takes records out of there in order.
//!
//! [`Recording`] is that data, with the ring at its head; `shim.wat` writes into it;
//! [`with_shim`] composes. What is unsafe about it is in `artifact/code.rs`, with the
//! contract that makes it sound.

#[cfg(test)]
mod bounds;
#[cfg(feature = "measure")]
pub mod measure;
mod plug;
mod ring;
mod shim;

pub(crate) use plug::with_shim;
pub(crate) use ring::{CAPACITY, Drain, LAYOUT, Recording, Words};
pub(crate) use shim::{INTRINSICS, RING};

use wasmtime::component::Linker;

/// Bytes that the host allocates at most for the instances of the shim, and of what
/// connects a guest with it.
pub(crate) const INSTANCE_DATA: u64 = 8 << 10;

/// Defines what the shim calls when the ring is full.
pub(crate) fn add_to_linker<S: Drain>(linker: &mut Linker<Recording<S>>) -> wasmtime::Result<()> {
    linker.instance(RING)?.func_wrap(
        "drain",
        |mut store: wasmtime::StoreContextMut<'_, Recording<S>>, ()| {
            store.data_mut().drain();
            Ok(())
        },
    )
}
