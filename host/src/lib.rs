//! Receive the task metrics of WebAssembly components, in any wasmtime host.
//!
//! A guest imports `solti:metrics/backend`. One line defines the import in your linker,
//! and any implementation of [`MetricsBackend`] receives the records:
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
//! # /// Represents a file from the author of a guest.
//! # fn guest() -> Vec<u8> {
//! #     let text = include_str!("minimal.wat");
//! #     wat::parse_str(text).expect("a component")
//! # }
//! ```
//!
//! # Cheaper records
//!
//! Each record of this program is a host call. With the feature `inline`, a record is a few
//! instructions of the guest: these lines differ.
//!
#![cfg_attr(feature = "inline", doc = "```")]
#![cfg_attr(not(feature = "inline"), doc = "```ignore")]
//! use solti_metrics_host::inline::{self, InlineComponent, Recorded};
//! # use solti_metrics_host::MetricsCtx;
//! # use wasmtime::component::Linker;
//! # use wasmtime::{Config, Engine, Inlining, Store};
//! # struct State;
//!
//! # fn embed(component: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = Config::new();
//! config.compiler_inlining(Inlining::InterModule).concurrency_support(false);
//! let engine = Engine::new(&config)?;
//! let mut linker = Linker::<Recorded<State>>::new(&engine);
//! inline::add_to_linker(&mut linker)?;
//!
//! # let metrics = MetricsCtx::builder().build();
//! let mut store = Store::new(&engine, Recorded::new(metrics, State));
//! inline::drain_along(&mut store);
//!
//! let guest = InlineComponent::new(&engine, "guest.wasm", component)?;
//! let instance = guest.instantiate_pre(&linker)?.instantiate(&mut store)?;
//! # let _ = instance;
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//!
//! - Recording never fails, and no guest input causes a panic: a label that does not exist
//!   traps the guest before the call reaches the host.
//! - [`Ledger`]: `accepted = delivered + dropped + in flight`, for each context
//!   and, through a [`LedgerTotals`], for all of them.
//! - A backend that panics loses the record that it was given, and nothing more.
//! - Records reach the backend in the order in which the guest made them.
//!
//! # Configuration
//!
//! Each setting is a method with the name of the setting. A type that starts or checks
//! something has a builder, such as [`MetricsCtx::builder`]. Plain values have the methods
//! themselves, and public fields to read a default or to adjust it. A second call of a
//! method replaces the value; the documentation of a method that adds to a list says so.
//!
//! # Features
//!
//! All features are off by default, so that an embedder only gets the dependencies that it
//! asks for.
//!
//! - `inline`: `inline::InlineComponent` records in the inline mode, in your own store.
//! - `inline-wasi`: a store with inline recording has WASI if your data has it.
//! - `runner`: `runner::Runner` executes components as tasks, with limits.
//! - `provider`: `provider::ComponentBackend` is a backend that is a component.
//!   With `runner` or `provider`, `artifact::Artifacts` configures the compilation of
//!   components: in a separate process, within limits, and with a cache.
//!   The modules `limits`, `wasi` and `engine` contain the limits of components, their
//!   access to the system, and their engines.
//! - `compose`: `compose::compose` makes one component of a guest, middlewares and
//!   a provider. With any of these features, `component::Inspection` lists the imports and
//!   exports of a component, without compiling it.
//! - `wasi-http`: lets a provider send HTTP requests to granted authorities.
//! - `prometheus`: `LedgerCollector` exports ledgers through a
//!   `prometheus-client` registry.
//!
//! The server and the command of this project share the modules `contained`, `file`, `process` and
//! `text` with this crate. The modules read files within a limit, turn panics into errors, report
//! limits of the process, and make text safe to print.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(feature = "sandbox", not(unix)))]
compile_error!(
    "the features `compose`, `inline`, `provider` and `runner` of solti-metrics-host support Unix only and are tested on Linux only; without features the crate supports every platform that wasmtime supports"
);

/// The version of the WIT package `solti:metrics` that this host defines.
pub const WIT_VERSION: &str = "0.1.0";

#[cfg(feature = "execution")]
pub mod artifact;
mod bindings;
#[cfg(feature = "sandbox")]
mod bounds;
#[cfg(any(feature = "execution", feature = "inline"))]
mod code;
#[cfg(feature = "sandbox")]
pub mod component;
#[cfg(feature = "compose")]
pub mod compose;
#[cfg(feature = "sandbox")]
pub mod contained;
mod convert;
mod ctx;
#[cfg(feature = "execution")]
pub mod engine;
#[cfg(feature = "sandbox")]
pub mod file;
#[cfg(feature = "inline")]
pub mod inline;
#[cfg(feature = "prometheus")]
mod ledger_collector;
#[cfg(feature = "sandbox")]
pub mod limits;
mod link;
#[cfg(feature = "measure")]
#[doc(hidden)]
pub mod measure;
#[cfg(feature = "sandbox")]
pub mod process;
#[cfg(feature = "provider")]
pub mod provider;
#[cfg(feature = "runner")]
pub mod runner;
#[cfg(all(test, feature = "provider", feature = "runner"))]
mod tests;
#[cfg(feature = "sandbox")]
pub mod text;
#[cfg(feature = "execution")]
pub mod wasi;

pub use ctx::{MetricsCtx, MetricsCtxBuilder};
#[cfg(feature = "prometheus")]
pub use ledger_collector::LedgerCollector;
pub use link::{MetricsCtxView, add_to_linker};
pub use solti_metrics::{
    BatchError, DropReason, Event, FanoutMetrics, Ledger, LedgerSnapshot, LedgerTotals,
    MemoryMetrics, MetricsBackend, MetricsHandle, NoOpMetrics, RunnerErrorKind, RunnerType,
    TaskOutcome, UnmappedLabel, noop_metrics,
};
