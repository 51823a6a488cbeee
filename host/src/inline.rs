//! The inline recording mode, for an embedder with its own engine, linker and store.
//!
//! A guest is composed with a small component, the shim, and compiled with it. A record is then a
//! few instructions, which write into a ring at the head of the guest's own store. The host takes
//! records out of the ring in order, and admits them as it admits direct records: with the same
//! [`MetricsCtx`](crate::MetricsCtx), quota and ledger.
//!
//! ```
//! use std::sync::Arc;
//!
//! use solti_metrics_host::inline::{self, InlineComponent, Recorded};
//! use solti_metrics_host::{MemoryMetrics, MetricsCtx, RunnerType};
//! use wasmtime::component::Linker;
//! use wasmtime::{Config, Engine, Inlining, Store};
//!
//! /// Your own store data.
//! struct State {
//!     tenant: u32,
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let mut config = Config::new();
//!     config.compiler_inlining(Inlining::InterModule).concurrency_support(false);
//!     let engine = Engine::new(&config)?;
//!
//!     let mut linker = Linker::<Recorded<State>>::new(&engine);
//!     inline::add_to_linker(&mut linker)?;
//!     let guest = InlineComponent::new(&engine, "guest.wasm", &guest())?;
//!     let guest = guest.instantiate_pre(&linker)?;
//!
//!     let backend = Arc::new(MemoryMetrics::new());
//!     let metrics = MetricsCtx::builder().handle(backend.clone()).quota(10_000).build();
//!     let mut store = Store::new(&engine, Recorded::new(metrics, State { tenant: 7 }));
//!     inline::drain_along(&mut store);
//!
//!     let instance = guest.instantiate(&mut store)?;
//!     instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
//!
//!     assert_eq!(backend.started(RunnerType::Wasm), 1);
//!     assert_eq!(store.data().ledger().snapshot().delivered(), 1);
//!     assert_eq!(store.data().data().tenant, 7);
//!     Ok(())
//! }
//!
//! # /// Represents a file from the author of a guest.
//! # fn guest() -> Vec<u8> {
//! #     let text = include_str!("minimal.wat");
//! #     wat::parse_str(text).expect("a component")
//! # }
//! ```
//!
//! # Draining
//!
//! The host drains the ring when the ring is full, and when the [`Recorded`] is dropped: after a
//! trap, an interrupt or a dropped future, no record is lost. [`drain_along`] also drains at each
//! call of the host, and when the guest returns; [`drain_at_ticks`] drains at epoch ticks. A store
//! has one call hook and one epoch callback: an embedder with its own calls [`Recorded::drain`] in
//! them instead. Without either function, records of a guest that waits or computes reach the
//! backend late, but in order.
//!
//! # Engines
//!
//! Any engine is suitable. These settings make records cheap:
//!
//! | setting | effect |
//! |---|---|
//! | `compiler_inlining(Inlining::InterModule)` | A record needs no call. Without inlining, a record costs about three times as much for the guest. Compilation holds all functions in memory: it can take nine times the memory and six times the time. |
//! | `concurrency_support(false)` | Calls between components are shorter. Component-model async needs the support. |
//! | `wasm_features(WasmFeatures::EXCEPTIONS, false)` | The adapters between guest and shim need no handler for exceptions. |
//!
//! # Code on disk
//!
//! This module has no function that saves or loads compiled code. Compiled code is executed, so
//! code from a disk needs authentication. The runner has a cache with authentication, in the module
//! `artifact`.
//!
//! # Safety
//!
//! All functions are safe. Code with the shim writes into the head of the store's data, so it links
//! into stores of [`Recorded`] alone; another store does not compile:
//!
//! ```compile_fail,E0308
//! # use solti_metrics_host::inline::InlineComponent;
//! # use wasmtime::component::Linker;
//! fn link(guest: &InlineComponent, linker: &Linker<u64>) {
//!     let _ = guest.instantiate_pre(linker);
//! }
//! ```
//!
//! ```compile_fail,E0271
//! # use solti_metrics_host::inline::Recorded;
//! # use wasmtime::component::InstancePre;
//! # use wasmtime::Store;
//! fn instantiate(guest: &InstancePre<Recorded<u64>>, store: &mut Store<u64>) {
//!     let _ = guest.instantiate(store);
//! }
//! ```
//!
//! ```compile_fail,E0308
//! # use solti_metrics_host::inline::add_to_linker;
//! # use wasmtime::component::Linker;
//! fn define(linker: &mut Linker<u64>) {
//!     let _ = add_to_linker(linker);
//! }
//! ```
//!
//! An [`InlineComponent`] is not a `Component` of wasmtime, and returns none:
//!
//! ```compile_fail,E0308
//! # use solti_metrics_host::inline::InlineComponent;
//! # use wasmtime::component::Linker;
//! fn link(guest: &InlineComponent, linker: &Linker<u64>) {
//!     let _ = linker.instantiate_pre(guest);
//! }
//! ```
//!
//! ```compile_fail,E0616
//! # use solti_metrics_host::inline::InlineComponent;
//! # use wasmtime::component::Component;
//! fn component(guest: InlineComponent) -> Component {
//!     guest.code
//! }
//! ```
//!
//! wasmtime itself returns the component of linked code, as `InstancePre::component`. The shim
//! checks its store at the start: in a store that is not of [`Recorded`], instantiation fails.

#[cfg(test)]
mod bounds;
mod component;
mod drain;
mod error;
mod imports;
mod plug;
mod recorded;
mod ring;
mod shim;
#[cfg(feature = "inline-wasi")]
mod wasi;

pub use component::{InlineCompiler, InlineComponent};
pub use drain::{drain_along, drain_at_ticks};
pub use error::InlineError;
pub use imports::add_to_linker;
pub use recorded::Recorded;

#[cfg(feature = "runner")]
pub(crate) use imports::define;
#[cfg(feature = "runner")]
pub(crate) use plug::with_shim;
pub(crate) use ring::{CAPACITY, RecordWords, StartsWithRing};
#[cfg(feature = "runner")]
pub(crate) use ring::{Drain, LAYOUT, Recording};
pub(crate) use shim::INTRINSICS;
#[cfg(feature = "runner")]
pub(crate) use shim::RING;

/// Maximum bytes that the host allocates for the instances of the shim, and of the adapters between
/// a guest and the shim.
#[cfg(any(test, feature = "runner"))]
pub(crate) const INSTANCE_DATA: u64 = 8 << 10;
