//! Record task metrics from inside a WebAssembly component.
//!
//! Code that records is written against [`MetricsBackend`], like native code;
//! in a guest, the backend is [`HostMetrics`], and whoever runs the component
//! decides what becomes of the records.
//!
//! ```
//! use solti_metrics_guest::{RunnerType, Task, TaskOutcome};
//!
//! fn main() {
//!     for path in std::env::args().skip(1) {
//!         let task = Task::start(RunnerType::Wasm);
//!         let outcome = match std::fs::read(&path) {
//!             Ok(_) => TaskOutcome::Success,
//!             Err(_) => TaskOutcome::Failure,
//!         };
//!         task.finish(outcome);
//!     }
//! }
//! ```
//!
//! That is a whole guest: `cargo build --target wasm32-wasip2` makes a component
//! of it that imports `solti:metrics/backend@0.1.0`.
//!
//! # Targets
//!
//! - `wasm32-wasip2`: everything here.
//! - `wasm32-unknown-unknown`, linked with `wasm-component-ld`: a component
//!   without a single WASI import. It has no clock: [`Task::finish_after`] takes
//!   the time that you measured, and there is no `Task::finish`.
//! - Natively, for your tests: [`HostMetrics`] keeps nothing there.
//!
//! # Other roles
//!
//! [`export_provider!`] makes a component a backend for others,
//! [`export_middleware!`] one that stands between. Both take what implements
//! [`MetricsBackend`].

#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(hidden)]
pub mod bindings;
mod clock;
mod convert;
mod export;
mod host_metrics;
mod sibling;
mod task;

pub use host_metrics::HostMetrics;
pub use sibling::{Accounting, Discards, Exposition, Lifecycle};
pub use solti_metrics::{
    BatchError, Event, FanoutMetrics, MemoryMetrics, MetricsBackend, MetricsHandle, NoOpMetrics,
    ParseLabelError, RunnerErrorKind, RunnerType, TaskOutcome, UnmappedLabel, noop_metrics,
};
pub use task::Task;

/// For the macros.
#[doc(hidden)]
pub mod __private {
    pub use std::sync::LazyLock;

    pub use solti_metrics::Event;

    pub use crate::bindings::imports::solti::metrics::types;
    pub use crate::bindings::{accounting, batch, exports, exposition, lifecycle};
}
