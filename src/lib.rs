//! Task metrics across the WebAssembly component boundary: the contract.
//!
//! A runner executes tasks and says so: a task has started, it ended like this
//! after so long, or the runner failed at this step. This crate is what both
//! sides of that conversation share, and nothing else: three closed sets of
//! labels, the trait [`MetricsBackend`], and a few backends. It knows nothing
//! of WebAssembly and depends on nothing unless asked to.
//!
//! ```
//! use std::sync::Arc;
//! use solti_metrics::{MemoryMetrics, MetricsHandle, RunnerType, TaskOutcome, noop_metrics};
//!
//! /// A library takes a handle, and does not care what is behind it.
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
//! Inside a WebAssembly guest the handle comes from `solti-metrics-guest`; a
//! wasmtime host that receives a guest's records has them delivered to a handle
//! by `solti-metrics-host`. The code in between is the same.
//!
//! # Features
//!
//! None is on by default.
//!
//! - `exporter`: the parts of a backend that sends records on by itself, for authors of
//!   such backends.
//! - `otlp`: `OtlpMetrics`, which pushes to an OpenTelemetry collector, over HTTP or
//!   gRPC.
//! - `otlp-encoding`: `OtlpEncoder`, which encodes the same messages, without a transport.
//!   It runs in WebAssembly, too.
//! - `prometheus`: `PrometheusMetrics`, which serves OpenMetrics 1.0 and the
//!   Prometheus text format 0.0.4.
//! - `statsd`: `StatsdMetrics`, which sends to a statsd or DogStatsD server.
//! - `summary`: `SummaryMetrics`, which keeps counts and quantiles of durations.

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
    EncodeError, Exposition, NotOpenMetrics, PrometheusMetrics, TextFromOpenMetrics,
};
pub use replaceable::ReplaceableMetrics;
#[cfg(feature = "statsd")]
pub use statsd::{StatsdBuilder, StatsdDialect, StatsdError, StatsdMetrics};
#[cfg(feature = "summary")]
pub use summary::{DurationSummary, SummaryMetrics};
pub use unmapped::UnmappedLabel;
