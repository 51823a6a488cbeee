//! Receive the task metrics of WebAssembly components, in any wasmtime host.
//!
//! A guest imports `solti:metrics/backend`; one line defines it in your linker,
//! and whatever implements [`MetricsBackend`] receives the records:
//!
//! ```
//! use std::sync::Arc;
//!
//! use solti_metrics_host::{MemoryMetrics, MetricsCtx, MetricsCtxView, RunnerType};
//! use wasmtime::component::{Component, Linker};
//! use wasmtime::{Engine, Store};
//!
//! /// Your own store data, with a context for the guest's metrics in it.
//! struct State {
//!     metrics: MetricsCtx,
//! }
//!
//! fn main() -> wasmtime::Result<()> {
//!     let engine = Engine::default();
//!     let mut linker = Linker::<State>::new(&engine);
//!     solti_metrics_host::add_to_linker(&mut linker, |state| MetricsCtxView {
//!         ctx: &mut state.metrics,
//!     })?;
//!
//!     let backend = Arc::new(MemoryMetrics::new());
//!     let metrics = MetricsCtx::builder()
//!         .handle(backend.clone())
//!         .identity("tenant-7/resize")
//!         .quota(10_000)
//!         .build();
//!     let mut store = Store::new(&engine, State { metrics });
//!
//!     let guest = Component::from_binary(&engine, &guest())?;
//!     let instance = linker.instantiate(&mut store, &guest)?;
//!     let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
//!     run.call(&mut store, ())?;
//!
//!     assert_eq!(backend.started(RunnerType::Wasm), 1);
//!     let ledger = store.data().metrics.ledger().snapshot();
//!     assert_eq!((ledger.accepted(), ledger.delivered()), (1, 1));
//!     Ok(())
//! }
//!
//! # /// Stands for a file that a guest's author sent you.
//! # fn guest() -> Vec<u8> {
//! #     let text = include_str!("minimal.wat");
//! #     wat::parse_str(text).expect("a component")
//! # }
//! ```
//!
//! # What is promised
//!
//! - Recording never fails, and no guest input reaches a panic: a label that
//!   does not exist traps the guest before it gets here.
//! - [`Ledger`]: `accepted = delivered + dropped + in flight`, for each context
//!   and, through a [`LedgerBook`], for all of them.
//! - A backend that panics loses the record that it was given, and nothing more.
//! - Records reach the backend in the order in which the guest made them.
//!
//! # Features
//!
//! None is on by default, so that an embedder gets no dependency unasked.
//!
//! - `runner`: `runner::Runner` executes components as tasks, with limits.
//! - `provider`: `provider::ComponentBackend` is a backend that is a component.
//!   With either of them, `artifact::Artifacts` says how components become machine
//!   code: in a process of its own, within limits, and only once.
//! - `compose`: `compose::compose` makes one component of a guest, middlewares and
//!   a provider.
//! - `wasi-http`: lets a provider send HTTP requests where that is granted.
//! - `prometheus`: `LedgerCollector` exports ledgers through a
//!   `prometheus-client` registry.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(feature = "sandbox", not(unix)))]
compile_error!(
    "the features `compose`, `provider` and `runner` of solti-metrics-host support Unix only and are tested on Linux only; without features the crate supports every platform that wasmtime supports"
);

/// The version of the WIT package `solti:metrics` that this host defines.
pub const WIT_VERSION: &str = "0.1.0";

#[cfg(any(feature = "provider", feature = "runner"))]
pub mod artifact;
mod bindings;
#[cfg(feature = "compose")]
pub mod compose;
mod convert;
mod ctx;
#[cfg(feature = "runner")]
mod inline;
#[cfg(feature = "prometheus")]
mod ledger_collector;
mod link;
#[cfg(feature = "provider")]
pub mod provider;
#[cfg(feature = "runner")]
pub mod runner;
#[cfg(any(feature = "compose", feature = "provider", feature = "runner"))]
#[cfg_attr(
    not(any(feature = "provider", feature = "runner")),
    allow(
        dead_code,
        unreachable_pub,
        unused_imports,
        reason = "composing only looks at components, and executes none"
    )
)]
pub mod sandbox;

#[cfg(feature = "measure")]
#[doc(hidden)]
pub use inline::measure;

pub use ctx::{MetricsCtx, MetricsCtxBuilder};
#[cfg(feature = "prometheus")]
pub use ledger_collector::LedgerCollector;
pub use link::{MetricsCtxView, add_to_linker};
#[cfg(any(feature = "compose", feature = "provider", feature = "runner"))]
pub use sandbox::{
    DescriptorUse, causes, contained, descriptor_use, io_reason, is_standard_input, no_thread,
    open_file, panic_is_contained, read_file, read_opened, try_threads,
};
pub use solti_metrics::{
    BatchError, DropReason, Event, FanoutMetrics, Ledger, LedgerBook, LedgerSnapshot,
    MemoryMetrics, MetricsBackend, MetricsHandle, NoOpMetrics, RunnerErrorKind, RunnerType,
    TaskOutcome, UnmappedLabel, noop_metrics,
};
