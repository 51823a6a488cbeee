//! WASI for an embedder's store.

use wasmtime_wasi::{WasiCtxView, WasiView};

use super::recorded::Recorded;

/// A store has WASI if your data has it. An embedder cannot implement the trait itself, since both
/// the trait and [`Recorded`] belong to other crates.
impl<T: WasiView + 'static> WasiView for Recorded<T> {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.data_mut().ctx()
    }
}
