//! Task metrics across the WebAssembly component boundary: the contract.
//!
//! A runner executes tasks and records three kinds of events. A task has started. A task has
//! ended, with an outcome and a duration. Or the runner failed at a step. This crate has the
//! code that both sides of the boundary share, and no other code: three closed sets of
//! labels, the trait [`MetricsBackend`], and a few backends. It does not depend on
//! WebAssembly, and has no dependencies by default.
//!
//! ```
//! use std::sync::Arc;
//! use solti_metrics::{MemoryMetrics, MetricsHandle, RunnerType, TaskOutcome, noop_metrics};
//!
//! /// A library takes a handle, and works with every backend behind it.
//! fn work(metrics: &MetricsHandle) {
//!     metrics.record_task_started(RunnerType::Subprocess);
//!     metrics.record_task_completed(RunnerType::Subprocess, TaskOutcome::Success, 42);
//! }
//!
//! work(&noop_metrics());
//!
//! let memory = Arc::new(MemoryMetrics::new());
//! work(&(memory.clone() as MetricsHandle));
//! assert_eq!(memory.durations_ms(RunnerType::Subprocess, TaskOutcome::Success), [42]);
//! ```
//!
//! Inside a WebAssembly guest, the handle comes from `solti-metrics-guest`. A wasmtime host
//! delivers the records of a guest to a handle with `solti-metrics-host`. The code between
//! both is the same.
//!
//! # Features
//!
//! No feature is enabled by default.
//!
//! - `exporter`: the building blocks of a backend that sends records by itself, for authors
//!   of such backends.
//! - `otlp`: `OtlpMetrics`, which pushes to an OpenTelemetry collector, over HTTP or gRPC.
//! - `otlp-encoding`: `OtlpEncoder`, which encodes the same messages, without a transport.
//!   This feature also works in WebAssembly.
//! - `prometheus`: `PrometheusMetrics`, which serves OpenMetrics 1.0 and the Prometheus text
//!   format 0.0.4.
//! - `statsd`: `StatsdMetrics`, which sends to a statsd or DogStatsD server.
//! - `summary`: `SummaryMetrics`, which stores counts and quantiles of durations.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod backend;
mod batch_error;
mod buckets;
mod event;
#[cfg(feature = "exporter")]
pub mod exporter;
mod fanout;
mod label;
mod layers;
mod ledger;
mod memory;
mod noop;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "otlp-encoding")]
mod otlp_encoding;
#[cfg(feature = "prometheus")]
mod prometheus;
mod replaceable;
#[cfg(feature = "statsd")]
mod statsd;
#[cfg(feature = "summary")]
mod summary;
mod sync;
#[cfg(any(feature = "otlp-encoding", feature = "prometheus"))]
mod totals;
mod unmapped;

pub use backend::{DROP_WITHIN, MetricsBackend, MetricsHandle};
pub use batch_error::BatchError;
pub use buckets::DURATION_BUCKETS;
pub use event::Event;
pub use fanout::FanoutMetrics;
pub use label::{ParseLabelError, RunnerErrorKind, RunnerType, TaskOutcome};
pub use layers::{FilteredMetrics, RelabeledMetrics};
pub use ledger::{
    DropReason, Ledger, LedgerSnapshot, LedgerTotals, LedgerWriter, SharedLedgerWriter,
};
pub use memory::MemoryMetrics;
pub use noop::{NoOpMetrics, noop_metrics};
#[cfg(feature = "otlp")]
pub use otlp::{OtlpBuilder, OtlpError, OtlpMetrics, OtlpProtocol};
#[cfg(feature = "otlp-encoding")]
pub use otlp_encoding::{MetricNames, OtlpEncoder, OtlpResponse};
#[cfg(feature = "prometheus")]
pub use prometheus::{
    EncodeError, ExpositionFormat, NotOpenMetrics, PrometheusMetrics, TextFromOpenMetrics,
};
pub use replaceable::ReplaceableMetrics;
#[cfg(feature = "statsd")]
pub use statsd::{StatsdBuilder, StatsdDialect, StatsdError, StatsdMetrics};
#[cfg(feature = "summary")]
pub use summary::{DurationSummary, SummaryMetrics};
pub use unmapped::UnmappedLabel;
