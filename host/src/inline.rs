//! The inline recording mode: a guest is composed with a small component, the shim, and compiled
//! with it. A record is then a few instructions, which write into the data of the guest's own
//! store. The host takes records out of there in order.
//!
//! [`Recording`] is that data, which starts with the ring; `shim.wat` writes into it; [`with_shim`]
//! composes. The unsafe code is in `artifact/code.rs`, with the contract that makes it sound.

#[cfg(test)]
mod bounds;
#[cfg(feature = "measure")]
pub mod measure;
mod plug;
mod ring;
mod shim;

pub(crate) use plug::with_shim;
pub(crate) use ring::{CAPACITY, Drain, LAYOUT, RecordWords, Recording};
pub(crate) use shim::{INTRINSICS, RING};

use wasmtime::component::Linker;

/// Maximum bytes that the host allocates for the instances of the shim, and of the adapters between
/// a guest and the shim.
pub(crate) const INSTANCE_DATA: u64 = 8 << 10;

/// Defines the function that the shim calls when the ring is full.
pub(crate) fn add_to_linker<S: Drain>(linker: &mut Linker<Recording<S>>) -> wasmtime::Result<()> {
    linker.instance(RING)?.func_wrap(
        "drain",
        |mut store: wasmtime::StoreContextMut<'_, Recording<S>>, ()| {
            store.data_mut().drain();
            Ok(())
        },
    )
}
