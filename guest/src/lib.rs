//! Record task metrics in a WebAssembly component.
//!
//! Code that records uses the trait [`MetricsBackend`], like native code. In a
//! guest, the backend is [`HostMetrics`], and the host chooses the destination of
//! the records.
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
//! This is a complete guest: `cargo build --target wasm32-wasip2` builds a
//! component that imports `solti:metrics/backend@0.1.0`.
//!
//! # Targets
//!
//! - `wasm32-wasip2`: all items of this crate.
//! - `wasm32-unknown-unknown`, linked with `wasm-component-ld`: a component
//!   without WASI imports. Such a component has no clock, so `Task::finish` does not
//!   exist, and [`Task::finish_after`] takes a measured duration.
//! - Native targets, for your tests: [`HostMetrics`] drops all records.
//!
//! # Other roles
//!
//! [`export_provider!`] makes a component a provider: a backend for other
//! components. [`export_middleware!`] makes a component a middleware, between a
//! guest and a backend. Both take an implementation of [`MetricsBackend`].

#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(hidden)]
pub mod bindings;
mod clock;
mod convert;
mod export;
mod host_metrics;
mod optional_interface;
mod task;

pub use host_metrics::HostMetrics;
pub use optional_interface::{Accounting, Discards, Exposition, Lifecycle};
pub use solti_metrics::{
    BatchError, Event, FanoutMetrics, MemoryMetrics, MetricsBackend, MetricsHandle, NoOpMetrics,
    ParseLabelError, RunnerErrorKind, RunnerType, TaskOutcome, UnmappedLabel, noop_metrics,
};
pub use task::Task;

/// Items for the macros.
#[doc(hidden)]
pub mod __private {
    pub use std::sync::LazyLock;

    pub use solti_metrics::Event;

    pub use crate::bindings::imports::solti::metrics::types;
    pub use crate::bindings::{accounting, batch, exports, exposition, lifecycle};
}
